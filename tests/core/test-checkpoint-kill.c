/* A training that is killed again and again. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "waves.h"
#include <glib/gstdio.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ae-checkpoint.h"

static AeOnlineConfig
new_config (const gchar * path)
{
  AeOnlineConfig config = waves_config ();

  config.steps_per_frame = 3;
  config.evaluate_every = 5;
  config.checkpoint = path;
  return config;
}

/* Trains on the stream of waves, from its beginning up to @max_steps. */
static void
train (const gchar * path, guint64 max_steps)
{
  g_autoptr (AeModel) model = waves_model (WAVES_TEXT);
  AeOnlineConfig config = new_config (path);
  g_autoptr (AeOnline) online = NULL;

  config.max_steps = max_steps;
  online = ae_online_new (model, &config, NULL, NULL, NULL, NULL);
  fail_unless (online != NULL);
  waves_play (online, G_MAXUINT);
}

static ino_t
inode_of (const gchar * path)
{
  struct stat status;

  return stat (path, &status) == 0 ? status.st_ino : 0;
}

/* Until there is another file than @before: at most half a minute. */
static void
wait_for_file (const gchar * path, ino_t before)
{
  for (guint i = 0; i < 30000 && inode_of (path) == before; i++)
    g_usleep (1000);
  fail_if (inode_of (path) == before, "no checkpoint within 30 s");
}

/* Kills a process that trains, @delay_us after its beginning, or with @advances
 * after its first checkpoint. */
static void
train_and_kill (const gchar * path, gboolean advances, guint delay_us)
{
  ino_t before = inode_of (path);
  pid_t child = fork ();

  if (child == 0) {
    train (path, 0);
    _exit (1);
  }
  if (advances)
    wait_for_file (path, before);
  g_usleep (delay_us);
  fail_unless (kill (child, SIGKILL) == 0);
  fail_unless (waitpid (child, NULL, 0) == child);
}

/* Returns: the step in the file; 0 while there is none. */
static guint64
read_step (const gchar * path)
{
  g_autoptr (AeCheckpoint) checkpoint = NULL;
  g_autoptr (AeModel) model = NULL;
  g_autoptr (GError) error = NULL;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return 0;
  checkpoint = ae_checkpoint_load (path, &error);
  fail_unless (checkpoint != NULL, "%s", error ? error->message : "");
  model = ae_model_load (path, NULL);
  fail_unless (model != NULL);
  return checkpoint->state->n_steps;
}

static void
assert_equal_files (const gchar * a, const gchar * b)
{
  g_autofree gchar *bytes_a = NULL, *bytes_b = NULL;
  gsize n_a, n_b;

  fail_unless (g_file_get_contents (a, &bytes_a, &n_a, NULL));
  fail_unless (g_file_get_contents (b, &bytes_b, &n_b, NULL));
  fail_unless (n_a == n_b && memcmp (bytes_a, bytes_b, n_a) == 0);
}

/* As often as AE_KILLS says. Each time the file is whole and no step is lost;
 * and in the end it is that of a training that nobody disturbed. */
GST_START_TEST (test_kills_lose_nothing_and_change_nothing)
{
  g_autofree gchar *directory = g_dir_make_tmp ("ae-kill-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (directory, "a.safetensors", NULL);
  g_autofree gchar *calm = g_build_filename (directory, "b.safetensors", NULL);
  guint n_kills = (guint) g_ascii_strtoull (g_getenv ("AE_KILLS"), NULL, 10);
  guint64 last = 0, max_steps;
  guint n_advanced = 0;
  AeRng rng;

  fail_unless (n_kills > 0);
  ae_rng_init (&rng, 1);
  for (guint i = 0; i < n_kills; i++) {
    guint64 found;

    train_and_kill (path, i % 2, ae_rng_below (&rng, 60000));
    found = read_step (path);
    fail_unless (found >= last, "kill %u: step %u after %u", i, (guint) found,
        (guint) last);
    n_advanced += found > last;
    last = found;
  }
  fail_unless (n_advanced >= n_kills / 2, "%u advanced", n_advanced);
  max_steps = last + 50;
  train (path, max_steps);
  train (calm, max_steps);
  fail_unless (read_step (calm) == max_steps);
  assert_equal_files (path, calm);
  g_print ("%u kills, %u steps\n", n_kills, (guint) max_steps);
  g_remove (path);
  g_remove (calm);
  /* nor is anything left of what the killed were writing */
  fail_unless (g_rmdir (directory) == 0);
}

GST_END_TEST;

static Suite *
checkpoint_kill_suite (void)
{
  Suite *suite = suite_create ("checkpoint-kill");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_kills_lose_nothing_and_change_nothing);
  return suite;
}

GST_CHECK_MAIN (checkpoint_kill);
