/* aevideoenc: what it does to frames before it codes them.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "latent-fixture.h"

enum
{ WIDTH = 160, HEIGHT = 96, N_FRAMES = 24 };

typedef struct
{
  gsize n_bytes;
  double psnr;                  /* of the last frame, against the clean one */
} Result;

/* A camera that stands still, with noise of @sigma. */
static Result
code (const gchar * format, float sigma, const gchar * properties)
{
  GstVideoInfo info = fixture_info (format, WIDTH, HEIGHT);
  GstVideoInfo i420 = fixture_info ("I420", WIDTH, HEIGHT);
  GstHarness *enc = latent_fixture_encoder (properties, &info);
  GstHarness *dec = latent_fixture_decoder ("");
  g_autoptr (GstBuffer) clean = latent_fixture_frame (&i420, 0, TRUE, 0);
  Result result = { 0 };

  for (guint i = 0; i < N_FRAMES; i++) {
    GstBuffer *in = latent_fixture_frame (&info, i, TRUE, sigma);
    g_autoptr (GstBuffer) copy = gst_buffer_copy_deep (in);
    g_autoptr (GstBuffer) out = NULL;
    GstBuffer *coded;

    coded = gst_harness_push_and_pull (enc, gst_buffer_ref (in));
    fixture_assert_equal_bytes (in, copy);
    gst_buffer_unref (in);
    result.n_bytes += gst_buffer_get_size (coded);
    out = gst_harness_push_and_pull (dec, coded);
    result.psnr = latent_fixture_psnr (&i420, clean, out, 0, WIDTH);
  }
  gst_harness_teardown (enc);
  gst_harness_teardown (dec);
  return result;
}

GST_START_TEST (test_a_denoiser_saves_the_bits_of_noise)
{
  static const gchar *const formats[] = { "I420", "NV12" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    Result plain = code (formats[i], 8, "quality=7");
    Result clean =
        code (formats[i], 8, "quality=7 denoiser=denoise-video-fast");

    fail_unless (clean.n_bytes < plain.n_bytes / 3, "%s: %" G_GSIZE_FORMAT
        " bytes, %" G_GSIZE_FORMAT " without", formats[i], clean.n_bytes,
        plain.n_bytes);
    fail_unless (clean.psnr > plain.psnr + 3, "%s: %f dB, %f without",
        formats[i], clean.psnr, plain.psnr);
  }
}

GST_END_TEST;

/* RGB becomes planar first. */
GST_START_TEST (test_other_formats_are_denoised_too)
{
  GstVideoInfo info = fixture_info ("RGB", WIDTH, HEIGHT);
  gsize n[2] = { 0, 0 };

  for (guint with = 0; with < 2; with++) {
    GstHarness *enc = latent_fixture_encoder (with ? "quality=9 "
        "denoiser=denoise-video-fast" : "quality=9", &info);

    for (guint i = 0; i < N_FRAMES; i++) {
      GstBuffer *frame = fixture_noisy_frame (&info, 120, 15, i + 1);
      g_autoptr (GstBuffer) coded = NULL;

      GST_BUFFER_PTS (frame) = i * LATENT_FRAME;
      coded = gst_harness_push_and_pull (enc, frame);
      n[with] += gst_buffer_get_size (coded);
    }
    gst_harness_teardown (enc);
  }
  fail_unless (n[1] < n[0] / 3, "%" G_GSIZE_FORMAT " bytes, %" G_GSIZE_FORMAT
      " without", n[1], n[0]);
}

GST_END_TEST;

/* What has no noise is coded as it is. */
GST_START_TEST (test_a_denoiser_leaves_clean_frames_alone)
{
  Result plain = code ("I420", 0, "quality=7");
  Result denoised = code ("I420", 0, "quality=7 denoiser=denoise-video-fast");

  fail_unless_equals_uint64 (plain.n_bytes, denoised.n_bytes);
  fail_unless (plain.psnr == denoised.psnr);
}

GST_END_TEST;

GST_START_TEST (test_a_denoiser_that_is_none_is_an_error)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc num-buffers=5 ! "
      "aevideoenc denoiser=vae-digits ! fakesink", NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

GST_END_TEST;

static Suite *
aevideoenc_suite (void)
{
  Suite *suite = suite_create ("aevideoenc");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_checked_fixture (tests, fixture_setup, fixture_teardown);
  tcase_add_test (tests, test_a_denoiser_saves_the_bits_of_noise);
  tcase_add_test (tests, test_other_formats_are_denoised_too);
  tcase_add_test (tests, test_a_denoiser_leaves_clean_frames_alone);
  tcase_add_test (tests, test_a_denoiser_that_is_none_is_an_error);
  return suite;
}

GST_CHECK_MAIN (aevideoenc);
