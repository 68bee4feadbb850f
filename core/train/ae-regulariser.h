/* What is added to the loss of a reconstruction. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-architecture.h"

G_BEGIN_DECLS

/**
 * AeRegulariser: factors of the terms of the objective; 0 = without. With x a
 * sample, h its code and d the number of values that the model gives for it,
 * training minimises the mean over the samples of
 *
 *   loss + (code_l1 |h|_1 + contractive |dh/dx|_F^2 + kl KL) / d,
 *
 * plus sparsity / d times the sum over the code of KL (target || activity),
 * plus l2 |W|^2 + l1 |W|_1 + frobenius |W|_F over all weights but biases and
 * gains. The loss being a mean over d values, all factors weigh against the sum
 * over a sample, as the equations in the literature have it.
 *
 * @code_l1: a Laplace prior on the code
 * @sparsity, @sparsity_target: of a sigmoid code; the activity of a number (a
 *   channel) of the code is its mean over the samples (and positions), 0..1
 *   (Ng 2011)
 * @sparsity_memory: the activity that counts is this much that of earlier
 *   batches, 0..1
 * @contractive: Rifai et al. 2011, see #AeContractive
 * @contractive_probes: random vectors for each sample; 0 = exactly
 * @kl: beta, of the divergence of a `gaussian` code from its prior. The loss
 *   AE_LOSS_BCE with kl = 1 is the negative ELBO / d of a Bernoulli decoder, in
 *   nats (Kingma and Welling 2014); AE_LOSS_MSE with kl = 2 s^2 is that of a
 *   normal decoder of deviation s, times 2 s^2 / d and but for a constant
 * @l2: a normal prior on the weights; the square of the Frobenius norms
 * @l1: a Laplace prior on the weights
 * @frobenius: the norm of each layer's weights, not squared, which can take a
 *   whole layer to zero
 */
typedef struct
{
  float code_l1;
  float sparsity, sparsity_target, sparsity_memory;
  float contractive;
  guint contractive_probes;
  float kl;
  float l2, l1, frobenius;
} AeRegulariser;

/* Errors: AE_ERROR_UNSUPPORTED for what @architecture cannot have, such as a
 * target activity of a code that is no sigmoid; AE_ERROR_LIMIT for a factor
 * that is negative or not finite, or a target outside of 0..1. */
gboolean ae_regulariser_check (const AeRegulariser * regulariser,
    const AeArchitecture * architecture, GError ** error);

/* Returns: |h|_1 of @code, summed over its samples. Adds @scale times its
 * gradient to @grad. */
double ae_code_l1 (const AeTensor * code, float scale, AeTensor * grad);

/* Adds the sum of each channel of @code to @sums. */
void ae_code_add_activity (const AeTensor * code, double *sums);

/* Returns: the sum over @n numbers of KL (target || activity), in nats. */
double ae_code_sparsity (const double *activity, guint n, float target);

/* Adds @scale times the gradient of ae_code_sparsity() to @grad, for each
 * sample of @code as if the batch were it alone: the mean over the batch is the
 * gradient. */
void ae_code_sparsity_backward (const AeTensor * code,
    const double *activity, float target, float scale, AeTensor * grad);

/* Returns: the priors' terms over the layers from @n_frozen on. Adds their
 * gradient to @grad. */
double ae_weight_prior (const AeRegulariser * regulariser,
    const AeArchitecture * architecture, guint n_frozen,
    const float *weights, float *grad);

G_END_DECLS
