/* Objectives, gradients and optimisers against PyTorch. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-trainer.h"
#include "../data/golden-training.h"

/* The samples in turn; a batch is all of them. */
static void
golden_sample (gpointer data, AeRng * rng, AeSample * sample)
{
  guint *next = data;

  for (guint i = 0; i < GOLDEN_D; i++)
    sample->input[i] = sample->target[i] =
        (float) golden_x[*next % GOLDEN_N * GOLDEN_D + i];
  ++*next;
}

/* Each parameter of @architecture in turn, at its place in @weights. */
static float *
nth_weight (const AeArchitecture * architecture, float *weights, gsize n)
{
  for (guint i = 0; i < architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &architecture->layers[i].params[j];

      if (n < param->size)
        return weights + param->offset + n;
      n -= param->size;
    }
  }
  return NULL;
}

/* Takes @n_steps from the golden weights; returns those after them. */
static AeWeights *
train (AeArchitecture * architecture, const AeTrainerConfig * config,
    float rate, guint n_steps, AeTrainerLoss * loss)
{
  g_autofree float *start = g_new0 (float, architecture->n_weights);
  g_autoptr (AeWeights) weights = NULL;
  g_autoptr (AeTrainer) trainer = NULL;
  guint next = 0;

  for (gsize i = 0; i < GOLDEN_N_WEIGHTS; i++)
    *nth_weight (architecture, start, i) = (float) golden_weights[i];
  weights = ae_weights_new_copy (start, architecture->n_weights, NULL);
  trainer = ae_trainer_new (architecture, weights, config, NULL);
  fail_unless (trainer != NULL);
  for (guint i = 0; i < n_steps; i++)
    fail_unless (ae_trainer_step (trainer, golden_sample, &next, rate, loss,
            NULL));
  return ae_trainer_weights (trainer, NULL);
}

static AeArchitecture *
golden_architecture (void)
{
  const AeShape input = { GOLDEN_D, 1, 1 };

  return ae_architecture_parse (GOLDEN_TEXT, &input, NULL);
}

static AeTrainerConfig
golden_config (void)
{
  AeTrainerConfig config = AE_TRAINER_CONFIG_DEFAULT;

  config.batch = config.shard = GOLDEN_N;
  config.n_threads = 1;
  config.clip_norm = config.ema = 0.0f;
  return config;
}

GST_START_TEST (test_objective_and_gradient_equal_pytorch)
{
  g_autoptr (AeArchitecture) architecture = golden_architecture ();
  g_autoptr (AeWeights) after = NULL;
  AeTrainerConfig config = golden_config ();
  double golden = golden_objectives[__i__].objective, largest = 0.0;
  AeTrainerLoss loss;

  config.loss = golden_objectives[__i__].loss;
  config.regulariser = golden_objectives[__i__].regulariser;
  config.optimiser = (AeOptimiserConfig) {
  .kind = AE_OPTIMISER_SGD};
  after = train (architecture, &config, 1.0f, 1, &loss);
  fail_unless (fabs (loss.total - golden) < 1e-5 * fabs (golden), "%g, %g",
      loss.total, golden);
  for (gsize i = 0; i < GOLDEN_N_WEIGHTS; i++)
    largest = MAX (largest, fabs (golden_objectives[__i__].gradient[i]));
  fail_unless (largest > 1e-3);
  for (gsize i = 0; i < GOLDEN_N_WEIGHTS; i++) {
    double gradient = golden_weights[i]
        - (double) *nth_weight (architecture, after->data, i);

    fail_unless (fabs (gradient - golden_objectives[__i__].gradient[i])
        < 1e-4 * largest + 2e-7, "weight %" G_GSIZE_FORMAT ": %g, %g", i,
        gradient, golden_objectives[__i__].gradient[i]);
  }
}

GST_END_TEST;

GST_START_TEST (test_optimisers_equal_pytorch)
{
  g_autoptr (AeArchitecture) architecture = golden_architecture ();
  g_autoptr (AeWeights) after = NULL;
  AeTrainerConfig config = golden_config ();

  config.optimiser.kind = golden_optimisers[__i__].kind;
  config.optimiser.weight_decay = 0.02f;
  after = train (architecture, &config, 0.05f, 3, NULL);
  for (gsize i = 0; i < GOLDEN_N_WEIGHTS; i++) {
    double weight = (double) *nth_weight (architecture, after->data, i);

    fail_unless (fabs (weight - golden_optimisers[__i__].weights[i]) < 5e-5,
        "%s, weight %" G_GSIZE_FORMAT ": %g, %g",
        ae_optimiser_name (config.optimiser.kind), i, weight,
        golden_optimisers[__i__].weights[i]);
  }
}

GST_END_TEST;

static Suite *
golden_training_suite (void)
{
  Suite *suite = suite_create ("golden-training");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_objective_and_gradient_equal_pytorch, 0,
      G_N_ELEMENTS (golden_objectives));
  tcase_add_loop_test (tcase, test_optimisers_equal_pytorch, 0,
      G_N_ELEMENTS (golden_optimisers));
  return suite;
}

GST_CHECK_MAIN (golden_training);
