/* Forward and backward pass of a whole architecture. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-architecture.h"

G_BEGIN_DECLS

/**
 * AeTape: the activations of one pass, kept for the backward pass. This is the
 * plain, layer-by-layer path that training uses and that the inference plan is
 * tested against. One tape serves one thread at a time; memory is kept from
 * call to call.
 */
typedef struct _AeTape AeTape;

AeTape *ae_tape_new (AeArchitecture * architecture)
    G_GNUC_WARN_UNUSED_RESULT;
void ae_tape_free (AeTape * tape); /* NULL is a no-op */

/* From now on `dropout` and `gaussian` draw from @rng, which the caller keeps:
 * training. NULL, as at first: they give the mean of what they would draw. */
void ae_tape_set_random (AeTape * tape, AeRng * rng);

/**
 * ae_tape_forward:
 * @weights: architecture->n_weights floats
 * @in: [c][h][w][n]; h and w multiples of architecture->multiple
 * @condition: (nullable): [n_given][hc][wc][n]
 *
 * Returns: (transfer none): the output, valid until the next call.
 */
const AeTensor *ae_tape_forward (AeTape * tape, const float *weights,
    const AeTensor * in, const AeTensor * condition);

/* The encoder alone. Returns: (transfer none): the code. */
const AeTensor *ae_tape_encode (AeTape * tape, const float *weights,
    const AeTensor * in, const AeTensor * condition);

/* The decoder alone, of an architecture that ae_architecture_decodes_alone().
 * @code: as long as the output is read. Returns: (transfer none): the output. */
const AeTensor *ae_tape_decode (AeTape * tape, const float *weights,
    const AeTensor * code, const AeTensor * condition);

/* Returns: (transfer none): the input of layer @i in the last pass. */
const AeTensor *ae_tape_input (const AeTape * tape, guint i);

/* Returns: (transfer none): the output of layer @i in the last pass. */
const AeTensor *ae_tape_output (const AeTape * tape, guint i);

/* Returns: (transfer none): the code, the output of the last encoder layer of
 * the last forward pass. */
const AeTensor *ae_tape_code (const AeTape * tape);

/* Returns: (transfer none) (nullable): mean, logarithm of the variance, and
 * noise of the last pass's stochastic code, [3 N][h][w][n]; NULL without one. */
const AeTensor *ae_tape_gaussian (const AeTape * tape);

/* Returns: KL divergence of the stochastic code from its prior N (0, 1), in
 * nats, summed over the samples of the last pass; 0 without one. */
double ae_tape_kl (AeTape * tape);

/**
 * ae_tape_backward:
 * @grad_out: gradient with respect to the output; same shape
 * @grad_weights: n_weights floats, added to
 * @grad_in: (nullable) (out): gradient with respect to the input
 *
 * After ae_tape_forward() with the same @weights; @in and @condition of that
 * call must still be there.
 */
void ae_tape_backward (AeTape * tape, const float *weights,
    const AeTensor * grad_out, float *grad_weights, AeTensor * grad_in);

/**
 * AeTapeGradients: what a backward pass starts from.
 * @out: with respect to the output
 * @code: (nullable): what is added with respect to the code
 * @kl: factor of ae_tape_kl() in the objective
 * @n_frozen: how many of the first layers are left out
 */
typedef struct
     {
       const AeTensor *out, *code;
       float kl;
       guint n_frozen;
     } AeTapeGradients;

/* As ae_tape_backward(). With frozen layers @grad_in is NULL. */
void ae_tape_backward_from (AeTape * tape, const float *weights,
    const AeTapeGradients * gradients, float *grad_weights, AeTensor * grad_in);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeTape, ae_tape_free)
    G_END_DECLS
