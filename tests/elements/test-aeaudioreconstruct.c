/* aeaudioreconstruct: what comes out, and a machine that begins to rattle.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "fixture-sound.h"
#include "fixture.h"
#include "gstaeaudioreconstruct.h"
#include "machine-sound.h"

#define RATE 16000

static const Sound mono = { "F32", RATE, 1 };

/* An element that gets @sound and follows the slot "machine". */
typedef struct
{
  GstElement *element;
  GstHarness *h;
  GstBus *bus;
  AeSlot *slot;
} Stream;

static Stream
new_stream (const Sound * sound)
{
  Stream s = {.element = g_object_new (GST_TYPE_AE_AUDIO_RECONSTRUCT, "slot",
        "machine", NULL)
  };

  s.slot = ae_slot_get ("machine");
  s.bus = gst_bus_new ();
  gst_element_set_bus (s.element, s.bus);
  s.h = gst_harness_new_with_element (s.element, "sink", "src");
  gst_harness_set_src_caps (s.h, fixture_sound_caps (sound));
  return s;
}

static void
publish (Stream * s, AeModel * model)
{
  fail_unless (ae_slot_claim (s->slot, s, model->architecture, NULL));
  ae_slot_publish (s->slot, s, model);
  ae_slot_release (s->slot, s);
}

static void
clear_stream (Stream * s)
{
  gst_harness_teardown (s->h);
  gst_element_set_bus (s->element, NULL);
  gst_object_unref (s->element);
  gst_object_unref (s->bus);
  ae_slot_unref (s->slot);
}

static float *
machine_sound (MachineState state, gsize n)
{
  float *values = g_new (float, n);
  Machine machine = machine_new (3);

  machine_run (&machine, state, values, n);
  machine_clear (&machine);
  return values;
}

GST_START_TEST (test_sound_passes_to_the_bit_without_a_model_and_as_input)
{
  enum
  { N = RATE };
  g_autofree float *in = machine_sound (MACHINE_WHOLE, N);
  g_autoptr (AeModel) model = machine_random_model (MACHINE_TEXT);

  in[700] = NAN;
  for (guint i = 0; i < 2; i++) {
    Stream s = new_stream (&mono);
    g_autofree float *out = NULL;

    g_object_set (s.element, "output", i, NULL);
    if (i == 0)
      publish (&s, model);
    out = fixture_sound_run (s.h, &mono, in, N, 441);
    fail_unless (memcmp (out, in, N * sizeof (float)) == 0);
    fail_unless_equals_uint64 (gst_harness_query_latency (s.h),
        20 * GST_MSECOND);
    clear_stream (&s);
  }
}

GST_END_TEST;

GST_START_TEST (test_input_is_reconstruction_and_residual)
{
  enum
  { N = 2 * RATE };
  static const Sound sounds[] = { {"F32", RATE, 1}, {"F32", RATE, 2} };
  g_autofree float *in = machine_sound (MACHINE_WHOLE, N);
  g_autoptr (AeModel) model = machine_model (100);

  for (guint i = 0; i < G_N_ELEMENTS (sounds); i++) {
    float *out[3];
    double left_over = 0.0, all = 0.0;

    for (guint k = 0; k < 3; k++) {
      Stream s = new_stream (&sounds[i]);

      publish (&s, model);
      g_object_set (s.element, "output", k, NULL);
      out[k] = fixture_sound_run (s.h, &sounds[i], in, N, 1000);
      clear_stream (&s);
    }
    for (guint p = 0; p < N; p++) {
      if (!(fabsf (out[1][p] + out[2][p] - out[0][p]) < 1e-5f))
        ck_abort_msg ("sample %u: %f + %f, expected %f", p,
            (double) out[1][p], (double) out[2][p], (double) out[0][p]);
      if (p > N / 2) {
        all += (double) (in[p] * in[p]);
        left_over += (double) (out[2][p] * out[2][p]);
      }
    }
    /* of what it knows, little is left; of every other sample, more */
    fail_unless (i > 0 || left_over < 0.3 * all, "%g of %g", left_over, all);
    fail_unless (left_over > 1e-4 * all);
    for (guint k = 0; k < 3; k++)
      g_free (out[k]);
  }
}

GST_END_TEST;

/* Whether @buffer is one of an anomaly, of channel @i_channel. */
static gboolean
is_anomalous (GstBuffer * buffer, guint i_channel)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "ae-anomaly");
  gboolean anomalous = FALSE;
  guint channel;

  if (meta)
    fail_unless (gst_structure_get (gst_custom_meta_get_structure (meta),
            "anomalous", G_TYPE_BOOLEAN, &anomalous, "channel", G_TYPE_UINT,
            &channel, NULL));
  fail_if (anomalous && channel != i_channel);
  return anomalous;
}

static guint
count_messages (Stream * s, GstClockTime from)
{
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop (s->bus)) != NULL) {
    if (gst_message_has_name (message, "ae-anomaly")) {
      guint64 when = 0;

      n++;
      fail_unless (gst_structure_get_uint64 (gst_message_get_structure
              (message), "timestamp", &when));
      fail_unless (when >= from);
    }
    gst_message_unref (message);
  }
  return n;
}

/* A whole machine on the left, and one on the right that begins to rattle, in
 * buffers of a tenth of a second. */
GST_START_TEST (test_a_machine_that_begins_to_rattle_is_found)
{
  enum
  { STEP = RATE / 10, BEGINS = 300, END = 350 };
  static const Sound stereo = { "S16", RATE, 2 };
  g_autoptr (AeModel) model = machine_model (300);
  Machine machines[2] = { machine_new (3), machine_new (4) };
  Stream s = new_stream (&stereo);
  guint n_found = 0, n_messages, first = G_MAXUINT;
  gdouble score;

  publish (&s, model);
  for (guint i = 0; i < END; i++) {
    float one[STEP], both[2 * STEP];
    GstBuffer *out;

    for (guint c = 0; c < 2; c++) {
      machine_run (&machines[c], c == 1 && i >= BEGINS ? MACHINE_RATTLES
          : MACHINE_WHOLE, one, STEP);
      for (guint k = 0; k < STEP; k++)
        both[2 * k + c] = one[k];
    }
    out = gst_harness_push_and_pull (s.h, fixture_sound_buffer (&stereo, both,
            2 * STEP, i * (GST_SECOND / 10)));
    g_object_get (s.element, "score", &score, NULL);
    fail_unless ((score < 0.0) == (i < 99), "score %g of buffer %u", score, i);
    fail_unless ((gst_buffer_get_custom_meta (out, "ae-anomaly") != NULL)
        == (score >= 0.0));
    if (is_anomalous (out, 1)) {
      n_found++;
      first = MIN (first, i);
    }
    gst_buffer_unref (out);
  }
  fail_unless (first >= BEGINS && first <= BEGINS + 7, "buffer %u", first);
  fail_unless (n_found > 40, "%u found", n_found);
  /* one for each 0.32 s */
  n_messages = count_messages (&s, (BEGINS - 1) * (GST_SECOND / 10));
  fail_unless (n_messages >= 12 && n_messages <= 16, "%u messages", n_messages);
  clear_stream (&s);
  machine_clear (&machines[0]);
  machine_clear (&machines[1]);
}

GST_END_TEST;

/* In buffers of a second, half a second of a rattle in the first half of one. */
GST_START_TEST (test_an_anomaly_early_in_a_buffer_is_told)
{
  enum
  { N = 45, BAD = 40 };
  g_autoptr (AeModel) model = machine_model (300);
  Machine machine = machine_new (3);
  Stream s = new_stream (&mono);

  publish (&s, model);
  for (guint i = 0; i < N; i++) {
    const MachineState state = i == BAD ? MACHINE_RATTLES : MACHINE_WHOLE;
    float values[RATE];
    GstBuffer *out;

    machine_run (&machine, state, values, RATE / 2);
    machine_run (&machine, MACHINE_WHOLE, values + RATE / 2, RATE / 2);
    out = gst_harness_push_and_pull (s.h, fixture_sound_buffer (&mono, values,
            RATE, i * GST_SECOND));
    fail_unless (is_anomalous (out, 0) == (i == BAD), "buffer %u", i);
    gst_buffer_unref (out);
  }
  fail_unless_equals_int (count_messages (&s, (BAD - 1) * GST_SECOND), 1);
  clear_stream (&s);
  machine_clear (&machine);
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_model_of_sound_is_told)
{
  g_autofree gchar *picture = fixture_model_invert ();
  const gchar *const models[] = { NULL, "/nowhere.safetensors", picture };

  for (guint i = 0; i < G_N_ELEMENTS (models); i++) {
    GstElement *element = g_object_new (GST_TYPE_AE_AUDIO_RECONSTRUCT, "model",
        models[i], "slot", i > 0 ? "machine" : NULL, NULL);
    g_autoptr (AeModel) model = machine_random_model (MACHINE_TEXT);
    AeSlot *slot = ae_slot_get ("machine");
    guint64 generation = 0;
    g_autoptr (GError) error = NULL;

    fail_unless (ae_slot_claim (slot, &slot, model->architecture, NULL));
    ae_slot_publish (slot, &slot, model);
    ae_slot_release (slot, &slot);
    error = fixture_refusal (element);
    ae_slot_unref (slot);
    /* nobody holds it: it is a new one */
    slot = ae_slot_get ("machine");
    fail_unless (ae_slot_poll (slot, &generation) == NULL);
    ae_slot_unref (slot);
  }
}

GST_END_TEST;

static Suite *
aeaudioreconstruct_suite (void)
{
  Suite *s = suite_create ("aeaudioreconstruct");
  TCase *tc = tcase_create ("reconstruct");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, fixture_setup, fixture_teardown);
  tcase_add_test (tc,
      test_sound_passes_to_the_bit_without_a_model_and_as_input);
  tcase_add_test (tc, test_input_is_reconstruction_and_residual);
  tcase_add_test (tc, test_a_machine_that_begins_to_rattle_is_found);
  tcase_add_test (tc, test_an_anomaly_early_in_a_buffer_is_told);
  tcase_add_test (tc, test_what_is_no_model_of_sound_is_told);
  return s;
}

GST_CHECK_MAIN (aeaudioreconstruct);
