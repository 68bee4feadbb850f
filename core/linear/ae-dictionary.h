/* A set of atoms that samples are sums of. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AeDictionary: atoms w_1 ... w_K, the columns of W. Immutable; to be read by
 * any number of threads.
 *
 * Linear sparse coding explains a sample by few of them: x is about W s. All of
 * this layer minimises one objective, the mean over the samples of
 *
 *   |x - W s|^2 + lambda |s|_1, plus gamma |W|_F^2 once,
 *
 * without the factor 1/2 before the square that some authors write: lambda here
 * is twice their alpha (as in scikit-learn).
 */
typedef struct _AeDictionary AeDictionary;

/**
 * ae_dictionary_new:
 * @atoms: [n_atoms][n_dims] one atom a row; copied
 *
 * Returns: (transfer full): the dictionary. Errors: %AE_ERROR_NOT_FINITE.
 */
AeDictionary *ae_dictionary_new (const float *atoms, guint n_atoms,
    guint n_dims, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/* NULL is a no-op. */
void ae_dictionary_free (AeDictionary * dictionary);

guint ae_dictionary_n_atoms (const AeDictionary * dictionary);
guint ae_dictionary_n_dims (const AeDictionary * dictionary);

/* Returns: [n_atoms][n_dims]. */
const float *ae_dictionary_atoms (const AeDictionary * dictionary);

/* Returns: [n_atoms][n_atoms] W'W. */
const float *ae_dictionary_gram (const AeDictionary * dictionary);

/* Returns: the largest eigenvalue of W'W, by power iteration, and 2 % more so
 * that 1 over it is a safe step for gradient descent. */
float ae_dictionary_curvature (const AeDictionary * dictionary);

/* @x: (out): [n][n_dims] the sums W s of @codes [n][n_atoms]. */
void ae_dictionary_reconstruct (const AeDictionary * dictionary,
    const float *codes, guint n, float *x);

/* Returns: the objective, for @x [n][n_dims] and @codes [n][n_atoms]. */
double ae_dictionary_objective (const AeDictionary * dictionary,
    const float *x, const float *codes, guint n, double lambda, double gamma);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeDictionary, ae_dictionary_free)

G_END_DECLS
