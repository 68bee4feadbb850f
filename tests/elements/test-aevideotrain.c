/* aevideotrain: passes frames on, learns, publishes, refuses what makes no
 * sense. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <math.h>

#include "ae-model.h"
#include "fixture.h"

/* Small, and able to denoise. */
#define ARCHITECTURE "conv 3x3 8 relu | conv 3x3 1"

/* aevideotrain with @properties, and a bus. */
typedef struct
{
  GstElement *element;
  GstHarness *h;
  GstBus *bus;
  GstVideoInfo info;
} Trainer;

static Trainer
new_trainer (const gchar * properties, const gchar * format, guint width,
    guint height)
{
  g_autofree gchar *text = g_strdup_printf ("aevideotrain %s", properties);
  Trainer t;

  t.element = gst_parse_launch (text, NULL);
  fail_unless (t.element != NULL);
  t.bus = gst_bus_new ();
  gst_element_set_bus (t.element, t.bus);
  t.info = fixture_info (format, width, height);
  t.h = gst_harness_new_with_element (t.element, "sink", "src");
  return t;
}

static void
start (Trainer * t)
{
  fixture_set_info (t->h, &t->info);
}

static void
clear (Trainer * t)
{
  gst_harness_teardown (t->h);
  gst_element_set_bus (t->element, NULL);
  gst_object_unref (t->element);
  gst_object_unref (t->bus);
}

/* Frame @i of a scene that stands still or moves by so many pixels a frame:
 * stripes with noise of sigma 20. */
static GstBuffer *
scene (const GstVideoInfo * info, guint i, float motion)
{
  GstBuffer *buffer = fixture_noisy_frame (info, 128.0f, 20.0f, i + 1);
  GstVideoFrame frame;

  fail_unless (gst_video_frame_map (&frame, info, buffer, GST_MAP_READWRITE));
  for (gint y = 0; y < GST_VIDEO_INFO_HEIGHT (info); y++) {
    guint8 *row = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0)
        + y * GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0);

    for (gint x = 0; x < GST_VIDEO_INFO_WIDTH (info); x++) {
      float value = (float) row[x] + 40.0f * sinf (0.2f * ((float) (x + y)
              + motion * (float) i));

      row[x] = (guint8) CLAMP (value, 0.0f, 255.0f);
    }
  }
  gst_video_frame_unmap (&frame);
  GST_BUFFER_PTS (buffer) = i * GST_SECOND / 25;
  return buffer;
}

static void
play (Trainer * t, guint n_frames, float motion)
{
  for (guint i = 0; i < n_frames; i++) {
    GstBuffer *out =
        gst_harness_push_and_pull (t->h, scene (&t->info, i, motion));

    fail_unless (out != NULL);
    gst_buffer_unref (out);
  }
}

static GstStructure *
stats (const Trainer * t)
{
  GstStructure *structure;

  g_object_get (t->element, "stats", &structure, NULL);
  return structure;
}

static guint
count_messages (const Trainer * t, const gchar * name)
{
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop (t->bus)) != NULL) {
    n += gst_message_has_name (message, name);
    gst_message_unref (message);
  }
  return n;
}

GST_START_TEST (test_frames_of_every_format_pass_bit_by_bit)
{
  g_autoptr (GArray) formats = fixture_formats ("aevideotrain");

  for (guint i = 0; i < formats->len; i++) {
    const gchar *format = g_array_index (formats, gchar *, i);
    Trainer t = new_trainer ("patch-size=16 architecture=\"" ARCHITECTURE
        "\"", format, 64, 48);
    GstBuffer *in, *copy, *out;

    start (&t);
    in = fixture_random_frame (&t.info, i + 1);
    copy = gst_buffer_copy_deep (in);
    out = gst_harness_push_and_pull (t.h, in);
    fail_unless (out == in);
    fixture_assert_equal_bytes (copy, out);
    gst_buffer_unref (copy);
    gst_buffer_unref (out);
    clear (&t);
  }
}

GST_END_TEST;

#define BLOCK " patch-size=16 backpressure=block steps-per-frame=4 " \
    "evaluate-interval=50 max-steps=400 architecture=\"" ARCHITECTURE "\" "

/* Each objective lowers its held-out loss on a noisy scene that stands still. */
GST_START_TEST (test_each_objective_learns_and_publishes)
{
  static const gchar *const objectives[] = {
    "temporal", "blind-spot", "denoise level-min=40 level-max=60", "reconstruct"
  };
  g_autofree gchar *properties = g_strdup_printf ("slot=test objective=%s "
      BLOCK, objectives[__i__]);
  Trainer t = new_trainer (properties, "GRAY8", 96, 64);
  guint64 step, generation;
  gdouble held_out, published;
  gboolean finished;
  GstStructure *s;

  start (&t);
  play (&t, 120, 0.0f);
  s = stats (&t);
  fail_unless (gst_structure_get (s, "step", G_TYPE_UINT64, &step,
          "generation", G_TYPE_UINT64, &generation, "held-out", G_TYPE_DOUBLE,
          &held_out, "published", G_TYPE_DOUBLE, &published, "finished",
          G_TYPE_BOOLEAN, &finished, NULL));
  fail_unless (finished && step == 400);
  fail_unless (held_out > 0.0);
  /* doing nothing is perfect for reconstruction, which nothing can beat */
  if (__i__ < 3) {
    fail_unless (generation > 0);
    fail_unless (published > 0.0 && published < 0.02);
    fail_unless_equals_int (count_messages (&t, "ae-published"), generation);
  }
  gst_structure_free (s);
  clear (&t);
}

GST_END_TEST;

static gdouble
held_out_after (const gchar * properties, gdouble * rate)
{
  g_autofree gchar *all = g_strdup_printf ("objective=temporal %s " BLOCK,
      properties);
  Trainer t = new_trainer (all, "GRAY8", 96, 64);
  gdouble held_out;
  GstStructure *s;

  start (&t);
  play (&t, 120, 0.0f);
  s = stats (&t);
  fail_unless (gst_structure_get (s, "learning-rate", G_TYPE_DOUBLE, rate,
          "held-out", G_TYPE_DOUBLE, &held_out, NULL));
  gst_structure_free (s);
  clear (&t);
  return held_out;
}

GST_START_TEST (test_muon_learns_at_a_rate_of_its_own)
{
  gdouble rate, before, after;

  before = held_out_after ("learning-rate=0", &rate);
  fail_unless (held_out_after ("optimiser=adamw", &rate) < before);
  fail_unless (fabs (rate - 0.002) < 1e-6, "%g", rate);
  after = held_out_after ("optimiser=muon", &rate);
  fail_unless (fabs (rate - 0.02) < 1e-6, "%g", rate);
  fail_unless (after < 0.5 * before, "%g of %g", after, before);
}

GST_END_TEST;

/* With no property but those that bound the time. */
GST_START_TEST (test_the_shipped_model_trains)
{
  Trainer t = new_trainer ("backpressure=block max-steps=2", "GRAY8", 384, 256);
  gboolean finished;
  GstStructure *s;

  start (&t);
  play (&t, 40, 0.0f);
  s = stats (&t);
  fail_unless (gst_structure_get (s, "finished", G_TYPE_BOOLEAN, &finished,
          NULL));
  fail_unless (finished);
  gst_structure_free (s);
  clear (&t);
}

GST_END_TEST;

static guint64
patches_seen (const gchar * properties, float motion)
{
  Trainer t = new_trainer (properties, "GRAY8", 96, 64);
  GstStructure *s;
  guint64 n;

  start (&t);
  play (&t, 60, motion);
  s = stats (&t);
  fail_unless (gst_structure_get (s, "patches-seen", G_TYPE_UINT64, &n, NULL));
  gst_structure_free (s);
  clear (&t);
  return n;
}

/* What goes by would be taken for noise where it is faint. */
GST_START_TEST (test_temporal_leaves_a_moving_camera_alone)
{
  const gchar *properties = "objective=temporal patches-per-frame=8 "
      "patch-size=16 architecture=\"" ARCHITECTURE "\"";
  guint64 still = patches_seen (properties, 0.0f);
  guint64 moving = patches_seen (properties, 2.0f);

  fail_unless (still > 8 * 30, "%u patches", (guint) still);
  fail_unless (moving < 8 * 10, "%u patches", (guint) moving);
}

GST_END_TEST;

/* Mean squared difference from the clean scene. */
static double
error_of (GstBuffer * buffer, const GstVideoInfo * info)
{
  GstVideoFrame frame;
  double sum = 0.0;
  gint width = GST_VIDEO_INFO_WIDTH (info);
  gint height = GST_VIDEO_INFO_HEIGHT (info);

  fail_unless (gst_video_frame_map (&frame, info, buffer, GST_MAP_READ));
  for (gint y = 0; y < height; y++) {
    const guint8 *row = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0)
        + y * GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0);

    for (gint x = 0; x < width; x++) {
      double clean = 128.0 + 40.0 * sin (0.2 * (x + y));

      sum += ((double) row[x] - clean) * ((double) row[x] - clean);
    }
  }
  gst_video_frame_unmap (&frame);
  return sum / (width * height);
}

/* A picture almost black, in integers, from the architecture that is trained. */
static gchar *
model_black_int8 (void)
{
  float weights[8 * 9 + 8 + 8 * 9 + 1];
  float step[8];
  gchar *path;
  g_autoptr (AeModel) model = NULL;
  g_autoptr (AeModel) quantised = NULL;
  g_autoptr (AeInt8) int8 = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (weights); i++)
    weights[i] = 0.01f;
  for (guint i = 0; i < G_N_ELEMENTS (step); i++)
    step[i] = 1.0f / 255.0f;
  path = fixture_model (ARCHITECTURE, weights, G_N_ELEMENTS (weights));
  model = ae_model_load (path, NULL);
  int8 = ae_int8_new (model->architecture);
  ae_int8_round_layer (int8, model->architecture, 1, step, 0,
      model->weights->data);
  quantised = ae_model_new_int8 (model, int8);
  fail_unless (ae_model_save (quantised, path, NULL));
  return path;
}

/* @denoiser: its properties; begins with a picture all wrong, and takes what is
 * learned from noisy frames alone. */
static void
assert_takes_up_what_is_learned (const gchar * denoiser)
{
  g_autofree gchar *text = g_strdup_printf ("aevideotrain slot=live "
      BLOCK "! aevideodenoise slot=live noise-level=20 %s", denoiser);
  GstVideoInfo info = fixture_info ("GRAY8", 96, 64);
  GstHarness *h = gst_harness_new_parse (text);
  double first = 0.0, last = 0.0, noisy = 0.0;

  fixture_set_info (h, &info);
  for (guint i = 0; i < 120; i++) {
    GstBuffer *in = scene (&info, i, 0.0f), *out;

    noisy = error_of (in, &info);
    out = gst_harness_push_and_pull (h, in);
    fail_unless (out != NULL);
    last = error_of (out, &info);
    if (i == 0)
      first = last;
    gst_buffer_unref (out);
  }
  fail_unless (first > 2.0 * noisy, "%g, noisy %g", first, noisy);
  fail_unless (last < 0.5 * noisy, "%g, noisy %g", last, noisy);
  gst_harness_teardown (h);
}

GST_START_TEST (test_a_denoiser_takes_up_what_is_learned_from_noise)
{
  g_autofree gchar *invert = fixture_model_invert ();
  g_autofree gchar *denoiser = g_strdup_printf ("model=%s", invert);

  assert_takes_up_what_is_learned (denoiser);
}

GST_END_TEST;

/* Old integers do not stay beside the new floats. */
GST_START_TEST (test_a_denoiser_of_integers_takes_up_floats)
{
  g_autofree gchar *black = model_black_int8 ();
  g_autofree gchar *denoiser =
      g_strdup_printf ("precision=int8 model=%s", black);

  assert_takes_up_what_is_learned (denoiser);
}

GST_END_TEST;

GST_START_TEST (test_the_best_model_is_saved_and_loads)
{
  g_autofree gchar *folder = g_dir_make_tmp ("ae-test-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "m.safetensors", NULL);
  g_autofree gchar *properties = g_strdup_printf ("location=%s " BLOCK, path);
  Trainer t = new_trainer (properties, "GRAY8", 96, 64);
  g_autoptr (AeModel) model = NULL;

  start (&t);
  play (&t, 60, 0.0f);
  gst_harness_push_event (t.h, gst_event_new_eos ());
  model = ae_model_load (path, NULL);
  fail_unless (model != NULL);
  fail_unless_equals_string (model->architecture->text, ARCHITECTURE);
  clear (&t);
  g_unlink (path);
  g_rmdir (folder);
}

GST_END_TEST;

/* Training goes on, and one warning says why nothing is saved. */
GST_START_TEST (test_a_place_that_cannot_be_written_is_a_warning)
{
  Trainer t = new_trainer ("location=/nonexistent/m.safetensors " BLOCK,
      "GRAY8", 96, 64);
  GstMessage *message;
  guint n_warnings = 0;

  start (&t);
  play (&t, 60, 0.0f);
  gst_harness_push_event (t.h, gst_event_new_eos ());
  while ((message = gst_bus_pop (t.bus)) != NULL) {
    fail_if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR);
    n_warnings += GST_MESSAGE_TYPE (message) == GST_MESSAGE_WARNING;
    gst_message_unref (message);
  }
  fail_unless_equals_int (n_warnings, 1);
  clear (&t);
}

GST_END_TEST;

GST_START_TEST (test_what_makes_no_sense_is_refused_with_a_sentence)
{
  static const gchar *const bad[][2] = {
    {"architecture=\"conv 3x3 4 relu | cnv 3x3 1\"", "found \"cnv\""},
    {"architecture=\"conv 3x3 4 relu | conv 3x3 2\"",
        "changes the size of a patch"},
    {"objective=colorize", "expected 1 and 2 to make chroma"},
    {"objective=variational", "expected an encoder that ends with gaussian"},
    {"sparsity=1 architecture=\"" ARCHITECTURE "\"", "needs a sigmoid code"},
    {"level-min=30 level-max=20", "level-min over level-max"},
    {"objective=temporal patches-per-frame=3", "fewer than 4"},
    {"model=/nonexistent.safetensors", "there is no model file"},
    {"location=/tmp/a checkpoint=/tmp/../tmp/a", "expected two"},
  };
  g_autofree gchar *text = g_strdup_printf ("aevideotrain name=t %s",
      bad[__i__][0]);

  fixture_assert_refused (text, bad[__i__][1]);
}

GST_END_TEST;

GST_START_TEST (test_a_slot_takes_one_trainer)
{
  g_autoptr (GstElement) first = gst_parse_launch ("aevideotrain slot=one",
      NULL);
  g_autoptr (GstElement) second = gst_parse_launch ("aevideotrain slot=one",
      NULL);
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GstMessage) message = NULL;
  g_autoptr (GError) error = NULL;

  gst_object_ref_sink (first);
  gst_object_ref_sink (second);
  gst_element_set_bus (second, bus);
  fail_if (gst_element_set_state (first, GST_STATE_PAUSED)
      == GST_STATE_CHANGE_FAILURE);
  fail_unless (gst_element_set_state (second, GST_STATE_PAUSED)
      == GST_STATE_CHANGE_FAILURE);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, "has a trainer already") != NULL, "%s",
      error->message);
  /* when the first has gone, another can train */
  gst_element_set_state (first, GST_STATE_NULL);
  fail_if (gst_element_set_state (second, GST_STATE_PAUSED)
      == GST_STATE_CHANGE_FAILURE);
  gst_element_set_state (second, GST_STATE_NULL);
  gst_element_set_bus (second, NULL);
}

GST_END_TEST;

/* Moving scenes, cuts, new caps, frames too small: nothing but warnings. */
GST_START_TEST (test_any_stream_is_survived)
{
  static const guint sizes[][2] = { {96, 64}, {33, 47}, {8, 8}, {128, 128} };
  Trainer t = new_trainer ("objective=temporal" BLOCK, "GRAY8", 96, 64);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    t.info = fixture_info ("GRAY8", sizes[i][0], sizes[i][1]);
    start (&t);
    play (&t, 10, 7.0f);
  }
  for (guint i = 0; i < 20; i++) {
    GstBuffer *flat = fixture_flat_frame (&t.info, i * 12);

    gst_buffer_unref (gst_harness_push_and_pull (t.h, flat));
  }
  fail_unless (gst_bus_pop_filtered (t.bus, GST_MESSAGE_ERROR) == NULL);
  clear (&t);
}

GST_END_TEST;

static gpointer
push_one (gpointer data)
{
  Trainer *t = data;

  gst_harness_push (t->h, scene (&t->info, 100, 0.0f));
  return NULL;
}

/* A frame that waits for a million steps does not hold up the way down. */
GST_START_TEST (test_a_waiting_stream_stops_at_once)
{
  Trainer t = new_trainer ("patch-size=16 backpressure=block "
      "steps-per-frame=100000 patches-per-frame=64 architecture=\""
      ARCHITECTURE "\"", "GRAY8", 96, 64);
  GThread *thread;
  gint64 begin;

  start (&t);
  thread = g_thread_new ("push", push_one, &t);
  g_usleep (200000);
  begin = g_get_monotonic_time ();
  gst_element_set_state (t.element, GST_STATE_NULL);
  g_thread_join (thread);
  fail_unless (g_get_monotonic_time () - begin < G_USEC_PER_SEC);
  clear (&t);
}

GST_END_TEST;

static Suite *
aevideotrain_suite (void)
{
  Suite *suite = suite_create ("aevideotrain");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_add_test (tcase, test_frames_of_every_format_pass_bit_by_bit);
  tcase_add_loop_test (tcase, test_each_objective_learns_and_publishes, 0, 4);
  tcase_add_test (tcase, test_muon_learns_at_a_rate_of_its_own);
  tcase_add_test (tcase, test_the_shipped_model_trains);
  tcase_add_test (tcase, test_temporal_leaves_a_moving_camera_alone);
  tcase_add_test (tcase, test_a_denoiser_takes_up_what_is_learned_from_noise);
  tcase_add_test (tcase, test_a_denoiser_of_integers_takes_up_floats);
  tcase_add_test (tcase, test_the_best_model_is_saved_and_loads);
  tcase_add_test (tcase, test_a_place_that_cannot_be_written_is_a_warning);
  tcase_add_loop_test (tcase,
      test_what_makes_no_sense_is_refused_with_a_sentence, 0, 8);
  tcase_add_test (tcase, test_a_slot_takes_one_trainer);
  tcase_add_test (tcase, test_any_stream_is_survived);
  tcase_add_test (tcase, test_a_waiting_stream_stops_at_once);
  return suite;
}

GST_CHECK_MAIN (aevideotrain);
