/* Models as codecs: the cosine transform, steps, tables, fingerprints.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "ae-error.h"
#include "ae-latent-dct.h"
#include "ae-latent-model.h"
#include "ae-plan.h"
#include "ae-symbol-fit.h"
#include "latent-samples.h"

#define W 32                    /* of the half-size planes */
#define H 16

static AeLatentModel *
new_latent_model (const AeModel * model)
{
  g_autoptr (GError) error = NULL;
  AeLatentModel *latent = ae_latent_model_new (model, &error);

  g_assert_no_error (error);
  return latent;
}

static void
point (AePlane * planes, guint n, guint h, guint w, float *data)
{
  for (guint i = 0; i < n; i++)
    planes[i] = (AePlane) {
    data + i * h * w, w};
}

/* A cosine of frequency (2, 3) in a block of luma is one latent; everything
 * comes back. */
GST_START_TEST (test_cosine_transform_finds_a_cosine_and_inverts)
{
  g_autoptr (AeModel) model = ae_latent_dct_model ();
  g_autoptr (AeLatentModel) latent = new_latent_model (model);
  g_autoptr (AePlan) encoder = ae_plan_new_of_model (latent->encoder,
      AE_PRECISION_FLOAT, W, H, 1, NULL);
  g_autoptr (AePlan) decoder = ae_plan_new_of_model (latent->decoder,
      AE_PRECISION_FLOAT, W / 4, H / 4, 1, NULL);
  float in[6 * H * W], code[96 * H / 4 * W / 4], out[6 * H * W];
  AePlane planes[6], codes[96], outs[6];

  fail_unless_equals_int (latent->scale_log2, 3);
  fail_unless_equals_int (latent->n_planes, 96);
  fail_unless_equals_int (latent->layout, AE_LAYOUT_I420);
  for (guint y = 0; y < 2 * H; y++) {
    for (guint x = 0; x < 2 * W; x++)
      in[((y % 2 * 2 + x % 2) * H + y / 2) * W + x / 2] =
          (float) (0.5 + 0.25 * cos (G_PI * (2 * (y % 8) + 1) * 2 / 16)
          * cos (G_PI * (2 * (x % 8) + 1) * 3 / 16));
  }
  for (guint i = 4 * H * W; i < 6 * H * W; i++)
    in[i] = 0.5f + 0.01f * (float) (i % 7);
  point (planes, 6, H, W, in);
  point (codes, 96, H / 4, W / 4, code);
  point (outs, 6, H, W, out);
  ae_plan_run (encoder, planes, NULL, codes);
  ae_plan_run (decoder, codes, NULL, outs);
  for (guint p = 0; p < 64; p++) {
    /* zigzag: 0,0 0,1 1,0 2,0 1,1 0,2 0,3 1,2 2,1 3,0 4,0 3,1 2,2 1,3 0,4 0,5
     * 1,4 2,3 */
    float expected = p == 17 ? 0.25f * 4.0f : 0.0f;

    fail_unless (fabsf (code[p * H / 4 * W / 4 + 5] - expected) < 1e-4f,
        "plane %u is %g", p, (double) code[p * H / 4 * W / 4 + 5]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (in); i++)
    fail_unless (fabsf (in[i] - out[i]) < 1e-4f);
}

GST_END_TEST;

/* All that a latent of an orthonormal transform does is its own size. */
GST_START_TEST (test_steps_without_metadata_weigh_the_same_in_the_picture)
{
  g_autoptr (AeModel) model = ae_latent_dct_model ();
  g_autoptr (AeLatentModel) latent = new_latent_model (model);
  const float *best = ae_latent_model_steps (latent, AE_SYMBOLS_N_GRADES - 1);
  const float *worst = ae_latent_model_steps (latent, 0);

  for (guint p = 0; p < latent->n_planes; p++) {
    fail_unless (fabsf (latent->weights[p] - 1.0f) < 0.01f);
    fail_unless (fabsf (worst[p] - 80.0f / 255.0f) < 0.01f);
    fail_unless (fabsf (best[p] - 5.0f / 255.0f) < 0.001f);
  }
}

GST_END_TEST;

static AeSymbolModel *
fit_samples (guint n_planes, guint level, AeLatents * latents)
{
  AeSymbolSample sample = { level, latents, NULL, NULL };
  AeRng rng;

  ae_rng_init (&rng, 3);
  fail_unless (ae_latents_resize (latents, n_planes, 40, 60, NULL));
  fill_latents (latents, 3, &rng);
  return ae_symbol_fit (&sample, 1);
}

GST_START_TEST (test_steps_and_tables_go_through_the_file)
{
  g_autoptr (AeModel) model = ae_latent_dct_model ();
  g_auto (AeLatents) latents = AE_LATENTS_INIT;
  g_autoptr (AeSymbolModel) symbols = fit_samples (96, 4, &latents);
  g_autoptr (GBytes) symbol_bytes = ae_symbol_model_to_bytes (symbols);
  float steps[AE_SYMBOLS_N_LEVELS * 96];
  g_autoptr (AeModel) packed = NULL;
  g_autoptr (AeModel) loaded = NULL;
  g_autoptr (GByteArray) bytes = NULL;
  g_autoptr (AeLatentModel) plain = new_latent_model (model);
  g_autoptr (AeLatentModel) latent = NULL;
  g_autoptr (GBytes) found = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    steps[i] = exp2f (-(float) (i / 96)) * (1.0f + 0.01f * (float) (i % 96));
  packed = ae_latent_model_pack (model, symbols, steps);
  bytes = ae_model_to_bytes (packed);
  loaded = ae_model_load_bytes (bytes->data, bytes->len, "memory", &error);
  g_assert_no_error (error);
  latent = new_latent_model (loaded);
  found = ae_symbol_model_to_bytes (latent->symbols);
  fail_unless (g_bytes_equal (found, symbol_bytes));
  for (guint p = 0; p < 96; p++) {
    const float *middle = ae_latent_model_steps (latent, 8 * 3 + 4);

    fail_unless (fabsf (ae_latent_model_steps (latent, 8 * 9)[p]
            / steps[9 * 96 + p] - 1.0f) < 1e-5f);
    fail_unless (fabsf (middle[p] / (steps[3 * 96 + p] * sqrtf (0.5f)) - 1.0f)
        < 1e-5f);
  }
  fail_unless (memcmp (latent->fingerprint, plain->fingerprint,
          AE_FRAME_FINGERPRINT_BYTES) != 0);
}

GST_END_TEST;

GST_START_TEST (test_fitted_tables_make_frames_shorter)
{
  g_autoptr (AeSymbolModel) plain = ae_symbol_model_new (24);
  g_auto (AeLatents) latents = AE_LATENTS_INIT;
  g_autoptr (AeSymbolModel) fitted = fit_samples (24, 4, &latents);
  const AeSymbolModel *models[2] = { plain, fitted };
  guint sizes[2];

  for (guint i = 0; i < 2; i++) {
    g_autoptr (AeFrameEncoder) encoder = ae_frame_encoder_new (models[i]);
    g_autoptr (GByteArray) bytes = g_byte_array_new ();
    AeFrameHeader header = {.grade = 32,.scale_log2 = 3,.width = 8 * 60,
      .height = 8 * 40,.n_planes = 24,.rate_d = 1
    };

    fail_unless (ae_frame_encode (encoder, &header, &latents, NULL, NULL, 0,
            bytes, NULL));
    sizes[i] = bytes->len;
  }
  fail_unless (sizes[1] < 0.95 * sizes[0], "%u bytes, %u before", sizes[1],
      sizes[0]);
}

GST_END_TEST;

static void
set_text (AeModel * model, const gchar * key, gconstpointer data, gsize n)
{
  g_hash_table_insert (model->metadata, g_strdup (key),
      g_base64_encode (data, n));
}

GST_START_TEST (test_what_does_not_fit_is_refused)
{
  static const struct
  {
    const gchar *text;
    guint c;
    AeError code;
  } cases[] = {
    {"unshuffle 4, conv 1x1 96", 6, AE_ERROR_UNSUPPORTED},
    {"unshuffle 4, conv 1x1 8 | conv 1x1 48, shuffle 4", 3,
        AE_ERROR_UNSUPPORTED},
    {"unshuffle 4, conv 1x1 8 | conv 1x1 48, shuffle 4", 6,
        AE_ERROR_UNSUPPORTED},
    {"unshuffle 3, conv 1x1 8 | conv 1x1 54, shuffle 3", 6,
        AE_ERROR_UNSUPPORTED},
    {"unshuffle 2, conv 1x1 100 | conv 1x1 4, shuffle 2", 1, AE_ERROR_LIMIT},
    {"given 1, unshuffle 4, conv 1x1 8 | conv 1x1 96, shuffle 4", 6,
        AE_ERROR_UNSUPPORTED},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    const AeShape input = { cases[i].c, 0, 0 };
    g_autoptr (AeArchitecture) a = ae_architecture_parse (cases[i].text,
        &input, NULL);
    g_autoptr (AeWeights) weights = NULL;
    g_autoptr (AeModel) model = NULL;
    g_autoptr (GError) error = NULL;
    AeRng rng;

    ae_rng_init (&rng, 1);
    fail_unless (a != NULL, "%s", cases[i].text);
    weights = ae_weights_new_random (a, &rng);
    model = ae_model_new (a, weights, NULL, NULL);
    fail_unless (ae_latent_model_new (model, &error) == NULL);
    fail_unless (g_error_matches (error, AE_ERROR, (gint) cases[i].code),
        "%s: %s", cases[i].text, error->message);
  }
}

GST_END_TEST;

GST_START_TEST (test_bad_metadata_is_refused)
{
  g_autoptr (AeSymbolModel) symbols = ae_symbol_model_new (5);
  g_autoptr (GBytes) bytes = ae_symbol_model_to_bytes (symbols);
  static const float zero[AE_SYMBOLS_N_LEVELS * 96];

  for (guint i = 0; i < 4; i++) {
    g_autoptr (AeModel) model = ae_latent_dct_model ();
    g_autoptr (GError) error = NULL;

    if (i == 0)
      set_text (model, AE_LATENT_KEY_STEPS, zero, sizeof zero);
    else if (i == 1)
      set_text (model, AE_LATENT_KEY_STEPS, zero, sizeof zero - 4);
    else if (i == 2)
      set_text (model, AE_LATENT_KEY_SYMBOLS, g_bytes_get_data (bytes, NULL),
          g_bytes_get_size (bytes));
    else
      set_text (model, AE_LATENT_KEY_SYMBOLS, zero, 20);
    fail_unless (ae_latent_model_new (model, &error) == NULL, "case %u", i);
    fail_unless (error != NULL);
  }
}

GST_END_TEST;

/* Y, U and V have planes of their own. */
GST_START_TEST (test_a_model_of_one_plane_is_a_codec_for_three)
{
  const AeShape input = { 1, 0, 0 };
  g_autoptr (AeArchitecture) a =
      ae_architecture_parse ("conv 5x5/2 6 relu, conv 5x5/2 10 | "
      "deconv 5x5*2 6 relu, deconv 5x5*2 1", &input, NULL);
  g_autoptr (AeWeights) weights = NULL;
  g_autoptr (AeModel) model = NULL;
  g_autoptr (AeLatentModel) latent = NULL;
  AeRng rng;

  ae_rng_init (&rng, 1);
  weights = ae_weights_new_random (a, &rng);
  model = ae_model_new (a, weights, NULL, NULL);
  latent = new_latent_model (model);
  fail_unless_equals_int (latent->layout, AE_LAYOUT_LUMA);
  fail_unless_equals_int (latent->n_planes, 30);
  fail_unless_equals_int (latent->scale_log2, 2);
  for (guint p = 0; p < 20; p++)
    fail_unless (latent->weights[p] == latent->weights[p + 10]);
}

GST_END_TEST;

static Suite *
latent_model_suite (void)
{
  Suite *suite = suite_create ("latent-model");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_cosine_transform_finds_a_cosine_and_inverts);
  tcase_add_test (tests,
      test_steps_without_metadata_weigh_the_same_in_the_picture);
  tcase_add_test (tests, test_steps_and_tables_go_through_the_file);
  tcase_add_test (tests, test_fitted_tables_make_frames_shorter);
  tcase_add_test (tests, test_what_does_not_fit_is_refused);
  tcase_add_test (tests, test_bad_metadata_is_refused);
  tcase_add_test (tests, test_a_model_of_one_plane_is_a_codec_for_three);
  return suite;
}

GST_CHECK_MAIN (latent_model);
