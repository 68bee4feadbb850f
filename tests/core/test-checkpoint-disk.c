/* Checkpoints on a disk that is full, and on one that is read-only: a small
 * tmpfs in a mount namespace of the test's own. Without the right to make one
 * the test is skipped. SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include "waves.h"
#include <errno.h>
#include <glib/gstdio.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ae-checkpoint.h"
#include "ae-error.h"

#define DISK_OPTIONS "size=256k,mode=0777"

static gchar *directory, *path, *filler, *elsewhere;
static guint n_not_saved;

/* From here on, mounts are seen by this process alone, and end with it. */
static gboolean
make_disk (const gchar * at)
{
  gint flags = CLONE_NEWNS | (geteuid () == 0 ? 0 : CLONE_NEWUSER);

  return unshare (flags) == 0
      && mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0
      && mount ("none", at, "tmpfs", 0, DISK_OPTIONS) == 0;
}

static void
setup (void)
{
  directory = g_dir_make_tmp ("ae-disk-XXXXXX", NULL);
  elsewhere = g_strconcat (directory, ".safetensors", NULL);
  path = g_build_filename (directory, "a.safetensors", NULL);
  filler = g_build_filename (directory, "filler", NULL);
  n_not_saved = 0;
  fail_unless (make_disk (directory), "%s", g_strerror (errno));
}

static void
teardown (void)
{
  fail_unless (umount (directory) == 0);
  g_remove (elsewhere);
  g_rmdir (directory);
  g_free (directory);
  g_free (elsewhere);
  g_free (path);
  g_free (filler);
}

static void
count_not_saved (gpointer data, AeOnlineEvent event,
    const AeOnlineStats * stats, const GError * error)
{
  if (event != AE_ONLINE_NOT_SAVED)
    return;
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_IO));
  fail_unless (strstr (error->message, data) != NULL, "%s", error->message);
  n_not_saved++;
}

/* @reason: part of the message when it cannot be saved */
static void
train (const gchar * checkpoint, guint64 max_steps, const gchar * reason)
{
  AeOnlineConfig config = waves_config ();
  g_autoptr (AeModel) model = waves_model (WAVES_TEXT);
  g_autoptr (AeOnline) online = NULL;
  AeOnlineStats stats;

  config.steps_per_frame = 3;
  config.checkpoint = checkpoint;
  config.max_steps = max_steps;
  online = ae_online_new (model, &config, NULL, count_not_saved,
      (gpointer) reason, NULL);
  waves_play (online, 1000);
  ae_online_get_stats (online, &stats);
  fail_unless (stats.finished && stats.step == max_steps);
}

static guint64
read_step (void)
{
  g_autoptr (AeCheckpoint) checkpoint = ae_checkpoint_load (path, NULL);

  fail_unless (checkpoint != NULL);
  return checkpoint->state->n_steps;
}

static guint
n_files (void)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  return n;
}

/* Can be written again: training goes on from the old file, and comes to what it
 * would have come to. */
static void
assert_recovers (void)
{
  g_autofree gchar *a = NULL, *b = NULL;
  gsize n_a, n_b;

  train (path, 300, "nothing");
  train (elsewhere, 300, "nothing");
  fail_unless (g_file_get_contents (path, &a, &n_a, NULL));
  fail_unless (g_file_get_contents (elsewhere, &b, &n_b, NULL));
  fail_unless (n_a == n_b && memcmp (a, b, n_a) == 0);
}

/* Until not even a byte fits. */
static void
fill_disk (void)
{
  FILE *file = g_fopen (filler, "w");

  setvbuf (file, NULL, _IONBF, 0);
  while (fputc ('x', file) != EOF);
  fail_unless_equals_int (errno, ENOSPC);
  fclose (file);
}

GST_START_TEST (test_a_full_disk_leaves_the_old_file_and_training_goes_on)
{
  train (path, 100, "nothing");
  fill_disk ();
  train (path, 300, "No space left");
  /* at each of 8 judgements, once at the end of the training, and once more */
  fail_unless_equals_int (n_not_saved, 10);
  fail_unless_equals_uint64 (read_step (), 100);
  fail_unless_equals_int (n_files (), 2);
  g_remove (filler);
  assert_recovers ();
}

GST_END_TEST;

GST_START_TEST (test_a_read_only_disk_leaves_the_old_file_and_training_goes_on)
{
  train (path, 100, "nothing");
  fail_unless (mount (NULL, directory, NULL, MS_REMOUNT | MS_RDONLY,
          DISK_OPTIONS) == 0, "%s", g_strerror (errno));
  train (path, 300, "Read-only");
  fail_unless_equals_int (n_not_saved, 10);
  fail_unless_equals_uint64 (read_step (), 100);
  fail_unless_equals_int (n_files (), 1);
  fail_unless (mount (NULL, directory, NULL, MS_REMOUNT, DISK_OPTIONS) == 0);
  assert_recovers ();
}

GST_END_TEST;

/* Root may write wherever it wants; another user, which only root can become, may
 * not. */
GST_START_TEST (test_a_directory_of_others_is_survived)
{
  train (path, 100, "nothing");
  fail_unless (g_chmod (directory, 0555) == 0);
  fail_unless (geteuid () != 0 || seteuid (65534) == 0);
  train (path, 300, "Permission denied");
  fail_unless (seteuid (getuid ()) == 0);
  fail_unless_equals_int (n_not_saved, 10);
  fail_unless_equals_uint64 (read_step (), 100);
  fail_unless_equals_int (n_files (), 1);
  fail_unless (g_chmod (directory, 0777) == 0);
  assert_recovers ();
}

GST_END_TEST;

static gboolean
can_make_disk (void)
{
  g_autofree gchar *at = g_dir_make_tmp ("ae-disk-XXXXXX", NULL);
  pid_t child = fork ();
  int status = -1;

  if (child == 0)
    _exit (make_disk (at) ? 0 : errno);
  waitpid (child, &status, 0);
  g_rmdir (at);
  if (status != 0)
    g_print ("SKIPPED: cannot mount a tmpfs: %s\n",
        g_strerror (WEXITSTATUS (status)));
  return status == 0;
}

int
main (int argc, char **argv)
{
  Suite *suite = suite_create ("checkpoint-disk");
  TCase *tcase = tcase_create ("general");

  gst_check_init (&argc, &argv);
  if (!can_make_disk ())
    return 77;
  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase,
      test_a_full_disk_leaves_the_old_file_and_training_goes_on);
  tcase_add_test (tcase,
      test_a_read_only_disk_leaves_the_old_file_and_training_goes_on);
  if (geteuid () == 0)
    tcase_add_test (tcase, test_a_directory_of_others_is_survived);
  return gst_check_run_suite (suite, "checkpoint-disk", __FILE__);
}
