/* aeaudiocorrupt: what it does to samples. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/audio/audio.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <math.h>

static const gchar *const types[] = {
  "gaussian", "white", "pink", "hum", "clicks", "salt-pepper", "masking",
  "dropout", "reverberation"
};

static GstHarness *
corrupter (const gchar * type, gdouble level, const gchar * caps)
{
  GstElement *element = gst_element_factory_make ("aeaudiocorrupt", NULL);
  GstHarness *h;

  gst_util_set_object_arg (G_OBJECT (element), "type", type);
  g_object_set (element, "level", level, NULL);
  h = gst_harness_new_with_element (element, "sink", "src");
  gst_object_unref (element);
  gst_harness_set_src_caps_str (h, caps);
  return h;
}

static gchar *
caps_text (const gchar * format, guint rate, guint channels)
{
  return g_strdup_printf ("audio/x-raw,format=%s,rate=%u,channels=%u,"
      "channel-mask=(bitmask)0,layout=interleaved", format, rate, channels);
}

/* @n floats of @value. */
static GstBuffer *
flat (gsize n, float value)
{
  float *samples = g_new (float, n);
  GstBuffer *buffer;

  for (gsize i = 0; i < n; i++)
    samples[i] = value;
  buffer = gst_buffer_new_wrapped (samples, n * sizeof (float));
  GST_BUFFER_PTS (buffer) = 0;
  return buffer;
}

/* What becomes of @n floats of 0.1 in buffers of @step samples. */
static float *
corrupted (const gchar * type, guint64 seed, guint channels, gsize n,
    gsize step)
{
  g_autofree gchar *caps = caps_text (GST_AUDIO_NE (F32), 16000, channels);
  GstHarness *h = corrupter (type, -1.0, caps);
  float *out = g_new (float, n * channels);

  g_object_set (h->element, "seed", seed, NULL);
  for (gsize i = 0; i < n; i += step) {
    const gsize size = MIN (step, n - i) * channels;
    GstBuffer *buffer = gst_harness_push_and_pull (h, flat (size, 0.1f));

    fail_unless_equals_uint64 (gst_buffer_extract (buffer, 0,
            out + i * channels, size * sizeof (float)), size * sizeof (float));
    gst_buffer_unref (buffer);
  }
  gst_harness_teardown (h);
  return out;
}

static guint
n_equal (const float *a, const float *b, gsize n)
{
  guint n_same = 0;

  for (gsize i = 0; i < n; i++)
    n_same += memcmp (a + i, b + i, sizeof *a) == 0;
  return n_same;
}

GST_START_TEST (test_samples_depend_on_the_seed_and_not_on_buffer_sizes)
{
  const gchar *type = types[__i__];
  g_autofree float *whole = corrupted (type, 5, 2, 20000, 20000);
  g_autofree float *parts = corrupted (type, 5, 2, 20000, 333);
  g_autofree float *other = corrupted (type, 6, 2, 20000, 20000);

  fail_unless_equals_int (n_equal (whole, parts, 40000), 40000);
  fail_unless (n_equal (whole, other, 40000) < 40000);
}

GST_END_TEST;

GST_START_TEST (test_channels_have_noise_of_their_own)
{
  g_autofree float *out = corrupted ("gaussian", 1, 8, 10000, 1000);
  guint n_same = 0;

  for (guint c = 1; c < 8; c++) {
    for (guint i = 0; i < 10000; i++)
      n_same += out[8 * i + c] == out[8 * i];
  }
  fail_unless (n_same < 100, "%u samples are equal", n_same);
}

GST_END_TEST;

/* Root mean square of what is added to silence. */
static double
level_of (GstBuffer * buffer, GstAudioFormat format)
{
  GstMapInfo map;
  double sum = 0.0;
  gsize n;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  n = format == GST_AUDIO_FORMAT_F32 ? map.size / 4 : map.size / 2;
  for (gsize i = 0; i < n; i++) {
    const double x = format == GST_AUDIO_FORMAT_F32 ?
        (double) ((float *) map.data)[i] : ((gint16 *) map.data)[i] / 32768.0;

    sum += x * x;
  }
  gst_buffer_unmap (buffer, &map);
  return sqrt (sum / (double) n);
}

GST_START_TEST (test_every_format_rate_and_channel_number_gets_the_level)
{
  static const guint rates[] = { 8000, 22050, 44100, 96000, 192000 };
  static const gchar *formats[] = { GST_AUDIO_NE (F32), GST_AUDIO_NE (S16) };

  for (guint i = 0; i < G_N_ELEMENTS (rates) * G_N_ELEMENTS (formats); i++) {
    const guint channels = 1 + i % 8;
    const GstAudioFormat format = gst_audio_format_from_string (formats[i % 2]);
    const gsize size = format == GST_AUDIO_FORMAT_F32 ? 4 : 2;
    g_autofree gchar *caps = caps_text (formats[i % 2], rates[i / 2], channels);
    GstHarness *h = corrupter ("pink", 0.05, caps);
    GstBuffer *buffer = gst_buffer_new_allocate (NULL,
        channels * size * rates[i / 2] * 2, NULL);
    double level;

    gst_buffer_memset (buffer, 0, 0, gst_buffer_get_size (buffer));
    buffer = gst_harness_push_and_pull (h, buffer);
    level = level_of (buffer, format);
    fail_unless (fabs (level - 0.05) < 0.006, "%s: level %f", caps, level);
    gst_buffer_unref (buffer);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (test_integers_are_clipped_and_rounded)
{
  g_autofree gchar *caps = caps_text (GST_AUDIO_NE (S16), 16000, 1);
  GstHarness *h = corrupter ("gaussian", 1.0, caps);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, 20000, NULL);
  guint n_low = 0, n_high = 0;
  GstMapInfo map;

  gst_buffer_memset (buffer, 0, 0, 20000);
  buffer = gst_harness_push_and_pull (h, buffer);
  gst_buffer_map (buffer, &map, GST_MAP_READ);
  for (guint i = 0; i < 10000; i++) {
    n_low += ((gint16 *) map.data)[i] == G_MININT16;
    n_high += ((gint16 *) map.data)[i] == G_MAXINT16;
  }
  gst_buffer_unmap (buffer, &map);
  /* 16 % of a normal distribution are beyond one standard deviation */
  fail_unless (n_low > 1400 && n_low < 1780, "%u", n_low);
  fail_unless (n_high > 1400 && n_high < 1780, "%u", n_high);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_level_zero_and_type_none_leave_buffers_untouched)
{
  g_autofree gchar *caps = caps_text (GST_AUDIO_NE (F32), 16000, 1);

  for (guint i = 0; i <= G_N_ELEMENTS (types); i++) {
    GstHarness *h = i < G_N_ELEMENTS (types) ? corrupter (types[i], 0.0, caps) :
        corrupter ("none", 1.0, caps);
    GstBuffer *in = flat (100, 0.5f);
    GstBuffer *out = gst_harness_push_and_pull (h, in);

    fail_unless (out == in, "the buffer was copied");
    gst_buffer_unref (out);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

/* Planes of one sample after the other, and samples side by side. */
GST_START_TEST (test_planar_sound_gets_the_noise_of_interleaved_sound)
{
  enum
  { N = 500 };
  const gchar *planar = "audio/x-raw,format=" GST_AUDIO_NE (F32)
      ",rate=16000,channels=2,channel-mask=(bitmask)0,layout=non-interleaved";
  g_autofree float *expected = corrupted ("gaussian", 1, 2, N, N);
  GstHarness *h = corrupter ("gaussian", -1.0, planar);
  GstBuffer *buffer = flat (2 * N, 0.1f);
  float out[2 * N];
  guint n_wrong = 0;
  GstAudioInfo info;
  GstCaps *caps = gst_caps_from_string (planar);

  fail_unless (gst_audio_info_from_caps (&info, caps));
  gst_buffer_add_audio_meta (buffer, &info, N, NULL);
  buffer = gst_harness_push_and_pull (h, buffer);
  gst_buffer_extract (buffer, 0, out, sizeof out);
  for (guint i = 0; i < N; i++)
    n_wrong += out[i] != expected[2 * i] || out[N + i] != expected[2 * i + 1];
  fail_unless_equals_int (n_wrong, 0);
  gst_caps_unref (caps);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_type_level_and_rate_may_change_in_mid_stream)
{
  g_autofree gchar *caps = caps_text (GST_AUDIO_NE (F32), 16000, 1);
  GstHarness *h = corrupter ("gaussian", 0.2, caps);

  for (guint i = 0; i < 8; i++) {
    const gboolean is_loud = i % 2 == 0;
    g_autofree gchar *next = caps_text (GST_AUDIO_NE (F32), 8000 * (1 + i / 2),
        1 + i / 4);
    GstBuffer *buffer;
    double level;

    gst_harness_set_src_caps_str (h, next);
    g_object_set (h->element, "level", is_loud ? 0.2 : 0.02, NULL);
    gst_util_set_object_arg (G_OBJECT (h->element), "type",
        i % 3 == 0 ? "white" : "gaussian");
    buffer = gst_harness_push_and_pull (h, flat (8000, 0.0f));
    level = level_of (buffer, GST_AUDIO_FORMAT_F32);
    fail_unless (fabs (level / (is_loud ? 0.2 : 0.02) - 1.0) < 0.05,
        "%u: %f", i, level);
    gst_buffer_unref (buffer);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Noise is no gap. */
GST_START_TEST (test_timestamps_survive_and_a_gap_is_none_any_more)
{
  g_autofree gchar *caps = caps_text (GST_AUDIO_NE (F32), 16000, 1);
  GstHarness *h = corrupter ("white", 0.2, caps);
  GstBuffer *buffer = flat (160, 0.0f);

  GST_BUFFER_PTS (buffer) = 3 * GST_SECOND;
  GST_BUFFER_DURATION (buffer) = 10 * GST_MSECOND;
  GST_BUFFER_OFFSET (buffer) = 48000;
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_MARKER);
  buffer = gst_harness_push_and_pull (h, buffer);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), 3 * GST_SECOND);
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (buffer), 10 * GST_MSECOND);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 48000);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_MARKER));
  fail_if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP));
  fail_unless (level_of (buffer, GST_AUDIO_FORMAT_F32) > 0.1);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
aeaudiocorrupt_suite (void)
{
  Suite *s = suite_create ("aeaudiocorrupt");
  TCase *tc = tcase_create ("samples");

  suite_add_tcase (s, tc);
  tcase_add_loop_test (tc,
      test_samples_depend_on_the_seed_and_not_on_buffer_sizes, 0,
      G_N_ELEMENTS (types));
  tcase_add_test (tc, test_channels_have_noise_of_their_own);
  tcase_add_test (tc, test_every_format_rate_and_channel_number_gets_the_level);
  tcase_add_test (tc, test_integers_are_clipped_and_rounded);
  tcase_add_test (tc, test_level_zero_and_type_none_leave_buffers_untouched);
  tcase_add_test (tc, test_planar_sound_gets_the_noise_of_interleaved_sound);
  tcase_add_test (tc, test_type_level_and_rate_may_change_in_mid_stream);
  tcase_add_test (tc, test_timestamps_survive_and_a_gap_is_none_any_more);
  return s;
}

GST_CHECK_MAIN (aeaudiocorrupt);
