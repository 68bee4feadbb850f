/* What a model that codes sound sees of a spectrum. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-stft.h"

G_BEGIN_DECLS

/* A packet stands for two hops: 20 ms at 16 kHz. */
#define AE_SOUND_PACKET_FRAMES 2
#define AE_SOUND_PACKET_SAMPLES (AE_SOUND_PACKET_FRAMES * AE_STFT_HOP)
#define AE_SOUND_FEATURES (AE_SOUND_PACKET_FRAMES * AE_STFT_BINS)

/**
 * ae_sound_features:
 * @features: (out): %AE_STFT_BINS numbers: each magnitude to the power of 0.3,
 *   which is about how loud it is heard, times a weight that falls with the
 *   width of the ear's filters there; docs/bitstream.md, section 12
 */
void ae_sound_features (const AeSpectrum * spectrum, float *features);

/* The magnitudes of such features; a feature below 0 is silence. @magnitudes:
 * (out): [%AE_STFT_BINS] */
void ae_sound_magnitudes (const float *features, float *magnitudes);

G_END_DECLS
