/* Sound, and models made by hand whose output a test can predict. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture-sound.h"

#include <math.h>

#include "ae-audio-noise.h"

gchar *
fixture_model_share (float share)
{
  enum
  { BINS = 161, FEATURES = 2 * BINS };
  const AeShape input = { FEATURES, 0, 0 };
  float weights[FEATURES + 1 + 2 * BINS] = { 0.0f };

  for (guint i = FEATURES + 1 + BINS; i < G_N_ELEMENTS (weights); i++)
    weights[i] = share;
  return fixture_model_of (&input, "conv 1x1 1 | conv 1x1 161", weights,
      G_N_ELEMENTS (weights));
}

static gboolean
is_float (const Sound * sound)
{
  return g_str_equal (sound->format, "F32");
}

GstCaps *
fixture_sound_caps (const Sound * sound)
{
  return gst_caps_new_simple ("audio/x-raw", "format", G_TYPE_STRING,
      is_float (sound) ? GST_AUDIO_NE (F32) : GST_AUDIO_NE (S16),
      "rate", G_TYPE_INT, (gint) sound->rate,
      "channels", G_TYPE_INT, (gint) sound->channels,
      "channel-mask", GST_TYPE_BITMASK, (guint64) 0,
      "layout", G_TYPE_STRING, "interleaved", NULL);
}

gsize
fixture_sound_bpf (const Sound * sound)
{
  return sound->channels * (is_float (sound) ? 4u : 2u);
}

GstHarness *
fixture_sound_denoiser (const gchar * model, const Sound * sound)
{
  GstElement *element = gst_element_factory_make ("aeaudiodenoise", NULL);
  GstHarness *h;

  g_object_set (element, "model", model, NULL);
  h = gst_harness_new_with_element (element, "sink", "src");
  gst_object_unref (element);
  gst_harness_set_src_caps (h, fixture_sound_caps (sound));
  return h;
}

float *
fixture_white_noise (gsize n, guint64 seed)
{
  g_autoptr (AeAudioNoise) noise =
      ae_audio_noise_new (AE_AUDIO_NOISE_GAUSSIAN, 16000, seed);
  float *values = g_new (float, n);

  ae_audio_noise_fill (noise, values, n);
  for (gsize i = 0; i < n; i++)
    values[i] *= 0.1f;
  return values;
}

GstBuffer *
fixture_sound_buffer (const Sound * sound, const float *values, gsize n,
    GstClockTime pts)
{
  const gsize size = fixture_sound_bpf (sound) / sound->channels;
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, n * size, NULL);
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (gsize i = 0; i < n; i++) {
    if (is_float (sound))
      ((float *) map.data)[i] = values[i];
    else
      ((gint16 *) map.data)[i] = (gint16) lrintf (values[i] * 32768.0f);
  }
  gst_buffer_unmap (buffer, &map);
  GST_BUFFER_PTS (buffer) = pts;
  return buffer;
}

gsize
fixture_sound_values (const Sound * sound, GstBuffer * buffer, float *values)
{
  GstMapInfo map;
  gsize n;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  n = map.size / (fixture_sound_bpf (sound) / sound->channels);
  for (gsize i = 0; i < n; i++)
    values[i] = is_float (sound) ? ((float *) map.data)[i] :
        (float) ((gint16 *) map.data)[i] / 32768.0f;
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return n;
}

/* @i samples are @at, a nanosecond more or less. */
static void
assert_time (GstClockTime at, guint64 i, const Sound * sound)
{
  const GstClockTime expected =
      gst_util_uint64_scale_int (i, GST_SECOND, (gint) sound->rate);

  if (at + 1 < expected || at > expected + 1)
    ck_abort_msg ("%" G_GUINT64_FORMAT " ns after %" G_GUINT64_FORMAT
        " samples, expected %" G_GUINT64_FORMAT, at, i, expected);
}

float *
fixture_sound_run (GstHarness * h, const Sound * sound, const float *values,
    gsize n, gsize step)
{
  const gsize step_values = step * sound->channels;
  float *out = g_new (float, n);
  guint n_refused = 0, n_off = 0;
  gsize n_out = 0;

  for (gsize i = 0; i < n; i += step_values) {
    const guint64 at = i / sound->channels;
    GstBuffer *buffer = fixture_sound_buffer (sound, values + i,
        MIN (step_values, n - i), gst_util_uint64_scale_int (at, GST_SECOND,
            (gint) sound->rate));

    GST_BUFFER_OFFSET (buffer) = at;
    n_refused += gst_harness_push (h, buffer) != GST_FLOW_OK;
  }
  fail_unless_equals_int (n_refused, 0);
  fail_unless (gst_harness_push_event (h, gst_event_new_eos ()));
  for (guint left = gst_harness_buffers_in_queue (h); left > 0; left--) {
    GstBuffer *buffer = gst_harness_pull (h);
    const guint64 at = n_out / sound->channels;
    const guint64 end = at + gst_buffer_get_size (buffer) /
        fixture_sound_bpf (sound);

    assert_time (GST_BUFFER_PTS (buffer), at, sound);
    assert_time (GST_BUFFER_PTS (buffer) + GST_BUFFER_DURATION (buffer), end,
        sound);
    n_off += GST_BUFFER_OFFSET (buffer) != at
        || GST_BUFFER_OFFSET_END (buffer) != end;
    n_out += fixture_sound_values (sound, buffer, out + n_out);
  }
  fail_unless_equals_uint64 (n_out, n);
  fail_unless_equals_int (n_off, 0);
  return out;
}
