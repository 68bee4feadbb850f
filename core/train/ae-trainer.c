/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-trainer.h"
#include "ae-contractive.h"
#include "ae-error.h"
#include "ae-kernels.h"
#include "ae-tape.h"

#include <math.h>
#include <string.h>

/* What one shard of the batch needs to run on its own. */
typedef struct
{
  AeTape *tape, *anchor_tape;
  AeContractive *contractive;   /* NULL where it is not wanted */
  AeRng rng;                    /* of dropout, stochastic codes and probes */
  AeTensor in, target, condition, mask, grad_out, grad_code;
  float *weight;                /* [shard] */
  float *drawn;                 /* [shard] samples of input, target, mask,
                                 * condition */
  float *grad;                  /* n_weights */
  double *activity;             /* sums over its samples, one a code channel */
  AeTrainerLoss loss;           /* sums over its samples */
} Shard;

struct _AeTrainer
{
  AeArchitecture *architecture;
  AeTrainerConfig config;
  AeWorkerPool *pool;
  AeRng rng;
  guint64 n_steps;
  guint n_shards;
  Shard *shards;
  guint64 *seeds;               /* one a sample of the batch */
  float *weights, *moment1, *moment2, *average;
  float *scratch;               /* of the optimiser */
  double *activity;             /* of the code, for its sparsity */
  gsize first;                  /* the first weight that is not frozen */

  AeSampleFunc func;            /* of the step under way */
  gpointer data;
};

static float *
alloc_floats (gsize n)
{
  float *data = ae_aligned_try_alloc0 (n * sizeof (float));

  if (data == NULL)
    g_error ("no memory for %" G_GSIZE_FORMAT " floats", n);
  return data;
}

static gboolean
check_config (const AeArchitecture * architecture, const AeWeights * weights,
    AeTrainerConfig * config, guint * h_out, guint * w_out, GError ** error)
{
  if (architecture->input.h != 0) {
    config->height = architecture->input.h;
    config->width = architecture->input.w;
  }
  if (weights->n != architecture->n_weights) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "%" G_GSIZE_FORMAT " weights, the architecture has %" G_GSIZE_FORMAT,
        weights->n, architecture->n_weights);
    return FALSE;
  }
  if (config->n_frozen >= architecture->n_layers) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "%u frozen layers of %u leave nothing to train", config->n_frozen,
        architecture->n_layers);
    return FALSE;
  }
  if (config->anchor && (!config->masked
          || config->anchor->n != architecture->n_weights)) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "an anchor of %" G_GSIZE_FORMAT " weights%s, expected %" G_GSIZE_FORMAT
        " and masked samples", config->anchor->n,
        config->masked ? "" : " for samples without a mask",
        architecture->n_weights);
    return FALSE;
  }
  if (config->loss_func && config->masked && config->anchor_func == NULL) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "masked samples for a loss that has no mask, expected an anchor_func");
    return FALSE;
  }
  if (!ae_regulariser_check (&config->regulariser, architecture, error))
    return FALSE;
  if (config->shard == 0 || config->batch == 0
      || config->batch % config->shard != 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "a batch of %u does not divide into shards of %u", config->batch,
        config->shard);
    return FALSE;
  }
  if (config->height == 0 || config->width == 0
      || !ae_architecture_out_size (architecture, config->height,
          config->width, h_out, w_out)) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "patches of %ux%u (height x width) do not fit the architecture, which "
        "needs multiples of %u", config->height, config->width,
        architecture->multiple);
    return FALSE;
  }
  return TRUE;
}

static guint
code_channels (const AeArchitecture * architecture)
{
  return architecture->layers[architecture->n_encoder - 1].out.c;
}

/* Weights stand in the order of their layers. */
static gsize
first_weight (const AeArchitecture * architecture, guint n_frozen)
{
  gsize first = 0;

  for (guint i = 0; i < n_frozen; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &architecture->layers[i].params[j];

      if (ae_param_n_stored (param) > 0)
        first = param->offset + param->size;
    }
  }
  return first;
}

static void
init_shard (Shard * shard, AeArchitecture * architecture,
    const AeTrainerConfig * config, guint h_out, guint w_out)
{
  guint n = config->shard;

  shard->tape = ae_tape_new (architecture);
  ae_tape_set_random (shard->tape, &shard->rng);
  if (config->anchor)
    shard->anchor_tape = ae_tape_new (architecture);
  if (config->regulariser.contractive > 0.0f)
    shard->contractive = ae_contractive_new (architecture, NULL);
  shard->activity = g_new0 (double, code_channels (architecture));
  ae_tensor_resize (&shard->in, architecture->input.c, config->height,
      config->width, n);
  ae_tensor_resize (&shard->target, config->target_channels > 0
      ? config->target_channels : architecture->output.c, h_out, w_out, n);
  ae_tensor_resize (&shard->condition, architecture->n_given,
      MAX (config->condition_height, 1), MAX (config->condition_width, 1), n);
  if (config->masked)
    ae_tensor_resize_like (&shard->mask, &shard->target);
  shard->weight = alloc_floats (n);
  shard->drawn = alloc_floats (ae_tensor_size (&shard->in)
      + ae_tensor_size (&shard->target) + ae_tensor_size (&shard->mask)
      + ae_tensor_size (&shard->condition));
  shard->grad = alloc_floats (architecture->n_weights);
}

AeTrainer *
ae_trainer_new (AeArchitecture * architecture, AeWeights * weights,
    const AeTrainerConfig * config, GError ** error)
{
  AeTrainerConfig checked = *config;
  AeTrainer *trainer;
  guint h_out, w_out;
  gsize n = architecture->n_weights;

  if (!check_config (architecture, weights, &checked, &h_out, &w_out, error))
    return NULL;
  trainer = g_new0 (AeTrainer, 1);
  trainer->architecture = ae_architecture_ref (architecture);
  if (checked.anchor_func == NULL)
    checked.anchor_func = ae_anchor_apply;
  trainer->config = checked;
  if (checked.anchor)
    ae_weights_ref (checked.anchor);
  trainer->pool = ae_worker_pool_new (checked.n_threads);
  ae_rng_init (&trainer->rng, checked.seed);
  trainer->n_shards = checked.batch / checked.shard;
  trainer->shards = g_new0 (Shard, trainer->n_shards);
  for (guint i = 0; i < trainer->n_shards; i++)
    init_shard (&trainer->shards[i], architecture, &checked, h_out, w_out);
  trainer->seeds = g_new (guint64, checked.batch);
  trainer->weights = alloc_floats (n);
  trainer->activity = g_new0 (double, code_channels (architecture));
  trainer->first = first_weight (architecture, checked.n_frozen);
  trainer->moment1 = alloc_floats (n);
  trainer->moment2 = alloc_floats (n);
  trainer->scratch = alloc_floats (ae_optimiser_scratch_size
      (&checked.optimiser, architecture));
  memcpy (trainer->weights, weights->data, n * sizeof (float));
  if (checked.ema > 0.0f) {
    trainer->average = alloc_floats (n);
    memcpy (trainer->average, weights->data, n * sizeof (float));
  }
  return trainer;
}

void
ae_trainer_free (AeTrainer * trainer)
{
  if (trainer == NULL)
    return;
  ae_worker_pool_free (trainer->pool);
  ae_weights_unref (trainer->config.anchor);
  for (guint i = 0; i < trainer->n_shards; i++) {
    Shard *shard = &trainer->shards[i];

    ae_tape_free (shard->tape);
    ae_tape_free (shard->anchor_tape);
    ae_contractive_free (shard->contractive);
    g_free (shard->activity);
    ae_tensor_clear (&shard->in);
    ae_tensor_clear (&shard->target);
    ae_tensor_clear (&shard->condition);
    ae_tensor_clear (&shard->mask);
    ae_tensor_clear (&shard->grad_out);
    ae_tensor_clear (&shard->grad_code);
    ae_aligned_free (shard->weight);
    ae_aligned_free (shard->drawn);
    ae_aligned_free (shard->grad);
  }
  g_free (trainer->shards);
  g_free (trainer->seeds);
  g_free (trainer->activity);
  ae_aligned_free (trainer->weights);
  ae_aligned_free (trainer->moment1);
  ae_aligned_free (trainer->moment2);
  ae_aligned_free (trainer->average);
  ae_aligned_free (trainer->scratch);
  ae_architecture_unref (trainer->architecture);
  g_free (trainer);
}

#define INTERLEAVED 16          /* samples at a time: a cache line of each position */

/* samples [n][size] -> tensor [size][n] */
static void
interleave (const float *samples, AeTensor * t)
{
  guint n = t->n;
  gsize size = ae_tensor_size (t) / n;

  for (guint begin = 0; begin < n; begin += INTERLEAVED) {
    guint end = MIN (begin + INTERLEAVED, n);

    for (gsize p = 0; p < size; p++) {
      for (guint i = begin; i < end; i++)
        t->data[p * n + i] = samples[i * size + p];
    }
  }
}

static void
draw_shard (AeTrainer * trainer, Shard * shard, const guint64 * seeds)
{
  guint n = trainer->config.shard;
  gsize n_in = ae_tensor_size (&shard->in) / n;
  gsize n_target = ae_tensor_size (&shard->target) / n;
  gsize n_condition = ae_tensor_size (&shard->condition) / n;
  float *input = shard->drawn;
  float *target = input + n * n_in;
  float *mask = target + n * n_target;
  float *condition = mask + ae_tensor_size (&shard->mask);

  for (guint i = 0; i < n; i++) {
    AeSample sample = { input + i * n_in, target + i * n_target,
      condition + i * n_condition, NULL, 1.0f
    };
    AeRng rng;

    if (trainer->config.masked) {
      sample.mask = mask + i * n_target;
      for (gsize p = 0; p < n_target; p++)
        sample.mask[p] = 1.0f;
    }
    ae_rng_init (&rng, seeds[i]);
    trainer->func (trainer->data, &rng, &sample);
    shard->weight[i] = sample.weight / (float) trainer->config.batch;
  }
  interleave (input, &shard->in);
  interleave (target, &shard->target);
  if (trainer->config.masked)
    interleave (mask, &shard->mask);
  if (n_condition > 0)
    interleave (condition, &shard->condition);
}

void
ae_anchor_apply (const AeTensor * anchor, AeTensor * target, AeTensor * mask)
{
  for (gsize i = 0; i < ae_tensor_size (target); i++) {
    if (mask->data[i] == 0.0f) {
      target->data[i] = anchor->data[i];
      mask->data[i] = 1.0f;
    }
  }
}

/* Draws the samples of a shard and runs the model on them. */
static void
forward_shard (gpointer data, guint i_shard, guint i_worker)
{
  AeTrainer *trainer = data;
  const guint64 *seeds = trainer->seeds
      + (gsize) i_shard * trainer->config.shard;
  Shard *shard = &trainer->shards[i_shard];
  const AeTensor *out, *condition = NULL;

  draw_shard (trainer, shard, seeds);
  if (trainer->architecture->n_given > 0)
    condition = &shard->condition;
  if (shard->anchor_tape)
    trainer->config.anchor_func (ae_tape_forward (shard->anchor_tape,
            trainer->config.anchor->data, &shard->in, condition),
        &shard->target, &shard->mask);
  ae_rng_init (&shard->rng, ~seeds[0]);
  out = ae_tape_forward (shard->tape, trainer->weights, &shard->in, condition);
  if (trainer->config.loss_func)
    shard->loss.loss = trainer->config.loss_func (out, &shard->target,
        shard->weight, &shard->grad_out);
  else
    shard->loss.loss = ae_loss (trainer->config.loss, out, &shard->target,
        trainer->config.masked ? &shard->mask : NULL, shard->weight,
        &shard->grad_out);
  memset (shard->activity, 0,
      code_channels (trainer->architecture) * sizeof (double));
  if (trainer->config.regulariser.sparsity > 0.0f)
    ae_code_add_activity (ae_tape_code (shard->tape), shard->activity);
}

/* The terms of the code; their gradient with respect to it in grad_code.
 * @over_d: see backward_shard() */
static void
regularise_code (const AeTrainer * trainer, Shard * shard, float over_d)
{
  const AeRegulariser *r = &trainer->config.regulariser;
  const AeTensor *code = ae_tape_code (shard->tape);

  ae_tensor_resize_like (&shard->grad_code, code);
  ae_tensor_zero (&shard->grad_code);
  if (r->code_l1 > 0.0f)
    shard->loss.code_l1 = (double) (r->code_l1 * over_d)
        * ae_code_l1 (code, r->code_l1 * over_d, &shard->grad_code);
  if (r->sparsity > 0.0f)
    ae_code_sparsity_backward (code, trainer->activity, r->sparsity_target,
        r->sparsity * over_d, &shard->grad_code);
  if (r->kl > 0.0f)
    shard->loss.kl = (double) (r->kl * over_d) * ae_tape_kl (shard->tape);
}

/* The gradient of a shard's part of the objective: as the weights of the samples
 * in the loss, so do all other terms have the factor 1 / batch. */
static void
backward_shard (gpointer data, guint i_shard, guint i_worker)
{
  AeTrainer *trainer = data;
  const AeRegulariser *r = &trainer->config.regulariser;
  Shard *shard = &trainer->shards[i_shard];
  float over_d = (float) shard->grad_out.n
      / (float) ae_tensor_size (&shard->grad_out)
      / (float) trainer->config.batch;
  AeTapeGradients gradients = { &shard->grad_out, NULL, r->kl * over_d,
    trainer->config.n_frozen
  };

  memset (shard->grad, 0, trainer->architecture->n_weights * sizeof (float));
  if (r->code_l1 > 0.0f || r->sparsity > 0.0f || r->kl > 0.0f) {
    regularise_code (trainer, shard, over_d);
    gradients.code = &shard->grad_code;
  }
  ae_tape_backward_from (shard->tape, trainer->weights, &gradients,
      shard->grad, NULL);
  if (shard->contractive)
    shard->loss.contractive = (double) (r->contractive * over_d)
        * ae_contractive_run (shard->contractive, shard->tape,
        trainer->weights, r->contractive_probes, &shard->rng,
        r->contractive * over_d, shard->grad);
}

/* Takes the batch into the mean activity of the code. */
static void
follow_activity (AeTrainer * trainer)
{
  const AeRegulariser *r = &trainer->config.regulariser;
  const AeTensor *code = ae_tape_code (trainer->shards[0].tape);
  double n = (double) trainer->config.batch * code->h * code->w;
  double memory = trainer->n_steps > 0 ? (double) r->sparsity_memory : 0.0;

  for (guint c = 0; c < code->c; c++) {
    double sum = 0.0;

    for (guint i = 0; i < trainer->n_shards; i++)
      sum += trainer->shards[i].activity[c];
    /* what is not finite fails the step, and leaves no trace; a checkpoint
     * stores floats */
    if (isfinite (sum))
      trainer->activity[c] = (double) (float) (memory * trainer->activity[c]
          + (1.0 - memory) * sum / n);
  }
}

/* The objective of the batch but for the priors. */
static AeTrainerLoss
gather_loss (const AeTrainer * trainer)
{
  const AeRegulariser *r = &trainer->config.regulariser;
  const AeTensor *out = &trainer->shards[0].grad_out;
  AeTrainerLoss sum = { 0 };

  for (guint i = 0; i < trainer->n_shards; i++) {
    const AeTrainerLoss *part = &trainer->shards[i].loss;

    sum.loss += part->loss;
    sum.code_l1 += part->code_l1;
    sum.contractive += part->contractive;
    sum.kl += part->kl;
  }
  if (r->sparsity > 0.0f)
    sum.sparsity = (double) r->sparsity * out->n / (double) ae_tensor_size (out)
        * ae_code_sparsity (trainer->activity,
        code_channels (trainer->architecture), r->sparsity_target);
  return sum;
}

#define SUMMED 4096             /* weights at a time: they stay in the cache */

/* Adds the gradients of all shards to the first one's, in their order. */
static void
sum_shards (AeTrainer * trainer)
{
  gsize n = trainer->architecture->n_weights;
  float *grad = trainer->shards[0].grad;

  for (gsize begin = trainer->first; begin < n; begin += SUMMED) {
    gsize end = MIN (begin + SUMMED, n);

    for (guint i = 1; i < trainer->n_shards; i++) {
      const float *part = trainer->shards[i].grad;

      for (gsize j = begin; j < end; j++)
        grad[j] += part[j];
    }
  }
}

/* The gradient of the objective in the first shard's, clipped; returns its norm
 * before clipping. @prior becomes the priors' terms. */
static double
gather_gradient (AeTrainer * trainer, double *prior)
{
  gsize first = trainer->first;
  gsize n = trainer->architecture->n_weights;
  float *grad = trainer->shards[0].grad;
  double norm;

  sum_shards (trainer);
  *prior = ae_weight_prior (&trainer->config.regulariser,
      trainer->architecture, trainer->config.n_frozen, trainer->weights, grad);
  norm = sqrt (ae_kernels ()->sum_squares (n - first, grad + first));
  if (trainer->config.clip_norm > 0.0f
      && norm > (double) trainer->config.clip_norm) {
    float factor = (float) ((double) trainer->config.clip_norm / norm);

    for (gsize j = first; j < n; j++)
      grad[j] *= factor;
  }
  return norm;
}

static void
move_weights (AeTrainer * trainer, float learning_rate)
{
  gsize first = trainer->first, n = trainer->architecture->n_weights;

  ae_optimiser_step_model (&trainer->config.optimiser, trainer->n_steps,
      learning_rate, trainer->architecture, trainer->config.n_frozen,
      trainer->shards[0].grad, trainer->moment1, trainer->moment2,
      trainer->scratch, trainer->weights);
  if (trainer->average) {
    /* a shorter memory at first, so that the start is soon forgotten */
    float decay = MIN (trainer->config.ema, (float) (trainer->n_steps + 1)
        / (float) (trainer->n_steps + 10));

    for (gsize i = first; i < n; i++)
      trainer->average[i] += (1.0f - decay)
          * (trainer->weights[i] - trainer->average[i]);
  }
}

gboolean
ae_trainer_step (AeTrainer * trainer, AeSampleFunc func, gpointer data,
    float learning_rate, AeTrainerLoss * loss, GError ** error)
{
  AeTrainerLoss sum;
  double norm;

  trainer->func = func;
  trainer->data = data;
  for (guint i = 0; i < trainer->config.batch; i++)
    trainer->seeds[i] = ae_rng_u64 (&trainer->rng);
  ae_worker_pool_run (trainer->pool, trainer->n_shards, forward_shard, trainer);
  if (trainer->config.regulariser.sparsity > 0.0f)
    follow_activity (trainer);
  ae_worker_pool_run (trainer->pool, trainer->n_shards, backward_shard,
      trainer);
  sum = gather_loss (trainer);
  norm = gather_gradient (trainer, &sum.prior);
  sum.total = sum.loss + sum.code_l1 + sum.sparsity + sum.contractive + sum.kl
      + sum.prior;
  if (!isfinite (sum.total) || !isfinite (norm)) {
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FINITE,
        "step %" G_GUINT64_FORMAT ": objective %g, norm of the gradient %g",
        trainer->n_steps + 1, sum.total, norm);
    return FALSE;
  }
  trainer->n_steps++;
  move_weights (trainer, learning_rate);
  if (loss)
    *loss = sum;
  return TRUE;
}

const double *
ae_trainer_activity (const AeTrainer * trainer)
{
  return trainer->activity;
}

guint64
ae_trainer_n_steps (const AeTrainer * trainer)
{
  return trainer->n_steps;
}

AeWeights *
ae_trainer_weights (const AeTrainer * trainer, GError ** error)
{
  return ae_weights_new_copy (trainer->average ? trainer->average
      : trainer->weights, trainer->architecture->n_weights, error);
}

AeTrainerState *
ae_trainer_state (const AeTrainer * trainer)
{
  AeTrainerState *state = g_new0 (AeTrainerState, 1);
  gsize size_bytes = trainer->architecture->n_weights * sizeof (float);

  state->n_steps = trainer->n_steps;
  state->rng = trainer->rng;
  state->weights = g_memdup2 (trainer->weights, size_bytes);
  state->moment1 = g_memdup2 (trainer->moment1, size_bytes);
  state->moment2 = g_memdup2 (trainer->moment2, size_bytes);
  state->average = trainer->average ? g_memdup2 (trainer->average, size_bytes)
      : NULL;
  state->activity = g_memdup2 (trainer->activity,
      code_channels (trainer->architecture) * sizeof (double));
  return state;
}

void
ae_trainer_restore (AeTrainer * trainer, const AeTrainerState * state)
{
  gsize size_bytes = trainer->architecture->n_weights * sizeof (float);

  trainer->n_steps = state->n_steps;
  trainer->rng = state->rng;
  memcpy (trainer->weights, state->weights, size_bytes);
  memcpy (trainer->moment1, state->moment1, size_bytes);
  memcpy (trainer->moment2, state->moment2, size_bytes);
  if (trainer->average)
    memcpy (trainer->average, state->average ? state->average
        : state->weights, size_bytes);
  memcpy (trainer->activity, state->activity,
      code_channels (trainer->architecture) * sizeof (double));
}

void
ae_trainer_state_free (AeTrainerState * state)
{
  if (state == NULL)
    return;
  g_free (state->weights);
  g_free (state->moment1);
  g_free (state->moment2);
  g_free (state->average);
  g_free (state->activity);
  g_free (state);
}
