/* A causal model, one step of time after the other. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-weights.h"

G_BEGIN_DECLS

/**
 * AeStreamPrecision: a step of one position is bound by reading the weights.
 * @AE_STREAM_FLOATS: as they are
 * @AE_STREAM_BYTES: those of `conv 1x1` rounded to a 127th of the greatest one
 *   that meets in the same output, which takes a quarter of the memory, and its
 *   input to 16 bits, so that sums are of integers
 */
typedef enum
{
  AE_STREAM_FLOATS,
  AE_STREAM_BYTES
} AeStreamPrecision;

/**
 * AeStream: what a model whose width is time remembers of the past. Each step
 * gives what ae_tape_forward() gives for that column of all of the past, but for
 * rounding. One thread at a time; a step allocates nothing.
 */
typedef struct _AeStream AeStream;

/**
 * ae_stream_new:
 * @architecture: of any size, made of `conv 1x1`, `causal`, `norm`, `save`,
 *   `add`, `concat` and `dropout`
 *
 * Errors: AE_ERROR_UNSUPPORTED, naming the first layer that is none of these.
 */
AeStream *ae_stream_new (AeArchitecture * architecture, AeWeights * weights,
    AeStreamPrecision precision, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

void ae_stream_free (AeStream * stream);        /* NULL is a no-op */

/* Goes on with other weights of the same architecture. */
void ae_stream_set_weights (AeStream * stream, AeWeights * weights);

/* Forgets the past: zeros again. */
void ae_stream_reset (AeStream * stream);

/**
 * ae_stream_step:
 * @in: as many floats as the architecture's input has channels
 *
 * Returns: (transfer none): the channels of the output, valid until the next
 *   step.
 */
const float *ae_stream_step (AeStream * stream, const float *in);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeStream, ae_stream_free)

G_END_DECLS
