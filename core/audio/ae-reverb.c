/* Reverberation of a room. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-reverb.h"

#include <math.h>
#include <string.h>

#include "ae-rng.h"

#define N_LINES 8
#define DAMPING_HZ 7000.0f
/* As a room's air has: keeps sums from getting denormal in silence. */
#define SILENCE 1e-20f

typedef struct
{
  float *samples;               /* [size], a ring */
  guint size, i;
  float gain;                   /* of one pass */
  float sign;                   /* of the input, and of the output */
  float damped;                 /* state of the low pass */
} Line;

struct _AeReverb
{
  Line lines[N_LINES];
  float damping;                /* pole of the low passes */
  float unit;                   /* gain that keeps the power */
};

static float
reverberate (AeReverb * reverb, float in)
{
  float out[N_LINES];
  float sum = 0.0f, wet = 0.0f;

  for (guint l = 0; l < N_LINES; l++) {
    Line *line = &reverb->lines[l];

    line->damped += (1.0f - reverb->damping) *
        (line->samples[line->i] - line->damped);
    out[l] = line->gain * line->damped + SILENCE;
    sum += out[l];
    wet += line->sign * out[l];
  }
  /* a Householder reflection keeps the energy while it mixes the lines */
  sum *= 2.0f / N_LINES;
  for (guint l = 0; l < N_LINES; l++) {
    Line *line = &reverb->lines[l];

    line->samples[line->i] = out[l] - sum + line->sign * in;
    if (++line->i == line->size)
      line->i = 0;
  }
  return wet;
}

static void
clear (AeReverb * reverb)
{
  for (guint l = 0; l < N_LINES; l++) {
    Line *line = &reverb->lines[l];

    memset (line->samples, 0, line->size * sizeof (float));
    line->i = 0;
    line->damped = 0.0f;
  }
}

/* Measures the power that white noise would have. */
static void
find_unit (AeReverb * reverb, gsize n)
{
  float power = 0.0f;

  for (gsize i = 0; i < n; i++) {
    const float h = reverberate (reverb, i == 0 ? 1.0f : 0.0f);

    power += h * h;
  }
  reverb->unit = power > 0.0f ? 1.0f / sqrtf (power) : 0.0f;
  clear (reverb);
}

AeReverb *
ae_reverb_new (guint rate_hz, float decay_s, guint64 seed)
{
  static const float delays_s[N_LINES] = {
    0.0113f, 0.0139f, 0.0173f, 0.0207f, 0.0251f, 0.0293f, 0.0347f, 0.0389f
  };
  const float rate = (float) rate_hz;
  AeReverb *reverb;
  AeRng rng;

  g_return_val_if_fail (rate_hz > 0, NULL);
  g_return_val_if_fail (decay_s >= 0.01f && decay_s <= 10.0f, NULL);

  reverb = g_new0 (AeReverb, 1);
  reverb->damping = expf (-2.0f * (float) G_PI * DAMPING_HZ / rate);
  ae_rng_init (&rng, seed);
  for (guint l = 0; l < N_LINES; l++) {
    Line *line = &reverb->lines[l];
    const float size = delays_s[l] * ae_rng_range (&rng, 0.9f, 1.1f) * rate;

    line->size = MAX (1, (guint) size);
    line->samples = g_new0 (float, line->size);
    line->gain = powf (10.0f, -3.0f * (float) line->size / (decay_s * rate));
    line->sign = ae_rng_u64 (&rng) >> 63 ? 1.0f : -1.0f;
  }
  find_unit (reverb, (gsize) (decay_s * rate) + 1);
  return reverb;
}

void
ae_reverb_run (AeReverb * reverb, const float *in, float *out, gsize n)
{
  g_return_if_fail (reverb != NULL);

  for (gsize i = 0; i < n; i++) {
    const gboolean is_sound = fabsf (in[i]) <= AE_REVERB_MAX_SAMPLE;

    out[i] = reverb->unit * reverberate (reverb, is_sound ? in[i] : 0.0f);
  }
}

void
ae_reverb_free (AeReverb * reverb)
{
  if (reverb == NULL)
    return;
  for (guint l = 0; l < N_LINES; l++)
    g_free (reverb->lines[l].samples);
  g_free (reverb);
}
