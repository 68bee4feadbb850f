/* A model file is written whole or not at all. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "model-samples.h"

static void
assert_not_saved (const AeModel * model, const gchar * path)
{
  g_autoptr (GError) error = NULL;

  fail_unless (!ae_model_save (model, path, &error), "%s", path);
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_IO));
  fail_unless (g_str_has_prefix (error->message, path), "%s", error->message);
}

GST_START_TEST (test_places_that_cannot_hold_a_file_are_refused)
{
  g_autoptr (AeModel) model = make_model ("conv 3x3 4", 3, 1, NULL);
  g_autofree gchar *missing = path_of ("missing/m.safetensors");
  g_autofree gchar *device = path_of ("link.safetensors");
  g_autofree gchar *path = path_of ("m.safetensors");

  assert_not_saved (model, missing);
  assert_not_saved (model, directory);
  /* through a link, so that no fault here can replace the device itself */
  fail_unless (symlink ("/dev/full", device) == 0);
  assert_not_saved (model, device);
  fail_unless (g_file_test (device, G_FILE_TEST_IS_SYMLINK));
  fail_unless (g_remove (device) == 0);
  if (geteuid () != 0) {
    fail_unless (chmod (directory, 0500) == 0);
    assert_not_saved (model, path);
    fail_unless (chmod (directory, 0700) == 0);
  }
  fail_unless_equals_int (n_files (), 0);
}

GST_END_TEST;

/* The limit on file sizes stands for a full disk. */
GST_START_TEST (test_a_failed_save_leaves_the_old_file_and_nothing_else)
{
  g_autoptr (AeModel) small = make_model ("conv 3x3 4", 3, 1, NULL);
  g_autoptr (AeModel) large = make_model ("conv 3x3 400", 3, 1, NULL);
  g_autofree gchar *path = path_of ("m.safetensors");
  g_autoptr (AeModel) loaded = NULL;
  struct rlimit old, limit;
  void (*handler) (int) = signal (SIGXFSZ, SIG_IGN);

  fail_unless (ae_model_save (small, path, NULL));
  fail_unless (getrlimit (RLIMIT_FSIZE, &old) == 0);
  limit = old;
  limit.rlim_cur = 4096;
  fail_unless (setrlimit (RLIMIT_FSIZE, &limit) == 0);
  assert_not_saved (large, path);
  fail_unless (setrlimit (RLIMIT_FSIZE, &old) == 0);
  signal (SIGXFSZ, handler);

  loaded = load (path);
  assert_equal_models (small, loaded);
  fail_unless_equals_int (n_files (), 1);
}

GST_END_TEST;

GST_START_TEST (test_a_killed_save_leaves_a_whole_file)
{
  AeModel *models[] = {
    make_model ("conv 3x3 40", 3, 1, NULL),
    make_model ("conv 3x3 200", 3, 2, NULL),
  };
  g_autofree gchar *path = path_of ("m.safetensors");
  g_autofree gchar *first = ae_model_fingerprint (models[0]);
  g_autofree gchar *second = ae_model_fingerprint (models[1]);
  gboolean seen_second = FALSE;
  AeRng rng;

  ae_rng_init (&rng, 1);
  fail_unless (ae_model_save (models[0], path, NULL));
  for (guint i = 0; i < 20; i++) {
    g_autoptr (AeModel) loaded = NULL;
    g_autofree gchar *found = NULL;
    pid_t child = fork ();

    if (child == 0) {
      for (guint j = 1;; j++)
        ae_model_save (models[j % 2], path, NULL);
    }
    g_usleep (1000 + ae_rng_below (&rng, 30000));
    fail_unless (kill (child, SIGKILL) == 0);
    fail_unless (waitpid (child, NULL, 0) == child);
    loaded = load (path);
    found = ae_model_fingerprint (loaded);
    seen_second |= strcmp (found, second) == 0;
    fail_unless (strcmp (found, first) == 0 || strcmp (found, second) == 0);
  }
  fail_unless (seen_second, "the children saved nothing");
  ae_model_unref (models[0]);
  ae_model_unref (models[1]);
}

GST_END_TEST;

static guint
permissions_of (const gchar * path)
{
  struct stat status;

  fail_unless (stat (path, &status) == 0);
  return status.st_mode & 0777;
}

GST_START_TEST (test_saving_keeps_the_permissions_of_the_old_file)
{
  g_autoptr (AeModel) model = make_model ("conv 3x3 4", 3, 1, NULL);
  g_autofree gchar *path = path_of ("m.safetensors");
  mode_t mask = umask (027);

  fail_unless (ae_model_save (model, path, NULL));
  fail_unless_equals_int (permissions_of (path), 0640);
  fail_unless (chmod (path, 0600) == 0);
  fail_unless (ae_model_save (model, path, NULL));
  fail_unless_equals_int (permissions_of (path), 0600);
  fail_unless (chmod (path, 0666) == 0);
  fail_unless (ae_model_save (model, path, NULL));
  fail_unless_equals_int (permissions_of (path), 0666);
  umask (mask);
}

GST_END_TEST;

static Suite *
model_save_suite (void)
{
  Suite *suite = suite_create ("model-save");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, make_directory, remove_directory);
  tcase_add_test (tcase, test_places_that_cannot_hold_a_file_are_refused);
  tcase_add_test (tcase,
      test_a_failed_save_leaves_the_old_file_and_nothing_else);
  tcase_add_test (tcase, test_a_killed_save_leaves_a_whole_file);
  tcase_add_test (tcase, test_saving_keeps_the_permissions_of_the_old_file);
  return suite;
}

GST_CHECK_MAIN (model_save);
