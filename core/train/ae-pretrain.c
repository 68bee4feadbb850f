/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-pretrain.h"
#include "ae-error.h"
#include "ae-layer-text.h"
#include "ae-tape.h"

#include <string.h>

/* One layer, its mirror image, and what comes before. */
typedef struct
{
  AeArchitecture *before;       /* NULL for the first layer */
  const float *weights;         /* of the whole model, so of @before too */
  gsize n_input, n_target;      /* floats in a sample of the model */
  gsize n_code;                 /* floats that the layer takes */
  GAsyncQueue *tapes;           /* of @before, one for each thread in need */
  AeSampleFunc func;
  gpointer data;
} Stage;

static gsize
n_values (const AeShape * shape)
{
  return (gsize) shape->c * shape->h * shape->w;
}

/* The pair is an autoencoder of the layer's input. */
static void
stage_sample (gpointer data, AeRng * rng, AeSample * sample)
{
  const Stage *stage = data;
  g_autofree float *input = g_new (float, stage->n_input);
  g_autofree float *target = g_new (float, stage->n_target);
  AeSample drawn = { input, target, NULL, NULL, 1.0f };

  stage->func (stage->data, rng, &drawn);
  if (stage->before == NULL) {
    memcpy (sample->input, input, stage->n_code * sizeof (float));
  } else {
    AeTape *tape = g_async_queue_try_pop (stage->tapes);
    const AeShape *shape = &stage->before->input;
    AeTensor in = { shape->c, shape->h, shape->w, 1, input, stage->n_input };

    if (tape == NULL)
      tape = ae_tape_new (stage->before);
    memcpy (sample->input, ae_tape_forward (tape, stage->weights, &in,
            NULL)->data, stage->n_code * sizeof (float));
    g_async_queue_push (stage->tapes, tape);
  }
  memcpy (sample->target, sample->input, stage->n_code * sizeof (float));
}

static gboolean
check_architecture (const AeArchitecture * architecture, GError ** error)
{
  guint n = architecture->n_encoder;

  if (architecture->n_layers != 2 * n || architecture->input.h == 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "%u layers in the encoder and %u in the decoder, greedy pretraining "
        "needs as many in both, and an input of fixed size", n,
        architecture->n_layers - n);
    return FALSE;
  }
  for (guint i = 0; i < 2 * n; i++) {
    const AeLayer *layer = &architecture->layers[i];
    const AeLayer *mirror = &architecture->layers[2 * n - 1 - i];

    if (!layer->ops->is_linear
        || n_values (&layer->in) != n_values (&mirror->out)) {
      g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
          "column %u: greedy pretraining needs layers that undo each other's "
          "shape; %s takes %ux%ux%u, its mirror image %s of column %u gives "
          "%ux%ux%u", layer->column, layer->ops->name, layer->in.c,
          layer->in.h, layer->in.w, mirror->ops->name, mirror->column,
          mirror->out.c, mirror->out.h, mirror->out.w);
      return FALSE;
    }
  }
  return TRUE;
}

/* Layers @begin to @end of @architecture, then those from @behind on if that is
 * not 0, as a model of its own. */
static AeArchitecture *
part (const AeArchitecture * architecture, guint begin, guint end,
    guint behind, GError ** error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = begin; i < end; i++) {
    if (i > begin)
      g_string_append (text, ", ");
    ae_layer_print (&architecture->layers[i], text);
  }
  if (behind > 0) {
    g_string_append (text, " | ");
    ae_layer_print (&architecture->layers[behind], text);
  }
  return ae_architecture_parse (text->str, &architecture->layers[begin].in,
      error);
}

/* Parameters of layer @i to those of layer @j. */
static void
copy_params (const AeArchitecture * from, guint i, const float *source,
    const AeArchitecture * to, guint j, float *target)
{
  for (guint k = 0; k < AE_N_PARAMS; k++) {
    const AeParam *param = &from->layers[i].params[k];

    memcpy (target + to->layers[j].params[k].offset, source + param->offset,
        ae_param_n_stored (param) * sizeof (float));
  }
}

/* Trains layer @i and its mirror image in @weights. */
static gboolean
train_pair (AeArchitecture * architecture, guint i, float *weights,
    AeTrainerConfig config, const AeSchedule * schedule, Stage * stage,
    GError ** error)
{
  guint mirror = architecture->n_layers - 1 - i;
  g_autoptr (AeArchitecture) pair = part (architecture, i, i + 1, mirror,
      error);
  g_autoptr (AeWeights) start = NULL;
  g_autoptr (AeWeights) end = NULL;
  g_autoptr (AeTrainer) trainer = NULL;
  g_autofree float *block = NULL;

  if (pair == NULL)
    return FALSE;
  if (pair->n_weights == 0)
    return TRUE;
  block = g_new0 (float, pair->n_weights);
  copy_params (architecture, i, weights, pair, 0, block);
  copy_params (architecture, mirror, weights, pair, 1, block);
  start = ae_weights_new_copy (block, pair->n_weights, error);
  if (start == NULL)
    return FALSE;
  if (i > 0)
    config.loss = AE_LOSS_MSE;
  config.n_frozen = 0;
  trainer = ae_trainer_new (pair, start, &config, error);
  if (trainer == NULL)
    return FALSE;
  for (guint64 step = 0; step < schedule->n_steps; step++) {
    if (!ae_trainer_step (trainer, stage_sample, stage,
            ae_schedule_rate (schedule, step), NULL, error))
      return FALSE;
  }
  end = ae_trainer_weights (trainer, error);
  if (end == NULL)
    return FALSE;
  copy_params (pair, 0, end->data, architecture, i, weights);
  copy_params (pair, 1, end->data, architecture, mirror, weights);
  return TRUE;
}

static gboolean
train_stage (AeArchitecture * architecture, guint i, float *weights,
    const AeTrainerConfig * config, const AeSchedule * schedule,
    AeSampleFunc func, gpointer data, GError ** error)
{
  Stage stage = { NULL, weights, n_values (&architecture->input),
    n_values (&architecture->output),
    n_values (&architecture->layers[i].in), NULL, func, data
  };
  gboolean ok;

  if (i > 0 && (stage.before = part (architecture, 0, i, 0, error)) == NULL)
    return FALSE;
  stage.tapes = g_async_queue_new_full ((GDestroyNotify) ae_tape_free);
  ok = train_pair (architecture, i, weights, *config, schedule, &stage, error);
  g_async_queue_unref (stage.tapes);
  if (stage.before)
    ae_architecture_unref (stage.before);
  return ok;
}

AeWeights *
ae_pretrain_greedy (AeArchitecture * architecture, AeWeights * weights,
    const AeTrainerConfig * config, const AeSchedule * schedule,
    AeSampleFunc func, gpointer data, GError ** error)
{
  g_autofree float *trained = NULL;

  if (!check_architecture (architecture, error))
    return NULL;
  trained = g_memdup2 (weights->data, weights->n * sizeof (float));
  for (guint i = 0; i < architecture->n_encoder; i++) {
    if (!train_stage (architecture, i, trained, config, schedule, func, data,
            error))
      return NULL;
  }
  return ae_weights_new_copy (trained, weights->n, error);
}
