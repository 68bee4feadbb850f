/* Rate and distortion of codecs, ours beside others. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   tests/bench/codec [OPTION...] [CLIP or FOLDER of pictures...]
 *
 * Each codec has the I420 frames in a pipeline of its own, at several settings.
 * PSNR is that of luma, of the squared errors of all frames; MS-SSIM too is of luma,
 * -10 log10 of what the mean lacks to 1. The rate is that of the bytes themselves,
 * without a container. The last columns are how much longer or shorter the codec's
 * streams are than the first one's at the same PSNR, or MS-SSIM: the mean of the
 * logarithm over the range that both reach. Where input is noisy, points beyond a
 * codec's best are left out of it: there the noise takes the bits.
 */
#include <gio/gio.h>
#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/video/video.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "ae-plane.h"
#include "ae-quality.h"
#include "theory-plot.h"

#define MAX_POINTS 10
#define MAX_CODECS 16

static gint option_frames = 100, option_width;
static gchar *option_plot, *option_corrupt, *option_properties, *option_only;
static gdouble option_loss;
static gchar **option_inputs;

static GOptionEntry entries[] = {
  {"frames", 'n', 0, G_OPTION_ARG_INT, &option_frames,
      "Frames of each clip at most (default 100)", "N"},
  {"width", 'w', 0, G_OPTION_ARG_INT, &option_width,
      "Scale to this width first, which hides what compression did", "PIXELS"},
  {"corrupt", 'c', 0, G_OPTION_ARG_STRING, &option_corrupt,
      "Properties of aevideocorrupt before each encoder; quality is judged "
        "against the clean frames", "TEXT"},
  {"loss", 'l', 0, G_OPTION_ARG_DOUBLE, &option_loss,
      "Percent of the packets that RTP loses: codecs with intra refresh "
        "within a second, slices or parts of a packet", "PERCENT"},
  {"properties", 'p', 0, G_OPTION_ARG_STRING, &option_properties,
      "Further properties of aevideoenc", "TEXT"},
  {"only", 'o', 0, G_OPTION_ARG_STRING, &option_only,
      "Names of the codecs, separated by commas", "NAMES"},
  {"plot", 0, 0, G_OPTION_ARG_FILENAME, &option_plot,
      "Where the curves go; several inputs are numbered", "PNG"},
  {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_inputs, NULL,
      "[CLIP or FOLDER...]"},
  G_OPTION_ENTRY_NULL
};

/* @pictures, @clips: what it is measured with. */
typedef struct
{
  const gchar *name, *needs;
  const gchar *encoder, *decoder;       /* the encoder has a %d, its setting */
  gboolean pictures, clips;
  gint settings[MAX_POINTS];    /* ends with -1 */
} Codec;

static const Codec codecs[] = {
  {"jpeg", "jpegenc", "jpegenc quality=%d", "jpegdec", TRUE, TRUE,
      {10, 20, 35, 50, 70, 85, 93, -1}},
  /* webpdec makes RGB of full range and says that it has that of its input */
  {"webp", "webpenc", "webpenc quality=%d", "webpdec "
        "! capssetter caps=video/x-raw,colorimetry=sRGB ! videoconvert "
        "! video/x-raw,format=I420,colorimetry=bt601", TRUE, FALSE,
      {2, 15, 35, 60, 80, 92, 97, -1}},
  {"x264-intra", "x264enc", "x264enc pass=quant quantizer=%d key-int-max=1 "
        "speed-preset=ultrafast ! video/x-h264,stream-format=byte-stream",
      "avdec_h264", TRUE, FALSE, {44, 39, 34, 29, 24, 19, -1}},
  {"x264-ultrafast", "x264enc", "x264enc tune=zerolatency "
        "speed-preset=ultrafast pass=quant quantizer=%d key-int-max=250 "
        "threads=1 ! video/x-h264,stream-format=byte-stream", "avdec_h264",
      FALSE, TRUE, {44, 39, 34, 29, 24, 19, -1}},
  {"x264-superfast", "x264enc", "x264enc tune=zerolatency "
        "speed-preset=superfast pass=quant quantizer=%d key-int-max=250 "
        "threads=1 ! video/x-h264,stream-format=byte-stream", "avdec_h264",
      FALSE, TRUE, {44, 39, 34, 29, 24, 19, -1}},
  {"vp8-realtime", "vp8enc", "vp8enc deadline=1 cpu-used=8 threads=1 "
        "lag-in-frames=0 keyframe-max-dist=250 end-usage=cq min-quantizer=%d "
        "max-quantizer=63 cq-level=%d target-bitrate=100000", "vp8dec", FALSE,
      TRUE, {63, 50, 38, 26, 14, 6, -1}},
  {"aevideoenc", "aevideoenc", "aevideoenc key-interval=250 quality=%d",
      "aevideodec", TRUE, TRUE, {0, 1, 2, 3, 4, 5, 6, 7, 8, -1}},
};

/* A frame that does not come is the one before it. */
static const Codec lossy_codecs[] = {
  {"x264-ultrafast", "x264enc", "x264enc tune=zerolatency threads=1 "
        "speed-preset=ultrafast intra-refresh=true key-int-max=25 "
        "option-string=slice-max-size=1200 pass=quant quantizer=%d "
        "! video/x-h264,stream-format=byte-stream",
        "rtph264pay mtu=1400 config-interval=-1 ! identity name=loss "
        "! rtph264depay ! avdec_h264 output-corrupt=true", FALSE, TRUE,
      {39, 34, 29, 24, -1}},
  {"aevideoenc", "aevideoenc", "aevideoenc key-interval=0 part-size=1300 "
        "refresh-interval=25 quality=%d",
      "rtpgstpay config-interval=1 ! identity name=loss ! rtpgstdepay "
        "! aevideodec", FALSE, TRUE, {1, 3, 5, 7, -1}},
};

typedef struct
{
  GstVideoInfo info;
  GPtrArray *frames;
} Clip;

/* Means over all frames of all pictures. */
typedef struct
{
  double bits_a_pixel, psnr, ms_ssim_db, frame_ms;
  guint n_out;                  /* frames that came */
} Point;

typedef struct
{
  const Codec *codec;
  guint n;
  Point points[MAX_POINTS];
} Curve;

/* Sums over frames. */
typedef struct
{
  double bits, pixels, squares, ms_ssim, cpu_ms;
  guint n_frames, n_out;
  gboolean optimises;           /* each buffer is a JPEG, to be shortened */
} Sums;

static GstElement *
launch (const gchar * text)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (text, &error);

  if (error)
    g_error ("%s: %s", text, error->message);
  return pipeline;
}

static void
clip_free (Clip * clip)
{
  g_ptr_array_unref (clip->frames);
  g_free (clip);
}

static Clip *
load_clip (const gchar * path)
{
  Clip *clip = g_new0 (Clip, 1);
  g_autofree gchar *size = option_width > 0 ? g_strdup_printf
      ("videoscale method=lanczos ! video/x-raw,pixel-aspect-ratio=1/1,width=%d",
      option_width) : g_strdup ("identity");
  g_autofree gchar *text = g_strdup_printf ("filesrc name=file ! decodebin "
      "! videoconvert ! %s ! videoconvert ! video/x-raw,format=I420 "
      "! appsink name=sink sync=false", size);
  GstElement *pipeline = launch (text);
  g_autoptr (GstElement) file = gst_bin_get_by_name (GST_BIN (pipeline),
      "file");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline),
      "sink");
  GstSample *sample;

  clip->frames = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_buffer_unref);
  g_object_set (file, "location", path, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (clip->frames->len < (guint) option_frames
      && (sample = gst_app_sink_pull_sample (GST_APP_SINK (sink)))) {
    gst_video_info_from_caps (&clip->info, gst_sample_get_caps (sample));
    g_ptr_array_add (clip->frames,
        gst_buffer_copy_deep (gst_sample_get_buffer (sample)));
    gst_sample_unref (sample);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  if (clip->frames->len == 0)
    g_error ("%s: no frames", path);
  if (clip->info.fps_n == 0) {
    clip->info.fps_n = 25;
    clip->info.fps_d = 1;
  }
  return clip;
}

/* The clip @path, or the pictures in that folder. */
static GPtrArray *
load_input (const gchar * path)
{
  GPtrArray *clips = g_ptr_array_new_with_free_func ((GDestroyNotify)
      clip_free);
  g_autoptr (GDir) folder = g_dir_open (path, 0, NULL);
  const gchar *name;

  if (folder == NULL)
    g_ptr_array_add (clips, load_clip (path));
  while (folder && (name = g_dir_read_name (folder))) {
    g_autofree gchar *file = g_build_filename (path, name, NULL);

    if (g_str_has_suffix (name, ".png") || g_str_has_suffix (name, ".jpg"))
      g_ptr_array_add (clips, load_clip (file));
  }
  if (clips->len == 0)
    g_error ("%s: no pictures", path);
  return clips;
}

static double
cpu_ms (void)
{
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  return 1e3 * (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + 1e-3 * (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* The size of a JPEG with the best Huffman tables: what cjpeg -optimize makes of
 * the same coefficients. */
static gsize
optimised_size (GstBuffer * buffer)
{
  static const gchar *const argv[] = { "jpegtran", "-optimize", "-copy",
    "none", NULL
  };
  g_autoptr (GSubprocess) process = g_subprocess_newv (argv,
      G_SUBPROCESS_FLAGS_STDIN_PIPE | G_SUBPROCESS_FLAGS_STDOUT_PIPE, NULL);
  g_autoptr (GBytes) in = NULL;
  g_autoptr (GBytes) out = NULL;
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  in = g_bytes_new (map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  if (!g_subprocess_communicate (process, in, NULL, &out, NULL, NULL)
      || g_bytes_get_size (out) == 0)
    g_error ("jpegtran failed");
  return g_bytes_get_size (out);
}

static void
count_bytes (GstElement * identity, GstBuffer * buffer, gpointer data)
{
  Sums *sums = data;

  sums->bits += 8.0 * (double) (sums->optimises ? optimised_size (buffer)
      : gst_buffer_get_size (buffer));
}

static void
read_luma (const GstVideoInfo * info, GstBuffer * buffer, float *samples)
{
  GstVideoFrame frame;

  if (!gst_video_frame_map (&frame, info, buffer, GST_MAP_READ))
    g_error ("a frame cannot be mapped");
  ae_pixels_to_floats (&(AePixels) {
      GST_VIDEO_FRAME_PLANE_DATA (&frame, 0), info->width, info->height,
        GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0), 1, 8, 0, FALSE}
      , samples, (gsize) info->width);
  gst_video_frame_unmap (&frame);
}

static void
compare (const GstVideoInfo * info, GstBuffer * a, GstBuffer * b, Sums * sums)
{
  guint w = (guint) info->width, h = (guint) info->height;
  gsize n = (gsize) w * h;
  g_autofree float *planes = g_new (float, 2 * n);

  read_luma (info, a, planes);
  read_luma (info, b, planes + n);
  sums->squares += (double) n *ae_quality_mse (planes, w, planes + n, w, w, h);
  if (MIN (w, h) >= AE_MS_SSIM_MIN_SIDE)
    sums->ms_ssim += ae_quality_ms_ssim (planes, w, planes + n, w, w, h);
  sums->pixels += (double) n;
  sums->n_frames++;
}

static gchar *
codec_text (const Codec * codec, gint setting)
{
  g_autofree gchar *number = g_strdup_printf ("%d", setting);
  g_auto (GStrv) parts = g_strsplit (codec->encoder, "%d", -1);
  g_autofree gchar *encoder = g_strjoinv (number, parts);
  gboolean is_ours = g_str_equal (codec->name, "aevideoenc");

  return g_strdup_printf ("appsrc name=source format=time ! videoconvert ! "
      "%s %s ! queue ! %s %s ! identity name=coded signal-handoffs=true ! %s "
      "! videoconvert ! video/x-raw,format=I420 ! appsink name=sink sync=false",
      option_corrupt ? "aevideocorrupt" : "identity",
      option_corrupt ? option_corrupt : "", encoder,
      is_ours && option_properties ? option_properties : "", codec->decoder);
}

/* Which frame of @clip this is, by its time. */
static guint
frame_number (const Clip * clip, GstSample * sample)
{
  guint64 time = gst_segment_to_running_time (gst_sample_get_segment (sample),
      GST_FORMAT_TIME, GST_BUFFER_PTS (gst_sample_get_buffer (sample)));

  return (guint) gst_util_uint64_scale_round (time,
      (guint64) clip->info.fps_n, clip->info.fps_d * GST_SECOND);
}

/* Codes and decodes @clip. */
static void
run_clip (const Codec * codec, gint setting, const Clip * clip, Sums * sums)
{
  g_autofree gchar *text = codec_text (codec, setting);
  GstElement *pipeline = launch (text);
  g_autoptr (GstElement) source = gst_bin_get_by_name (GST_BIN (pipeline),
      "source");
  g_autoptr (GstElement) coded = gst_bin_get_by_name (GST_BIN (pipeline),
      "coded");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline),
      "sink");
  g_autoptr (GstCaps) caps = gst_video_info_to_caps ((GstVideoInfo *)
      & clip->info);
  GstVideoInfo info;
  g_autoptr (GstElement) loss = gst_bin_get_by_name (GST_BIN (pipeline),
      "loss");
  GstSample *sample, *last = NULL;
  guint i = 0;
  double before = cpu_ms ();

  if (loss)
    g_object_set (loss, "drop-probability", option_loss / 100, NULL);
  g_signal_connect (coded, "handoff", G_CALLBACK (count_bytes), sums);
  g_object_set (source, "caps", caps, "max-bytes", (guint64) 0, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (guint j = 0; j < clip->frames->len; j++) {
    GstBuffer *frame = gst_buffer_copy (g_ptr_array_index (clip->frames, j));

    GST_BUFFER_PTS (frame) = gst_util_uint64_scale (j * GST_SECOND,
        (guint64) clip->info.fps_d, (guint64) clip->info.fps_n);
    gst_app_src_push_buffer (GST_APP_SRC (source), frame);
  }
  gst_app_src_end_of_stream (GST_APP_SRC (source));
  while (i < clip->frames->len
      && (sample = gst_app_sink_pull_sample (GST_APP_SINK (sink)))) {
    guint end = loss ? frame_number (clip, sample) + 1 : i + 1;

    gst_video_info_from_caps (&info, gst_sample_get_caps (sample));
    sums->cpu_ms += cpu_ms () - before;
    for (; i + 1 < end && i + 1 < clip->frames->len; i++)
      compare (&info, g_ptr_array_index (clip->frames, i),
          gst_sample_get_buffer (last ? last : sample), sums);
    compare (&info, g_ptr_array_index (clip->frames, i++),
        gst_sample_get_buffer (sample), sums);
    g_clear_pointer (&last, gst_sample_unref);
    last = sample;
    sums->n_out++;
    before = cpu_ms ();
  }
  g_clear_pointer (&last, gst_sample_unref);
  if (i != clip->frames->len && !loss)
    g_error ("%s: %u of %u frames came out", text, i, clip->frames->len);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static Curve
measure (const Codec * codec, const GPtrArray * clips)
{
  g_autofree gchar *jpegtran = g_find_program_in_path ("jpegtran");
  Curve curve = {.codec = codec };

  for (; codec->settings[curve.n] >= 0; curve.n++) {
    Sums sums = {
      .optimises = g_str_equal (codec->name, "jpeg") && jpegtran != NULL
    };
    Point *point = &curve.points[curve.n];

    for (guint i = 0; i < clips->len; i++)
      run_clip (codec, codec->settings[curve.n],
          g_ptr_array_index (clips, i), &sums);
    *point = (Point) {
    sums.bits / sums.pixels, -10 * log10 (sums.squares / sums.pixels),
          -10 * log10 (1 - sums.ms_ssim / sums.n_frames),
          sums.cpu_ms / sums.n_frames, sums.n_out};
  }
  return curve;
}

static double
quality_of (const Point * point, gboolean by_ms_ssim)
{
  return by_ms_ssim ? point->ms_ssim_db : point->psnr;
}

/* Returns: how many points of @curve there are up to its best one: the bits of
 * those behind it, if there are any, went into noise. */
static guint
n_rising (const Curve * curve, gboolean by_ms_ssim)
{
  guint best = 0;

  for (guint i = 1; i < curve->n; i++) {
    if (quality_of (&curve->points[i], by_ms_ssim)
        > quality_of (&curve->points[best], by_ms_ssim))
      best = i;
  }
  return best + 1;
}

/* The logarithm of the rate of @curve at @quality, between its points. */
static double
log_rate (const Curve * curve, gboolean by_ms_ssim, double quality)
{
  const Point *p = curve->points;
  double low, high;
  guint i = 0;

  while (i + 2 < n_rising (curve, by_ms_ssim)
      && quality_of (&p[i + 1], by_ms_ssim) < quality)
    i++;
  low = quality_of (&p[i], by_ms_ssim);
  high = quality_of (&p[i + 1], by_ms_ssim);
  return log (p[i].bits_a_pixel)
      + log (p[i + 1].bits_a_pixel / p[i].bits_a_pixel)
      * (quality - low) / (high - low);
}

/* How many percent more bits @b takes than @a; NaN where the two have no quality
 * in common. */
static double
compare_rates (const Curve * a, const Curve * b, gboolean by_ms_ssim)
{
  double low = MAX (quality_of (&a->points[0], by_ms_ssim),
      quality_of (&b->points[0], by_ms_ssim));
  guint n_a = n_rising (a, by_ms_ssim), n_b = n_rising (b, by_ms_ssim);
  double high = MIN (quality_of (&a->points[n_a - 1], by_ms_ssim),
      quality_of (&b->points[n_b - 1], by_ms_ssim));
  double sum = 0;

  if (low >= high || n_a < 2 || n_b < 2)
    return (double) NAN;
  for (guint i = 0; i < 100; i++) {
    double quality = low + (i + 0.5) / 100 * (high - low);

    sum += log_rate (b, by_ms_ssim, quality) - log_rate (a, by_ms_ssim,
        quality);
  }
  return 100 * (exp (sum / 100) - 1);
}

static void
print_curve (const Curve * curve, const Curve * first)
{
  for (guint i = 0; i < curve->n; i++) {
    const Point *p = &curve->points[i];

    g_print ("%-15s %4d %9.4f %8.2f %8.2f %8.1f", curve->codec->name,
        curve->codec->settings[i], p->bits_a_pixel, p->psnr, p->ms_ssim_db,
        p->frame_ms);
    if (option_loss > 0)
      g_print (" %8u came", p->n_out);
    if (i == 0 && curve != first)
      g_print (" %+8.1f %%  %+8.1f %%", compare_rates (first, curve, FALSE),
          compare_rates (first, curve, TRUE));
    g_print ("\n");
  }
}

static void
plot (const gchar * path, const gchar * title, const Curve * curves, guint n)
{
  TheoryCurve lines[MAX_CODECS];
  double x[MAX_CODECS][MAX_POINTS], y[MAX_CODECS][MAX_POINTS];
  TheoryAxes axes = { title, "bits a pixel", "PSNR of luma, dB", FALSE };

  for (guint i = 0; i < n; i++) {
    for (guint j = 0; j < curves[i].n; j++) {
      x[i][j] = curves[i].points[j].bits_a_pixel;
      y[i][j] = curves[i].points[j].psnr;
    }
    lines[i] = (TheoryCurve) {
    curves[i].codec->name, x[i], y[i], curves[i].n};
  }
  theory_plot_lines (path, &axes, lines, n);
}

static gboolean
is_wanted (const Codec * codec, gboolean is_clip)
{
  g_autoptr (GstElementFactory) factory =
      gst_element_factory_find (codec->needs);
  g_auto (GStrv) names = option_only ? g_strsplit (option_only, ",", -1) : NULL;

  return factory != NULL && (is_clip ? codec->clips : codec->pictures)
      && (names == NULL || g_strv_contains ((const gchar * const *) names,
          codec->name));
}

static void
run_input (const gchar * path, const gchar * plot_path)
{
  g_autoptr (GPtrArray) clips = load_input (path);
  g_autofree gchar *name = g_path_get_basename (path);
  const Clip *clip = g_ptr_array_index (clips, 0);
  gboolean is_clip = clip->frames->len > 1;
  const Codec *table = option_loss > 0 ? lossy_codecs : codecs;
  guint n_codecs = option_loss > 0 ? G_N_ELEMENTS (lossy_codecs)
      : G_N_ELEMENTS (codecs);
  Curve curves[MAX_CODECS];
  guint n = 0;

  g_print ("%s: %u of %ux%u\n", name, is_clip ? clip->frames->len : clips->len,
      (guint) clip->info.width, (guint) clip->info.height);
  g_print ("%-15s %4s %9s %8s %8s %8s %10s  %10s\n", "codec", "set", "bits/px",
      "PSNR-Y", "MS-SSIM", "cpu ms", "rate", "by MS-SSIM");
  for (guint i = 0; i < n_codecs; i++) {
    if (!is_wanted (&table[i], is_clip))
      continue;
    curves[n] = measure (&table[i], clips);
    print_curve (&curves[n], &curves[0]);
    n++;
  }
  if (plot_path)
    plot (plot_path, name, curves, n);
}

/* plot.png, and plot-2.png for the second input. */
static gchar *
plot_name (guint i)
{
  g_autofree gchar *stem = NULL;

  if (option_plot == NULL || i == 0)
    return g_strdup (option_plot);
  stem = g_strndup (option_plot, strlen (option_plot)
      - (g_str_has_suffix (option_plot, ".png") ? 4 : 0));
  return g_strdup_printf ("%s-%u.png", stem, i + 1);
}

gint
main (gint argc, gchar ** argv)
{
  g_autoptr (GOptionContext) context = g_option_context_new (NULL);
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)) {
    g_printerr ("%s\n", error->message);
    return 2;
  }
  if (option_inputs == NULL) {
    const gchar *bundled[] = { g_getenv ("AE_CLIP"), NULL };

    option_inputs = g_strdupv ((gchar **) bundled);
  }
  for (guint i = 0; option_inputs[i]; i++) {
    g_autofree gchar *path = plot_name (i);

    run_input (option_inputs[i], path);
  }
  return 0;
}
