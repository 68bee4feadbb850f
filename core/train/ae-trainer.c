/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-trainer.h"
#include "ae-error.h"
#include "ae-tape.h"

#include <math.h>
#include <string.h>

/* What one shard of the batch needs to run on its own. */
typedef struct
{
  AeTape *tape;
  AeTensor in, target, condition, grad_out;
  float *weight;                /* [shard] */
  float *drawn;                 /* [shard] samples of input, target, condition */
  float *grad;                  /* n_weights */
  double loss;
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

  AeSampleFunc func;            /* of the step under way */
  gpointer data;
};

static gboolean
output_size (const AeArchitecture * architecture, guint * h, guint * w)
{
  for (guint i = 0; i < architecture->n_layers; i++) {
    if (!ae_layer_out_size (&architecture->layers[i], *h, *w, h, w))
      return FALSE;
  }
  return TRUE;
}

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
  if (config->shard == 0 || config->batch == 0
      || config->batch % config->shard != 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "a batch of %u does not divide into shards of %u", config->batch,
        config->shard);
    return FALSE;
  }
  *h_out = config->height;
  *w_out = config->width;
  if (config->height == 0 || config->width == 0
      || !output_size (architecture, h_out, w_out)) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "patches of %ux%u (height x width) do not fit the architecture, which "
        "needs multiples of %u", config->height, config->width,
        architecture->multiple);
    return FALSE;
  }
  return TRUE;
}

static void
init_shard (Shard * shard, AeArchitecture * architecture,
    const AeTrainerConfig * config, guint h_out, guint w_out)
{
  guint n = config->shard;

  shard->tape = ae_tape_new (architecture);
  ae_tensor_resize (&shard->in, architecture->input.c, config->height,
      config->width, n);
  ae_tensor_resize (&shard->target, architecture->output.c, h_out, w_out, n);
  ae_tensor_resize (&shard->condition, architecture->n_given, 1, 1, n);
  shard->weight = alloc_floats (n);
  shard->drawn = alloc_floats (ae_tensor_size (&shard->in)
      + ae_tensor_size (&shard->target) + ae_tensor_size (&shard->condition));
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
  trainer->config = checked;
  trainer->pool = ae_worker_pool_new (checked.n_threads);
  ae_rng_init (&trainer->rng, checked.seed);
  trainer->n_shards = checked.batch / checked.shard;
  trainer->shards = g_new0 (Shard, trainer->n_shards);
  for (guint i = 0; i < trainer->n_shards; i++)
    init_shard (&trainer->shards[i], architecture, &checked, h_out, w_out);
  trainer->seeds = g_new (guint64, checked.batch);
  trainer->weights = alloc_floats (n);
  trainer->moment1 = alloc_floats (n);
  trainer->moment2 = alloc_floats (n);
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
  for (guint i = 0; i < trainer->n_shards; i++) {
    Shard *shard = &trainer->shards[i];

    ae_tape_free (shard->tape);
    ae_tensor_clear (&shard->in);
    ae_tensor_clear (&shard->target);
    ae_tensor_clear (&shard->condition);
    ae_tensor_clear (&shard->grad_out);
    ae_aligned_free (shard->weight);
    ae_aligned_free (shard->drawn);
    ae_aligned_free (shard->grad);
  }
  g_free (trainer->shards);
  g_free (trainer->seeds);
  ae_aligned_free (trainer->weights);
  ae_aligned_free (trainer->moment1);
  ae_aligned_free (trainer->moment2);
  ae_aligned_free (trainer->average);
  ae_architecture_unref (trainer->architecture);
  g_free (trainer);
}

/* samples [n][size] -> tensor [size][n] */
static void
interleave (const float *samples, AeTensor * t)
{
  guint n = t->n;
  gsize size = ae_tensor_size (t) / n;

  for (gsize p = 0; p < size; p++) {
    for (guint i = 0; i < n; i++)
      t->data[p * n + i] = samples[i * size + p];
  }
}

static void
draw_shard (AeTrainer * trainer, Shard * shard, const guint64 * seeds)
{
  guint n = trainer->config.shard;
  gsize n_in = ae_tensor_size (&shard->in) / n;
  gsize n_target = ae_tensor_size (&shard->target) / n;
  gsize n_condition = trainer->architecture->n_given;
  float *input = shard->drawn;
  float *target = input + n * n_in;
  float *condition = target + n * n_target;

  for (guint i = 0; i < n; i++) {
    AeSample sample = { input + i * n_in, target + i * n_target,
      condition + i * n_condition, 1.0f
    };
    AeRng rng;

    ae_rng_init (&rng, seeds[i]);
    trainer->func (trainer->data, &rng, &sample);
    shard->weight[i] = sample.weight;
  }
  interleave (input, &shard->in);
  interleave (target, &shard->target);
  if (n_condition > 0)
    interleave (condition, &shard->condition);
}

static void
run_shard (gpointer data, guint i_shard, guint i_worker)
{
  AeTrainer *trainer = data;
  Shard *shard = &trainer->shards[i_shard];
  const AeTensor *out;

  draw_shard (trainer, shard,
      trainer->seeds + (gsize) i_shard * trainer->config.shard);
  memset (shard->grad, 0, trainer->architecture->n_weights * sizeof (float));
  out = ae_tape_forward (shard->tape, trainer->weights, &shard->in,
      trainer->architecture->n_given > 0 ? &shard->condition : NULL);
  shard->loss = ae_loss (trainer->config.loss, out, &shard->target,
      shard->weight, &shard->grad_out);
  ae_tape_backward (shard->tape, trainer->weights, &shard->grad_out,
      shard->grad, NULL);
}

/* Mean of the shards' gradients in the first one's, clipped; returns its norm
 * before clipping. */
static double
gather_gradient (AeTrainer * trainer)
{
  gsize n = trainer->architecture->n_weights;
  float *grad = trainer->shards[0].grad;
  float scale = 1.0f / (float) trainer->config.batch;
  double norm2 = 0.0, norm;

  for (guint i = 1; i < trainer->n_shards; i++) {
    for (gsize j = 0; j < n; j++)
      grad[j] += trainer->shards[i].grad[j];
  }
  for (gsize j = 0; j < n; j++) {
    grad[j] *= scale;
    norm2 += (double) grad[j] * (double) grad[j];
  }
  norm = sqrt (norm2);
  if (trainer->config.clip_norm > 0.0f
      && norm > (double) trainer->config.clip_norm) {
    float factor = (float) ((double) trainer->config.clip_norm / norm);

    for (gsize j = 0; j < n; j++)
      grad[j] *= factor;
  }
  return norm;
}

gboolean
ae_trainer_step (AeTrainer * trainer, AeSampleFunc func, gpointer data,
    float learning_rate, double *loss, GError ** error)
{
  gsize n = trainer->architecture->n_weights;
  double total = 0.0, norm;

  trainer->func = func;
  trainer->data = data;
  for (guint i = 0; i < trainer->config.batch; i++)
    trainer->seeds[i] = ae_rng_u64 (&trainer->rng);
  ae_worker_pool_run (trainer->pool, trainer->n_shards, run_shard, trainer);
  for (guint i = 0; i < trainer->n_shards; i++)
    total += trainer->shards[i].loss;
  norm = gather_gradient (trainer);
  if (!isfinite (total) || !isfinite (norm)) {
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FINITE,
        "step %" G_GUINT64_FORMAT ": loss %g, norm of the gradient %g",
        trainer->n_steps + 1, total / trainer->config.batch, norm);
    return FALSE;
  }
  trainer->n_steps++;
  ae_adam_step (&trainer->config.adam, trainer->n_steps, learning_rate, n,
      trainer->shards[0].grad, trainer->moment1, trainer->moment2,
      trainer->weights);
  if (trainer->average) {
    /* a shorter memory at first, so that the start is soon forgotten */
    float decay = MIN (trainer->config.ema, (float) (trainer->n_steps + 1)
        / (float) (trainer->n_steps + 10));

    for (gsize i = 0; i < n; i++)
      trainer->average[i] += (1.0f - decay)
          * (trainer->weights[i] - trainer->average[i]);
  }
  if (loss)
    *loss = total / trainer->config.batch;
  return TRUE;
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

float
ae_schedule_cosine (guint64 step, guint64 n_steps, guint64 n_warmup, float peak)
{
  double progress;

  if (step < n_warmup)
    return peak * (float) (step + 1) / (float) n_warmup;
  progress = MIN ((double) (step - n_warmup)
      / (double) MAX (n_steps - MIN (n_warmup, n_steps), 1), 1.0);
  return peak * (float) (0.01 + 0.99 * 0.5 * (1.0 + cos (G_PI * progress)));
}
