/* The mean of what a place shows, for as long as it stands still. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-layer.h"

G_BEGIN_DECLS

/**
 * AeStillMean: of the frames up to now, in each square of 4x4 values from the one
 * on in which something moved there: that is, in which the square's mean differed
 * from before by more than three standard deviations of noise and a rounding
 * error.
 * @mean: [c][h][w]
 */
typedef struct
{
  AeShape shape;
  float *mean;
  guint8 *n_frames;             /* of each square; it stops at 255 */
} AeStillMean;

void ae_still_mean_init (AeStillMean * mean, const AeShape * shape);
void ae_still_mean_clear (AeStillMean * mean);

/* @x: [c][h][w], the first frame of a place */
void ae_still_mean_start (AeStillMean * mean, const float *x);

/* The next frame. @noise: sigma of its noise, on the scale of @x */
void ae_still_mean_add (AeStillMean * mean, const float *x, float noise);

G_END_DECLS
