/* aevideodenoise: how it behaves in a stream. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>

#include "fixture.h"

enum
{ WIDTH = 32, HEIGHT = 24, LEVEL = 100 };

#define FRAME (40 * GST_MSECOND)

static GstHarness *
grey_denoiser (const gchar * model)
{
  GstVideoInfo info = fixture_info ("GRAY8", WIDTH, HEIGHT);

  return fixture_denoiser (model, &info);
}

/* A flat frame of LEVEL at frame number @n. */
static GstBuffer *
grey_frame (guint n)
{
  GstVideoInfo info = fixture_info ("GRAY8", WIDTH, HEIGHT);
  GstBuffer *buffer = fixture_noisy_frame (&info, LEVEL, 0, 1);

  GST_BUFFER_PTS (buffer) = n * FRAME;
  return buffer;
}

/* The sample that all of the frame has. */
static guint8
level_of (GstBuffer * buffer)
{
  GstMapInfo map;
  guint8 level;
  gsize n = 0;

  fail_unless (buffer != NULL);
  gst_buffer_map (buffer, &map, GST_MAP_READ);
  level = map.data[0];
  for (gsize i = 0; i < map.size; i++)
    n += map.data[i] == level;
  fail_unless_equals_uint64 (n, map.size);
  gst_buffer_unmap (buffer, &map);
  return level;
}

/* What comes out for grey frame @n. */
static guint8
denoised_level (GstHarness * h, guint n)
{
  GstBuffer *out = gst_harness_push_and_pull (h, grey_frame (n));
  guint8 level = level_of (out);

  gst_buffer_unref (out);
  return level;
}

GST_START_TEST (test_caps_may_change_in_mid_stream)
{
  static const struct
  {
    const gchar *format;
    guint width, height;
  } streams[] = {
    {"I420", 64, 48}, {"RGB", 31, 17}, {"GRAY8", 100, 3}, {"NV12", 64, 48},
    {"I420_10LE", 18, 50}, {"I420", 64, 48}
  };
  g_autofree gchar *model = fixture_model_invert ();
  GstHarness *h = grey_denoiser (model);

  for (guint i = 0; i < G_N_ELEMENTS (streams); i++) {
    GstVideoInfo info = fixture_info (streams[i].format, streams[i].width,
        streams[i].height);
    GstBuffer *in = fixture_random_frame (&info, i), *out;
    g_autofree guint16 *a = NULL;
    g_autofree guint16 *b = NULL;
    guint max, n_wrong = 0;

    fixture_set_info (h, &info);
    out = gst_harness_push_and_pull (h, gst_buffer_copy_deep (in));
    a = fixture_unpack (&info, in, &max);
    b = fixture_unpack (&info, out, &max);
    for (guint j = 1; j < streams[i].width * streams[i].height * 4; j += 4)
      n_wrong += b[j] != max - a[j];
    fail_unless_equals_int (n_wrong, 0);
    gst_buffer_unref (in);
    gst_buffer_unref (out);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_timestamps_flags_and_metas_survive)
{
  g_autofree gchar *model = fixture_model_invert ();
  GstHarness *h = grey_denoiser (model);
  GstBuffer *buffer = grey_frame (3);
  GstVideoRegionOfInterestMeta *roi;

  GST_BUFFER_DTS (buffer) = 2 * FRAME;
  GST_BUFFER_OFFSET (buffer) = 77;
  GST_BUFFER_OFFSET_END (buffer) = 78;
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_MARKER);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_CORRUPTED);
  gst_buffer_add_video_region_of_interest_meta (buffer, "face", 1, 2, 3, 4);

  buffer = gst_harness_push_and_pull (h, buffer);
  fail_unless_equals_int (level_of (buffer), 255 - LEVEL);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), 3 * FRAME);
  fail_unless_equals_uint64 (GST_BUFFER_DTS (buffer), 2 * FRAME);
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (buffer), FRAME);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 77);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET_END (buffer), 78);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_MARKER));
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_CORRUPTED));
  roi = gst_buffer_get_video_region_of_interest_meta_id (buffer, 0);
  fail_unless (roi != NULL && roi->x == 1 && roi->h == 4);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_gaps_pass_untouched_and_remain_gaps)
{
  g_autofree gchar *model = fixture_model_invert ();
  GstHarness *h = grey_denoiser (model);
  GstBuffer *buffer = grey_frame (0);

  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
  buffer = gst_harness_push_and_pull (h, buffer);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP));
  fail_unless_equals_int (level_of (buffer), LEVEL);
  gst_buffer_unref (buffer);
  fail_unless_equals_int (denoised_level (h, 1), 255 - LEVEL);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* The source's frame is still held by someone else, who must not see the
 * denoised samples. */
GST_START_TEST (test_frames_that_others_hold_are_not_written_to)
{
  g_autofree gchar *model = fixture_model_invert ();
  GstHarness *h = grey_denoiser (model);
  GstBuffer *in = grey_frame (0), *out;

  out = gst_harness_push_and_pull (h, gst_buffer_ref (in));
  fail_unless_equals_int (level_of (in), LEVEL);
  fail_unless_equals_int (level_of (out), 255 - LEVEL);
  gst_buffer_unref (in);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_strength_can_be_controlled_over_stream_time)
{
  g_autofree gchar *model = fixture_model_invert ();
  GstHarness *h = grey_denoiser (model);
  GstControlSource *source = gst_interpolation_control_source_new ();
  const gint full = 255 - 2 * LEVEL;

  g_object_set (source, "mode", GST_INTERPOLATION_MODE_LINEAR, NULL);
  gst_timed_value_control_source_set (GST_TIMED_VALUE_CONTROL_SOURCE (source),
      0, 0.0);
  gst_timed_value_control_source_set (GST_TIMED_VALUE_CONTROL_SOURCE (source),
      5 * FRAME, 1.0);
  fail_unless (gst_object_add_control_binding (GST_OBJECT (h->element),
          gst_direct_control_binding_new_absolute (GST_OBJECT (h->element),
              "strength", source)));
  for (guint n = 0; n <= 5; n++)
    fail_unless_equals_int (denoised_level (h, n), LEVEL + full * (gint) n / 5);
  gst_object_unref (source);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_properties_take_effect_at_the_next_frame)
{
  static const float copy[] = { 1.0f, 0.0f, 1.0f, 0.0f };
  g_autofree gchar *invert = fixture_model_invert ();
  g_autofree gchar *identity = fixture_model ("conv 1x1 1 | conv 1x1 1", copy,
      G_N_ELEMENTS (copy));
  GstHarness *h = grey_denoiser (invert);

  fail_unless_equals_int (denoised_level (h, 0), 255 - LEVEL);
  g_object_set (h->element, "n-threads", 3, NULL);
  fail_unless_equals_int (denoised_level (h, 1), 255 - LEVEL);
  g_object_set (h->element, "model", identity, NULL);
  fail_unless_equals_int (denoised_level (h, 2), LEVEL);
  g_object_set (h->element, "model", invert, "n-threads", 0, NULL);
  fail_unless_equals_int (denoised_level (h, 3), 255 - LEVEL);
  g_object_set (h->element, "strength", 0.0, NULL);
  fail_unless_equals_int (denoised_level (h, 4), LEVEL);
  g_object_set (h->element, "strength", 1.0, NULL);
  fail_unless_equals_int (denoised_level (h, 5), 255 - LEVEL);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_nan_is_no_value_for_a_property)
{
  GstElement *element = gst_element_factory_make ("aevideodenoise", NULL);
  float strength, noise_level;

  g_object_set (element, "strength", 0.5, "noise-level", 7.0, NULL);
  ASSERT_WARNING (g_object_set (element, "strength", (double) NAN, NULL));
  ASSERT_WARNING (g_object_set (element, "noise-level", (double) NAN, NULL));
  g_object_get (element, "strength", &strength, "noise-level", &noise_level,
      NULL);
  fail_unless (strength == 0.5f && noise_level == 7.0f);
  gst_object_unref (element);
}

GST_END_TEST;

GST_START_TEST (test_latency_is_that_of_upstream)
{
  g_autofree gchar *model = fixture_model_invert ();
  GstHarness *h = grey_denoiser (model);

  gst_harness_play (h);
  gst_harness_set_upstream_latency (h, 30 * GST_MSECOND);
  fail_unless_equals_uint64 (gst_harness_query_latency (h), 30 * GST_MSECOND);
  /* and one frame in is one frame out */
  fail_unless_equals_int (gst_harness_push (h, grey_frame (0)), GST_FLOW_OK);
  fail_unless_equals_int (gst_harness_buffers_in_queue (h), 1);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* How many of ten frames come out when downstream says it is late. */
static guint
frames_when_late (const gchar * model, gboolean qos)
{
  GstHarness *h = grey_denoiser (model);
  guint n;

  g_object_set (h->element, "qos", qos, NULL);
  gst_harness_push (h, grey_frame (0));
  gst_harness_push_upstream_event (h, gst_event_new_qos
      (GST_QOS_TYPE_UNDERFLOW, 5.0, GST_SECOND, 0));
  for (guint i = 1; i < 10; i++)
    fail_unless_equals_int (gst_harness_push (h, grey_frame (i)), GST_FLOW_OK);
  n = gst_harness_buffers_in_queue (h);
  gst_harness_teardown (h);
  return n;
}

GST_START_TEST (test_qos_false_drops_nothing)
{
  g_autofree gchar *model = fixture_model_invert ();

  fail_unless_equals_int (frames_when_late (model, FALSE), 10);
  fail_unless (frames_when_late (model, TRUE) < 10);
}

GST_END_TEST;

/* Pipelines */

static GstElement *
launch (const gchar * description)
{
  GError *error = NULL;
  GstElement *pipeline = gst_parse_launch (description, &error);

  fail_unless (error == NULL, "%s", error ? error->message : "");
  return pipeline;
}

static void
set_state (GstElement * pipeline, GstState state)
{
  gst_element_set_state (pipeline, state);
  fail_unless_equals_int (gst_element_get_state (pipeline, NULL, NULL,
          20 * GST_SECOND), GST_STATE_CHANGE_SUCCESS);
}

static void
shut_down (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);

  set_state (pipeline, GST_STATE_NULL);
  gst_bus_set_flushing (bus, TRUE);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
}

/* Waits for an error of aevideodenoise. */
static void
assert_error (GstElement * pipeline, GQuark domain, gint code,
    const gchar * text)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      GST_MESSAGE_ERROR);
  GError *error = NULL;

  fail_unless (message != NULL, "no error");
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, domain, code)
      && strstr (error->message, text) != NULL,
      "%s (%s %d), expected \"%s\"", error->message,
      g_quark_to_string (error->domain), error->code, text);
  g_error_free (error);
  gst_message_unref (message);
  gst_object_unref (bus);
}

GST_START_TEST (test_model_that_does_not_exist_is_an_error_at_the_start)
{
  GstElement *pipeline = launch ("videotestsrc ! aevideodenoise "
      "model=no-such-model ! fakesink");

  fail_unless_equals_int (gst_element_set_state (pipeline, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  assert_error (pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
      "no-such-model");
  shut_down (pipeline);
}

GST_END_TEST;

GST_START_TEST (test_model_that_is_not_a_denoiser_is_an_error_at_the_start)
{
  static const float two_out[] = { 1.0f, 1.0f, 0.0f, 0.0f };
  static const float half[] = { 1.0f, 0.0f };
  g_autofree gchar *corrupt = fixture_model_invert ();
  const struct
  {
    gchar *path;
    const gchar *text;
  } models[] = {
    {corrupt, corrupt},
    {fixture_model ("conv 1x1 2", two_out, 4), "2 output"},
    {fixture_model ("conv 1x1/2 1", half, 2), "changes the size"},
  };

  fail_unless (g_file_set_contents (corrupt, "no safetensors", -1, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (models); i++) {
    GstElement *pipeline = launch ("videotestsrc ! aevideodenoise name=d ! "
        "fakesink");
    GstElement *denoise = gst_bin_get_by_name (GST_BIN (pipeline), "d");

    g_object_set (denoise, "model", models[i].path, NULL);
    fail_unless_equals_int (gst_element_set_state (pipeline,
            GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE);
    assert_error (pipeline, GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT,
        models[i].text);
    gst_object_unref (denoise);
    shut_down (pipeline);
    if (i > 0)
      g_free (models[i].path);
  }
}

GST_END_TEST;

GST_START_TEST (test_bad_model_while_playing_is_an_error_and_stops_the_stream)
{
  g_autofree gchar *model = fixture_model_invert ();
  g_autofree gchar *text = g_strdup_printf ("videotestsrc is-live=true ! "
      "aevideodenoise name=d model=%s ! fakesink", model);
  GstElement *pipeline = launch (text);
  GstElement *denoise = gst_bin_get_by_name (GST_BIN (pipeline), "d");

  set_state (pipeline, GST_STATE_PLAYING);
  g_object_set (denoise, "model", "gone", NULL);
  assert_error (pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
      "gone");
  gst_object_unref (denoise);
  shut_down (pipeline);
}

GST_END_TEST;

GST_START_TEST (test_frames_too_large_to_denoise_are_an_error)
{
  g_autofree gchar *model = fixture_model_invert ();
  g_autofree gchar *text = g_strdup_printf ("videotestsrc ! "
      "video/x-raw,format=GRAY8,width=16400,height=2 ! "
      "aevideodenoise model=%s ! fakesink", model);
  GstElement *pipeline = launch (text);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  assert_error (pipeline, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "16400x2");
  shut_down (pipeline);
}

GST_END_TEST;

typedef struct
{
  guint n;
  GstClockTime first, last;
} Frames;

static void
count_frame (GstElement * sink, GstBuffer * buffer, GstPad * pad,
    Frames * frames)
{
  if (frames->n++ == 0)
    frames->first = GST_BUFFER_PTS (buffer);
  frames->last = GST_BUFFER_PTS (buffer);
}

GST_START_TEST (test_seek_then_eos_gives_the_frames_of_the_segment)
{
  g_autofree gchar *model = fixture_model_invert ();
  g_autofree gchar *text = g_strdup_printf ("videotestsrc ! "
      "video/x-raw,format=NV12,width=48,height=34,framerate=25/1 ! "
      "aevideodenoise model=%s ! fakesink name=sink signal-handoffs=true "
      "sync=false", model);
  GstElement *pipeline = launch (text);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstBus *bus = gst_element_get_bus (pipeline);
  Frames frames = { 0, 0, 0 };
  GstMessage *message;

  set_state (pipeline, GST_STATE_PAUSED);
  fail_unless (gst_element_seek (pipeline, 1.0, GST_FORMAT_TIME,
          GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_ACCURATE, GST_SEEK_TYPE_SET,
          2 * GST_SECOND, GST_SEEK_TYPE_SET, 3 * GST_SECOND));
  fail_unless_equals_int (gst_element_get_state (pipeline, NULL, NULL,
          20 * GST_SECOND), GST_STATE_CHANGE_SUCCESS);
  g_signal_connect (sink, "handoff", G_CALLBACK (count_frame), &frames);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_EOS);
  gst_message_unref (message);

  fail_unless_equals_int (frames.n, 25);
  fail_unless_equals_uint64 (frames.first, 2 * GST_SECOND);
  fail_unless_equals_uint64 (frames.last, 3 * GST_SECOND - FRAME);
  gst_object_unref (sink);
  gst_object_unref (bus);
  shut_down (pipeline);
}

GST_END_TEST;

GST_START_TEST (test_a_hundred_starts_and_stops)
{
  g_autofree gchar *model = fixture_model_invert ();
  g_autofree gchar *text = g_strdup_printf ("videotestsrc ! "
      "video/x-raw,width=48,height=34 ! aevideodenoise model=%s ! fakesink",
      model);
  GstElement *pipeline = launch (text);

  for (guint i = 0; i < 100; i++) {
    set_state (pipeline, GST_STATE_PLAYING);
    set_state (pipeline, i % 2 == 0 ? GST_STATE_READY : GST_STATE_NULL);
  }
  shut_down (pipeline);
}

GST_END_TEST;

static Suite *
aevideodenoise_stream_suite (void)
{
  Suite *s = suite_create ("aevideodenoise-stream");
  TCase *tc = tcase_create ("stream");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, fixture_setup, fixture_teardown);
  tcase_add_test (tc, test_caps_may_change_in_mid_stream);
  tcase_add_test (tc, test_timestamps_flags_and_metas_survive);
  tcase_add_test (tc, test_gaps_pass_untouched_and_remain_gaps);
  tcase_add_test (tc, test_frames_that_others_hold_are_not_written_to);
  tcase_add_test (tc, test_strength_can_be_controlled_over_stream_time);
  tcase_add_test (tc, test_properties_take_effect_at_the_next_frame);
  tcase_add_test (tc, test_nan_is_no_value_for_a_property);
  tcase_add_test (tc, test_latency_is_that_of_upstream);
  tcase_add_test (tc, test_qos_false_drops_nothing);
  tcase_add_test (tc, test_model_that_does_not_exist_is_an_error_at_the_start);
  tcase_add_test (tc,
      test_model_that_is_not_a_denoiser_is_an_error_at_the_start);
  tcase_add_test (tc,
      test_bad_model_while_playing_is_an_error_and_stops_the_stream);
  tcase_add_test (tc, test_frames_too_large_to_denoise_are_an_error);
  tcase_add_test (tc, test_seek_then_eos_gives_the_frames_of_the_segment);
  tcase_add_test (tc, test_a_hundred_starts_and_stops);
  return s;
}

GST_CHECK_MAIN (aevideodenoise_stream);
