/* A variational autoencoder of binarised digits. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-vae.h"
#include "theory-data.h"
#include "theory-train.h"

G_BEGIN_DECLS

/* Means in nats a digit, on held-out digits. */
typedef struct
{
  double elbo, kl;              /* the bound and its divergence */
  double log_likelihood;        /* importance-weighted estimate */
} VaeFigures;

extern const gchar theory_vae_text[], theory_cvae_text[];

/* The digits, each pixel 1 where there is more ink than not. Takes over the
 * pixels of @digits. */
TheoryData theory_binary_digits (TheoryDigits * digits, gboolean labelled);

TheoryModel theory_vae_train (const gchar * text, const TheoryData * data,
    float beta, guint n_steps);

/* Over the first @n digits, with @n_draws codes for each estimate. */
VaeFigures theory_vae_figures (const TheoryModel * model,
    const TheoryData * held_out, guint n, guint n_draws);

/* Returns: mean log likelihood of @held_out with pixels that are independent,
 * each as often 1 as in @data (in each class, where it has labels; labels are
 * then given, as to a conditional model). */
double theory_independent_pixels (const TheoryData * data,
    const TheoryData * held_out);

/* Returns: (transfer full): @n pictures drawn from the model, [n][20][20];
 * picture i of class i % 10 where the model is conditional. */
float *theory_vae_draw (const TheoryModel * model, guint n, guint64 seed);

/* Returns: (transfer full): @n pictures on the way from digit @from to digit
 * @to of @data, through the codes. */
float *theory_vae_interpolate (const TheoryModel * model,
    const TheoryData * data, guint from, guint to, guint n);

G_END_DECLS
