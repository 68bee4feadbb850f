/* aemonitorsrc: a picture of training before, during and after it.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <gst/video/video.h>
#include <string.h>

#include "fixture.h"

#define TRAINER "videotestsrc pattern=ball num-buffers=%u " \
    "! video/x-raw,format=GRAY8,width=96,height=64 ! aevideotrain slot=m " \
    "objective=denoise backpressure=block patch-size=16 batch-size=16 " \
    "evaluate-interval=10 architecture=\"conv 3x3 8 relu | conv 3x3 1\" " \
    "! fakesink"

/* Frames of an aemonitorsrc, of the slot "m", one after another. */
typedef struct
{
  GstElement *pipeline, *sink;
} Monitor;

static Monitor
new_monitor (const gchar * caps)
{
  g_autofree gchar *text = g_strdup_printf ("aemonitorsrc slot=m ! %s "
      "! appsink name=sink sync=false max-buffers=1 drop=true", caps);
  Monitor m;

  m.pipeline = gst_parse_launch (text, NULL);
  fail_unless (m.pipeline != NULL);
  m.sink = gst_bin_get_by_name (GST_BIN (m.pipeline), "sink");
  gst_element_set_state (m.pipeline, GST_STATE_PLAYING);
  return m;
}

static void
clear_monitor (Monitor * m)
{
  gst_element_set_state (m->pipeline, GST_STATE_NULL);
  gst_object_unref (m->sink);
  gst_object_unref (m->pipeline);
}

static GstSample *
next_sample (Monitor * m)
{
  GstSample *sample = NULL;

  g_signal_emit_by_name (m->sink, "pull-sample", &sample);
  fail_unless (sample != NULL);
  return sample;
}

/* One that was drawn after now: a frame waits for its time when it is drawn. */
static GstSample *
later_sample (Monitor * m)
{
  for (guint i = 0; i < 3; i++)
    gst_sample_unref (next_sample (m));
  return next_sample (m);
}

/* How different the colours of a part of the picture, in hundredths, are:
 * the standard deviation of all samples. */
static double
spread (GstSample * sample, guint x0, guint y0, guint x1, guint y1)
{
  GstVideoInfo info;
  GstVideoFrame frame;
  double sum = 0.0, squares = 0.0, n = 0.0;
  guint w, h;

  fail_unless (gst_video_info_from_caps (&info, gst_sample_get_caps (sample)));
  fail_unless (gst_video_frame_map (&frame, &info,
          gst_sample_get_buffer (sample), GST_MAP_READ));
  w = (guint) GST_VIDEO_INFO_WIDTH (&info);
  h = (guint) GST_VIDEO_INFO_HEIGHT (&info);
  for (guint y = h * y0 / 100; y < h * y1 / 100; y++) {
    const guint8 *row = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0)
        + y * (guint) GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0);

    for (guint x = w * x0 / 100; x < w * x1 / 100; x++) {
      sum += row[4 * x + 1];
      squares += row[4 * x + 1] * row[4 * x + 1];
      n++;
    }
  }
  gst_video_frame_unmap (&frame);
  return squares / n - sum / n * (sum / n);
}

/* Of the panels: curves, numbers, pictures, filters, code. */
static void
assert_panels (GstSample * sample, gboolean filled)
{
  static const guint panels[][4] = {
    {10, 16, 58, 44}, {64, 20, 97, 40}, {12, 54, 58, 96}, {64, 55, 97, 70},
    {64, 83, 97, 94},
  };

  for (guint i = 0; i < G_N_ELEMENTS (panels); i++) {
    double found = spread (sample, panels[i][0], panels[i][1], panels[i][2],
        panels[i][3]);

    fail_unless (filled ? found > 10.0 : found < 1.0,
        "panel %u has a spread of %g", i, found);
  }
}

static void
train (guint n_frames)
{
  g_autofree gchar *text = g_strdup_printf (TRAINER, n_frames);
  GstElement *pipeline = gst_parse_launch (text, NULL);
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      (GstMessageType) (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_message_unref (message);
  gst_object_unref (bus);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

GST_START_TEST (test_monitor_shows_training_before_during_and_after_it)
{
  Monitor m = new_monitor ("video/x-raw,framerate=100/1");
  GstSample *sample = next_sample (&m), *later;
  GstMapInfo a, b;

  assert_panels (sample, FALSE);
  gst_sample_unref (sample);
  train (60);
  /* the trainer is gone, its last report is not */
  sample = later_sample (&m);
  assert_panels (sample, TRUE);
  later = next_sample (&m);
  gst_buffer_map (gst_sample_get_buffer (sample), &a, GST_MAP_READ);
  gst_buffer_map (gst_sample_get_buffer (later), &b, GST_MAP_READ);
  fail_unless (a.size == b.size && memcmp (a.data, b.data, a.size) == 0);
  gst_buffer_unmap (gst_sample_get_buffer (sample), &a);
  gst_buffer_unmap (gst_sample_get_buffer (later), &b);
  gst_sample_unref (later);
  gst_sample_unref (sample);
  clear_monitor (&m);
}

GST_END_TEST;

GST_START_TEST (test_monitor_makes_ten_frames_a_second_of_640x480)
{
  Monitor m = new_monitor ("video/x-raw");
  GstSample *sample = next_sample (&m);
  GstStructure *s = gst_caps_get_structure (gst_sample_get_caps (sample), 0);
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  GstClockTime pts = GST_BUFFER_PTS (buffer);
  guint64 offset = GST_BUFFER_OFFSET (buffer);
  gint width, height, n, d;

  fail_unless (gst_structure_get_int (s, "width", &width) && width == 640);
  fail_unless (gst_structure_get_int (s, "height", &height) && height == 480);
  fail_unless (gst_structure_get_fraction (s, "framerate", &n, &d));
  fail_unless (n == 10 && d == 1);
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (buffer), GST_SECOND / 10);
  gst_sample_unref (sample);
  sample = next_sample (&m);
  buffer = gst_sample_get_buffer (sample);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer) - pts,
      (GST_BUFFER_OFFSET (buffer) - offset) * GST_SECOND / 10);
  gst_sample_unref (sample);
  clear_monitor (&m);
}

GST_END_TEST;

GST_START_TEST (test_monitor_fills_pictures_of_any_size)
{
  static const gchar *sizes[] = {
    "width=160,height=120", "width=1280,height=720", "width=480,height=480",
  };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree gchar *caps = g_strdup_printf
        ("video/x-raw,framerate=100/1,%s", sizes[i]);
    Monitor m = new_monitor (caps);
    GstSample *sample;

    train (30);
    sample = later_sample (&m);
    assert_panels (sample, TRUE);
    gst_sample_unref (sample);
    clear_monitor (&m);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_monitor_without_a_slot_says_so)
{
  fixture_assert_refused ("aemonitorsrc", "slot=NAME");
}

GST_END_TEST;

static Suite *
monitor_suite (void)
{
  Suite *suite = suite_create ("aemonitorsrc");
  TCase *tcase = tcase_create ("monitor");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase,
      test_monitor_shows_training_before_during_and_after_it);
  tcase_add_test (tcase, test_monitor_makes_ten_frames_a_second_of_640x480);
  tcase_add_test (tcase, test_monitor_fills_pictures_of_any_size);
  tcase_add_test (tcase, test_a_monitor_without_a_slot_says_so);
  return suite;
}

GST_CHECK_MAIN (monitor);
