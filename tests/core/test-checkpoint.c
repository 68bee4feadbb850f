/* Checkpoints: trainings go on as if they had never stopped; files that cannot be
 * written are survived. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "checkpoint-files.h"
#include <signal.h>
#include <sys/resource.h>

static guint
n_files (void)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  return n;
}

static void
assert_equal_files (const gchar * a, const gchar * b)
{
  g_autofree gchar *bytes_a = NULL, *bytes_b = NULL;
  gsize n_a, n_b;

  fail_unless (g_file_get_contents (a, &bytes_a, &n_a, NULL));
  fail_unless (g_file_get_contents (b, &bytes_b, &n_b, NULL));
  fail_unless_equals_uint64 (n_a, n_b);
  fail_unless (memcmp (bytes_a, bytes_b, n_a) == 0);
}

/* Each has state of its own that has to come back. */
static AeOnlineConfig
variant (guint i)
{
  AeOnlineConfig config = waves_config ();

  config.steps_per_frame = 3;
  switch (i) {
    case 0:
      config.from_random = TRUE;
      break;
    case 1:                    /* a reservoir that replaces what it holds */
      config.reservoir_bytes = 64 * (WAVES_SIZE + 1) * sizeof (float);
      config.trainer.ema = 0.0f;
      break;
    case 2:
      config.objective.kind = AE_OBJECTIVE_TEMPORAL;
      config.schedule.kind = AE_SCHEDULE_COSINE;
      config.schedule.n_steps = 400;
      config.schedule.n_warmup = 120;
      break;
    case 3:                    /* diverges, and is brought back */
      config.schedule.peak = 2.4f;
      config.trainer.ema = 0.0f;
      config.trainer.clip_norm = 0.0f;
      config.trainer.optimiser.kind = AE_OPTIMISER_SGD;
      break;
    case 4:
      config.objective.kind = AE_OBJECTIVE_BLIND_SPOT;
      config.trainer.optimiser.kind = AE_OPTIMISER_SGD;
      config.publish = AE_PUBLISH_INTERVAL;
      config.publish_every = 60;
      break;
    default:
      g_assert_not_reached ();
  }
  return config;
}

enum
{ N_VARIANTS = 5 };

/* Stopped by max-steps in the middle of a frame and resumed, the files are the
 * same, byte by byte: weights, moments, average, random numbers, best model. */
GST_START_TEST (test_a_resumed_training_is_that_without_interruption)
{
  const AeOnlineConfig config = variant (__i__);

  train (config, path, 400);
  train (config, other_path, 100);
  train (config, other_path, 275);
  train (config, other_path, 400);
  assert_equal_files (path, other_path);
  fail_unless ((n_events[AE_ONLINE_DIVERGED] > 0) == (__i__ == 3));
}

GST_END_TEST;

/* Stopped anywhere, training goes on from the last judgement, and comes to the
 * same. */
GST_START_TEST (test_a_training_stopped_anywhere_comes_to_the_same)
{
  AeOnlineConfig config = variant (__i__);
  guint64 last = 0;

  train (config, path, 400);
  config.checkpoint = other_path;
  for (guint n_frames = 20; n_frames < 120; n_frames += 31) {
    g_autoptr (AeCheckpoint) checkpoint = NULL;
    AeOnline *online = start (&config);

    waves_play (online, n_frames);
    ae_online_free (online);
    /* one that diverges at once has nothing to write yet */
    if (__i__ == 3 && !g_file_test (other_path, G_FILE_TEST_EXISTS))
      continue;
    checkpoint = load (other_path);
    fail_unless (checkpoint->state->n_steps >= last);
    last = checkpoint->state->n_steps;
    fail_unless_equals_uint64 (last % config.evaluate_every, 0);
  }
  fail_unless (last > 100 && last < 400, "%u", (guint) last);
  train (config, other_path, 400);
  assert_equal_files (path, other_path);
}

GST_END_TEST;

GST_START_TEST (test_a_checkpoint_is_a_model_to_other_readers)
{
  g_autoptr (AeCheckpoint) checkpoint = NULL;
  g_autoptr (AeModel) model = NULL, again = NULL;
  g_autoptr (GError) error = NULL;
  AeOnlineConfig config = variant (0);

  train (config, path, 200);
  checkpoint = load (path);
  fail_unless (checkpoint->is_better);
  model = ae_model_load (path, NULL);
  fail_unless (model != NULL);
  fail_unless_equals_string (model->architecture->text, WAVES_TEXT);
  fail_unless (memcmp (model->weights->data, checkpoint->model->weights->data,
          model->weights->n * sizeof (float)) == 0);
  fail_unless_equals_int (g_hash_table_size (model->metadata), 0);
  /* saved again it is a model alone, which is no checkpoint */
  fail_unless (ae_model_save (model, other_path, NULL));
  again = ae_model_load (other_path, NULL);
  fail_unless (again != NULL);
  fail_unless (ae_checkpoint_load (other_path, &error) == NULL);
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_NOT_FOUND));
  fail_unless (strstr (error->message, "not a checkpoint") != NULL, "%s",
      error->message);
}

GST_END_TEST;

/* At the end of a stream the pass is complete: another stream is trained on from
 * its first frame, with what was learned on the one before. */
GST_START_TEST (test_after_the_end_of_a_stream_the_next_is_trained_on)
{
  AeOnlineConfig config = variant (0);

  config.checkpoint = path;
  for (guint i = 1; i <= 3; i++) {
    g_autoptr (AeOnline) online = start (&config);
    g_autoptr (AeCheckpoint) checkpoint = NULL;
    guint64 n_steps;

    waves_play (online, 30);
    ae_online_end_stream (online);
    checkpoint = load (path);
    n_steps = checkpoint->state->n_steps;
    fail_unless (n_steps > 24 * 3 * i, "%u", (guint) n_steps);
    fail_unless_equals_uint64 (checkpoint->position.n_frames, 0);
    fail_unless (checkpoint->position.n_patches > 200);
  }
  fail_unless_equals_int (n_events[AE_ONLINE_OTHER_STREAM], 0);
}

GST_END_TEST;

/* To resume in the middle of a stream that is not the same is possible, and
 * said. */
GST_START_TEST (test_another_stream_is_noticed)
{
  AeOnlineConfig config = variant (0);
  g_autoptr (AeOnline) online = NULL;

  train (config, path, 100);
  config.checkpoint = path;
  config.max_steps = 200;
  online = start (&config);
  for (guint i = 0; i < 100; i++) {
    waves_offer (online, 1000 + i * 8, 8);
    ae_online_end_frame (online);
  }
  fail_unless_equals_int (n_events[AE_ONLINE_OTHER_STREAM], 1);
  ae_online_free (g_steal_pointer (&online));
  /* and where it is shorter than what the checkpoint has seen */
  config.max_steps = 300;
  online = start (&config);
  waves_play (online, 10);
  ae_online_end_stream (online);
  fail_unless_equals_int (n_events[AE_ONLINE_OTHER_STREAM], 2);
}

GST_END_TEST;

GST_START_TEST (test_without_resume_training_starts_anew)
{
  AeOnlineConfig config = variant (0);

  train (config, path, 200);
  train (config, other_path, 100);
  config.resume = FALSE;
  train (config, path, 100);
  assert_equal_files (path, other_path);
}

GST_END_TEST;

/* A live stream has moved on; the trainer has not. */
GST_START_TEST (test_a_live_training_goes_on_at_its_step)
{
  AeOnlineConfig config = waves_config ();
  guint64 last = 0;

  config.checkpoint = path;
  config.checkpoint_seconds = 0;
  for (guint i = 0; i < 3; i++) {
    g_autoptr (AeCheckpoint) checkpoint = NULL;
    AeOnline *online = start (&config);
    AeOnlineStats stats = { 0 };

    ae_online_get_stats (online, &stats);
    fail_unless_equals_uint64 (stats.step, last);
    waves_offer (online, i * 200, 200);
    for (guint j = 0; j < 1000 && stats.step < last + 60; j++) {
      ae_online_end_frame (online);
      g_usleep (5000);
      ae_online_get_stats (online, &stats);
    }
    ae_online_free (online);
    checkpoint = load (path);
    fail_unless (checkpoint->state->n_steps >= last + 50);
    fail_unless_equals_uint64 (checkpoint->position.n_frames, 0);
    last = checkpoint->state->n_steps;
  }
}

GST_END_TEST;

/* The slot of a process that starts again holds nothing yet. */
GST_START_TEST (test_what_was_published_is_published_again)
{
  AeOnlineConfig config = variant (0);
  g_autoptr (AeModel) model = waves_model (WAVES_TEXT);
  g_autoptr (AeSlot) slot = ae_slot_get ("a");
  g_autoptr (AeOnline) online = NULL;
  g_autoptr (AeModel) published = NULL, saved = NULL;
  guint64 generation = 0;

  train (config, path, 200);
  saved = ae_model_load (path, NULL);
  config.checkpoint = path;
  online = ae_online_new (model, &config, slot, NULL, NULL, NULL);
  published = ae_slot_poll (slot, &generation);
  fail_unless (published != NULL && generation == 1);
  fail_unless (memcmp (published->weights->data, saved->weights->data,
          saved->weights->n * sizeof (float)) == 0);
}

GST_END_TEST;

/* The limit on file sizes stands for a full disk. */
GST_START_TEST (test_training_goes_on_when_nothing_can_be_written)
{
  AeOnlineConfig config = variant (0);
  g_autoptr (AeOnline) online = NULL;
  struct rlimit old, limit;
  AeOnlineStats stats;
  void (*handler) (int) = signal (SIGXFSZ, SIG_IGN);

  train (config, path, 100);
  train (config, other_path, 100);
  fail_unless (getrlimit (RLIMIT_FSIZE, &old) == 0);
  limit = old;
  limit.rlim_cur = 4096;
  fail_unless (setrlimit (RLIMIT_FSIZE, &limit) == 0);
  config.checkpoint = path;
  config.max_steps = 300;
  online = start (&config);
  waves_play (online, 1000);
  ae_online_get_stats (online, &stats);
  fail_unless (stats.finished && stats.step == 300);
  ae_online_free (g_steal_pointer (&online));
  /* at each judgement, and once more at the end */
  fail_unless (n_events[AE_ONLINE_NOT_SAVED] >= 8);
  fail_unless_equals_int (n_files (), 2);
  assert_equal_files (path, other_path);
  fail_unless (setrlimit (RLIMIT_FSIZE, &old) == 0);
  signal (SIGXFSZ, handler);
  /* and when it can again, it goes on from the old file */
  train (config, path, 300);
  train (config, other_path, 300);
  assert_equal_files (path, other_path);
}

GST_END_TEST;

static Suite *
checkpoint_suite (void)
{
  Suite *suite = suite_create ("checkpoint");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_loop_test (tcase,
      test_a_resumed_training_is_that_without_interruption, 0, N_VARIANTS);
  tcase_add_loop_test (tcase,
      test_a_training_stopped_anywhere_comes_to_the_same, 0, N_VARIANTS);
  tcase_add_test (tcase, test_a_checkpoint_is_a_model_to_other_readers);
  tcase_add_test (tcase, test_after_the_end_of_a_stream_the_next_is_trained_on);
  tcase_add_test (tcase, test_another_stream_is_noticed);
  tcase_add_test (tcase, test_without_resume_training_starts_anew);
  tcase_add_test (tcase, test_a_live_training_goes_on_at_its_step);
  tcase_add_test (tcase, test_what_was_published_is_published_again);
  tcase_add_test (tcase, test_training_goes_on_when_nothing_can_be_written);
  return suite;
}

GST_CHECK_MAIN (checkpoint);
