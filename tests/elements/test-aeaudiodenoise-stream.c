/* aeaudiodenoise: how it behaves in a stream. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>
#include <math.h>

#include "fixture-sound.h"
#include "fixture.h"

#define SHARE 0.25f
#define MAX_VALUES 400000

static const Sound mono = { "F32", 16000, 1 };

static float values[MAX_VALUES];

/* Pushes @n samples of @level at @pts. */
static GstFlowReturn
push_level (GstHarness * h, const Sound * sound, gsize n, float level,
    GstClockTime pts, GstBufferFlags flags)
{
  GstBuffer *buffer;

  for (gsize i = 0; i < n * sound->channels; i++)
    values[i] = level;
  buffer = fixture_sound_buffer (sound, values, n * sound->channels, pts);
  GST_BUFFER_FLAG_SET (buffer, flags);
  return gst_harness_push (h, buffer);
}

/* All that has come out. Returns: how many values. */
static gsize
pull_all (GstHarness * h, const Sound * sound)
{
  gsize n = 0;

  for (guint left = gst_harness_buffers_in_queue (h); left > 0; left--)
    n += fixture_sound_values (sound, gst_harness_pull (h), values + n);
  return n;
}

/* A tone whose value at each sample nobody else has, so that a sample which is
 * out of its place is seen. */
static float *
ramp (gsize n)
{
  float *out = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    out[i] = 0.5f * (float) sin (2.0 * G_PI * 100.0 * (double) i / 16000.0);
  return out;
}

GST_START_TEST (test_what_came_before_a_discontinuity_is_out_before_it)
{
  g_autofree gchar *model = fixture_model_share (SHARE);
  GstHarness *h = fixture_sound_denoiser (model, &mono);
  GstClockTime last_end = 0;
  gsize n = 0;

  push_level (h, &mono, 1000, 0.5f, 0, 0);
  push_level (h, &mono, 1000, 0.5f, 10 * GST_SECOND, GST_BUFFER_FLAG_DISCONT);
  gst_harness_push_event (h, gst_event_new_eos ());
  for (guint left = gst_harness_buffers_in_queue (h); left > 0; left--) {
    GstBuffer *buffer = gst_harness_pull (h);

    if (n == 1000) {
      fail_unless (GST_BUFFER_IS_DISCONT (buffer));
      fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), 10 * GST_SECOND);
      fail_unless_equals_uint64 (last_end, 62500 * GST_USECOND);
    } else {
      fail_unless (n == 0 || !GST_BUFFER_IS_DISCONT (buffer));
      fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), last_end);
    }
    last_end = GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer);
    n += fixture_sound_values (&mono, buffer, values + n);
  }
  fail_unless_equals_uint64 (n, 2000);
  fail_unless_equals_uint64 (last_end, 10 * GST_SECOND + 62500 * GST_USECOND);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_flush_forgets_the_stream)
{
  const gsize n = 8000;
  g_autofree gchar *model = fixture_model_share (SHARE);
  g_autofree float *in = fixture_white_noise (n, 3);
  GstHarness *h = fixture_sound_denoiser (model, &mono);
  g_autofree float *fresh = fixture_sound_run (h, &mono, in, n, 500);
  g_autofree float *again = NULL;
  GstSegment segment;

  gst_harness_teardown (h);
  h = fixture_sound_denoiser (model, &mono);
  push_level (h, &mono, 1100, 0.9f, 0, 0);
  fail_unless (pull_all (h, &mono) < 1100);
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  fail_unless_equals_uint64 (pull_all (h, &mono), 0);
  again = fixture_sound_run (h, &mono, in, n, 500);
  fail_unless (memcmp (fresh, again, n * sizeof (float)) == 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_a_gap_event_lets_out_what_is_left)
{
  g_autofree gchar *model = fixture_model_share (SHARE);
  GstHarness *h = fixture_sound_denoiser (model, &mono);

  push_level (h, &mono, 1600, 0.5f, 0, 0);
  fail_unless (pull_all (h, &mono) < 1600);
  gst_harness_push_event (h, gst_event_new_gap (100 * GST_MSECOND, GST_SECOND));
  fail_unless (pull_all (h, &mono) > 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Of what is marked so for longer than the latency. */
GST_START_TEST (test_gaps_pass_untouched_and_remain_gaps)
{
  g_autofree gchar *model = fixture_model_share (SHARE);
  GstHarness *h = fixture_sound_denoiser (model, &mono);
  gsize n = 0, n_gap = 0, n_changed = 0;

  for (guint i = 0; i < 20; i++)
    push_level (h, &mono, 160, 0.5f, i * 10 * GST_MSECOND,
        i >= 10 ? GST_BUFFER_FLAG_GAP : 0);
  gst_harness_push_event (h, gst_event_new_eos ());
  for (guint left = gst_harness_buffers_in_queue (h); left > 0; left--) {
    GstBuffer *buffer = gst_harness_pull (h);
    const gboolean is_gap =
        GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP);
    const gsize size = fixture_sound_values (&mono, buffer, values);

    fail_unless (!is_gap || n >= 1600);
    for (gsize i = 0; is_gap && i < size; i++)
      n_changed += values[i] != 0.5f;
    n_gap += is_gap ? size : 0;
    n += size;
  }
  fail_unless_equals_uint64 (n, 3200);
  fail_unless_equals_uint64 (n_gap, 1600);
  fail_unless_equals_uint64 (n_changed, 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* All samples of one format are out before those of the next. */
GST_START_TEST (test_caps_may_change_in_mid_stream)
{
  static const Sound sounds[] = {
    {"F32", 48000, 2}, {"S16", 16000, 1}, {"F32", 8000, 8}, {"F32", 44100, 1},
    {"S16", 44100, 2}, {"S16", 96000, 2}
  };
  g_autofree gchar *model = fixture_model_share (SHARE);
  GstHarness *h = fixture_sound_denoiser (model, &sounds[0]);
  gsize n_before = 0;

  for (guint i = 0; i <= G_N_ELEMENTS (sounds); i++) {
    const Sound *sound = &sounds[i % G_N_ELEMENTS (sounds)];
    gsize n;

    gst_harness_set_src_caps (h, fixture_sound_caps (sound));
    n = n_before;
    if (i > 0)
      n += pull_all (h, &sounds[i - 1]) / sounds[i - 1].channels;
    fail_unless_equals_uint64 (n, i > 0 ? 5000 : 0);
    fail_unless_equals_int (push_level (h, sound, 5000, 0.5f,
            i * GST_SECOND, 0), GST_FLOW_OK);
    n_before = pull_all (h, sound) / sound->channels;
    fail_unless (n_before > 1000 && n_before < 5000);
    fail_unless (fabsf (values[n_before * sound->channels - 1] - 0.125f) <
        0.02f, "%s %u: %f", sound->format, sound->rate,
        (double) values[n_before * sound->channels - 1]);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_a_new_rate_is_a_new_latency_and_tells_so)
{
  static const Sound slow = { "F32", 8000, 1 };
  g_autofree gchar *model = fixture_model_share (SHARE);
  GstHarness *h = fixture_sound_denoiser (model, &mono);
  GstBus *bus = gst_bus_new ();
  GstMessage *message;

  fail_unless_equals_uint64 (gst_harness_query_latency (h), 20 * GST_MSECOND);
  gst_element_set_bus (h->element, bus);
  gst_harness_set_src_caps (h, fixture_sound_caps (&slow));
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_LATENCY);
  fail_unless (message != NULL);
  gst_message_unref (message);
  fail_unless (gst_harness_query_latency (h) > 20 * GST_MSECOND);
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* 1 s of a stream in which strength rises from 0 to 1. */
GST_START_TEST (test_strength_can_be_controlled_over_stream_time)
{
  g_autofree gchar *model = fixture_model_share (SHARE);
  GstHarness *h = fixture_sound_denoiser (model, &mono);
  GstControlSource *source = gst_interpolation_control_source_new ();
  gsize n;

  g_object_set (source, "mode", GST_INTERPOLATION_MODE_LINEAR, NULL);
  gst_timed_value_control_source_set (GST_TIMED_VALUE_CONTROL_SOURCE (source),
      0, 0.0);
  gst_timed_value_control_source_set (GST_TIMED_VALUE_CONTROL_SOURCE (source),
      GST_SECOND, 1.0);
  fail_unless (gst_object_add_control_binding (GST_OBJECT (h->element),
          gst_direct_control_binding_new_absolute (GST_OBJECT (h->element),
              "strength", source)));
  for (guint i = 0; i < 100; i++)
    push_level (h, &mono, 160, 0.4f, i * 10 * GST_MSECOND, 0);
  gst_harness_push_event (h, gst_event_new_eos ());
  n = pull_all (h, &mono);
  fail_unless_equals_uint64 (n, 16000);
  for (guint i = 1000; i < 15000; i += 1000) {
    const float expected = 0.4f * (1.0f - (1.0f - SHARE) * (float) i / 16000);

    fail_unless (fabsf (values[i] - expected) < 0.02f, "%u: %f, expected %f",
        i, (double) values[i], (double) expected);
  }
  gst_object_unref (source);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* The level to which the element brings 0.4 in the end. */
static float
level_now (GstHarness * h)
{
  gsize n;

  push_level (h, &mono, 3200, 0.4f, GST_CLOCK_TIME_NONE, 0);
  n = pull_all (h, &mono);
  return values[n - 1];
}

static void
assert_level (GstHarness * h, float expected)
{
  const float level = level_now (h);

  fail_unless (fabsf (level - expected) < 0.005f, "%f, expected %f",
      (double) level, (double) expected);
}

GST_START_TEST (test_another_model_takes_effect_while_playing)
{
  g_autofree gchar *first = fixture_model_share (SHARE);
  g_autofree gchar *second = fixture_model_share (0.5f);
  GstHarness *h = fixture_sound_denoiser (first, &mono);

  assert_level (h, 0.1f);
  g_object_set (h->element, "model", second, NULL);
  assert_level (h, 0.2f);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* What the element posts when it is to start with @model. */
static void
assert_start_fails (const gchar * model, gint code, GQuark domain,
    const gchar * text)
{
  GstElement *element = gst_element_factory_make ("aeaudiodenoise", NULL);
  g_autoptr (GError) error = NULL;

  g_object_set (element, "model", model, NULL);
  error = fixture_refusal (element);
  fail_unless (g_error_matches (error, domain, code), "%s", error->message);
  fail_unless (strstr (error->message, text) != NULL, "%s", error->message);
}

GST_START_TEST (test_a_model_that_is_missing_or_of_another_kind_is_told)
{
  g_autofree gchar *picture = fixture_model_invert ();

  assert_start_fails ("no-such-model", GST_RESOURCE_ERROR_NOT_FOUND,
      GST_RESOURCE_ERROR, "no-such-model");
  assert_start_fails (picture, GST_STREAM_ERROR_FORMAT, GST_STREAM_ERROR,
      "161");
}

GST_END_TEST;

GST_START_TEST (test_a_hundred_starts_give_the_same_samples)
{
  const gsize n = 3000;
  g_autofree gchar *model = fixture_model_share (SHARE);
  g_autofree float *in = ramp (n);
  GstHarness *h = fixture_sound_denoiser (model, &mono);
  g_autofree float *expected = fixture_sound_run (h, &mono, in, n, 500);
  guint n_different = 0;

  for (guint i = 0; i < 100; i++) {
    g_autofree float *out = NULL;

    fail_unless_equals_int (gst_element_set_state (h->element, GST_STATE_NULL),
        GST_STATE_CHANGE_SUCCESS);
    gst_harness_teardown (h);
    h = fixture_sound_denoiser (model, &mono);
    out = fixture_sound_run (h, &mono, in, n, 500);
    n_different += memcmp (out, expected, n * sizeof (float)) != 0;
  }
  fail_unless_equals_int (n_different, 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* A buffer of half a sample. */
GST_START_TEST (test_a_buffer_of_no_whole_samples_is_an_error_that_says_so)
{
  g_autofree gchar *model = fixture_model_share (SHARE);
  GstHarness *h = fixture_sound_denoiser (model, &mono);
  GstBus *bus = gst_bus_new ();
  GstMessage *message;

  gst_element_set_bus (h->element, bus);
  fail_unless_equals_int (gst_harness_push (h, gst_buffer_new_allocate (NULL,
              642, NULL)), GST_FLOW_ERROR);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_unref (message);
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* A buffer that somebody else holds is not written to. */
GST_START_TEST (test_buffers_that_others_hold_are_not_written_to)
{
  g_autofree gchar *model = fixture_model_share (SHARE);
  GstHarness *h = fixture_sound_denoiser (model, &mono);
  GstBuffer *buffer;
  guint n_changed = 0;

  for (guint i = 0; i < 1000; i++)
    values[i] = 0.5f;
  buffer = fixture_sound_buffer (&mono, values, 1000, 0);
  gst_harness_push (h, gst_buffer_ref (buffer));
  gst_harness_push_event (h, gst_event_new_eos ());
  fail_unless_equals_uint64 (pull_all (h, &mono), 1000);
  fail_unless (values[500] < 0.2f);
  fixture_sound_values (&mono, buffer, values);
  for (guint i = 0; i < 1000; i++)
    n_changed += values[i] != 0.5f;
  fail_unless_equals_int (n_changed, 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
aeaudiodenoise_stream_suite (void)
{
  Suite *s = suite_create ("aeaudiodenoise stream");
  TCase *tc = tcase_create ("stream");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, fixture_setup, fixture_teardown);
  tcase_add_test (tc, test_what_came_before_a_discontinuity_is_out_before_it);
  tcase_add_test (tc, test_flush_forgets_the_stream);
  tcase_add_test (tc, test_a_gap_event_lets_out_what_is_left);
  tcase_add_test (tc, test_gaps_pass_untouched_and_remain_gaps);
  tcase_add_test (tc, test_caps_may_change_in_mid_stream);
  tcase_add_test (tc, test_a_new_rate_is_a_new_latency_and_tells_so);
  tcase_add_test (tc, test_strength_can_be_controlled_over_stream_time);
  tcase_add_test (tc, test_another_model_takes_effect_while_playing);
  tcase_add_test (tc, test_a_model_that_is_missing_or_of_another_kind_is_told);
  tcase_add_test (tc, test_a_hundred_starts_give_the_same_samples);
  tcase_add_test (tc,
      test_a_buffer_of_no_whole_samples_is_an_error_that_says_so);
  tcase_add_test (tc, test_buffers_that_others_hold_are_not_written_to);
  return s;
}

GST_CHECK_MAIN (aeaudiodenoise_stream);
