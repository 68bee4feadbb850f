/* A matrix times one vector: bound by reading the matrix. Compiled once for each
 * instruction set. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training.h"

#include <string.h>

#define VECTORS (AE_GEMV_ROWS / LANES)

/* The sums of AE_GEMV_ROWS rows. */
INLINE void
rows (guint k, const float *weights, const float *x, float *y)
{
  Vector sum[VECTORS] = { {0} };

  for (guint t = 0; t < k; t++) {
    UNROLL for (guint v = 0; v < VECTORS; v++)
      sum[v] += LOAD (weights + (gsize) t * AE_GEMV_ROWS + v * LANES) * x[t];
  }
  UNROLL for (guint v = 0; v < VECTORS; v++)
    STORE (y + v * LANES, LOAD (y + v * LANES) + sum[v]);
}

/* LANES bytes as floats. */
INLINE Vector
load_bytes (const gint8 * p)
{
#if defined (__AVX512F__)
  return _mm512_cvtepi32_ps (_mm512_cvtepi8_epi32 (_mm_loadu_si128 ((const
                  __m128i *) p)));
#elif defined (__AVX2__)
  return _mm256_cvtepi32_ps (_mm256_cvtepi8_epi32 (_mm_loadl_epi64 ((const
                  __m128i *) p)));
#else
  return (Vector) {
  (float) p[0], (float) p[1], (float) p[2], (float) p[3]};
#endif
}

/* The sums of AE_GEMV_ROWS rows of bytes. */
INLINE void
byte_rows (guint k, const gint8 * weights, const float *x, float *y)
{
  Vector sum[VECTORS] = { {0} };

  for (guint t = 0; t < k; t++) {
    UNROLL for (guint v = 0; v < VECTORS; v++)
      sum[v] += load_bytes (weights + (gsize) t * AE_GEMV_ROWS + v * LANES)
          * x[t];
  }
  UNROLL for (guint v = 0; v < VECTORS; v++)
    STORE (y + v * LANES, sum[v]);
}

void
AE_KERNEL_NAME (ae_gemv_bytes_) (guint m, guint k, const gint8 * packed,
    const float *scale, const float *bias, const float *x, float *y)
{
  for (guint i = 0; i < m; i += AE_GEMV_ROWS) {
    guint n = MIN (m - i, AE_GEMV_ROWS);
    float part[AE_GEMV_ROWS];

    byte_rows (k, packed + (gsize) i * k, x, part);
    for (guint j = 0; j < n; j++)
      y[i + j] = bias[i + j] + scale[i + j] * part[j];
  }
}

void
AE_KERNEL_NAME (ae_gemv_) (guint m, guint k, const float *packed,
    const float *bias, const float *x, float *y)
{
  for (guint i = 0; i < m; i += AE_GEMV_ROWS) {
    guint n = MIN (m - i, AE_GEMV_ROWS);
    float part[AE_GEMV_ROWS] = { 0.0f };

    memcpy (part, bias + i, n * sizeof (float));
    rows (k, packed + (gsize) i * k, x, part);
    memcpy (y + i, part, n * sizeof (float));
  }
}
