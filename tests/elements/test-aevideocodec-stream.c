/* Latents on their way: loss, damage, carriers, files.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "ae-frame.h"
#include "latent-fixture.h"

enum
{ WIDTH = 176, HEIGHT = 144, N_FRAMES = 40, PART = 900 };

#define N_SEEDS 150

static gchar *model;

static void
setup (void)
{
  fixture_setup ();
  model = latent_fixture_model ();
}

static void
teardown (void)
{
  g_clear_pointer (&model, g_free);
  fixture_teardown ();
}

/* A stream, and what it looks like. */
typedef struct
{
  GstVideoInfo info;
  GPtrArray *coded;             /* of GstBuffer */
  GPtrArray *pictures;          /* of GstBuffer, one for each frame */
} Stream;

static void
free_buffer (gpointer buffer)
{
  gst_buffer_unref (buffer);
}

static void
stream_init (Stream * s, const gchar * properties)
{
  GstHarness *enc, *dec = latent_fixture_decoder ("");

  s->info = fixture_info ("I420", WIDTH, HEIGHT);
  s->coded = g_ptr_array_new_with_free_func (free_buffer);
  s->pictures = g_ptr_array_new_with_free_func (free_buffer);
  enc = latent_fixture_encoder (properties, &s->info);
  for (guint i = 0; i < N_FRAMES; i++) {
    GstBuffer *buffer;

    gst_harness_push (enc, latent_fixture_frame (&s->info, i, FALSE, 3));
    while ((buffer = gst_harness_try_pull (enc)) != NULL) {
      g_ptr_array_add (s->coded, buffer);
      gst_harness_push (dec, gst_buffer_ref (buffer));
    }
    buffer = gst_harness_try_pull (dec);
    fail_unless (buffer != NULL);
    fail_unless_equals_int (gst_harness_buffers_in_queue (dec), 0);
    g_ptr_array_add (s->pictures, buffer);
  }
  gst_harness_teardown (enc);
  gst_harness_teardown (dec);
}

static void
stream_clear (Stream * s)
{
  g_ptr_array_unref (s->coded);
  g_ptr_array_unref (s->pictures);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stream, stream_clear)
     static guint frame_of (GstBuffer * buffer)
{
  return (guint) (GST_BUFFER_PTS (buffer) / LATENT_FRAME);
}

/* How far @picture is from what its frame looks like undamaged. */
static double
likeness (const Stream * s, GstBuffer * picture)
{
  return latent_fixture_psnr (&s->info, picture,
      g_ptr_array_index (s->pictures, frame_of (picture)), 0, WIDTH);
}

GST_START_TEST (test_parts_fit_into_packets)
{
  g_auto (Stream) whole = { 0 };
  g_auto (Stream) parts = { 0 };
  gchar *properties = g_strdup_printf ("quality=9 part-size=%d", PART);

  stream_init (&whole, "quality=9");
  stream_init (&parts, properties);
  g_free (properties);
  fail_unless (parts.coded->len > whole.coded->len + 10);
  for (guint i = 0; i < parts.coded->len; i++) {
    GstBuffer *part = g_ptr_array_index (parts.coded, i);

    fail_unless (gst_buffer_get_size (part) <= AE_SLICE_MAX_BYTES + 58);
    fail_unless (GST_BUFFER_PTS_IS_VALID (part));
  }
  for (guint i = 0; i < N_FRAMES; i++)
    fail_unless_equals_uint64 (latent_fixture_n_different (g_ptr_array_index
            (whole.pictures, i), g_ptr_array_index (parts.pictures, i)), 0);
}

GST_END_TEST;

/* Each frame comes out once, on its time, and is whole again within the refresh
 * interval of the loss. */
GST_START_TEST (test_lost_parts_heal_within_the_refresh_interval)
{
  enum
  { REFRESH = 10 };
  gchar *properties = g_strdup_printf ("quality=9 part-size=%d "
      "key-interval=0 refresh-interval=%d", PART, REFRESH);
  g_auto (Stream) s = { 0 };
  GstHarness *dec;
  guint n_out = 0, i_lost = 0, lost;

  stream_init (&s, properties);
  g_free (properties);
  /* the first part of a frame that has several */
  while (frame_of (g_ptr_array_index (s.coded, i_lost)) < 12
      || frame_of (g_ptr_array_index (s.coded, i_lost))
      != frame_of (g_ptr_array_index (s.coded, i_lost + 1)))
    i_lost++;
  lost = frame_of (g_ptr_array_index (s.coded, i_lost));
  fail_unless (lost + REFRESH < N_FRAMES);
  dec = latent_fixture_decoder ("");
  for (guint i = 0; i < s.coded->len; i++) {
    GstBuffer *part = g_ptr_array_index (s.coded, i), *out;

    if (i == i_lost)
      continue;
    gst_harness_push (dec, gst_buffer_ref (part));
    while ((out = gst_harness_try_pull (dec)) != NULL) {
      gboolean is_hurt = n_out >= lost && n_out < lost + REFRESH;

      fail_unless_equals_int (frame_of (out), n_out);
      fail_unless (n_out != lost
          || GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_CORRUPTED));
      fail_unless (is_hurt || (likeness (&s, out) > 80
              && !GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_CORRUPTED)),
          "frame %u: %g dB", n_out, likeness (&s, out));
      fail_unless (likeness (&s, out) > 25, "frame %u: %g dB", n_out,
          likeness (&s, out));
      n_out++;
      gst_buffer_unref (out);
    }
  }
  fail_unless_equals_int (n_out, N_FRAMES);
  fail_unless (latent_fixture_stat (dec, "aevideodec", "missing-positions")
      > 0);
  gst_harness_teardown (dec);
}

GST_END_TEST;

/* The last part tells that a frame is over; without it the next frame does. */
GST_START_TEST (test_a_frame_without_its_last_part_comes_with_the_next)
{
  g_auto (Stream) s = { 0 };
  GstHarness *dec;
  guint n_out = 0;

  stream_init (&s, "quality=7 part-size=900 key-interval=1");
  dec = latent_fixture_decoder ("");
  for (guint i = 0; i + 1 < s.coded->len; i++) {
    GstBuffer *part = g_ptr_array_index (s.coded, i);
    gboolean is_last = frame_of (g_ptr_array_index (s.coded, i + 1))
        != frame_of (part);

    if (frame_of (part) % 3 == 1 && is_last)
      continue;
    gst_harness_push (dec, gst_buffer_ref (part));
  }
  gst_harness_push_event (dec, gst_event_new_eos ());
  while (gst_harness_buffers_in_queue (dec) > 0) {
    GstBuffer *out = gst_harness_pull (dec);

    fail_unless_equals_int (frame_of (out), n_out);
    fail_unless (likeness (&s, out) > 20);
    n_out++;
    gst_buffer_unref (out);
  }
  fail_unless_equals_int (n_out, N_FRAMES);
  gst_harness_teardown (dec);
}

GST_END_TEST;

/* Whole frames are lost: what refers to them is shown, marked, and a key frame
 * asked for. */
GST_START_TEST (test_lost_frames_are_noticed)
{
  g_auto (Stream) s = { 0 };
  GstHarness *dec;
  GstEvent *event;
  guint n_out = 0, n_asked = 0;

  stream_init (&s, "key-interval=20");
  dec = latent_fixture_decoder ("");
  for (guint i = 0; i < s.coded->len; i++) {
    GstBuffer *out;

    if (i == 5 || i == 6)
      continue;
    gst_harness_push (dec, gst_buffer_ref (g_ptr_array_index (s.coded, i)));
    out = gst_harness_try_pull (dec);
    fail_unless (out != NULL);
    fail_unless (GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_CORRUPTED)
        == (i > 6 && i < 20));
    fail_unless ((i > 6 && i < 20) || likeness (&s, out) > 80);
    n_out++;
    gst_buffer_unref (out);
  }
  while ((event = gst_harness_try_pull_upstream_event (dec)) != NULL) {
    n_asked += gst_video_event_is_force_key_unit (event);
    gst_event_unref (event);
  }
  fail_unless_equals_int (n_out, N_FRAMES - 2);
  fail_unless_equals_int (n_asked, 1);
  fail_unless_equals_uint64 (latent_fixture_stat (dec, "aevideodec",
          "lost-references"), 1);
  gst_harness_teardown (dec);
}

GST_END_TEST;

/* Nothing is shown before all of the picture has been told. */
GST_START_TEST (test_who_joins_late_waits_for_a_whole_picture)
{
  static const struct
  {
    const gchar *properties;
    guint first, shown;
  } cases[] = {
    {"key-interval=10", 13, 20}, {"key-interval=0 refresh-interval=8", 13, 20}
  };

  for (guint c = 0; c < G_N_ELEMENTS (cases); c++) {
    g_auto (Stream) s = { 0 };
    GstHarness *dec;
    guint n = 0;

    stream_init (&s, cases[c].properties);
    dec = latent_fixture_decoder ("");
    for (guint i = cases[c].first; i < s.coded->len; i++) {
      GstBuffer *out;

      gst_harness_push (dec, gst_buffer_ref (g_ptr_array_index (s.coded, i)));
      out = gst_harness_try_pull (dec);
      fail_unless ((out != NULL) == (i >= cases[c].shown), "frame %u", i);
      if (out == NULL)
        continue;
      fail_unless (likeness (&s, out) > 80);
      n++;
      gst_buffer_unref (out);
    }
    fail_unless_equals_int (n, N_FRAMES - cases[c].shown);
    gst_harness_teardown (dec);
  }
}

GST_END_TEST;

/* A flipped byte, a lost or doubled part of the buffer, or its end missing. */
static GstBuffer *
damage (GstBuffer * buffer, GRand * rand)
{
  gsize n = gst_buffer_get_size (buffer);
  guint at = (guint) g_rand_int_range (rand, 0, (gint) n);
  guint8 *data = g_malloc (2 * n);
  GstBuffer *out;

  gst_buffer_extract (buffer, 0, data, n);
  switch (g_rand_int_range (rand, 0, 4)) {
    case 0:
      data[at] ^= (guint8) (1 << g_rand_int_range (rand, 0, 8));
      break;
    case 1:
      n = at;
      break;
    case 2:
      memmove (data + at, data + at + (n - at) / 2, n - at - (n - at) / 2);
      n -= (n - at) / 2;
      break;
    default:
      memmove (data + at + n / 3, data + at, n - at);
      n += n / 3;
  }
  out = gst_buffer_new_wrapped (data, n);
  gst_buffer_copy_into (out, buffer, GST_BUFFER_COPY_METADATA, 0, -1);
  return out;
}

GST_START_TEST (test_damage_of_any_kind_ends)
{
  g_auto (Stream) s = { 0 };
  guint64 n_bad = 0;

  stream_init (&s, "quality=7 key-interval=10");
  for (guint seed = 0; seed < N_SEEDS; seed++) {
    g_autoptr (GRand) rand = g_rand_new_with_seed (seed);
    GstHarness *dec = latent_fixture_decoder ("max-errors=-1");
    GstBuffer *out = NULL;

    for (guint i = 0; i < 20; i++) {
      GstBuffer *coded = g_ptr_array_index (s.coded, i);

      coded = g_rand_int_range (rand, 0, 3) > 0 ? gst_buffer_ref (coded)
          : damage (coded, rand);
      fail_unless_equals_int (gst_harness_push (dec, coded), GST_FLOW_OK);
      while ((out = gst_harness_try_pull (dec)) != NULL) {
        fail_unless_equals_uint64 (gst_buffer_get_size (out),
            GST_VIDEO_INFO_SIZE (&s.info));
        gst_buffer_unref (out);
      }
    }
    n_bad += latent_fixture_stat (dec, "aevideodec", "bad-slices")
        + latent_fixture_stat (dec, "aevideodec", "bad-frames");
    gst_harness_teardown (dec);
  }
  fail_unless (n_bad > 5 * N_SEEDS);
}

GST_END_TEST;

/* One slice of a key frame has a wrong byte: the rest of the picture is as it
 * was, and the slice is counted. */
GST_START_TEST (test_damage_stays_in_its_slice)
{
  g_auto (Stream) s = { 0 };
  GstHarness *dec;
  GstBuffer *hurt, *out;
  AeFrameHeader header;
  GstMapInfo map;
  guint n_same_rows = 0;

  stream_init (&s, "quality=9 key-interval=1");
  dec = latent_fixture_decoder ("");
  gst_harness_push (dec, gst_buffer_ref (g_ptr_array_index (s.coded, 0)));
  gst_buffer_unref (gst_harness_pull (dec));
  hurt = gst_buffer_copy_deep (g_ptr_array_index (s.coded, 20));
  gst_buffer_map (hurt, &map, GST_MAP_READWRITE);
  fail_unless (ae_frame_header_parse (map.data, map.size, &header, NULL));
  fail_unless (header.n_slices > 4);
  map.data[header.header_bytes + ae_frame_slice_bytes (&header, 0) + 40] ^= 4;
  gst_buffer_unmap (hurt, &map);
  out = gst_harness_push_and_pull (dec, hurt);
  fail_unless_equals_uint64 (latent_fixture_stat (dec, "aevideodec",
          "bad-slices"), 1);
  for (guint y = 0; y < HEIGHT; y++) {
    GstBuffer *whole = g_ptr_array_index (s.pictures, 20);
    guint8 a[WIDTH], b[WIDTH];

    gst_buffer_extract (out, y * WIDTH, a, WIDTH);
    gst_buffer_extract (whole, y * WIDTH, b, WIDTH);
    n_same_rows += memcmp (a, b, WIDTH) == 0;
  }
  fail_unless (n_same_rows >= HEIGHT - HEIGHT / 4 && n_same_rows < HEIGHT,
      "%u rows", n_same_rows);
  gst_buffer_unref (out);
  gst_harness_teardown (dec);
}

GST_END_TEST;

static void
count (GstElement * sink, GstBuffer * buffer, GstPad * pad, gpointer data)
{
  GArray *times = data;

  g_array_append_val (times, GST_BUFFER_PTS (buffer));
}

/* Runs @text to its end. Returns: (transfer full): the times of the buffers
 * that came to `sink`. */
static GArray *
run (const gchar * text)
{
  GArray *times = g_array_new (FALSE, FALSE, sizeof (GstClockTime));
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (text, &error);
  GstElement *sink = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;

  g_assert_no_error (error);
  if (g_str_has_prefix (text, "playbin"))
    g_object_get (pipeline, "video-sink", &sink, NULL);
  else
    sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  if (sink) {
    g_object_set (sink, "signal-handoffs", TRUE, "sync", FALSE, NULL);
    g_signal_connect (sink, "handoff", G_CALLBACK (count), times);
    gst_object_unref (sink);
  }
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL, "%s", text);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  fail_unless (error == NULL, "%s: %s", text, error ? error->message : "");
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return times;
}

#define SOURCE "videotestsrc num-buffers=30 pattern=ball ! " \
    "video/x-raw,format=I420,width=160,height=120,framerate=25/1 ! "

/* Writes a file of 30 frames. Returns: (transfer full): its path. */
static gchar *
make_file (const gchar * name, const gchar * text)
{
  gchar *path = fixture_path (name);
  g_autofree gchar *whole = g_strdup_printf (SOURCE "%s ! filesink "
      "location=%s", text, path);

  g_array_unref (run (whole));
  return path;
}

static void
check_times (const gchar * text)
{
  g_autoptr (GArray) times = run (text);

  fail_unless (times->len == 30, "%u frames: %s", times->len, text);
  for (guint i = 0; i < times->len; i++)
    fail_unless_equals_uint64 (g_array_index (times, GstClockTime, i),
        i * LATENT_FRAME);
}

GST_START_TEST (test_files_play_by_themselves)
{
  g_autofree gchar *path = make_file ("test.ael", "aevideoenc");
  g_autofree gchar *plain = g_strdup_printf ("filesrc location=%s ! decodebin "
      "! video/x-raw ! fakesink name=sink", path);
  g_autofree gchar *third = g_strdup_printf ("filesrc location=%s ! decodebin3 "
      "! video/x-raw ! fakesink name=sink", path);
  g_autofree gchar *uri = g_strdup_printf ("uridecodebin uri=file://%s "
      "! video/x-raw ! fakesink name=sink", path);
  g_autofree gchar *play = g_strdup_printf ("playbin uri=file://%s "
      "video-sink=\"fakesink name=sink\"", path);

  check_times (plain);
  check_times (third);
  check_times (uri);
  check_times (play);
}

GST_END_TEST;

GST_START_TEST (test_carriers_bring_every_frame)
{
  g_autofree gchar *gdp = make_file ("test.gdp", "aevideoenc ! gdppay");
  g_autofree gchar *gdp_text = g_strdup_printf ("filesrc location=%s ! gdpdepay"
      " ! aevideodec ! fakesink name=sink", gdp);

  check_times (gdp_text);
  check_times (SOURCE "aevideoenc ! rtpgstpay config-interval=1 ! rtpgstdepay "
      "! aevideodec ! fakesink name=sink");
  check_times (SOURCE "aevideoenc part-size=1300 ! rtpgstpay config-interval=1 "
      "! application/x-rtp ! decodebin ! video/x-raw ! fakesink name=sink");
}

GST_END_TEST;

GST_START_TEST (test_mp4_plays_with_sound_beside)
{
  g_autofree gchar *path = fixture_path ("test.mp4");
  g_autofree gchar *make = g_strdup_printf (SOURCE "aevideoenc ! mux. "
      "audiotestsrc num-buffers=50 ! lamemp3enc ! mux. mp4mux name=mux ! filesink "
      "location=%s", path);
  g_autofree gchar *video = g_strdup_printf ("filesrc location=%s ! qtdemux "
      "name=d d.video_0 ! queue ! decodebin ! video/x-raw ! fakesink name=sink "
      "d.audio_0 ! queue ! decodebin ! audio/x-raw ! fakesink sync=false",
      path);

  g_array_unref (run (make));
  check_times (video);
}

GST_END_TEST;

/* The first seconds of packets never came. */
GST_START_TEST (test_who_joins_rtp_late_sees_the_rest)
{
  g_auto (Stream) s = { 0 };
  GstHarness *pay = gst_harness_new_parse ("rtpgstpay config-interval=1");
  GstHarness *dec = gst_harness_new_parse ("rtpgstdepay ! aevideodec");
  GstBuffer *buffer;
  guint n_out = 0;

  stream_init (&s, "key-interval=10 part-size=1300");
  gst_harness_set_src_caps_str (pay, "video/x-ae-latent");
  gst_harness_set_src_caps_str (dec, "application/x-rtp, media=application, "
      "clock-rate=90000, encoding-name=X-GST, payload=96");
  for (guint i = 0; i < s.coded->len; i++) {
    GstBuffer *coded = g_ptr_array_index (s.coded, i);

    gst_harness_push (pay, gst_buffer_ref (coded));
    while ((buffer = gst_harness_try_pull (pay)) != NULL) {
      if (frame_of (coded) < 13)
        gst_buffer_unref (buffer);
      else
        gst_harness_push (dec, buffer);
    }
  }
  while ((buffer = gst_harness_try_pull (dec)) != NULL) {
    fail_unless (likeness (&s, buffer) > 80);
    n_out++;
    gst_buffer_unref (buffer);
  }
  /* caps come each second, key frames each ten frames */
  fail_unless_equals_int (n_out, N_FRAMES - 30);
  gst_harness_teardown (pay);
  gst_harness_teardown (dec);
}

GST_END_TEST;

GST_START_TEST (test_seeking_goes_to_a_key_frame)
{
  g_autofree gchar *path = make_file ("test.ael", "aevideoenc key-interval=5");
  g_autofree gchar *text = g_strdup_printf ("filesrc location=%s ! decodebin ! "
      "video/x-raw ! fakesink name=sink sync=false", path);
  GstElement *pipeline = gst_parse_launch (text, NULL);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstSample) sample = NULL;

  gst_element_set_state (pipeline, GST_STATE_PAUSED);
  fail_unless (gst_element_get_state (pipeline, NULL, NULL, 20 * GST_SECOND)
      == GST_STATE_CHANGE_SUCCESS);
  fail_unless (gst_element_seek_simple (pipeline, GST_FORMAT_TIME,
          GST_SEEK_FLAG_FLUSH | GST_SEEK_FLAG_KEY_UNIT, 12 * LATENT_FRAME));
  fail_unless (gst_element_get_state (pipeline, NULL, NULL, 20 * GST_SECOND)
      == GST_STATE_CHANGE_SUCCESS);
  g_object_get (sink, "last-sample", &sample, NULL);
  fail_unless (frame_of (gst_sample_get_buffer (sample)) >= 10
      && frame_of (gst_sample_get_buffer (sample)) <= 12, "frame %u",
      frame_of (gst_sample_get_buffer (sample)));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}

GST_END_TEST;

static Suite *
aevideocodec_stream_suite (void)
{
  Suite *suite = suite_create ("aevideocodec-stream");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_parts_fit_into_packets);
  tcase_add_test (tests, test_lost_parts_heal_within_the_refresh_interval);
  tcase_add_test (tests,
      test_a_frame_without_its_last_part_comes_with_the_next);
  tcase_add_test (tests, test_lost_frames_are_noticed);
  tcase_add_test (tests, test_who_joins_late_waits_for_a_whole_picture);
  tcase_add_test (tests, test_damage_of_any_kind_ends);
  tcase_add_test (tests, test_damage_stays_in_its_slice);
  tcase_add_test (tests, test_files_play_by_themselves);
  tcase_add_test (tests, test_carriers_bring_every_frame);
  tcase_add_test (tests, test_mp4_plays_with_sound_beside);
  tcase_add_test (tests, test_who_joins_rtp_late_sees_the_rest);
  tcase_add_test (tests, test_seeking_goes_to_a_key_frame);
  return suite;
}

GST_CHECK_MAIN (aevideocodec_stream);
