/* A recursive average of frames. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-temporal.h"

#include <math.h>
#include <string.h>

#define MAX_SURPRISE 6.0f
#define SURPRISE_SCALE (1.0f / 3.0f)
/* Times what the gate opens: to average too little costs less than too much. */
#define CAUTION 1.3f

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

/* The gates of a row of 2x2 pixels, bounded, and the variance they leave. */
static void
update_variance (AeTemporal * temporal, guint y, const float *gate,
    float *bounded)
{
  const guint n = (temporal->width + 1) / 2;
  float *variance = temporal->variance + (gsize) y * temporal->map_width;

  for (guint x = 0; x < n; x++) {
    const float v = variance[x];
    const float least =
        MAX (v / (1.0f + v), 1.0f / (float) AE_TEMPORAL_MAX_FRAMES);
    const float w = CLAMP (least + CAUTION * (gate[x] - least), least, 1.0f);

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
  float *bounded = temporal->surprise;  /* done with; a row fits */

  for (guint row = 0; row < n_rows; row++) {
    update_variance (temporal, row, gate + row * gate_stride, bounded);
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
