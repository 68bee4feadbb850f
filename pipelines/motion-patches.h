/* Frames after others, of which parts moved. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-trainer.h"
#include "picture-set.h"

G_BEGIN_DECLS

typedef struct
{
  const AePictureSet *pictures; /* at least %AE_MOTION_MARGIN * 2 larger than
                                 * patches */
  guint size;                   /* height and width of a patch */
} AeMotionPatches;

#define AE_MOTION_MARGIN 8

/**
 * ae_motion_patches_sample:
 *
 * An AeSampleFunc for the gate of a recursive average, see ae-temporal.h; its data
 * is an AeMotionPatches. Input: surprise and average, [2][size][size]; condition:
 * V and noise level / AE_NOISE_UNIT, [2][size / 2][size / 2]; target: the best w,
 * [size / 2][size / 2]; mask: how much it matters.
 */
void ae_motion_patches_sample (gpointer data, AeRng * rng, AeSample * sample);

G_END_DECLS
