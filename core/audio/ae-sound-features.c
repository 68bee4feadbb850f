/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-sound-features.h"

#include <math.h>

#define EXPONENT 0.3f
#define GAIN 8.0f               /* so that features vary by about a half */
#define BIN_KHZ 0.05f
#define LOUDEST 1e3f            /* a feature over it is no sound */

/* One over the root of the ear's bandwidth (Glasberg and Moore 1990), but for a
 * factor. */
static inline float
weight (guint k)
{
  return GAIN / sqrtf (4.37f * BIN_KHZ * (float) k + 1.0f);
}

void
ae_sound_features (const AeSpectrum * spectrum, float *features)
{
  for (guint k = 0; k < AE_STFT_BINS; k++) {
    float re = spectrum->re[k], im = spectrum->im[k];

    features[k] = weight (k) * powf (re * re + im * im, 0.5f * EXPONENT);
  }
}

void
ae_sound_magnitudes (const float *features, float *magnitudes)
{
  for (guint k = 0; k < AE_STFT_BINS; k++) {
    float feature = fminf (features[k] / weight (k), LOUDEST);

    magnitudes[k] = feature > 0.0f ? powf (feature, 1.0f / EXPONENT) : 0.0f;
  }
}
