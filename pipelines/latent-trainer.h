/* Training of a codec's model for rate and distortion at once. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-model.h"
#include "ae-quantise.h"
#include "latent-source.h"

G_BEGIN_DECLS

/**
 * AeLatentTrainerConfig:
 * @source: (transfer none): what to train on
 * @batch: samples in a step, a multiple of 16
 * @bit_worth: as AeQuantise.bit_worth
 * @ema: decay of the running average
 */
typedef struct
{
  const AeLatentSource *source;
  guint batch, n_threads;
  guint64 seed;
  float bit_worth;
  float ema;
} AeLatentTrainerConfig;

/* Sums over the samples of a step, or of many. */
typedef struct
{
  double objective;             /* mean; all others are sums */
  double bits[AE_SYMBOLS_N_LEVELS];
  double error[AE_SYMBOLS_N_LEVELS];    /* squared, of the judged channels */
  double places[AE_SYMBOLS_N_LEVELS];
} AeLatentLoss;

typedef struct _AeLatentTrainer AeLatentTrainer;

/**
 * ae_latent_trainer_new:
 * @model: of the channels of the source and any size, its decoder reads the code alone; a condition of one
 *   channel, if there is one, is the level over the last one
 * @steps: [AE_SYMBOLS_N_LEVELS][n_planes]: where training starts. Those of
 *   plane 0 tell how rate and distortion are weighed
 * @base: steps of an orthonormal transform that weigh rate and distortion alike:
 *   one a level
 * @symbols: (transfer full): a set for each level
 *
 * Errors: AE_ERROR_SHAPE.
 */
AeLatentTrainer *ae_latent_trainer_new (const AeModel * model,
    const float *steps, const float *base, AeSymbolModel * symbols,
    const AeLatentTrainerConfig * config, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

void ae_latent_trainer_free (AeLatentTrainer * trainer);        /* NULL is a no-op */

/* Errors: AE_ERROR_NOT_FINITE; the weights then stay as they are. */
gboolean ae_latent_trainer_step (AeLatentTrainer * trainer,
    float learning_rate, AeLatentLoss * loss, GError ** error);

/* Returns: (transfer full): the running average. Errors: AE_ERROR_NOT_FINITE. */
AeWeights *ae_latent_trainer_weights (const AeLatentTrainer * trainer,
    float *steps, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer none): the context model, its tables fitted to the last
 * steps. */
const AeSymbolModel *ae_latent_trainer_symbols (const AeLatentTrainer *
    trainer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeLatentTrainer, ae_latent_trainer_free)

G_END_DECLS
