/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-cells.h"
#include "ae-median.h"

#include <math.h>
#include <string.h>

/* Errors under half a step of the 8-bit scale are rounding. */
#define ROUNDING (0.5f / 255.0f)

static float
squared (const float *x, const float *y, gsize stride, guint width,
    guint height)
{
  float sum = 0.0f;

  for (guint i = 0; i < height; i++) {
    for (guint j = 0; j < width; j++) {
      float d = x[i * stride + j] - y[i * stride + j];

      sum += d * d;
    }
  }
  return sum;
}

static float
plain (const float *x, gsize stride, guint width, guint height)
{
  float sum = 0.0f;

  for (guint i = 0; i < height; i++) {
    for (guint j = 0; j < width; j++)
      sum += x[i * stride + j];
  }
  return sum;
}

/* Without @y the means of @x, else those of the squared difference. */
static void
mean (const float *x, const float *y, gsize stride, guint width, guint height,
    float *out)
{
  for (guint top = 0; top < height; top += AE_CELL) {
    for (guint left = 0; left < width; left += AE_CELL) {
      const gsize at = top * stride + left;
      const guint w = MIN (AE_CELL, width - left);
      const guint h = MIN (AE_CELL, height - top);

      *out++ = (y ? squared (x + at, y + at, stride, w, h)
          : plain (x + at, stride, w, h)) / (float) (w * h);
    }
  }
}

void
ae_cells_mean (const float *x, gsize stride, guint width, guint height,
    float *out)
{
  mean (x, NULL, stride, width, height, out);
}

void
ae_cells_error (const float *x, const float *y, gsize stride, guint width,
    guint height, float *error, float *scratch)
{
  const guint n = ae_cells_n (width) * ae_cells_n (height);
  float usual;

  mean (x, y, stride, width, height, error);
  for (guint k = 0; k < n; k++)
    error[k] += ROUNDING * ROUNDING;
  memcpy (scratch, error, n * sizeof (float));
  usual = ae_median (scratch, n);
  for (guint k = 0; k < n; k++)
    error[k] = logf (1.0f + error[k] / usual);
}
