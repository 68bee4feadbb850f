/* Fitting the context model to the latents of a model. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-symbols.h"

G_BEGIN_DECLS

/**
 * AeSymbolSample: one frame's latents, as ae_frame_encode() takes them.
 * @reference, @blocks: NULL for a key frame
 */
typedef struct
{
  guint level;
  const AeLatents *latents, *reference;
  const guint8 *blocks;         /* [h][w] of AeBlock */
} AeSymbolSample;

/**
 * ae_symbol_fit:
 * @samples: at least one, all of as many planes
 *
 * Chooses the weights of the intra prediction and the parents of each plane by
 * least squares and correlation, and the table of each context by what it met:
 * one set for each level that there are samples of, which the levels between
 * share. Contexts that met little lean towards those of all levels together;
 * changed blocks, where there were none, towards intra ones.
 *
 * Returns: (transfer full): the model.
 */
AeSymbolModel *ae_symbol_fit (const AeSymbolSample * samples, guint n_samples)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
