/* What aevideotrain costs the stream that it trains on. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   tests/bench/train-stream [cost | rate | stop]...     default: all three
 *
 *   cost  time that aevideotrain keeps the streaming thread for a frame, while
 *         it trains with all of a processor
 *   rate  frames a second of a pipeline with aevideodenoise, with training and
 *         without, in turns
 *   stop  time that a way down, a flush and an end of stream take, each begun at
 *         a random moment of training
 *
 * Frames are 1280x720 I420: a moving ball with noise of sigma 25, made
 * beforehand. Times are of the wall clock unless they say otherwise.
 */
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CAPS "video/x-raw,format=I420,width=1280,height=720,framerate=30/1"
#define N_FRAMES 16

#define COST_FRAMES 300
#define RATE_TURNS 5
#define RATE_SETTLE 40          /* frames in which a trainer starts */
#define RATE_FRAMES 60          /* measured after these */
#define STOP_TIMES 50

static GstBuffer *frames[N_FRAMES];

static GstElement *
launch (const gchar * text)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (text, &error);

  if (error)
    g_error ("%s: %s", text, error->message);
  return pipeline;
}

/* Waits for a message of @types; an error ends the program. */
static void
wait_for (GstElement * pipeline, GstMessageType types)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
      GST_CLOCK_TIME_NONE, (GstMessageType) (types | GST_MESSAGE_ERROR));

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;

    gst_message_parse_error (message, &error, NULL);
    g_error ("%s", error->message);
  }
}

static void
stop (GstElement * pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static GstPadProbeReturn
keep_frame (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  guint *n = data;

  frames[(*n)++] = gst_buffer_copy_deep (GST_PAD_PROBE_INFO_BUFFER (info));
  return GST_PAD_PROBE_OK;
}

static void
make_frames (void)
{
  GstElement *pipeline = launch ("videotestsrc pattern=ball num-buffers="
      G_STRINGIFY (N_FRAMES) " ! " CAPS " ! aevideocorrupt level=25 "
      "! fakesink name=sink");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline),
      "sink");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  guint n = 0;

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, keep_frame, &n, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_for (pipeline, GST_MESSAGE_EOS);
  stop (pipeline);
}

/* The stream */

/* Gives the frames over and over, @n_left of them. */
typedef struct
{
  guint n_given, n_left;
  guint rate;
} Source;

static void
need_frame (GstAppSrc * appsrc, guint size, gpointer data)
{
  Source *source = data;
  GstBuffer *buffer;

  if (source->n_left == 0) {
    gst_app_src_end_of_stream (appsrc);
    return;
  }
  /* the pixels are shared: nobody may write to them */
  buffer = gst_buffer_copy (frames[source->n_given % N_FRAMES]);
  GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (source->n_given,
      GST_SECOND, source->rate);
  GST_BUFFER_DURATION (buffer) = GST_SECOND / source->rate;
  GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_DISCONT);
  source->n_given++;
  source->n_left--;
  gst_app_src_push_buffer (appsrc, buffer);
}

/* An appsrc of @source before @rest. */
static GstElement *
new_stream (Source * source, const gchar * rest)
{
  g_autofree gchar *text = g_strdup_printf ("appsrc name=source format=time "
      "max-buffers=2 caps=" CAPS " ! %s", rest);
  GstElement *pipeline = launch (text);
  g_autoptr (GstElement) element = gst_bin_get_by_name (GST_BIN (pipeline),
      "source");
  GstAppSrcCallbacks callbacks = {.need_data = need_frame };

  gst_app_src_set_callbacks (GST_APP_SRC (element), &callbacks, source, NULL);
  return pipeline;
}

static gint
compare (gconstpointer a, gconstpointer b)
{
  double x = *(const double *) a, y = *(const double *) b;

  return (x > y) - (x < y);
}

/* @values sorted; @share of them are below the result. */
static double
quantile (GArray * values, double share)
{
  guint i = (guint) (share * (double) (values->len - 1) + 0.5);

  g_array_sort (values, compare);
  return g_array_index (values, double, i);
}

/* cost */

static double
now_ms (clockid_t clock)
{
  struct timespec t;

  clock_gettime (clock, &t);
  return (double) t.tv_sec * 1e3 + (double) t.tv_nsec / 1e6;
}

typedef struct
{
  double wall_ms, cpu_ms;       /* when the frame came */
  GArray *walls_ms, *cpus_ms;
} Cost;

static GstPadProbeReturn
frame_comes (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Cost *cost = data;

  cost->cpu_ms = now_ms (CLOCK_THREAD_CPUTIME_ID);
  cost->wall_ms = now_ms (CLOCK_MONOTONIC);
  return GST_PAD_PROBE_OK;
}

static GstPadProbeReturn
frame_goes (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Cost *cost = data;
  double wall_ms = now_ms (CLOCK_MONOTONIC) - cost->wall_ms;
  double cpu_ms = now_ms (CLOCK_THREAD_CPUTIME_ID) - cost->cpu_ms;

  g_array_append_val (cost->walls_ms, wall_ms);
  g_array_append_val (cost->cpus_ms, cpu_ms);
  return GST_PAD_PROBE_OK;
}

static void
add_probe (GstElement * element, const gchar * name, GstPadProbeCallback func,
    gpointer data)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, name);

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, func, data, NULL);
}

static void
print_stats (GstElement * trainer)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 step;
  double speed;

  g_object_get (trainer, "stats", &stats, NULL);
  gst_structure_get (stats, "step", G_TYPE_UINT64, &step,
      "steps-per-second", G_TYPE_DOUBLE, &speed, NULL);
  g_print ("%6" G_GUINT64_FORMAT " %8.1f\n", step, speed);
}

static void
measure_cost (const gchar * objective, gboolean live)
{
  g_autofree gchar *rest = g_strdup_printf ("aevideotrain name=train "
      "cpu-share=1 objective=%s ! fakesink sync=%s", objective,
      live ? "true" : "false");
  Source source = {.n_left = COST_FRAMES,.rate = 30 };
  GstElement *pipeline = new_stream (&source, rest);
  g_autoptr (GstElement) trainer = gst_bin_get_by_name (GST_BIN (pipeline),
      "train");
  Cost cost = { 0.0, 0.0, g_array_new (FALSE, FALSE, sizeof (double)),
    g_array_new (FALSE, FALSE, sizeof (double))
  };

  add_probe (trainer, "sink", frame_comes, &cost);
  add_probe (trainer, "src", frame_goes, &cost);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_for (pipeline, GST_MESSAGE_EOS);
  g_print ("%-12s %-8s %7.3f %7.3f %7.3f  %7.3f %7.3f ", objective,
      live ? "30 Hz" : "no", quantile (cost.walls_ms, 0.5),
      quantile (cost.walls_ms, 0.99), quantile (cost.walls_ms, 1.0),
      quantile (cost.cpus_ms, 0.5), quantile (cost.cpus_ms, 0.99));
  print_stats (trainer);
  stop (pipeline);
  g_array_unref (cost.walls_ms);
  g_array_unref (cost.cpus_ms);
}

static void
measure_costs (void)
{
  g_print ("ms of the streaming thread for a 720p frame, %d frames\n"
      "%-12s %-8s %7s %7s %7s  %7s %7s %6s %8s\n", COST_FRAMES, "objective",
      "paced", "median", "p99", "max", "median", "p99 CPU", "steps", "steps/s");
  measure_cost ("temporal", TRUE);
  measure_cost ("temporal", FALSE);
  measure_cost ("blind-spot", TRUE);
  measure_cost ("denoise", TRUE);
}

/* rate */

/* When frames came out. */
typedef struct
{
  gint64 first, last;           /* us */
  guint n;
} Arrivals;

static GstPadProbeReturn
note_arrival (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Arrivals *arrivals = data;

  arrivals->last = g_get_monotonic_time ();
  if (++arrivals->n == RATE_SETTLE)
    arrivals->first = arrivals->last;
  return GST_PAD_PROBE_OK;
}

/* Returns: frames a second, of @rate at most; 0: as many as there can be. */
static double
measure_rate (const gchar * trainer, guint rate, guint64 * n_steps)
{
  g_autofree gchar *rest = g_strdup_printf ("%s aevideodenoise slot=bench "
      "noise-level=25 ! fakesink name=sink sync=%s", trainer,
      rate ? "true" : "false");
  Source source = {.n_left = RATE_SETTLE + RATE_FRAMES,.rate = rate ? rate : 30
  };
  GstElement *pipeline = new_stream (&source, rest);
  g_autoptr (GstElement) element = gst_bin_get_by_name (GST_BIN (pipeline),
      "train");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline),
      "sink");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  Arrivals arrivals = { 0 };

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, note_arrival, &arrivals,
      NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  wait_for (pipeline, GST_MESSAGE_EOS);
  if (element) {
    g_autoptr (GstStructure) stats = NULL;
    guint64 n;

    g_object_get (element, "stats", &stats, NULL);
    gst_structure_get (stats, "step", G_TYPE_UINT64, &n, NULL);
    *n_steps += n;
  }
  stop (pipeline);
  return 1e6 * RATE_FRAMES / (double) (arrivals.last - arrivals.first);
}

/* Returns: the median of the rates without training. */
static double
compare_rates (guint rate)
{
  g_autoptr (GArray) with = g_array_new (FALSE, FALSE, sizeof (double));
  g_autoptr (GArray) without = g_array_new (FALSE, FALSE, sizeof (double));
  guint64 n_steps = 0, none = 0;
  double result;

  for (guint i = 0; i < RATE_TURNS; i++) {
    double a = measure_rate ("", rate, &none);
    double b = measure_rate ("aevideotrain name=train slot=bench ! ", rate,
        &n_steps);

    g_array_append_val (without, a);
    g_array_append_val (with, b);
  }
  result = quantile (without, 0.5);
  g_print ("%-10s %8.2f %8.2f %8.3f %8.1f\n", rate ? "live" : "free",
      result, quantile (with, 0.5), quantile (with, 0.5) / result,
      (double) n_steps / RATE_TURNS / (RATE_SETTLE + RATE_FRAMES));
  return result;
}

static void
measure_rates (void)
{
  double free_rate;

  g_print ("frames a second with aevideodenoise, cpu-share 0.5, medians of %d "
      "turns of %d frames\n%-10s %8s %8s %8s %8s\n", RATE_TURNS, RATE_FRAMES,
      "rate", "without", "with", "ratio", "steps/f");
  free_rate = compare_rates (0);
  /* what leaves a third of the time */
  compare_rates (MAX ((guint) (free_rate * 2.0 / 3.0), 1));
}

/* stop */

typedef void (*End) (GstElement * pipeline);

static void
go_down (GstElement * pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

static void
flush (GstElement * pipeline)
{
  g_autoptr (GstElement) trainer = gst_bin_get_by_name (GST_BIN (pipeline),
      "train");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (trainer, "sink");

  gst_pad_send_event (pad, gst_event_new_flush_start ());
  /* takes the stream lock, so it waits for the frame in work */
  gst_pad_send_event (pad, gst_event_new_flush_stop (TRUE));
}

static void
end_stream (GstElement * pipeline)
{
  gst_element_send_event (pipeline, gst_event_new_eos ());
  wait_for (pipeline, GST_MESSAGE_EOS);
}

static void
measure_end (const gchar * name, const gchar * properties, End end)
{
  g_autofree gchar *rest =
      g_strdup_printf ("aevideotrain name=train slot=bench "
      "%s ! fakesink sync=true", properties);
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (double));

  for (guint i = 0; i < STOP_TIMES; i++) {
    Source source = {.n_left = G_MAXUINT,.rate = 30 };
    GstElement *pipeline = new_stream (&source, rest);
    double begin, ms;

    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    g_usleep (500000 + (gulong) g_random_int_range (0, 500000));
    begin = now_ms (CLOCK_MONOTONIC);
    end (pipeline);
    ms = now_ms (CLOCK_MONOTONIC) - begin;
    g_array_append_val (times, ms);
    stop (pipeline);
  }
  g_print ("%-14s %-40s %8.1f %8.1f\n", name, properties,
      quantile (times, 0.5), quantile (times, 1.0));
}

static void
measure_ends (void)
{
  static const gchar *const drop = "cpu-share=1 evaluate-interval=10";
  static const gchar *const block = "backpressure=block steps-per-frame=1000";

  g_print ("ms, of %d at random moments\n%-14s %-40s %8s %8s\n", STOP_TIMES,
      "", "", "median", "max");
  measure_end ("to NULL", drop, go_down);
  measure_end ("to NULL", block, go_down);
  measure_end ("flush", drop, flush);
  measure_end ("flush", block, flush);
  measure_end ("end of stream", drop, end_stream);
}

int
main (int argc, char **argv)
{
  static const struct
  {
    const gchar *name;
    void (*measure) (void);
  } parts[] = {
    {"cost", measure_costs},
    {"rate", measure_rates},
    {"stop", measure_ends},
  };

  gst_init (&argc, &argv);
  make_frames ();
  for (guint i = 0; i < G_N_ELEMENTS (parts); i++) {
    if (argc < 2 || g_strv_contains ((const gchar * const *) argv + 1,
            parts[i].name))
      parts[i].measure ();
  }
  for (guint i = 0; i < N_FRAMES; i++)
    gst_buffer_unref (frames[i]);
  return EXIT_SUCCESS;
}
