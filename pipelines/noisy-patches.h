/* Pairs of clean and noisy patches. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-architecture.h"
#include "ae-corruption.h"
#include "ae-trainer.h"
#include "picture-set.h"

G_BEGIN_DECLS

typedef struct
{
  const AePictureSet *pictures;
  guint size;                   /* height and width of a patch */
  guint grid;                   /* height and width of the condition: 0 = it has
                                 * none, 1 = one noise level, else levels may
                                 * vary in a patch */
} AeNoisyPatches;

/**
 * ae_noisy_patch:
 * @mean: of the whole picture, which camera noise depends on
 * @clean, @noisy: [@size][@size] samples of 0..1
 *
 * Makes @noisy as a video pipeline would see it: corrupted, clipped to 0..1
 * and rounded to 8 bit.
 *
 * Returns: the condition: the noise level of the picture / AE_NOISE_UNIT
 */
float ae_noisy_patch (AeCorruptionKind kind, float level, float mean,
    AeRng * rng, const float *clean, float *noisy, guint size);

/* Returns: whether @architecture makes patches of @size x @size of such. */
gboolean ae_noisy_patches_fit (const AeArchitecture * architecture, guint size);

/* An AeSampleFunc; its data is an AeNoisyPatches. */
void ae_noisy_patches_sample (gpointer data, AeRng * rng, AeSample * sample);

G_END_DECLS
