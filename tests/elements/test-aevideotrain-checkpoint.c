/* aevideotrain: trainings that go on after a stop, and files that stand in the
 * way. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "ae-checkpoint.h"
#include "fixture.h"

#define TRAINER "aevideotrain name=t patch-size=16 backpressure=block " \
    "patches-per-frame=32 steps-per-frame=9 evaluate-interval=25 checkpoint-interval=0 "
#define ARCHITECTURE "architecture=\"conv 3x3 8 relu | conv 3x3 1\" "

static gchar *directory, *path, *other_path;

static void
setup (void)
{
  directory = g_dir_make_tmp ("ae-test-XXXXXX", NULL);
  path = g_build_filename (directory, "a.safetensors", NULL);
  other_path = g_build_filename (directory, "b.safetensors", NULL);
}

static void
teardown (void)
{
  g_remove (path);
  g_remove (other_path);
  fail_unless (g_rmdir (directory) == 0);
  g_free (directory);
  g_free (path);
  g_free (other_path);
}

/* The clip of the pipelines through @trainer. With @stop_at, stopped in the
 * middle when training is at that step. Returns: how many messages of @type
 * came. */
static guint
play_clip (const gchar * trainer, guint64 stop_at, GstMessageType type)
{
  g_autofree gchar *text = g_strdup_printf ("filesrc location=%s ! decodebin "
      "! videoconvert ! videoscale ! video/x-raw,format=GRAY8,width=160,"
      "height=120 ! %s ! fakesink", g_getenv ("AE_CLIP"), trainer);
  g_autoptr (GstElement) pipeline = gst_parse_launch (text, NULL);
  g_autoptr (GstElement) element =
      gst_bin_get_by_name (GST_BIN (pipeline), "t");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gboolean done = FALSE;
  guint n = 0;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (!done) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop (bus, 10 * GST_MSECOND);
    g_autoptr (GstStructure) stats = NULL;
    guint64 step = 0;

    g_object_get (element, "stats", &stats, NULL);
    gst_structure_get_uint64 (stats, "step", &step);
    done = stop_at > 0 && step >= stop_at;
    if (message == NULL)
      continue;
    n += GST_MESSAGE_TYPE (message) == type;
    done |= GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS
        || GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR;
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return n;
}

static void
train (const gchar * objective, const gchar * checkpoint, guint64 max_steps,
    guint64 stop_at)
{
  g_autofree gchar *trainer = g_strdup_printf (TRAINER ARCHITECTURE
      "objective=%s max-steps=%" G_GUINT64_FORMAT " checkpoint=%s", objective,
      max_steps, checkpoint);

  fail_unless_equals_int (play_clip (trainer, stop_at, GST_MESSAGE_WARNING), 0);
}

static guint64
read_step (const gchar * file)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AeCheckpoint) checkpoint = ae_checkpoint_load (file, &error);

  fail_unless (checkpoint != NULL, "%s", error ? error->message : "");
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

static const gchar *const objectives[] = { "temporal", "denoise" };

/* A file that is played again from its beginning: once to max-steps, once
 * stopped by the application, then on to the end. Byte by byte what comes of it
 * is that of a pipeline that was left alone. */
GST_START_TEST (test_a_resumed_pipeline_gives_the_weights_of_an_unbroken_one)
{
  const gchar *objective = objectives[__i__];
  guint64 stopped_at;

  train (objective, path, 150, 0);
  fail_unless_equals_uint64 (read_step (path), 150);
  train (objective, other_path, 50, 0);
  fail_unless_equals_uint64 (read_step (other_path), 50);
  train (objective, other_path, 150, 60);
  stopped_at = read_step (other_path);
  fail_unless (stopped_at >= 50 && stopped_at <= 150);
  train (objective, other_path, 150, 0);
  assert_equal_files (path, other_path);
}

GST_END_TEST;

/* Nothing is lost at EOS, even between judgements. */
GST_START_TEST (test_at_eos_the_file_holds_the_last_step)
{
  g_autofree gchar *text = g_strdup_printf (TRAINER ARCHITECTURE
      "evaluate-interval=1000 checkpoint=%s", path);
  g_autoptr (GstElement) element = gst_parse_launch (text, NULL);
  GstHarness *h = gst_harness_new_with_element (element, "sink", "src");
  GstVideoInfo info = fixture_info ("GRAY8", 64, 48);
  g_autoptr (GstStructure) stats = NULL;
  guint64 step = 0;

  fixture_set_info (h, &info);
  for (guint i = 0; i < 100; i++)
    gst_buffer_unref (gst_harness_push_and_pull (h,
            fixture_noisy_frame (&info, 128.0f, 20.0f, i)));
  fail_if (g_file_test (path, G_FILE_TEST_EXISTS));
  gst_harness_push_event (h, gst_event_new_eos ());
  g_object_get (element, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, "step", &step) && step > 200);
  fail_unless_equals_uint64 (read_step (path), step);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* One warning, however often it is tried. */
GST_START_TEST (test_a_checkpoint_that_cannot_be_written_is_one_warning)
{
  fail_unless_equals_int (play_clip (TRAINER ARCHITECTURE
          "max-steps=150 checkpoint=/nonexistent/a.safetensors", 0,
          GST_MESSAGE_WARNING), 1);
  /* where a directory should be there is a file */
  fail_unless_equals_int (play_clip (TRAINER ARCHITECTURE
          "max-steps=150 checkpoint=/dev/null/a.safetensors", 0,
          GST_MESSAGE_WARNING), 1);
}

GST_END_TEST;

/* The error says @word, and the file stays as it is. */
static void
assert_refused (const gchar * properties, const gchar * word)
{
  g_autofree gchar *text = g_strdup_printf (TRAINER "%s checkpoint=%s",
      properties, path);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *before = NULL, *after = NULL;
  gsize n_before, n_after;

  fail_unless (g_file_get_contents (path, &before, &n_before, NULL));
  error = fixture_refusal (gst_parse_launch (text, NULL));
  fail_unless (strstr (error->message, word) != NULL, "%s", error->message);
  fail_unless (strstr (error->message, "resume=false starts anew") != NULL,
      "%s", error->message);
  fail_unless (g_file_get_contents (path, &after, &n_after, NULL));
  fail_unless (n_before == n_after && memcmp (before, after, n_after) == 0);
}

GST_START_TEST (test_a_file_that_does_not_fit_is_an_error_and_stays)
{
  g_autofree gchar *anew = g_strdup_printf (TRAINER ARCHITECTURE
      "max-steps=50 resume=false checkpoint=%s", path);
  g_autofree gchar *bytes = NULL;
  gsize n;

  train ("temporal", path, 75, 0);
  assert_refused ("objective=temporal architecture=\"conv 3x3 9 relu | "
      "conv 3x3 1\"", "of the architecture \"conv 3x3 8 relu | conv 3x3 1\"");
  assert_refused (ARCHITECTURE "objective=denoise",
      "\"temporal, mse, adamw\", expected \"denoise, mse, adamw\"");
  fail_unless (g_file_get_contents (path, &bytes, &n, NULL));
  bytes[n - 7] ^= 1;
  fail_unless (g_file_set_contents (path, bytes, (gssize) n, NULL));
  assert_refused (ARCHITECTURE, "is damaged");
  fail_unless (truncate (path, 1000) == 0);
  assert_refused (ARCHITECTURE, "promises");
  /* what the advice says works */
  fail_unless_equals_int (play_clip (anew, 0, GST_MESSAGE_ERROR), 0);
  fail_unless_equals_uint64 (read_step (path), 50);
}

GST_END_TEST;

static Suite *
aevideotrain_checkpoint_suite (void)
{
  Suite *suite = suite_create ("aevideotrain-checkpoint");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, setup, teardown);
  tcase_add_loop_test (tcase,
      test_a_resumed_pipeline_gives_the_weights_of_an_unbroken_one, 0,
      G_N_ELEMENTS (objectives));
  tcase_add_test (tcase, test_at_eos_the_file_holds_the_last_step);
  tcase_add_test (tcase,
      test_a_checkpoint_that_cannot_be_written_is_one_warning);
  tcase_add_test (tcase, test_a_file_that_does_not_fit_is_an_error_and_stays);
  return suite;
}

GST_CHECK_MAIN (aevideotrain_checkpoint);
