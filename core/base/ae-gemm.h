/* Matrix products and eigenvectors; the only user of OpenBLAS. SPDX-License-Identifier: LGPL-2.1-or-later */
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

/* The same in double precision, for sums that are inverted or decomposed. */
void ae_gemm_double (gboolean trans_a, gboolean trans_b, guint m, guint n,
    guint k, double alpha, const double *a, guint lda, const double *b,
    guint ldb, double beta, double *c, guint ldc);

/**
 * ae_eigen_symmetric:
 * @a: [n][n] a symmetric matrix of finite numbers; becomes its orthonormal
 *   eigenvectors, one a row
 * @values: (out): [n] the eigenvalues, largest first, that of row i at i
 *
 * LAPACK's divide and conquer (dsyevd), on one thread. Thread-safe. Errors:
 * %AE_ERROR_NOT_FINITE when LAPACK finds no solution.
 */
gboolean ae_eigen_symmetric (guint n, double *a, double *values,
    GError ** error);

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
