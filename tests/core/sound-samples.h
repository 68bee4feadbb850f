/* Sound and a model that codes it, small enough for tests. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <math.h>

#include "ae-latent-model.h"
#include "ae-rng.h"
#include "ae-sound-features.h"

#define SOUND_PLANES 24

/* A model whose planes are cosines over the bins of both frames: their sum and
 * their difference; what it makes is what it read, but smoother. */
static inline AeModel *
sound_model (void)
{
  const AeShape input = { AE_SOUND_FEATURES, 0, 0 };
  const guint n = AE_SOUND_FEATURES, bins = AE_STFT_BINS;
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse ("conv 1x1 24 | conv 1x1 322", &input, NULL);
  float *data = ae_aligned_try_alloc0 (architecture->n_weights
      * sizeof (float));
  const gsize to = architecture->layers[0].params[AE_PARAM_WEIGHT].offset;
  const gsize from = architecture->layers[1].params[AE_PARAM_WEIGHT].offset;
  g_autoptr (AeWeights) weights = NULL;

  for (guint p = 0; p < SOUND_PLANES; p++) {
    for (guint i = 0; i < n; i++) {
      float angle = (float) G_PI * ((float) (i % bins) + 0.5f)
          * (float) (p / 2) / (float) bins;
      float scale = sqrtf ((p / 2 > 0 ? 1.0f : 0.5f) / (float) bins);
      float value = scale * cosf (angle) * (p % 2 && i >= bins ? -1.0f : 1.0f);

      data[to + p * n + i] = data[from + i * SOUND_PLANES + p] = value;
    }
  }
  weights = ae_weights_new_take (data, architecture->n_weights, NULL);
  return ae_model_new (architecture, weights, NULL, NULL);
}

/* Syllables: a hum of four harmonics that swells and ebbs, with a little noise. */
static inline void
fill_sound (float *samples, gsize n, guint64 seed)
{
  AeRng rng;

  ae_rng_init (&rng, seed);
  for (gsize i = 0; i < n; i++) {
    float t = (float) i / 16000.0f, swell = sinf (12.0f * t);
    float sum = 0.02f * ae_rng_normal (&rng);

    for (guint k = 1; k <= 4; k++)
      sum += 0.2f / (float) k * sinf (2.0f * (float) G_PI * 180.0f
          * (float) k * t);
    samples[i] = swell * swell * sum;
  }
}

/* Loudness in time is what it was: the correlation of the roots of the energies
 * of packets. */
static inline double
sound_likeness (const float *a, const float *b, gsize n)
{
  double sums[5] = { 0 };
  const guint packet = AE_SOUND_PACKET_SAMPLES;
  gsize n_packets = n / packet;

  for (gsize p = 0; p < n_packets; p++) {
    double x = 0, y = 0;

    for (guint i = 0; i < packet; i++) {
      double u = (double) a[p * packet + i], v = (double) b[p * packet + i];

      x += u * u;
      y += v * v;
    }
    x = sqrt (x);
    y = sqrt (y);
    sums[0] += x;
    sums[1] += y;
    sums[2] += x * x;
    sums[3] += y * y;
    sums[4] += x * y;
  }
  return (sums[4] - sums[0] * sums[1] / (double) n_packets)
      / sqrt ((sums[2] - sums[0] * sums[0] / (double) n_packets)
      * (sums[3] - sums[1] * sums[1] / (double) n_packets));
}
