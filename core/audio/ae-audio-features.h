/* What a model of sound sees of a spectrum. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-stft.h"

G_BEGIN_DECLS

#define AE_AUDIO_FEATURES (2 * AE_STFT_BINS)

/**
 * AeAudioFeatures: running means of the logarithm of power; the memory is 1.5 s,
 * less at first. All zero before the first frame.
 */
typedef struct
{
  guint n_frames;
  float bins[AE_STFT_BINS];     /* each bin's own */
  float level;                  /* of all bins */
} AeAudioFeatures;

/**
 * ae_audio_features_next:
 * @out: (out): %AE_AUDIO_FEATURES values, each @step floats after the other
 *
 * The logarithm of each bin's power less its own running mean, which a steady
 * noise leaves at zero; then less the mean of all bins, which tells the shape of
 * the spectrum. Neither depends on the gain of the recording. docs/training.md,
 * "Sound".
 */
void ae_audio_features_next (AeAudioFeatures * features,
    const AeSpectrum * spectrum, float *out, gsize step);

/**
 * ae_audio_shape_next:
 * @out: (out): %AE_STFT_BINS values, each @step floats after the other
 *
 * The shape of the spectrum alone, for models that reconstruct it: the second
 * half of what ae_audio_features_next() gives.
 */
void ae_audio_shape_next (AeAudioFeatures * features,
    const AeSpectrum * spectrum, float *out, gsize step);

/* Returns: the factor that takes a bin from one value of the shape to another. */
float ae_audio_shape_gain (float from, float to);

G_END_DECLS
