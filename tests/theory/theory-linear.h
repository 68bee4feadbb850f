/* A linear autoencoder beside principal components. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "theory-train.h"

G_BEGIN_DECLS typedef struct
{
  double angle;                 /* degrees: the largest principal angle */
  double error, pca_error;      /* mean squared, on @held_out */
} LinearFigures;

/* Trains `dense K | dense d` on @data and compares the subspace that its
 * decoder spans, and its error, with PCA of the same samples. */
LinearFigures theory_linear (const TheoryData * data,
    const TheoryData * held_out, guint n_code, guint n_steps, float rate);

/* Returns: mean squared error on @held_out of PCA of @data. */
double theory_pca_error (const TheoryData * data, const TheoryData * held_out,
    guint n_code);

G_END_DECLS
