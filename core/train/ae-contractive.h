/* The squared Frobenius norm of an encoder's Jacobian, and its gradient.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-tape.h"

G_BEGIN_DECLS

/**
 * AeContractive: computes |J|_F^2 with J = dh/dx, h the code and x the input
 * (Rifai, Vincent, Muller, Glorot and Bengio, 2011).
 *
 * For one dense layer with the activation f,
 *
 *   |J|_F^2 = sum over j of f'(z_j)^2 |w_j|^2.
 *
 * For deeper encoders |J|_F^2 = E |J' v|^2 over random v of unit covariance
 * (Hutchinson 1990), here of +1 and -1, or exactly the sum over the unit
 * vectors. Each J' v is a backward pass; its gradient needs a forward pass of
 * that direction and one more backward pass (Pearlmutter 1994).
 */
typedef struct _AeContractive AeContractive;

/**
 * ae_contractive_new:
 *
 * Errors: %AE_ERROR_UNSUPPORTED when the encoder has a layer other than dense,
 * conv, deconv, shuffle, unshuffle and upsample.
 */
AeContractive *ae_contractive_new (AeArchitecture * architecture, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The greatest code for which the exact sum is the default. */
#define AE_CONTRACTIVE_MAX_EXACT 32

/**
 * ae_contractive_run:
 * @tape: after a forward pass with @weights
 * @n_probes: random vectors for each sample; 0 = exactly
 * @rng: draws them; may be NULL for the exact sum
 * @scale: factor of the gradient
 * @grad_weights: (nullable): n_weights floats, added to
 *
 * Returns: |J|_F^2, or its estimate, summed over the samples of the pass.
 */
double ae_contractive_run (AeContractive * contractive,
    const AeTape * tape, const float *weights, guint n_probes, AeRng * rng,
    float scale, float *grad_weights);

void ae_contractive_free (AeContractive * contractive);    /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeContractive, ae_contractive_free)
    G_END_DECLS
