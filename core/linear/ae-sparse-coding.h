/* Finds the sparse codes of samples for a given dictionary. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-dictionary.h"

G_BEGIN_DECLS

/**
 * AeSparseMethod: three ways to the same minimum of |x - W s|^2 + lambda |s|_1.
 * @AE_SPARSE_ISTA: a gradient step, then soft thresholding; the objective never
 *   rises (Daubechies, Defrise and De Mol, 2004)
 * @AE_SPARSE_FISTA: the same with momentum (Beck and Teboulle, 2009), which is
 *   dropped where it points uphill (O'Donoghue and Candès, 2015)
 * @AE_SPARSE_DESCENT: one number of the code at a time to its minimum
 *   (Friedman, Hastie and Tibshirani, 2010); never rises, and the fastest where
 *   codes are sparse
 */
typedef enum
{
  AE_SPARSE_ISTA,
  AE_SPARSE_FISTA,
  AE_SPARSE_DESCENT
} AeSparseMethod;

/**
 * ae_sparse_coding_l1:
 * @lambda: at least 0; as in #AeDictionary, without a factor 1/2
 * @max_iterations: gradient steps, or sweeps over the code
 * @tolerance: stops when the duality gap, which bounds how far the objective is
 *   over its minimum, is at most this part of the objective. In single
 *   precision 1e-5 is in reach.
 * @x: [n][n_dims]
 * @codes: (inout): [n][n_atoms] where to start from, zeros if nothing better is
 *   known; becomes the codes
 * @gap: (out) (optional): the duality gap at the end, mean over the samples
 *
 * Works on blocks of samples at once, on one thread. Thread-safe. Errors:
 * %AE_ERROR_NOT_FINITE; @codes are then as they were.
 */
gboolean ae_sparse_coding_l1 (const AeDictionary * dictionary,
    AeSparseMethod method, float lambda, guint max_iterations,
    float tolerance, const float *x, guint n, float *codes, double *gap,
    GError ** error);

/**
 * ae_sparse_coding_l0:
 * @n_nonzero: how many numbers of each code may differ from zero
 * @codes: (inout): [n][n_atoms] where to start from; becomes the codes
 *
 * Minimises |x - W s|^2 under that limit by iterative hard thresholding: a
 * gradient step, of which the @n_nonzero largest numbers are kept (Blumensath
 * and Davies, 2009). The error never rises; the minimum is a local one. Stops
 * early when no code moves by more than 1e-6 of its length. Thread-safe.
 * Errors: %AE_ERROR_NOT_FINITE, %AE_ERROR_SHAPE for more numbers than atoms.
 */
gboolean ae_sparse_coding_l0 (const AeDictionary * dictionary,
    guint n_nonzero, guint max_iterations, const float *x, guint n,
    float *codes, GError ** error);

/**
 * ae_sparse_coding_fit_encoder:
 * @x: [n][n_dims], @codes: [n][n_atoms] their codes
 * @ridge: at least 0, against the mean of x x'
 * @v: (out): [n_atoms][n_dims]
 *
 * Learns the linear encoder s = V x that foretells the codes best:
 * V = mean (s x') (mean (x x') + ridge I)^-1, where directions that no sample
 * has are left out. V x is ae_gemm() of the samples and V transposed. Errors:
 * %AE_ERROR_SHAPE without samples, %AE_ERROR_NOT_FINITE.
 */
gboolean ae_sparse_coding_fit_encoder (const float *x, guint n, guint n_dims,
    const float *codes, guint n_atoms, double ridge, float *v,
    GError ** error);

G_END_DECLS
