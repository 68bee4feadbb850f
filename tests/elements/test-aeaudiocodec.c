/* aeaudioenc and aeaudiodec: sound in, latents, sound out. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "../core/sound-samples.h"
#include "ae-sound-frame.h"
#include "fixture-sound.h"

enum
{
  PACKET = 320,
  N = 16000 + 77
};

static const Sound floats = { "F32", 16000, 1 };
static const Sound shorts = { "S16", 16000, 1 };

static float in[N], out[2 * N];

/* The shipped model's name is that of a small one here. */
static void
setup (void)
{
  g_autoptr (AeModel) model = sound_model ();
  g_autofree gchar *path = NULL;
  g_autofree gchar *directory = NULL;

  fixture_setup ();
  path = fixture_path ("latent-audio.safetensors");
  directory = g_path_get_dirname (path);
  fail_unless (ae_model_save (model, path, NULL));
  g_setenv ("AE_MODEL_PATH", directory, TRUE);
  fill_sound (in, N, 1);
}

static GstHarness *
new_encoder (const gchar * properties, const Sound * sound)
{
  g_autofree gchar *text = g_strconcat ("aeaudioenc ", properties, NULL);
  GstHarness *h = gst_harness_new_parse (text);

  gst_harness_set_src_caps (h, fixture_sound_caps (sound));
  return h;
}

static GstHarness *
new_decoder (void)
{
  GstHarness *h = gst_harness_new_parse ("aeaudiodec");

  gst_harness_set_src_caps_str (h, "audio/x-ae-latent");
  return h;
}

static void
push_samples (GstHarness * h, const Sound * sound, gsize from, gsize n,
    gsize step)
{
  for (gsize at = from; at < from + n; at += step)
    fail_unless_equals_int (gst_harness_push (h, fixture_sound_buffer (sound,
                in + at, MIN (step, from + n - at),
                gst_util_uint64_scale (at, GST_SECOND, 16000))), GST_FLOW_OK);
}

/* Returns: (transfer full): what comes of @n samples and EOS. */
static GPtrArray *
encode (const gchar * properties, const Sound * sound, gsize n, gsize step)
{
  GstHarness *h = new_encoder (properties, sound);
  GPtrArray *frames = g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_buffer_unref);

  push_samples (h, sound, 0, n, step);
  gst_harness_push_event (h, gst_event_new_eos ());
  for (guint left = gst_harness_buffers_in_queue (h); left > 0; left--)
    g_ptr_array_add (frames, gst_harness_pull (h));
  gst_harness_teardown (h);
  return frames;
}

/* All that is there now, into out; each buffer begins where the one before
 * ended. Returns: how many. */
static gsize
pull_sound (GstHarness * h, const Sound * sound, gsize n)
{
  for (guint left = gst_harness_buffers_in_queue (h); left > 0; left--) {
    GstBuffer *buffer = gst_harness_pull (h);

    fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer),
        gst_util_uint64_scale (n, GST_SECOND, 16000));
    n += fixture_sound_values (sound, buffer, out + n);
  }
  return n;
}

static gsize
decode (GstHarness * h, const GPtrArray * frames, const Sound * sound)
{
  for (guint i = 0; i < frames->len; i++)
    fail_unless_equals_int (gst_harness_push (h,
            gst_buffer_ref (frames->pdata[i])), GST_FLOW_OK);
  gst_harness_push_event (h, gst_event_new_eos ());
  return pull_sound (h, sound, 0);
}

static guint64
get_stat (GstHarness * h, const gchar * element, const gchar * name)
{
  g_autoptr (GstElement) found = gst_harness_find_element (h, element);
  g_autoptr (GstStructure) stats = NULL;
  guint64 value = 0;

  g_object_get (found, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

static gsize
total_bytes (const GPtrArray * frames)
{
  gsize n = 0;

  for (guint i = 0; i < frames->len; i++)
    n += gst_buffer_get_size (frames->pdata[i]);
  return n;
}

GST_START_TEST (test_as_many_samples_come_out_and_on_time)
{
  static const gsize lengths[] = { 1, 160, 320, 640, 5000, N };

  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    for (guint packets = 1; packets <= 10; packets += 9) {
      g_autofree gchar *text = g_strdup_printf ("packets=%u", packets);
      g_autoptr (GPtrArray) frames = encode (text, &floats, lengths[i], 333);
      GstHarness *h = new_decoder ();

      fail_unless_equals_int (frames->len,
          (lengths[i] + packets * PACKET - 1) / (packets * PACKET));
      fail_unless_equals_uint64 (decode (h, frames, &floats), lengths[i]);
      gst_harness_teardown (h);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_sound_is_as_loud_as_it_was_in_both_formats)
{
  for (guint i = 0; i < 2; i++) {
    const Sound *sound = i == 0 ? &floats : &shorts;
    g_autoptr (GPtrArray) frames = encode ("quality=9", sound, N, 1000);
    GstHarness *h = new_decoder ();
    g_autofree gchar *caps = g_strdup_printf ("audio/x-raw, format=%s",
        i == 0 ? GST_AUDIO_NE (F32) : GST_AUDIO_NE (S16));

    gst_harness_set_sink_caps_str (h, caps);
    fail_unless_equals_uint64 (decode (h, frames, sound), N);
    fail_unless (sound_likeness (in, out, N) > 0.95);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (test_how_buffers_are_cut_changes_nothing)
{
  g_autoptr (GPtrArray) large = encode ("quality=5", &floats, N, N);

  for (gsize step = 100; step < 2000; step += 777) {
    g_autoptr (GPtrArray) small = encode ("quality=5", &floats, N, step);

    fail_unless_equals_int (small->len, large->len);
    for (guint i = 0; i < small->len; i++) {
      GstMapInfo map;

      gst_buffer_map (small->pdata[i], &map, GST_MAP_READ);
      fail_unless_equals_uint64 (gst_buffer_get_size (large->pdata[i]),
          map.size);
      fail_unless (gst_buffer_memcmp (large->pdata[i], 0, map.data,
              map.size) == 0);
      gst_buffer_unmap (small->pdata[i], &map);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_latency_is_the_frame_and_10_ms)
{
  GstHarness *e = new_encoder ("packets=3", &floats);
  GstHarness *d = new_decoder ();
  g_autoptr (GPtrArray) frames = encode ("packets=3", &floats, 4000, 1000);

  push_samples (e, &floats, 0, 3 * PACKET - 1, 3 * PACKET - 1);
  fail_unless_equals_int (gst_harness_buffers_in_queue (e), 0);
  push_samples (e, &floats, 3 * PACKET - 1, 1, 1);
  fail_unless_equals_int (gst_harness_buffers_in_queue (e), 1);
  fail_unless_equals_uint64 (gst_harness_query_latency (e), 60 * GST_MSECOND);
  gst_harness_push (d, gst_buffer_ref (frames->pdata[0]));
  fail_unless_equals_uint64 (pull_sound (d, &floats, 0), 3 * PACKET - 160);
  fail_unless_equals_uint64 (gst_harness_query_latency (d), 10 * GST_MSECOND);
  gst_harness_teardown (e);
  gst_harness_teardown (d);
}

GST_END_TEST;

GST_START_TEST (test_bitrate_is_kept)
{
  static const guint rates[] = { 13000, 14000, 15000 };

  for (guint i = 0; i < G_N_ELEMENTS (rates); i++) {
    g_autofree gchar *text = g_strdup_printf ("packets=5 bitrate=%u", rates[i]);
    g_autoptr (GPtrArray) frames = encode (text, &floats, N, N);
    double found = 8.0 * (double) total_bytes (frames) * 16000 / N;

    fail_unless (fabs (found / rates[i] - 1) < 0.1, "%g bit/s of %u", found,
        rates[i]);
  }
}

GST_END_TEST;

GST_START_TEST (test_silence_takes_five_bytes_and_is_silent)
{
  GstHarness *h = new_encoder ("packets=1 key-interval=0", &floats);
  GstHarness *d = new_decoder ();
  guint n_loud = 0;
  gsize n;

  memset (in + 4000, 0, sizeof in - 4000 * sizeof *in);
  push_samples (h, &floats, 0, 50 * PACKET, 1000);
  fail_unless_equals_uint64 (get_stat (h, "aeaudioenc", "frames"), 50);
  fail_unless_equals_uint64 (get_stat (h, "aeaudioenc", "silent-frames"),
      50 - 13);
  for (guint i = 0; i < 50; i++) {
    GstBuffer *buffer = gst_harness_pull (h);

    fail_unless (i < 13 || gst_buffer_get_size (buffer)
        == AE_SOUND_FRAME_LEAST_BYTES);
    gst_harness_push (d, buffer);
  }
  n = pull_sound (d, &floats, 0);
  fail_unless_equals_uint64 (n, 50 * PACKET - 160);
  for (gsize i = 14 * PACKET; i < n; i++)
    n_loud += out[i] != 0.0f;
  fail_unless_equals_int (n_loud, 0);
  gst_harness_teardown (h);
  gst_harness_teardown (d);
}

GST_END_TEST;

/* Every fifth frame does not come, and one is damaged. */
GST_START_TEST (test_lost_frames_are_made_up_for)
{
  g_autoptr (GPtrArray) frames = encode ("packets=1 quality=8 key-interval=10",
      &floats, N, N);
  GstHarness *h = new_decoder ();
  guint n_lost = 0;

  for (guint i = 0; i < frames->len; i++) {
    GstBuffer *buffer = gst_buffer_copy_deep (frames->pdata[i]);

    if (i % 5 == 3) {
      n_lost++;
      gst_buffer_unref (buffer);
      continue;
    }
    if (i == 21)
      gst_buffer_memset (buffer, 3, 0x55, 1);
    GST_BUFFER_FLAG_SET (buffer, i % 5 == 4 ? GST_BUFFER_FLAG_DISCONT : 0);
    fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
  }
  gst_harness_push_event (h, gst_event_new_eos ());
  fail_unless_equals_uint64 (pull_sound (h, &floats, 0), N);
  fail_unless_equals_uint64 (get_stat (h, "aeaudiodec", "lost-packets"),
      n_lost);
  fail_unless_equals_uint64 (get_stat (h, "aeaudiodec", "damaged-packets"), 1);
  fail_unless (sound_likeness (in, out, N) > 0.7);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_a_gap_event_is_filled)
{
  g_autoptr (GPtrArray) frames = encode ("packets=1", &floats, N, N);
  GstHarness *h = new_decoder ();

  for (guint i = 0; i < frames->len; i++) {
    if (i == 10 || i == 11)
      gst_harness_push_event (h, gst_event_new_gap (i * 20 * GST_MSECOND,
              20 * GST_MSECOND));
    else
      gst_harness_push (h, gst_buffer_ref (frames->pdata[i]));
  }
  gst_harness_push_event (h, gst_event_new_eos ());
  fail_unless_equals_uint64 (pull_sound (h, &floats, 0), N);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Pushes 1000 samples from 0 on and 2000 from @start on. */
static void
check_leap (GstClockTime start)
{
  GstHarness *h = new_encoder ("packets=1", &floats);
  GstHarness *d = new_decoder ();
  GstClockTime end = 0;
  gsize n = 0;

  push_samples (h, &floats, 0, 1000, 1000);
  for (guint i = 0; i < 2; i++) {
    GstBuffer *buffer = fixture_sound_buffer (&floats, in, 1000,
        start + i * 62500 * GST_USECOND);

    GST_BUFFER_FLAG_SET (buffer, i == 0 ? GST_BUFFER_FLAG_DISCONT : 0);
    gst_harness_push (h, buffer);
  }
  gst_harness_push_event (h, gst_event_new_eos ());
  for (guint left = gst_harness_buffers_in_queue (h); left > 0; left--)
    gst_harness_push (d, gst_harness_pull (h));
  gst_harness_push_event (d, gst_event_new_eos ());
  for (guint left = gst_harness_buffers_in_queue (d); left > 0; left--) {
    GstBuffer *buffer = gst_harness_pull (d);

    fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer),
        n == 1000 ? start : end);
    end = GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer);
    n += fixture_sound_values (&floats, buffer, out + n);
  }
  fail_unless_equals_uint64 (n, 3000);
  fail_unless_equals_uint64 (end, start + 125 * GST_MSECOND);
  gst_harness_teardown (h);
  gst_harness_teardown (d);
}

/* What came before is out, 10 ms of it late, and time leaps with the sound. */
GST_START_TEST (test_a_leap_in_time_begins_anew)
{
  check_leap (10 * GST_SECOND);
  check_leap (150 * GST_MSECOND);
}

GST_END_TEST;

GST_START_TEST (test_a_flush_forgets_the_stream)
{
  g_autoptr (GPtrArray) frames = encode ("packets=1", &floats, N, N);
  GstHarness *h = new_decoder ();
  GstSegment segment;

  for (guint i = 0; i < 10; i++)
    gst_harness_push (h, gst_buffer_ref (frames->pdata[i]));
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  while (gst_harness_buffers_in_queue (h) > 0)
    gst_buffer_unref (gst_harness_pull (h));
  fail_unless_equals_uint64 (decode (h, frames, &floats), N);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_other_caps_and_other_models_are_refused)
{
  static const Sound stereo = { "F32", 16000, 2 }, fast = { "F32", 48000, 1 };
  g_autofree gchar *path = fixture_path ("latent-audio.safetensors");
  g_autoptr (GstElement) video = gst_element_factory_make ("aevideoenc", NULL);
  GstHarness *h;

  for (guint i = 0; i < 2; i++) {
    h = gst_harness_new ("aeaudioenc");
    gst_harness_set_src_caps (h, fixture_sound_caps (i ? &stereo : &fast));
    fail_unless_equals_int (gst_harness_push (h, fixture_sound_buffer (&floats,
                in, 320, 0)), GST_FLOW_NOT_NEGOTIATED);
    gst_harness_teardown (h);
  }
  gst_object_ref_sink (video);
  g_object_set (video, "model", path, NULL);
  fail_unless_equals_int (gst_element_set_state (video, GST_STATE_PAUSED),
      GST_STATE_CHANGE_FAILURE);
  gst_element_set_state (video, GST_STATE_NULL);
}

GST_END_TEST;

/* Runs @text to its end. */
static void
play (const gchar * text)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (text, &error);
  GstBus *bus;
  GstMessage *message;

  g_assert_no_error (error);
  bus = gst_element_get_bus (pipeline);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      (GstMessageType) (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  fail_unless (message != NULL, "no end: %s", text);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    gst_message_parse_error (message, &error, NULL);
    ck_abort_msg ("%s: %s", text, error->message);
  }
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
}

/* Files, by the typefinder, the parser and their ranks; packets by the RTP
 * payloader; GDP; and next to video. */
GST_START_TEST (test_it_plays_from_files_packets_and_beside_video)
{
  g_autofree gchar *ael = fixture_path ("sound.ael");
  g_autofree gchar *gdp = fixture_path ("sound.gdp");
  g_autofree gchar *raw = fixture_path ("sound.f32");
  const gchar *source = "audiotestsrc num-buffers=25 samplesperbuffer=640 "
      "wave=pink-noise ! audio/x-raw,rate=16000,channels=1 ! aeaudioenc ";
  gchar *texts[] = {
    g_strdup_printf ("%s ! filesink location=%s", source, ael),
    g_strdup_printf ("filesrc location=%s ! decodebin ! audioconvert ! "
        "audio/x-raw,format=F32LE ! filesink location=%s", ael, raw),
    g_strdup_printf ("%s ! gdppay ! filesink location=%s", source, gdp),
    g_strdup_printf ("filesrc location=%s ! gdpdepay ! aeaudiodec ! "
        "audio/x-raw,format=F32LE ! filesink location=%s", gdp, raw),
    g_strdup_printf
        ("%s ! rtpgstpay ! rtpgstdepay ! decodebin ! audioconvert ! "
        "audio/x-raw,format=F32LE ! filesink location=%s", source, raw),
    g_strdup_printf ("filesrc location=%s ! decodebin ! audioconvert ! "
        "audio/x-raw,format=F32LE ! filesink location=%s "
        "videotestsrc num-buffers=10 ! fakesink sync=true", ael, raw)
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autofree gchar *text = texts[i];
    g_autofree gchar *bytes = NULL;
    gsize n;

    play (text);
    if (!strstr (text, raw))
      continue;
    fail_unless (g_file_get_contents (raw, &bytes, &n, NULL));
    fail_unless_equals_uint64 (n, 16000 * sizeof (float));
  }
}

GST_END_TEST;

/* A file with damage anywhere in it: the parser finds the next frame, and time
 * goes on. */
GST_START_TEST (test_a_damaged_file_plays_to_its_end)
{
  g_autoptr (GPtrArray) frames = encode ("packets=2 key-interval=8", &floats, N,
      N);
  g_autoptr (GByteArray) file = g_byte_array_new ();
  AeRng rng;

  for (guint i = 0; i < frames->len; i++) {
    GstMapInfo map;

    gst_buffer_map (frames->pdata[i], &map, GST_MAP_READ);
    g_byte_array_append (file, map.data, (guint) map.size);
    gst_buffer_unmap (frames->pdata[i], &map);
  }
  ae_rng_init (&rng, 1);
  for (guint run = 0; run < 30; run++) {
    GstHarness *h = gst_harness_new_parse ("aeparse ! aeaudiodec");
    g_autofree guint8 *bytes = g_memdup2 (file->data, file->len);
    GstSegment segment;
    gsize n = file->len, got = 0;

    if (run % 3 == 2)
      n = 1 + ae_rng_below (&rng, file->len - 1);
    for (guint i = 0; run > 0 && i < run % 3 + 1; i++)
      bytes[100 + ae_rng_below (&rng, file->len - 100)] ^= 0x41;
    gst_harness_set_src_caps_str (h, "audio/x-ae-latent");
    gst_segment_init (&segment, GST_FORMAT_BYTES);
    gst_harness_push_event (h, gst_event_new_segment (&segment));
    for (gsize at = 0; at < n; at += 50)
      gst_harness_push (h, gst_buffer_new_memdup (bytes + at,
              MIN (50, n - at)));
    gst_harness_push_event (h, gst_event_new_eos ());
    for (guint left = gst_harness_buffers_in_queue (h); left > 0; left--) {
      GstBuffer *buffer = gst_harness_pull (h);

      fail_unless (GST_BUFFER_PTS (buffer) <= GST_SECOND + 5 * GST_MSECOND);
      got += fixture_sound_values (&floats, buffer, out);
    }
    fail_unless (got <= N);
    fail_unless (run > 0 || got == N);
    fail_unless (run % 3 == 2 || got > N - 13 * PACKET);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

static Suite *
aeaudiocodec_suite (void)
{
  Suite *suite = suite_create ("aeaudiocodec");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_checked_fixture (tests, setup, fixture_teardown);
  tcase_add_test (tests, test_as_many_samples_come_out_and_on_time);
  tcase_add_test (tests, test_sound_is_as_loud_as_it_was_in_both_formats);
  tcase_add_test (tests, test_how_buffers_are_cut_changes_nothing);
  tcase_add_test (tests, test_latency_is_the_frame_and_10_ms);
  tcase_add_test (tests, test_bitrate_is_kept);
  tcase_add_test (tests, test_silence_takes_five_bytes_and_is_silent);
  tcase_add_test (tests, test_lost_frames_are_made_up_for);
  tcase_add_test (tests, test_a_gap_event_is_filled);
  tcase_add_test (tests, test_a_leap_in_time_begins_anew);
  tcase_add_test (tests, test_a_flush_forgets_the_stream);
  tcase_add_test (tests, test_other_caps_and_other_models_are_refused);
  tcase_add_test (tests, test_it_plays_from_files_packets_and_beside_video);
  tcase_add_test (tests, test_a_damaged_file_plays_to_its_end);
  return suite;
}

GST_CHECK_MAIN (aeaudiocodec);
