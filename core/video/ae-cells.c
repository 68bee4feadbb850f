/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-cells.h"

#include <math.h>

/* Errors under half a step of the 8-bit scale are rounding. */
#define ROUNDING (0.5f / 255.0f)

static float
mean_error (const float *x, const float *y, gsize stride, guint width,
    guint height)
{
  float sum = 0.0f;

  for (guint i = 0; i < height; i++) {
    for (guint j = 0; j < width; j++) {
      float d = x[i * stride + j] - y[i * stride + j];

      sum += d * d;
    }
  }
  return sum / (float) (width * height);
}

void
ae_cells_error (const float *x, const float *y, gsize stride, guint width,
    guint height, float *error)
{
  for (guint top = 0; top < height; top += AE_CELL) {
    for (guint left = 0; left < width; left += AE_CELL) {
      const gsize at = top * stride + left;

      *error++ = logf (ROUNDING * ROUNDING + mean_error (x + at, y + at, stride,
              MIN (AE_CELL, width - left), MIN (AE_CELL, height - top)));
    }
  }
}
