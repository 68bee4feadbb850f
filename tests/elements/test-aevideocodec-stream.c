/* Latents on their way: carriers and files.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "latent-fixture.h"

static gchar *model;

static void
setup (void)
{
  fixture_setup ();
  model = latent_fixture_model ();
}

static void
teardown (void)
{
  g_clear_pointer (&model, g_free);
  fixture_teardown ();
}

static void
count (GstElement * sink, GstBuffer * buffer, GstPad * pad, gpointer data)
{
  GArray *times = data;

  g_array_append_val (times, GST_BUFFER_PTS (buffer));
}

/* Runs @text to its end. Returns: (transfer full): the times of the buffers
 * that came to `sink`. */
static GArray *
run (const gchar * text)
{
  GArray *times = g_array_new (FALSE, FALSE, sizeof (GstClockTime));
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (text, &error);
  GstElement *sink = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  g_assert_no_error (error);
  if (g_str_has_prefix (text, "playbin"))
    g_object_get (pipeline, "video-sink", &sink, NULL);
  else
    sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  if (sink) {
    g_object_set (sink, "signal-handoffs", TRUE, "sync", FALSE, NULL);
    g_signal_connect (sink, "handoff", G_CALLBACK (count), times);
    gst_object_unref (sink);
  }
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL, "%s", text);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  fail_unless (error == NULL, "%s: %s", text, error ? error->message : "");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return times;
}

#define SOURCE "videotestsrc num-buffers=30 pattern=ball ! " \
    "video/x-raw,format=I420,width=160,height=120,framerate=25/1 ! "

/* Writes a file of 30 frames. Returns: (transfer full): its path. */
static gchar *
make_file (const gchar * name, const gchar * text)
{
  gchar *path = fixture_path (name);
  g_autofree gchar *whole = g_strdup_printf (SOURCE "%s ! filesink "
      "location=%s", text, path);

  g_array_unref (run (whole));
  return path;
}

static void
check_times (const gchar * text)
{
  g_autoptr (GArray) times = run (text);

  fail_unless (times->len == 30, "%u frames: %s", times->len, text);
  for (guint i = 0; i < times->len; i++)
    fail_unless_equals_uint64 (g_array_index (times, GstClockTime, i),
        i * LATENT_FRAME);
}

GST_START_TEST (test_files_play_by_themselves)
{
  g_autofree gchar *path = make_file ("test.ael", "aevideoenc");
  g_autofree gchar *plain = g_strdup_printf ("filesrc location=%s ! decodebin "
      "! video/x-raw ! fakesink name=sink", path);
  g_autofree gchar *third = g_strdup_printf ("filesrc location=%s ! decodebin3 "
      "! video/x-raw ! fakesink name=sink", path);
  g_autofree gchar *uri = g_strdup_printf ("uridecodebin uri=file://%s "
      "! video/x-raw ! fakesink name=sink", path);
  g_autofree gchar *play = g_strdup_printf ("playbin uri=file://%s "
      "video-sink=\"fakesink name=sink\"", path);

  check_times (plain);
  check_times (third);
  check_times (uri);
  check_times (play);
}

GST_END_TEST;

GST_START_TEST (test_carriers_bring_every_frame)
{
  g_autofree gchar *gdp = make_file ("test.gdp", "aevideoenc ! gdppay");
  g_autofree gchar *gdp_text = g_strdup_printf ("filesrc location=%s ! gdpdepay"
      " ! aevideodec ! fakesink name=sink", gdp);

  check_times (gdp_text);
  check_times (SOURCE "aevideoenc ! rtpgstpay config-interval=1 ! rtpgstdepay "
      "! aevideodec ! fakesink name=sink");
  check_times (SOURCE "aevideoenc part-size=1300 ! rtpgstpay config-interval=1 "
      "! application/x-rtp ! decodebin ! video/x-raw ! fakesink name=sink");
}

GST_END_TEST;

GST_START_TEST (test_mp4_plays_with_sound_beside)
{
  g_autofree gchar *path = fixture_path ("test.mp4");
  g_autofree gchar *make = g_strdup_printf (SOURCE "aevideoenc ! mux. "
      "audiotestsrc num-buffers=50 ! lamemp3enc ! mux. mp4mux name=mux ! filesink "
      "location=%s", path);
  g_autofree gchar *video = g_strdup_printf ("filesrc location=%s ! qtdemux "
      "name=d d.video_0 ! queue ! decodebin ! video/x-raw ! fakesink name=sink "
      "d.audio_0 ! queue ! decodebin ! audio/x-raw ! fakesink sync=false",
      path);

  g_array_unref (run (make));
  check_times (video);
}

GST_END_TEST;

/* The first seconds of packets never came. */
GST_START_TEST (test_who_joins_rtp_late_sees_the_rest)
{
  g_auto (LatentStream) s = { 0 };
  GstHarness *pay = gst_harness_new_parse ("rtpgstpay config-interval=1");
  GstHarness *dec = gst_harness_new_parse ("rtpgstdepay ! aevideodec");
  GstBuffer *buffer;
  guint n_out = 0;

  latent_stream_init (&s, "key-interval=10 part-size=1300");
  gst_harness_set_src_caps_str (pay, "video/x-ae-latent");
  gst_harness_set_src_caps_str (dec, "application/x-rtp, media=application, "
      "clock-rate=90000, encoding-name=X-GST, payload=96");
  for (guint i = 0; i < s.coded->len; i++) {
    GstBuffer *coded = g_ptr_array_index (s.coded, i);

    gst_harness_push (pay, gst_buffer_ref (coded));
    while ((buffer = gst_harness_try_pull (pay)) != NULL) {
      if (latent_frame_of (coded) < 13)
        gst_buffer_unref (buffer);
      else
        gst_harness_push (dec, buffer);
    }
  }
  while ((buffer = gst_harness_try_pull (dec)) != NULL) {
    fail_unless (latent_stream_likeness (&s, buffer) > 80);
    n_out++;
    gst_buffer_unref (buffer);
  }
  /* caps come each second, key frames each ten frames */
  fail_unless_equals_int (n_out, LATENT_N_FRAMES - 30);
  gst_harness_teardown (pay);
  gst_harness_teardown (dec);
}

GST_END_TEST;

GST_START_TEST (test_seeking_goes_to_a_key_frame)
{
  g_autofree gchar *path = make_file ("test.ael", "aevideoenc key-interval=5");
  g_autofree gchar *text = g_strdup_printf ("filesrc location=%s ! decodebin ! "
      "video/x-raw ! fakesink name=sink sync=false", path);
  GstElement *pipeline = gst_parse_launch (text, NULL);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstSample) sample = NULL;

  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  fail_unless (gst_element_get_state (pipeline, NULL, NULL, 20 * GST_SECOND)
      == GST_STATE_CHANGE_SUCCESS);
  fail_unless (gst_element_seek_simple (pipeline, GST_FORMAT_TIME,
          GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_KEY_UNIT, 12 * LATENT_FRAME));
  fail_unless (gst_element_get_state (pipeline, NULL, NULL, 20 * GST_SECOND)
      == GST_STATE_CHANGE_SUCCESS);
  g_object_get (sink, "last-sample", &sample, NULL);
  fail_unless_equals_int (latent_frame_of (gst_sample_get_buffer (sample)), 10);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}

GST_END_TEST;

static Suite *
aevideocodec_stream_suite (void)
{
  Suite *suite = suite_create ("aevideocodec-stream");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_files_play_by_themselves);
  tcase_add_test (tests, test_carriers_bring_every_frame);
  tcase_add_test (tests, test_mp4_plays_with_sound_beside);
  tcase_add_test (tests, test_who_joins_rtp_late_sees_the_rest);
  tcase_add_test (tests, test_seeking_goes_to_a_key_frame);
  return suite;
}

GST_CHECK_MAIN (aevideocodec_stream);
