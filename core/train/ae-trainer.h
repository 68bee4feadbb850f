/* One deterministic step of training at a time. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-architecture.h"
#include "ae-loss.h"
#include "ae-optimiser.h"
#include "ae-regulariser.h"
#include "ae-weights.h"
#include "ae-worker-pool.h"

G_BEGIN_DECLS

/**
 * AeSample: one example, filled by an AeSampleFunc.
 * @input: [c][h][w] of the architecture's input
 * @target: [c][h][w] of its output for that input; with a loss_func, what that
 *   wants
 * @condition: [architecture->n_given][h][w] on the trainer's condition grid
 * @mask: [c][h][w] of the output: a factor of the loss at each place, 1 unless
 *   set; NULL where the trainer has AeTrainerConfig.masked unset
 * @weight: factor of this example's loss; 1 unless set
 */
typedef struct
{
  float *input, *target, *condition, *mask;
  float weight;
} AeSample;

/**
 * AeSampleFunc: makes one example from @rng and immutable data alone. Called
 * from several threads at once.
 */
typedef void (*AeSampleFunc) (gpointer data, AeRng * rng, AeSample * sample);

/**
 * AeTrainerLossFunc: another loss than those of ae_loss(), which says what is
 * given and returned. @target has AeTrainerConfig.target_channels channels.
 */
typedef double (*AeTrainerLossFunc) (const AeTensor * out,
    const AeTensor * target, const float *sample_weight, AeTensor * grad);

/* Makes the target of what @anchor gives, wherever @mask is 0, and @mask 1. */
typedef void (*AeTrainerAnchorFunc) (const AeTensor * anchor,
    AeTensor * target, AeTensor * mask);

/**
 * AeTrainerConfig:
 * @height, @width: of a patch, for models that take any size
 * @condition_height, @condition_width: grid of the condition, which layers read
 *   at the nearest position; 1 x 1, or 0 x 0, for one of the whole sample
 * @batch: samples in a step; a multiple of @shard
 * @shard: samples worked on together; a multiple of 16 for speed. The sum over
 *   shards has a fixed order, so the result does not depend on @n_threads.
 * @loss_func: (nullable): the loss, in place of @loss
 * @anchor_func: (nullable): with @loss_func, what makes targets of what @anchor
 *   gives, in place of ae_anchor_apply(); needed for masked samples
 * @target_channels: of samples for @loss_func; 0 = as many as the output's
 * @masked: whether samples set their mask
 * @anchor: (nullable) (transfer none): weights whose output is the target
 *   wherever the mask is 0, so that what is learned in some places does not
 *   change others (knowledge distillation; Hinton, Vinyals and Dean 2015)
 * @n_frozen: the first layers, whose weights stay: transfer learning. The
 *   encoder is architecture->n_encoder of them
 * @clip_norm: gradients of larger Euclidean norm are scaled down to it; 0 = off
 * @ema: decay of the running average of the weights, 0 = off
 */
typedef struct
{
  guint height, width;
  guint condition_height, condition_width;
  guint batch, shard;
  guint n_threads;              /* 0 = one per processor */
  guint64 seed;
  AeLossKind loss;
  AeTrainerLossFunc loss_func;
  AeTrainerAnchorFunc anchor_func;
  guint target_channels;
  gboolean masked;
  AeWeights *anchor;
  AeRegulariser regulariser;
  AeOptimiserConfig optimiser;
  guint n_frozen;
  float clip_norm;
  float ema;
} AeTrainerConfig;

#define AE_TRAINER_CONFIG_DEFAULT { .height = 64, .width = 64, \
    .condition_height = 1, .condition_width = 1, .batch = 32, .shard = 16, \
    .seed = 1, .loss = AE_LOSS_MSE, \
    .optimiser = AE_OPTIMISER_CONFIG_DEFAULT, .clip_norm = 1.0f, .ema = 0.999f }

/**
 * AeTrainerLoss: the objective of one batch and its parts, each with its
 * factor, so that they add up; see #AeRegulariser.
 */
typedef struct
{
  double total;
  double loss;                  /* of the reconstruction, weighted mean */
  double code_l1, sparsity, contractive, kl, prior;
} AeTrainerLoss;

typedef struct _AeTrainer AeTrainer;

/**
 * ae_trainer_new:
 * @weights: (transfer none): where training starts
 *
 * Errors: AE_ERROR_SHAPE when patch, batch or weights do not fit, and those of
 * ae_regulariser_check().
 */
AeTrainer *ae_trainer_new (AeArchitecture * architecture, AeWeights * weights,
    const AeTrainerConfig * config, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * ae_trainer_step:
 * @learning_rate: of this step
 * @loss: (out) (optional): of the batch, before the update
 *
 * Draws a batch, and moves the weights against the gradient of its loss. The
 * same seed and samples give the same weights for any number of threads.
 *
 * Errors: AE_ERROR_NOT_FINITE when the loss or the gradient is not finite; the
 * weights then stay as they are.
 */
gboolean ae_trainer_step (AeTrainer * trainer, AeSampleFunc func,
    gpointer data, float learning_rate, AeTrainerLoss * loss, GError ** error);

guint64 ae_trainer_n_steps (const AeTrainer * trainer);

/* Returns: (transfer full): a snapshot: the running average when the
 * configuration has one, else the current weights. Errors: AE_ERROR_NOT_FINITE. */
AeWeights *ae_trainer_weights (const AeTrainer * trainer, GError ** error)
  G_GNUC_WARN_UNUSED_RESULT;

/**
 * AeTrainerState: a copy of all that steps change.
 * @weights, @moment1, @moment2: n_weights floats; @average: likewise, or NULL
 * @activity: one for each number (channel) of the code
 */
typedef struct
{
  guint64 n_steps;
  AeRng rng;
  float *weights, *moment1, *moment2, *average;
  double *activity;
} AeTrainerState;

/* Returns: (transfer full): the state, to be restored later, in this trainer or
 * in one made with the same architecture and configuration. */
AeTrainerState *ae_trainer_state (const AeTrainer * trainer)
    G_GNUC_WARN_UNUSED_RESULT;

void ae_trainer_restore (AeTrainer * trainer, const AeTrainerState * state);

void ae_trainer_state_free (AeTrainerState * state);    /* NULL is a no-op */

/* Returns: (transfer none): mean activity of each number (channel) of the code,
 * as the sparsity term has it; zeros before the first step and without one. */
const double *ae_trainer_activity (const AeTrainer * trainer);

void ae_trainer_free (AeTrainer * trainer);        /* NULL is a no-op */

/**
 * ae_anchor_apply:
 * @target, @mask: (inout): where @mask is 0 the target becomes that of @anchor,
 *   and the mask 1
 */
void ae_anchor_apply (const AeTensor * anchor, AeTensor * target,
    AeTensor * mask);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeTrainer, ae_trainer_free)
    G_END_DECLS
