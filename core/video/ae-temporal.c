/* A recursive average of frames. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-temporal.h"

#include <math.h>
#include <string.h>

#define MAX_SURPRISE 6.0f
#define SURPRISE_SCALE (1.0f / 3.0f)
/* Times what the gate opens: to average too little costs less than too much. */
#define CAUTION 1.3f
/* Of what the gate can open, where it opens so much on average the camera moves:
 * then what little of the picture seems to stand still only seems so. From the
 * first on less is averaged, from the second on nothing. */
#define MOVES_FROM 0.22f
#define MOVES_ALL 0.34f

void
ae_temporal_start (AeTemporal * temporal, const float *plane)
{
  for (guint y = 0; y < temporal->height; y++)
    memcpy (temporal->average + y * temporal->stride,
        plane + y * temporal->stride, temporal->width * sizeof (float));
  for (gsize i = 0; i < (gsize) temporal->map_width * temporal->map_height; i++)
    temporal->variance[i] = 1.0f;
}

void
ae_temporal_surprise (AeTemporal * temporal, const float *plane, float noise)
{
  for (guint y = 0; y < temporal->height; y++) {
    const float *variance =
        temporal->variance + (gsize) (y / 2) * temporal->map_width;
    const float *now = plane + y * temporal->stride;
    const float *average = temporal->average + y * temporal->stride;
    float *surprise = temporal->surprise + y * temporal->stride;

    for (guint x = 0; x < temporal->width; x++) {
      const float d = (now[x] - average[x])
          / (noise * sqrtf (1.0f + variance[x / 2]));

      surprise[x] = SURPRISE_SCALE * CLAMP (d, -MAX_SURPRISE, MAX_SURPRISE);
    }
  }
}

/* The Kalman gain. */
static float
least_gate (float variance)
{
  return MAX (variance / (1.0f + variance),
      1.0f / (float) AE_TEMPORAL_MAX_FRAMES);
}

/* Returns: how much of the frame must begin anew whatever the gate says, 0..1. */
static float
camera_motion (const AeTemporal * temporal, const float *gate,
    gsize gate_stride)
{
  const guint n_rows = (temporal->height + 1) / 2;
  const guint n_columns = (temporal->width + 1) / 2;
  double sum = 0.0;
  float open;

  for (guint y = 0; y < n_rows; y++) {
    const float *variance =
        temporal->variance + (gsize) y * temporal->map_width;
    float row = 0.0f;

    for (guint x = 0; x < n_columns; x++) {
      const float least = least_gate (variance[x]);

      row += CLAMP ((gate[y * gate_stride + x] - least) / (1.0f - least),
          0.0f, 1.0f);
    }
    sum += (double) row;
  }
  open = (float) (sum / ((double) n_rows * n_columns));
  return CLAMP ((open - MOVES_FROM) / (MOVES_ALL - MOVES_FROM), 0.0f, 1.0f);
}

/* The gates of a row of 2x2 pixels, bounded, and the variance they leave. */
static void
update_variance (AeTemporal * temporal, guint y, const float *gate,
    float motion, float *bounded)
{
  const guint n = (temporal->width + 1) / 2;
  float *variance = temporal->variance + (gsize) y * temporal->map_width;

  for (guint x = 0; x < n; x++) {
    const float v = variance[x];
    const float least = least_gate (v);
    const float told = CLAMP (least + CAUTION * (gate[x] - least), least, 1.0f);
    const float w = told + motion * (1.0f - told);

    bounded[x] = w;
    variance[x] = w * w + (1.0f - w) * (1.0f - w) * v;
  }
  for (guint x = n; x < temporal->map_width; x++)
    variance[x] = variance[n - 1];
}

void
ae_temporal_update (AeTemporal * temporal, const float *plane,
    const float *gate, gsize gate_stride)
{
  const guint n_rows = (temporal->height + 1) / 2;
  const float motion = camera_motion (temporal, gate, gate_stride);
  float *bounded = temporal->surprise;  /* done with; a row fits */

  for (guint row = 0; row < n_rows; row++) {
    update_variance (temporal, row, gate + row * gate_stride, motion, bounded);
    for (guint y = 2 * row; y < MIN (2 * row + 2, temporal->height); y++) {
      const float *now = plane + y * temporal->stride;
      float *average = temporal->average + y * temporal->stride;

      for (guint x = 0; x < temporal->width; x++)
        average[x] += bounded[x / 2] * (now[x] - average[x]);
    }
  }
  for (guint row = n_rows; row < temporal->map_height; row++)
    memcpy (temporal->variance + (gsize) row * temporal->map_width,
        temporal->variance + (gsize) (n_rows - 1) * temporal->map_width,
        temporal->map_width * sizeof (float));
}
