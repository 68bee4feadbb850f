/* What one block of a picture tells about its noise, for each instruction set.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define AE_NOISE_BLOCK_SIZE 8

/* More clipped samples than this, and the block does not show its noise. */
#define AE_NOISE_BLOCK_MAX_CLIPPED 0.25f

typedef struct
{
  float mean;
  float clipped;                /* share of the samples */
  float middle;                 /* mean power of a coefficient, 8-bit scale */
  float high;
} AeNoiseBlock;

/* basis[i][u]: cosine u of the orthonormal DCT at sample i */
typedef struct
{
  float basis[AE_NOISE_BLOCK_SIZE][AE_NOISE_BLOCK_SIZE];
  float is_middle[AE_NOISE_BLOCK_SIZE][AE_NOISE_BLOCK_SIZE];
  float is_high[AE_NOISE_BLOCK_SIZE][AE_NOISE_BLOCK_SIZE];
  float middle_scale, high_scale;       /* of the sums of power */
} AeNoiseTables;

/* @in: rows @stride apart. Returns: %FALSE where the block does not show its
 * noise. The same on all instruction sets. */
#define AE_DECLARE_NOISE_BLOCK(level) \
    gboolean ae_noise_block_measure_##level (const AeNoiseTables * tables, \
        const float *in, gsize stride, AeNoiseBlock * block);

AE_DECLARE_NOISE_BLOCK (c)
AE_DECLARE_NOISE_BLOCK (avx2)
AE_DECLARE_NOISE_BLOCK (avx512)
AE_DECLARE_NOISE_BLOCK (vnni)

G_END_DECLS
