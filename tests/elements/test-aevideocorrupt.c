/* aevideocorrupt: what it does to samples. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/controller/gstdirectcontrolbinding.h>
#include <gst/controller/gstinterpolationcontrolsource.h>
#include <math.h>

#include "fixture.h"

#define FRAME (40 * GST_MSECOND)

static GstHarness *
corrupter (const GstVideoInfo * info, const gchar * type, gdouble level)
{
  GstElement *element = gst_element_factory_make ("aevideocorrupt", NULL);
  GstHarness *h;

  gst_util_set_object_arg (G_OBJECT (element), "type", type);
  g_object_set (element, "level", level, NULL);
  h = gst_harness_new_with_element (element, "sink", "src");
  gst_object_unref (element);
  fixture_set_info (h, info);
  return h;
}

/* Frame @n: mid grey. */
static GstBuffer *
grey_frame (GstVideoInfo * info, guint n)
{
  GstBuffer *buffer = fixture_grey_frame (info);

  GST_BUFFER_PTS (buffer) = n * FRAME;
  return buffer;
}

static void
set_all (GstBuffer * buffer, guint8 value)
{
  gst_buffer_memset (buffer, 0, value, gst_buffer_get_size (buffer));
}

typedef struct
{
  double mean, sigma;
} Moments;

/* Of component @c: 1, 2 or 3, as fixture_unpack() has them. */
static Moments
moments (const guint16 * pixels, gsize n, guint c)
{
  double sum = 0.0, squares = 0.0;

  for (gsize i = 0; i < n; i++) {
    const double value = pixels[4 * i + c];

    sum += value;
    squares += value * value;
  }
  sum /= (double) n;
  return (Moments) {
  sum, sqrt (squares / (double) n - sum * sum)};
}

/* Moments of component @c of the bytes of a frame in which all stand apart. */
static Moments
moments_of (const GstVideoInfo * info, GstBuffer * buffer, guint c,
    double *scale)
{
  guint max;
  g_autofree guint16 *pixels = fixture_unpack (info, buffer, &max);

  *scale = 255.0 / max;
  return moments (pixels, (gsize) (info->width * info->height), c);
}

static void
assert_near (double value, double expected, double share, const gchar * what)
{
  fail_unless (fabs (value - expected) <= share * fabs (expected),
      "%s: %g, expected %g within %g %%", what, value, expected, 100.0 * share);
}

GST_START_TEST (test_gaussian_noise_has_the_level_and_no_bias)
{
  static const double levels[] = { 10.0, 25.0 };

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++) {
    GstVideoInfo info = fixture_info ("Y444", 320, 240);
    GstHarness *h = corrupter (&info, "gaussian", levels[i]);
    GstBuffer *out = gst_harness_push_and_pull (h, grey_frame (&info, 0));

    for (guint c = 1; c < 4; c++) {
      double scale;
      const Moments m = moments_of (&info, out, c, &scale);

      assert_near (m.sigma, levels[i], 0.02, "sigma");
      assert_near (m.mean, 128.0, 0.005, "mean");
    }
    gst_buffer_unref (out);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

/* The variance at x is level^2 (1.7 x + 0.15), rows included. */
GST_START_TEST
    (test_camera_noise_has_the_level_at_mid_grey_and_grows_with_light) {
  static const guint8 samples[] = { 40, 128, 190 };
  GstVideoInfo info = fixture_info ("GRAY8", 640, 480);
  GstHarness *h = corrupter (&info, "poisson-gaussian", 8.0);

  for (guint i = 0; i < G_N_ELEMENTS (samples); i++) {
    GstBuffer *buffer = grey_frame (&info, i);
    double scale, expected = 8.0 * sqrt (1.7 * samples[i] / 255.0 + 0.15);

    set_all (buffer, samples[i]);
    buffer = gst_harness_push_and_pull (h, buffer);
    assert_near (moments_of (&info, buffer, 1, &scale).sigma, expected,
        0.03, "sigma");
    gst_buffer_unref (buffer);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Counts of 0, 255, @kept and other samples after corrupting a frame of 100. */
static void
count (const gchar * type, double level, guint kept, guint counts[4])
{
  GstVideoInfo info = fixture_info ("GRAY8", 400, 250);
  GstHarness *h = corrupter (&info, type, level);
  GstBuffer *buffer = grey_frame (&info, 0);
  GstMapInfo map;

  set_all (buffer, 100);
  buffer = gst_harness_push_and_pull (h, buffer);
  memset (counts, 0, 4 * sizeof *counts);
  gst_buffer_map (buffer, &map, GST_MAP_READ);
  for (gsize i = 0; i < map.size; i++)
    counts[map.data[i] == 0 ? 0 : map.data[i] == 255 ? 1 :
        map.data[i] == kept ? 2 : 3]++;
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}

/* 100,000 samples; four standard deviations of the binomial distribution. */
static void
assert_share (guint n, double share)
{
  const double sigma = sqrt (100000.0 * share * (1.0 - share));

  fail_unless (fabs (n - 100000.0 * share) <= 4.0 * sigma,
      "%u of 100000 samples, expected a share of %g", n, share);
}

GST_START_TEST (test_salt_and_pepper_hit_their_share_and_spare_the_others)
{
  guint counts[4];

  count ("salt-pepper", 0.1, 100, counts);
  assert_share (counts[0], 0.05);
  assert_share (counts[1], 0.05);
  fail_unless_equals_int (counts[3], 0);
}

GST_END_TEST;

GST_START_TEST (test_masking_sets_its_share_to_zero_and_spares_the_others)
{
  guint counts[4];

  count ("masking", 0.3, 100, counts);
  assert_share (counts[0], 0.3);
  fail_unless_equals_int (counts[1] + counts[3], 0);
  count ("masking", 1.0, 100, counts);
  fail_unless_equals_int (counts[0], 100000);
}

GST_END_TEST;

GST_START_TEST (test_dropout_sets_its_share_to_zero_and_lifts_the_others)
{
  guint counts[4];

  count ("dropout", 0.2, 125, counts);
  assert_share (counts[0], 0.2);
  fail_unless_equals_int (counts[1] + counts[3], 0);
  count ("dropout", 1.0, 100, counts);
  fail_unless_equals_int (counts[0], 100000);
}

GST_END_TEST;

/* Odd sizes; rows are padded. Formats that share chroma between columns or rows
 * keep the noise of a sample in all of them, so sigma stays. */
GST_START_TEST (test_every_format_gets_the_noise_and_keeps_its_alpha)
{
  GArray *formats = fixture_formats ("aevideocorrupt");

  fail_unless (formats->len >= 25);
  for (guint i = 0; i < formats->len; i++) {
    const gchar *name = g_array_index (formats, gchar *, i);
    GstVideoInfo info = fixture_info (name, 157, 131);
    GstHarness *h = corrupter (&info, "gaussian", 20.0);
    GstBuffer *in = grey_frame (&info, 0), *out;
    const gsize n = (gsize) (info.width * info.height);
    guint max, n_changed = 0;
    g_autofree guint16 *before = fixture_unpack (&info, in, &max);
    g_autofree guint16 *after = NULL;

    out = gst_harness_push_and_pull (h, in);
    after = fixture_unpack (&info, out, &max);
    for (guint c = 1; c < (GST_VIDEO_INFO_IS_GRAY (&info) ? 2 : 4); c++) {
      const Moments m = moments (after, n, c);

      assert_near (m.sigma * 255.0 / max, 20.0, 0.05, name);
      assert_near (m.mean * 255.0 / max, 128.0, 0.01, name);
    }
    for (gsize j = 0; j < n; j++)
      n_changed += after[4 * j] != before[4 * j];
    fail_unless_equals_int (n_changed, 0);
    gst_buffer_unref (out);
    gst_harness_teardown (h);
  }
  g_array_unref (formats);
}

GST_END_TEST;

GST_START_TEST (test_chroma_false_changes_luma_alone_and_in_the_same_way)
{
  GstVideoInfo info = fixture_info ("I420", 37, 21);
  GstHarness *with = corrupter (&info, "gaussian", 25.0);
  GstHarness *without = corrupter (&info, "gaussian", 25.0);
  GstBuffer *in = fixture_random_frame (&info, 1), *a, *b;
  const gsize n_luma = (gsize) GST_VIDEO_INFO_PLANE_OFFSET (&info, 1);
  const gsize n_chroma = GST_VIDEO_INFO_SIZE (&info) - n_luma;
  GstMapInfo map;

  g_object_set (without->element, "chroma", FALSE, NULL);
  a = gst_harness_push_and_pull (with, gst_buffer_copy_deep (in));
  b = gst_harness_push_and_pull (without, gst_buffer_copy_deep (in));
  gst_buffer_map (b, &map, GST_MAP_READ);
  fail_unless (gst_buffer_memcmp (a, 0, map.data, n_luma) == 0);
  fail_unless (gst_buffer_memcmp (in, 0, map.data, n_luma) != 0);
  fail_unless (gst_buffer_memcmp (in, n_luma, map.data + n_luma,
          n_chroma) == 0);
  fail_unless (gst_buffer_memcmp (a, n_luma, map.data + n_luma, n_chroma) != 0);
  gst_buffer_unmap (b, &map);
  gst_buffer_unref (a);
  gst_buffer_unref (b);
  gst_buffer_unref (in);
  gst_harness_teardown (with);
  gst_harness_teardown (without);
}

GST_END_TEST;

GST_START_TEST (test_level_zero_and_type_none_leave_every_format_untouched)
{
  GArray *formats = fixture_formats ("aevideocorrupt");

  for (guint i = 0; i < 2 * formats->len; i++) {
    GstVideoInfo info =
        fixture_info (g_array_index (formats, gchar *, i / 2), 37, 21);
    GstHarness *h = i % 2 == 0 ? corrupter (&info, "dropout", 0.0) :
        corrupter (&info, "none", 25.0);
    GstBuffer *in = fixture_random_frame (&info, i), *copy, *out;

    copy = gst_buffer_copy_deep (in);
    out = gst_harness_push_and_pull (h, in);
    fail_unless (out == in, "the frame was copied");
    fixture_assert_equal_bytes (copy, out);
    gst_buffer_unref (copy);
    gst_buffer_unref (out);
    gst_harness_teardown (h);
  }
  g_array_unref (formats);
}

GST_END_TEST;

/* The planes of a frame that says where they are, and bytes between them. */
GST_START_TEST
    (test_padded_strides_get_the_same_noise_and_padding_is_left_alone) {
  enum
  { WIDTH = 37, HEIGHT = 21, STRIDE = 61, GUARD = 0xa5 };
  gsize offset[4] = { 11, 0, 0, 0 };
  gint stride[4] = { STRIDE, 0, 0, 0 };
  GstVideoInfo info = fixture_info ("GRAY8", WIDTH, HEIGHT);
  GstHarness *h1 = corrupter (&info, "gaussian", 25.0);
  GstHarness *h2 = corrupter (&info, "gaussian", 25.0);
  GstBuffer *tight = fixture_random_frame (&info, 3), *padded;
  GstMapInfo a, b;

  padded = gst_buffer_new_allocate (NULL, 11 + STRIDE * HEIGHT, NULL);
  set_all (padded, GUARD);
  GST_BUFFER_PTS (padded) = 0;
  gst_buffer_map (tight, &a, GST_MAP_READ);
  for (guint y = 0; y < HEIGHT; y++)
    gst_buffer_fill (padded, 11 + y * STRIDE,
        a.data + (gint) y * info.stride[0], WIDTH);
  gst_buffer_unmap (tight, &a);
  gst_buffer_add_video_meta_full (padded, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_FORMAT_GRAY8, WIDTH, HEIGHT, 1, offset, stride);

  tight = gst_harness_push_and_pull (h1, tight);
  padded = gst_harness_push_and_pull (h2, padded);
  gst_buffer_map (tight, &a, GST_MAP_READ);
  gst_buffer_map (padded, &b, GST_MAP_READ);
  for (guint i = 0; i < b.size; i++) {
    const guint x = (i + STRIDE - 11) % STRIDE, y = (i + STRIDE - 11) / STRIDE;

    fail_unless_equals_int (b.data[i], i >= 11 && x < WIDTH ?
        a.data[(gint) (y - 1) * info.stride[0] + (gint) x] : GUARD);
  }
  gst_buffer_unmap (padded, &b);
  gst_buffer_unmap (tight, &a);
  gst_buffer_unref (tight);
  gst_buffer_unref (padded);
  gst_harness_teardown (h1);
  gst_harness_teardown (h2);
}

GST_END_TEST;

enum
{ N_FRAMES = 4 };

/* The first frames of a stream that begins now. */
static void
play (GstHarness * h, GstVideoInfo * info, GstBuffer ** frames)
{
  for (guint i = 0; i < N_FRAMES; i++)
    frames[i] = gst_harness_push_and_pull (h, grey_frame (info, i));
}

static gboolean
is_equal (GstBuffer * a, GstBuffer * b)
{
  GstMapInfo map;
  gboolean equal;

  gst_buffer_map (a, &map, GST_MAP_READ);
  equal = gst_buffer_memcmp (b, 0, map.data, map.size) == 0;
  gst_buffer_unmap (a, &map);
  return equal;
}

GST_START_TEST (test_noise_depends_on_seed_and_frame_alone)
{
  static const guint64 seeds[] = { 1, 1, 2, G_MAXUINT64 };
  enum
  { N = G_N_ELEMENTS (seeds) * N_FRAMES };
  GstVideoInfo info = fixture_info ("I420", 37, 21);
  GstBuffer *frames[N];

  for (guint s = 0; s < G_N_ELEMENTS (seeds); s++) {
    GstHarness *h = corrupter (&info, "gaussian", 25.0);

    g_object_set (h->element, "seed", seeds[s], NULL);
    play (h, &info, frames + s * N_FRAMES);
    gst_harness_teardown (h);
  }
  for (guint i = 0; i < N; i++) {
    for (guint j = 0; j < i; j++) {
      const gboolean same_seed = i < 2 * N_FRAMES && i - j == N_FRAMES;

      fail_unless_equals_int (is_equal (frames[i], frames[j]), same_seed);
    }
  }
  for (guint i = 0; i < N; i++)
    gst_buffer_unref (frames[i]);
}

GST_END_TEST;

GST_START_TEST (test_noise_starts_anew_with_the_stream)
{
  GstVideoInfo info = fixture_info ("I420", 37, 21);
  GstHarness *h = corrupter (&info, "gaussian", 25.0);
  GstBuffer *first[N_FRAMES], *second[N_FRAMES];

  play (h, &info, first);
  gst_element_set_state (h->element, GST_STATE_READY);
  gst_harness_play (h);
  fixture_set_info (h, &info);
  play (h, &info, second);
  for (guint i = 0; i < N_FRAMES; i++) {
    fixture_assert_equal_bytes (first[i], second[i]);
    gst_buffer_unref (first[i]);
    gst_buffer_unref (second[i]);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

/* A frame keeps its noise whether or not others were late or untouched. */
GST_START_TEST (test_noise_of_a_frame_does_not_depend_on_frames_skipped)
{
  GstVideoInfo info = fixture_info ("I420", 37, 21);
  GstHarness *h = corrupter (&info, "gaussian", 25.0);
  GstHarness *late = corrupter (&info, "gaussian", 25.0);
  GstBuffer *frames[N_FRAMES], *out;

  play (h, &info, frames);
  gst_harness_teardown (h);

  gst_harness_push (late, grey_frame (&info, 0));
  /* 0.5 frames late at the first: the second one is dropped */
  gst_harness_push_upstream_event (late, gst_event_new_qos
      (GST_QOS_TYPE_UNDERFLOW, 2.0, FRAME / 2, FRAME));
  gst_harness_push (late, grey_frame (&info, 1));
  gst_harness_push_upstream_event (late, gst_event_new_qos
      (GST_QOS_TYPE_OVERFLOW, 0.5, -(GstClockTimeDiff) FRAME, 2 * FRAME));
  g_object_set (late->element, "level", 0.0, NULL);
  gst_harness_push (late, grey_frame (&info, 2));
  g_object_set (late->element, "level", 25.0, NULL);
  gst_harness_push (late, grey_frame (&info, 3));

  fail_unless_equals_int (gst_harness_buffers_received (late), 3);
  for (guint i = 0; i < 3; i++) {
    out = gst_harness_pull (late);
    if (i != 1)
      fixture_assert_equal_bytes (out, frames[i == 0 ? 0 : 3]);
    gst_buffer_unref (out);
  }
  for (guint i = 0; i < N_FRAMES; i++)
    gst_buffer_unref (frames[i]);
  gst_harness_teardown (late);
}

GST_END_TEST;

GST_START_TEST (test_level_over_one_is_told_for_shares_and_taken_as_one)
{
  GstVideoInfo info = fixture_info ("GRAY8", 16, 16);
  GstHarness *h = corrupter (&info, "masking", 25.0);
  GstBus *bus = gst_bus_new ();
  GstBuffer *out;
  GstMessage *message;
  g_autofree gchar *debug = NULL;
  g_autoptr (GError) warning = NULL;

  gst_element_set_bus (h->element, bus);
  for (guint i = 0; i < 3; i++) {
    out = gst_harness_push_and_pull (h, grey_frame (&info, i));
    for (guint j = 0; j < 256; j++)
      fail_unless (gst_buffer_memcmp (out, j, "\0", 1) == 0);
    gst_buffer_unref (out);
  }
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING);
  fail_unless (message != NULL);
  gst_message_parse_warning (message, &warning, &debug);
  fail_unless (strstr (warning->message, "25") != NULL
      && strstr (warning->message, "masking") != NULL, "%s", warning->message);
  gst_message_unref (message);
  fail_unless (gst_bus_pop_filtered (bus, GST_MESSAGE_WARNING) == NULL,
      "it is said again");
  gst_element_set_bus (h->element, NULL);
  gst_object_unref (bus);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* sigma 25, and a share of 0.05 */
GST_START_TEST (test_works_with_no_property_set)
{
  GstVideoInfo info = fixture_info ("GRAY8", 400, 250);
  GstHarness *h = gst_harness_new ("aevideocorrupt");
  GstBuffer *out;
  double scale;
  guint counts[4];

  fixture_set_info (h, &info);
  out = gst_harness_push_and_pull (h, grey_frame (&info, 0));
  assert_near (moments_of (&info, out, 1, &scale).sigma, 25.0, 0.02, "sigma");
  gst_buffer_unref (out);
  gst_harness_teardown (h);

  count ("masking", -1.0, 100, counts);
  assert_share (counts[0], 0.05);
}

GST_END_TEST;

GST_START_TEST (test_nan_is_no_level)
{
  GstElement *element = gst_element_factory_make ("aevideocorrupt", NULL);
  gdouble level;

  g_object_set (element, "level", 7.0, NULL);
  ASSERT_WARNING (g_object_set (element, "level", (double) NAN, NULL));
  g_object_get (element, "level", &level, NULL);
  fail_unless_equals_float (level, 7.0);
  gst_object_unref (element);
}

GST_END_TEST;

/* Level 0 to 40 in four frames. */
GST_START_TEST (test_level_can_be_controlled_over_stream_time)
{
  GstVideoInfo info = fixture_info ("GRAY8", 400, 250);
  GstHarness *h = corrupter (&info, "gaussian", 25.0);
  GstControlSource *source = gst_interpolation_control_source_new ();
  double scale;

  g_object_set (source, "mode", GST_INTERPOLATION_MODE_LINEAR, NULL);
  gst_timed_value_control_source_set (GST_TIMED_VALUE_CONTROL_SOURCE (source),
      0, 0.0);
  gst_timed_value_control_source_set (GST_TIMED_VALUE_CONTROL_SOURCE (source),
      4 * FRAME, 40.0);
  gst_object_add_control_binding (GST_OBJECT (h->element),
      gst_direct_control_binding_new_absolute
      (GST_OBJECT (h->element), "level", source));
  gst_object_unref (source);
  for (guint i = 0; i < 4; i++) {
    GstBuffer *out = gst_harness_push_and_pull (h, grey_frame (&info, i));

    assert_near (moments_of (&info, out, 1, &scale).sigma, 10.0 * i, 0.02,
        "sigma");
    gst_buffer_unref (out);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_caps_and_type_may_change_in_mid_stream)
{
  static const struct
  {
    const gchar *format, *type;
    guint width, height;
    double sigma;
  } streams[] = {
    {"GRAY8", "gaussian", 100, 100, 20.0},
    {"RGB", "poisson-gaussian", 333, 171, 20.0},
    {"I420_10LE", "none", 64, 48, 0.0},
    {"NV12", "gaussian", 200, 100, 20.0},
  };
  GstVideoInfo info = fixture_info ("GRAY8", 16, 16);
  GstHarness *h = corrupter (&info, "none", 20.0);
  double scale;

  for (guint i = 0; i < G_N_ELEMENTS (streams); i++) {
    GstBuffer *out;

    info = fixture_info (streams[i].format, streams[i].width,
        streams[i].height);
    fixture_set_info (h, &info);
    gst_util_set_object_arg (G_OBJECT (h->element), "type", streams[i].type);
    out = gst_harness_push_and_pull (h, grey_frame (&info, i));
    assert_near (moments_of (&info, out, 1, &scale).sigma * scale,
        streams[i].sigma, 0.04, streams[i].format);
    gst_buffer_unref (out);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
aevideocorrupt_suite (void)
{
  Suite *s = suite_create ("aevideocorrupt");
  TCase *tc = tcase_create ("samples");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_gaussian_noise_has_the_level_and_no_bias);
  tcase_add_test (tc,
      test_camera_noise_has_the_level_at_mid_grey_and_grows_with_light);
  tcase_add_test (tc,
      test_salt_and_pepper_hit_their_share_and_spare_the_others);
  tcase_add_test (tc,
      test_masking_sets_its_share_to_zero_and_spares_the_others);
  tcase_add_test (tc, test_dropout_sets_its_share_to_zero_and_lifts_the_others);
  tcase_add_test (tc, test_every_format_gets_the_noise_and_keeps_its_alpha);
  tcase_add_test (tc, test_chroma_false_changes_luma_alone_and_in_the_same_way);
  tcase_add_test (tc,
      test_level_zero_and_type_none_leave_every_format_untouched);
  tcase_add_test (tc,
      test_padded_strides_get_the_same_noise_and_padding_is_left_alone);
  tcase_add_test (tc, test_noise_depends_on_seed_and_frame_alone);
  tcase_add_test (tc, test_noise_starts_anew_with_the_stream);
  tcase_add_test (tc, test_noise_of_a_frame_does_not_depend_on_frames_skipped);
  tcase_add_test (tc, test_level_over_one_is_told_for_shares_and_taken_as_one);
  tcase_add_test (tc, test_works_with_no_property_set);
  tcase_add_test (tc, test_nan_is_no_level);
  tcase_add_test (tc, test_level_can_be_controlled_over_stream_time);
  tcase_add_test (tc, test_caps_and_type_may_change_in_mid_stream);
  return s;
}

GST_CHECK_MAIN (aevideocorrupt);
