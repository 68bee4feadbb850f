/* Training: loss gradients, Adam against a reference, the replay reservoir, and
 * a step that repeats. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-error.h"
#include "ae-loss.h"
#include "ae-reservoir.h"
#include "ae-schedule.h"
#include "ae-tape.h"
#include "ae-trainer.h"

GST_START_TEST (test_loss_gradients_equal_finite_differences)
{
  g_auto (AeTensor) out = AE_TENSOR_INIT;
  g_auto (AeTensor) target = AE_TENSOR_INIT;
  g_auto (AeTensor) grad = AE_TENSOR_INIT;
  g_auto (AeTensor) unused = AE_TENSOR_INIT;
  const float weight[3] = { 0.5f, 2.0f, 1.0f };
  const float eps = 1e-3f;
  AeRng rng;

  ae_rng_init (&rng, 1);
  ae_tensor_resize (&out, 2, 3, 4, 3);
  ae_tensor_resize_like (&target, &out);
  ae_rng_fill_normal (&rng, out.data, ae_tensor_size (&out));
  ae_rng_fill_normal (&rng, target.data, ae_tensor_size (&out));
  if (__i__ == AE_LOSS_BCE) {
    ae_activation_forward (AE_ACTIVATION_SIGMOID, out.data,
        ae_tensor_size (&out));
    ae_activation_forward (AE_ACTIVATION_SIGMOID, target.data,
        ae_tensor_size (&out));
  }
  ae_loss (__i__, &out, &target, NULL, weight, &grad);
  for (gsize i = 0; i < ae_tensor_size (&out); i++) {
    float kept = out.data[i];
    double numeric;

    out.data[i] = kept + eps;
    numeric = ae_loss (__i__, &out, &target, NULL, weight, &unused);
    out.data[i] = kept - eps;
    numeric -= ae_loss (__i__, &out, &target, NULL, weight, &unused);
    out.data[i] = kept;
    numeric /= 2.0 * (double) eps;
    fail_unless (fabs (numeric - (double) grad.data[i]) < 2e-3,
        "%s: analytic %g, numeric %g", ae_loss_name (__i__),
        (double) grad.data[i], numeric);
  }
}

GST_END_TEST;

/* Kingma and Ba 2015, algorithm 1, in double precision. */
GST_START_TEST (test_adamw_follows_the_paper)
{
  const AeOptimiserConfig config = { AE_OPTIMISER_ADAMW, 0.9f, 0.999f, 1e-8f,
    0.1f
  };
  float w = 1.0f, m1 = 0.0f, m2 = 0.0f;
  double rw = 1.0, rm = 0.0, rv = 0.0;

  for (guint step = 1; step <= 50; step++) {
    float g = sinf ((float) step) + 0.3f * w;
    double rg = sin ((double) step) + 0.3 * rw;

    ae_optimiser_step (&config, step, 0.01f, 1, &g, &m1, &m2, &w);
    rm = 0.9 * rm + 0.1 * rg;
    rv = 0.999 * rv + 0.001 * rg * rg;
    rw = rw * (1.0 - 0.01 * 0.1) - 0.01 * rm / (1.0 - pow (0.9, step))
        / (sqrt (rv / (1.0 - pow (0.999, step))) + 1e-8);
    fail_unless (fabs (rw - (double) w) < 1e-4);
  }
}

GST_END_TEST;

GST_START_TEST (test_reservoir_keeps_a_uniform_sample_in_bounded_memory)
{
  enum
  { N_PATCHES = 2000, N_HELD = 100 };
  guint early = 0, n_runs = 40;
  AeRng rng;

  ae_rng_init (&rng, 9);
  for (guint run = 0; run < n_runs; run++) {
    g_autoptr (AeReservoir) reservoir =
        ae_reservoir_new (4, N_HELD * 4 * sizeof (float), run);
    float patch[4];

    fail_if (ae_reservoir_draw (reservoir, &rng, patch));
    for (guint i = 0; i < N_PATCHES; i++) {
      patch[0] = patch[3] = (float) i;
      ae_reservoir_add (reservoir, patch);
    }
    fail_unless_equals_int (ae_reservoir_n_held (reservoir), N_HELD);
    fail_unless_equals_uint64 (ae_reservoir_n_seen (reservoir), N_PATCHES);
    for (guint i = 0; i < 100; i++) {
      fail_unless (ae_reservoir_draw (reservoir, &rng, patch));
      fail_unless (patch[0] == patch[3]);
      early += patch[0] < N_PATCHES / 2;
    }
  }
  /* half of what is held was seen in the first half, give or take */
  fail_unless (early > n_runs * 40 && early < n_runs * 60, "%u", early);
}

GST_END_TEST;

/* y = 2 x on small pictures, which one weight can learn. */
static void
doubling_sample (gpointer data, AeRng * rng, AeSample * sample)
{
  ae_rng_fill_normal (rng, sample->input, 64);
  for (guint i = 0; i < 64; i++)
    sample->target[i] = 2.0f * sample->input[i] + 0.5f;
}

static AeTrainer *
new_trainer (AeTrainerConfig * config, AeArchitecture ** architecture)
{
  AeShape any = { 1, 0, 0 };
  g_autoptr (AeWeights) weights = NULL;
  AeTrainer *trainer;
  AeRng rng;

  *architecture = ae_architecture_parse ("conv 3x3 4 | conv 1x1 1", &any, NULL);
  fail_unless (*architecture != NULL);
  ae_rng_init (&rng, 5);
  weights = ae_weights_new_random (*architecture, &rng);
  config->height = config->width = 8;
  trainer = ae_trainer_new (*architecture, weights, config, NULL);
  fail_unless (trainer != NULL);
  return trainer;
}

GST_START_TEST (test_training_learns_and_does_not_depend_on_threads)
{
  g_autofree float *weights_before = NULL;

  for (guint n_threads = 1; n_threads <= 3; n_threads++) {
    AeTrainerConfig config = AE_TRAINER_CONFIG_DEFAULT;
    g_autoptr (AeArchitecture) architecture = NULL;
    g_autoptr (AeTrainer) trainer = NULL;
    g_autoptr (AeWeights) weights = NULL;
    AeTrainerLoss loss = { 0 };
    double first_loss = 0.0;

    config.batch = 64;
    config.n_threads = n_threads;
    trainer = new_trainer (&config, &architecture);
    for (guint i = 0; i < 300; i++) {
      fail_unless (ae_trainer_step (trainer, doubling_sample, NULL, 0.02f,
              &loss, NULL));
      if (i == 0)
        first_loss = loss.total;
    }
    fail_unless (loss.total < 1e-3 * first_loss, "%g -> %g", first_loss,
        loss.total);
    fail_unless_equals_uint64 (ae_trainer_n_steps (trainer), 300);
    weights = ae_trainer_weights (trainer, NULL);
    if (weights_before == NULL)
      weights_before = g_memdup2 (weights->data, weights->n * sizeof (float));
    else
      fail_unless (memcmp (weights_before, weights->data,
              weights->n * sizeof (float)) == 0);
  }
}

GST_END_TEST;

/* Half of them are not to count. */
static void
rehearsed_sample (gpointer data, AeRng * rng, AeSample * sample)
{
  doubling_sample (data, rng, sample);
  if (data || ae_rng_below (rng, 2))
    sample->mask[0] = 0.0f;
}

/* Squares, as another loss. */
static double
other_loss (const AeTensor * out, const AeTensor * target,
    const float *sample_weight, AeTensor * grad)
{
  return ae_loss (AE_LOSS_MSE, out, target, NULL, sample_weight, grad);
}

/* Samples whose mask begins with 0 get all of their target from the anchor. */
static void
whole_samples (const AeTensor * anchor, AeTensor * target, AeTensor * mask)
{
  for (gsize p = 0; p < ae_tensor_size (target); p++) {
    if (mask->data[p % target->n] == 0.0f)
      target->data[p] = anchor->data[p];
  }
}

/* How far 40 steps go, from the weights that training started from. */
static float
distance_of (gboolean all_rehearsed)
{
  AeTrainerConfig config = AE_TRAINER_CONFIG_DEFAULT;
  AeShape any = { 1, 0, 0 };
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse ("conv 3x3 4 | conv 1x1 1", &any, NULL);
  g_autoptr (AeWeights) start = NULL;
  g_autoptr (AeWeights) end = NULL;
  g_autoptr (AeTrainer) trainer = NULL;
  float distance = 0.0f;
  AeRng rng;

  ae_rng_init (&rng, 5);
  start = ae_weights_new_random (architecture, &rng);
  config.height = config.width = 8;
  config.ema = 0.0f;
  config.masked = TRUE;
  config.loss_func = other_loss;
  config.anchor = start;
  fail_unless (ae_trainer_new (architecture, start, &config, NULL) == NULL);
  config.anchor_func = whole_samples;
  trainer = ae_trainer_new (architecture, start, &config, NULL);
  for (guint i = 0; i < 40; i++)
    fail_unless (ae_trainer_step (trainer, rehearsed_sample,
            all_rehearsed ? &rng : NULL, 0.02f, NULL, NULL));
  end = ae_trainer_weights (trainer, NULL);
  for (gsize i = 0; i < start->n; i++)
    distance = MAX (distance, fabsf (end->data[i] - start->data[i]));
  return distance;
}

GST_START_TEST (test_what_is_rehearsed_with_another_loss_stays_as_it_was)
{
  float all = distance_of (TRUE), half = distance_of (FALSE);

  fail_unless (all < 1e-6f, "%g", (double) all);
  fail_unless (half > 0.05f, "%g", (double) half);
}

GST_END_TEST;

static void
broken_sample (gpointer data, AeRng * rng, AeSample * sample)
{
  doubling_sample (data, rng, sample);
  sample->target[7] = NAN;
}

GST_START_TEST (test_a_loss_that_is_not_finite_leaves_the_weights_alone)
{
  AeTrainerConfig config = AE_TRAINER_CONFIG_DEFAULT;
  g_autoptr (AeArchitecture) architecture = NULL;
  g_autoptr (AeTrainer) trainer = new_trainer (&config, &architecture);
  g_autoptr (AeWeights) before = NULL;
  g_autoptr (AeWeights) after = NULL;
  g_autoptr (GError) error = NULL;

  fail_unless (ae_trainer_step (trainer, doubling_sample, NULL, 0.01f, NULL,
          NULL));
  before = ae_trainer_weights (trainer, NULL);
  fail_if (ae_trainer_step (trainer, broken_sample, NULL, 0.01f, NULL, &error));
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_NOT_FINITE));
  after = ae_trainer_weights (trainer, NULL);
  fail_unless (memcmp (before->data, after->data,
          before->n * sizeof (float)) == 0);
  fail_unless_equals_uint64 (ae_trainer_n_steps (trainer), 1);
}

GST_END_TEST;

GST_START_TEST (test_schedules_rise_and_fall_as_they_say)
{
  AeSchedule schedule = { AE_SCHEDULE_COSINE, 1.0f, 1000, 100 };

  fail_unless (ae_schedule_rate (&schedule, 0) < 0.02f);
  fail_unless (ae_schedule_rate (&schedule, 100) > 0.999f);
  fail_unless (fabsf (ae_schedule_rate (&schedule, 550) - 0.505f) < 1e-3f);
  fail_unless (fabsf (ae_schedule_rate (&schedule, 1000) - 0.01f) < 1e-3f);
  schedule.kind = AE_SCHEDULE_STEP;
  fail_unless (fabsf (ae_schedule_rate (&schedule, 49) - 0.5f) < 1e-6f);
  fail_unless (ae_schedule_rate (&schedule, 549) == 1.0f);
  fail_unless (ae_schedule_rate (&schedule, 550) == 0.1f);
  fail_unless (ae_schedule_rate (&schedule, 775) == 0.01f);
  schedule.kind = AE_SCHEDULE_CONSTANT;
  fail_unless (ae_schedule_rate (&schedule, 49) < 0.51f);
  fail_unless (ae_schedule_rate (&schedule, 5000) == 1.0f);
  /* no steps at all, and nothing but a warm-up */
  schedule = (AeSchedule) {
  AE_SCHEDULE_COSINE, 1.0f, 0, 0};
  fail_unless (ae_schedule_rate (&schedule, 3) <= 1.0f);
}

GST_END_TEST;

static Suite *
trainer_suite (void)
{
  Suite *suite = suite_create ("trainer");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_loss_gradients_equal_finite_differences, 0,
      AE_N_LOSSES);
  tcase_add_test (tcase, test_adamw_follows_the_paper);
  tcase_add_test (tcase,
      test_reservoir_keeps_a_uniform_sample_in_bounded_memory);
  tcase_add_test (tcase, test_training_learns_and_does_not_depend_on_threads);
  tcase_add_test (tcase,
      test_a_loss_that_is_not_finite_leaves_the_weights_alone);
  tcase_add_test (tcase,
      test_what_is_rehearsed_with_another_loss_stays_as_it_was);
  tcase_add_test (tcase, test_schedules_rise_and_fall_as_they_say);
  return suite;
}

GST_CHECK_MAIN (trainer);
