/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "theory-train.h"

#include <string.h>

#include "ae-tape.h"

/* Samples that a model is run on together. */
#define BATCH 64

TheoryTask
theory_task (const gchar * text, const TheoryData * data, guint batch,
    guint n_steps, float rate)
{
  TheoryTask task = { text, data, {AE_OBJECTIVE_RECONSTRUCT, 0, 0.0f, 0.0f},
  0, AE_TRAINER_CONFIG_DEFAULT, n_steps, rate
  };

  task.config.batch = batch;
  task.config.shard = batch;
  task.config.n_threads = 1;
  return task;
}

gsize
theory_size (const AeShape * shape)
{
  return (gsize) shape->c * shape->h * shape->w;
}

static void
draw_sample (gpointer user_data, AeRng * rng, AeSample * sample)
{
  const TheoryTask *task = user_data;
  const TheoryData *data = task->data;
  guint i = ae_rng_below (rng, data->n);
  gsize size = theory_size (&data->shape);
  const float *x = data->x + i * size;
  const AePatch patch = { data->shape, x, NULL, 0.0f, 1.0f, 0 };

  if (task->classes > 0) {
    memcpy (sample->input, x, size * sizeof (float));
    memset (sample->target, 0, task->classes * sizeof (float));
    sample->target[data->labels[i]] = 1.0f;
    return;
  }
  ae_objective_fill (&task->objective, &patch, rng, 0, sample);
  if (data->labels) {
    memset (sample->condition, 0, 10 * sizeof (float));
    sample->condition[data->labels[i]] = 1.0f;
  }
}

TheoryModel
theory_train (const TheoryTask * task, AeWeights * start)
{
  const AeShape *shape = &task->data->shape;
  AeShape input = *shape;
  TheoryModel model = { NULL, NULL, g_array_new (FALSE, FALSE,
        sizeof (double))
  };
  AeSchedule schedule = { AE_SCHEDULE_COSINE, task->rate, task->n_steps,
    MIN (100, task->n_steps / 10)
  };
  guint n_mean = MAX (task->n_steps / 100, 1);
  g_autoptr (AeTrainer) trainer = NULL;
  GError *error = NULL;
  double sum = 0.0;
  AeRng rng;

  if (task->objective.kind == AE_OBJECTIVE_COLORIZE)
    input.c = 1;
  model.architecture = ae_architecture_parse (task->text, &input, &error);
  if (model.architecture == NULL)
    g_error ("%s: %s", task->text, error->message);
  ae_rng_init (&rng, task->config.seed);
  model.weights = start ? ae_weights_ref (start)
      : ae_weights_new_random (model.architecture, &rng);
  if (task->n_steps == 0)
    return model;
  trainer = ae_trainer_new (model.architecture, model.weights, &task->config,
      &error);
  if (trainer == NULL)
    g_error ("%s: %s", task->text, error->message);
  for (guint i = 0; i < task->n_steps; i++) {
    AeTrainerLoss loss;

    if (!ae_trainer_step (trainer, draw_sample, (gpointer) task,
            ae_schedule_rate (&schedule, i), &loss, &error))
      g_error ("%s: %s", task->text, error->message);
    sum += loss.loss / n_mean;
    if ((i + 1) % n_mean == 0) {
      g_array_append_val (model.curve, sum);
      sum = 0.0;
    }
  }
  ae_weights_unref (model.weights);
  model.weights = ae_trainer_weights (trainer, NULL);
  return model;
}

void
theory_model_clear (TheoryModel * model)
{
  g_clear_pointer (&model->architecture, ae_architecture_unref);
  g_clear_pointer (&model->weights, ae_weights_unref);
  g_clear_pointer (&model->curve, g_array_unref);
}

/* Samples @begin to @begin + n as a batch of the model's input. */
static void
fill_batch (const TheoryModel * model, const TheoryData * data, guint begin,
    guint n, AeTensor * in, AeTensor * condition)
{
  const AeArchitecture *architecture = model->architecture;
  gsize size = theory_size (&data->shape);

  ae_tensor_resize (in, architecture->input.c, data->shape.h, data->shape.w, n);
  for (gsize p = 0; p < ae_tensor_size (in) / n; p++) {
    for (guint i = 0; i < n; i++)
      in->data[p * n + i] = data->x[(begin + i) * size + p];
  }
  ae_tensor_resize (condition, architecture->n_given, 1, 1, n);
  ae_tensor_zero (condition);
  for (guint i = 0; architecture->n_given > 0 && i < n; i++)
    condition->data[(gsize) data->labels[begin + i] * n + i] = 1.0f;
}

static float *
run (const TheoryModel * model, const TheoryData * data, gboolean code)
{
  g_autoptr (AeTape) tape = ae_tape_new (model->architecture);
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  g_auto (AeTensor) condition = AE_TENSOR_INIT;
  float *result = NULL;

  for (guint begin = 0, n; begin < data->n; begin += n) {
    const AeTensor *out;
    gsize size;

    n = MIN (data->n - begin, BATCH);
    fill_batch (model, data, begin, n, &in, &condition);
    out = code ? ae_tape_encode (tape, model->weights->data, &in, &condition)
        : ae_tape_forward (tape, model->weights->data, &in, &condition);
    size = ae_tensor_size (out) / n;
    if (result == NULL)
      result = g_new (float, size * data->n);
    for (gsize p = 0; p < size; p++) {
      for (guint i = 0; i < n; i++)
        result[(begin + i) * size + p] = out->data[p * n + i];
    }
  }
  return result;
}

float *
theory_run (const TheoryModel * model, const TheoryData * data)
{
  return run (model, data, FALSE);
}

float *
theory_encode (const TheoryModel * model, const TheoryData * data)
{
  return run (model, data, TRUE);
}

double
theory_mse (const float *a, const float *b, gsize n)
{
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += (double) (a[i] - b[i]) * (double) (a[i] - b[i]);
  return sum / (double) n;
}

double
theory_error (const TheoryModel * model, const TheoryData * data)
{
  g_autofree float *out = theory_run (model, data);

  return theory_mse (out, data->x, data->n * theory_size (&data->shape));
}

float *
theory_corrupt (const TheoryData * data, AeCorruptionKind kind, float level,
    guint64 seed)
{
  gsize size = theory_size (&data->shape);
  float *x = g_memdup2 (data->x, data->n * size * sizeof (float));
  AeRng rng;

  ae_rng_init (&rng, seed);
  for (guint i = 0; i < data->n * data->shape.c; i++)
    ae_corrupt_plane (kind, level, &rng,
        x + (gsize) i * data->shape.h * data->shape.w, data->shape.w,
        data->shape.h, data->shape.w);
  return x;
}
