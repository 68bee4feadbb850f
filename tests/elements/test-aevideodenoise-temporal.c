/* aevideodenoise temporal=auto: what the past does. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <math.h>

#include "fixture.h"

enum
{ WIDTH = 96, HEIGHT = 64, SIGMA = 25, LEVEL = 110 };

static GstHarness *
denoiser (const gchar * model, const GstVideoInfo * info,
    const gchar * temporal)
{
  GstHarness *h = fixture_denoiser (model, info);

  gst_util_set_object_arg (G_OBJECT (h->element), "temporal", temporal);
  return h;
}

static GstBuffer *
push (GstHarness * h, const GstVideoInfo * info, float level, guint n)
{
  GstBuffer *out = gst_harness_push_and_pull (h,
      fixture_noisy_frame (info, level, SIGMA, n + 1));

  fail_unless (out != NULL);
  return out;
}

/* Mean squared distance of the samples of a grey frame from @level. */
static double
error_of (GstBuffer * buffer, double level)
{
  GstMapInfo map;
  double sum = 0.0;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  for (gsize i = 0; i < map.size; i++)
    sum += ((double) map.data[i] - level) * ((double) map.data[i] - level);
  sum /= (double) map.size;
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return sum;
}

/* The model hands out what it is told: the noise left, 255 for all of it. */
static double
noise_told (GstBuffer * buffer)
{
  return sqrt (error_of (buffer, 0.0)) / 255.0;
}

GST_START_TEST (test_noise_left_falls_while_nothing_moves_and_is_told)
{
  g_autofree gchar *model = fixture_model_condition ();
  GstVideoInfo info = fixture_info ("GRAY8", WIDTH, HEIGHT);
  GstHarness *h = denoiser (model, &info, "auto");
  double last = noise_told (push (h, &info, LEVEL, 0));

  fail_unless (last > 0.99);
  for (guint n = 1; n < 30; n++)
    last = noise_told (push (h, &info, LEVEL, n));
  fail_unless (last < 0.35, "after 30 frames %f of the noise is left", last);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_past_is_forgotten_where_the_scene_changes)
{
  g_autofree gchar *model = fixture_model_condition ();
  GstVideoInfo info = fixture_info ("GRAY8", WIDTH, HEIGHT);
  GstHarness *h = denoiser (model, &info, "auto");
  double told;

  for (guint n = 0; n < 20; n++)
    gst_buffer_unref (push (h, &info, LEVEL, n));
  told = noise_told (push (h, &info, LEVEL + 80, 20));
  fail_unless (told > 0.95, "%f of the noise is left", told);
  gst_harness_teardown (h);
}

GST_END_TEST;

static double
texture (guint x, guint y)
{
  return 20.0 * sin (0.9 * x + 0.4 * y) + 15.0 * sin (0.3 * x * y / 8.0);
}

/* A grey frame with texture and noise. */
static GstBuffer *
textured_frame (const GstVideoInfo * info, guint n)
{
  GstBuffer *buffer = fixture_noisy_frame (info, LEVEL, SIGMA, n + 1);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_READWRITE);
  for (guint i = 0; i < WIDTH * HEIGHT; i++)
    map.data[i] = (guint8) CLAMP (lrint ((double) map.data[i]
            + texture (i % WIDTH, i / WIDTH)), 0, 255);
  gst_buffer_unmap (buffer, &map);
  return buffer;
}

static double
textured_error (GstHarness * h, GstBuffer * in)
{
  GstBuffer *out = gst_harness_push_and_pull (h, in);
  GstMapInfo map;
  double sum = 0.0;

  gst_buffer_map (out, &map, GST_MAP_READ);
  for (guint i = 0; i < WIDTH * HEIGHT; i++) {
    const double d = (double) map.data[i] - LEVEL
        - texture (i % WIDTH, i / WIDTH);

    sum += d * d;
  }
  gst_buffer_unmap (out, &map);
  gst_buffer_unref (out);
  return sum / (WIDTH * HEIGHT);
}

GST_START_TEST (test_still_scene_gains_three_decibels_over_each_frame_alone)
{
  GstVideoInfo info = fixture_info ("GRAY8", WIDTH, HEIGHT);
  GstHarness *alone = denoiser ("denoise-video", &info, "off");
  GstHarness *past = denoiser ("denoise-video", &info, "auto");
  double error_alone = 0.0, error_past = 0.0;

  for (guint n = 0; n < 24; n++) {
    const double a = textured_error (alone, textured_frame (&info, n));
    const double b = textured_error (past, textured_frame (&info, n));

    if (n >= 16) {
      error_alone += a;
      error_past += b;
    }
  }
  fail_unless (error_past < 0.5 * error_alone, "%f after %f", error_past,
      error_alone);
  gst_harness_teardown (alone);
  gst_harness_teardown (past);
}

GST_END_TEST;

/* Also: the first frame is denoised as if it was alone. */
GST_START_TEST (test_flush_and_discont_forget_the_past)
{
  static const gchar *const formats[] = { "GRAY8", "I420", "NV12", "RGB" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    GstVideoInfo info = fixture_info (formats[i], 37, 21);
    GstHarness *h = denoiser ("denoise-video", &info, "auto");
    GstHarness *alone = denoiser ("denoise-video", &info, "off");
    GstBuffer *first = push (h, &info, LEVEL, 0), *buffer;
    GstSegment segment;

    buffer = push (alone, &info, LEVEL, 0);
    fixture_assert_equal_bytes (first, buffer);
    gst_buffer_unref (buffer);
    gst_buffer_unref (push (h, &info, LEVEL, 1));

    gst_harness_push_event (h, gst_event_new_flush_start ());
    gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_harness_push_event (h, gst_event_new_segment (&segment));
    buffer = push (h, &info, LEVEL, 0);
    fixture_assert_equal_bytes (first, buffer);
    gst_buffer_unref (buffer);

    buffer = fixture_noisy_frame (&info, LEVEL, SIGMA, 1);
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
    buffer = gst_harness_push_and_pull (h, buffer);
    fixture_assert_equal_bytes (first, buffer);
    gst_buffer_unref (buffer);
    gst_buffer_unref (first);
    gst_harness_teardown (h);
    gst_harness_teardown (alone);
  }
}

GST_END_TEST;

GST_START_TEST (test_caps_and_mode_may_change_in_mid_stream)
{
  static const struct
  {
    const gchar *format;
    guint width, height;
  } streams[] = { {"I420", 64, 48}, {"GRAY8", 1, 1}, {"RGB", 31, 17},
  {"I420", 65, 49}, {"NV12", 64, 48}
  };
  GstVideoInfo info = fixture_info ("GRAY8", WIDTH, HEIGHT);
  GstHarness *h = denoiser ("denoise-video", &info, "auto");

  for (guint i = 0; i < G_N_ELEMENTS (streams); i++) {
    info = fixture_info (streams[i].format, streams[i].width,
        streams[i].height);
    fixture_set_info (h, &info);
    for (guint n = 0; n < 4; n++) {
      gst_util_set_object_arg (G_OBJECT (h->element), "temporal",
          n == 2 ? "off" : "auto");
      gst_buffer_unref (push (h, &info, LEVEL, n));
    }
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_gate_that_is_none_is_an_error_that_says_so)
{
  g_autofree gchar *model = fixture_model_invert ();
  g_autofree gchar *directory = g_path_get_dirname (model);
  g_autofree gchar *gate =
      g_build_filename (directory, "temporal-gate.safetensors", NULL);
  g_autofree gchar *before = g_strdup (g_getenv ("AE_MODEL_PATH"));
  GstVideoInfo info = fixture_info ("GRAY8", WIDTH, HEIGHT);
  GstHarness *h = fixture_denoiser (model, &info);
  GstBus *bus = gst_bus_new ();
  g_autoptr (GError) error = NULL;
  GstMessage *message;

  fail_unless (g_rename (model, gate) == 0);
  g_setenv ("AE_MODEL_PATH", directory, TRUE);
  gst_element_set_bus (h->element, bus);
  gst_util_set_object_arg (G_OBJECT (h->element), "temporal", "auto");
  fail_unless_equals_int (gst_harness_push (h, fixture_noisy_frame (&info,
              LEVEL, SIGMA, 1)), GST_FLOW_ERROR);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, "no gate over time") != NULL, "%s",
      error->message);
  gst_message_unref (message);
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
  g_setenv ("AE_MODEL_PATH", before, TRUE);
  fail_unless (g_remove (gate) == 0);
}

GST_END_TEST;

static Suite *
aevideodenoise_temporal_suite (void)
{
  Suite *suite = suite_create ("aevideodenoise-temporal");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_add_test (tcase, test_noise_left_falls_while_nothing_moves_and_is_told);
  tcase_add_test (tcase, test_past_is_forgotten_where_the_scene_changes);
  tcase_add_test (tcase,
      test_still_scene_gains_three_decibels_over_each_frame_alone);
  tcase_add_test (tcase, test_flush_and_discont_forget_the_past);
  tcase_add_test (tcase, test_caps_and_mode_may_change_in_mid_stream);
  tcase_add_test (tcase, test_gate_that_is_none_is_an_error_that_says_so);
  return suite;
}

GST_CHECK_MAIN (aevideodenoise_temporal);
