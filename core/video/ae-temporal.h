/* A recursive average of frames, gated where the scene moves. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Of each frame Y with noise of variance s^2 an average A <- A + w (Y - A) is
 * kept, whose noise has the variance s^2 V, V <- w^2 + (1 - w)^2 V. Where nothing
 * moves, w = V / (1 + V) makes the mean of all frames (the Kalman gain); where
 * something does, w = 1 begins anew. V and w have one value for 2x2 pixels. What
 * w is to be, a gate tells that sees by how much a frame surprises.
 */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define AE_TEMPORAL_MAX_FRAMES 24       /* averaged: a bound to the memory */

/* One plane that changes over time. */
typedef struct
{
  guint width, height;
  gsize stride;                 /* floats between rows of planes */
  guint map_width, map_height;  /* at least half of the plane's, rounded up */
  float *average;               /* A */
  float *surprise;              /* what the gate sees beside A */
  float *variance;              /* V: [map_height][map_width] */
} AeTemporal;

/* Starts anew: the average is the frame @plane, V is 1. */
void ae_temporal_start (AeTemporal * temporal, const float *plane);

/**
 * ae_temporal_surprise:
 * @noise: standard deviation of the noise of @plane in units of its samples, > 0
 *
 * Sets @temporal->surprise to (Y - A) / (s sqrt (1 + V)), cut off at 6 and
 * divided by 3: about normal where nothing moves.
 */
void ae_temporal_surprise (AeTemporal * temporal, const float *plane,
    float noise);

/**
 * ae_temporal_update:
 * @gate: [map_height][map_width]: w, rows @gate_stride floats apart. What is
 *   below the Kalman gain is raised to it, what is above by some more, as to
 *   average too little costs less than too much; where much of the frame is open
 *   the camera moves, and nothing is averaged
 *
 * Takes the frame @plane into the average.
 */
void ae_temporal_update (AeTemporal * temporal, const float *plane,
    const float *gate, gsize gate_stride);

G_END_DECLS
