/* What moved between two noisy frames. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * White noise that is averaged over a square of 5x5 pixels has a 25th of its
 * energy; what moved is mostly of low frequency, and keeps most of its. So
 *
 *   together = mean of n (mean over n pixels around)^2 / mean of (difference)^2
 *
 * is 1 where nothing moved, whatever the level of the noise, more where it is that
 * of a camera, whose neighbouring pixels go together, and more again where
 * something did move, however faint it is beside the noise of a pixel. */
#pragma once

#include "ae-layer.h"

G_BEGIN_DECLS

/**
 * ae_motion_mask:
 * @a, @b: [c][h][w]
 * @noise: sigma of the noise of one of them, on their scale
 * @together: of the stream's noise where it stands still
 * @mask: (out): [c][h][w]: 1 where both show the same, but for noise; 0 where the
 *   mean over a square differs by more than three deviations of what @noise
 *   explains, or pixels around go together more than by chance
 */
void ae_motion_mask (const AeShape * shape, const float *a, const float *b,
    float noise, float together, float *mask);

/**
 * ae_motion_together:
 * @scratch: (out): [4][h][w]
 *
 * Returns: together, over all of @a and @b, [h][w]; 0 where they are the same.
 */
float ae_motion_together (guint h, guint w, const float *a, const float *b,
    float *scratch);

G_END_DECLS
