/* Trains a model on samples in memory, and measures it. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-objective.h"
#include "ae-schedule.h"
#include "ae-trainer.h"

G_BEGIN_DECLS

/* Samples [n][c][h][w], with a label each where there is a condition. */
typedef struct
{
  const float *x;
  guint n;
  AeShape shape;
  const guint8 *labels;         /* NULL: none */
} TheoryData;

/**
 * TheoryTask: what to train, on what and how.
 * @objective: makes input and target of a sample; not used with @classes
 * @classes: the target is the sample's label, one of this many numbers being 1
 */
typedef struct
{
  const gchar *text;
  const TheoryData *data;
  AeObjective objective;
  guint classes;
  AeTrainerConfig config;
  guint n_steps;
  float rate;
} TheoryTask;

/* A task with the trainer's defaults: one thread, batches of @batch. */
TheoryTask theory_task (const gchar * text, const TheoryData * data,
    guint batch, guint n_steps, float rate);

typedef struct
{
  AeArchitecture *architecture;
  AeWeights *weights;
  GArray *curve;                /* of double: the loss, mean over 1 % of the steps */
} TheoryModel;

/* Trains from @start, or from random weights if that is NULL. What cannot be
 * trained ends the program with a message. */
TheoryModel theory_train (const TheoryTask * task, AeWeights * start);

void theory_model_clear (TheoryModel * model);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TheoryModel, theory_model_clear)
/* Returns: (transfer full): [n][values of the output], in the order of the
 * data; conditions are the labels. */
float *theory_run (const TheoryModel * model, const TheoryData * data);

/* Returns: (transfer full): [n][values of the code]. */
float *theory_encode (const TheoryModel * model, const TheoryData * data);

/* Returns: values in a sample of @shape. */
     gsize theory_size (const AeShape * shape);

/* Returns: mean of the squares of a - b. */
double theory_mse (const float *a, const float *b, gsize n);

/* Returns: mean squared error of the output against the samples. */
double theory_error (const TheoryModel * model, const TheoryData * data);

/* Returns: (transfer full): a corrupted copy of the samples. */
float *theory_corrupt (const TheoryData * data, AeCorruptionKind kind,
    float level, guint64 seed);

G_END_DECLS
