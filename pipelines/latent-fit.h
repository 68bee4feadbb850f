/* Fitting the context model to a codec's weights, and judging both. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-latent-model.h"
#include "latent-pictures.h"
#include "latent-source.h"

G_BEGIN_DECLS

/**
 * ae_latent_fit_model:
 * @steps: [AE_SYMBOLS_N_LEVELS][n_planes]
 * @symbols: (nullable): the context model that guides the rounding; NULL: to the
 *   nearest
 * @bit_worth: as AeQuantise.bit_worth
 *
 * Errors: those of ae_latent_parts_init().
 *
 * Returns: (transfer full) (nullable): a context model with a set for each level,
 *   fitted to samples of @source.
 */
AeSymbolModel *ae_latent_fit_model (const AeModel * model, const float *steps,
    const AeSymbolModel * symbols, float bit_worth,
    const AeLatentSource * source, guint64 seed, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * AeLatentPoint: what a picture is coded to at one level.
 */
typedef struct
{
  double bits_per_pixel;        /* of the whole frame, with all headers */
  double psnr[3];               /* of Y, U and V as bytes, in dB */
} AeLatentPoint;

/* Codes and decodes a whole picture at each level. Errors: those of the encoder
 * and the decoder. */
gboolean ae_latent_judge (AeLatentModel * model, const AeI420 * picture,
    AeLatentPoint points[AE_SYMBOLS_N_LEVELS], GError ** error);

G_END_DECLS
