/* Choice of the kernels at run time. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-kernels.h"

#include <math.h>
#include <string.h>

extern const AeKernels ae_kernels_c;
#if defined (__x86_64__)
extern const AeKernels ae_kernels_avx2, ae_kernels_avx512;
extern const AeKernels ae_kernels_vnni;
#endif

static const AeKernels *const built[AE_N_CPU_LEVELS] = {
  [AE_CPU_C] = &ae_kernels_c,
#if defined (__x86_64__)
  [AE_CPU_AVX2] = &ae_kernels_avx2,
  [AE_CPU_AVX512] = &ae_kernels_avx512,
  [AE_CPU_VNNI] = &ae_kernels_vnni,
#endif
};

const AeKernels *
ae_kernels_for_level (AeCpuLevel level)
{
  g_return_val_if_fail (level < AE_N_CPU_LEVELS, NULL);
  return level <= ae_cpu_level ()? built[level] : NULL;
}

const AeKernels *
ae_kernels (void)
{
  return built[ae_cpu_level ()];
}

gsize
ae_kernels_gemm_scratch (guint n)
{
  /* tiles have at most three groups of columns */
  return (gsize) AE_GEMM_BLOCK_K *(AE_GEMM_BLOCK_M + n + 3 * AE_GROUP);
}

gsize
ae_kernels_gemv_size (guint m, guint k)
{
  return (gsize) (m + AE_GEMV_ROWS - 1) / AE_GEMV_ROWS * AE_GEMV_ROWS * k;
}

void
ae_kernels_gemv_pack (guint m, guint k, const float *weights, float *packed)
{
  for (guint block = 0; block < m; block += AE_GEMV_ROWS) {
    for (guint t = 0; t < k; t++) {
      for (guint i = block; i < block + AE_GEMV_ROWS; i++)
        *packed++ = i < m ? weights[(gsize) i * k + t] : 0.0f;
    }
  }
}

guint
ae_kernels_gemv_columns (guint k)
{
  return (k + AE_GROUP - 1) / AE_GROUP * AE_GROUP;
}

void
ae_kernels_gemv_pack_bytes (guint m, guint k, const float *weights,
    gint8 * packed, float *scale)
{
  const guint columns = ae_kernels_gemv_columns (k);

  for (guint i = 0; i < m; i++) {
    float greatest = 0.0f;

    for (guint t = 0; t < k; t++)
      greatest = fmaxf (greatest, fabsf (weights[(gsize) i * k + t]));
    scale[i] = greatest / 127.0f;
  }
  memset (packed, 0, ae_kernels_gemv_size (m, columns));
  for (guint i = 0; i < m; i++) {
    guint i_row = i % AE_GEMV_ROWS;
    gint8 *block = packed + (gsize) (i - i_row) * columns;

    for (guint t = 0; t < k && scale[i] > 0.0f; t++)
      block[(t / 2 * AE_GEMV_ROWS + i_row) * 2 + t % 2] =
          (gint8) lrintf (weights[(gsize) i * k + t] / scale[i]);
  }
}

gsize
ae_kernels_packed_size (guint m, guint n_taps)
{
  return (gsize) (m + AE_BLOCK - 1) / AE_BLOCK * AE_BLOCK * n_taps;
}

void
ae_kernels_pack (guint m, guint n_taps, const float *weights, float *packed)
{
  for (guint block = 0; block < m; block += AE_BLOCK) {
    for (guint t = 0; t < n_taps; t++) {
      for (guint i = 0; i < AE_BLOCK; i++)
        *packed++ = block + i < m ? weights[(gsize) (block + i) * n_taps + t]
            : 0.0f;
    }
  }
}

/* G of Lavin and Gray 2016, F(4x4, 3x3). */
static const double winograd_g[6][3] = {
  {1.0 / 4, 0.0, 0.0},
  {-1.0 / 6, -1.0 / 6, -1.0 / 6},
  {-1.0 / 6, 1.0 / 6, -1.0 / 6},
  {1.0 / 24, 1.0 / 12, 1.0 / 6},
  {1.0 / 24, -1.0 / 12, 1.0 / 6},
  {0.0, 0.0, 1.0},
};

/* Position (i, j) of G kernel G^T. */
static float
transform_kernel (const float *kernel, guint i, guint j)
{
  double sum = 0.0;

  for (guint y = 0; y < 3; y++) {
    for (guint x = 0; x < 3; x++)
      sum += winograd_g[i][y] * winograd_g[j][x] * (double) kernel[y * 3 + x];
  }
  return (float) sum;
}

void
ae_kernels_winograd_pack (guint m, guint c, const float *weights, float *packed)
{
  gsize n_kernels = (gsize) m * c;
  g_autofree float *position = g_new (float, n_kernels);

  for (guint k = 0; k < 36; k++) {
    for (gsize i = 0; i < n_kernels; i++)
      position[i] = transform_kernel (weights + i * 9, k / 6, k % 6);
    ae_kernels_pack (m, c, position, packed);
    packed += ae_kernels_packed_size (m, c);
  }
}
