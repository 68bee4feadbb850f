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

AeTape *ae_tape_new (AeArchitecture * architecture) G_GNUC_WARN_UNUSED_RESULT;
void ae_tape_free (AeTape * tape);      /* NULL is a no-op */

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

/* Returns: (transfer none): the code, the output of the last encoder layer of
 * the last forward pass. */
const AeTensor *ae_tape_code (const AeTape * tape);

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

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeTape, ae_tape_free)

G_END_DECLS
