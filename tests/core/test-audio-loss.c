/* The loss of masks of sound. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "ae-audio-loss.h"
#include "ae-rng.h"

/* Masks and targets of three samples, the last one without speech. */
static void
make_targets (AeTensor * mask, AeTensor * target)
{
  enum
  { FRAMES = 7, SAMPLES = 3 };
  g_autofree float *drawn = g_new (float, AE_AUDIO_TARGET * FRAMES);
  AeRng rng;

  ae_rng_init (&rng, 5);
  ae_tensor_resize (mask, AE_STFT_BINS, 1, FRAMES, SAMPLES);
  ae_tensor_resize (target, AE_AUDIO_TARGET, 1, FRAMES, SAMPLES);
  for (gsize i = 0; i < ae_tensor_size (mask); i++)
    mask->data[i] = ae_rng_range (&rng, 0.02f, 0.98f);
  for (guint i = 0; i < SAMPLES; i++) {
    AeSpectrum noisy[FRAMES], clean[FRAMES];

    memset (clean, 0, sizeof clean);
    ae_rng_fill_normal (&rng, noisy->re, FRAMES * 2 * AE_STFT_BINS);
    if (i + 1 < SAMPLES)
      ae_rng_fill_normal (&rng, clean->re, FRAMES * 2 * AE_STFT_BINS);
    for (guint t = 0; t < FRAMES; t++) {
      for (guint k = 0; k < AE_STFT_BINS; k++) {
        noisy[t].re[k] = 0.02f * noisy[t].re[k] + 0.03f * clean[t].re[k];
        noisy[t].im[k] = 0.02f * noisy[t].im[k] + 0.03f * clean[t].im[k];
        clean[t].re[k] *= 0.03f;
        clean[t].im[k] *= 0.03f;
      }
    }
    ae_audio_target (noisy, clean, FRAMES, drawn);
    for (gsize p = 0; p < AE_AUDIO_TARGET * FRAMES; p++)
      target->data[p * SAMPLES + i] = drawn[p];
  }
}

GST_START_TEST (test_gradient_of_the_loss_equals_finite_differences)
{
  const float weight[] = { 0.5f, 1.5f, 1.0f };
  g_auto (AeTensor) mask = AE_TENSOR_INIT;
  g_auto (AeTensor) target = AE_TENSOR_INIT;
  g_auto (AeTensor) grad = AE_TENSOR_INIT;
  g_auto (AeTensor) unused = AE_TENSOR_INIT;
  AeRng rng;

  make_targets (&mask, &target);
  ae_audio_loss (&mask, &target, weight, &grad);
  ae_rng_init (&rng, 6);
  for (guint trial = 0; trial < 8; trial++) {
    g_auto (AeTensor) moved = AE_TENSOR_INIT;
    g_autofree float *d = g_new (float, ae_tensor_size (&mask));
    double analytic = 0.0, numeric = 0.0, scale = 0.0;

    /* one sample alone in some trials */
    for (gsize i = 0; i < ae_tensor_size (&mask); i++) {
      d[i] = trial < 3 && i % 3 != trial ? 0.0f : ae_rng_normal (&rng);
      analytic += (double) (grad.data[i] * d[i]);
      scale += fabs ((double) (grad.data[i] * d[i]));
    }
    for (gint sign = -1; sign <= 1; sign += 2) {
      ae_tensor_copy (&moved, &mask);
      for (gsize i = 0; i < ae_tensor_size (&mask); i++)
        moved.data[i] += 2e-4f * (float) sign *d[i];
      numeric += sign * ae_audio_loss (&moved, &target, weight, &unused);
    }
    numeric /= 4e-4;
    fail_unless (fabs (numeric - analytic) < 4e-3 * scale,
        "trial %u: analytic %g, numeric %g", trial, analytic, numeric);
  }
}

GST_END_TEST;

/* Of samples that are to be made; the first one is not. */
GST_START_TEST (test_a_target_made_of_a_mask_is_met_by_that_mask)
{
  g_auto (AeTensor) mask = AE_TENSOR_INIT;
  g_auto (AeTensor) target = AE_TENSOR_INIT;
  g_auto (AeTensor) made = AE_TENSOR_INIT;
  g_auto (AeTensor) counts = AE_TENSOR_INIT;
  g_auto (AeTensor) grad = AE_TENSOR_INIT;
  g_auto (AeTensor) grad_before = AE_TENSOR_INIT;
  double sum = 0.0, sum_before = 0.0;

  make_targets (&mask, &target);
  for (gsize i = 0; i < ae_tensor_size (&mask); i += 5)
    mask.data[i] = 1e-3f;
  ae_tensor_copy (&made, &target);
  ae_tensor_copy (&counts, &target);
  for (guint i = 0; i < mask.n; i++)
    counts.data[i] = i == 0 ? 1.0f : 0.0f;
  ae_audio_target_of (&mask, &made, &counts);
  ae_audio_loss (&mask, &target, NULL, &grad_before);
  ae_audio_loss (&mask, &made, NULL, &grad);
  for (gsize i = 0; i < ae_tensor_size (&mask); i++) {
    if (i % mask.n == 0) {
      fail_unless_equals_float (grad.data[i], grad_before.data[i]);
      continue;
    }
    sum += fabs ((double) grad.data[i]);
    sum_before += fabs ((double) grad_before.data[i]);
  }
  fail_unless (sum < 1e-4 * sum_before, "%g of %g", sum, sum_before);
  for (guint i = 0; i < mask.n; i++)
    fail_unless_equals_float (counts.data[i], 1.0f);
}

GST_END_TEST;

GST_START_TEST (test_a_mask_that_mutes_is_no_target_of_a_ratio)
{
  g_auto (AeTensor) mask = AE_TENSOR_INIT;
  g_auto (AeTensor) target = AE_TENSOR_INIT;
  g_auto (AeTensor) counts = AE_TENSOR_INIT;
  g_auto (AeTensor) grad = AE_TENSOR_INIT;

  make_targets (&mask, &target);
  for (gsize i = 0; i < ae_tensor_size (&mask); i++)
    mask.data[i] = 1e-4f;
  ae_tensor_copy (&counts, &target);
  memset (counts.data, 0, ae_tensor_size (&counts) * sizeof (float));
  ae_audio_target_of (&mask, &target, &counts);
  /* one position of each sample moves, and no other is to mind */
  for (guint i = 0; i < mask.n; i++)
    mask.data[i] = 1e-2f;
  ae_audio_loss (&mask, &target, NULL, &grad);
  for (gsize i = mask.n; i < ae_tensor_size (&mask); i++)
    fail_unless (fabsf (grad.data[i]) < 1e-6f, "%g", (double) grad.data[i]);
}

GST_END_TEST;

GST_START_TEST (test_loss_prefers_the_clean_spectrum_and_noise_to_lost_speech)
{
  g_auto (AeTensor) mask = AE_TENSOR_INIT;
  g_auto (AeTensor) target = AE_TENSOR_INIT;
  g_auto (AeTensor) grad = AE_TENSOR_INIT;
  AeSpectrum clean, noisy;
  float drawn[AE_AUDIO_TARGET];
  double exact, more, less;

  for (guint k = 0; k < AE_STFT_BINS; k++) {
    clean.re[k] = 0.5f;
    clean.im[k] = -0.5f;
    noisy.re[k] = 1.0f;
    noisy.im[k] = -1.0f;
  }
  ae_audio_target (&noisy, &clean, 1, drawn);
  ae_tensor_resize (&mask, AE_STFT_BINS, 1, 1, 1);
  ae_tensor_resize (&target, AE_AUDIO_TARGET, 1, 1, 1);
  memcpy (target.data, drawn, sizeof drawn);
  for (guint k = 0; k < AE_STFT_BINS; k++)
    mask.data[k] = 0.5f;
  exact = ae_audio_loss (&mask, &target, NULL, &grad);
  for (guint k = 0; k < AE_STFT_BINS; k++)
    mask.data[k] = 0.5f * 1.4f;
  more = ae_audio_loss (&mask, &target, NULL, &grad);
  for (guint k = 0; k < AE_STFT_BINS; k++)
    mask.data[k] = 0.5f / 1.4f;
  less = ae_audio_loss (&mask, &target, NULL, &grad);
  fail_unless (exact < more && more < less, "%g, %g, %g", exact, more, less);
}

GST_END_TEST;

static Suite *
audio_loss_suite (void)
{
  Suite *suite = suite_create ("audio-loss");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_gradient_of_the_loss_equals_finite_differences);
  tcase_add_test (tcase, test_a_target_made_of_a_mask_is_met_by_that_mask);
  tcase_add_test (tcase, test_a_mask_that_mutes_is_no_target_of_a_ratio);
  tcase_add_test (tcase,
      test_loss_prefers_the_clean_spectrum_and_noise_to_lost_speech);
  return suite;
}

GST_CHECK_MAIN (audio_loss);
