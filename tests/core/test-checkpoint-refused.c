/* What of checkpoints is read, and what is refused: those of other trainings, and
 * files that are damaged or lie. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint-files.h"

static AeOnlineConfig
some_config (void)
{
  AeOnlineConfig config = waves_config ();

  config.steps_per_frame = 3;
  return config;
}

static void
assert_refused (const AeOnlineConfig * config, const gchar * text,
    AeError code, const gchar * word)
{
  g_autoptr (AeModel) model = waves_model (text);
  g_autofree gchar *before = NULL, *after = NULL;
  g_autoptr (GError) error = NULL;
  gsize n_before, n_after;

  fail_unless (g_file_get_contents (path, &before, &n_before, NULL));
  fail_unless (ae_online_new (model, config, NULL, NULL, NULL, &error) == NULL);
  fail_unless (g_error_matches (error, AE_ERROR, (gint) code), "%s",
      error->message);
  fail_unless (g_str_has_prefix (error->message, path), "%s", error->message);
  fail_unless (strstr (error->message, word) != NULL, "%s", error->message);
  fail_unless (g_file_get_contents (path, &after, &n_after, NULL));
  fail_unless (n_before == n_after && memcmp (before, after, n_after) == 0);
}

GST_START_TEST (test_what_does_not_fit_is_refused_and_left_alone)
{
  AeOnlineConfig config = some_config ();
  g_autoptr (AeModel) model = waves_model (WAVES_TEXT);
  g_autoptr (AeArchitecture) wider = ae_architecture_parse (WAVES_TEXT,
      &(AeShape) {
      2, 0, 0}, NULL);
  g_autoptr (AeCheckpoint) checkpoint = NULL;

  train (config, path, 100);
  checkpoint = load (path);
  fail_if (ae_checkpoint_check (checkpoint, wider, checkpoint->objective, path,
          NULL));
  config.checkpoint = path;
  assert_refused (&config, "conv 3x3 9 relu | conv 3x3 1", AE_ERROR_SHAPE,
      "conv 3x3 9 relu");
  config.objective.kind = AE_OBJECTIVE_RECONSTRUCT;
  assert_refused (&config, WAVES_TEXT, AE_ERROR_UNSUPPORTED,
      "\"denoise, mse, adamw\", expected \"reconstruct, mse, adamw\"");
  config = some_config ();
  config.checkpoint = path;
  config.trainer.loss = AE_LOSS_L1;
  assert_refused (&config, WAVES_TEXT, AE_ERROR_UNSUPPORTED, "denoise, l1");
  fail_unless (ae_model_save (model, path, NULL));
  assert_refused (&config, WAVES_TEXT, AE_ERROR_NOT_FOUND, "not a checkpoint");
  fail_unless (g_file_set_contents (path, "text", -1, NULL));
  assert_refused (&config, WAVES_TEXT, AE_ERROR_TRUNCATED, "4 bytes");
}

GST_END_TEST;

/* Whichever byte of it is hit. */
GST_START_TEST (test_a_damaged_file_is_refused)
{
  g_autofree gchar *golden = g_build_filename (g_getenv ("AE_TEST_DATA"),
      "golden-checkpoint.safetensors", NULL);
  g_autofree gchar *bytes = NULL;
  gsize n, n_accepted = 0;
  AeRng rng;

  fail_unless (g_file_get_contents (golden, &bytes, &n, NULL));
  ae_rng_init (&rng, 1);
  for (gsize i = 0; i < n; i++) {
    g_autofree guint8 *damaged = g_memdup2 (bytes, n);
    g_autofree guint8 *shorter = g_memdup2 (bytes, i);
    g_autoptr (GError) error = NULL, error_shorter = NULL;

    damaged[i] ^= (guint8) (1u << ae_rng_below (&rng, 8));
    n_accepted += ae_checkpoint_load_bytes (damaged, n, "here", &error)
        != NULL || error->domain != AE_ERROR;
    n_accepted += ae_checkpoint_load_bytes (shorter, i, "here",
        &error_shorter) != NULL || error_shorter->domain != AE_ERROR;
  }
  fail_unless_equals_uint64 (n_accepted, 0);
}

GST_END_TEST;

/* What the first version wrote. */
GST_START_TEST (test_an_old_checkpoint_is_read)
{
  g_autofree gchar *golden = g_build_filename (g_getenv ("AE_TEST_DATA"),
      "golden-checkpoint.safetensors", NULL);
  g_autoptr (AeCheckpoint) checkpoint = load (golden);
  const AeTrainerState *state = checkpoint->state;

  fail_unless_equals_string (checkpoint->model->architecture->text,
      "conv 3x3 2 relu | conv 3x3 1");
  fail_unless_equals_string (checkpoint->objective, "denoise, mse, adamw");
  fail_unless_equals_uint64 (state->n_steps, 50);
  fail_unless_equals_uint64 (state->rng.s[3],
      G_GUINT64_CONSTANT (0xf86ad3da38c836c1));
  fail_unless (checkpoint->first == 0.075020600713807895);
  fail_unless_equals_uint64 (checkpoint->position.n_frames, 21);
  fail_unless_equals_uint64 (checkpoint->position.n_steps_left, 1);
  fail_unless_equals_uint64 (checkpoint->position.n_patches, 168);
  fail_unless_equals_uint64 (checkpoint->position.hash,
      G_GUINT64_CONSTANT (0x15ae1fa789286252));
  fail_if (checkpoint->is_better);
  fail_unless (state->average != NULL);
}

GST_END_TEST;

/* One thing in it is changed, and the digest with it. */
static const struct
{
  const gchar *name, *value;    /* NULL: without it */
  AeError code;
  const gchar *word;
} lies[] = {
  {"step", NULL, AE_ERROR_NOT_FOUND, "no checkpoint.step"},
  {"step", "-1", AE_ERROR_CORRUPT, "\"-1\""},
  {"step", "1e3", AE_ERROR_CORRUPT, "\"1e3\""},
  {"step", "9007199254740993", AE_ERROR_CORRUPT, "expected 0 to"},
  {"version", "2", AE_ERROR_UNSUPPORTED, "\"2\""},
  {"version", NULL, AE_ERROR_NOT_FOUND, "not a checkpoint"},
  {"rng", "", AE_ERROR_CORRUPT, "64 hexadecimal"},
  {"rng", "0x00000000000000000000000000000000000000000000000000000000000001",
      AE_ERROR_CORRUPT, "64 hexadecimal"},
  {"rng", "0000000000000000000000000000000000000000000000000000000000000000",
      AE_ERROR_CORRUPT, "is zero"},
  {"patches_hash", "12", AE_ERROR_CORRUPT, "16 hexadecimal"},
  {"first_loss", "nan", AE_ERROR_CORRUPT, "first_loss"},
  {"first_loss", "inf", AE_ERROR_CORRUPT, "first_loss"},
  {"first_loss", "-1", AE_ERROR_CORRUPT, "first_loss"},
  {"first_loss", "1 ", AE_ERROR_CORRUPT, "first_loss"},
  {"rate_scale", "2", AE_ERROR_CORRUPT, "expected 0 to 1"},
  {"rate_scale", "", AE_ERROR_CORRUPT, "rate_scale"},
  {"divergences", "4294967296", AE_ERROR_CORRUPT, "divergences"},
  {"better", "2", AE_ERROR_CORRUPT, "expected 0 to 1"},
  {"steps_left", "4294967296", AE_ERROR_CORRUPT, "steps_left"},
  {"frames", "", AE_ERROR_CORRUPT, "frames"},
  {"objective", NULL, AE_ERROR_NOT_FOUND, "no checkpoint.objective"},
  {"more", "1", AE_ERROR_CORRUPT, "1 unknown keys"},
};

/* The file at @path with what @func makes of its extras; the digest is right.
 * Refused with @word. */
static void
assert_lie_refused (void (*func) (AeModelExtras * extras, guint i), guint i,
    AeError code, const gchar * word)
{
  g_autoptr (AeModelExtras) extras = NULL;
  g_autoptr (AeModel) model = ae_model_load_with (path, &extras, NULL);
  g_autoptr (GError) error = NULL;

  g_hash_table_remove (extras->strings, "sha256");
  func (extras, i);
  ae_model_extras_take_string (extras, "sha256",
      ae_model_extras_digest (extras, model));
  fail_unless (ae_model_save_with (model, extras, other_path, NULL));
  fail_unless (ae_checkpoint_load (other_path, &error) == NULL, "%s", word);
  fail_unless (g_error_matches (error, AE_ERROR, (gint) code), "%s: %d: %s",
      word, error->code, error->message);
  fail_unless (strstr (error->message, word) != NULL, "no \"%s\" in: %s", word,
      error->message);
}

static void
change_string (AeModelExtras * extras, guint i)
{
  g_hash_table_remove (extras->strings, lies[i].name);
  if (lies[i].value)
    ae_model_extras_take_string (extras, lies[i].name,
        g_strdup (lies[i].value));
}

static void
change_row (AeModelExtras * extras, guint i)
{
  switch (i) {
    case 0:
      ae_model_extras_row (extras, "moment1")->n--;
      break;
    case 1:
      ae_model_extras_row (extras, "moment2")->values[3] = -1.0f;
      break;
    case 2:
      ae_model_extras_row (extras, "weights")->name[0] = 'W';
      break;
    case 3:
      ae_model_extras_take_row (extras, "more", 1, g_new0 (float, 1));
      break;
    case 4:
      ae_model_extras_row (extras, "activity")->values[7] = NAN;
      break;
  }
}

GST_START_TEST (test_checkpoints_that_lie_are_refused_with_their_reason)
{
  train (some_config (), path, 50);
  for (guint i = 0; i < G_N_ELEMENTS (lies); i++)
    assert_lie_refused (change_string, i, lies[i].code, lies[i].word);
  assert_lie_refused (change_row, 0, AE_ERROR_SHAPE, "checkpoint.moment1 has");
  assert_lie_refused (change_row, 1, AE_ERROR_CORRUPT, "element 3 is -1");
  assert_lie_refused (change_row, 2, AE_ERROR_NOT_FOUND, "checkpoint.weights");
  assert_lie_refused (change_row, 3, AE_ERROR_CORRUPT, "6 tensors");
  assert_lie_refused (change_row, 4, AE_ERROR_NOT_FINITE, "element 7 is nan");
}

GST_END_TEST;

static Suite *
checkpoint_refused_suite (void)
{
  Suite *suite = suite_create ("checkpoint-refused");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_what_does_not_fit_is_refused_and_left_alone);
  tcase_add_test (tcase, test_a_damaged_file_is_refused);
  tcase_add_test (tcase, test_an_old_checkpoint_is_read);
  tcase_add_test (tcase,
      test_checkpoints_that_lie_are_refused_with_their_reason);
  return suite;
}

GST_CHECK_MAIN (checkpoint_refused);
