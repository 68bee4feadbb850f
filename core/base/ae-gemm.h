/* Matrix products; the only user of OpenBLAS. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ae_gemm:
 * @trans_a: whether A is stored as [k][m] instead of [m][k]
 * @trans_b: whether B is stored as [n][k] instead of [k][n]
 * @lda, @ldb, @ldc: floats from one stored row to the next
 *
 * C[m][n] = @alpha * A B + @beta * C, row by row storage, on one thread.
 * A number of threads that the application has set for OpenBLAS is restored
 * before the call returns. Thread-safe.
 */
void ae_gemm (gboolean trans_a, gboolean trans_b, guint m, guint n, guint k,
    float alpha, const float *a, guint lda, const float *b, guint ldb,
    float beta, float *c, guint ldc);

/**
 * ae_gemm_core_name:
 *
 * OpenBLAS 0.3.21 does not know recent processors and falls back to SSE3
 * kernels, five times slower. On first use the kernels that the processor
 * supports are chosen, unless the user set `OPENBLAS_CORETYPE`.
 *
 * Returns: (transfer none): the OpenBLAS core in use, e.g. `SkylakeX`.
 */
const gchar *ae_gemm_core_name (void);

G_END_DECLS
