/* aeparse: a file that is played and sought in.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "ae-sound-frame.h"
#include "parse-fixture.h"

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
player_init (Player * player, const GByteArray * bytes)
{
  g_autofree gchar *text = NULL;
  g_autoptr (GstPad) pad = NULL;
  gint fd = g_file_open_tmp ("aeparse-XXXXXX.ael", &player->path, NULL);

  fail_unless (fd >= 0);
  fail_unless (g_close (fd, NULL));
  fail_unless (g_file_set_contents (player->path,
          (const gchar *) bytes->data, bytes->len, NULL));
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
  g_auto (ParseStream) stream = parse_stream_new ();

  for (guint i = 0; i < G_N_ELEMENTS (goals); i++) {
    Player player;

    player_init (&player, stream.bytes);
    for (guint j = 0; j < G_N_ELEMENTS (goals); j++) {
      guint goal = goals[(i + j) % G_N_ELEMENTS (goals)];
      gint64 position = -1;

      fail_unless_equals_uint64 (seek (&player, PARSE_TIME (goal)),
          PARSE_TIME (goal / PARSE_KEY_INTERVAL * PARSE_KEY_INTERVAL));
      fail_unless (gst_element_query_position (player.sink, GST_FORMAT_TIME,
              &position));
      fail_unless_equals_int64 (position,
          PARSE_TIME (goal / PARSE_KEY_INTERVAL * PARSE_KEY_INTERVAL));
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
  g_auto (ParseStream) stream = parse_stream_new ();
  Player player;

  player_init (&player, stream.bytes);
  fail_unless_equals_uint64 (seek_with (&player, PARSE_TIME (31), after),
      PARSE_TIME (40));
  fail_unless_equals_uint64 (seek_with (&player, PARSE_TIME (17), nearest),
      PARSE_TIME (20));
  fail_unless_equals_uint64 (seek_with (&player, PARSE_TIME (13), nearest),
      PARSE_TIME (10));
  /* a decoder gets all from the key frame on, and shows what was asked for */
  fail_unless_equals_uint64 (seek_with (&player, PARSE_TIME (45),
          GST_SEEK_FLAG_ACCURATE), PARSE_TIME (40));
  player_clear (&player);
}

GST_END_TEST;

/* Bytes between frames, and a header that is damaged. */
GST_START_TEST (test_seeking_finds_its_way_past_damage)
{
  g_auto (ParseStream) stream = parse_stream_new ();
  Player player;

  stream.bytes->data[stream.starts[20] + 12] ^= 1;
  stream.bytes->data[stream.starts[33] + 12] ^= 1;
  player_init (&player, stream.bytes);
  fail_unless_equals_uint64 (seek (&player, PARSE_TIME (47)), PARSE_TIME (40));
  fail_unless_equals_uint64 (seek (&player, PARSE_TIME (27)), PARSE_TIME (10));
  player_clear (&player);
}

GST_END_TEST;

static void
play_to_end (Player * player)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (player->pipeline);
  GstMessage *message;

  gst_element_set_state (player->pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  fail_unless_equals_int (GST_MESSAGE_TYPE (message), GST_MESSAGE_EOS);
  gst_message_unref (message);
}

GST_START_TEST (test_a_file_plays_to_its_end)
{
  g_auto (ParseStream) stream = parse_stream_new ();
  g_autoptr (GstSample) sample = NULL;
  Player player;
  gint64 duration;

  player_init (&player, stream.bytes);
  play_to_end (&player);
  g_object_get (player.sink, "last-sample", &sample, NULL);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (gst_sample_get_buffer (sample)),
      PARSE_TIME (PARSE_N_FRAMES - 1));
  fail_unless (gst_element_query_duration (player.pipeline, GST_FORMAT_TIME,
          &duration));
  fail_unless (ABS (duration - (gint64) PARSE_TIME (PARSE_N_FRAMES)) <
      (gint64) PARSE_TIME (PARSE_N_FRAMES / 10), "%" GST_TIME_FORMAT,
      GST_TIME_ARGS (duration));
  player_clear (&player);
}

GST_END_TEST;

/* The thread that asks for a seek leaves alone what the streaming thread has. */
GST_START_TEST (test_a_refused_seek_costs_no_frame)
{
  g_auto (ParseStream) stream = parse_stream_new ();
  Player player;

  player_init (&player, stream.bytes);
  fail_if (gst_element_seek (player.pipeline, 1.0, GST_FORMAT_TIME,
          GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_END, 0, GST_SEEK_TYPE_NONE, -1));
  play_to_end (&player);
  fail_unless_equals_int (player.n, PARSE_N_FRAMES);
  player_clear (&player);
}

GST_END_TEST;

enum
{ N_SOUND = 2000, SOUND_INTERVAL = 160 };

#define SOUND_TIME (100 * GST_SECOND)

/* Sound of 100 s and 5 bytes a frame, but for those with a whole header. Times so
 * far from a key frame are sought by the mean rate. Returns: (transfer full) */
static GByteArray *
make_sound (void)
{
  GByteArray *bytes = g_byte_array_new ();
  AeSoundFrame frame = {.type = AE_FRAME_SKIP,.n_packets = 1,.n_planes = 4,
    .rate_hz = 1,.packet_samples = 100,.number = 1000
  };
  guint n_written = 0;

  for (guint i = 0; i < N_SOUND; i++) {
    frame.begins = i == 0;
    frame.is_short = i % SOUND_INTERVAL > 0;
    n_written += ae_sound_frame_write (&frame, NULL, bytes, NULL);
    frame.number++;
  }
  fail_unless_equals_int (n_written, N_SOUND);
  return bytes;
}

/* The decoder was flushed, though reading goes on where it was. */
GST_START_TEST (test_sound_goes_on_with_a_whole_frame_where_reading_was)
{
  g_autoptr (GByteArray) bytes = make_sound ();
  Player player;

  player_init (&player, bytes);
  seek_with (&player, SOUND_TIME, GST_SEEK_FLAG_NONE);
  fail_unless (player.first_is_key);
  player_clear (&player);
}

GST_END_TEST;

static GstPadProbeReturn
count_times (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  GstClockTime time = GST_BUFFER_PTS (GST_PAD_PROBE_INFO_BUFFER (info));
  guint *n_of = data;

  fail_unless (time < N_SOUND * SOUND_TIME);
  n_of[time / SOUND_TIME]++;
  return GST_PAD_PROBE_OK;
}

/* Read from amid short frames, it begins with the next whole one. Not all releases
 * of the base class play backwards. */
GST_START_TEST (test_sound_that_plays_backwards_keeps_its_times)
{
  const guint goal = N_SOUND / 2;
  const guint whole = (goal / SOUND_INTERVAL + 1) * SOUND_INTERVAL;
  g_autoptr (GByteArray) bytes = make_sound ();
  g_autoptr (GstPad) pad = NULL;
  guint n_of[N_SOUND] = { 0 };
  Player player;

  player_init (&player, bytes);
  play_to_end (&player);
  pad = gst_element_get_static_pad (player.sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, count_times, n_of, NULL);
  if (gst_element_seek (player.pipeline, -1.0, GST_FORMAT_TIME,
          GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, goal * SOUND_TIME,
          GST_SEEK_TYPE_SET, N_SOUND * SOUND_TIME)) {
    play_to_end (&player);
    for (guint i = 0; i < N_SOUND; i++)
      fail_unless (n_of[i] == 1 || (n_of[i] == 0 && i < whole),
          "frame %u: %u times", i, n_of[i]);
  }
  player_clear (&player);
}

GST_END_TEST;

static Suite *
aeparse_seek_suite (void)
{
  Suite *suite = suite_create ("aeparse-seek");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_seeking_in_a_file_goes_to_a_key_frame);
  tcase_add_test (tests, test_seeks_may_go_to_the_key_frame_behind);
  tcase_add_test (tests, test_seeking_finds_its_way_past_damage);
  tcase_add_test (tests, test_a_file_plays_to_its_end);
  tcase_add_test (tests, test_a_refused_seek_costs_no_frame);
  tcase_add_test (tests,
      test_sound_goes_on_with_a_whole_frame_where_reading_was);
  tcase_add_test (tests, test_sound_that_plays_backwards_keeps_its_times);
  return suite;
}

GST_CHECK_MAIN (aeparse_seek);
