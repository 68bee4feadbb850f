/* What a code is like: how full, how active, how steep. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "theory-data.h"
#include "theory-train.h"

G_BEGIN_DECLS

/**
 * CodeFigures: on held-out samples.
 * @error: mean squared, of the reconstruction
 * @noise_gain: |f(x + e) - f(x)|^2 / |e|^2 for small noise e that the samples
 *   do not have; 1 for the identity
 * @density: share of the numbers of the code over a hundredth of the largest
 * @activity: mean of the code
 * @jacobian: mean of |dh/dx|_F^2; 0 for an encoder that has none
 */
typedef struct
{
  double error, noise_gain, density, activity, jacobian;
} CodeFigures;

CodeFigures theory_code_figures (const TheoryModel * model,
    const TheoryData * held_out);

/* A regularised overcomplete autoencoder of 8x8 patches. */
typedef struct
{
  const gchar *name, *text;
  AeRegulariser regulariser;
  AeObjective objective;
} CodeCase;

/* The first has no regulariser; four of 256 numbers for each of 64. */
extern const CodeCase theory_code_cases[];
extern const guint theory_n_code_cases;

/* Trains @code_case on @data. */
TheoryModel theory_code_train (const CodeCase * code_case,
    const TheoryData * data, guint n_steps);

/* Grey patches without their mean, of variance 1 over all. */
TheoryData theory_whole_patches (guint size, guint n, TheoryPart part,
    guint64 seed);

G_END_DECLS
