/* aevideoenc: denoised frames, models that were just trained.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-latent-model.h"
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

#define ARCHITECTURE "unshuffle 4, conv 1x1 6 | conv 1x1 16, shuffle 4"
#define TRAINER "aevideotrain objective=reconstruct architecture=\"" \
    ARCHITECTURE "\" patch-size=32 patches-per-frame=8 backpressure=block " \
    "steps-per-frame=12 evaluate-interval=60 learning-rate=0.01 "

/* Lets a trainer see frames. Returns: how many models it published. */
static guint64
train (GstHarness * h, const GstVideoInfo * info, guint n_frames)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 generation = 0;

  for (guint i = 0; i < n_frames; i++)
    gst_buffer_unref (gst_harness_push_and_pull (h,
            latent_fixture_frame (info, i, FALSE, 2)));
  gst_harness_get (h, "aevideotrain", "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, "generation", &generation));
  return generation;
}

/* @model without what was fitted to it. Returns: (transfer full): its path. */
static gchar *
save_bare (const AeModel * model)
{
  g_autoptr (AeModel) bare = ae_latent_model_pack (model, NULL, NULL);
  gchar *path = fixture_path ("bare.safetensors");

  fail_unless (ae_model_save (bare, path, NULL));
  return path;
}

/* Codes moving frames. Returns: bytes, and PSNR of the last frame. */
static Result
code_with (const gchar * path)
{
  g_autofree gchar *enc_text = g_strdup_printf ("quality=6 model=%s", path);
  g_autofree gchar *dec_text = g_strdup_printf ("model=%s", path);
  GstVideoInfo info = fixture_info ("I420", WIDTH, HEIGHT);
  GstHarness *enc = latent_fixture_encoder (enc_text, &info);
  GstHarness *dec = latent_fixture_decoder (dec_text);
  Result result = { 0 };

  for (guint i = 0; i < N_FRAMES; i++) {
    g_autoptr (GstBuffer) in = latent_fixture_frame (&info, i, FALSE, 2);
    g_autoptr (GstBuffer) out = NULL;
    GstBuffer *coded;

    coded = gst_harness_push_and_pull (enc, gst_buffer_ref (in));
    result.n_bytes += gst_buffer_get_size (coded);
    out = gst_harness_push_and_pull (dec, coded);
    result.psnr = latent_fixture_psnr (&info, in, out, 0, WIDTH);
  }
  gst_harness_teardown (enc);
  gst_harness_teardown (dec);
  return result;
}

/* What aevideotrain makes of a line of text is a codec as it is, with tables that
 * were fitted to it. */
GST_START_TEST (test_what_a_user_trained_codes)
{
  GstVideoInfo info = fixture_info ("I420", WIDTH, HEIGHT);
  g_autofree gchar *path = fixture_path ("mine.safetensors");
  g_autofree gchar *text = g_strdup_printf (TRAINER "location=%s", path);
  GstHarness *h = gst_harness_new_parse (text);
  g_autoptr (AeModel) model = NULL;
  g_autofree gchar *bare = NULL;
  Result fitted, plain;

  fixture_set_info (h, &info);
  train (h, &info, 60);
  gst_harness_push_event (h, gst_event_new_eos ());
  gst_harness_teardown (h);
  model = ae_model_load (path, NULL);
  fail_unless (model != NULL);
  fail_unless (g_hash_table_contains (model->metadata, AE_LATENT_KEY_SYMBOLS));
  fail_unless (g_hash_table_contains (model->metadata, AE_LATENT_KEY_STEPS));
  bare = save_bare (model);
  fitted = code_with (path);
  plain = code_with (bare);
  fail_unless (fitted.psnr > 25 && fitted.psnr > plain.psnr - 0.3, "%f dB, %f "
      "without tables", fitted.psnr, plain.psnr);
  fail_unless (fitted.n_bytes < plain.n_bytes * 97 / 100, "%" G_GSIZE_FORMAT
      " bytes, %" G_GSIZE_FORMAT " without tables", fitted.n_bytes,
      plain.n_bytes);
}

GST_END_TEST;

static void
read_header (GstBuffer * buffer, AeFrameHeader * header)
{
  GstMapInfo map;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  fail_unless (ae_frame_header_parse (map.data, map.size, header, NULL));
  gst_buffer_unmap (buffer, &map);
}

/* Not before a key frame, and without a break: the decoder finds it. */
GST_START_TEST (test_the_model_of_a_slot_comes_with_a_key_frame)
{
  enum
  { PUBLISHED = 15, KEYS = 10, N = 35 };
  GstVideoInfo info = fixture_info ("I420", WIDTH, HEIGHT);
  GstHarness *trainer = gst_harness_new_parse (TRAINER "slot=codec");
  GstHarness *enc = latent_fixture_encoder ("quality=8 slot=codec "
      "key-interval=10", &info);
  GstHarness *dec = latent_fixture_decoder ("");
  guint8 before[AE_FRAME_FINGERPRINT_BYTES];

  fixture_set_info (trainer, &info);
  for (guint i = 0; i < N; i++) {
    g_autoptr (GstBuffer) in = latent_fixture_frame (&info, i, FALSE, 2);
    g_autoptr (GstBuffer) out = NULL;
    AeFrameHeader header;
    GstBuffer *coded;
    double psnr;

    if (i == PUBLISHED)
      fail_unless (train (trainer, &info, 60) > 0);
    coded = gst_harness_push_and_pull (enc, gst_buffer_ref (in));
    read_header (coded, &header);
    if (i == 0)
      memcpy (before, header.fingerprint, sizeof before);
    fail_unless_equals_int (header.number, i);
    fail_unless_equals_int (header.type == AE_FRAME_KEY, i % KEYS == 0);
    fail_unless_equals_int (memcmp (before, header.fingerprint,
            sizeof before) == 0, i < 2 * KEYS);
    out = gst_harness_push_and_pull (dec, coded);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (out), i * LATENT_FRAME);
    fail_if (GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_CORRUPTED));
    psnr = latent_fixture_psnr (&info, in, out, 0, WIDTH);
    fail_unless (psnr > 25, "frame %u: %f dB", i, psnr);
  }
  gst_harness_teardown (trainer);
  gst_harness_teardown (enc);
  gst_harness_teardown (dec);
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
  tcase_add_test (tests, test_what_a_user_trained_codes);
  tcase_add_test (tests, test_the_model_of_a_slot_comes_with_a_key_frame);
  return suite;
}

GST_CHECK_MAIN (aevideoenc);
