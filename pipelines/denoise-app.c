/* An application that denoises. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Adds a camera's noise to a video file, takes it out again, and says each
 * second how much noise was seen and how near the result is to the file.
 *
 *   build/pipelines/denoise-app FILE [NOISE-LEVEL]
 *
 * With noise level 0, the default, the file is denoised as it is.
 */
#include <gst/gst.h>

/* One branch goes untouched to the comparison, one through noise and denoiser. */
#define PIPELINE \
  "filesrc name=file ! decodebin ! videoconvert ! tee name=input " \
  "aevideocompare name=compare ! fakesink " \
  "input. ! queue ! compare.reference " \
  "input. ! queue ! aevideocorrupt name=noise type=poisson-gaussian " \
  "! aevideodenoise name=denoise ! compare.test"

typedef struct
{
  GstElement *pipeline;
  GstElement *denoise;
  GMainLoop *loop;
  gboolean failed;
} App;

static GstElement *
build_pipeline (const gchar * path, gdouble noise_level, GError ** error)
{
  GstElement *pipeline = gst_parse_launch (PIPELINE, error);
  g_autoptr (GstElement) file = NULL;
  g_autoptr (GstElement) noise = NULL;

  if (pipeline == NULL)
    return NULL;
  file = gst_bin_get_by_name (GST_BIN (pipeline), "file");
  noise = gst_bin_get_by_name (GST_BIN (pipeline), "noise");
  g_object_set (file, "location", path, NULL);
  g_object_set (noise, "level", noise_level, NULL);
  return pipeline;
}

/* A property can be read at any time, also from another thread than the one
 * that denoises. */
static gboolean
print_noise (gpointer data)
{
  App *app = data;
  gfloat noise_level;

  g_object_get (app->denoise, "estimated-noise-level", &noise_level, NULL);
  if (noise_level >= 0.0f)
    g_print ("noise level %.1f\n", (gdouble) noise_level);
  return G_SOURCE_CONTINUE;
}

static void
print_error (GstMessage * message)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;

  gst_message_parse_error (message, &error, &debug);
  g_printerr ("%s: %s\n%s\n", GST_OBJECT_NAME (message->src), error->message,
      debug != NULL ? debug : "");
}

static gboolean
on_message (GstBus * bus, GstMessage * message, gpointer data)
{
  App *app = data;

  switch (GST_MESSAGE_TYPE (message)) {
    case GST_MESSAGE_ERROR:
      print_error (message);
      app->failed = TRUE;
      g_main_loop_quit (app->loop);
      break;
    case GST_MESSAGE_EOS:
      g_main_loop_quit (app->loop);
      break;
    default:
      break;
  }
  return G_SOURCE_CONTINUE;
}

/* Runs to the end of the file, or to an error. */
static gboolean
run (App * app)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (app->pipeline);
  guint timer = g_timeout_add_seconds (1, print_noise, app);

  gst_bus_add_watch (bus, on_message, app);
  /* What keeps it from starting is told by a message on the bus. */
  gst_element_set_state (app->pipeline, GST_STATE_PLAYING);
  g_main_loop_run (app->loop);

  print_noise (app);
  gst_bus_remove_watch (bus);
  g_source_remove (timer);
  return !app->failed;
}

/* The means over all frames. */
static void
print_quality (GstElement * pipeline)
{
  g_autoptr (GstElement) compare =
      gst_bin_get_by_name (GST_BIN (pipeline), "compare");
  g_autoptr (GstStructure) stats = NULL;
  gdouble psnr_db = 0.0, ssim = 0.0;
  guint64 n_frames = 0;

  g_object_get (compare, "stats", &stats, NULL);
  gst_structure_get (stats, "n-frames", G_TYPE_UINT64, &n_frames,
      "mean-psnr-y", G_TYPE_DOUBLE, &psnr_db, "mean-ssim-y", G_TYPE_DOUBLE,
      &ssim, NULL);
  g_print ("%" G_GUINT64_FORMAT " frames, PSNR %.2f dB, SSIM %.4f\n", n_frames,
      psnr_db, ssim);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  App app = { 0 };

  gst_init (&argc, &argv);
  if (argc < 2 || argc > 3) {
    g_printerr ("usage: %s FILE [NOISE-LEVEL]\n", argv[0]);
    return 2;
  }
  app.pipeline = build_pipeline (argv[1],
      argc == 3 ? g_ascii_strtod (argv[2], NULL) : 0.0, &error);
  if (app.pipeline == NULL) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  app.denoise = gst_bin_get_by_name (GST_BIN (app.pipeline), "denoise");
  app.loop = g_main_loop_new (NULL, FALSE);

  if (run (&app))
    print_quality (app.pipeline);

  gst_element_set_state (app.pipeline, GST_STATE_NULL);
  g_main_loop_unref (app.loop);
  gst_object_unref (app.denoise);
  gst_object_unref (app.pipeline);
  return app.failed ? 1 : 0;
}
