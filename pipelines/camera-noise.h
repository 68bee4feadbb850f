/* What a camera's electronics make of its noise. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-rng.h"

G_BEGIN_DECLS

/**
 * ae_camera_noise:
 * @plane: [@size][@size] gamma-encoded samples of 0..1, @size a multiple of 8
 * @level: standard deviation at mid grey, on the 8-bit scale, before smoothing
 *
 * Adds photon, read-out and row noise in linear light, correlates it as
 * demosaicking does, and in half of all cases quantises 8x8 blocks of cosines
 * mildly, as H.264 does. The result is neither clipped nor rounded.
 */
void ae_camera_noise (float level, AeRng * rng, float *plane, guint size);

G_END_DECLS
