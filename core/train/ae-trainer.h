/* One deterministic step of training at a time. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-adam.h"
#include "ae-architecture.h"
#include "ae-loss.h"
#include "ae-weights.h"
#include "ae-worker-pool.h"

G_BEGIN_DECLS

/**
 * AeSample: one example, filled by an AeSampleFunc.
 * @input: [c][h][w] of the architecture's input
 * @target: [c][h][w] of its output for that input
 * @condition: architecture->n_given numbers
 * @weight: factor of this example's loss; 1 unless set
 */
typedef struct
{
  float *input, *target, *condition;
  float weight;
} AeSample;

/**
 * AeSampleFunc: makes one example from @rng and immutable data alone. Called
 * from several threads at once.
 */
typedef void (*AeSampleFunc) (gpointer data, AeRng * rng, AeSample * sample);

/**
 * AeTrainerConfig:
 * @height, @width: of a patch, for models that take any size
 * @batch: samples in a step; a multiple of @shard
 * @shard: samples worked on together; a multiple of 16 for speed. The sum over
 *   shards has a fixed order, so the result does not depend on @n_threads.
 * @clip_norm: gradients of larger Euclidean norm are scaled down to it; 0 = off
 * @ema: decay of the running average of the weights, 0 = off
 */
typedef struct
{
  guint height, width;
  guint batch, shard;
  guint n_threads;              /* 0 = one per processor */
  guint64 seed;
  AeLossKind loss;
  AeAdamConfig adam;
  float clip_norm;
  float ema;
} AeTrainerConfig;

#define AE_TRAINER_CONFIG_DEFAULT { 64, 64, 32, 16, 0, 1, AE_LOSS_MSE, \
    AE_ADAM_CONFIG_DEFAULT, 1.0f, 0.999f }

typedef struct _AeTrainer AeTrainer;

/**
 * ae_trainer_new:
 * @weights: (transfer none): where training starts
 *
 * Errors: AE_ERROR_SHAPE when patch, batch or weights do not fit.
 */
AeTrainer *ae_trainer_new (AeArchitecture * architecture, AeWeights * weights,
    const AeTrainerConfig * config, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * ae_trainer_step:
 * @learning_rate: of this step
 * @loss: (out) (optional): weighted mean loss of the batch before the update
 *
 * Draws a batch, and moves the weights against the gradient of its loss. The
 * same seed and samples give the same weights for any number of threads.
 *
 * Errors: AE_ERROR_NOT_FINITE when the loss or the gradient is not finite; the
 * weights then stay as they are.
 */
gboolean ae_trainer_step (AeTrainer * trainer, AeSampleFunc func,
    gpointer data, float learning_rate, double *loss, GError ** error);

guint64 ae_trainer_n_steps (const AeTrainer * trainer);

/* Returns: (transfer full): a snapshot: the running average when the
 * configuration has one, else the current weights. Errors: AE_ERROR_NOT_FINITE. */
AeWeights *ae_trainer_weights (const AeTrainer * trainer, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Returns: the learning rate of step @step of @n_steps: linear from 0 during
 * the first @n_warmup, then half a cosine from @peak down to @peak / 100
 * (Loshchilov and Hutter 2017). */
float ae_schedule_cosine (guint64 step, guint64 n_steps, guint64 n_warmup,
    float peak);

void ae_trainer_free (AeTrainer * trainer);     /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeTrainer, ae_trainer_free)

G_END_DECLS
