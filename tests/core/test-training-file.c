/* The checkpoint of an offline trainer. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint-files.h"
#include "../../pipelines/training-file.h"

#define OBJECTIVE "waves"

static AeArchitecture *
architecture_of (guint n_channels)
{
  const AeShape input = { n_channels, 0, 0 };

  return ae_architecture_parse (WAVES_TEXT, &input, NULL);
}

static AeTrainer *
new_trainer (AeArchitecture * architecture)
{
  AeTrainerConfig config = AE_TRAINER_CONFIG_DEFAULT;
  g_autoptr (AeWeights) weights = NULL;
  AeRng rng;

  ae_rng_init (&rng, 1);
  weights = ae_weights_new_random (architecture, &rng);
  config.height = config.width = WAVES_SIDE;
  config.n_threads = 1;
  return ae_trainer_new (architecture, weights, &config, NULL);
}

static void
sample (gpointer data, AeRng * rng, AeSample * sample)
{
  for (guint i = 0; i < WAVES_SIZE; i++)
    sample->input[i] = sample->target[i] = ae_rng_uniform (rng);
}

/* Saves a training of three steps at @path. */
static AeTrainer *
save_training (AeArchitecture * architecture, double seconds)
{
  AeTrainer *trainer = new_trainer (architecture);
  g_autoptr (AeWeights) weights = NULL;
  g_autoptr (AeModel) model = NULL;
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < 3; i++)
    fail_unless (ae_trainer_step (trainer, sample, NULL, 0.01f, NULL, NULL));
  weights = ae_trainer_weights (trainer, NULL);
  model = ae_model_new (architecture, weights, NULL, NULL);
  fail_unless (ae_training_file_save (path, trainer, model, OBJECTIVE, seconds,
          &error), "%s", error ? error->message : "");
  return trainer;
}

static void
assert_refused (AeArchitecture * architecture, const gchar * objective,
    AeError code, const gchar * word)
{
  g_autoptr (AeTrainer) trainer = new_trainer (architecture);
  g_autoptr (GError) error = NULL;
  double seconds = 0.0;

  fail_if (ae_training_file_go_on (path, trainer, architecture, objective,
          &seconds, &error), "%s", word);
  fail_unless (g_error_matches (error, AE_ERROR, (gint) code), "%s",
      error->message);
  fail_unless (strstr (error->message, word) != NULL, "%s", error->message);
  fail_unless_equals_uint64 (ae_trainer_n_steps (trainer), 0);
}

GST_START_TEST (test_a_training_goes_on_with_its_state_and_its_seconds)
{
  g_autoptr (AeArchitecture) architecture = architecture_of (1);
  g_autoptr (AeTrainer) saved = save_training (architecture, 1234.0);
  g_autoptr (AeTrainer) resumed = new_trainer (architecture);
  g_autoptr (AeWeights) a = NULL, b = NULL;
  double seconds = 0.0;

  fail_unless (ae_training_file_go_on (path, resumed, architecture, OBJECTIVE,
          &seconds, NULL));
  fail_unless (seconds == 1234.0);
  fail_unless_equals_uint64 (ae_trainer_n_steps (resumed), 3);
  fail_unless (ae_trainer_step (saved, sample, NULL, 0.01f, NULL, NULL));
  fail_unless (ae_trainer_step (resumed, sample, NULL, 0.01f, NULL, NULL));
  a = ae_trainer_weights (saved, NULL);
  b = ae_trainer_weights (resumed, NULL);
  fail_unless (memcmp (a->data, b->data, a->n * sizeof (float)) == 0);
}

GST_END_TEST;

GST_START_TEST (test_the_training_of_something_else_is_refused)
{
  g_autoptr (AeArchitecture) architecture = architecture_of (1);
  g_autoptr (AeArchitecture) wider = architecture_of (2);
  g_autoptr (AeTrainer) saved = save_training (architecture, 1.0);

  assert_refused (wider, OBJECTIVE, AE_ERROR_SHAPE, "for 2x0x0");
  assert_refused (architecture, "sand", AE_ERROR_UNSUPPORTED,
      "\"waves\", expected \"sand\"");
}

GST_END_TEST;

/* Sets when training by the clock ends. */
GST_START_TEST (test_seconds_that_are_none_are_refused)
{
  static const gchar *const schedules[] = {
    "", "cosine", "cosine,  seconds", "cosine, nan seconds",
    "cosine, -1 seconds", "cosine, 1e300 seconds", "cosine, 1 second",
    "constant, peak 1, 2 steps, 3 of warm-up",
  };
  g_autoptr (AeArchitecture) architecture = architecture_of (1);
  g_autoptr (AeTrainer) saved = save_training (architecture, 1.0);
  g_autoptr (AeCheckpoint) checkpoint = load (path);

  for (guint i = 0; i < G_N_ELEMENTS (schedules); i++) {
    AeCheckpoint lie = *checkpoint;

    lie.schedule = (gchar *) schedules[i];
    fail_unless (ae_checkpoint_save (&lie, path, NULL));
    assert_refused (architecture, OBJECTIVE, AE_ERROR_CORRUPT, schedules[i]);
  }
}

GST_END_TEST;

static Suite *
training_file_suite (void)
{
  Suite *suite = suite_create ("training-file");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase,
      test_a_training_goes_on_with_its_state_and_its_seconds);
  tcase_add_test (tcase, test_the_training_of_something_else_is_refused);
  tcase_add_test (tcase, test_seconds_that_are_none_are_refused);
  return suite;
}

GST_CHECK_MAIN (training_file);
