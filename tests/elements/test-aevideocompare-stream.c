/* aevideocompare: how it behaves in a stream. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "fixture.h"

#define FRAME (40 * GST_MSECOND)

static Comparer
grey_comparer (void)
{
  const GstVideoInfo info = fixture_info ("GRAY8", 16, 16);

  return fixture_comparer (&info, &info);
}

/* Frame @n of a video whose frames all differ: each is flat and 10 brighter than
 * the one before. */
static GstBuffer *
numbered_frame (guint width, guint height, guint n)
{
  GstVideoInfo info = fixture_info ("GRAY8", width, height);
  GstBuffer *buffer = fixture_noisy_frame (&info, (float) (10 * (n % 20)),
      0.0f, 1);

  GST_BUFFER_PTS (buffer) = n * FRAME;
  return buffer;
}

/* Fields of the structure that @element counts in. */
static void
stats_of (GstElement * element, guint64 * n_frames, guint64 * n_unmatched,
    gdouble * mean_psnr)
{
  GstStructure *s;

  g_object_get (element, "stats", &s, NULL);
  fail_unless (gst_structure_get (s, "n-frames", G_TYPE_UINT64, n_frames,
          "n-unmatched", G_TYPE_UINT64, n_unmatched,
          "mean-psnr-y", G_TYPE_DOUBLE, mean_psnr, NULL));
  gst_structure_free (s);
}

static void
assert_stats (GstElement * element, guint64 n_frames, guint64 n_unmatched,
    double mean_psnr)
{
  guint64 frames, unmatched;
  gdouble psnr;

  stats_of (element, &frames, &unmatched, &psnr);
  fail_unless_equals_uint64 (frames, n_frames);
  fail_unless_equals_uint64 (unmatched, n_unmatched);
  fail_unless (fabs (psnr - mean_psnr) < 1e-3, "%g dB, expected %g", psnr,
      mean_psnr);
}

/* Ends both inputs and waits for the end of the output. */
static void
end (Comparer * c)
{
  gboolean is_eos;

  gst_harness_push_event (c->reference, gst_event_new_eos ());
  gst_harness_push_event (c->test, gst_event_new_eos ());
  do {
    GstEvent *event = gst_harness_pull_event (c->reference);

    fail_unless (event != NULL, "no EOS");
    is_eos = GST_EVENT_TYPE (event) == GST_EVENT_EOS;
    gst_event_unref (event);
  }
  while (!is_eos);
}

/* Which of 12 frames do not reach an input. */
static void
push_without (GstHarness * h, guint missing)
{
  for (guint n = 0; n < 12; n++) {
    if (missing & 1u << n)
      continue;
    fail_unless_equals_int (gst_harness_push
        (h, numbered_frame (16, 16, n)), GST_FLOW_OK);
  }
}

static gpointer
push_test (gpointer data)
{
  push_without (data, 1u << 3 | 1u << 7 | 1u << 8);
  return NULL;
}

/* Were two frames with different numbers compared, they would not be equal. */
GST_START_TEST (test_missing_frames_never_shift_the_pairs)
{
  Comparer c = grey_comparer ();
  GThread *thread = g_thread_new ("test", push_test, c.test);

  push_without (c.reference, 1u << 5 | 1u << 8);
  g_thread_join (thread);
  end (&c);
  /* missing: 3 and 7 of the test, 5 of the reference; 8 of both */
  assert_stats (c.element, 8, 3, 100.0);
  fixture_comparer_clear (&c);
}

GST_END_TEST;

GST_START_TEST (test_a_longer_reference_is_shown_beside_black)
{
  enum
  { SIZE = 16 };
  Comparer c = grey_comparer ();
  GstBuffer *view;
  GstMapInfo map;

  for (guint n = 5; n < 8; n++) {
    gst_harness_push (c.reference, numbered_frame (SIZE, SIZE, n));
    if (n == 5) {
      gst_harness_push (c.test, numbered_frame (SIZE, SIZE, n));
      gst_harness_push_event (c.test, gst_event_new_eos ());
    }
    view = gst_harness_pull (c.reference);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (view), n * FRAME);
    gst_buffer_map (view, &map, GST_MAP_READ);
    for (gsize i = 0; i < map.size; i++)
      fail_unless_equals_int (map.data[i],
          i % (2 * SIZE) < SIZE ? 10 * n : n == 5 ? 50 : 0);
    gst_buffer_unmap (view, &map);
    gst_buffer_unref (view);
  }
  end (&c);
  assert_stats (c.element, 1, 2, 100.0);
  fixture_comparer_clear (&c);
}

GST_END_TEST;

/* Black of YUV is not made of zeros. */
GST_START_TEST (test_black_is_black_in_every_format)
{
  GArray *formats = fixture_formats ("aevideocompare");

  for (guint i = 0; i < formats->len; i++) {
    GstVideoInfo info =
        fixture_info (g_array_index (formats, gchar *, i), 16, 16), out;
    Comparer c = fixture_comparer (&info, &info);
    GstBuffer *view;
    g_autofree guint16 *pixels = NULL;
    guint max, n_wrong = 0;

    gst_harness_push (c.reference, fixture_random_frame (&info, i));
    gst_harness_push_event (c.test, gst_event_new_eos ());
    view = gst_harness_pull (c.reference);
    fail_unless (gst_video_info_set_format (&out, info.finfo->format, 32, 16));
    pixels = fixture_unpack (&out, view, &max);
    for (guint y = 0; y < 16; y++) {
      for (guint x = 18; x < 32; x++) {
        const guint16 *pixel = pixels + 4 * (y * 32 + x);
        const gint unit = (gint) (max + 1) / 256;

        n_wrong += pixel[1] / unit != (GST_VIDEO_INFO_IS_GRAY (&info)
            || GST_VIDEO_INFO_IS_RGB (&info) ? 0 : 16);
        for (guint k = 2; k < 4 && !GST_VIDEO_INFO_IS_GRAY (&info); k++)
          n_wrong += pixel[k] / unit
              != (GST_VIDEO_INFO_IS_RGB (&info) ? 0 : 128);
      }
    }
    fail_unless (n_wrong == 0, "%s: %u values", info.finfo->name, n_wrong);
    gst_buffer_unref (view);
    fixture_comparer_clear (&c);
  }
  g_array_unref (formats);
}

GST_END_TEST;

/* The size of the picture that an output is of. */
static GstPadProbeReturn
note_caps (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  GString *sizes = data;
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);
  GstVideoInfo video;
  GstCaps *caps;

  if (GST_EVENT_TYPE (event) == GST_EVENT_CAPS) {
    gst_event_parse_caps (event, &caps);
    fail_unless (gst_video_info_from_caps (&video, caps));
    g_string_append_printf (sizes, "%dx%d ", video.width, video.height);
  }
  return GST_PAD_PROBE_OK;
}

GST_START_TEST (test_caps_may_change_in_mid_stream)
{
  static const guint sizes[][2] = { {16, 16}, {32, 8}, {7, 5}, {16, 16} };
  Comparer c = grey_comparer ();
  GString *seen = g_string_new (NULL);

  gst_pad_add_probe (c.reference->sinkpad,
      GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, note_caps, seen, NULL);
  for (guint n = 0; n < 2 * G_N_ELEMENTS (sizes); n++) {
    const guint width = sizes[n / 2][0], height = sizes[n / 2][1];
    GstVideoInfo info = fixture_info ("GRAY8", width, height);

    if (n % 2 == 0) {
      fixture_set_info (c.reference, &info);
      fixture_set_info (c.test, &info);
    }
    gst_harness_push (c.reference, numbered_frame (width, height, n));
    gst_harness_push (c.test, numbered_frame (width, height, n));
  }
  end (&c);
  assert_stats (c.element, 8, 0, 100.0);
  fail_unless_equals_int (gst_harness_buffers_in_queue (c.reference), 8);
  fail_unless_equals_string (seen->str, "32x16 64x8 15x5 32x16 ");
  g_string_free (seen, TRUE);
  fixture_comparer_clear (&c);
}

GST_END_TEST;

GST_START_TEST (test_shape_of_pixels_and_rate_are_those_of_the_inputs)
{
  GstVideoInfo info = fixture_info ("GRAY8", 16, 16);
  GstCaps *caps;
  Comparer c;

  info.par_n = 12;
  info.par_d = 11;
  info.fps_n = 30000;
  info.fps_d = 1001;
  c = fixture_comparer (&info, &info);
  gst_harness_push (c.reference, numbered_frame (16, 16, 0));
  gst_harness_push (c.test, numbered_frame (16, 16, 0));
  gst_buffer_unref (gst_harness_pull (c.reference));
  caps = gst_pad_get_current_caps (c.reference->sinkpad);
  fail_unless (gst_video_info_from_caps (&info, caps));
  fail_unless (info.par_n == 12 && info.par_d == 11);
  fail_unless (info.fps_n == 30000 && info.fps_d == 1001);
  gst_caps_unref (caps);
  fixture_comparer_clear (&c);
}

GST_END_TEST;

GST_START_TEST (test_there_is_one_reference_and_one_test)
{
  static const gchar *const names[] = { "reference", "test" };
  GstElement *element = gst_element_factory_make ("aevideocompare", NULL);

  for (guint i = 0; i < 2 * G_N_ELEMENTS (names); i++) {
    GstPadTemplate *template =
        gst_element_get_pad_template (element, names[i / 2]);
    GstPad *pad = gst_element_request_pad (element, template, NULL, NULL);

    fail_unless (pad != NULL, "the place is not free again");
    fail_unless_equals_string (GST_PAD_NAME (pad), names[i / 2]);
    fail_unless (gst_element_request_pad (element, template, NULL,
            NULL) == NULL);
    gst_element_release_request_pad (element, pad);
    gst_object_unref (pad);
  }
  fail_unless (gst_element_request_pad_simple (element, "other") == NULL);
  gst_object_unref (element);
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

/* Plays to the end. Returns: (transfer full) (nullable): the error. */
static GError *
play (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;
  GError *error = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 30 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL, "neither EOS nor an error");
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  gst_message_unref (message);
  gst_object_unref (bus);
  return error;
}

static void
stop (GstElement * pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

/* Plays @description, in which the element is `c`, and counts. */
static void
count (const gchar * description, guint64 * n_frames, guint64 * n_unmatched,
    gdouble * mean_psnr)
{
  GstElement *pipeline = launch (description);
  GstElement *c = gst_bin_get_by_name (GST_BIN (pipeline), "c");
  GError *error = play (pipeline);

  fail_unless (error == NULL, "%s", error ? error->message : "");
  stats_of (c, n_frames, n_unmatched, mean_psnr);
  gst_object_unref (c);
  stop (pipeline);
}

#define INPUT "video/x-raw,format=I420,width=160,height=120,framerate=25/1"
#define TEE " ! " INPUT " ! tee name=t t. ! queue ! c.reference t. ! queue "

GST_START_TEST (test_a_pipeline_measures_every_frame)
{
  guint64 n_frames, n_unmatched;
  gdouble psnr;

  count ("videotestsrc num-buffers=20 pattern=solid-color "
      "foreground-color=0xff808080" TEE
      "! aevideocorrupt level=10 ! c.test aevideocompare name=c ! fakesink",
      &n_frames, &n_unmatched, &psnr);
  fail_unless_equals_uint64 (n_frames, 20);
  fail_unless_equals_uint64 (n_unmatched, 0);
  /* rounding to whole samples adds 1/12 to the variance */
  fail_unless (fabs
      (psnr - 10.0 * log10 (255.0 * 255.0 / (100.0 + 1.0 / 12.0))) <
      0.03, "%g dB", psnr);
}

GST_END_TEST;

/* The picture moves, so that only frames with the same number are equal. */
GST_START_TEST (test_dropped_frames_are_unmatched_and_the_others_still_equal)
{
  guint64 n_frames, n_unmatched;
  gdouble psnr;

  count ("videotestsrc num-buffers=60 pattern=ball" TEE
      "! identity drop-probability=0.3 ! c.test aevideocompare name=c ! fakesink",
      &n_frames, &n_unmatched, &psnr);
  fail_unless (n_unmatched > 3 && n_frames > 3);
  fail_unless_equals_uint64 (n_frames + n_unmatched, 60);
  fail_unless (psnr == 100.0, "%g dB", psnr);
}

GST_END_TEST;

/* Slower than real time for a while: the output is late, the pairs are right. */
GST_START_TEST (test_a_live_test_branch_that_is_late_is_compared_all_the_same)
{
  guint64 n_frames, n_unmatched;
  gdouble psnr;

  count ("videotestsrc num-buffers=20 is-live=true pattern=ball" TEE
      "! identity sleep-time=60000 ! c.test "
      "aevideocompare name=c ! fakesink", &n_frames, &n_unmatched, &psnr);
  fail_unless_equals_uint64 (n_frames, 20);
  fail_unless_equals_uint64 (n_unmatched, 0);
  fail_unless (psnr == 100.0, "%g dB", psnr);
}

GST_END_TEST;

/* Matroska rounds to milliseconds: frames are not where 30 Hz has them. */
GST_START_TEST (test_rounded_timestamps_lose_no_frame)
{
  guint64 n_frames, n_unmatched;
  gdouble psnr;

  count ("videotestsrc num-buffers=60 pattern=ball "
      "! video/x-raw,format=I420,width=32,height=24,framerate=30000/1001 "
      "! matroskamux ! matroskademux ! tee name=t t. ! queue ! c.reference "
      "t. ! queue ! c.test aevideocompare name=c ! fakesink", &n_frames,
      &n_unmatched, &psnr);
  fail_unless_equals_uint64 (n_frames, 60);
  fail_unless_equals_uint64 (n_unmatched, 0);
  fail_unless (psnr == 100.0, "%g dB", psnr);
}

GST_END_TEST;

/* Twice as many frames come out; each pair counts once. */
GST_START_TEST (test_frames_shown_twice_count_once)
{
  guint64 n_frames, n_unmatched;
  gdouble psnr;

  count ("videotestsrc num-buffers=20 pattern=ball" TEE
      "! c.test aevideocompare name=c ! video/x-raw,framerate=50/1 ! fakesink",
      &n_frames, &n_unmatched, &psnr);
  fail_unless_equals_uint64 (n_frames, 20);
  fail_unless_equals_uint64 (n_unmatched, 0);
}

GST_END_TEST;

GST_START_TEST (test_each_run_starts_the_figures_anew)
{
  GstElement *pipeline = launch ("videotestsrc num-buffers=5" TEE
      "! c.test aevideocompare name=c ! fakesink");
  GstElement *c = gst_bin_get_by_name (GST_BIN (pipeline), "c");

  for (guint i = 0; i < 3; i++) {
    GError *error = play (pipeline);

    fail_unless (error == NULL, "%s", error ? error->message : "");
    assert_stats (c, 5, 0, 100.0);
    gst_element_set_state (pipeline, GST_STATE_NULL);
  }
  gst_object_unref (c);
  stop (pipeline);
}

GST_END_TEST;

GST_START_TEST (test_a_flushing_seek_starts_the_figures_anew)
{
  GstElement *pipeline = launch ("videotestsrc pattern=ball" TEE
      "! c.test aevideocompare name=c message-interval=0 ! fakesink");
  GstElement *c = gst_bin_get_by_name (GST_BIN (pipeline), "c");
  GError *error;

  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  gst_element_get_state (pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
  for (guint i = 0; i < 3; i++) {
    /* also back to frames that were shown before */
    fail_unless (gst_element_seek (pipeline, 1.0, GST_FORMAT_TIME,
            GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET,
            (i == 1 ? 2 : 1) * GST_SECOND,
            GST_SEEK_TYPE_SET,
            (gint64) ((i == 1 ? 2 : 1) * GST_SECOND + 10 * FRAME)));
    error = play (pipeline);
    fail_unless (error == NULL, "%s", error ? error->message : "");
    assert_stats (c, 10, 0, 100.0);
    gst_element_set_state (pipeline, GST_STATE_PAUSED);
  }
  gst_object_unref (c);
  stop (pipeline);
}

GST_END_TEST;

/* Fails unless playing @description ends with an error that has all of @texts. */
static void
assert_error (const gchar * description, const gchar * const *texts)
{
  GstElement *pipeline = launch (description);
  g_autoptr (GError) error = play (pipeline);

  fail_unless (error != NULL, "no error");
  for (; *texts; texts++)
    fail_unless (strstr (error->message, *texts) != NULL, "%s: %s", *texts,
        error->message);
  stop (pipeline);
}

GST_START_TEST (test_inputs_of_two_sizes_are_an_error_that_tells_them)
{
  static const gchar *const texts[] = { "160x120", "80x60", NULL };

  assert_error ("videotestsrc num-buffers=5" TEE
      "! videoscale ! video/x-raw,width=80,height=60 ! c.test "
      "aevideocompare name=c ! fakesink", texts);
}

GST_END_TEST;

GST_START_TEST (test_an_output_too_narrow_is_an_error_that_tells_the_size)
{
  static const gchar *const texts[] = { "160x120", "320x120", "100x120", NULL };

  assert_error ("videotestsrc num-buffers=5" TEE "! c.test "
      "aevideocompare name=c ! video/x-raw,width=100 ! fakesink", texts);
}

GST_END_TEST;

GST_START_TEST (test_a_hundred_starts_and_stops)
{
  GstElement *pipeline = launch ("videotestsrc num-buffers=3" TEE
      "! c.test aevideocompare name=c ! fakesink");

  for (guint i = 0; i < 100; i++) {
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    if (i % 10 == 0)
      gst_element_get_state (pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
    gst_element_set_state (pipeline, GST_STATE_NULL);
  }
  stop (pipeline);
}

GST_END_TEST;

static Suite *
aevideocompare_stream_suite (void)
{
  Suite *s = suite_create ("aevideocompare-stream");
  TCase *tc = tcase_create ("stream");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_missing_frames_never_shift_the_pairs);
  tcase_add_test (tc, test_a_longer_reference_is_shown_beside_black);
  tcase_add_test (tc, test_black_is_black_in_every_format);
  tcase_add_test (tc, test_caps_may_change_in_mid_stream);
  tcase_add_test (tc, test_shape_of_pixels_and_rate_are_those_of_the_inputs);
  tcase_add_test (tc, test_there_is_one_reference_and_one_test);
  tcase_add_test (tc, test_a_pipeline_measures_every_frame);
  tcase_add_test (tc,
      test_dropped_frames_are_unmatched_and_the_others_still_equal);
  tcase_add_test (tc,
      test_a_live_test_branch_that_is_late_is_compared_all_the_same);
  tcase_add_test (tc, test_rounded_timestamps_lose_no_frame);
  tcase_add_test (tc, test_frames_shown_twice_count_once);
  tcase_add_test (tc, test_each_run_starts_the_figures_anew);
  tcase_add_test (tc, test_a_flushing_seek_starts_the_figures_anew);
  tcase_add_test (tc, test_inputs_of_two_sizes_are_an_error_that_tells_them);
  tcase_add_test (tc,
      test_an_output_too_narrow_is_an_error_that_tells_the_size);
  tcase_add_test (tc, test_a_hundred_starts_and_stops);
  return s;
}

GST_CHECK_MAIN (aevideocompare_stream);
