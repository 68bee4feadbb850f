/* Principal component analysis, of a batch or of a stream. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AePca: the directions in which samples vary most. Immutable; to be read by
 * any number of threads.
 *
 * A sample x of n_dims numbers has the code s = W (x - mean) and the
 * reconstruction mean + W' s, the rows of W being the components. Of all
 * linear codes of that size this one has the least squared error (Eckart and
 * Young, 1936).
 */
typedef struct _AePca AePca;

/**
 * ae_pca_new:
 * @x: [n][n_dims] the samples, one a row
 * @n_components: components wanted, at most @n_dims
 *
 * Decomposes the covariance matrix, or with fewer samples than dimensions the
 * Gram matrix of the samples, in double precision. Components whose variance
 * is under 1e-10 of the largest are left out, as they are rounding: data of
 * lower rank give fewer components than wanted.
 *
 * Returns: (transfer full): the analysis. Errors: %AE_ERROR_SHAPE with fewer
 * than two samples or too many components, %AE_ERROR_NOT_FINITE.
 */
AePca *ae_pca_new (const float *x, guint n, guint n_dims, guint n_components,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ae_pca_update:
 * @x: [n][n_dims] further samples, at least one
 *
 * Takes further samples in without those seen before (Ross, Lim, Lin and Yang,
 * 2008): decomposes the scaled components, the new samples and the shift of
 * the mean together. Exact while the components kept hold all the variance;
 * else what earlier updates left out is missing from the components, but not
 * from ae_pca_total_variance().
 *
 * Returns: (transfer full): a new analysis; @pca stays as it is. Errors:
 * %AE_ERROR_SHAPE without samples, %AE_ERROR_NOT_FINITE.
 */
AePca *ae_pca_update (const AePca * pca, const float *x, guint n,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/* NULL is a no-op. */
void ae_pca_free (AePca * pca);

guint ae_pca_n_dims (const AePca * pca);
guint ae_pca_n_components (const AePca * pca);
guint64 ae_pca_n_samples (const AePca * pca);

/* Returns: [n_dims]. */
const float *ae_pca_mean (const AePca * pca);

/* Returns: [n_components][n_dims] orthonormal rows, largest variance first; in
 * each the number largest in magnitude is positive. */
const float *ae_pca_components (const AePca * pca);

/* Returns: [n_components] the variance along each component: the eigenvalues of
 * the covariance, divided by n_samples - 1. */
const double *ae_pca_variances (const AePca * pca);

/* Returns: the trace of the covariance. What the components do not explain of
 * it is the squared error of the reconstruction, per n_samples - 1. */
double ae_pca_total_variance (const AePca * pca);

/* @code: (out): [n][n_components] the codes of @x [n][n_dims]. */
void ae_pca_project (const AePca * pca, const float *x, guint n, float *code);

/* @x: (out): [n][n_dims] the reconstructions from @code [n][n_components]. */
void ae_pca_reconstruct (const AePca * pca, const float *code, guint n,
    float *x);

/**
 * ae_pca_largest_angle:
 * @a, @b: [k][n_dims] two bases, one vector a row; need not be orthonormal
 * @degrees: (out): the largest principal angle between the subspaces that they
 *   span: 0 when equal, 90 when one holds a direction that the other misses
 *
 * Björck and Golub (1973): cosine and sine of the angle are the smallest
 * singular value of Qa Qb' and the largest of Qb - (Qb Qa') Qa; both are used,
 * as either alone is inexact near one end.
 *
 * Errors: %AE_ERROR_SHAPE when the rows of a basis depend on each other,
 * %AE_ERROR_NOT_FINITE.
 */
gboolean ae_pca_largest_angle (const float *a, const float *b, guint k,
    guint n_dims, double *degrees, GError ** error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AePca, ae_pca_free)

G_END_DECLS
