/* aeaudiodenoise: follows a slot. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "ae-model.h"
#include "ae-slot.h"
#include "fixture-sound.h"
#include "gstaeaudiodenoise.h"

#define SHARE 0.25f

static const Sound mono = { "F32", 16000, 1 };

/* The level to which the element brings 0.4 in the end. */
static void
assert_level (GstHarness * h, float expected)
{
  float values[3200];
  gsize n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    values[i] = 0.4f;
  gst_harness_push (h, fixture_sound_buffer (&mono, values,
          G_N_ELEMENTS (values), GST_CLOCK_TIME_NONE));
  for (guint left = gst_harness_buffers_in_queue (h); left > 0; left--)
    n = fixture_sound_values (&mono, gst_harness_pull (h), values);
  fail_unless (fabsf (values[n - 1] - expected) < 0.005f, "%f, expected %f",
      (double) values[n - 1], (double) expected);
}

/* Publishes the model in the file @path. */
static void
publish (AeSlot * slot, const gchar * path)
{
  g_autoptr (AeModel) model = ae_model_load (path, NULL);

  fail_unless (model != NULL);
  ae_slot_publish (slot, slot, model);
}

GST_START_TEST (test_what_a_slot_publishes_is_taken_up)
{
  g_autofree gchar *path = fixture_model_share (SHARE);
  g_autofree gchar *published = fixture_model_share (0.75f);
  g_autoptr (AeModel) model = ae_model_load (path, NULL);
  g_autoptr (AeSlot) slot = ae_slot_get ("sound");
  GstElement *element = g_object_new (GST_TYPE_AE_AUDIO_DENOISE, NULL);
  GstHarness *h;

  fail_unless (ae_slot_claim (slot, slot, model->architecture, NULL));
  g_object_set (element, "model", path, "slot", "sound", NULL);
  h = gst_harness_new_with_element (element, "sink", "src");
  gst_harness_set_src_caps (h, fixture_sound_caps (&mono));
  assert_level (h, 0.1f);
  publish (slot, published);
  assert_level (h, 0.3f);
  gst_harness_teardown (h);
  gst_object_unref (element);
  ae_slot_release (slot, slot);
}

GST_END_TEST;

GST_START_TEST (test_a_slot_with_another_kind_of_model_is_told_and_left_alone)
{
  g_autofree gchar *path = fixture_model_share (SHARE);
  g_autofree gchar *other = fixture_model_invert ();
  g_autoptr (AeModel) model = ae_model_load (other, NULL);
  g_autoptr (AeSlot) slot = ae_slot_get ("picture");
  GstElement *element = g_object_new (GST_TYPE_AE_AUDIO_DENOISE, NULL);
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  GstHarness *h;

  fail_unless (ae_slot_claim (slot, slot, model->architecture, NULL));
  g_object_set (element, "model", path, "slot", "picture", NULL);
  h = gst_harness_new_with_element (element, "sink", "src");
  gst_element_set_bus (element, bus);
  gst_harness_set_src_caps (h, fixture_sound_caps (&mono));
  publish (slot, other);
  assert_level (h, 0.1f);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  fail_unless (message != NULL);
  gst_message_unref (message);
  gst_element_set_bus (element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
  gst_object_unref (element);
  ae_slot_release (slot, slot);
}

GST_END_TEST;

static Suite *
aeaudiodenoise_slot_suite (void)
{
  Suite *s = suite_create ("aeaudiodenoise slot");
  TCase *tc = tcase_create ("slot");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, fixture_setup, fixture_teardown);
  tcase_add_test (tc, test_what_a_slot_publishes_is_taken_up);
  tcase_add_test (tc,
      test_a_slot_with_another_kind_of_model_is_told_and_left_alone);
  return s;
}

GST_CHECK_MAIN (aeaudiodenoise_slot);
