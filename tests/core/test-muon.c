/* Muon: what its steps are, and that they learn. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "ae-gemm.h"
#include "ae-muon.h"
#include "ae-optimiser.h"
#include "ae-rng.h"
#include "ae-trainer.h"

static const struct
{
  guint rows, columns;
  float size;                   /* of the gradient */
} cases[] = {
  {6, 9, 1.0f}, {9, 6, 1e-12f}, {16, 45, 1e9f}, {48, 32, 1e-3f}, {1, 7, 1.0f},
};

static void
fill (float *x, gsize n, float size, AeRng * rng)
{
  for (gsize i = 0; i < n; i++)
    x[i] = size * ae_rng_normal (rng);
}

/* The squares of @x's singular values, largest first; a [rows][columns]. */
static void
squared_singular_values (guint rows, guint columns, const float *x,
    double *values)
{
  const gboolean tall = rows > columns;
  const guint n = MIN (rows, columns), k = MAX (rows, columns);
  g_autofree double *gram = g_new0 (double, (gsize) n * n);

  for (guint i = 0; i < n; i++) {
    for (guint j = 0; j < n; j++) {
      for (guint l = 0; l < k; l++)
        gram[i * n + j] += tall
            ? (double) x[l * columns + i] * (double) x[l * columns + j]
            : (double) x[i * columns + l] * (double) x[j * columns + l];
    }
  }
  fail_unless (ae_eigen_symmetric (n, gram, values, NULL));
}

/* Of a first step, whose direction is the gradient's. */
GST_START_TEST (test_a_step_has_singular_values_near_one_and_goes_downhill)
{
  const guint rows = cases[__i__].rows, columns = cases[__i__].columns;
  const guint n_values = MIN (rows, columns);
  const gsize n = (gsize) rows * columns;
  g_autofree float *grad = g_new (float, n), *moment = g_new0 (float, n);
  g_autofree float *weights = g_new0 (float, n);
  g_autofree float *scratch = g_new (float, ae_muon_scratch_size (rows,
          columns));
  g_autofree double *values = g_new (double, n_values);
  g_autofree double *of_grad = g_new (double, n_values);
  const float rate = 0.25f, scale = rate * sqrtf ((float) rows
      / (float) columns);
  double slope = 0.0, nuclear = 0.0;
  AeRng rng;

  ae_rng_init (&rng, 5);
  fill (grad, n, cases[__i__].size, &rng);
  ae_muon_step (0.9f, rate, rows, columns, grad, moment, scratch, weights);
  for (gsize i = 0; i < n; i++) {
    weights[i] /= scale;
    grad[i] /= cases[__i__].size;
    slope -= (double) weights[i] * (double) grad[i];
    fail_unless (fabs ((double) moment[i] / (double) cases[__i__].size
            - 0.1 * (double) grad[i]) < 1e-5);
  }
  squared_singular_values (rows, columns, weights, values);
  fail_unless (values[0] < 1.25 * 1.25, "%g", sqrt (values[0]));
  fail_unless (values[n_values - 1] > 0.6 * 0.6, "%g",
      sqrt (values[n_values - 1]));
  /* the steepest of all such steps goes down by the sum of singular values */
  squared_singular_values (rows, columns, grad, of_grad);
  for (guint i = 0; i < n_values; i++)
    nuclear += sqrt (of_grad[i]);
  fail_unless (slope > 0.65 * nuclear && slope < 1.25 * nuclear, "%g of %g",
      slope, nuclear);
}

GST_END_TEST;

/* The moment of a dead layer falls below what single precision can scale up. */
GST_START_TEST (test_a_layer_without_gradient_comes_to_rest)
{
  enum
  { ROWS = 4, COLUMNS = 6, N = ROWS * COLUMNS };
  float grad[N], moment[N] = { 0 }, weights[N], before[N];
  g_autofree float *scratch = g_new (float, ae_muon_scratch_size (ROWS,
          COLUMNS));
  AeRng rng;

  ae_rng_init (&rng, 1);
  fill (grad, N, 1.0f, &rng);
  fill (weights, N, 1.0f, &rng);
  ae_muon_step (0.9f, 0.01f, ROWS, COLUMNS, grad, moment, scratch, weights);
  memset (grad, 0, sizeof grad);
  for (guint i = 0; i < 3000; i++) {
    memcpy (before, weights, sizeof before);
    ae_muon_step (0.9f, 0.01f, ROWS, COLUMNS, grad, moment, scratch, weights);
    for (guint j = 0; j < N; j++)
      fail_unless (isfinite (weights[j]), "step %u", i);
  }
  fail_unless (memcmp (before, weights, sizeof before) == 0);
}

GST_END_TEST;

/* A mixture of directions of very different strength, where Adam is slow. */
static void
correlated_sample (gpointer data, AeRng * rng, AeSample * sample)
{
  enum
  { N = 12 };
  float z[N];

  for (guint i = 0; i < N; i++)
    z[i] = ae_rng_normal (rng) / (float) (1 + i * i);
  for (guint i = 0; i < N; i++) {
    sample->input[i] = 0.0f;
    for (guint j = 0; j < N; j++)
      sample->input[i] += z[j] * cosf ((float) ((2 * i + 1) * j) * 0.1309f);
    sample->target[i] = sample->input[i];
  }
}

static double
loss_after (AeOptimiserKind kind, float rate, guint n_steps)
{
  const AeShape input = { 12, 1, 1 };
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse ("dense 10 | dense 12", &input, NULL);
  g_autoptr (AeWeights) start = NULL;
  g_autoptr (AeTrainer) trainer = NULL;
  AeTrainerConfig config = AE_TRAINER_CONFIG_DEFAULT;
  AeTrainerLoss loss;
  double mean = 0.0;
  AeRng rng;

  ae_rng_init (&rng, 2);
  start = ae_weights_new_random (architecture, &rng);
  config.optimiser.kind = kind;
  config.n_threads = 1;
  trainer = ae_trainer_new (architecture, start, &config, NULL);
  for (guint i = 0; i < n_steps; i++) {
    float left = 1.0f - (float) i / (float) n_steps;

    fail_unless (ae_trainer_step (trainer, correlated_sample, NULL, rate * left,
            &loss, NULL));
    if (i >= n_steps - 20)
      mean += loss.loss / 20.0;
  }
  return mean;
}

GST_START_TEST (test_muon_learns_weak_directions_sooner_than_adam)
{
  double muon = loss_after (AE_OPTIMISER_MUON, 0.1f, 300), adam = G_MAXDOUBLE;

  for (float rate = 1e-3f; rate < 0.2f; rate *= 2.0f)
    adam = MIN (adam, loss_after (AE_OPTIMISER_ADAMW, rate, 300));
  fail_unless (muon < 0.5 * adam, "%g, at best %g of Adam", muon, adam);
}

GST_END_TEST;

/* A layer of each kind, and which of their weights are matrices. */
#define ALL_LAYERS "conv 3x3 4 relu, norm, causal 3 2, conv 1x1 1, conv 3x3 5, " \
    "deconv 2x2*2 2, unshuffle 2, dense 7"

static const struct
{
  const gchar *layer;
  guint i_layer, rows, columns;
} matrices[] = {
  {"conv", 0, 4, 3 * 9}, {"conv", 3, 1, 4}, {"deconv", 5, 5, 2 * 4},
  {"dense", 7, 7, 8 * 4 * 4},
};

GST_START_TEST (test_matrices_move_as_muon_says_and_all_else_as_adamw)
{
  const AeShape input = { 3, 4, 4 };
  const AeOptimiserConfig config = { AE_OPTIMISER_MUON, 0.9f, 0.99f, 1e-8f,
    0.5f
  };
  const float rate = 0.1f;
  AeOptimiserConfig adamw = config;
  g_autoptr (AeArchitecture) a = ae_architecture_parse (ALL_LAYERS, &input,
      NULL);
  const gsize n = a->n_weights;
  g_autofree float *weights = g_new (float, n), *expected = g_new (float, n);
  g_autofree float *grad = g_new (float, n), *scratch = NULL;
  g_autofree float *moment1 = g_new0 (float, n), *moment2 = g_new0 (float, n);
  g_autofree float *m1 = g_new0 (float, n), *m2 = g_new0 (float, n);
  AeRng rng;

  ae_rng_init (&rng, 3);
  fill (grad, n, 1.0f, &rng);
  fill (weights, n, 1.0f, &rng);
  memcpy (expected, weights, n * sizeof (float));
  adamw.kind = AE_OPTIMISER_ADAMW;
  ae_optimiser_step (&adamw, 1, rate / 20.0f, n, grad, m1, m2, expected);
  memset (m1, 0, n * sizeof (float));
  scratch = g_new (float, ae_optimiser_scratch_size (&config, a));
  for (guint i = 0; i < G_N_ELEMENTS (matrices); i++) {
    const AeLayer *layer = &a->layers[matrices[i].i_layer];
    const AeParam *param = &layer->params[AE_PARAM_WEIGHT];
    const gsize size = (gsize) matrices[i].rows * matrices[i].columns;

    fail_unless_equals_string (layer->ops->name, matrices[i].layer);
    fail_unless_equals_uint64 (param->size, size);
    for (gsize j = 0; j < size; j++)
      expected[param->offset + j] = weights[param->offset + j]
          * (1.0f - rate * config.weight_decay);
    ae_muon_step (config.beta1, rate, matrices[i].rows, matrices[i].columns,
        grad + param->offset, m1 + param->offset, scratch,
        expected + param->offset);
  }
  ae_optimiser_step_model (&config, 1, rate, a, 0, grad, moment1, moment2,
      scratch, weights);
  for (guint i = 0; i < a->n_layers * AE_N_PARAMS; i++) {
    const AeParam *param = &a->layers[i / AE_N_PARAMS].params[i % AE_N_PARAMS];

    for (gsize j = param->offset; j < param->offset + param->size; j++)
      fail_unless (fabsf (weights[j] - expected[j]) < 1e-6f,
          "layer %u, weight %" G_GSIZE_FORMAT ": %g, expected %g",
          i / AE_N_PARAMS, j - param->offset, (double) weights[j],
          (double) expected[j]);
  }
}

GST_END_TEST;

static Suite *
muon_suite (void)
{
  Suite *suite = suite_create ("muon");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase,
      test_a_step_has_singular_values_near_one_and_goes_downhill, 0,
      G_N_ELEMENTS (cases));
  tcase_add_test (tcase, test_a_layer_without_gradient_comes_to_rest);
  tcase_add_test (tcase, test_matrices_move_as_muon_says_and_all_else_as_adamw);
  tcase_add_test (tcase, test_muon_learns_weak_directions_sooner_than_adam);
  return suite;
}

GST_CHECK_MAIN (muon);
