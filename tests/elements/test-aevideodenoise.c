/* aevideodenoise: what becomes of the samples. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "fixture.h"

/* Odd, so that chroma is rounded up; rows are padded. */
enum
{ WIDTH = 37, HEIGHT = 21 };

static gboolean
is_grey (const GstVideoInfo * info)
{
  return GST_VIDEO_INFO_N_COMPONENTS (info) == 1;
}

/* Pushes @in, which the caller keeps, and returns what comes out. */
static GstBuffer *
denoise (GstHarness * h, GstBuffer * in)
{
  GstBuffer *out = gst_harness_push_and_pull (h, gst_buffer_copy_deep (in));

  fail_unless (out != NULL);
  return out;
}

GST_START_TEST (test_strength_zero_leaves_frames_of_every_format_untouched)
{
  g_autofree gchar *model = fixture_model_invert ();
  GArray *formats = fixture_formats ("aevideodenoise");

  fail_unless (formats->len >= 25);
  for (guint i = 0; i < formats->len; i++) {
    GstVideoInfo info =
        fixture_info (g_array_index (formats, gchar *, i), WIDTH, HEIGHT);
    GstHarness *h = fixture_denoiser (model, &info);
    GstBuffer *in = fixture_random_frame (&info, i), *copy, *out;
    float estimate;

    copy = gst_buffer_copy_deep (in);
    g_object_set (h->element, "strength", 0.0, "noise-level", -1.0, NULL);
    out = gst_harness_push_and_pull (h, gst_buffer_ref (in));
    fail_unless (out == in, "the frame was copied");
    fixture_assert_equal_bytes (copy, out);
    g_object_get (h->element, "estimated-noise-level", &estimate, NULL);
    fail_unless (estimate < 0.0f, "the frame was looked at");
    gst_buffer_unref (out);
    gst_buffer_unref (in);
    gst_buffer_unref (copy);
    gst_harness_teardown (h);
  }
  g_array_unref (formats);
}

GST_END_TEST;

/* Fails unless @after is @before with all but alpha inverted. */
static void
assert_inverted (const GstVideoInfo * info, GstBuffer * before,
    GstBuffer * after)
{
  guint max;
  g_autofree guint16 *a = fixture_unpack (info, before, &max);
  g_autofree guint16 *b = fixture_unpack (info, after, &max);
  const guint n_colours = is_grey (info) ? 1 : 3;

  for (gint i = 0; i < info->width * info->height; i++) {
    for (guint c = 0; c <= n_colours; c++) {
      const guint was = a[i * 4 + (gint) c], is = b[i * 4 + (gint) c];
      const guint expected = c > 0 ? max - was : was;

      if (is != expected)
        ck_abort_msg ("%s: component %u of 4 at %d,%d was %u, became %u, "
            "expected %u", GST_VIDEO_INFO_NAME (info), c, i % info->width,
            i / info->width, was, is, expected);
    }
  }
}

GST_START_TEST (test_model_output_reaches_every_component_of_every_format)
{
  static const struct
  {
    guint width, height;
  } sizes[] = { {WIDTH, HEIGHT}, {64, 16}, {1, 1}, {2, 3} };
  g_autofree gchar *model = fixture_model_invert ();
  GArray *formats = fixture_formats ("aevideodenoise");

  for (guint i = 0; i < formats->len * G_N_ELEMENTS (sizes); i++) {
    const guint s = i % G_N_ELEMENTS (sizes);
    GstVideoInfo info = fixture_info (g_array_index (formats, gchar *,
            i / G_N_ELEMENTS (sizes)), sizes[s].width, sizes[s].height);
    GstHarness *h = fixture_denoiser (model, &info);
    GstBuffer *in = fixture_random_frame (&info, i);
    GstBuffer *out = denoise (h, in);

    assert_inverted (&info, in, out);
    gst_buffer_unref (out);
    gst_buffer_unref (in);
    gst_harness_teardown (h);
  }
  g_array_unref (formats);
}

GST_END_TEST;

/* Inverting: x + strength * (255 - 2 x), in floats until the last rounding. */
GST_START_TEST (test_strength_mixes_the_frame_and_what_the_model_makes_of_it)
{
  static const gchar *const formats[] = { "GRAY8", "NV12", "BGRx" };
  const double strength = 0.25;
  g_autofree gchar *model = fixture_model_invert ();

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    GstVideoInfo info = fixture_info (formats[i], WIDTH, HEIGHT);
    GstHarness *h = fixture_denoiser (model, &info);
    GstBuffer *in = fixture_random_frame (&info, i), *out;
    g_autofree guint16 *a = NULL;
    g_autofree guint16 *b = NULL;
    guint max;

    g_object_set (h->element, "strength", strength, NULL);
    out = denoise (h, in);
    a = fixture_unpack (&info, in, &max);
    b = fixture_unpack (&info, out, &max);
    for (gint j = 0; j < WIDTH * HEIGHT * 4; j++) {
      const gboolean stays = j % 4 == 0 || (is_grey (&info) && j % 4 > 1);
      const double expected = stays ? a[j]
          : a[j] + strength * (255.0 - 2.0 * a[j]);

      if (!(ABS (b[j] - expected) <= (stays ? 0.0 : 0.501)))
        ck_abort_msg ("%u became %u, not %f", a[j], b[j], expected);
    }
    gst_buffer_unref (out);
    gst_buffer_unref (in);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

/* Rows and columns must not be confused: no two factors are mirror images. */
static const float kernel[9] = {
  0.10f, 0.05f, 0.20f,
  0.00f, 0.30f, 0.15f,
  0.02f, 0.08f, 0.10f
};

/* @plane: [height][width]; zeros outside, as a convolution pads. */
static double
filtered (const guint8 * plane, gint stride, gint width, gint height, gint x,
    gint y)
{
  double sum = 0.0;

  for (gint k = 0; k < 9; k++) {
    const gint yy = y + k / 3 - 1, xx = x + k % 3 - 1;

    if (yy >= 0 && yy < height && xx >= 0 && xx < width)
      sum += (double) kernel[k] * plane[yy * stride + xx];
  }
  return sum;
}

/* I420 whose planes stand apart in the buffer, with bytes between the rows and
 * the planes that no one may touch. */
GST_START_TEST (test_padded_strides_and_offsets_of_a_video_meta_are_followed)
{
  enum
  { Y_STRIDE = 53, C_STRIDE = 29, C_WIDTH = (WIDTH + 1) / 2,
    C_HEIGHT = (HEIGHT + 1) / 2, SIZE = 4096, GUARD = 0xa5
  };
  gsize offset[4] = { 7, 2503, 1311, 0 };
  gint stride[4] = { Y_STRIDE, C_STRIDE, C_STRIDE, 0 };
  const gint width[3] = { WIDTH, C_WIDTH, C_WIDTH };
  const gint height[3] = { HEIGHT, C_HEIGHT, C_HEIGHT };
  const float weights[] = { kernel[0], kernel[1], kernel[2], kernel[3],
    kernel[4], kernel[5], kernel[6], kernel[7], kernel[8], 0.0f, 1.0f, 0.0f
  };
  g_autofree gchar *model = fixture_model ("conv 3x3 1 | conv 1x1 1", weights,
      G_N_ELEMENTS (weights));
  GstVideoInfo info = fixture_info ("I420", WIDTH, HEIGHT);
  GstHarness *h = fixture_denoiser (model, &info);
  guint8 before[SIZE], after[SIZE], expected_guard[SIZE];
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, SIZE, NULL);
  GRand *rand = g_rand_new_with_seed (4);

  memset (before, GUARD, SIZE);
  memset (expected_guard, TRUE, SIZE);
  for (guint p = 0; p < 3; p++) {
    for (gint i = 0; i < width[p] * height[p]; i++) {
      const gsize at = offset[p] + (gsize) (i / width[p] * stride[p]
          + i % width[p]);

      before[at] = (guint8) g_rand_int (rand);
      expected_guard[at] = FALSE;
    }
  }
  g_rand_free (rand);
  gst_buffer_fill (buffer, 0, before, SIZE);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_FORMAT_I420, WIDTH, HEIGHT, 3, offset, stride);

  buffer = gst_harness_push_and_pull (h, buffer);
  gst_buffer_extract (buffer, 0, after, SIZE);
  for (gsize i = 0; i < SIZE; i++)
    fail_unless (!expected_guard[i] || after[i] == GUARD);
  for (guint p = 0; p < 3; p++) {
    for (gint y = 0; y < height[p]; y++) {
      for (gint x = 0; x < width[p]; x++) {
        const double expected = filtered (before + offset[p], stride[p],
            width[p], height[p], x, y);
        const guint8 got = after[offset[p] + (gsize) (y * stride[p] + x)];

        fail_unless (ABS (got - expected) <= 0.501,
            "plane %u at %d,%d: %u, expected %f", p, x, y, got, expected);
      }
    }
  }
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_chroma_none_changes_lightness_alone)
{
  static const gchar *const formats[] = { "I420", "P010_10LE", "YUY2" };
  g_autofree gchar *model = fixture_model_invert ();

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    GstVideoInfo info = fixture_info (formats[i], WIDTH, HEIGHT);
    GstHarness *h = fixture_denoiser (model, &info);
    GstBuffer *in = fixture_random_frame (&info, i), *out;
    g_autofree guint16 *a = NULL;
    g_autofree guint16 *b = NULL;
    guint max, n_wrong = 0;

    gst_util_set_object_arg (G_OBJECT (h->element), "chroma", "none");
    out = denoise (h, in);
    a = fixture_unpack (&info, in, &max);
    b = fixture_unpack (&info, out, &max);
    for (gint j = 0; j < WIDTH * HEIGHT * 4; j++)
      n_wrong += b[j] != (j % 4 == 1 ? max - a[j] : a[j]);
    fail_unless_equals_int (n_wrong, 0);
    gst_buffer_unref (out);
    gst_buffer_unref (in);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

/* Inverting (R+G+B)/3 alone adds the same to R, G and B. */
GST_START_TEST (test_chroma_none_keeps_the_colour_differences_of_rgb)
{
  static const guint8 rgb[3] = { 100, 130, 115 };
  g_autofree gchar *model = fixture_model_invert ();
  GstVideoInfo info = fixture_info ("RGB", 1, 1);
  GstHarness *h = fixture_denoiser (model, &info);
  GstBuffer *buffer = fixture_random_frame (&info, 1);
  guint8 out[3];

  gst_util_set_object_arg (G_OBJECT (h->element), "chroma", "none");
  gst_buffer_fill (buffer, 0, rgb, 3);
  buffer = gst_harness_push_and_pull (h, buffer);
  gst_buffer_extract (buffer, 0, out, 3);
  for (guint c = 0; c < 3; c++)
    fail_unless_equals_int (out[c], rgb[c] + 255 - 2 * 115);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Component @c of the top left pixel of what comes out for a grey frame. */
static guint
condition_seen (GstHarness * h, GstBuffer * in, const GstVideoInfo * info,
    guint c)
{
  GstBuffer *out = gst_harness_push_and_pull (h, in);
  guint max;
  g_autofree guint16 *pixels = fixture_unpack (info, out, &max);

  gst_buffer_unref (out);
  return pixels[1 + c];
}

GST_START_TEST (test_model_is_told_the_given_noise_level_in_its_unit)
{
  g_autofree gchar *model = fixture_model_condition ();
  GstVideoInfo yuv = fixture_info ("I420", 16, 16);
  GstVideoInfo rgb = fixture_info ("BGRx", 16, 16);
  GstHarness *h = fixture_denoiser (model, &yuv);
  GstBuffer *in = fixture_noisy_frame (&yuv, 100, 0, 1);
  double lightness, r_b, r_2g_b;

  /* 10 of 25 is 0.4, of 255 */
  g_object_set (h->element, "noise-level", 10.0, NULL);
  for (guint c = 0; c < 3; c++)
    fail_unless_equals_int (condition_seen (h, gst_buffer_ref (in), &yuv, c),
        102);
  gst_buffer_unref (in);

  /* noise of R, G and B, in their mean and differences: by 1/sqrt(3),
   * 1/sqrt(2), sqrt(6)/4 */
  fixture_set_info (h, &rgb);
  in = fixture_noisy_frame (&rgb, 100, 0, 1);
  lightness = 0.4 / sqrt (3.0);
  r_b = 2.0 * (0.4 / sqrt (2.0) - 0.5);
  r_2g_b = 4.0 * (0.4 * sqrt (6.0) / 4.0 - 0.5);
  fail_unless (ABS (condition_seen (h, gst_buffer_ref (in), &rgb, 1)
          - 255.0 * (lightness - r_2g_b / 3.0)) <= 0.51);
  fail_unless (ABS (condition_seen (h, gst_buffer_ref (in), &rgb, 2)
          - MAX (255.0 * (lightness + r_2g_b / 6.0 - r_b / 2.0), 0.0)) <= 0.51);
  gst_buffer_unref (in);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_noise_level_is_estimated_and_can_be_read)
{
  static const gchar *const formats[] = { "I420", "RGB" };
  g_autofree gchar *model = fixture_model_condition ();

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    GstVideoInfo info = fixture_info (formats[i], 128, 96);
    GstHarness *h = fixture_denoiser (model, &info);
    float estimate;

    g_object_set (h->element, "noise-level", -1.0, NULL);
    g_object_get (h->element, "estimated-noise-level", &estimate, NULL);
    fail_unless (estimate < 0.0f);
    gst_buffer_unref (gst_harness_push_and_pull (h,
            fixture_noisy_frame (&info, 128, 20, 1)));
    g_object_get (h->element, "estimated-noise-level", &estimate, NULL);
    fail_unless (ABS (estimate - 20.0f) < 3.0f, "%s: estimated %f",
        formats[i], (double) estimate);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

/* A flat picture has no noise to estimate; given noise of under 0.3 is none. */
GST_START_TEST (test_frames_without_noise_stay_bit_exact)
{
  static const gchar *const formats[] = { "NV12", "RGB", "GRAY8" };
  g_autofree gchar *model = fixture_model_invert ();

  for (guint i = 0; i < 2 * G_N_ELEMENTS (formats); i++) {
    GstVideoInfo info = fixture_info (formats[i / 2], 64, 48);
    GstHarness *h = fixture_denoiser (model, &info);
    GstBuffer *in = i % 2 == 0 ? fixture_noisy_frame (&info, 90, 0, i)
        : fixture_random_frame (&info, i);
    GstBuffer *out;

    g_object_set (h->element, "noise-level", i % 2 == 0 ? -1.0 : 0.2, NULL);
    out = denoise (h, in);
    fixture_assert_equal_bytes (in, out);
    gst_buffer_unref (out);
    gst_buffer_unref (in);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

/* The condition that luma got for a frame of noise @sigma, on the 8-bit scale
 * as everywhere; the model cannot show more than one unit, 25. */
static double
followed (GstHarness * h, const GstVideoInfo * info, float sigma, guint seed,
    GstBufferFlags flags)
{
  GstBuffer *in = fixture_noisy_frame (info, 128, sigma, seed);

  GST_BUFFER_FLAG_SET (in, flags);
  return condition_seen (h, in, info, 0) / 255.0 * 25.0;
}

GST_START_TEST (test_estimate_follows_slowly_and_starts_anew_after_a_break)
{
  g_autofree gchar *model = fixture_model_condition ();
  GstVideoInfo info = fixture_info ("GRAY8", 160, 120);
  GstHarness *h = fixture_denoiser (model, &info);
  double first, second;

  g_object_set (h->element, "noise-level", -1.0, NULL);
  first = followed (h, &info, 12.0f, 1, 0);
  fail_unless (ABS (first - 12.0) < 2.0, "%f", first);

  /* a little more noise counts a tenth */
  second = followed (h, &info, 16.0f, 2, 0);
  fail_unless (second - first > 0.1 && second - first < 1.0, "%f after %f",
      second, first);

  /* a flush forgets */
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  fixture_set_info (h, &info);
  second = followed (h, &info, 16.0f, 2, 0);
  fail_unless (ABS (second - 16.0) < 2.0, "%f after a flush", second);

  /* so does a discontinuity */
  second = followed (h, &info, 12.0f, 1, GST_BUFFER_FLAG_DISCONT);
  fail_unless (ABS (second - first) < 0.2, "%f after a break", second);

  /* and a large change is another scene */
  second = followed (h, &info, 22.0f, 3, 0);
  fail_unless (ABS (second - 22.0) < 3.0, "%f after a large change", second);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
aevideodenoise_suite (void)
{
  Suite *s = suite_create ("aevideodenoise");
  TCase *tc = tcase_create ("samples");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, fixture_setup, fixture_teardown);
  tcase_add_test (tc,
      test_strength_zero_leaves_frames_of_every_format_untouched);
  tcase_add_test (tc,
      test_model_output_reaches_every_component_of_every_format);
  tcase_add_test (tc,
      test_strength_mixes_the_frame_and_what_the_model_makes_of_it);
  tcase_add_test (tc,
      test_padded_strides_and_offsets_of_a_video_meta_are_followed);
  tcase_add_test (tc, test_chroma_none_changes_lightness_alone);
  tcase_add_test (tc, test_chroma_none_keeps_the_colour_differences_of_rgb);
  tcase_add_test (tc, test_model_is_told_the_given_noise_level_in_its_unit);
  tcase_add_test (tc, test_noise_level_is_estimated_and_can_be_read);
  tcase_add_test (tc, test_frames_without_noise_stay_bit_exact);
  tcase_add_test (tc,
      test_estimate_follows_slowly_and_starts_anew_after_a_break);
  return s;
}

GST_CHECK_MAIN (aevideodenoise);
