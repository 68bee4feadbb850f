/* Rounding that knows what its choices cost. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-slice.h"

G_BEGIN_DECLS

#define AE_QUANTISE_N_CONTEXTS (AE_SYMBOLS_N_EARLIER * AE_SYMBOLS_N_NEAR)

/* About what a bit is worth in squared steps: a uniform quantiser at high rates
 * would pay ln 2 / 6 = 0.12 for it; choices are made one by one, and a bit that
 * is saved makes its neighbours' bits fewer too. */
#define AE_QUANTISE_BIT_WORTH 0.1f

/**
 * AeQuantise: a grid of latents, and what to do with it. Everything is
 * [n_planes][h][w].
 * @bit_worth: of a bit, in squared steps; 0 rounds to the nearest
 * @code: the model's; a value is @code / @steps[plane]
 * @reference, @blocks: (nullable): as ae_slice_encode() takes them
 * @values: (out): what is to be coded; may not be @reference
 * @slopes: (out) (nullable): by how many bits each latent grows with its value:
 *   through the costs of the two integers that it lies between, in the context
 *   it has
 * @counts: (nullable) (inout): [n_planes][AE_QUANTISE_N_CONTEXTS]: adds what the
 *   contexts of intra blocks meet
 */
typedef struct
{
  guint grade, h, w;
  float bit_worth;
  const float *code, *steps;
  const gint16 *reference;
  const guint8 *blocks;
  gint16 *values;
  float *slopes;
  AeSymbolCount *counts;
} AeQuantise;

typedef struct _AeQuantiser AeQuantiser;

/* @model: (transfer none): outlives the quantiser */
AeQuantiser *ae_quantiser_new (const AeSymbolModel * model)
    G_GNUC_WARN_UNUSED_RESULT;
void ae_quantiser_free (AeQuantiser * quantiser);       /* NULL is a no-op */

/**
 * ae_quantiser_run:
 *
 * Rounds each value to the integer nearest to it, or to the next one towards its
 * prediction where that saves more bits than it harms, latent by latent,
 * in the order of the stream. Contexts are those of one slice of the whole grid.
 * Allocates nothing for a grid that is no larger than those before.
 *
 * Returns: bits, if there are @slopes or @counts; else 0.
 */
double ae_quantiser_run (AeQuantiser * quantiser, const AeQuantise * work);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeQuantiser, ae_quantiser_free)

G_END_DECLS
