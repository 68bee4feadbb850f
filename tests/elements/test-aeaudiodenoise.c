/* aeaudiodenoise: what it does to samples. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "fixture-sound.h"

#define SHARE 0.25f

static const guint rates[] = {
  8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 12347
};

/* Root mean square of @values less @share times @others. */
static double
rms_error (const float *values, const float *others, float share, gsize n)
{
  double sum = 0.0;

  for (gsize i = 0; i < n; i++) {
    const double e = (double) values[i] - (double) (share * others[i]);

    sum += e * e;
  }
  return sqrt (sum / (double) n);
}

/* White noise of 0.1 has all bands that there are; the model leaves a quarter of
 * what it hears, and above its band, a quarter has to be left as well. The
 * filters that follow the gain there take some time to begin with. */
GST_START_TEST (test_all_bands_are_lowered_alike_at_every_rate_in_every_format)
{
  const guint rate = rates[__i__ / 2];
  const Sound sound = { __i__ % 2 ? "F32" : "S16", rate, 1 };
  const gsize n = rate, early = rate / 10;
  g_autofree gchar *model = fixture_model_share (SHARE);
  g_autofree float *in = fixture_white_noise (n, 1);
  GstHarness *h = fixture_sound_denoiser (model, &sound);
  g_autofree float *out = fixture_sound_run (h, &sound, in, n, 1000);
  const double error =
      rms_error (out + early, in + early, SHARE, n - early) / 0.1;

  fail_unless (error < 0.01, "%u Hz: the error is %f of the noise", rate,
      error);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Random bits: floats of all sizes, infinite ones and NaN among them. */
GST_START_TEST (test_strength_0_is_bit_exact)
{
  const Sound sound = { __i__ % 2 ? "F32" : "S16", rates[__i__ / 2], 2 };
  const gsize bpf = fixture_sound_bpf (&sound), n_bytes = bpf * 5000;
  g_autofree gchar *model = fixture_model_share (SHARE);
  g_autofree guint8 *bytes = g_malloc (n_bytes);
  GstHarness *h = fixture_sound_denoiser (model, &sound);
  gsize n_out = 0;

  for (gsize i = 0; i < n_bytes; i += 4)
    GST_WRITE_UINT32_LE (bytes + i, g_random_int ());
  g_object_set (h->element, "strength", 0.0, NULL);
  for (gsize i = 0; i < n_bytes; i += bpf * 500) {
    GstBuffer *buffer =
        gst_buffer_new_memdup (bytes + i, MIN (bpf * 500, n_bytes - i));

    fail_unless_equals_int (gst_harness_push (h, buffer), GST_FLOW_OK);
  }
  gst_harness_push_event (h, gst_event_new_eos ());
  for (guint left = gst_harness_buffers_in_queue (h); left > 0; left--) {
    GstBuffer *buffer = gst_harness_pull (h);

    fail_unless (gst_buffer_memcmp (buffer, 0, bytes + n_out,
            gst_buffer_get_size (buffer)) == 0);
    n_out += gst_buffer_get_size (buffer);
    gst_buffer_unref (buffer);
  }
  fail_unless_equals_uint64 (n_out, n_bytes);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* The sample in whose place the impulse is comes out as long after it went in
 * as the query tells. */
GST_START_TEST (test_latency_is_what_an_impulse_shows)
{
  const Sound sound = { "F32", rates[__i__], 1 };
  const guint at = 501;
  g_autofree gchar *model = fixture_model_share (SHARE);
  GstHarness *h = fixture_sound_denoiser (model, &sound);
  const GstClockTime latency = gst_harness_query_latency (h);
  guint n_in = 0, n_out = 0, n_long = 0;
  float value = 0.0f;

  while (n_out <= at) {
    const float x = n_in == at ? 0.8f : 0.0f;
    GstBuffer *out;

    gst_harness_push (h, fixture_sound_buffer (&sound, &x, 1,
            GST_CLOCK_TIME_NONE));
    n_in++;
    while ((out = gst_harness_try_pull (h)) != NULL) {
      n_long += fixture_sound_values (&sound, out, &value) != 1;
      if (n_out != at && !(fabsf (value) < 0.2f))
        ck_abort_msg ("sample %u is %f", n_out, (double) value);
      n_out++;
    }
  }
  fail_unless_equals_int (n_long, 0);
  /* a window that the impulse is alone in has no top of the band before */
  fail_unless (value > 0.15f && value < 0.3f, "%f", (double) value);
  fail_unless_equals_uint64 (latency,
      gst_util_uint64_scale_int_ceil (n_in - 1 - at, GST_SECOND,
          (gint) sound.rate));
  fail_unless (latency <= 30 * GST_MSECOND);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_samples_do_not_depend_on_the_size_of_buffers)
{
  static const gsize steps[] = { 1, 7, 160, 333, 4096 };
  const Sound sound = { "F32", rates[__i__], 2 };
  const gsize n = 2 * 5000;
  g_autofree gchar *model = fixture_model_share (SHARE);
  g_autofree float *in = fixture_white_noise (n, 1);
  g_autofree float *first = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    GstHarness *h = fixture_sound_denoiser (model, &sound);
    g_autofree float *out = fixture_sound_run (h, &sound, in, n, steps[i]);

    if (first != NULL)
      fail_unless (memcmp (out, first, n * sizeof (float)) == 0,
          "buffers of %" G_GSIZE_FORMAT " samples", steps[i]);
    else
      first = g_steal_pointer (&out);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

/* All channels are silent but one, which is as if it were alone. */
GST_START_TEST (test_each_channel_is_denoised_on_its_own)
{
  const Sound mono = { "F32", 44100, 1 }, all = { "F32", 44100, 8 };
  const gsize n = 5000;
  g_autofree gchar *model = fixture_model_share (SHARE);
  g_autofree float *in = fixture_white_noise (n, 1);
  GstHarness *h = fixture_sound_denoiser (model, &mono);
  g_autofree float *alone = fixture_sound_run (h, &mono, in, n, 500);

  gst_harness_teardown (h);
  for (guint c = 0; c < 8; c++) {
    g_autofree float *in_8 = g_new0 (float, 8 * n);
    g_autofree float *out_8 = NULL;
    guint n_wrong = 0;

    for (gsize i = 0; i < n; i++)
      in_8[8 * i + c] = in[i];
    h = fixture_sound_denoiser (model, &all);
    out_8 = fixture_sound_run (h, &all, in_8, 8 * n, 500);
    for (gsize i = 0; i < 8 * n; i++)
      n_wrong += out_8[i] != (i % 8 == c ? alone[i / 8] : 0.0f);
    fail_unless_equals_int (n_wrong, 0);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

/* What is no number becomes silence, what is far too loud stays finite, and soon
 * after it all is as if it had not been there. */
GST_START_TEST (test_nan_and_infinity_are_not_heard_for_long)
{
  static const float bad[] = { NAN, INFINITY, -INFINITY, 3e38f, -1e20f };
  const Sound sound = { "F32", rates[__i__], 1 };
  const gsize n = sound.rate, at = n / 2, after = at + sound.rate / 4;
  g_autofree gchar *model = fixture_model_share (SHARE);
  g_autofree float *in = fixture_white_noise (n, 1);
  GstHarness *h = fixture_sound_denoiser (model, &sound);
  g_autofree float *clean = fixture_sound_run (h, &sound, in, n, 700);
  g_autofree float *out = NULL;
  guint n_bad = 0;
  double error;

  gst_harness_teardown (h);
  for (gsize i = 0; i < 200; i++)
    in[at + i] = bad[i % G_N_ELEMENTS (bad)];
  h = fixture_sound_denoiser (model, &sound);
  out = fixture_sound_run (h, &sound, in, n, 700);
  for (gsize i = 0; i < n; i++)
    n_bad += !isfinite (out[i]);
  fail_unless_equals_int (n_bad, 0);
  fail_unless (out[at] == 0.0f || fabsf (out[at]) < 20.0f);
  error = rms_error (out + after, clean + after, 1.0f, n - after) / 0.1;
  fail_unless (error < 1e-3, "%u Hz: %g", sound.rate, error);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Silence, an offset, full scale either way and a square wave of it. */
GST_START_TEST (test_silence_offsets_and_full_scale_stay_in_range)
{
  const Sound sound = { __i__ % 2 ? "F32" : "S16", rates[__i__ / 2], 1 };
  const gsize n = 8000;
  g_autofree gchar *model = fixture_model_share (SHARE);
  g_autofree float *in = g_new0 (float, n);
  static const float levels[] = { 0.0f, 0.5f, -1.0f, 0.99996f };

  for (guint i = 0; i <= G_N_ELEMENTS (levels); i++) {
    GstHarness *h = fixture_sound_denoiser (model, &sound);
    g_autofree float *out = NULL;
    guint n_wrong = 0;

    for (gsize j = 0; j < n; j++)
      in[j] = i < G_N_ELEMENTS (levels) ? levels[i] :
          j / 20 % 2 ? -1.0f : 0.99996f;
    out = fixture_sound_run (h, &sound, in, n, 1000);
    for (gsize j = 0; j < n; j++)
      n_wrong += i == 0 ? out[j] != 0.0f : !(fabsf (out[j]) <= 1.0f);
    fail_unless_equals_int (n_wrong, 0);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

static Suite *
aeaudiodenoise_suite (void)
{
  Suite *s = suite_create ("aeaudiodenoise");
  TCase *tc = tcase_create ("samples");
  const gint n_rates = G_N_ELEMENTS (rates);

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, fixture_setup, fixture_teardown);
  tcase_add_loop_test (tc,
      test_all_bands_are_lowered_alike_at_every_rate_in_every_format, 0,
      2 * n_rates);
  tcase_add_loop_test (tc, test_strength_0_is_bit_exact, 0, 2 * n_rates);
  tcase_add_loop_test (tc, test_latency_is_what_an_impulse_shows, 0, n_rates);
  tcase_add_loop_test (tc, test_samples_do_not_depend_on_the_size_of_buffers,
      0, n_rates);
  tcase_add_test (tc, test_each_channel_is_denoised_on_its_own);
  tcase_add_loop_test (tc, test_nan_and_infinity_are_not_heard_for_long, 0,
      n_rates);
  tcase_add_loop_test (tc, test_silence_offsets_and_full_scale_stay_in_range, 0,
      2 * n_rates);
  return s;
}

GST_CHECK_MAIN (aeaudiodenoise);
