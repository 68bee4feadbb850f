/* Noise, rooms and corruptions of sound. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "ae-audio-corruption.h"
#include "ae-audio-noise.h"
#include "ae-reverb.h"

#define RATE 16000
#define MAX_SECONDS 20
#define SEED 7

static float samples[MAX_SECONDS * RATE];
static float others[MAX_SECONDS * RATE];

static float *
make_noise (AeAudioNoiseKind kind, guint rate_hz, guint64 seed, float *out,
    gsize n)
{
  g_autoptr (AeAudioNoise) noise = ae_audio_noise_new (kind, rate_hz, seed);

  ae_audio_noise_fill (noise, out, n);
  return out;
}

static double
power_of (const float *x, gsize n)
{
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += (double) x[i] * (double) x[i];
  return sum / (double) n;
}

/* Squared amplitude of the sine of @turns per sample in x[@n], under a Hann
 * window. */
static double
power_at (const float *x, gsize n, double turns)
{
  double re = 0.0, im = 0.0, sum = 0.0;

  for (gsize i = 0; i < n; i++) {
    const double angle = 2.0 * G_PI * turns * (double) i;
    const double window = 1.0 - cos (2.0 * G_PI * (double) i / (double) n);

    re += window * (double) x[i] * cos (angle);
    im += window * (double) x[i] * sin (angle);
    sum += window;
  }
  return 4.0 * (re * re + im * im) / (sum * sum);
}

GST_START_TEST (test_noise_has_unit_power_at_every_rate)
{
  static const guint rates[] = { 8000, 16000, 44100, 96000 };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
    for (guint kind = 0; kind < AE_AUDIO_NOISE_CLICKS; kind++) {
      const double power = power_of (make_noise ((AeAudioNoiseKind) kind,
              rates[i], SEED, samples, G_N_ELEMENTS (samples)),
          G_N_ELEMENTS (samples));

      fail_unless (fabs (power - 1.0) < 0.1, "%s at %u Hz: %f",
          ae_audio_noise_name ((AeAudioNoiseKind) kind), rates[i], power);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_noise_is_the_same_for_any_block_size_and_its_seed_alone)
{
  const gsize n = 30000;

  for (guint kind = 0; kind < AE_N_AUDIO_NOISES; kind++) {
    g_autoptr (AeAudioNoise) noise = NULL;

    make_noise ((AeAudioNoiseKind) kind, RATE, SEED, samples, n);
    noise = ae_audio_noise_new ((AeAudioNoiseKind) kind, RATE, SEED);
    for (gsize i = 0, size = 1; i < n; i += size, size = size * 3 % 701 + 1) {
      size = MIN (size, n - i);
      ae_audio_noise_fill (noise, others + i, size);
    }
    fail_unless (memcmp (samples, others, n * sizeof (float)) == 0);
    make_noise ((AeAudioNoiseKind) kind, RATE, SEED + 1, others, n);
    fail_unless (memcmp (samples, others, n * sizeof (float)) != 0);
  }
}

GST_END_TEST;

/* The mean of many spectra at bins an octave apart. */
GST_START_TEST (test_pink_noise_falls_by_3_db_per_octave)
{
  const guint size = 1024, n_segments = G_N_ELEMENTS (samples) / size;
  double before = 0.0;

  make_noise (AE_AUDIO_NOISE_PINK, RATE, SEED, samples, G_N_ELEMENTS (samples));
  for (guint bin = 8; bin <= 256; bin *= 2) {
    double power = 0.0, fall_db;

    for (guint i = 0; i < n_segments; i++)
      power += power_at (samples + i * size, size, (double) bin / size);
    fall_db = 10.0 * log10 (before / power);
    fail_unless (before == 0.0 || fabs (fall_db - 3.0) < 0.9,
        "%f dB to bin %u", fall_db, bin);
    before = power;
  }
}

GST_END_TEST;

/* All of the power of a second is in the harmonics of one of the two mains. */
GST_START_TEST (test_hum_is_harmonics_of_50_or_60_hz)
{
  guint n_50 = 0;

  for (guint seed = 0; seed < 8; seed++) {
    double power_50 = 0.0, power_60 = 0.0;

    make_noise (AE_AUDIO_NOISE_HUM, RATE, seed, samples, RATE);
    for (guint k = 1; k <= 20; k++) {
      power_50 += 0.5 * power_at (samples, RATE, k * 50.0 / RATE);
      power_60 += 0.5 * power_at (samples, RATE, k * 60.0 / RATE);
    }
    fail_unless (fabs (MAX (power_50, power_60) - 1.0) < 0.01, "%f and %f",
        power_50, power_60);
    n_50 += power_50 > power_60;
  }
  fail_unless (n_50 > 0 && n_50 < 8);
}

GST_END_TEST;

/* A click begins at its peak, where there was silence before. */
GST_START_TEST (test_clicks_are_some_a_second_and_short)
{
  guint n_clicks = 0, n_quiet = 0, n_loud = 0;
  float peak = 0.0f;

  make_noise (AE_AUDIO_NOISE_CLICKS, RATE, SEED, samples,
      G_N_ELEMENTS (samples));
  for (guint i = 1; i < G_N_ELEMENTS (samples); i++) {
    peak = MAX (peak, fabsf (samples[i]));
    n_clicks += fabsf (samples[i]) >= 0.2f && fabsf (samples[i - 1]) < 0.01f;
    n_quiet += fabsf (samples[i]) < 0.001f;
    n_loud += fabsf (samples[i]) > 1.0f;
  }
  fail_unless (n_loud == 0 && peak > 0.9f, "peak %f", (double) peak);
  fail_unless (n_clicks > 5 * MAX_SECONDS && n_clicks < 14 * MAX_SECONDS,
      "%u clicks", n_clicks);
  fail_unless (n_quiet > G_N_ELEMENTS (samples) / 2);
}

GST_END_TEST;

/* Seconds for 60 dB by the fall from -5 to -25 dB of the energy to come
 * (Schroeder 1965). */
static double
decay_of (const float *response, gsize n, guint rate_hz)
{
  double energy = 0.0, all;
  gsize at_5 = 0, at_25 = 0;

  all = power_of (response, n) * (double) n;
  for (gsize i = n; i-- > 0;) {
    energy += (double) response[i] * (double) response[i];
    if (energy < all * pow (10.0, -2.5))
      at_25 = i;
    if (energy < all * pow (10.0, -0.5))
      at_5 = i;
  }
  return 3.0 * (double) (at_25 - at_5) / rate_hz;
}

GST_START_TEST (test_room_dies_away_in_the_time_asked_for)
{
  static const float decays_s[] = { 0.2f, 0.5f, 1.0f };
  static const guint rates[] = { 8000, 16000, 48000 };

  for (guint i = 0; i < G_N_ELEMENTS (decays_s); i++) {
    for (guint r = 0; r < G_N_ELEMENTS (rates); r++) {
      g_autoptr (AeReverb) room = ae_reverb_new (rates[r], decays_s[i], SEED);
      double decay;

      memset (samples, 0, sizeof samples);
      samples[0] = 1.0f;
      ae_reverb_run (room, samples, samples, G_N_ELEMENTS (samples));
      decay = decay_of (samples, G_N_ELEMENTS (samples), rates[r]);
      fail_unless (decay > 0.5 * (double) decays_s[i]
          && decay < 1.15 * (double) decays_s[i],
          "%f s at %u Hz, asked for %f", decay, rates[r], (double) decays_s[i]);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_room_keeps_the_power_and_forgets_what_is_no_sample)
{
  const gsize n = G_N_ELEMENTS (samples);
  g_autoptr (AeReverb) room = ae_reverb_new (RATE, 0.5f, SEED);
  double power;
  guint n_bad = 0;

  make_noise (AE_AUDIO_NOISE_GAUSSIAN, RATE, SEED, samples, n);
  samples[100] = NAN;
  samples[200] = INFINITY;
  samples[300] = -3e38f;
  ae_reverb_run (room, samples, others, n);
  for (gsize i = 0; i < n; i++)
    n_bad += !(fabsf (others[i]) < 100.0f);
  fail_unless_equals_int (n_bad, 0);
  power = power_of (others, n);
  fail_unless (fabs (power - 1.0) < 0.15, "%f", power);
}

GST_END_TEST;

/* What @kind makes of 100,000 samples of 0.25. */
static void
count (AeAudioCorruptionKind kind, float level, float kept, guint counts[4])
{
  g_autoptr (AeAudioCorruption) c = ae_audio_corruption_new (kind, RATE, SEED);

  for (guint i = 0; i < 100000; i++)
    samples[i] = 0.25f;
  ae_audio_corruption_run (c, level, samples, 100000);
  memset (counts, 0, 4 * sizeof *counts);
  for (guint i = 0; i < 100000; i++)
    counts[samples[i] == 0.0f ? 0 : fabsf (samples[i]) == 1.0f ? 1 :
        samples[i] == kept ? 2 : 3]++;
}

static void
assert_share (guint n, double share)
{
  const double sigma = sqrt (100000.0 * share * (1.0 - share));

  fail_unless (fabs (n - 100000.0 * share) <= 4.0 * sigma,
      "%u of 100000 samples, expected a share of %g", n, share);
}

GST_START_TEST (test_shares_of_the_samples_are_hit_and_the_others_kept)
{
  guint counts[4];

  count (AE_AUDIO_CORRUPTION_SALT_PEPPER, 0.1f, 0.25f, counts);
  assert_share (counts[1], 0.1);
  fail_unless_equals_int (counts[0] + counts[3], 0);
  count (AE_AUDIO_CORRUPTION_MASKING, 0.3f, 0.25f, counts);
  assert_share (counts[0], 0.3);
  fail_unless_equals_int (counts[1] + counts[3], 0);
  count (AE_AUDIO_CORRUPTION_DROPOUT, 0.5f, 0.5f, counts);
  assert_share (counts[0], 0.5);
  fail_unless_equals_int (counts[1] + counts[3], 0);
  count (AE_AUDIO_CORRUPTION_DROPOUT, 1.0f, 0.25f, counts);
  fail_unless_equals_int (counts[0], 100000);
}

GST_END_TEST;

GST_START_TEST (test_corruption_is_the_same_for_any_block_size)
{
  const gsize n = 30000;

  for (guint kind = 0; kind < AE_N_AUDIO_CORRUPTIONS; kind++) {
    const AeAudioCorruptionKind k = (AeAudioCorruptionKind) kind;
    const float level = ae_audio_corruption_usual_level (k);
    g_autoptr (AeAudioCorruption) a = ae_audio_corruption_new (k, RATE, SEED);
    g_autoptr (AeAudioCorruption) b = ae_audio_corruption_new (k, RATE, SEED);

    for (gsize i = 0; i < n; i++)
      samples[i] = others[i] = (float) (i * 37 % 1001) / 1001.0f - 0.5f;
    ae_audio_corruption_run (a, level, samples, n);
    for (gsize i = 0, size = 1; i < n; i += size, size = size * 3 % 701 + 1) {
      size = MIN (size, n - i);
      ae_audio_corruption_run (b, level, others + i, size);
    }
    fail_unless (memcmp (samples, others, n * sizeof (float)) == 0,
        "corruption %u", kind);
  }
}

GST_END_TEST;

/* Of the power of what was added; a room takes the place of what was there. */
GST_START_TEST (test_level_is_how_much_is_added)
{
  for (guint kind = AE_AUDIO_CORRUPTION_GAUSSIAN;
      kind <= AE_AUDIO_CORRUPTION_HUM; kind++) {
    g_autoptr (AeAudioCorruption) c =
        ae_audio_corruption_new ((AeAudioCorruptionKind) kind, RATE, SEED);
    double level;

    memset (samples, 0, sizeof samples);
    ae_audio_corruption_run (c, 0.1f, samples, G_N_ELEMENTS (samples));
    level = sqrt (power_of (samples, G_N_ELEMENTS (samples)));
    fail_unless (fabs (level - 0.1) < 0.005, "corruption %u: %f", kind, level);
  }
}

GST_END_TEST;

static Suite *
audio_noise_suite (void)
{
  Suite *s = suite_create ("audio noise");
  TCase *tc = tcase_create ("values");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_noise_has_unit_power_at_every_rate);
  tcase_add_test (tc,
      test_noise_is_the_same_for_any_block_size_and_its_seed_alone);
  tcase_add_test (tc, test_pink_noise_falls_by_3_db_per_octave);
  tcase_add_test (tc, test_hum_is_harmonics_of_50_or_60_hz);
  tcase_add_test (tc, test_clicks_are_some_a_second_and_short);
  tcase_add_test (tc, test_room_dies_away_in_the_time_asked_for);
  tcase_add_test (tc, test_room_keeps_the_power_and_forgets_what_is_no_sample);
  tcase_add_test (tc, test_shares_of_the_samples_are_hit_and_the_others_kept);
  tcase_add_test (tc, test_corruption_is_the_same_for_any_block_size);
  tcase_add_test (tc, test_level_is_how_much_is_added);
  return s;
}

GST_CHECK_MAIN (audio_noise);
