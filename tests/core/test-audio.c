/* Spectra, features and the denoiser of sound. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "ae-audio-denoiser.h"
#include "ae-audio-features.h"
#include "ae-error.h"
#include "ae-stream.h"
#include "ae-tape.h"

#define N_FRAMES 120
#define N ((N_FRAMES + 1) * AE_STFT_HOP)

/* As the shipped model, but small, and with every layer that runs in steps. */
#define SMALL "conv 1x1 20, save a, norm, conv 1x1 24 relu, causal 3 4 tanh, " \
    "conv 1x1 20, add a | save b, causal 2 7 leaky, causal 3 1, concat b, " \
    "dropout 0.2, causal 1 1, norm, conv 1x1 161 sigmoid"

static AeModel *
random_model (const gchar * text, guint n_in)
{
  AeShape any = { n_in, 0, 0 };
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse (text, &any, NULL);
  g_autoptr (AeWeights) weights = NULL;
  g_autofree float *data = NULL;
  AeRng rng;

  fail_unless (architecture != NULL);
  data = g_new (float, architecture->n_weights);
  ae_rng_init (&rng, 3);
  ae_rng_fill_normal (&rng, data, architecture->n_weights);
  for (gsize i = 0; i < architecture->n_weights; i++)
    data[i] *= 0.3f;
  weights = ae_weights_new_copy (data, architecture->n_weights, NULL);
  return ae_model_new (architecture, weights, NULL, NULL);
}

static float *
random_sound (guint seed)
{
  float *x = g_new (float, N);
  AeRng rng;

  ae_rng_init (&rng, seed);
  ae_rng_fill_normal (&rng, x, N);
  for (guint i = 0; i < N; i++)
    x[i] *= 0.1f * (1.1f + sinf (0.001f * (float) i));
  return x;
}

static void
check_near (const gchar * what, guint i, float found, float expected,
    float tolerance)
{
  if (!(fabsf (found - expected) < tolerance))
    ck_abort_msg ("%s %u: %g, expected %g", what, i, (double) found,
        (double) expected);
}

GST_START_TEST (test_spectra_equal_the_plain_transform)
{
  g_autofree float *x = random_sound (1);
  AeSpectrum spectrum;

  ae_stft_analyse (x, &spectrum);
  for (guint k = 0; k < AE_STFT_BINS; k++) {
    double re = 0.0, im = 0.0, scale = 1.0 / sqrt (AE_STFT_WINDOW);

    for (guint i = 0; i < AE_STFT_WINDOW; i++) {
      double w = scale * sin (G_PI * (i + 0.5) / AE_STFT_WINDOW);
      double angle = -2.0 * G_PI * k * i / AE_STFT_WINDOW;

      re += (double) x[i] * w * cos (angle);
      im += (double) x[i] * w * sin (angle);
    }
    fail_unless (fabs (re - (double) spectrum.re[k]) < 1e-6, "bin %u", k);
    fail_unless (fabs (im - (double) spectrum.im[k]) < 1e-6, "bin %u", k);
  }
}

GST_END_TEST;

GST_START_TEST (test_frames_analysed_and_synthesised_add_up_to_the_samples)
{
  g_autofree float *x = random_sound (2);
  g_autofree float *y = g_new0 (float, N);

  for (guint t = 0; t < N_FRAMES; t++) {
    AeSpectrum spectrum;

    ae_stft_analyse (x + t * AE_STFT_HOP, &spectrum);
    ae_stft_synthesise (&spectrum, y + t * AE_STFT_HOP);
  }
  for (guint i = AE_STFT_HOP; i < N - AE_STFT_HOP; i++)
    check_near ("sample", i, y[i], x[i], 1e-6f);
}

GST_END_TEST;

GST_START_TEST
    (test_features_do_not_depend_on_the_gain_and_forget_a_steady_level) {
  g_autofree float *x = random_sound (3);
  float quiet[AE_STFT_WINDOW], a[AE_AUDIO_FEATURES], b[AE_AUDIO_FEATURES];
  AeAudioFeatures features_a = { 0 }, features_b = { 0 };
  double mean = 0.0, level = 0.0;
  AeSpectrum spectrum;

  for (guint t = 0; t < N_FRAMES; t++) {
    for (guint i = 0; i < AE_STFT_WINDOW; i++)
      quiet[i] = 0.2f * x[t * AE_STFT_HOP + i];
    ae_stft_analyse (x + t * AE_STFT_HOP, &spectrum);
    ae_audio_features_next (&features_a, &spectrum, a, 1);
    ae_stft_analyse (quiet, &spectrum);
    ae_audio_features_next (&features_b, &spectrum, b, 1);
    for (guint k = 0; k < AE_AUDIO_FEATURES; k++)
      if (!(a[k] < -2.0f))
        check_near ("feature", k, b[k], a[k], 0.05f);
    for (guint k = 0; t == 0 && k < AE_STFT_BINS; k++)
      fail_unless (a[k] == 0.0f);
    for (guint k = 0; t >= N_FRAMES / 2 && k < AE_STFT_BINS; k++) {
      mean += (double) a[k] / (AE_STFT_BINS * N_FRAMES / 2);
      level += (double) a[AE_STFT_BINS + k] / (AE_STFT_BINS * N_FRAMES / 2);
    }
  }
  fail_unless (fabs (mean) < 0.3, "%g", mean);
  fail_unless (fabs (level) < 0.3, "%g", level);
}

GST_END_TEST;

GST_START_TEST (test_steps_equal_the_whole_past_at_once)
{
  g_autoptr (AeModel) model = random_model (SMALL, 9);
  g_autoptr (AeTape) tape = ae_tape_new (model->architecture);
  g_autoptr (AeStream) stream = ae_stream_new (model->architecture,
      model->weights, AE_STREAM_FLOATS, NULL);
  g_autoptr (AeStream) bytes = ae_stream_new (model->architecture,
      model->weights, AE_STREAM_BYTES, NULL);
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  const AeTensor *out;
  AeRng rng;

  fail_unless (stream != NULL);
  ae_rng_init (&rng, 8);
  ae_tensor_resize (&in, 9, 1, N_FRAMES, 1);
  ae_rng_fill_normal (&rng, in.data, ae_tensor_size (&in));
  out = ae_tape_forward (tape, model->weights->data, &in, NULL);
  for (guint round = 0; round < 2; round++) {
    for (guint t = 0; t < N_FRAMES; t++) {
      const float *step, *rounded;
      float x[9];

      for (guint c = 0; c < 9; c++)
        x[c] = in.data[c * N_FRAMES + t];
      step = ae_stream_step (stream, x);
      rounded = ae_stream_step (bytes, x);
      for (guint c = 0; c < out->c; c++) {
        float expected = out->data[c * N_FRAMES + t];

        check_near ("step, channel", c, step[c], expected, 1e-5f);
        check_near ("bytes, channel", c, rounded[c], expected, 0.02f);
      }
    }
    ae_stream_reset (stream);
    ae_stream_reset (bytes);
  }
}

GST_END_TEST;

GST_START_TEST (test_models_that_need_the_future_are_refused)
{
  static const gchar *const texts[] = {
    "conv 1x1 4, conv 3x3 161", "conv 1x1 4, given 2, conv 1x1 161",
    "conv 1x1/2 161", "conv 1x1 8, shuffle 2"
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (AeModel) model = random_model (texts[i], AE_AUDIO_FEATURES);
    g_autoptr (GError) error = NULL;

    fail_unless (ae_stream_new (model->architecture, model->weights,
            AE_STREAM_FLOATS, &error) == NULL);
    fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_UNSUPPORTED));
    fail_unless (strstr (error->message, "column 1") != NULL, "%s",
        error->message);
  }
}

GST_END_TEST;

GST_START_TEST (test_models_that_make_no_mask_are_refused)
{
  g_autoptr (AeModel) few = random_model ("conv 1x1 161", 161);
  g_autoptr (AeModel) many = random_model ("conv 1x1 322", AE_AUDIO_FEATURES);
  g_autoptr (AeModel) good = random_model (SMALL, AE_AUDIO_FEATURES);
  g_autoptr (AeAudioDenoiser) denoiser = ae_audio_denoiser_new (good, NULL);
  g_autoptr (GError) error = NULL;

  fail_unless (ae_audio_denoiser_new (few, &error) == NULL);
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_SHAPE));
  g_clear_error (&error);
  fail_if (ae_audio_denoiser_set_model (denoiser, many, &error));
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_SHAPE));
  fail_unless (ae_audio_denoiser_set_model (denoiser, good, NULL));
}

GST_END_TEST;

GST_START_TEST (test_an_impulse_comes_out_after_the_stated_delay)
{
  g_autoptr (AeModel) model = random_model (SMALL, AE_AUDIO_FEATURES);
  g_autoptr (AeAudioDenoiser) denoiser = ae_audio_denoiser_new (model, NULL);

  for (guint at = 0; at < 500; at += 123) {
    g_autofree float *in = g_new0 (float, N);
    g_autofree float *out = g_new (float, N);
    guint loudest = 0;

    in[at] = 1.0f;
    ae_audio_denoiser_reset (denoiser);
    ae_audio_denoiser_process (denoiser, in, out, NULL, N);
    for (guint i = 0; i < N; i++) {
      if (fabsf (out[i]) > fabsf (out[loudest]))
        loudest = i;
    }
    fail_unless_equals_int (loudest, at + AE_AUDIO_DENOISER_DELAY);
    fail_unless (out[loudest] > 0.2f);
    for (guint i = 0; i < at + AE_AUDIO_DENOISER_DELAY - AE_STFT_WINDOW; i++)
      fail_unless (out[i] == 0.0f);
  }
}

GST_END_TEST;

GST_START_TEST (test_no_strength_gives_the_delayed_input_to_the_bit)
{
  g_autoptr (AeModel) model = random_model (SMALL, AE_AUDIO_FEATURES);
  g_autoptr (AeAudioDenoiser) denoiser = ae_audio_denoiser_new (model, NULL);
  g_autofree float *in = random_sound (9);
  g_autofree float *out = g_new (float, N);

  in[1000] = -0.0f;
  ae_audio_denoiser_set_strength (denoiser, 0.0f);
  ae_audio_denoiser_process (denoiser, in, out, NULL, N);
  fail_unless (memcmp (out + AE_AUDIO_DENOISER_DELAY, in,
          (N - AE_AUDIO_DENOISER_DELAY) * sizeof (float)) == 0);
  for (guint i = 0; i < AE_AUDIO_DENOISER_DELAY; i++)
    fail_unless (out[i] == 0.0f);
}

GST_END_TEST;

/* The batch path: masks of all frames at once, then synthesis. */
static void
denoise_whole (const AeModel * model, float least, const float *in, float *out)
{
  g_autoptr (AeTape) tape = ae_tape_new (model->architecture);
  g_auto (AeTensor) features = AE_TENSOR_INIT;
  g_autofree AeSpectrum *spectra = g_new (AeSpectrum, N_FRAMES);
  AeAudioFeatures state = { 0 };
  const AeTensor *mask;

  ae_tensor_resize (&features, AE_AUDIO_FEATURES, 1, N_FRAMES, 1);
  for (guint t = 0; t < N_FRAMES; t++) {
    ae_stft_analyse (in + t * AE_STFT_HOP, &spectra[t]);
    ae_audio_features_next (&state, &spectra[t], features.data + t, N_FRAMES);
  }
  mask = ae_tape_forward (tape, model->weights->data, &features, NULL);
  memset (out, 0, N * sizeof (float));
  for (guint t = 0; t < N_FRAMES; t++) {
    for (guint k = 0; k < AE_STFT_BINS; k++) {
      float m = MAX (mask->data[k * N_FRAMES + t], least);

      spectra[t].re[k] *= m;
      spectra[t].im[k] *= m;
    }
    ae_stft_synthesise (&spectra[t], out + t * AE_STFT_HOP);
  }
}

GST_START_TEST (test_stream_equals_the_batch_however_it_is_cut)
{
  g_autoptr (AeModel) model = random_model (SMALL, AE_AUDIO_FEATURES);
  g_autoptr (AeAudioDenoiser) denoiser = ae_audio_denoiser_new (model, NULL);
  g_autofree float *sound = random_sound (10);
  g_autofree float *in = g_new0 (float, N);
  g_autofree float *whole = g_new (float, N);
  g_autofree float *once = g_new (float, N);
  g_autofree float *cut = g_new (float, N);
  g_autofree float *noise = g_new (float, N);
  guint n_wrong = 0;
  AeRng rng;

  /* what a stream begins with is a hop of silence */
  memcpy (in + AE_STFT_HOP, sound, (N - AE_STFT_HOP) * sizeof (float));
  denoise_whole (model, 0.3f, in, whole);
  ae_audio_denoiser_set_floor (denoiser, 0.3f);
  ae_audio_denoiser_process (denoiser, sound, once, NULL, N);
  for (guint i = 0; i < N - 3 * AE_STFT_HOP; i++)
    check_near ("sample", i, once[i + AE_AUDIO_DENOISER_DELAY],
        whole[i + AE_STFT_HOP], 2e-3f);

  ae_rng_init (&rng, 11);
  ae_audio_denoiser_reset (denoiser);
  memcpy (cut, sound, N * sizeof (float));
  for (guint i = 0; i < N;) {
    guint n = 1 + ae_rng_below (&rng, 700);

    n = MIN (n, N - i);
    ae_audio_denoiser_process (denoiser, cut + i, cut + i, noise + i, n);
    i += n;
  }
  fail_unless (memcmp (cut, once, N * sizeof (float)) == 0);
  for (guint i = AE_AUDIO_DENOISER_DELAY; i < N; i++)
    n_wrong += cut[i] != sound[i - AE_AUDIO_DENOISER_DELAY] - noise[i];
  fail_unless_equals_int (n_wrong, 0);
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_number_does_not_spread)
{
  g_autoptr (AeModel) model = random_model (SMALL, AE_AUDIO_FEATURES);
  g_autoptr (AeAudioDenoiser) denoiser = ae_audio_denoiser_new (model, NULL);
  g_autofree float *in = random_sound (12);
  g_autofree float *out = g_new (float, N);

  in[3000] = NAN;
  in[5000] = -INFINITY;
  in[7000] = 3e38f;
  ae_audio_denoiser_process (denoiser, in, out, NULL, N);
  for (guint i = 0; i < N; i++) {
    gboolean is_odd = i == 3000 + AE_AUDIO_DENOISER_DELAY
        || i == 5000 + AE_AUDIO_DENOISER_DELAY;

    if ((isfinite (out[i]) == 0) != is_odd
        || (i >= 9000 && !(fabsf (out[i]) < 1.0f)))
      ck_abort_msg ("sample %u: %g", i, (double) out[i]);
  }
}

GST_END_TEST;

static AeModel *
shipped_model (void)
{
  g_autofree gchar *path = ae_model_find ("denoise-audio", NULL);

  fail_unless (path != NULL);
  return ae_model_load (path, NULL);
}

static double
power (const float *x, gsize n)
{
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += (double) (x[i] * x[i]) / (double) n;
  return sum;
}

GST_START_TEST (test_shipped_model_removes_noise_of_any_level)
{
  g_autoptr (AeModel) model = shipped_model ();
  g_autoptr (AeAudioDenoiser) denoiser = ae_audio_denoiser_new (model, NULL);
  g_autofree float *in = g_new (float, 3 * N);
  g_autofree float *out = g_new (float, 3 * N);

  for (float level = 0.3f; level > 1e-3f; level /= 10.0f) {
    double db;
    AeRng rng;

    ae_rng_init (&rng, 14);
    ae_rng_fill_normal (&rng, in, 3 * N);
    for (guint i = 0; i < 3 * N; i++)
      in[i] *= level;
    ae_audio_denoiser_reset (denoiser);
    ae_audio_denoiser_process (denoiser, in, out, NULL, 3 * N);
    db = 10.0 * log10 (power (out + 2 * N, N) / power (in, N));
    fail_unless (db < -12.0, "%g: %g dB", (double) level, db);
    /* the floor is -20 dB */
    fail_unless (db > -20.5, "%g: %g dB", (double) level, db);
  }
}

GST_END_TEST;

/* The masks of the shipped model from bytes and from floats. */
GST_START_TEST (test_shipped_model_loses_nothing_in_bytes)
{
  g_autoptr (AeModel) model = shipped_model ();
  g_autoptr (AeStream) floats = ae_stream_new (model->architecture,
      model->weights, AE_STREAM_FLOATS, NULL);
  g_autoptr (AeStream) bytes = ae_stream_new (model->architecture,
      model->weights, AE_STREAM_BYTES, NULL);
  g_autofree float *sound = random_sound (15);
  AeAudioFeatures features = { 0 };
  double error = 0.0, sum = 0.0;

  for (guint t = 0; t < N_FRAMES; t++) {
    float in[AE_AUDIO_FEATURES];
    const float *a, *b;
    AeSpectrum spectrum;

    ae_stft_analyse (sound + t * AE_STFT_HOP, &spectrum);
    ae_audio_features_next (&features, &spectrum, in, 1);
    a = ae_stream_step (floats, in);
    b = ae_stream_step (bytes, in);
    for (guint k = 0; k < AE_STFT_BINS; k++) {
      error += (double) ((a[k] - b[k]) * (a[k] - b[k]));
      sum += (double) (a[k] * a[k]);
    }
  }
  fail_unless (error < 1e-3 * sum, "%g of %g", error, sum);
}

GST_END_TEST;

static Suite *
audio_suite (void)
{
  Suite *suite = suite_create ("audio");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_spectra_equal_the_plain_transform);
  tcase_add_test (tcase,
      test_frames_analysed_and_synthesised_add_up_to_the_samples);
  tcase_add_test (tcase,
      test_features_do_not_depend_on_the_gain_and_forget_a_steady_level);
  tcase_add_test (tcase, test_steps_equal_the_whole_past_at_once);
  tcase_add_test (tcase, test_models_that_need_the_future_are_refused);
  tcase_add_test (tcase, test_models_that_make_no_mask_are_refused);
  tcase_add_test (tcase, test_an_impulse_comes_out_after_the_stated_delay);
  tcase_add_test (tcase, test_no_strength_gives_the_delayed_input_to_the_bit);
  tcase_add_test (tcase, test_stream_equals_the_batch_however_it_is_cut);
  tcase_add_test (tcase, test_what_is_no_number_does_not_spread);
  tcase_add_test (tcase, test_shipped_model_removes_noise_of_any_level);
  tcase_add_test (tcase, test_shipped_model_loses_nothing_in_bytes);
  return suite;
}

GST_CHECK_MAIN (audio);
