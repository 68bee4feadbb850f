/* Files replaced as a whole or not at all. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ae-error.h"
#include "ae-file.h"
#include "ae-rng.h"

static gchar *directory, *path, *partial;

static void
setup (void)
{
  directory = g_dir_make_tmp ("ae-file-XXXXXX", NULL);
  path = g_build_filename (directory, "file", NULL);
  partial = g_build_filename (directory, ".file.partial", NULL);
}

static void
teardown (void)
{
  g_remove (path);
  g_remove (partial);
  fail_unless (g_rmdir (directory) == 0);
  g_free (directory);
  g_free (path);
  g_free (partial);
}

enum
{ SIZE = 100000 };

/* SIZE bytes of @value. */
static gboolean
replace (guint8 value, GError ** error)
{
  static guint8 bytes[SIZE];

  memset (bytes, value, SIZE);
  return ae_file_replace (path, bytes, SIZE, error);
}

/* Returns: the value of which the file's SIZE bytes all are. */
static guint8
read_value (void)
{
  g_autofree gchar *bytes = NULL;
  gsize size_bytes, n = 1;

  fail_unless (g_file_get_contents (path, &bytes, &size_bytes, NULL));
  fail_unless_equals_uint64 (size_bytes, SIZE);
  while (n < SIZE && bytes[n] == bytes[0])
    n++;
  fail_unless_equals_uint64 (n, SIZE);
  return (guint8) bytes[0];
}

static void
kill_after (pid_t child, gulong delay_us)
{
  g_usleep (delay_us);
  fail_unless (kill (child, SIGKILL) == 0);
  fail_unless (waitpid (child, NULL, 0) == child);
}

GST_START_TEST (test_what_a_killed_process_left_is_taken_away)
{
  gboolean left = FALSE;
  AeRng rng;

  ae_rng_init (&rng, 1);
  fail_unless (replace (1, NULL));
  for (guint i = 0; i < 500 && !left; i++) {
    pid_t child = fork ();

    if (child == 0) {
      for (guint j = 0;; j++)
        replace (1 + j % 2, NULL);
    }
    kill_after (child, 1000 + ae_rng_below (&rng, 5000));
    left = g_file_test (partial, G_FILE_TEST_EXISTS);
    fail_unless (read_value () <= 2);
  }
  fail_unless (left, "500 killed processes left nothing");
  ae_file_remove_partial (path);
  fail_if (g_file_test (partial, G_FILE_TEST_EXISTS));
  fail_unless (g_file_set_contents (partial, "half", -1, NULL));
  fail_unless (replace (3, NULL));
  fail_unless_equals_int (read_value (), 3);
  fail_if (g_file_test (partial, G_FILE_TEST_EXISTS));
}

GST_END_TEST;

/* One finds now and then that the other is at it, and then says so. */
GST_START_TEST (test_two_processes_that_replace_a_file_leave_a_whole_one)
{
  guint n_saved = 0, n_seen = 0;
  pid_t child;

  fail_unless (replace (1, NULL));
  child = fork ();
  if (child == 0) {
    for (;;)
      replace (2, NULL);
  }
  for (guint i = 0; i < 10000 && (n_saved < 20 || n_seen < 20); i++) {
    g_autoptr (GError) error = NULL;

    n_seen += read_value () == 2;
    if (replace (1, &error))
      n_saved++;
    else
      fail_unless (strstr (error->message, "another process is writing it")
          != NULL, "%s", error->message);
  }
  kill_after (child, 0);
  fail_unless (n_saved >= 20 && n_seen >= 20, "%u, %u", n_saved, n_seen);
  fail_unless (replace (3, NULL));
  fail_unless_equals_int (read_value (), 3);
}

GST_END_TEST;

/* Whoever may write to the directory can put a link there. */
GST_START_TEST (test_a_link_in_the_way_is_not_followed)
{
  g_autofree gchar *other = g_build_filename (directory, "other", NULL);
  g_autofree gchar *content = NULL;
  g_autoptr (GError) error = NULL;

  fail_unless (g_file_set_contents (other, "mine", -1, NULL));
  fail_unless (symlink (other, partial) == 0);
  fail_if (replace (1, &error));
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_IO));
  fail_unless (g_file_get_contents (other, &content, NULL, NULL));
  fail_unless_equals_string (content, "mine");
  fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
  g_remove (other);
}

GST_END_TEST;

static Suite *
file_suite (void)
{
  Suite *suite = suite_create ("file");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_test (tcase, test_what_a_killed_process_left_is_taken_away);
  tcase_add_test (tcase,
      test_two_processes_that_replace_a_file_leave_a_whole_one);
  tcase_add_test (tcase, test_a_link_in_the_way_is_not_followed);
  return suite;
}

GST_CHECK_MAIN (file);
