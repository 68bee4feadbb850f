/* Compiled once for each instruction set. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "noise-block.h"

#include <math.h>

#define SIZE AE_NOISE_BLOCK_SIZE

#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2 (a, b)
#define NOISE_BLOCK_NAME(prefix) PASTE (prefix, AE_KERNEL_LEVEL)

/* One row of a block. */
typedef float Row __attribute__((vector_size (4 * SIZE)));
typedef gint32 Flags __attribute__((vector_size (4 * SIZE)));
typedef float UnalignedRow
    __attribute__((vector_size (4 * SIZE), aligned (4), may_alias));

#define LOAD(p) (*(const UnalignedRow *) (p))

static inline float
sum_of (const Row * lanes)
{
  float sum = 0.0f;

  for (guint i = 0; i < SIZE; i++)
    sum += (*lanes)[i];
  return sum;
}

/* Returns: the share of samples at the ends of the range, or 1 where all samples
 * are equal: neither shows noise. */
static inline float
clipped_share (const Row in[SIZE])
{
  const float low = 0.5f / 255.0f, high = 254.5f / 255.0f;
  Flags clipped = { 0 }, differing = { 0 };
  gint n_clipped = 0, n_differing = 0;

  /* what is true is -1 */
  for (guint y = 0; y < SIZE; y++) {
    clipped += (in[y] < low) + (in[y] > high);
    differing += in[y] != in[0][0];
  }
  for (guint x = 0; x < SIZE; x++) {
    n_clipped -= clipped[x];
    n_differing -= differing[x];
  }
  return n_differing > 0 ? (float) n_clipped / (SIZE * SIZE) : 1.0f;
}

/* @out: row @u of the transform */
static inline void
transform (const AeNoiseTables * tables, const Row in[SIZE], guint u, Row * out)
{
  Row down = { 0 }, across = { 0 };

  for (guint y = 0; y < SIZE; y++)
    down += tables->basis[y][u] * in[y];
  for (guint x = 0; x < SIZE; x++)
    across += down[x] * LOAD (tables->basis[x]);
  *out = across;
}

gboolean
NOISE_BLOCK_NAME (ae_noise_block_measure_) (const AeNoiseTables * tables,
    const float *in, gsize stride, AeNoiseBlock * block)
{
  Row rows[SIZE], middle = {0}, high = {0};

  for (guint y = 0; y < SIZE; y++)
    rows[y] = LOAD (in + y * stride);
  block->clipped = clipped_share (rows);
  if (block->clipped > AE_NOISE_BLOCK_MAX_CLIPPED)
    return FALSE;
  for (guint u = 0; u < SIZE; u++) {
    Row out;

    transform (tables, rows, u, &out);
    if (u == 0)
      block->mean = out[0] / SIZE;
    middle += LOAD (tables->is_middle[u]) * (out * out);
    high += LOAD (tables->is_high[u]) * (out * out);
  }
  block->middle = sum_of (&middle) * tables->middle_scale;
  block->high = sum_of (&high) * tables->high_scale;
  return isfinite (block->middle) && isfinite (block->high);
}
