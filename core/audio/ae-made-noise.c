/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-made-noise.h"

#include <math.h>
#include <string.h>

#define RATE 16000.0f
#define STEP 160                /* samples between changes of a filter */

static float
log_range (AeRng * rng, float low, float high)
{
  return low * powf (high / low, ae_rng_uniform (rng));
}

/* Keeps the state, so that a filter can change while it runs. */
static void
set (AeBiquad * q, float b0, float b1, float b2, float a0, float a1, float a2)
{
  q->b0 = b0 / a0;
  q->b1 = b1 / a0;
  q->b2 = b2 / a0;
  q->a1 = a1 / a0;
  q->a2 = a2 / a0;
}

void
ae_biquad_band (AeBiquad * q, float frequency, float width)
{
  float w = 2.0f * (float) G_PI * frequency / RATE;
  float alpha = sinf (w) * width / (2.0f * frequency);

  set (q, alpha, 0.0f, -alpha, 1.0f + alpha, -2.0f * cosf (w), 1.0f - alpha);
}

void
ae_biquad_peak (AeBiquad * q, float frequency, float width, float gain_db)
{
  float w = 2.0f * (float) G_PI * frequency / RATE;
  float alpha = sinf (w) * width / (2.0f * frequency);
  float a = powf (10.0f, gain_db / 40.0f), c = -2.0f * cosf (w);

  set (q, 1.0f + alpha * a, c, 1.0f - alpha * a, 1.0f + alpha / a, c,
      1.0f - alpha / a);
}

void
ae_biquad_run (AeBiquad * q, float *samples, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    float x = samples[i], y = q->b0 * x + q->s1;

    q->s1 = q->b1 * x - q->a1 * y + q->s2;
    q->s2 = q->b2 * x - q->a2 * y;
    samples[i] = y;
  }
}

void
ae_random_equaliser (AeRng * rng, float *samples, gsize n)
{
  guint n_sections = 1 + ae_rng_below (rng, 3);

  for (guint i = 0; i < n_sections; i++) {
    AeBiquad q = { 0 };
    float frequency = log_range (rng, 60.0f, 7000.0f);

    ae_biquad_peak (&q, frequency, frequency * log_range (rng, 0.4f, 3.0f),
        ae_rng_range (rng, -9.0f, 9.0f));
    ae_biquad_run (&q, samples, n);
  }
}

/* Two poles at random slopes: from nearly white to brown. */
static void
make_pink (AeRng * rng, float *out, gsize n)
{
  float fast = 0.0f, slow = 0.0f, share = ae_rng_uniform (rng);
  float keep = 1.0f - log_range (rng, 0.02f, 0.7f);

  ae_rng_fill_normal (rng, out, n);
  for (gsize i = 0; i < n; i++) {
    fast += (1.0f - keep) * (out[i] - fast);
    slow += 0.01f * (out[i] - slow);
    out[i] = share * 0.15f * out[i] + fast + 4.0f * (1.0f - share) * slow;
  }
}

/* Wanders within limits, on a logarithmic scale. */
static float
wander (AeRng * rng, float x, float speed, float low, float high)
{
  return fminf (fmaxf (x * expf (speed * ae_rng_normal (rng)), low), high);
}

static void
make_moving (AeRng * rng, float *out, gsize n)
{
  enum
  { MAX_BANDS = 4 };
  guint n_bands = 1 + ae_rng_below (rng, MAX_BANDS);
  float speed = log_range (rng, 0.003f, 0.12f), part[STEP];
  float floor = ae_rng_range (rng, 0.0f, 0.1f);
  float frequency[MAX_BANDS], gain[MAX_BANDS];
  AeBiquad q[MAX_BANDS] = { {0} };

  for (guint j = 0; j < n_bands; j++) {
    frequency[j] = log_range (rng, 80.0f, 6500.0f);
    gain[j] = log_range (rng, 0.2f, 2.0f);
  }
  for (gsize i = 0; i < n; i += STEP) {
    gsize m = MIN (n - i, STEP);

    memset (out + i, 0, m * sizeof (float));
    for (guint j = 0; j < n_bands; j++) {
      frequency[j] = wander (rng, frequency[j], speed, 60.0f, 7000.0f);
      gain[j] = wander (rng, gain[j], speed, 0.05f, 4.0f);
      ae_biquad_band (&q[j], frequency[j], 0.4f * frequency[j] + 40.0f);
      ae_rng_fill_normal (rng, part, m);
      ae_biquad_run (&q[j], part, m);
      for (gsize k = 0; k < m; k++)
        out[i + k] += gain[j] * part[k] + floor * part[(k + 1) % m];
    }
  }
}

static void
make_bands (AeRng * rng, float *out, gsize n)
{
  guint n_bands = 1 + ae_rng_below (rng, 4);
  float *band = g_new (float, n);

  memset (out, 0, n * sizeof (float));
  for (guint j = 0; j < n_bands; j++) {
    float center = log_range (rng, 80.0f, 7000.0f);
    float turn = 2.0f * (float) G_PI * log_range (rng, 0.2f, 25.0f) / RATE;
    float sharpness = log_range (rng, 0.3f, 6.0f), gain =
        log_range (rng, 0.2f, 1.0f);
    float phase = 6.28f * ae_rng_uniform (rng);
    AeBiquad q = { 0 };

    ae_biquad_band (&q, center, center * log_range (rng, 0.1f, 2.0f));
    ae_rng_fill_normal (rng, band, n);
    ae_biquad_run (&q, band, n);
    for (gsize i = 0; i < n; i++)
      out[i] += gain * band[i]
          * powf (0.5f + 0.5f * sinf (phase + turn * (float) i), sharpness);
  }
  g_free (band);
}

#define PERIOD 2048

/* One period of harmonics of @base, random in level and phase. */
static void
make_period (AeRng * rng, float base, float period[PERIOD])
{
  guint n_harmonics = 1 + ae_rng_below (rng, 40);
  float decay = log_range (rng, 0.3f, 2.0f);

  memset (period, 0, PERIOD * sizeof (float));
  for (guint h = 1; h <= n_harmonics && base * (float) h < 7800.0f; h++) {
    float gain = powf ((float) h, -decay) * ae_rng_range (rng, 0.1f, 1.0f);
    float phase = 6.28f * ae_rng_uniform (rng);

    for (guint i = 0; i < PERIOD; i++)
      period[i] += gain * sinf (phase + 2.0f * (float) G_PI
          * (float) (i * h % PERIOD) / PERIOD);
  }
}

static void
make_hum (AeRng * rng, float *out, gsize n)
{
  float base = ae_rng_below (rng, 2) == 0
      ? (ae_rng_below (rng, 2) ? 50.0f : 60.0f)
      : log_range (rng, 30.0f, 400.0f);
  float hiss = ae_rng_range (rng, 0.0f, 0.1f), at = 0.0f;
  float sway = log_range (rng, 1e-5f, 3e-2f);
  float turn = 6.28f * log_range (rng, 0.1f, 8.0f) / RATE;
  float period[PERIOD];

  make_period (rng, base, period);
  ae_rng_fill_normal (rng, out, n);
  for (gsize i = 0; i < n; i++) {
    guint j = (guint) at;
    float part = at - (float) j, a = period[j % PERIOD];

    out[i] = hiss * out[i] + a + part * (period[(j + 1) % PERIOD] - a);
    at += base * PERIOD / RATE * (1.0f + sway * sinf (turn * (float) i));
    if (at >= PERIOD)
      at -= PERIOD;
  }
}

static void
make_clicks (AeRng * rng, float *out, gsize n)
{
  float rate = log_range (rng, 0.7f, 40.0f), spread = ae_rng_range (rng, 0.0f,
      1.5f);
  gboolean regular = ae_rng_below (rng, 2);
  float hiss = ae_rng_range (rng, 0.0f, 0.02f);
  float *rings = g_new0 (float, n);
  AeBiquad q = { 0 }, low = { 0 };

  for (float at = ae_rng_range (rng, 0.0f, RATE / rate); at < (float) n;) {
    rings[(gsize) at] = 10.0f * expf (spread * ae_rng_normal (rng));
    at += 1.0f + RATE / rate * (regular ? 1.0f
        : -logf (ae_rng_uniform (rng) + 1e-6f));
  }
  memcpy (out, rings, n * sizeof (float));
  ae_biquad_band (&q, log_range (rng, 200.0f, 7000.0f), log_range (rng, 30.0f,
          3000.0f));
  ae_biquad_band (&low, log_range (rng, 80.0f, 2000.0f), log_range (rng,
          30.0f, 1000.0f));
  ae_biquad_run (&q, out, n);
  ae_biquad_run (&low, rings, n);
  for (gsize i = 0; i < n; i++)
    out[i] += rings[i] + hiss * ae_rng_normal (rng);
  g_free (rings);
}

void
ae_made_noise (AeMadeNoise kind, AeRng * rng, float *out, gsize n)
{
  switch (kind) {
    case AE_MADE_NOISE_PINK:
      make_pink (rng, out, n);
      break;
    case AE_MADE_NOISE_MOVING:
      make_moving (rng, out, n);
      break;
    case AE_MADE_NOISE_BANDS:
      make_bands (rng, out, n);
      break;
    case AE_MADE_NOISE_HUM:
      make_hum (rng, out, n);
      break;
    case AE_MADE_NOISE_CLICKS:
      make_clicks (rng, out, n);
      break;
    case AE_MADE_NOISE_WHITE:
    case AE_N_MADE_NOISES:
      ae_rng_fill_normal (rng, out, n);
      break;
  }
}
