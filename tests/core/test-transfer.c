/* Weights that come from another training: greedy pretraining, frozen layers,
 * layers of another model. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-error.h"
#include "ae-pretrain.h"
#include "ae-tape.h"

#define DIMS 12

/* Three numbers, spread over twelve. */
static void
spread_sample (gpointer data, AeRng * rng, AeSample * sample)
{
  float z[3];

  ae_rng_fill_normal (rng, z, 3);
  for (guint i = 0; i < DIMS; i++) {
    sample->input[i] = 0.5f + 0.3f * sinf (z[i % 3] + 0.2f * (float) i)
        + 0.1f * z[(i + 1) % 3];
    sample->target[i] = sample->input[i];
  }
}

static AeArchitecture *
parse (const gchar * text)
{
  const AeShape input = { DIMS, 1, 1 };
  GError *error = NULL;
  AeArchitecture *architecture = ae_architecture_parse (text, &input, &error);

  fail_unless (architecture != NULL, "%s", error ? error->message : "");
  return architecture;
}

static double
error_of (AeArchitecture * architecture, const AeWeights * weights)
{
  g_autoptr (AeTape) tape = ae_tape_new (architecture);
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  const AeTensor *out;
  double sum = 0.0;
  AeRng rng;

  ae_rng_init (&rng, 99);
  ae_tensor_resize (&in, DIMS, 1, 1, 1);
  for (guint i = 0; i < 500; i++) {
    float target[DIMS];
    AeSample sample = { in.data, target, NULL, NULL, 1.0f };

    spread_sample (NULL, &rng, &sample);
    out = ae_tape_forward (tape, weights->data, &in, NULL);
    for (guint j = 0; j < DIMS; j++)
      sum += pow ((double) (out->data[j] - target[j]), 2.0) / DIMS / 500;
  }
  return sum;
}

GST_START_TEST (test_greedy_pretraining_takes_a_deep_stack_down)
{
  static const gchar *const texts[] = {
    "dense 10 tanh, dense 6 tanh, dense 4 | dense 6 tanh, dense 10 tanh, "
        "dense 12",
    "dense 10 tanh, dense 6 tanh, dense 4 | tied tanh, tied tanh, tied",
  };
  g_autoptr (AeArchitecture) architecture = parse (texts[__i__]);
  g_autoptr (AeWeights) start = NULL;
  g_autoptr (AeWeights) end = NULL;
  g_autoptr (AeWeights) again = NULL;
  AeTrainerConfig config = AE_TRAINER_CONFIG_DEFAULT;
  AeSchedule schedule = { AE_SCHEDULE_COSINE, 0.01f, 400, 0 };
  double before, after;
  AeRng rng;

  ae_rng_init (&rng, 1);
  start = ae_weights_new_random (architecture, &rng);
  config.n_threads = 2;
  end = ae_pretrain_greedy (architecture, start, &config, &schedule,
      spread_sample, NULL, NULL);
  fail_unless (end != NULL);
  before = error_of (architecture, start);
  after = error_of (architecture, end);
  fail_unless (after < 0.25 * before, "%g -> %g", before, after);
  config.n_threads = 1;
  again = ae_pretrain_greedy (architecture, start, &config, &schedule,
      spread_sample, NULL, NULL);
  fail_unless (memcmp (end->data, again->data, end->n * sizeof (float)) == 0);
}

GST_END_TEST;

GST_START_TEST (test_greedy_pretraining_refuses_what_is_no_mirror_image)
{
  static const gchar *const bad[][2] = {
    {"dense 6 tanh, dense 4 | dense 12", "2 layers in the encoder and 1"},
    {"dense 6 tanh, dense 4 | dense 7, dense 12",
        "column 15: greedy pretraining needs layers that undo"},
    {"dense 6 tanh, gaussian 4 | dense 6, dense 12", "column 15"},
  };
  g_autoptr (AeArchitecture) architecture = parse (bad[__i__][0]);
  g_autoptr (AeWeights) start = NULL;
  g_autoptr (GError) error = NULL;
  AeTrainerConfig config = AE_TRAINER_CONFIG_DEFAULT;
  AeSchedule schedule = { AE_SCHEDULE_CONSTANT, 0.01f, 1, 0 };
  AeRng rng;

  ae_rng_init (&rng, 1);
  start = ae_weights_new_random (architecture, &rng);
  fail_unless (ae_pretrain_greedy (architecture, start, &config, &schedule,
          spread_sample, NULL, &error) == NULL);
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_UNSUPPORTED));
  fail_unless (strstr (error->message, bad[__i__][1]) != NULL, "%s",
      error->message);
}

GST_END_TEST;

GST_START_TEST (test_frozen_layers_stay_and_the_others_learn)
{
  g_autoptr (AeArchitecture) architecture =
      parse ("dense 8 tanh, dense 4 | dense 12");
  g_autoptr (AeWeights) start = NULL;
  g_autoptr (AeWeights) end = NULL;
  g_autoptr (AeTrainer) trainer = NULL;
  AeTrainerConfig config = AE_TRAINER_CONFIG_DEFAULT;
  const float rate = __i__ == AE_OPTIMISER_MUON ? 0.1f : 0.01f;
  const AeParam *decoder = &architecture->layers[2].params[AE_PARAM_WEIGHT];
  AeTrainerLoss first, last;
  AeRng rng;

  ae_rng_init (&rng, 1);
  start = ae_weights_new_random (architecture, &rng);
  config.n_frozen = architecture->n_encoder;
  config.optimiser.kind = (AeOptimiserKind) __i__;
  config.optimiser.weight_decay = 0.1f;
  config.regulariser.l2 = 0.01f;
  config.ema = 0.5f;
  trainer = ae_trainer_new (architecture, start, &config, NULL);
  fail_unless (ae_trainer_step (trainer, spread_sample, NULL, rate, &first,
          NULL));
  for (guint i = 0; i < 200; i++)
    fail_unless (ae_trainer_step (trainer, spread_sample, NULL, rate, &last,
            NULL));
  end = ae_trainer_weights (trainer, NULL);
  fail_unless (memcmp (start->data, end->data,
          decoder->offset * sizeof (float)) == 0);
  for (gsize i = 0; i < decoder->size; i++)
    fail_unless (start->data[decoder->offset + i]
        != end->data[decoder->offset + i]);
  fail_unless (last.loss < 0.5 * first.loss);
  ae_trainer_free (g_steal_pointer (&trainer));
  config.n_frozen = architecture->n_layers;
  fail_unless (ae_trainer_new (architecture, start, &config, NULL) == NULL);
}

GST_END_TEST;

GST_START_TEST (test_transfer_takes_the_first_layers_of_another_model)
{
  g_autoptr (AeArchitecture) from =
      parse ("dense 8 tanh, dense 4 tanh | dense 12");
  g_autoptr (AeArchitecture) to =
      parse ("dense 8 tanh, dense 4 tanh | dense 10");
  g_autoptr (AeWeights) weights = NULL;
  g_autoptr (AeWeights) taken = NULL;
  g_autoptr (GError) error = NULL;
  const AeParam *head = &to->layers[2].params[AE_PARAM_WEIGHT];
  AeRng rng;

  ae_rng_init (&rng, 1);
  weights = ae_weights_new_random (from, &rng);
  taken = ae_weights_new_transfer (to, &rng, from, weights, 2, NULL);
  fail_unless (memcmp (taken->data, weights->data,
          head->offset * sizeof (float)) == 0);
  fail_unless (taken->data[head->offset] != weights->data[head->offset]);
  fail_unless (ae_weights_new_transfer (to, &rng, from, weights, 3, &error)
      == NULL);
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_SHAPE));
}

GST_END_TEST;

GST_START_TEST (test_a_deeper_model_computes_what_it_was_made_of)
{
  g_autoptr (AeArchitecture) from = ae_architecture_parse ("conv 3x3 4 relu, "
      "save a | conv 3x3 4 relu, add a relu, conv 3x3 1", &(AeShape) {
      1, 0, 0}, NULL);
  g_autoptr (AeArchitecture) to = ae_architecture_parse ("conv 3x3 4 relu, "
      "save a | conv 3x3 4 relu, add a relu, conv 5x5 4 relu, conv 3x3 1, "
      "conv 1x1 1", &(AeShape) {
      1, 0, 0}, NULL);
  g_autoptr (AeWeights) weights = NULL;
  g_autoptr (AeWeights) deeper = NULL;
  g_autoptr (AeTape) tape = ae_tape_new (from);
  g_autoptr (AeTape) deeper_tape = ae_tape_new (to);
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  const AeTensor *a, *b;
  AeRng rng;

  ae_rng_init (&rng, 1);
  ae_tensor_resize (&in, 1, 9, 7, 2);
  ae_rng_fill_normal (&rng, in.data, ae_tensor_size (&in));
  weights = ae_weights_new_random (from, &rng);
  deeper = ae_weights_new_deeper (to, from, weights, NULL);
  a = ae_tape_forward (tape, weights->data, &in, NULL);
  b = ae_tape_forward (deeper_tape, deeper->data, &in, NULL);
  for (gsize i = 0; i < ae_tensor_size (a); i++)
    fail_unless (fabsf (a->data[i] - b->data[i]) < 1e-6f);
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_deeper_model_is_refused)
{
  static const gchar *const bad[][3] = {
    {"dense 8 relu | dense 12", "dense 8 relu, dense 8 relu | dense 12",
        "column 15"},
    {"dense 8 tanh, dense 8 | dense 12", "dense 8 tanh | dense 12",
        "column 16"},
    {"dense 8 relu | dense 12", "dense 8 relu", "lacks the layer in column 16"},
  };
  g_autoptr (AeArchitecture) from = parse (bad[__i__][0]);
  g_autoptr (AeArchitecture) to = parse (bad[__i__][1]);
  g_autoptr (AeWeights) weights = NULL;
  g_autoptr (GError) error = NULL;
  AeRng rng;

  ae_rng_init (&rng, 1);
  weights = ae_weights_new_random (from, &rng);
  fail_unless (ae_weights_new_deeper (to, from, weights, &error) == NULL);
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_SHAPE));
  fail_unless (strstr (error->message, bad[__i__][2]) != NULL, "%s",
      error->message);
}

GST_END_TEST;

static Suite *
transfer_suite (void)
{
  Suite *suite = suite_create ("transfer");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase,
      test_greedy_pretraining_takes_a_deep_stack_down, 0, 2);
  tcase_add_loop_test (tcase,
      test_greedy_pretraining_refuses_what_is_no_mirror_image, 0, 3);
  tcase_add_loop_test (tcase, test_frozen_layers_stay_and_the_others_learn,
      AE_OPTIMISER_ADAM, AE_N_OPTIMISERS);
  tcase_add_test (tcase, test_transfer_takes_the_first_layers_of_another_model);
  tcase_add_test (tcase, test_a_deeper_model_computes_what_it_was_made_of);
  tcase_add_loop_test (tcase, test_what_is_no_deeper_model_is_refused, 0, 3);
  return suite;
}

GST_CHECK_MAIN (transfer);
