/* A matrix times one vector: bound by reading the matrix. Compiled once for each
 * instruction set. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training.h"

#include <string.h>
#if defined (__SSE2__)
#include <emmintrin.h>
#endif

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

/* Vectors of sums of bytes; there are two of each at a time. */
#define BYTE_VECTORS 4
#define BYTE_ROWS (BYTE_VECTORS * LANES)

typedef gint32 Integers __attribute__((vector_size (4 * LANES)));
typedef gint16 Shorts __attribute__((vector_size (4 * LANES)));
typedef gint16 HalfShorts
    __attribute__((vector_size (2 * LANES), aligned (2), may_alias));
typedef gint8 Bytes
    __attribute__((vector_size (2 * LANES), aligned (1), may_alias));

/* The first floats of @n, and zeros after them. */
INLINE Vector
load_some (const float *x, guint n)
{
  Vector some = { 0 };

  if (n >= LANES)
    return LOAD (x);
  memcpy (&some, x, n * sizeof (float));
  return some;
}

/* Returns: the greatest magnitude, or what is not a number. */
INLINE float
find_peak (guint n, const float *x)
{
  Integers most = { 0 };
  union
  {
    gint32 bits;
    float value;
  } peak = { 0 };

  /* as integers, magnitudes have the same order, and NaN is above them all */
  for (guint i = 0; i < n; i += LANES) {
    Integers bits = (Integers) load_some (x + i, n - i) & G_MAXINT32;
    Integers is_more = bits > most;

    most = (bits & is_more) | (most & ~is_more);
  }
  for (guint i = 0; i < LANES; i++)
    peak.bits = MAX (peak.bits, most[i]);
  return peak.value;
}

/* x * @factor, less than 2^15, rounded. */
INLINE void
to_shorts (guint n, float factor, const float *x, gint16 * out)
{
  /* floats of this size have steps of one, so that adding rounds */
  const float round = 12582912.0f;

  for (guint i = 0; i < n; i += LANES) {
    Integers whole = (Integers) (load_some (x + i, n - i) * factor + round);

    *(HalfShorts *) (out + i) = __builtin_convertvector (whole, HalfShorts);
  }
}

/* 2 * LANES bytes */
INLINE Shorts
load_bytes (const gint8 * p)
{
#if defined (__AVX512BW__)
  return (Shorts) _mm512_cvtepi8_epi16 (_mm256_loadu_si256 ((const
              __m256i *) p));
#elif defined (__AVX2__)
  return (Shorts) _mm256_cvtepi8_epi16 (_mm_loadu_si128 ((const __m128i *) p));
#else
  return __builtin_convertvector (*(const Bytes *) p, Shorts);
#endif
}

/* sum + the products of two pairs of numbers */
INLINE Integers
add_products (Integers sum, Shorts a, Shorts b)
{
#if defined (__AVX512VNNI__)
  /* GCC 12 spills the sums around the intrinsic */
__asm__ ("vpdpwssd %2, %1, %0": "+v" (sum):"v" (a), "v" (b));
  return sum;
#elif defined (__AVX512BW__)
  return sum + (Integers) _mm512_madd_epi16 ((__m512i) a, (__m512i) b);
#elif defined (__AVX2__)
  return sum + (Integers) _mm256_madd_epi16 ((__m256i) a, (__m256i) b);
#elif defined (__SSE2__)
  return sum + (Integers) _mm_madd_epi16 ((__m128i) a, (__m128i) b);
#else
  Integers p = (Integers) a, q = (Integers) b;

  return sum + ((p << 16) >> 16) * ((q << 16) >> 16) + (p >> 16) * (q >> 16);
#endif
}

/* Adds to the sums the products of a pair of columns and a pair of numbers. */
INLINE void
add_pair (Integers sum[BYTE_VECTORS], const gint8 * weights, const gint16 * x)
{
  const Integers zeros = { 0 };
  gint32 pair;
  Shorts pairs;

  memcpy (&pair, x, sizeof pair);
  pairs = (Shorts) (zeros + pair);
  UNROLL for (guint v = 0; v < BYTE_VECTORS; v++)
    sum[v] = add_products (sum[v], load_bytes (weights + v * 2 * LANES), pairs);
}

/* The sums of BYTE_ROWS rows. */
INLINE void
byte_rows (guint k, const gint8 * weights, const gint16 * x, float *y)
{
  Integers even[BYTE_VECTORS] = { {0} }, odd[BYTE_VECTORS] = { {0} };

  for (guint t = 0; t < k; t += 4, weights += 4 * AE_GEMV_ROWS) {
    /* by itself, reading ahead stops at the end of each page */
    for (guint i = 0; i < 4; i++)
      __builtin_prefetch (weights + (8 * 4 + i) * AE_GEMV_ROWS);
    add_pair (even, weights, x + t);
    add_pair (odd, weights + 2 * AE_GEMV_ROWS, x + t + 2);
  }
  UNROLL for (guint v = 0; v < BYTE_VECTORS; v++)
    STORE (y + v * LANES, __builtin_convertvector (even[v] + odd[v], Vector));
}

INLINE void
scale_sums (guint n, float unit, const float *restrict scale,
    const float *restrict bias, const float *restrict sums, float *restrict y)
{
  for (guint i = 0; i < n; i++)
    y[i] = bias[i] + scale[i] * unit * sums[i];
}

void
AE_KERNEL_NAME (ae_gemv_bytes_) (guint m, guint k, const gint8 * packed,
    const float *scale, const float *bias, const float *x, gint16 * shorts,
    float *y)
{
  /* no sum exceeds 2^31 */
  const float most = (float) MIN (G_MAXINT16, G_MAXINT32 / 128 / MAX (k, 1));
  const float peak = find_peak (k, x), unit = peak / most;
  const float factor = peak > 1e-30f && peak <= G_MAXFLOAT ? 1.0f / unit : 0.0f;
  const gsize columns = ae_kernels_gemv_columns (k);

  to_shorts (k, factor, x, shorts);
  for (guint i = 0; i < m; i += BYTE_ROWS) {
    guint n = MIN (m - i, BYTE_ROWS), i_row = i % AE_GEMV_ROWS;
    float sums[BYTE_ROWS];

    byte_rows (k, packed + (i - i_row) * columns + 2 * i_row, shorts, sums);
    scale_sums (n, unit, scale + i, bias + i, sums, y + i);
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
