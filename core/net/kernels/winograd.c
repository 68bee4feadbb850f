/* Winograd's convolution F(4x4, 3x3) (Lavin and Gray 2016): a 6x6 patch of the
 * input and a kernel, each transformed, multiply position by position, and 36
 * products make 16 outputs instead of 144. Sixteen tiles are worked on side by
 * side. Compiled once for each instruction set.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "vector.h"
#include "winograd.h"

/* y = B^T x */
INLINE void
transform_in (const Vector x[6], Vector y[6])
{
  Vector a = x[4] - 4.0f * x[2], b = x[3] - 4.0f * x[1];
  Vector c = x[4] - x[2], d = x[3] - x[1];

  y[0] = 4.0f * x[0] - 5.0f * x[2] + x[4];
  y[1] = a + b;
  y[2] = a - b;
  y[3] = c + 2.0f * d;
  y[4] = c - 2.0f * d;
  y[5] = 4.0f * x[1] - 5.0f * x[3] + x[5];
}

/* y = A^T x */
INLINE void
transform_out (const Vector x[6], Vector y[4])
{
  Vector a = x[1] + x[2], b = x[1] - x[2];
  Vector c = x[3] + x[4], d = x[3] - x[4];

  y[0] = x[0] + a + c;
  y[1] = b + 2.0f * d;
  y[2] = a + 4.0f * c;
  y[3] = b + 8.0f * d + x[5];
}

void
AE_KERNEL_NAME (ae_winograd_in_) (guint n_groups, const float *const rows[6],
    float *out, gsize out_stride)
{
  for (guint v = 0; v < n_groups * VECTORS_PER_GROUP; v++) {
    Vector across[6][6];        /* [row][transformed column] */

    UNROLL for (guint i = 0; i < 6; i++) {
      const float *row = rows[i] + v * 4 * LANES;
      Vector x[6], next = LOAD (row + 4 * LANES);

      split_by_four (row, x);
      x[4] = SHUFFLE (x[0], next, NEXT, LANES);
      x[5] = SHUFFLE (x[1], next, NEXT, LANES + 1);
      transform_in (x, across[i]);
    }
    UNROLL for (guint j = 0; j < 6; j++) {
      Vector x[6], y[6];

      UNROLL for (guint i = 0; i < 6; i++)
        x[i] = across[i][j];
      transform_in (x, y);
      UNROLL for (guint i = 0; i < 6; i++)
        STORE (out + (i * 6 + j) * out_stride + v * LANES, y[i]);
    }
  }
}

void
AE_KERNEL_NAME (ae_winograd_out_) (guint n_groups, const float *in,
    gsize in_stride, float bias, float slope, float *const rows[4])
{
  for (guint v = 0; v < n_groups * VECTORS_PER_GROUP; v++) {
    Vector down[4][6];          /* [output row][transformed column] */

    UNROLL for (guint j = 0; j < 6; j++) {
      Vector x[6], y[4];

      UNROLL for (guint i = 0; i < 6; i++)
        x[i] = LOAD (in + (i * 6 + j) * in_stride + v * LANES);
      /* position (1, 1) is a part of all samples, once */
      if (j == 1)
        x[1] += bias;
      transform_out (x, y);
      UNROLL for (guint i = 0; i < 4; i++)
        down[i][j] = y[i];
    }
    UNROLL for (guint i = 0; i < 4; i++) {
      Vector y[4];

      transform_out (down[i], y);
      if (slope < 1.0f) {
        UNROLL for (guint j = 0; j < 4; j++)
          y[j] = leak_of (slope, y[j]);
      }
      merge_four (y, rows[i] + v * 4 * LANES);
    }
  }
}
