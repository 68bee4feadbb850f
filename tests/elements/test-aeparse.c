/* aeparse: one buffer a frame, whatever lies between them.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <gst/base/gsttypefindhelper.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <string.h>

#include "ae-frame.h"
#include "ae-rng.h"

#define N_FRAMES 60
#define KEY_INTERVAL 10
#define H 6
#define W 8
#define LATENT_CAPS "video/x-ae-latent"
#define FRAME_TIME(i) ((i) * GST_SECOND / 25)

/* A stream, and where its frames begin. */
typedef struct
{
  GByteArray *bytes;
  gsize starts[N_FRAMES + 1];
} Stream;

static void
stream_clear (Stream * stream)
{
  g_byte_array_unref (stream->bytes);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stream, stream_clear)
     static Stream make_stream (void)
{
  g_autoptr (AeSymbolModel) model = ae_symbol_model_new (4);
  g_autoptr (AeFrameEncoder) encoder = ae_frame_encoder_new (model);
  g_auto (AeLatents) latents = AE_LATENTS_INIT;
  g_auto (AeLatents) reference = AE_LATENTS_INIT;
  guint8 blocks[H * W] = { AE_BLOCK_INTRA };
  Stream stream = { g_byte_array_new (), {0} };
  guint n_coded = 0;
  AeRng rng;

  ae_rng_init (&rng, 1);
  fail_unless (ae_latents_resize (&latents, 4, H, W, NULL));
  fail_unless (ae_latents_resize (&reference, 4, H, W, NULL));
  for (guint i = 0; i < N_FRAMES; i++) {
    gboolean is_key = i % KEY_INTERVAL == 0;
    AeFrameHeader header = {
      .type = is_key ? AE_FRAME_KEY : AE_FRAME_PREDICTED,.scale_log2 = 3,
      .width = 8 * W - 1,.height = 8 * H,.n_planes = 4,.rate_n = 25,
      .rate_d = 1,.number = 1000 + i,.reference = 1000 + i - !is_key
    };

    for (guint j = 0; j < 4 * H * W; j++)
      latents.data[j] = (gint16) (ae_rng_below (&rng, 9)) - 4;
    n_coded += ae_frame_encode (encoder, &header, &latents,
        is_key ? NULL : &reference, is_key ? NULL : blocks, 0, stream.bytes,
        NULL);
    stream.starts[i + 1] = stream.bytes->len;
  }
  fail_unless_equals_int (n_coded, N_FRAMES);
  return stream;
}

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
pull_frame (GstHarness * h, const Stream * stream, guint i)
{
  GstBuffer *buffer = gst_harness_try_pull (h);
  gsize size = stream->starts[i + 1] - stream->starts[i];

  fail_unless (buffer != NULL, "frame %u is missing", i);
  fail_unless_equals_int (gst_buffer_get_size (buffer), size);
  fail_unless (gst_buffer_memcmp (buffer, 0,
          stream->bytes->data + stream->starts[i], size) == 0);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), FRAME_TIME (i));
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (buffer), FRAME_TIME (1));
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT)
      == (i % KEY_INTERVAL != 0));
  gst_buffer_unref (buffer);
}

GST_START_TEST (test_bytes_of_any_length_become_frames)
{
  static const gsize lengths[] = { 1, 7, 100, 4096, 1 << 20 };
  g_auto (Stream) stream = make_stream ();

  for (guint l = 0; l < G_N_ELEMENTS (lengths); l++) {
    GstHarness *h = new_parser ();
    guint n_refused = 0;

    for (gsize at = 0; at < stream.bytes->len; at += lengths[l])
      n_refused += push (h, stream.bytes->data + at,
          MIN (lengths[l], stream.bytes->len - at)) != GST_FLOW_OK;
    fail_unless_equals_int (n_refused, 0);
    gst_harness_push_event (h, gst_event_new_eos ());
    for (guint i = 0; i < N_FRAMES; i++)
      pull_frame (h, &stream, i);
    fail_unless (gst_harness_try_pull (h) == NULL);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (test_caps_tell_size_and_rate)
{
  g_auto (Stream) stream = make_stream ();
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
  g_auto (Stream) stream = make_stream ();
  GstHarness *h = new_parser ();

  for (guint i = 0; i < N_FRAMES; i++) {
    push (h, stream.bytes->data + stream.starts[i],
        stream.starts[i + 1] - stream.starts[i]);
    pull_frame (h, &stream, i);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_frame_is_passed_over)
{
  g_auto (Stream) stream = make_stream ();
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  GstHarness *h = new_parser ();
  g_autoptr (GstStructure) stats = NULL;
  guint64 n_frames, n_bad;
  AeRng rng;

  ae_rng_init (&rng, 3);
  for (guint i = 0; i < N_FRAMES; i++) {
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
  for (guint i = 0; i < N_FRAMES; i++)
    pull_frame (h, &stream, i);
  fail_unless (gst_harness_try_pull (h) == NULL);
  gst_harness_get (h, "aeparse", "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, "frames", &n_frames)
      && gst_structure_get_uint64 (stats, "bad-frames", &n_bad));
  fail_unless_equals_uint64 (n_frames, N_FRAMES);
  fail_unless (n_bad > N_FRAMES / 2);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_lost_bytes_cost_one_frame_alone)
{
  g_auto (Stream) stream = make_stream ();
  GstHarness *h = new_parser ();
  GstBuffer *buffer;
  gsize lost = stream.starts[4] - 20;

  g_byte_array_remove_range (stream.bytes, (guint) lost, 9);
  for (guint i = 4; i <= N_FRAMES; i++)
    stream.starts[i] -= 9;
  push (h, stream.bytes->data, stream.bytes->len);
  for (guint i = 0; i < N_FRAMES; i++) {
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
  g_auto (Stream) stream = make_stream ();
  GstHarness *h = new_parser ();
  GstBuffer *buffer;

  push (h, stream.bytes->data + stream.starts[4],
      stream.bytes->len - stream.starts[4]);
  fail_unless_equals_int (gst_harness_buffers_in_queue (h),
      N_FRAMES - KEY_INTERVAL);
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
    g_auto (Stream) stream = make_stream ();
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
    fail_unless (n_buffers <= N_FRAMES, "%u buffers", n_buffers);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_newer_major_version_is_an_error)
{
  g_auto (Stream) stream = make_stream ();
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
  g_auto (Stream) stream = make_stream ();
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

/* A stream in a file, in a pipeline that is paused. */
typedef struct
{
  gchar *path;
  GstElement *pipeline, *sink;
  GstClockTime first;           /* time of the first frame since a flush */
  gboolean first_is_key;
  guint n;                      /* frames so far */
} Player;

static GstPadProbeReturn
note_first (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);
  Player *player = data;

  player->n++;
  if (player->first == GST_CLOCK_TIME_NONE) {
    player->first = GST_BUFFER_PTS (buffer);
    player->first_is_key =
        !GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  }
  return GST_PAD_PROBE_OK;
}

static void
player_init (Player * player, const Stream * stream)
{
  g_autofree gchar *text = NULL;
  g_autoptr (GstPad) pad = NULL;
  gint fd = g_file_open_tmp ("aeparse-XXXXXX.ael", &player->path, NULL);

  fail_unless (fd >= 0);
  fail_unless (g_close (fd, NULL));
  fail_unless (g_file_set_contents (player->path,
          (const gchar *) stream->bytes->data, stream->bytes->len, NULL));
  text = g_strdup_printf ("filesrc location=%s ! aeparse"
      " ! fakesink name=sink sync=false", player->path);
  player->pipeline = gst_parse_launch (text, NULL);
  fail_unless (player->pipeline != NULL);
  player->sink = gst_bin_get_by_name (GST_BIN (player->pipeline), "sink");
  player->first = GST_CLOCK_TIME_NONE;
  player->n = 0;
  pad = gst_element_get_static_pad (player->sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, note_first, player, NULL);
  gst_element_set_state (player->pipeline, GST_STATE_PAUSED);
  fail_unless_equals_int (gst_element_get_state (player->pipeline, NULL, NULL,
          10 * GST_SECOND), GST_STATE_CHANGE_SUCCESS);
}

static void
player_clear (Player * player)
{
  gst_element_set_state (player->pipeline, GST_STATE_NULL);
  gst_object_unref (player->sink);
  gst_object_unref (player->pipeline);
  g_unlink (player->path);
  g_free (player->path);
}

/* Seeks, and tells the time of the first frame that a decoder gets then. */
static GstClockTime
seek_with (Player * player, GstClockTime time, GstSeekFlags flags)
{
  player->first = GST_CLOCK_TIME_NONE;
  fail_unless (gst_element_seek_simple (player->pipeline, GST_FORMAT_TIME,
          (GstSeekFlags) (GST_SEEK_FLAG_FLUSH | flags), (gint64) time));
  fail_unless_equals_int (gst_element_get_state (player->pipeline, NULL, NULL,
          10 * GST_SECOND), GST_STATE_CHANGE_SUCCESS);
  return player->first;
}

static GstClockTime
seek (Player * player, GstClockTime time)
{
  GstClockTime first = seek_with (player, time, GST_SEEK_FLAG_KEY_UNIT);

  fail_unless (player->first_is_key);
  return first;
}

/* To the very key frame, be it that the file has not been read so far yet. */
GST_START_TEST (test_seeking_in_a_file_goes_to_a_key_frame)
{
  static const guint goals[] = { 35, 59, 30, 12, 0, 39 };
  g_auto (Stream) stream = make_stream ();

  for (guint i = 0; i < G_N_ELEMENTS (goals); i++) {
    Player player;

    player_init (&player, &stream);
    for (guint j = 0; j < G_N_ELEMENTS (goals); j++) {
      guint goal = goals[(i + j) % G_N_ELEMENTS (goals)];
      gint64 position = -1;

      fail_unless_equals_uint64 (seek (&player, FRAME_TIME (goal)),
          FRAME_TIME (goal / KEY_INTERVAL * KEY_INTERVAL));
      fail_unless (gst_element_query_position (player.sink, GST_FORMAT_TIME,
              &position));
      fail_unless_equals_int64 (position,
          FRAME_TIME (goal / KEY_INTERVAL * KEY_INTERVAL));
    }
    player_clear (&player);
  }
}

GST_END_TEST;

GST_START_TEST (test_seeks_may_go_to_the_key_frame_behind)
{
  const GstSeekFlags after = (GstSeekFlags) (GST_SEEK_FLAG_KEY_UNIT
      | GST_SEEK_FLAG_SNAP_AFTER);
  const GstSeekFlags nearest = (GstSeekFlags) (GST_SEEK_FLAG_KEY_UNIT
      | GST_SEEK_FLAG_SNAP_NEAREST);
  g_auto (Stream) stream = make_stream ();
  Player player;

  player_init (&player, &stream);
  fail_unless_equals_uint64 (seek_with (&player, FRAME_TIME (31), after),
      FRAME_TIME (40));
  fail_unless_equals_uint64 (seek_with (&player, FRAME_TIME (17), nearest),
      FRAME_TIME (20));
  fail_unless_equals_uint64 (seek_with (&player, FRAME_TIME (13), nearest),
      FRAME_TIME (10));
  /* a decoder gets all from the key frame on, and shows what was asked for */
  fail_unless_equals_uint64 (seek_with (&player, FRAME_TIME (45),
          GST_SEEK_FLAG_ACCURATE), FRAME_TIME (40));
  player_clear (&player);
}

GST_END_TEST;

/* Bytes between frames, and a header that is damaged. */
GST_START_TEST (test_seeking_finds_its_way_past_damage)
{
  g_auto (Stream) stream = make_stream ();
  Player player;

  stream.bytes->data[stream.starts[20] + 12] ^= 1;
  stream.bytes->data[stream.starts[33] + 12] ^= 1;
  player_init (&player, &stream);
  fail_unless_equals_uint64 (seek (&player, FRAME_TIME (47)), FRAME_TIME (40));
  fail_unless_equals_uint64 (seek (&player, FRAME_TIME (27)), FRAME_TIME (10));
  player_clear (&player);
}

GST_END_TEST;

GST_START_TEST (test_a_file_plays_to_its_end)
{
  g_auto (Stream) stream = make_stream ();
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstSample) sample = NULL;
  GstMessage *message;
  Player player;
  gint64 duration;

  player_init (&player, &stream);
  bus = gst_element_get_bus (player.pipeline);
  gst_element_set_state (player.pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_EOS);
  gst_message_unref (message);
  g_object_get (player.sink, "last-sample", &sample, NULL);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (gst_sample_get_buffer (sample)),
      FRAME_TIME (N_FRAMES - 1));
  fail_unless (gst_element_query_duration (player.pipeline, GST_FORMAT_TIME,
          &duration));
  fail_unless (ABS (duration - (gint64) FRAME_TIME (N_FRAMES)) <
      (gint64) FRAME_TIME (N_FRAMES / 10), "%" GST_TIME_FORMAT,
      GST_TIME_ARGS (duration));
  player_clear (&player);
}

GST_END_TEST;

/* The thread that asks for a seek leaves alone what the streaming thread has. */
GST_START_TEST (test_a_refused_seek_costs_no_frame)
{
  g_auto (Stream) stream = make_stream ();
  g_autoptr (GstBus) bus = NULL;
  GstMessage *message;
  Player player;

  player_init (&player, &stream);
  bus = gst_element_get_bus (player.pipeline);
  fail_if (gst_element_seek (player.pipeline, 1.0, GST_FORMAT_TIME,
          GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_END, 0, GST_SEEK_TYPE_NONE, -1));
  gst_element_set_state (player.pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_EOS);
  gst_message_unref (message);
  fail_unless_equals_int (player.n, N_FRAMES);
  player_clear (&player);
}

GST_END_TEST;

/* Times that upstream knows are kept, whatever the numbers say. */
GST_START_TEST (test_times_of_upstream_are_kept)
{
  g_auto (Stream) stream = make_stream ();
  GstHarness *h = gst_harness_new ("aeparse");

  gst_harness_set_src_caps_str (h, LATENT_CAPS);
  for (guint i = 3; i < N_FRAMES; i++) {
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
  g_auto (Stream) stream = make_stream ();
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
  tcase_add_test (tests, test_seeking_in_a_file_goes_to_a_key_frame);
  tcase_add_test (tests, test_seeks_may_go_to_the_key_frame_behind);
  tcase_add_test (tests, test_seeking_finds_its_way_past_damage);
  tcase_add_test (tests, test_a_refused_seek_costs_no_frame);
  tcase_add_test (tests, test_a_file_plays_to_its_end);
  tcase_add_test (tests, test_times_of_upstream_are_kept);
  tcase_add_test (tests, test_gdp_and_rtp_carry_every_frame);
  return suite;
}

GST_CHECK_MAIN (aeparse);
