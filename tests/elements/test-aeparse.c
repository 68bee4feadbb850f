/* aeparse: one buffer a frame, whatever lies between them.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <gst/base/gsttypefindhelper.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <string.h>

#include "ae-frame.h"
#include "ae-rng.h"
#include "parse-fixture.h"

#define LATENT_CAPS "video/x-ae-latent"

static GstHarness *
new_parser (void)
{
  GstHarness *h = gst_harness_new ("aeparse");
  GstSegment segment;

  gst_harness_set_src_caps_str (h, LATENT_CAPS);
  gst_segment_init (&segment, GST_FORMAT_BYTES);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  return h;
}

static GstFlowReturn
push (GstHarness * h, const guint8 * data, gsize n)
{
  return gst_harness_push (h, gst_buffer_new_memdup (data, n));
}

/* Checks that the next buffer is frame @i as a whole. */
static void
pull_frame (GstHarness * h, const ParseStream * stream, guint i)
{
  GstBuffer *buffer = gst_harness_try_pull (h);
  gsize size = stream->starts[i + 1] - stream->starts[i];

  fail_unless (buffer != NULL, "frame %u is missing", i);
  fail_unless_equals_int (gst_buffer_get_size (buffer), size);
  fail_unless (gst_buffer_memcmp (buffer, 0,
          stream->bytes->data + stream->starts[i], size) == 0);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), PARSE_TIME (i));
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (buffer), PARSE_TIME (1));
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT)
      == (i % PARSE_KEY_INTERVAL != 0));
  gst_buffer_unref (buffer);
}

GST_START_TEST (test_bytes_of_any_length_become_frames)
{
  static const gsize lengths[] = { 1, 7, 100, 4096, 1 << 20 };
  g_auto (ParseStream) stream = parse_stream_new ();

  for (guint l = 0; l < G_N_ELEMENTS (lengths); l++) {
    GstHarness *h = new_parser ();
    guint n_refused = 0;

    for (gsize at = 0; at < stream.bytes->len; at += lengths[l])
      n_refused += push (h, stream.bytes->data + at,
          MIN (lengths[l], stream.bytes->len - at)) != GST_FLOW_OK;
    fail_unless_equals_int (n_refused, 0);
    gst_harness_push_event (h, gst_event_new_eos ());
    for (guint i = 0; i < PARSE_N_FRAMES; i++)
      pull_frame (h, &stream, i);
    fail_unless (gst_harness_try_pull (h) == NULL);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (test_caps_tell_size_and_rate)
{
  g_auto (ParseStream) stream = parse_stream_new ();
  GstHarness *h = new_parser ();
  g_autoptr (GstCaps) caps = NULL;
  g_autoptr (GstCaps) expected = gst_caps_from_string (LATENT_CAPS
      ", parsed = true, framed = true, width = 63, height = 48,"
      "framerate = 25/1");

  push (h, stream.bytes->data, stream.starts[2]);
  caps = gst_pad_get_current_caps (h->sinkpad);
  fail_unless (gst_caps_is_equal (caps, expected), "%" GST_PTR_FORMAT, caps);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_a_frame_goes_out_as_soon_as_it_is_whole)
{
  g_auto (ParseStream) stream = parse_stream_new ();
  GstHarness *h = new_parser ();

  for (guint i = 0; i < PARSE_N_FRAMES; i++) {
    push (h, stream.bytes->data + stream.starts[i],
        stream.starts[i + 1] - stream.starts[i]);
    pull_frame (h, &stream, i);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_frame_is_passed_over)
{
  g_auto (ParseStream) stream = parse_stream_new ();
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  GstHarness *h = new_parser ();
  g_autoptr (GstStructure) stats = NULL;
  guint64 n_frames, n_bad;
  AeRng rng;

  ae_rng_init (&rng, 3);
  for (guint i = 0; i < PARSE_N_FRAMES; i++) {
    guint n = ae_rng_below (&rng, 400);

    /* A start of a frame, then noise. */
    g_byte_array_append (bytes, stream.bytes->data, ae_rng_below (&rng, 50));
    for (guint j = 0; j < n; j++) {
      guint8 byte = (guint8) ae_rng_below (&rng, 256);

      g_byte_array_append (bytes, &byte, 1);
    }
    g_byte_array_append (bytes, stream.bytes->data + stream.starts[i],
        (guint) (stream.starts[i + 1] - stream.starts[i]));
  }
  fail_unless_equals_int (push (h, bytes->data, bytes->len), GST_FLOW_OK);
  gst_harness_push_event (h, gst_event_new_eos ());
  for (guint i = 0; i < PARSE_N_FRAMES; i++)
    pull_frame (h, &stream, i);
  fail_unless (gst_harness_try_pull (h) == NULL);
  gst_harness_get (h, "aeparse", "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, "frames", &n_frames)
      && gst_structure_get_uint64 (stats, "bad-frames", &n_bad));
  fail_unless_equals_uint64 (n_frames, PARSE_N_FRAMES);
  fail_unless (n_bad > PARSE_N_FRAMES / 2);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_lost_bytes_cost_one_frame_alone)
{
  g_auto (ParseStream) stream = parse_stream_new ();
  GstHarness *h = new_parser ();
  GstBuffer *buffer;
  gsize lost = stream.starts[4] - 20;

  g_byte_array_remove_range (stream.bytes, (guint) lost, 9);
  for (guint i = 4; i <= PARSE_N_FRAMES; i++)
    stream.starts[i] -= 9;
  push (h, stream.bytes->data, stream.bytes->len);
  for (guint i = 0; i < PARSE_N_FRAMES; i++) {
    if (i != 3) {
      pull_frame (h, &stream, i);
      continue;
    }
    buffer = gst_harness_pull (h);
    fail_unless_equals_int (gst_buffer_get_size (buffer),
        stream.starts[4] - stream.starts[3]);
    gst_buffer_unref (buffer);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_frames_before_the_first_key_frame_are_dropped)
{
  g_auto (ParseStream) stream = parse_stream_new ();
  GstHarness *h = new_parser ();
  GstBuffer *buffer;

  push (h, stream.bytes->data + stream.starts[4],
      stream.bytes->len - stream.starts[4]);
  fail_unless_equals_int (gst_harness_buffers_in_queue (h),
      PARSE_N_FRAMES - PARSE_KEY_INTERVAL);
  buffer = gst_harness_pull (h);
  fail_if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT));
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Every damage ends, with no more frames than there were. */
GST_START_TEST (test_damage_of_any_kind_ends)
{
  for (guint seed = 0; seed < 300; seed++) {
    g_auto (ParseStream) stream = parse_stream_new ();
    GstHarness *h = new_parser ();
    guint n_flips, n = stream.bytes->len, n_buffers;
    AeRng rng;

    ae_rng_init (&rng, seed);
    n_flips = ae_rng_below (&rng, 200);
    for (guint i = 0; i < n_flips; i++)
      stream.bytes->data[ae_rng_below (&rng, n)] ^=
          (guint8) (1 << ae_rng_below (&rng, 8));
    if (seed % 2 == 1)
      n = 1 + ae_rng_below (&rng, n);
    fail_unless_equals_int (push (h, stream.bytes->data, n), GST_FLOW_OK);
    gst_harness_push_event (h, gst_event_new_eos ());
    n_buffers = gst_harness_buffers_in_queue (h);
    fail_unless (n_buffers <= PARSE_N_FRAMES, "%u buffers", n_buffers);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_newer_major_version_is_an_error)
{
  g_auto (ParseStream) stream = parse_stream_new ();
  GstHarness *h = new_parser ();
  GstBus *bus = gst_bus_new ();
  GstMessage *message;
  g_autoptr (GError) error = NULL;

  gst_element_set_bus (h->element, bus);
  stream.bytes->data[4] = AE_FRAME_MAJOR + 1;
  ae_slice_seal (stream.bytes->data, stream.bytes->data[6], 0);
  fail_unless_equals_int (push (h, stream.bytes->data, stream.bytes->len),
      GST_FLOW_ERROR);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_STREAM_ERROR,
          GST_STREAM_ERROR_WRONG_TYPE));
  gst_message_unref (message);
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

static GstCaps *
find_type (const guint8 * data, gsize n, GstTypeFindProbability * probability)
{
  return gst_type_find_helper_for_data (NULL, data, n, probability);
}

GST_START_TEST (test_the_type_is_found)
{
  g_auto (ParseStream) stream = parse_stream_new ();
  GstTypeFindProbability probability;
  g_autoptr (GstCaps) two =
      find_type (stream.bytes->data, stream.bytes->len, &probability);
  g_autoptr (GstCaps) one = NULL;
  g_autoptr (GstCaps) none = NULL;

  fail_unless (two != NULL);
  fail_unless_equals_string (gst_structure_get_name (gst_caps_get_structure
          (two, 0)), LATENT_CAPS);
  fail_unless_equals_int (probability, GST_TYPE_FIND_MAXIMUM);
  one = find_type (stream.bytes->data, stream.starts[1], &probability);
  fail_unless (one != NULL);
  fail_unless_equals_int (probability, GST_TYPE_FIND_LIKELY);
  stream.bytes->data[20] ^= 1;
  none = find_type (stream.bytes->data, stream.bytes->len, &probability);
  fail_unless (none == NULL || !gst_structure_has_name
      (gst_caps_get_structure (none, 0), LATENT_CAPS));
}

GST_END_TEST;

/* Times that upstream knows are kept, whatever the numbers say. */
GST_START_TEST (test_times_of_upstream_are_kept)
{
  g_auto (ParseStream) stream = parse_stream_new ();
  GstHarness *h = gst_harness_new ("aeparse");

  gst_harness_set_src_caps_str (h, LATENT_CAPS);
  for (guint i = 3; i < PARSE_N_FRAMES; i++) {
    GstBuffer *buffer = gst_buffer_new_memdup (stream.bytes->data
        + stream.starts[i], stream.starts[i + 1] - stream.starts[i]);

    GST_BUFFER_PTS (buffer) = i * GST_SECOND;
    gst_harness_push (h, buffer);
    buffer = gst_harness_try_pull (h);
    fail_unless (buffer != NULL);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), i * GST_SECOND);
    gst_buffer_unref (buffer);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

static void
collect (GstElement * sink, GstBuffer * buffer, GstPad * pad, gpointer data)
{
  GstMapInfo map;

  fail_unless (gst_buffer_map (buffer, &map, GST_MAP_READ));
  g_byte_array_append (data, map.data, (guint) map.size);
  gst_buffer_unmap (buffer, &map);
}

/* What comes out behind @carrier is what was in the file, bit by bit. */
static void
check_carrier (const gchar * carrier)
{
  g_auto (ParseStream) stream = parse_stream_new ();
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree gchar *path = NULL;
  g_autofree gchar *text = NULL;
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstBus) bus = NULL;
  GstMessage *message;
  gint fd = g_file_open_tmp ("aeparse-XXXXXX.ael", &path, NULL);

  fail_unless (g_close (fd, NULL));
  fail_unless (g_file_set_contents (path, (const gchar *) stream.bytes->data,
          stream.bytes->len, NULL));
  text = g_strdup_printf ("filesrc location=%s ! aeparse ! %s ! aeparse"
      " ! fakesink name=sink sync=false signal-handoffs=true", path, carrier);
  pipeline = gst_parse_launch (text, NULL);
  fail_unless (pipeline != NULL);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_signal_connect (sink, "handoff", G_CALLBACK (collect), bytes);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL
      && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS, "%s", carrier);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  g_unlink (path);
  fail_unless_equals_int (bytes->len, stream.bytes->len);
  fail_unless (memcmp (bytes->data, stream.bytes->data, bytes->len) == 0,
      "%s", carrier);
}

GST_START_TEST (test_gdp_and_rtp_carry_every_frame)
{
  check_carrier ("gdppay ! gdpdepay");
  check_carrier ("rtpgstpay config-interval=1 ! rtpgstdepay");
}

GST_END_TEST;

static Suite *
aeparse_suite (void)
{
  Suite *suite = suite_create ("aeparse");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_bytes_of_any_length_become_frames);
  tcase_add_test (tests, test_caps_tell_size_and_rate);
  tcase_add_test (tests, test_a_frame_goes_out_as_soon_as_it_is_whole);
  tcase_add_test (tests, test_what_is_no_frame_is_passed_over);
  tcase_add_test (tests, test_lost_bytes_cost_one_frame_alone);
  tcase_add_test (tests, test_frames_before_the_first_key_frame_are_dropped);
  tcase_add_test (tests, test_damage_of_any_kind_ends);
  tcase_add_test (tests, test_a_newer_major_version_is_an_error);
  tcase_add_test (tests, test_the_type_is_found);
  tcase_add_test (tests, test_times_of_upstream_are_kept);
  tcase_add_test (tests, test_gdp_and_rtp_carry_every_frame);
  return suite;
}

GST_CHECK_MAIN (aeparse);
