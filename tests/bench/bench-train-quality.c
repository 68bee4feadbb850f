/* What training on a noisy clip gains, over the time that it takes. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   tests/bench/train-quality [OPTION...] [CLIP...]
 *
 * Each clip, by default the bundled one, is scaled to a width of 384 pixels,
 * which hides what compression did, made noisy and played, over and over, through
 * aevideotrain and aevideodenoise.
 * After each frame: seconds of processor that the trainer's thread had, and PSNR
 * of luma against the clean frame, beside that of aevideodenoise alone (with
 * --random: that of the noisy frame). And the gain, in the second half of the time,
 * of squares that stand still in the clean clip and of those that move.
 */
#include <gst/app/gstappsink.h>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ae-plane.h"
#include "ae-quality.h"
#include "theory-plot.h"

#define MAX_FRAMES 400
/* PSNR is a mean over so many frames. */
#define N_MEAN 20
#define MAX_CURVES 16
/* Squares, and by how much their pixels differ from the frame before where they
 * move, on average. */
#define SQUARE 8
#define MOVES 4.0f

/* A run ends after so many frames for each second, when nothing is trained on. */
#define MAX_FRAMES_A_SECOND 60

/* The wandering window: this much smaller than the clip, this fast. */
#define PAN_MARGIN 96
#define PAN_PIXELS 4

#define RANDOM_ARCHITECTURE "unshuffle 2, save in, given 1, conv 3x3 24 relu, " \
    "conv 3x3 24 relu, conv 3x3 24 relu | conv 3x3 24 relu, conv 3x3 4, " \
    "add in, shuffle 2"

static gint option_seconds = 30;
static gboolean option_random, option_pan;
static gchar **option_noises, **option_objectives;
static gchar *option_plot, *option_properties;
static gchar **option_clips;

static GOptionEntry entries[] = {
  {"seconds", 's', 0, G_OPTION_ARG_INT, &option_seconds,
      "Processor time of the trainer, for each run (default 30)", "N"},
  {"random", 'r', 0, G_OPTION_ARG_NONE, &option_random,
      "Start from random weights", NULL},
  {"pan", 0, 0, G_OPTION_ARG_NONE, &option_pan,
      "Look through a window that wanders, as a moving camera would", NULL},
  {"noise", 'n', 0, G_OPTION_ARG_STRING_ARRAY, &option_noises,
        "Properties of aevideocorrupt (default: sigma 25, and camera noise)",
      "TEXT"},
  {"objective", 'o', 0, G_OPTION_ARG_STRING_ARRAY, &option_objectives,
      "Objective (default: temporal, and blind-spot)", "NAME"},
  {"properties", 'p', 0, G_OPTION_ARG_STRING, &option_properties,
      "Further properties of aevideotrain", "TEXT"},
  {"plot", 0, 0, G_OPTION_ARG_FILENAME, &option_plot,
      "Where the curves go", "PNG"},
  {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_clips, NULL,
      "[CLIP...]"},
  {NULL}
};

typedef struct
{
  gchar *name;
  GstVideoInfo info;
  GPtrArray *frames;
} Clip;

static void
clip_free (Clip * clip)
{
  g_free (clip->name);
  g_ptr_array_unref (clip->frames);
  g_free (clip);
}

static GstElement *
launch (const gchar * text)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (text, &error);

  if (error)
    g_error ("%s: %s", text, error->message);
  return pipeline;
}

/* There and back again, by PAN_PIXELS a frame. */
static gint
wander (guint i_frame)
{
  gint x = (gint) (i_frame * PAN_PIXELS % (2 * PAN_MARGIN));

  return x < PAN_MARGIN ? x : 2 * PAN_MARGIN - x;
}

/* @frame through the window of frame @i. */
static GstBuffer *
cut_window (const GstVideoInfo * info, const GstVideoInfo * window,
    GstBuffer * frame, guint i)
{
  GstBuffer *result = gst_buffer_new_and_alloc (window->size);
  GstVideoFrame in, out;

  gst_video_frame_map (&in, info, frame, GST_MAP_READ);
  gst_video_frame_map (&out, window, result, GST_MAP_WRITE);
  for (guint c = 0; c < 3; c++) {
    gint stride = GST_VIDEO_FRAME_COMP_STRIDE (&in, c);
    gint x = wander (i) / (c ? 2 : 1), y = x / 2;

    for (gint row = 0; row < GST_VIDEO_FRAME_COMP_HEIGHT (&out, c); row++)
      memcpy (GST_VIDEO_FRAME_COMP_DATA (&out, c)
          + row * GST_VIDEO_FRAME_COMP_STRIDE (&out, c),
          GST_VIDEO_FRAME_COMP_DATA (&in, c) + (y + row) * stride + x,
          (gsize) GST_VIDEO_FRAME_COMP_WIDTH (&out, c));
  }
  gst_video_frame_unmap (&in);
  gst_video_frame_unmap (&out);
  return result;
}

static void
pan_clip (Clip * clip)
{
  GstVideoInfo window;

  gst_video_info_set_format (&window, GST_VIDEO_FORMAT_I420,
      (guint) clip->info.width - PAN_MARGIN,
      (guint) clip->info.height - PAN_MARGIN / 2);
  window.fps_n = clip->info.fps_n;
  window.fps_d = clip->info.fps_d;
  for (guint i = 0; i < clip->frames->len; i++) {
    gpointer *frame = &g_ptr_array_index (clip->frames, i);
    GstBuffer *cut = cut_window (&clip->info, &window, *frame, i);

    gst_buffer_unref (*frame);
    *frame = cut;
  }
  clip->info = window;
}

/* The first frames of the file at @path. */
static Clip *
load_clip (const gchar * path)
{
  Clip *clip = g_new0 (Clip, 1);
  g_autofree gchar *name = g_path_get_basename (path);
  GstElement *pipeline = launch ("filesrc name=file ! decodebin "
      "! videoconvert ! videoscale method=lanczos ! video/x-raw,format=I420,"
      "width=384,pixel-aspect-ratio=1/1 ! appsink name=sink sync=false");
  g_autoptr (GstElement) file = gst_bin_get_by_name (GST_BIN (pipeline),
      "file");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline),
      "sink");
  GstSample *sample;

  clip->name = g_strdup_printf ("%.*s%s", (int) strcspn (name, "."), name,
      option_pan ? ", pan" : "");
  clip->frames = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_buffer_unref);
  g_object_set (file, "location", path, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (clip->frames->len < MAX_FRAMES
      && (sample = gst_app_sink_pull_sample (GST_APP_SINK (sink)))) {
    gst_video_info_from_caps (&clip->info, gst_sample_get_caps (sample));
    g_ptr_array_add (clip->frames, gst_buffer_copy_deep
        (gst_sample_get_buffer (sample)));
    gst_sample_unref (sample);
  }
  if (clip->frames->len == 0)
    g_error ("%s: no frames", path);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  if (option_pan)
    pan_clip (clip);
  return clip;
}

/* Returns: (transfer full): luma. */
static float *
get_luma (const GstVideoInfo * info, GstBuffer * buffer)
{
  float *plane = g_new (float, (gsize) info->width * (gsize) info->height);
  GstVideoFrame frame;

  gst_video_frame_map (&frame, info, buffer, GST_MAP_READ);
  ae_pixels_to_floats (&(AePixels) {
      GST_VIDEO_FRAME_PLANE_DATA (&frame, 0), info->width, info->height,
        GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0), 1, 8, 0, FALSE}
      , plane, (gsize) info->width);
  gst_video_frame_unmap (&frame);
  return plane;
}

static double
mse (const GstVideoInfo * info, const float *a, const float *b)
{
  gsize stride = (gsize) info->width;

  return ae_quality_mse (a, stride, b, stride, (guint) info->width,
      (guint) info->height);
}

/* Squared errors of squares that stand still, 0, and that move, 1. */
typedef struct
{
  double before[2], after[2];
} Parts;

/* Sums over the square at @at. */
static void
add_square (Parts * parts, gsize at, gsize stride, const float *last,
    const float *clean, const float *before, const float *after)
{
  float motion = 0.0f, sums[2] = { 0.0f, 0.0f };
  guint moves;

  for (gsize i = 0; i < SQUARE * SQUARE; i++) {
    gsize p = at + i / SQUARE * stride + i % SQUARE;
    float a = before[p] - clean[p], b = after[p] - clean[p];

    motion += fabsf (clean[p] - last[p]);
    sums[0] += a * a;
    sums[1] += b * b;
  }
  moves = 255.0f * motion > MOVES * SQUARE * SQUARE;
  parts->before[moves] += (double) sums[0];
  parts->after[moves] += (double) sums[1];
}

static void
add_parts (Parts * parts, const GstVideoInfo * info, const float *last,
    const float *clean, const float *before, const float *after)
{
  gsize stride = (gsize) info->width;

  for (gint y = 0; y + SQUARE <= info->height; y += SQUARE) {
    for (gint x = 0; x + SQUARE <= info->width; x += SQUARE)
      add_square (parts, (gsize) y * stride + (gsize) x, stride, last, clean,
          before, after);
  }
}

/* Returns: seconds of processor that the thread "ae-train" had. */
static double
trainer_seconds (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/task", 0, NULL);
  const gchar *id;

  while (dir && (id = g_dir_read_name (dir))) {
    g_autofree gchar *path = g_strdup_printf ("/proc/self/task/%s/stat", id);
    g_autofree gchar *text = NULL;
    unsigned long user, kernel;

    /* proc(5): the 14th and 15th field, after the name in brackets */
    if (g_file_get_contents (path, &text, NULL, NULL)
        && strstr (text, "(ae-train)")
        && sscanf (strchr (text, ')'), ") %*c %*d %*d %*d %*d %*d %*u %*u %*u "
            "%*u %*u %lu %lu", &user, &kernel) == 2)
      return (double) (user + kernel) / (double) sysconf (_SC_CLK_TCK);
  }
  return 0.0;
}

static GstHarness *
new_harness (const Clip * clip, const gchar * text)
{
  GstHarness *h = gst_harness_new_parse (text);
  g_autoptr (GstCaps) c = gst_video_info_to_caps (&clip->info);

  gst_harness_set_src_caps (h, g_steal_pointer (&c));
  return h;
}

/* One run: PSNR over time. */
typedef struct
{
  GArray *seconds, *before, *after;     /* of double; PSNR in dB */
  Parts parts;
  guint64 n_steps, generation;
} Run;

static void
read_stats (GstHarness * h, Run * run)
{
  g_autoptr (GstElement) element = gst_bin_get_by_name (GST_BIN (h->element),
      "train");
  g_autoptr (GstStructure) stats = NULL;

  g_object_get (element, "stats", &stats, NULL);
  gst_structure_get (stats, "step", G_TYPE_UINT64, &run->n_steps,
      "generation", G_TYPE_UINT64, &run->generation, NULL);
}

/* Mean of the last values. */
static double
last_mean (const GArray * values)
{
  guint n = MIN (values->len, N_MEAN);
  double sum = 0.0;

  for (guint i = values->len - n; i < values->len; i++)
    sum += g_array_index (values, double, i);
  return sum / n;
}

/* Frame @i of the run, before and after, against the clean one. */
static void
add_frame (Run * run, const Clip * clip, guint i, double seconds,
    GstBuffer * out[2])
{
  guint n = clip->frames->len;
  GstBuffer **clean = (GstBuffer **) clip->frames->pdata;
  g_autofree float *now = get_luma (&clip->info, clean[i % n]);
  g_autofree float *last = get_luma (&clip->info, clean[(i + n - 1) % n]);
  g_autofree float *before = get_luma (&clip->info, out[0]);
  g_autofree float *after = get_luma (&clip->info, out[1]);
  double psnr[2] = {
    ae_quality_psnr_from_mse (mse (&clip->info, now, before)),
    ae_quality_psnr_from_mse (mse (&clip->info, now, after))
  };

  /* before the first model of its kind another one denoises */
  if (run->generation == 0)
    psnr[1] = psnr[0];
  else if (seconds > 0.5 * option_seconds && i % n > 0)
    add_parts (&run->parts, &clip->info, last, now, before, after);
  g_array_append_val (run->seconds, seconds);
  g_array_append_val (run->before, psnr[0]);
  g_array_append_val (run->after, psnr[1]);
}

static GstBuffer *
through (GstHarness * h, GstBuffer * buffer)
{
  return gst_harness_push_and_pull (h, gst_buffer_copy (buffer));
}

static Run
play (const Clip * clip, const gchar * noise, const gchar * objective)
{
  g_autofree gchar *corrupt = g_strdup_printf ("aevideocorrupt %s", noise);
  g_autofree gchar *train = g_strdup_printf ("aevideotrain name=train "
      "slot=bench objective=%s backpressure=block steps-per-frame=1 %s%s%s %s "
      "! aevideodenoise slot=bench", objective,
      option_random ? "architecture=\"" : "",
      option_random ? RANDOM_ARCHITECTURE : "", option_random ? "\"" : "",
      option_properties ? option_properties : "");
  GstHarness *noisy = new_harness (clip, corrupt);
  GstHarness *trained = new_harness (clip, train);
  GstHarness *alone = new_harness (clip,
      option_random ? "identity" : "aevideodenoise");
  Run run = { g_array_new (FALSE, FALSE, sizeof (double)),
    g_array_new (FALSE, FALSE, sizeof (double)),
    g_array_new (FALSE, FALSE, sizeof (double)), {{0.0, 0.0}, {0.0, 0.0}}, 0, 0
  };
  double seconds = 0.0;

  for (guint i = 0; seconds < option_seconds
      && i < (guint) option_seconds * MAX_FRAMES_A_SECOND; i++) {
    GstBuffer *clean = g_ptr_array_index (clip->frames, i % clip->frames->len);
    GstBuffer *in = gst_buffer_copy (clean), *out[2];

    GST_BUFFER_PTS (in) = i * GST_SECOND / 25;
    if (i % clip->frames->len == 0)
      GST_BUFFER_FLAG_SET (in, GST_BUFFER_FLAG_DISCONT);
    in = gst_harness_push_and_pull (noisy, in);
    out[0] = through (alone, in);
    out[1] = through (trained, in);
    read_stats (trained, &run);
    gst_buffer_unref (in);
    seconds = trainer_seconds ();
    add_frame (&run, clip, i, seconds, out);
    gst_buffer_unref (out[0]);
    gst_buffer_unref (out[1]);
  }
  gst_harness_teardown (noisy);
  gst_harness_teardown (trained);
  gst_harness_teardown (alone);
  return run;
}

static void
run_clear (Run * run)
{
  g_array_unref (run->seconds);
  g_array_unref (run->before);
  g_array_unref (run->after);
}

/* Gain over time, each point the mean of N_MEAN frames. */
typedef struct
{
  gchar *name;
  GArray *x, *y;
  double low;
} Gain;

static Gain
gain_of (const Run * run, const gchar * clip, const gchar * noise,
    const gchar * objective)
{
  Gain gain = { g_strdup_printf ("%s, %s, %s", clip, noise, objective),
    g_array_new (FALSE, FALSE, sizeof (double)),
    g_array_new (FALSE, FALSE, sizeof (double)), 0.0
  };
  double mean = 0.0;

  for (guint i = 0; i < run->seconds->len; i++) {
    double d = g_array_index (run->after, double, i)
        - g_array_index (run->before, double, i);

    mean += d / N_MEAN;
    if (i >= N_MEAN)
      mean -= (g_array_index (run->after, double, i - N_MEAN)
          - g_array_index (run->before, double, i - N_MEAN)) / N_MEAN;
    if (i + 1 >= N_MEAN) {
      g_array_append_val (gain.x, g_array_index (run->seconds, double, i));
      g_array_append_val (gain.y, mean);
      gain.low = MIN (gain.low, mean);
    }
  }
  return gain;
}

static void
plot (const GArray * gains)
{
  const TheoryAxes axes = { NULL,
    "seconds of the trainer's processor",
    option_random ? "dB over the noisy frames" : "dB over the shipped model",
    FALSE
  };
  TheoryCurve curves[MAX_CURVES];
  guint n = MIN (gains->len, MAX_CURVES);

  for (guint i = 0; i < n; i++) {
    const Gain *gain = &g_array_index (gains, Gain, i);

    curves[i] = (TheoryCurve) {
    gain->name, (double *) gain->x->data, (double *) gain->y->data,
          gain->y->len};
  }
  theory_plot_lines (option_plot, &axes, curves, n);
}

/* Returns: in dB; 0 where there is none of that kind. */
static double
part_gain (const Parts * parts, guint i)
{
  return parts->after[i] > 0.0
      ? 10.0 * log10 (parts->before[i] / parts->after[i]) : 0.0;
}

/* A row of the table and a curve. */
static Gain
measure (const Clip * clip, const gchar * noise, const gchar * objective)
{
  Run run = play (clip, noise, objective);
  Gain gain = gain_of (&run, clip->name, noise, objective);
  double before = last_mean (run.before), after = last_mean (run.after);

  g_print ("%-28s %-30s %-10s %7.2f %7.2f %+6.2f %+7.2f %+6.2f %+6.2f %6"
      G_GUINT64_FORMAT " %5" G_GUINT64_FORMAT "\n", clip->name, noise,
      objective, before, after, after - before, gain.low, part_gain (&run.parts,
          0), part_gain (&run.parts, 1), run.n_steps, run.generation);
  run_clear (&run);
  return gain;
}

static void
gain_clear (gpointer data)
{
  Gain *gain = data;

  g_free (gain->name);
  g_array_unref (gain->x);
  g_array_unref (gain->y);
}

static void
measure_all (const gchar * const *clips, const gchar * const *noises,
    const gchar * const *objectives)
{
  g_autoptr (GArray) gains = g_array_new (FALSE, FALSE, sizeof (Gain));

  g_array_set_clear_func (gains, gain_clear);
  g_print ("dB after %d s of the trainer's processor; lowest: of all means of "
      "%d frames\n%-28s %-30s %-10s %7s %7s %6s %7s %6s %6s %6s %5s\n",
      option_seconds, N_MEAN, "clip", "noise", "objective", "before", "after",
      "gain", "lowest", "still", "moving", "steps", "publ.");
  for (const gchar * const *path = clips; *path; path++) {
    Clip *clip = load_clip (*path);

    for (const gchar * const *noise = noises; *noise; noise++) {
      for (const gchar * const *objective = objectives; *objective; objective++) {
        Gain gain = measure (clip, *noise, *objective);

        g_array_append_val (gains, gain);
      }
    }
    clip_free (clip);
  }
  if (option_plot)
    plot (gains);
}

static const gchar *const *
or_default (gchar ** option, const gchar * const *usual)
{
  return option ? (const gchar * const *) option : usual;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context =
      g_option_context_new ("- what training on noisy clips gains");
  const gchar *clips[] = { g_getenv ("AE_CLIP"), NULL };
  const gchar *noises[] =
      { "type=gaussian level=25", "type=poisson-gaussian level=15", NULL };
  const gchar *objectives[] = { "temporal", "blind-spot", NULL };
  g_autoptr (GError) error = NULL;

  setvbuf (stdout, NULL, _IOLBF, 0);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("train-quality: %s\n", error->message);
    return EXIT_FAILURE;
  }
  measure_all (or_default (option_clips, clips), or_default (option_noises,
          noises), or_default (option_objectives, objectives));
  return EXIT_SUCCESS;
}
