/* aevideocompare: its figures, its picture, its partners.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#include <math.h>

#define WIDTH 32
#define HEIGHT 24

/* Feeds aevideocompare from two appsrc-like harnesses. */
typedef struct
{
  GstElement *element;
  GstHarness *reference, *test;
  GstBus *bus;
} Fixture;

static void
set_up (Fixture * f, const GstVideoInfo * reference, const GstVideoInfo * test)
{
  f->element = gst_element_factory_make ("aevideocompare", NULL);
  g_object_set (f->element, "show-text", FALSE, "message-interval",
      (guint64) 0, NULL);
  f->bus = gst_bus_new ();
  gst_element_set_bus (f->element, f->bus);
  f->reference = gst_harness_new_with_element (f->element, "reference", "src");
  f->test = gst_harness_new_with_element (f->element, "test", NULL);
  fixture_set_info (f->reference, reference);
  fixture_set_info (f->test, test);
}

static void
tear_down (Fixture * f)
{
  gst_element_set_bus (f->element, NULL);
  gst_harness_teardown (f->test);
  gst_harness_teardown (f->reference);
  gst_object_unref (f->element);
  gst_object_unref (f->bus);
}

static GstBuffer *
at_frame (GstBuffer * buffer, guint i)
{
  GST_BUFFER_PTS (buffer) = i * GST_SECOND / 25;
  GST_BUFFER_DURATION (buffer) = GST_SECOND / 25;
  return buffer;
}

static void
push_pair (Fixture * f, GstBuffer * reference, GstBuffer * test)
{
  fail_unless_equals_int (gst_harness_push (f->reference, reference),
      GST_FLOW_OK);
  fail_unless_equals_int (gst_harness_push (f->test, test), GST_FLOW_OK);
}

static void
end (Fixture * f)
{
  gst_harness_push_event (f->reference, gst_event_new_eos ());
  gst_harness_push_event (f->test, gst_event_new_eos ());
}

/* The next message `ae-compare`. */
static GstStructure *
next_message (Fixture * f)
{
  GstMessage *message = gst_bus_timed_pop_filtered (f->bus, 10 * GST_SECOND,
      GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR);
  GstStructure *structure;

  fail_unless (message != NULL);
  fail_unless (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ELEMENT);
  fail_unless (gst_message_has_name (message, "ae-compare"));
  structure = gst_structure_copy (gst_message_get_structure (message));
  gst_message_unref (message);
  return structure;
}

static double
field (const GstStructure * structure, const gchar * name)
{
  gdouble value = NAN;

  fail_unless (gst_structure_get_double (structure, name, &value));
  return value;
}

static guint64
count (const GstStructure * structure, const gchar * name)
{
  guint64 value = 0;

  fail_unless (gst_structure_get_uint64 (structure, name, &value));
  return value;
}

static GstBuffer *
grey (const GstVideoInfo * info, float level, guint i)
{
  return at_frame (fixture_noisy_frame (info, level, 0.0f, 1), i);
}

GST_START_TEST (test_figures_are_those_of_the_definition)
{
  GstVideoInfo info = fixture_info ("I420", WIDTH, HEIGHT);
  const double five = 20.0 * log10 (255.0 / 5.0);
  GstStructure *message;
  Fixture f;

  set_up (&f, &info, &info);
  push_pair (&f, at_frame (fixture_random_frame (&info, 1), 0),
      at_frame (fixture_random_frame (&info, 1), 0));
  push_pair (&f, grey (&info, 100.0f, 1), grey (&info, 105.0f, 1));
  end (&f);

  message = next_message (&f);
  fail_unless (field (message, "psnr-y") == 100.0);
  fail_unless (fabs (field (message, "ssim-y") - 1.0) < 1e-6);
  gst_structure_free (message);

  message = next_message (&f);
  fail_unless (fabs (field (message, "psnr-y") - five) < 1e-3, "%g",
      field (message, "psnr-y"));
  fail_unless (fabs (field (message, "mean-psnr-y") - (100.0 + five) / 2)
      < 1e-3);
  fail_unless_equals_uint64 (count (message, "n-frames"), 2);
  fail_unless_equals_uint64 (count (message, "n-unmatched"), 0);
  gst_structure_free (message);

  /* the last word, once more, at the end */
  message = next_message (&f);
  fail_unless_equals_uint64 (count (message, "n-frames"), 2);
  gst_structure_free (message);

  g_object_get (f.element, "stats", &message, NULL);
  fail_unless (fabs (field (message, "mean-psnr-y") - (100.0 + five) / 2)
      < 1e-3);
  gst_structure_free (message);
  tear_down (&f);
}

GST_END_TEST;

/* Luma of pixels as GStreamer reads them: [y][x][alpha, 3 components]. */
static const guint16 *
pixel (const guint16 * unpacked, guint width, guint x, guint y)
{
  return unpacked + 4 * (y * width + x);
}

static void
assert_columns (const guint16 * out, guint out_width, guint at,
    const guint16 * in, guint width, guint from, guint to, const gchar * what)
{
  for (guint y = 0; y < HEIGHT; y++) {
    for (guint x = from; x < to; x++)
      fail_unless (memcmp (pixel (out, out_width, at + x - from, y) + 1,
              pixel (in, width, x, y) + 1, 3 * sizeof (guint16)) == 0,
          "%s: pixel %u, %u", what, x, y);
  }
}

static const gchar *const view_formats[] = {
  "I420", "NV12", "GRAY8", "RGB", "BGRx", "I420_10LE", "YUY2", "Y444"
};

GST_START_TEST (test_views_hold_the_inputs_bit_by_bit)
{
  const gchar *format = view_formats[__i__];
  const guint widths[] = { WIDTH, WIDTH + 3 };

  for (guint i = 0; i < G_N_ELEMENTS (widths); i++) {
    const guint width = widths[i];
    GstVideoInfo info = fixture_info (format, width, HEIGHT), out_info;
    GstBuffer *a = at_frame (fixture_random_frame (&info, 1), 0);
    GstBuffer *b = at_frame (fixture_random_frame (&info, 2), 0);
    guint16 *in_a, *in_b, *out_pixels;
    GstBuffer *out;
    GstCaps *caps;
    Fixture f;
    guint max;

    in_a = fixture_unpack (&info, a, &max);
    in_b = fixture_unpack (&info, b, &max);
    set_up (&f, &info, &info);
    push_pair (&f, a, b);
    end (&f);
    out = gst_harness_pull (f.reference);
    caps = gst_pad_get_current_caps (f.reference->sinkpad);
    fail_unless (gst_video_info_from_caps (&out_info, caps));
    fail_unless_equals_string (gst_video_format_to_string
        (GST_VIDEO_INFO_FORMAT (&out_info)), format);
    out_pixels = fixture_unpack (&out_info, out, &max);
    fail_unless_equals_int (GST_VIDEO_INFO_WIDTH (&out_info),
        (gint) (GST_ROUND_UP_2 (width) + width));
    assert_columns (out_pixels, (guint) GST_VIDEO_INFO_WIDTH (&out_info), 0,
        in_a, width, 0, width / 2 * 2, format);
    assert_columns (out_pixels, (guint) GST_VIDEO_INFO_WIDTH (&out_info),
        GST_ROUND_UP_2 (width), in_b, width, 0, width / 2 * 2, format);
    g_free (in_a);
    g_free (in_b);
    g_free (out_pixels);
    gst_caps_unref (caps);
    gst_buffer_unref (out);
    tear_down (&f);
  }
}

GST_END_TEST;

GST_START_TEST (test_wipe_shows_both_at_the_position)
{
  GstVideoInfo info = fixture_info ("RGB", WIDTH, HEIGHT);
  GstBuffer *a = at_frame (fixture_random_frame (&info, 1), 0);
  GstBuffer *b = at_frame (fixture_random_frame (&info, 2), 0);
  guint16 *in_a, *in_b, *out_pixels;
  GstBuffer *out;
  Fixture f;
  guint max;

  in_a = fixture_unpack (&info, a, &max);
  in_b = fixture_unpack (&info, b, &max);
  set_up (&f, &info, &info);
  gst_util_set_object_arg (G_OBJECT (f.element), "view", "wipe");
  g_object_set (f.element, "wipe-position", 0.25, NULL);
  push_pair (&f, a, b);
  end (&f);
  out = gst_harness_pull (f.reference);
  out_pixels = fixture_unpack (&info, out, &max);
  assert_columns (out_pixels, WIDTH, 0, in_a, WIDTH, 0, WIDTH / 4, "left");
  assert_columns (out_pixels, WIDTH, WIDTH / 4, in_b, WIDTH, WIDTH / 4, WIDTH,
      "right");
  g_free (in_a);
  g_free (in_b);
  g_free (out_pixels);
  gst_buffer_unref (out);
  tear_down (&f);
}

GST_END_TEST;

/* Frame i is grey 40 + 10 i on both sides, so a wrong pair would not be equal. */
GST_START_TEST (test_frames_missing_on_one_side_are_not_compared)
{
  GstVideoInfo info = fixture_info ("GRAY8", WIDTH, HEIGHT);
  GstStructure *stats = NULL;
  Fixture f;

  set_up (&f, &info, &info);
  for (guint i = 0; i < 12; i++) {
    fail_unless_equals_int (gst_harness_push (f.reference, grey (&info,
                40.0f + 10.0f * (float) i, i)), GST_FLOW_OK);
    if (i % 3 != 1)
      fail_unless_equals_int (gst_harness_push (f.test, grey (&info,
                  40.0f + 10.0f * (float) i, i)), GST_FLOW_OK);
  }
  end (&f);
  while (gst_harness_buffers_in_queue (f.reference) < 11)
    g_usleep (1000);
  g_usleep (50000);
  g_object_get (f.element, "stats", &stats, NULL);
  fail_unless (field (stats, "mean-psnr-y") == 100.0, "%g",
      field (stats, "mean-psnr-y"));
  fail_unless_equals_uint64 (count (stats, "n-frames"), 8);
  fail_unless (count (stats, "n-unmatched") >= 3);
  gst_structure_free (stats);
  tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_different_sizes_are_an_error_that_names_them)
{
  GstVideoInfo info = fixture_info ("I420", WIDTH, HEIGHT);
  GstVideoInfo other = fixture_info ("I420", WIDTH + 2, HEIGHT);
  GstMessage *message;
  GError *error = NULL;
  Fixture f;

  set_up (&f, &info, &other);
  gst_harness_push (f.reference, grey (&info, 50.0f, 0));
  gst_harness_push (f.test, grey (&other, 50.0f, 0));
  message = gst_bus_timed_pop_filtered (f.bus, 10 * GST_SECOND,
      GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, "32x24") != NULL
      && strstr (error->message, "34x24") != NULL, "%s", error->message);
  g_error_free (error);
  gst_message_unref (message);
  tear_down (&f);
}

GST_END_TEST;

GST_START_TEST (test_a_released_pad_can_be_requested_again)
{
  GstElement *element = gst_element_factory_make ("aevideocompare", NULL);
  GstPad *pad = gst_element_request_pad_simple (element, "reference");

  fail_unless (pad != NULL);
  gst_element_release_request_pad (element, pad);
  gst_object_unref (pad);
  pad = gst_element_request_pad_simple (element, "reference");
  fail_unless (pad != NULL);
  gst_object_unref (pad);
  gst_object_unref (element);
}

GST_END_TEST;

/* As users write it, with text, several times in a row. */
GST_START_TEST (test_pipelines_with_a_tee_end_with_all_frames_compared)
{
  for (guint i = 0; i < 5; i++) {
    GstElement *pipeline = gst_parse_launch ("videotestsrc num-buffers=12 "
        "pattern=solid-color foreground-color=0xff808080 "
        "! video/x-raw,format=I420,width=160,height=120 "
        "! tee name=t t. ! queue "
        "! c.reference t. ! queue ! aevideocorrupt level=20 ! c.test "
        "aevideocompare name=c ! fakesink", NULL);
    GstBus *bus = gst_element_get_bus (pipeline);
    GstElement *c = gst_bin_get_by_name (GST_BIN (pipeline), "c");
    GstStructure *stats = NULL;
    GstMessage *message;

    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    message = gst_bus_timed_pop_filtered (bus, 30 * GST_SECOND,
        GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    fail_unless (message != NULL
        && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
    g_object_get (c, "stats", &stats, NULL);
    fail_unless_equals_uint64 (count (stats, "n-frames"), 12);
    fail_unless (fabs (field (stats, "mean-psnr-y")
            - 20.0 * log10 (255.0 / 20.0)) < 0.1, "%g", field (stats,
            "mean-psnr-y"));
    gst_structure_free (stats);
    gst_message_unref (message);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    gst_object_unref (c);
    gst_object_unref (bus);
    gst_object_unref (pipeline);
  }
}

GST_END_TEST;

static Suite *
aevideocompare_suite (void)
{
  Suite *suite = suite_create ("aevideocompare");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_figures_are_those_of_the_definition);
  tcase_add_loop_test (tcase, test_views_hold_the_inputs_bit_by_bit, 0,
      G_N_ELEMENTS (view_formats));
  tcase_add_test (tcase, test_wipe_shows_both_at_the_position);
  tcase_add_test (tcase, test_frames_missing_on_one_side_are_not_compared);
  tcase_add_test (tcase, test_different_sizes_are_an_error_that_names_them);
  tcase_add_test (tcase, test_a_released_pad_can_be_requested_again);
  tcase_add_test (tcase,
      test_pipelines_with_a_tee_end_with_all_frames_compared);
  return suite;
}

GST_CHECK_MAIN (aevideocompare);
