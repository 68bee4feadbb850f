/* Products of the matrices of dense layers, which have few columns (samples) or
 * short sums (over samples) and reach half of OpenBLAS's usual speed there.
 * Compiled once for each instruction set. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training.h"

/* TILE_M rows x TILE_V vectors of sums fit the register file. */
#if defined (__AVX512F__)
#define TILE_M 8
#define TILE_V 3
#elif defined (__AVX2__)
#define TILE_M 4
#define TILE_V 3
#else
#define TILE_M 4
#define TILE_V 2
#endif
#define TILE_N (TILE_V * LANES)

/* A block of BLOCK_K x TILE_N of b stays in the first-level cache, one of
 * BLOCK_M x BLOCK_K of a in the second. */
#define BLOCK_K AE_GEMM_BLOCK_K
#define BLOCK_M AE_GEMM_BLOCK_M

/* Rows of a that are packed together, and where packed column @j begins. */
#define WIDTH_M MAX (TILE_M, LANES)
#define AT(j, width, k) ((gsize) ((j) - (j) % (width)) * (k) + (j) % (width))

/* Row i, lane j becomes row j, lane i: each round turns the bits of the index
 * (i, j) by one. */
INLINE void
transpose (Vector v[LANES])
{
  UNROLL for (guint round = 1; round < LANES; round *= 2) {
    Vector turned[LANES];

    UNROLL for (guint i = 0; i < LANES / 2; i++) {
      turned[2 * i] = SHUFFLE (v[i], v[i + LANES / 2], LOW);
      turned[2 * i + 1] = SHUFFLE (v[i], v[i + LANES / 2], HIGH);
    }
    UNROLL for (guint i = 0; i < LANES; i++)
      v[i] = turned[i];
  }
}

/* LANES columns of pack(), whose row is 1. */
static void
pack_transposed (guint width, guint k, const float *from, gsize column,
    float *to)
{
  guint t = 0;

  for (; t + LANES <= k; t += LANES) {
    Vector v[LANES];

    UNROLL for (guint i = 0; i < LANES; i++)
      v[i] = LOAD (from + i * column + t);
    transpose (v);
    UNROLL for (guint i = 0; i < LANES; i++)
      STORE (to + (t + i) * width, v[i]);
  }
  for (; t < k; t++) {
    for (guint i = 0; i < LANES; i++)
      to[t * width + i] = from[i * column + t];
  }
}

/* from[t * row + x * column] -> [n / width][k][width], with zeros up to a whole
 * vector. Either step is 1; @width is a multiple of LANES. */
INLINE void
pack (const guint width, guint n, guint k, const float *from, gsize row,
    gsize column, float *packed)
{
  guint n_whole = n / LANES * LANES;
  float *rest = packed + AT (n_whole, width, k);

  if (column == 1) {
    for (guint t = 0; t < k; t++) {
      for (guint j = 0; j < n_whole; j += LANES)
        STORE (packed + AT (j, width, k) + t * width,
            LOAD (from + t * row + j));
    }
  } else {
    for (guint j = 0; j < n_whole; j += LANES)
      pack_transposed (width, k, from + j * column, column,
          packed + AT (j, width, k));
  }
  for (guint t = 0; n_whole < n && t < k; t++) {
    for (guint x = 0; x < LANES; x++)
      rest[t * width + x] = n_whole + x < n
          ? from[t * row + (n_whole + x) * column] : 0.0f;
  }
}

/* @m rows of up to TILE_M, @n_v vectors of columns. */
INLINE void
tile (const guint n_v, guint m, guint k, const float *a, gsize a_row,
    gsize a_column, const float *b, float *c, gsize c_row)
{
  Vector sum[TILE_M][TILE_V];
  const float *row[TILE_M];

  UNROLL for (guint i = 0; i < TILE_M; i++) {
    row[i] = a + MIN (i, m - 1) * a_row;
    UNROLL for (guint v = 0; v < n_v; v++) {
      sum[i][v] = (Vector) {
      0};
      __builtin_prefetch (c + MIN (i, m - 1) * c_row + v * LANES, 1);
    }
  }
  for (guint t = 0; t < k; t++) {
    Vector value[TILE_V];

    UNROLL for (guint v = 0; v < n_v; v++)
      value[v] = LOAD (b + t * TILE_N + v * LANES);
    UNROLL for (guint i = 0; i < TILE_M; i++) {
      float x = row[i][t * a_column];

      UNROLL for (guint v = 0; v < n_v; v++)
        sum[i][v] += value[v] * x;
    }
  }
  UNROLL for (guint i = 0; i < TILE_M; i++) {
    if (i < m) {
      UNROLL for (guint v = 0; v < n_v; v++) {
        float *to = c + i * c_row + v * LANES;

        STORE (to, LOAD (to) + sum[i][v]);
      }
    }
  }
}

/* As tile(), of any number of columns. */
static void
tile_columns (guint n, guint m, guint k, const float *a, gsize a_row,
    gsize a_column, const float *b, float *c, gsize c_row)
{
  if (n > (TILE_V - 1) * LANES)
    tile (TILE_V, m, k, a, a_row, a_column, b, c, c_row);
#if TILE_V > 2
  else if (n > LANES)
    tile (2, m, k, a, a_row, a_column, b, c, c_row);
#endif
  else
    tile (1, m, k, a, a_row, a_column, b, c, c_row);
}

/* Columns past the last whole vector go by way of a copy. */
static void
tile_part (guint n, guint m, guint k, const float *a, gsize a_row,
    gsize a_column, const float *b, float *c, gsize c_row)
{
  float copy[TILE_M][TILE_N] = { {0.0f} };

  if (n % LANES == 0) {
    tile_columns (n, m, k, a, a_row, a_column, b, c, c_row);
    return;
  }
  tile_columns (n, m, k, a, a_row, a_column, b, copy[0], TILE_N);
  for (guint i = 0; i < MIN (m, TILE_M); i++) {
    for (guint x = 0; x < n; x++)
      c[i * c_row + x] += copy[i][x];
  }
}

/* BLOCK_M x BLOCK_K of a; the rows of a transposed one are brought together. */
static void
gemm_block (guint m, guint n, guint k, const float *a, gsize a_row,
    gsize a_column, const float *b, float *c, gsize c_row, float *scratch)
{
  gboolean packed = a_column > 1;

  if (packed)
    pack (WIDTH_M, m, k, a, a_column, a_row, scratch);
  for (guint j = 0; j < n; j += TILE_N) {
    for (guint i = 0; i < m; i += TILE_M) {
      float *to = c + i * c_row + j;

      if (packed)
        tile_part (MIN (n - j, TILE_N), m - i, k,
            scratch + AT (i, WIDTH_M, k), 1, WIDTH_M, b + (gsize) j * k, to,
            c_row);
      else
        tile_part (MIN (n - j, TILE_N), m - i, k, a + i * a_row, a_row, 1,
            b + (gsize) j * k, to, c_row);
    }
  }
}

void
AE_KERNEL_NAME (ae_gemm_) (guint m, guint n, guint k, const float *a,
    gsize a_row, gsize a_column, const float *b, gsize b_row, gsize b_column,
    float *c, gsize c_row, float *scratch)
{
  float *packed = scratch + BLOCK_M * BLOCK_K;

  for (guint t = 0; t < k; t += BLOCK_K) {
    guint k_left = MIN (k - t, BLOCK_K);

    pack (TILE_N, n, k_left, b + t * b_row, b_row, b_column, packed);
    for (guint i = 0; i < m; i += BLOCK_M)
      gemm_block (MIN (m - i, BLOCK_M), n, k_left,
          a + i * a_row + t * a_column, a_row, a_column, packed,
          c + i * c_row, c_row, scratch);
  }
}
