/* Latents that get lost or damaged on their way.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-frame.h"
#include "latent-fixture.h"

enum
{ PART = 900 };

/* What reads them has more of it in tests/core/test-latent-codec.c. */
#define N_SEEDS 30

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

GST_START_TEST (test_parts_fit_into_packets)
{
  g_auto (LatentStream) whole = { 0 };
  g_auto (LatentStream) parts = { 0 };
  gchar *properties = g_strdup_printf ("quality=9 part-size=%d", PART);

  latent_stream_init (&whole, "quality=9");
  latent_stream_init (&parts, properties);
  g_free (properties);
  fail_unless (parts.coded->len > whole.coded->len + 10);
  for (guint i = 0; i < parts.coded->len; i++) {
    GstBuffer *part = g_ptr_array_index (parts.coded, i);

    fail_unless (gst_buffer_get_size (part) <= AE_SLICE_MAX_BYTES + 58);
    fail_unless (GST_BUFFER_PTS_IS_VALID (part));
  }
  for (guint i = 0; i < LATENT_N_FRAMES; i++)
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
  g_auto (LatentStream) s = { 0 };
  GstHarness *dec;
  guint n_out = 0, i_lost = 0, lost;

  latent_stream_init (&s, properties);
  g_free (properties);
  /* the first part of a frame that has several */
  while (latent_frame_of (g_ptr_array_index (s.coded, i_lost)) < 12
      || latent_frame_of (g_ptr_array_index (s.coded, i_lost))
      != latent_frame_of (g_ptr_array_index (s.coded, i_lost + 1)))
    i_lost++;
  lost = latent_frame_of (g_ptr_array_index (s.coded, i_lost));
  fail_unless (lost + REFRESH < LATENT_N_FRAMES);
  dec = latent_fixture_decoder ("");
  for (guint i = 0; i < s.coded->len; i++) {
    GstBuffer *part = g_ptr_array_index (s.coded, i), *out;

    if (i == i_lost)
      continue;
    gst_harness_push (dec, gst_buffer_ref (part));
    while ((out = gst_harness_try_pull (dec)) != NULL) {
      gboolean is_hurt = n_out >= lost && n_out < lost + REFRESH;

      fail_unless_equals_int (latent_frame_of (out), n_out);
      fail_unless (n_out != lost
          || GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_CORRUPTED));
      fail_unless (is_hurt || (latent_stream_likeness (&s, out) > 80
              && !GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_CORRUPTED)),
          "frame %u: %g dB", n_out, latent_stream_likeness (&s, out));
      fail_unless (latent_stream_likeness (&s, out) > 25, "frame %u: %g dB",
          n_out, latent_stream_likeness (&s, out));
      n_out++;
      gst_buffer_unref (out);
    }
  }
  fail_unless_equals_int (n_out, LATENT_N_FRAMES);
  fail_unless (latent_fixture_stat (dec, "aevideodec", "missing-positions")
      > 0);
  gst_harness_teardown (dec);
}

GST_END_TEST;

/* The last part tells that a frame is over; without it the next frame does. */
GST_START_TEST (test_a_frame_without_its_last_part_comes_with_the_next)
{
  g_auto (LatentStream) s = { 0 };
  GstHarness *dec;
  guint n_out = 0;

  latent_stream_init (&s, "quality=7 part-size=900 key-interval=1");
  dec = latent_fixture_decoder ("");
  for (guint i = 0; i + 1 < s.coded->len; i++) {
    GstBuffer *part = g_ptr_array_index (s.coded, i);
    gboolean is_last = latent_frame_of (g_ptr_array_index (s.coded, i + 1))
        != latent_frame_of (part);

    if (latent_frame_of (part) % 3 == 1 && is_last)
      continue;
    gst_harness_push (dec, gst_buffer_ref (part));
  }
  gst_harness_push_event (dec, gst_event_new_eos ());
  while (gst_harness_buffers_in_queue (dec) > 0) {
    GstBuffer *out = gst_harness_pull (dec);

    fail_unless_equals_int (latent_frame_of (out), n_out);
    fail_unless (latent_stream_likeness (&s, out) > 20);
    n_out++;
    gst_buffer_unref (out);
  }
  fail_unless_equals_int (n_out, LATENT_N_FRAMES);
  gst_harness_teardown (dec);
}

GST_END_TEST;

/* Whole frames are lost: the picture before stays for as long as they would have
 * been seen, what refers to them is shown, marked, and a key frame asked for. */
GST_START_TEST (test_lost_frames_are_noticed_and_filled_in)
{
  g_auto (LatentStream) s = { 0 };
  GstHarness *dec;
  GstEvent *event;
  guint n_asked = 0;

  latent_stream_init (&s, "key-interval=20");
  dec = latent_fixture_decoder ("");
  for (guint i = 0; i < s.coded->len; i++) {
    if (i != 5 && i != 6)
      gst_harness_push (dec, gst_buffer_ref (g_ptr_array_index (s.coded, i)));
  }
  fail_unless_equals_int (gst_harness_buffers_in_queue (dec), LATENT_N_FRAMES);
  for (guint i = 0; i < LATENT_N_FRAMES; i++) {
    GstBuffer *out = gst_harness_pull (dec);
    gboolean is_hurt = i >= 5 && i < 20;

    fail_unless_equals_uint64 (GST_BUFFER_PTS (out), i * LATENT_FRAME);
    fail_unless_equals_uint64 (GST_BUFFER_DURATION (out), LATENT_FRAME);
    fail_unless (GST_BUFFER_FLAG_IS_SET (out, GST_BUFFER_FLAG_CORRUPTED)
        == is_hurt);
    fail_unless (is_hurt || latent_stream_likeness (&s, out) > 80);
    fail_unless ((i != 5 && i != 6)
        || latent_fixture_n_different (g_ptr_array_index (s.pictures, 4),
            out) == 0);
    gst_buffer_unref (out);
  }
  while ((event = gst_harness_try_pull_upstream_event (dec)) != NULL) {
    n_asked += gst_video_event_is_force_key_unit (event);
    gst_event_unref (event);
  }
  fail_unless_equals_int (n_asked, 1);
  fail_unless_equals_uint64 (latent_fixture_stat (dec, "aevideodec",
          "lost-references"), 1);
  fail_unless_equals_uint64 (latent_fixture_stat (dec, "aevideodec",
          "repeated-frames"), 2);
  gst_harness_teardown (dec);
}

GST_END_TEST;

/* What a jitter buffer says of a packet of a frame that others come of. */
GST_START_TEST (test_a_gap_within_a_frame_shows_it_once)
{
  g_auto (LatentStream) s = { 0 };
  GstHarness *dec;

  latent_stream_init (&s, "quality=9 part-size=900 key-interval=1");
  dec = latent_fixture_decoder ("");
  for (guint i = 0; i < s.coded->len; i++) {
    GstBuffer *part = g_ptr_array_index (s.coded, i);

    gst_harness_push (dec, gst_buffer_ref (part));
    gst_harness_push_event (dec, gst_event_new_gap (GST_BUFFER_PTS (part),
            LATENT_FRAME));
  }
  fail_unless_equals_int (gst_harness_buffers_in_queue (dec), LATENT_N_FRAMES);
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
    g_auto (LatentStream) s = { 0 };
    GstHarness *dec;
    guint n = 0;

    latent_stream_init (&s, cases[c].properties);
    dec = latent_fixture_decoder ("");
    for (guint i = cases[c].first; i < s.coded->len; i++) {
      GstBuffer *out;

      gst_harness_push (dec, gst_buffer_ref (g_ptr_array_index (s.coded, i)));
      out = gst_harness_try_pull (dec);
      fail_unless ((out != NULL) == (i >= cases[c].shown), "frame %u", i);
      if (out == NULL)
        continue;
      fail_unless (latent_stream_likeness (&s, out) > 80);
      n++;
      gst_buffer_unref (out);
    }
    fail_unless_equals_int (n, LATENT_N_FRAMES - cases[c].shown);
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
  g_auto (LatentStream) s = { 0 };
  guint64 n_bad = 0;

  latent_stream_init (&s, "quality=7 key-interval=10");
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
  g_auto (LatentStream) s = { 0 };
  GstHarness *dec;
  GstBuffer *hurt, *out;
  AeFrameHeader header;
  GstMapInfo map;
  guint n_same_rows = 0;

  latent_stream_init (&s, "quality=9 key-interval=1");
  dec = latent_fixture_decoder ("");
  gst_harness_push (dec, gst_buffer_ref (g_ptr_array_index (s.coded, 19)));
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
  for (guint y = 0; y < LATENT_HEIGHT; y++) {
    GstBuffer *whole = g_ptr_array_index (s.pictures, 20);
    guint8 a[LATENT_WIDTH], b[LATENT_WIDTH];

    gst_buffer_extract (out, y * LATENT_WIDTH, a, LATENT_WIDTH);
    gst_buffer_extract (whole, y * LATENT_WIDTH, b, LATENT_WIDTH);
    n_same_rows += memcmp (a, b, LATENT_WIDTH) == 0;
  }
  fail_unless (n_same_rows >= LATENT_HEIGHT - LATENT_HEIGHT / 4
      && n_same_rows < LATENT_HEIGHT, "%u rows", n_same_rows);
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

/* A tenth of the packets, and never the first ones. */
static GstPadProbeReturn
lose (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  guint *n = data;

  return ++ * n > 10 && *n % 10 == 3 ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

/* Sends frames in real time. Returns: (transfer full): the times of those that
 * came. @n_packets: (out) */
static GArray *
run_with_loss (const gchar * properties, guint * n_packets)
{
  g_autofree gchar *text = g_strdup_printf ("videotestsrc is-live=true "
      "num-buffers=61 pattern=ball ! video/x-raw,format=I420,width=160,"
      "height=120,framerate=30/1 ! aevideoenc key-interval=0 "
      "refresh-interval=15 %s ! rtpgstpay config-interval=1 ! "
      "identity name=loss ! rtpjitterbuffer latency=300 do-lost=true ! rtpgstdepay ! aevideodec ! "
      "fakesink name=sink signal-handoffs=true sync=true", properties);
  GArray *times = g_array_new (FALSE, FALSE, sizeof (GstClockTime));
  GstElement *pipeline = gst_parse_launch (text, NULL);
  g_autoptr (GstElement) loss =
      gst_bin_get_by_name (GST_BIN (pipeline), "loss");
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (loss, "src");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  GstMessage *message;

  *n_packets = 0;
  g_signal_connect (sink, "handoff", G_CALLBACK (count), times);
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, lose, n_packets, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message != NULL && GST_MESSAGE_TYPE (message) ==
      GST_MESSAGE_EOS);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
  return times;
}

/* As many frames come out as went in, each one after the other. */
GST_START_TEST (test_every_frame_comes_out_of_rtp_that_loses_packets)
{
  static const gchar *const cases[] = { "", "quality=9 part-size=600" };

  for (guint c = 0; c < G_N_ELEMENTS (cases); c++) {
    guint n_packets;
    g_autoptr (GArray) times = run_with_loss (cases[c], &n_packets);

    fail_unless (n_packets >= 61);
    fail_unless (times->len == 61, "%u frames of %u packets: %s", times->len,
        n_packets, cases[c]);
    for (guint i = 1; i < times->len; i++) {
      GstClockTimeDiff step = GST_CLOCK_DIFF (g_array_index (times,
              GstClockTime, i - 1), g_array_index (times, GstClockTime, i));

      fail_unless (step > 20 * GST_MSECOND && step < 50 * GST_MSECOND,
          "frame %u after %" GST_STIME_FORMAT, i, GST_STIME_ARGS (step));
    }
  }
}

GST_END_TEST;

static Suite *
aevideocodec_loss_suite (void)
{
  Suite *suite = suite_create ("aevideocodec-loss");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_parts_fit_into_packets);
  tcase_add_test (tests, test_lost_parts_heal_within_the_refresh_interval);
  tcase_add_test (tests,
      test_a_frame_without_its_last_part_comes_with_the_next);
  tcase_add_test (tests, test_lost_frames_are_noticed_and_filled_in);
  tcase_add_test (tests, test_a_gap_within_a_frame_shows_it_once);
  tcase_add_test (tests, test_who_joins_late_waits_for_a_whole_picture);
  tcase_add_test (tests, test_damage_of_any_kind_ends);
  tcase_add_test (tests, test_damage_stays_in_its_slice);
  tcase_add_test (tests, test_every_frame_comes_out_of_rtp_that_loses_packets);
  return suite;
}

GST_CHECK_MAIN (aevideocodec_loss);
