/* aeaudiotrain: passes sound on, learns, publishes, refuses what makes no sense.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <math.h>

#include "ae-model.h"
#include "fixture-sound.h"
#include "machine-sound.h"

/* Small, and able to tell a hum from what is none. */
#define ARCHITECTURE "conv 1x1 8 relu | conv 1x1 161 sigmoid"
#define BLOCK " backpressure=block steps-per-frame=4 batch-size=4 " \
    "evaluate-interval=12 n-threads=1 learning-rate=0.01 "
#define SMALL BLOCK "architecture=\"" ARCHITECTURE "\" "

static const Sound mono = { "F32", 16000, 1 };

/* aeaudiotrain with properties, and a bus. */
typedef struct
{
  GstElement *element;
  GstHarness *h;
  GstBus *bus;
  Sound sound;
} Trainer;

static void
set_sound (Trainer * t, const Sound * sound)
{
  t->sound = *sound;
  gst_harness_set_src_caps (t->h, fixture_sound_caps (sound));
}

static Trainer
new_trainer (const gchar * properties, const Sound * sound)
{
  g_autofree gchar *text = g_strdup_printf ("aeaudiotrain %s", properties);
  Trainer t;

  t.element = gst_parse_launch (text, NULL);
  fail_unless (t.element != NULL);
  t.bus = gst_bus_new ();
  gst_element_set_bus (t.element, t.bus);
  t.h = gst_harness_new_with_element (t.element, "sink", "src");
  set_sound (&t, sound);
  return t;
}

static void
clear (Trainer * t)
{
  gst_harness_teardown (t->h);
  gst_element_set_bus (t->element, NULL);
  gst_object_unref (t->element);
  gst_object_unref (t->bus);
}

static guint64
stat_of (const Trainer * t, const gchar * name)
{
  GstStructure *s;
  guint64 value = 0;

  g_object_get (t->element, "stats", &s, NULL);
  fail_unless (gst_structure_get_uint64 (s, name, &value), "no %s", name);
  gst_structure_free (s);
  return value;
}

static double
double_of (const Trainer * t, const gchar * name)
{
  GstStructure *s;
  double value = 0.0;

  g_object_get (t->element, "stats", &s, NULL);
  fail_unless (gst_structure_get_double (s, name, &value), "no %s", name);
  gst_structure_free (s);
  return value;
}

static void
push (Trainer * t, const float *values, gsize n)
{
  GstBuffer *out = gst_harness_push_and_pull (t->h,
      fixture_sound_buffer (&t->sound, values, n, GST_CLOCK_TIME_NONE));

  fail_unless (out != NULL);
  gst_buffer_unref (out);
}

/* A second of a hum in a hiss, @gain times as loud. */
static void
push_second (Trainer * t, guint i_second, float gain)
{
  const guint rate = t->sound.rate;
  g_autofree float *values = fixture_white_noise (rate, 100 + i_second);

  for (guint i = 0; i < rate; i++)
    values[i] = gain * (0.05f * values[i] + 0.2f * sinf (0.3f * (float) i));
  push (t, values, rate);
}

GST_START_TEST (test_sound_of_every_format_passes_bit_by_bit)
{
  static const Sound sounds[] = {
    {"F32", 16000, 1}, {"S16", 8000, 2}, {"F32", 44100, 8}, {"S16", 96000, 1}
  };
  const Sound *sound = &sounds[__i__];
  const gsize n = 300 * sound->channels;
  g_autofree float *values = fixture_white_noise (n, 7);
  Trainer t = new_trainer ("content=noise", sound);

  if (g_str_equal (sound->format, "F32")) {
    values[5] = NAN;
    values[6] = -INFINITY;
    values[7] = 1e30f;
  }
  for (guint i = 0; i < 60; i++) {
    GstBuffer *in = fixture_sound_buffer (sound, values, n, i * GST_MSECOND);
    GstBuffer *copy = gst_buffer_copy_deep (in), *out;

    if (i % 7 == 3)
      GST_BUFFER_FLAG_SET (in, GST_BUFFER_FLAG_GAP);
    if (i % 7 == 5)
      GST_BUFFER_FLAG_SET (in, GST_BUFFER_FLAG_DISCONT);
    out = gst_harness_push_and_pull (t.h, in);
    fixture_assert_equal_bytes (copy, out);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (out), i * GST_MSECOND);
    gst_buffer_unref (copy);
    gst_buffer_unref (out);
  }
  clear (&t);
}

GST_END_TEST;

/* Each lowers what is lost on the seconds that are held out. */
GST_START_TEST (test_each_kind_of_stream_is_learned)
{
  static const gchar *const kinds[] = {
    "content=noise", "content=mixed", "content=speech",
    "objective=reconstruct content=speech", "objective=autoencode"
  };
  g_autofree gchar *properties = g_strdup_printf ("slot=test %s " SMALL,
      kinds[__i__]);
  Trainer t = new_trainer (properties, &mono);
  double first = -1.0;

  for (guint i = 0; i < (__i__ == 1 ? 18 : 16); i++) {
    push_second (&t, i, 0.5f);
    if (first < 0.0)
      first = double_of (&t, "held-out");
  }
  fail_unless (stat_of (&t, "step") >= 24);
  fail_unless (first > 0.0 && double_of (&t, "held-out") < first,
      "%g, at first %g", double_of (&t, "held-out"), first);
  /* nothing is better for what is clean than to be left alone */
  if (__i__ < 2) {
    fail_unless (stat_of (&t, "generation") > 0);
    fail_unless (double_of (&t, "published") > 0.0);
    fail_unless (double_of (&t, "si-sdr") > 5.0, "%g",
        double_of (&t, "si-sdr"));
  }
  if (__i__ == 4)
    fail_unless (double_of (&t, "psnr") > 0.0, "%g", double_of (&t, "psnr"));
  clear (&t);
}

GST_END_TEST;

/* Of seconds in turn loud and soft, the soft ones; of digital silence nothing. */
GST_START_TEST (test_of_a_mixed_stream_the_pauses_are_learned)
{
  Trainer t = new_trainer ("architecture=\"" ARCHITECTURE "\"", &mono);
  guint64 n_seen;

  for (guint i = 0; i < 24; i++)
    push_second (&t, i, i % 2 ? 1.0f : 0.1f);
  n_seen = stat_of (&t, "patches-seen") + stat_of (&t, "patches-dropped");
  /* the first two seconds tell how quiet it gets */
  fail_unless (n_seen >= 9 && n_seen <= 11, "%u", (guint) n_seen);
  for (guint i = 0; i < 10; i++)
    push_second (&t, i, 0.0f);
  fail_unless_equals_uint64 (stat_of (&t, "patches-seen")
      + stat_of (&t, "patches-dropped"), n_seen);
  clear (&t);
}

GST_END_TEST;

/* The level to which white noise comes out of @h, of 0.1. */
static double
level_out (GstHarness * h, guint seed)
{
  g_autofree float *values = fixture_white_noise (16000, seed);
  double sum = 0.0;
  gsize n = 0;

  gst_harness_push (h, fixture_sound_buffer (&mono, values, 16000,
          GST_CLOCK_TIME_NONE));
  for (guint left = gst_harness_buffers_in_queue (h); left > 0; left--) {
    gsize n_new = fixture_sound_values (&mono, gst_harness_pull (h), values);

    for (gsize i = 0; i < n_new; i++)
      sum += (double) (values[i] * values[i]);
    n += n_new;
  }
  return sqrt (sum / (double) n);
}

GST_START_TEST (test_a_denoiser_takes_up_what_is_learned)
{
  g_autofree gchar *share = fixture_model_share (1.0f);
  g_autofree gchar *text = g_strdup_printf ("aeaudiotrain slot=live "
      "content=noise " SMALL "! aeaudiodenoise slot=live model=%s", share);
  GstHarness *h = gst_harness_new_parse (text);
  double first, last = 0.0;

  gst_harness_set_src_caps (h, fixture_sound_caps (&mono));
  first = level_out (h, 1);
  for (guint i = 0; i < 16; i++)
    last = level_out (h, 2 + i);
  fail_unless (fabs (first - 0.1) < 0.005, "%g", first);
  fail_unless (last < 0.07, "%g", last);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_the_shipped_model_trains)
{
  Trainer t = new_trainer ("content=noise backpressure=block batch-size=4 "
      "max-steps=1", &mono);

  for (guint i = 0; i < 10; i++)
    push_second (&t, i, 0.5f);
  fail_unless_equals_uint64 (stat_of (&t, "step"), 1);
  clear (&t);
}

GST_END_TEST;

GST_START_TEST (test_what_makes_no_sense_is_refused_with_a_sentence)
{
  static const gchar *const bad[][2] = {
    {"model=denoise-video", "expected 322, 161 and none"},
    {"architecture=\"conv 1x1 4 | conv 1x1 160\"", "160 output"},
    {"architecture=\"conv 1x1 8 | upsample 2, conv 1x1 161\"",
        "makes 2x300 of patches of 1x150, expected one that keeps"},
    {"architecture=\"unshuffle 2, conv 1x1 8 | conv 1x1 161\"",
        "strides do not divide patches of 1x150"},
    {"objective=autoencode architecture=\"conv 1x1 8 | upsample 2, "
          "conv 1x1 161\"", "makes 2x300 of patches of 1x150"},
    {"noise-location=/tmp", "expected content=speech"},
    {"content=speech speech-location=/tmp", "content=noise or mixed"},
    {"location=/tmp/a checkpoint=/tmp/../tmp/a", "expected two"},
  };
  g_autofree gchar *text = g_strdup_printf ("aeaudiotrain %s", bad[__i__][0]);

  fixture_assert_refused (text, bad[__i__][1]);
}

GST_END_TEST;

GST_START_TEST (test_speech_that_is_not_there_is_an_error)
{
  Trainer t = new_trainer ("content=noise speech-location=/nonexistent " SMALL,
      &mono);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (t.bus, 60 * GST_SECOND, GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;

  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, "/nonexistent") != NULL, "%s",
      error->message);
  /* and nobody waits for steps that cannot be */
  for (guint i = 0; i < 12; i++)
    push_second (&t, i, 0.5f);
  fail_unless_equals_uint64 (stat_of (&t, "step"), 0);
  clear (&t);
}

GST_END_TEST;

/* What is not finite, silence, new caps, flushes and EOS: training goes on. */
GST_START_TEST (test_any_stream_is_survived)
{
  static const Sound sounds[] = {
    {"F32", 16000, 1}, {"S16", 48000, 2}, {"F32", 8000, 1}, {"F32", 16000, 1}
  };
  float bad[1600];
  Trainer t = new_trainer ("content=noise " SMALL, &mono);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    bad[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : 1e30f;
  for (guint i = 0; i < G_N_ELEMENTS (sounds); i++) {
    set_sound (&t, &sounds[i]);
    for (guint j = 0; j < 3; j++)
      push_second (&t, j, 0.5f);
    if (g_str_equal (sounds[i].format, "F32"))
      push (&t, bad, G_N_ELEMENTS (bad));
    push_second (&t, 0, 0.0f);
    gst_harness_push_event (t.h, gst_event_new_flush_start ());
    gst_harness_push_event (t.h, gst_event_new_flush_stop (TRUE));
    gst_harness_push_event (t.h, gst_event_new_segment (&segment));
  }
  gst_harness_push_event (t.h, gst_event_new_eos ());
  fail_unless (gst_bus_pop_filtered (t.bus, GST_MESSAGE_ERROR) == NULL);
  fail_unless (stat_of (&t, "step") > 8);
  fail_unless (isfinite (double_of (&t, "loss")));
  clear (&t);
}

GST_END_TEST;

GST_START_TEST (test_a_flush_before_caps_is_survived)
{
  GstHarness *h = gst_harness_new_parse ("aeaudiotrain content=noise " SMALL);

  gst_harness_play (h);
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_harness_set_src_caps (h, fixture_sound_caps (&mono));
  gst_harness_push (h, fixture_sound_buffer (&mono, (float[16]) {
            0.5f
          }, 16, 0));
  fail_unless_equals_int (gst_harness_buffers_received (h), 1);
  gst_harness_teardown (h);
}

GST_END_TEST;

static gpointer
push_seconds (gpointer data)
{
  Trainer *t = data;
  g_autofree float *values = fixture_white_noise (16000, 3);

  for (guint i = 0; i < 10; i++)
    gst_harness_push (t->h, fixture_sound_buffer (&t->sound, values, 16000,
            GST_CLOCK_TIME_NONE));
  return NULL;
}

/* While it loads speech, while the stream waits for a step of the shipped model,
 * between steps: the way down takes less than a second. */
GST_START_TEST (test_it_stops_at_any_moment_within_a_second)
{
  static const gulong moments_us[] = { 0, 20000, 200000, 1500000 };
  Trainer t = new_trainer ("content=noise backpressure=block "
      "steps-per-frame=100000", &mono);
  GThread *thread;
  gint64 begin;

  thread = g_thread_new ("push", push_seconds, &t);
  g_usleep (moments_us[__i__]);
  begin = g_get_monotonic_time ();
  gst_element_set_state (t.element, GST_STATE_NULL);
  g_thread_join (thread);
  fail_unless (g_get_monotonic_time () - begin < G_USEC_PER_SEC, "%d ms",
      (gint) (g_get_monotonic_time () - begin) / 1000);
  clear (&t);
}

GST_END_TEST;

static void
train (const gchar * checkpoint, guint n_seconds, guint max_steps)
{
  g_autofree gchar *properties = g_strdup_printf ("content=noise max-steps=%u "
      "checkpoint-interval=0 checkpoint=%s " SMALL, max_steps, checkpoint);
  Trainer t = new_trainer (properties, &mono);

  for (guint i = 0; i < n_seconds; i++)
    push_second (&t, i, 0.5f);
  gst_harness_push_event (t.h, gst_event_new_eos ());
  fail_unless_equals_uint64 (stat_of (&t, "step"), max_steps);
  clear (&t);
}

/* A recording that is played again from its beginning goes on where training
 * was, and gives the bytes of a training that was never interrupted. */
GST_START_TEST (test_a_resumed_training_gives_the_weights_of_an_unbroken_one)
{
  g_autofree gchar *folder = g_dir_make_tmp ("ae-test-XXXXXX", NULL);
  g_autofree gchar *a = g_build_filename (folder, "a.safetensors", NULL);
  g_autofree gchar *b = g_build_filename (folder, "b.safetensors", NULL);
  g_autofree gchar *bytes_a = NULL, *bytes_b = NULL;
  gsize n_a, n_b;

  train (a, 14, 24);
  train (b, 14, 12);
  train (b, 14, 24);
  fail_unless (g_file_get_contents (a, &bytes_a, &n_a, NULL));
  fail_unless (g_file_get_contents (b, &bytes_b, &n_b, NULL));
  fail_unless (n_a == n_b && memcmp (bytes_a, bytes_b, n_a) == 0);
  g_unlink (a);
  g_unlink (b);
  g_rmdir (folder);
}

GST_END_TEST;

/* One that learns what a machine sounds like, and one that listens. */
GST_START_TEST (test_a_machine_that_is_learned_is_known_from_one_that_rattles)
{
  enum
  { BEGINS = 45, END = 50 };
  GstElement *bin = gst_parse_bin_from_description ("aeaudiotrain slot=machine "
      "objective=autoencode backpressure=block steps-per-frame=10 n-threads=1 "
      "evaluate-interval=40 learning-rate=0.004 ema=0.98 max-steps=200 "
      "architecture=\"" MACHINE_TEXT "\" ! aeaudioreconstruct slot=machine",
      TRUE, NULL);
  GstHarness *h;
  Machine machine = machine_new (5);
  guint n_flagged[2] = { 0, 0 };

  gst_object_ref_sink (bin);
  h = gst_harness_new_with_element (bin, "sink", "src");
  gst_harness_set_src_caps (h, fixture_sound_caps (&mono));
  for (guint i = 0; i < END; i++) {
    for (guint k = 0; k < 10; k++) {
      float values[1600];
      GstCustomMeta *meta;
      GstBuffer *out;
      gboolean anomalous = FALSE;

      machine_run (&machine, i < BEGINS ? MACHINE_WHOLE : MACHINE_RATTLES,
          values, G_N_ELEMENTS (values));
      out = gst_harness_push_and_pull (h, fixture_sound_buffer (&mono, values,
              G_N_ELEMENTS (values), (i * 10 + k) * (GST_SECOND / 10)));
      meta = gst_buffer_get_custom_meta (out, "ae-anomaly");
      if (meta)
        gst_structure_get_boolean (gst_custom_meta_get_structure (meta),
            "anomalous", &anomalous);
      n_flagged[i >= BEGINS] += anomalous;
      gst_buffer_unref (out);
    }
  }
  fail_unless (n_flagged[0] <= 4, "%u flagged of the whole machine",
      n_flagged[0]);
  fail_unless (n_flagged[1] >= 35, "%u flagged of the rattle", n_flagged[1]);
  gst_harness_teardown (h);
  gst_object_unref (bin);
  machine_clear (&machine);
}

GST_END_TEST;

static Suite *
aeaudiotrain_suite (void)
{
  Suite *suite = suite_create ("aeaudiotrain");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_add_loop_test (tcase, test_sound_of_every_format_passes_bit_by_bit, 0,
      4);
  tcase_add_loop_test (tcase, test_each_kind_of_stream_is_learned, 0, 5);
  tcase_add_test (tcase, test_of_a_mixed_stream_the_pauses_are_learned);
  tcase_add_test (tcase, test_a_denoiser_takes_up_what_is_learned);
  tcase_add_test (tcase, test_the_shipped_model_trains);
  tcase_add_test (tcase,
      test_a_machine_that_is_learned_is_known_from_one_that_rattles);
  tcase_add_loop_test (tcase,
      test_what_makes_no_sense_is_refused_with_a_sentence, 0, 8);
  tcase_add_test (tcase, test_speech_that_is_not_there_is_an_error);
  tcase_add_test (tcase, test_any_stream_is_survived);
  tcase_add_test (tcase, test_a_flush_before_caps_is_survived);
  tcase_add_loop_test (tcase, test_it_stops_at_any_moment_within_a_second, 0,
      4);
  tcase_add_test (tcase,
      test_a_resumed_training_gives_the_weights_of_an_unbroken_one);
  return suite;
}

GST_CHECK_MAIN (aeaudiotrain);
