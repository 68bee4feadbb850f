/* SI-SDR, STOI, ESTOI and log-spectral distance against values from NumPy. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-audio-quality.h"

#define MAX_RATE 44100

static float clean[2 * MAX_RATE], noisy[2 * MAX_RATE];

/* Printed by tests/data/make-golden-audio-quality.py. */
static const struct
{
  guint rate_hz;
  double si_sdr_db, stoi, estoi, lsd_db;
} golden[] = {
  {8000, 4.292305, 0.822993, 0.192025, 23.266520},
  {10000, 4.126817, 0.812106, 0.159915, 23.505993},
  {16000, 4.193782, 0.853759, 0.295182, 23.002957},
  {44100, 4.206502, 0.887551, 0.299231, 20.021706},
};

/* The formulas of the script. */
static void
fill_sounds (guint rate_hz)
{
  guint32 state = 1;

  for (guint i = 0; i < 2 * rate_hz; i++) {
    const double t = (double) i / rate_hz;
    const double loud = MAX (0.0, sin (2.0 * G_PI * 2.3 * t));
    double tones = 0.0;

    for (guint h = 1; h <= 20; h++)
      tones += sin (2.0 * G_PI * 140.0 * h * (t + 0.02 * sin (3.0 * t))) / h;
    tones *= loud * loud * 0.3;
    state = 1664525u * state + 1013904223u;
    clean[i] = (float) tones;
    noisy[i] = (float) (tones * (0.8 + 0.2 * cos (2.0 * G_PI * 9.0 * t))
        + 0.1 * (state / 2147483648.0 - 1.0) + 0.01);
  }
}

GST_START_TEST (test_quality_equals_values_computed_apart)
{
  const guint rate_hz = golden[__i__].rate_hz;
  const gsize n = 2 * rate_hz;
  double stoi, estoi, value;

  fill_sounds (rate_hz);
  value = ae_audio_quality_si_sdr_db (clean, noisy, n);
  fail_unless (fabs (value - golden[__i__].si_sdr_db) < 1e-4, "%f", value);
  fail_unless (ae_audio_quality_stoi (clean, noisy, n, rate_hz, &stoi, &estoi));
  fail_unless (fabs (stoi - golden[__i__].stoi) < 1e-4, "%f", stoi);
  fail_unless (fabs (estoi - golden[__i__].estoi) < 1e-4, "%f", estoi);
  value = ae_audio_quality_lsd_db (clean, noisy, n, rate_hz);
  fail_unless (fabs (value - golden[__i__].lsd_db) < 1e-3, "%f", value);
}

GST_END_TEST;

GST_START_TEST (test_quality_of_equal_sounds_is_the_best)
{
  double stoi, estoi;

  fill_sounds (16000);
  fail_unless (ae_audio_quality_si_sdr_db (clean, clean, 32000) ==
      AE_SI_SDR_EQUAL_DB);
  fail_unless (ae_audio_quality_stoi (clean, clean, 32000, 16000, &stoi,
          &estoi));
  fail_unless (fabs (stoi - 1.0) < 1e-9 && fabs (estoi - 1.0) < 1e-9,
      "%f and %f", stoi, estoi);
  fail_unless (ae_audio_quality_lsd_db (clean, clean, 32000, 16000) == 0.0);
}

GST_END_TEST;

GST_START_TEST (test_a_gain_or_an_offset_does_not_change_si_sdr)
{
  double before, after;

  fill_sounds (16000);
  before = ae_audio_quality_si_sdr_db (clean, noisy, 32000);
  for (guint i = 0; i < 32000; i++)
    noisy[i] = 0.25f * noisy[i] - 0.5f;
  after = ae_audio_quality_si_sdr_db (clean, noisy, 32000);
  fail_unless (fabs (before - after) < 1e-3, "%f and %f", before, after);
}

GST_END_TEST;

GST_START_TEST (test_what_is_too_short_or_silent_has_no_value)
{
  double stoi, estoi;

  fill_sounds (16000);
  fail_if (ae_audio_quality_stoi (clean, noisy, 6000, 16000, &stoi, &estoi));
  fail_if (ae_audio_quality_stoi (clean, noisy, 0, 16000, &stoi, &estoi));
  fail_unless (ae_audio_quality_lsd_db (clean, noisy, 500, 16000) == -1.0);
  for (guint i = 0; i < 32000; i++)
    clean[i] = 0.0f;
  fail_unless (ae_audio_quality_lsd_db (clean, noisy, 32000, 16000) == -1.0);
  fail_unless (ae_audio_quality_si_sdr_db (clean, noisy, 32000) < -90.0);
}

GST_END_TEST;

static Suite *
audio_quality_suite (void)
{
  Suite *s = suite_create ("audio quality");
  TCase *tc = tcase_create ("values");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc, test_quality_equals_values_computed_apart, 0,
      G_N_ELEMENTS (golden));
  tcase_add_test (tc, test_quality_of_equal_sounds_is_the_best);
  tcase_add_test (tc, test_a_gain_or_an_offset_does_not_change_si_sdr);
  tcase_add_test (tc, test_what_is_too_short_or_silent_has_no_value);
  return s;
}

GST_CHECK_MAIN (audio_quality);
