/* Rounding of a convolution's weights. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-int8.h"
#include "ae-rng.h"
#include "ae-tensor.h"

G_BEGIN_DECLS

/**
 * AeRounding: second moments of what a convolution reads.
 *
 * Rounding each weight to the nearest integer is not best: what counts is the
 * square error of the sums, e' H e for errors e of the weights and moments H of
 * the input. Starting from the nearest integers, one weight after the other is
 * set to the best integer given all the others, until none changes (coordinate
 * descent, as in Behdin et al. 2023, "QuantEase").
 */
typedef struct _AeRounding AeRounding;

/* Returns: (transfer full) (nullable): NULL where there are too many weights
 * for moments of all pairs. @layer: conv or deconv. */
AeRounding *ae_rounding_new (const AeLayer * layer) G_GNUC_WARN_UNUSED_RESULT;

/* Adds some places of @in, [c][h][w][n], drawn from @rng. */
void ae_rounding_add (AeRounding * rounding, const AeTensor * in, AeRng * rng);

/**
 * ae_rounding_improve:
 * @weight: of the layer
 * @int8: made by ae_int8_round_layer(); its weights are changed
 */
void ae_rounding_improve (const AeRounding * rounding, const float *weight,
    AeInt8Layer * int8);

void ae_rounding_free (AeRounding * rounding);  /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeRounding, ae_rounding_free)

G_END_DECLS
