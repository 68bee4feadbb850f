/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-audio-loss.h"

#include <math.h>

#define COMPRESSION 0.3f        /* exponent of magnitudes */
#define OVER 2.8f               /* weight of magnitudes that are too small */
#define COMPLEX 0.5f            /* weight of the compressed spectra */
#define RATIO 0.012f            /* weight of a decibel */
#define RATIO_FLOOR 1e-3        /* past 30 dB nothing is gained */
#define NOTHING 1e-9            /* energy, that of the clean sample being 1 */
#define LEAST_SHARE 0.3         /* of the noisy power: where there is less speech,
                                 * magnitudes are measured in that */
#define SPEECH_SHARE 0.003      /* of that, or of the speech before a mask: with
                                 * less, there is no ratio */
#define MASK_OFFSET 1e-3f       /* bounds the slope of the compression at 0 */

/* Planes of a target. */
enum
{
  NOISY,                        /* |X|^0.3 */
  CLEAN,                        /* |S|^0.3 */
  COSINE,                       /* of the angle between X and S */
  POWER,                        /* |X|^2, the energies of S adding up to 1 */
  PRODUCT                       /* Re (X conj S), likewise */
};

static double
mean_power (const AeSpectrum * s, guint n_frames)
{
  double sum = 0.0;

  for (guint t = 0; t < n_frames; t++) {
    for (guint k = 0; k < AE_STFT_BINS; k++)
      sum += (double) (s[t].re[k] * s[t].re[k] + s[t].im[k] * s[t].im[k]);
  }
  return sum / ((double) n_frames * AE_STFT_BINS);
}

void
ae_audio_target (const AeSpectrum * noisy, const AeSpectrum * clean,
    guint n_frames, float *target)
{
  gsize plane = (gsize) AE_STFT_BINS * n_frames;
  double power = mean_power (clean, n_frames), energy = 0.0;
  double least = LEAST_SHARE * mean_power (noisy, n_frames);
  gboolean has_speech = power > SPEECH_SHARE * least;
  float scale = (float) (1.0 / sqrt (MAX (power, least) + 1e-20));

  for (guint t = 0; t < n_frames; t++) {
    for (guint k = 0; k < AE_STFT_BINS; k++) {
      float *to = target + (gsize) k * n_frames + t;
      float xr = scale * noisy[t].re[k], xi = scale * noisy[t].im[k];
      float sr = scale * clean[t].re[k], si = scale * clean[t].im[k];
      float x2 = xr * xr + xi * xi, s2 = sr * sr + si * si;
      float times = k % (AE_STFT_BINS - 1) == 0 ? 1.0f : 2.0f;
      float product = xr * sr + xi * si;

      to[NOISY * plane] = powf (x2, 0.5f * COMPRESSION);
      to[CLEAN * plane] = powf (s2, 0.5f * COMPRESSION);
      to[COSINE * plane] = product / (sqrtf (x2 * s2) + 1e-20f);
      to[POWER * plane] = times * x2;
      to[PRODUCT * plane] = times * product;
      energy += (double) (times * s2);
    }
  }
  for (gsize i = 0; i < 2 * plane; i++)
    target[POWER * plane + i] = has_speech
        ? (float) ((double) target[POWER * plane + i] / energy) : 0.0f;
}

void
ae_audio_target_of (const AeTensor * mask, AeTensor * target, AeTensor * counts)
{
  gsize n = mask->n, size = ae_tensor_size (mask);

  for (gsize i = 0; i < n; i++) {
    double energy = 0.0;
    float per_energy;

    if (counts->data[i] != 0.0f)
      continue;
    for (gsize p = i; p < size; p += n)
      energy += (double) (mask->data[p] * mask->data[p]
          * target->data[POWER * size + p]);
    per_energy = energy > SPEECH_SHARE ? (float) (1.0 / energy) : 0.0f;
    for (gsize p = i; p < size; p += n) {
      float *t = target->data + p, m = mask->data[p];

      t[CLEAN * size] = t[NOISY * size] * powf (m + MASK_OFFSET, COMPRESSION);
      t[COSINE * size] = 1.0f;
      t[POWER * size] *= per_energy;
      t[PRODUCT * size] = m * t[POWER * size];
    }
    counts->data[i] = 1.0f;
  }
}

/* The parts that add up over positions, of sample @i; grad becomes theirs, times
 * @scale. */
static double
add_positions (const AeTensor * mask, const AeTensor * target, guint i,
    float scale, float *grad)
{
  gsize n = mask->n, size = ae_tensor_size (mask);
  double sum = 0.0;

  for (gsize p = i; p < size; p += n) {
    const float *t = target->data + p;
    float m = mask->data[p] + MASK_OFFSET;
    float y = t[NOISY * size] * powf (m, COMPRESSION), clean = t[CLEAN * size];
    float d = y - clean, weight = d < 0.0f ? OVER : 1.0f;
    float along = clean * t[COSINE * size];
    float loss = weight * d * d
        + COMPLEX * (y * y + clean * clean - 2.0f * y * along);

    sum += (double) loss;
    grad[p] = scale * (2.0f * weight * d + COMPLEX * 2.0f * (y - along))
        * COMPRESSION * y / m;
  }
  return sum * (double) scale;
}

/* Of sample @i: how much of Y is along S, its energy, and that of X. */
typedef struct
{
  double along, energy, given;
} Sums;

static Sums
add_up (const AeTensor * mask, const AeTensor * target, guint i)
{
  const float *power = target->data + POWER * ae_tensor_size (mask);
  const float *product = target->data + PRODUCT * ae_tensor_size (mask);
  Sums sums = { 0.0, 0.0, 0.0 };

  for (gsize p = i; p < ae_tensor_size (mask); p += mask->n) {
    float m = mask->data[p];

    sums.along += (double) (m * product[p]);
    sums.energy += (double) (m * m * power[p]);
    sums.given += (double) power[p];
  }
  return sums;
}

/* What the ratio of sample @i is short of, in decibels, if it has speech: of the
 * part of Y along S to the rest. Its gradient is added to @grad, times @scale. */
static double
add_ratio (const AeTensor * mask, const AeTensor * target, guint i,
    float scale, float *grad)
{
  const float *power = target->data + POWER * ae_tensor_size (mask);
  const float *product = target->data + PRODUCT * ae_tensor_size (mask);
  gsize n = mask->n, size = ae_tensor_size (mask);
  Sums sums = add_up (mask, target, i);
  double along = sums.along, signal, rest;
  float by_along, by_energy;

  if (sums.given <= 0.0)
    return 0.0;
  signal = along * along + NOTHING;
  rest = sums.energy - (1.0 - RATIO_FLOOR) * along * along + NOTHING;
  scale *= (float) (10.0 / G_LN10);
  by_along = scale * (float) (-2.0 * along / signal
      - 2.0 * (1.0 - RATIO_FLOOR) * along / rest);
  by_energy = scale * (float) (1.0 / rest);
  for (gsize p = i; p < size; p += n)
    grad[p] += by_along * product[p]
        + by_energy * 2.0f * mask->data[p] * power[p];
  return (double) scale *log (rest / (RATIO_FLOOR * signal));
}

double
ae_audio_loss (const AeTensor * mask, const AeTensor * target,
    const float *sample_weight, AeTensor * grad)
{
  gsize n_positions = ae_tensor_size (mask) / mask->n;
  double sum = 0.0;

  ae_tensor_resize_like (grad, mask);
  for (guint i = 0; i < mask->n; i++) {
    float weight = sample_weight ? sample_weight[i] : 1.0f;

    sum += add_positions (mask, target, i, weight / (float) n_positions,
        grad->data);
    sum += add_ratio (mask, target, i, RATIO * weight, grad->data);
  }
  return sum;
}

double
ae_audio_score_db (const AeTensor * mask, const AeTensor * target)
{
  Sums sums = add_up (mask, target, 0);
  double signal = sums.along * sums.along + NOTHING;

  if (sums.given <= 0.0)
    return 0.0;
  return 10.0 * log10 (signal / (sums.energy - (1.0 - RATIO_FLOOR)
          * sums.along * sums.along + NOTHING));
}
