/* aevideocode: codes are those of the model, one for each frame. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "latent-fixture.h"

#define PLANES 96               /* of the DCT model: 64 of Y, 16 of U and of V */

static GstHarness *
new_coder (const gchar * format, guint width, guint height)
{
  GstHarness *h = gst_harness_new ("aevideocode");
  GstVideoInfo info = fixture_info (format, width, height);

  fixture_set_info (h, &info);
  return h;
}

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

/* A frame of which all samples have their component's value. */
static GstBuffer *
flat_frame (const gchar * format, guint width, guint height,
    const guint8 * values)
{
  GstVideoInfo info = fixture_info (format, width, height);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, info.size, NULL);
  GstVideoFrame frame;

  fail_unless (gst_video_frame_map (&frame, &info, buffer, GST_MAP_WRITE));
  for (guint i = 0; i < GST_VIDEO_INFO_N_COMPONENTS (&info); i++) {
    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (&frame, i); y++) {
      guint8 *row = (guint8 *) GST_VIDEO_FRAME_COMP_DATA (&frame, i)
          + y * GST_VIDEO_FRAME_COMP_STRIDE (&frame, i);

      for (gint x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (&frame, i); x++)
        row[x * GST_VIDEO_FRAME_COMP_PSTRIDE (&frame, i)] = values[i];
    }
  }
  gst_video_frame_unmap (&frame);
  return buffer;
}

static void
assert_code (GstBuffer * buffer, guint height, guint width,
    const guint8 * values)
{
  const gsize n = (gsize) height * width;
  GstMapInfo map;
  const float *code;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  assert_equals_uint64 (map.size, PLANES * n * sizeof (float));
  code = (const float *) map.data;
  for (gsize i = 0; i < PLANES * n; i++) {
    /* the mean of a block around mid grey, times its side */
    const gsize plane = i / n;
    double expected = 0.0;

    if (plane == 0)
      expected = 8.0 * (values[0] / 255.0 - 0.5);
    else if (plane == 64 || plane == 80)
      expected = 4.0 * (values[plane / 16 - 3] / 255.0 - 0.5);
    if (fabs ((double) code[i] - expected) > 1e-3)
      ck_abort_msg ("plane %u: %g, expected %g", (guint) plane,
          (double) code[i], expected);
  }
  gst_buffer_unmap (buffer, &map);
}

GST_START_TEST (test_a_flat_frame_has_a_code_of_its_means)
{
  static const guint8 values[] = { 100, 140, 60 };
  static const struct
  {
    const gchar *format;
    guint width, height, w, h;
  } rows[] = {
    {"I420", 64, 48, 8, 6}, {"I420", 33, 17, 5, 3}, {"NV12", 64, 48, 8, 6},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    GstHarness *h = new_coder (rows[i].format, rows[i].width, rows[i].height);
    GstBuffer *in = flat_frame (rows[i].format, rows[i].width,
        rows[i].height, values);
    g_autoptr (GstCaps) caps = NULL;
    GstBuffer *out;
    gint c, height, width;

    GST_BUFFER_PTS (in) = 7 * GST_SECOND;
    GST_BUFFER_DURATION (in) = GST_SECOND / 4;
    out = gst_harness_push_and_pull (h, in);
    fail_unless (out != NULL);
    assert_equals_uint64 (GST_BUFFER_PTS (out), 7 * GST_SECOND);
    assert_equals_uint64 (GST_BUFFER_DURATION (out), GST_SECOND / 4);
    assert_code (out, rows[i].h, rows[i].w, values);
    caps = gst_pad_get_current_caps (h->sinkpad);
    fail_unless (gst_structure_get (gst_caps_get_structure (caps, 0),
            "channels", G_TYPE_INT, &c, "height", G_TYPE_INT, &height,
            "width", G_TYPE_INT, &width, NULL));
    assert_equals_int (c, PLANES);
    assert_equals_uint64 (height, rows[i].h);
    assert_equals_uint64 (width, rows[i].w);
    gst_buffer_unref (out);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_change_of_size_changes_the_codes)
{
  static const guint8 values[] = { 50, 128, 128 };
  GstVideoInfo info = fixture_info ("I420", 32, 16);
  GstBuffer *out;
  GstHarness *h;

  h = new_coder ("I420", 64, 64);
  out = gst_harness_push_and_pull (h, flat_frame ("I420", 64, 64, values));
  assert_code (out, 8, 8, values);
  gst_buffer_unref (out);
  fixture_set_info (h, &info);
  out = gst_harness_push_and_pull (h, flat_frame ("I420", 32, 16, values));
  assert_code (out, 2, 4, values);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_a_model_that_does_not_exist_is_an_error)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch ("videotestsrc num-buffers=1 ! "
      "aevideocode model=/nowhere.safetensors ! fakesink", &error);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  message = gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND,
      GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, "/nowhere.safetensors") != NULL, "%s",
      error->message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

GST_END_TEST;

static Suite *
aevideocode_suite (void)
{
  Suite *suite = suite_create ("aevideocode");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_a_flat_frame_has_a_code_of_its_means);
  tcase_add_test (tcase, test_a_change_of_size_changes_the_codes);
  tcase_add_test (tcase, test_a_model_that_does_not_exist_is_an_error);
  return suite;
}

GST_CHECK_MAIN (aevideocode);
