/* aevideocorrupt: what it leaves as it is in buffers of every layout. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fixture.h"

#define FRAME (40 * GST_MSECOND)

/* The element with properties, as in a pipeline. */
static GstHarness *
corrupter (const gchar * description, const GstVideoInfo * info)
{
  GError *error = NULL;
  GstElement *element = gst_parse_launch (description, &error);
  GstHarness *h;

  fail_unless (error == NULL, "%s", error ? error->message : "");
  h = gst_harness_new_with_element (element, "sink", "src");
  gst_object_unref (element);
  fixture_set_info (h, info);
  return h;
}

/* What comes out for a copy of @buffer. */
static GstBuffer *
corrupt (GstHarness * h, GstBuffer * buffer)
{
  GstBuffer *out = gst_harness_push_and_pull (h, gst_buffer_copy_deep (buffer));

  fail_unless (out != NULL);
  return out;
}

static gboolean
is_equal (GstBuffer * a, GstBuffer * b)
{
  gsize size = gst_buffer_get_size (a);
  g_autofree guint8 *bytes = g_malloc (size);

  gst_buffer_extract (a, 0, bytes, size);
  return size == gst_buffer_get_size (b)
      && gst_buffer_memcmp (b, 0, bytes, size) == 0;
}

/* The samples of a component of an 8-bit format, row by row. */
static guint8 *
samples_of (const GstVideoInfo * info, GstBuffer * buffer,
    guint component, guint * n)
{
  GstVideoFrame frame;
  guint8 *samples;

  fail_unless (gst_video_frame_map (&frame, info, buffer, GST_MAP_READ));
  *n = 0;
  samples = g_malloc ((gsize) info->width * (gsize) info->height);
  for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (&frame, component); y++) {
    const guint8 *row = GST_VIDEO_FRAME_COMP_DATA (&frame, component);

    row += y * GST_VIDEO_FRAME_COMP_STRIDE (&frame, component);
    for (gint x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (&frame, component); x++)
      samples[(*n)++] =
          row[x * GST_VIDEO_FRAME_COMP_PSTRIDE (&frame, component)];
  }
  gst_video_frame_unmap (&frame);
  return samples;
}

GST_START_TEST (test_frames_that_others_hold_are_not_written_to)
{
  GstVideoInfo info = fixture_info ("I420", 31, 17);
  GstHarness *h = corrupter ("aevideocorrupt", &info);
  GstBuffer *in = fixture_random_frame (&info, 1);
  GstBuffer *before = gst_buffer_copy_deep (in);
  GstBuffer *out = gst_harness_push_and_pull (h, gst_buffer_ref (in));

  fixture_assert_equal_bytes (in, before);
  fail_if (is_equal (out, before));
  gst_buffer_unref (out);
  gst_buffer_unref (in);
  gst_buffer_unref (before);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_chroma_false_leaves_chroma_bit_exact)
{
  static const gchar *const formats[] = { "I420", "NV12", "YUY2", "AYUV",
    "RGB"
  };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    GstVideoInfo info = fixture_info (formats[i], 31, 17);
    GstHarness *h = corrupter ("aevideocorrupt chroma=false", &info);
    GstBuffer *in = fixture_random_frame (&info, i);
    GstBuffer *out = corrupt (h, in);

    for (guint c = 0; c < GST_VIDEO_INFO_N_COMPONENTS (&info); c++) {
      const gboolean is_kept = !GST_VIDEO_INFO_IS_RGB (&info) && c > 0;
      guint n;
      g_autofree guint8 *a = samples_of (&info, in, c, &n);
      g_autofree guint8 *b = samples_of (&info, out, c, &n);

      fail_unless ((memcmp (a, b, n) == 0) == is_kept, "%s component %u",
          formats[i], c);
    }
    gst_buffer_unref (out);
    gst_buffer_unref (in);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

/* Rows and planes further apart than they need be. */
static GstBuffer *
padded_frame (const GstVideoInfo * info, GRand * rand)
{
  gsize offset[GST_VIDEO_MAX_PLANES] = { 0 }, size = 6;
  gint stride[GST_VIDEO_MAX_PLANES] = { 0 };
  GstBuffer *buffer;
  GstMapInfo map;

  for (guint p = 0; p < GST_VIDEO_INFO_N_PLANES (info); p++) {
    offset[p] = size;
    stride[p] = GST_VIDEO_INFO_PLANE_STRIDE (info, p) + 10;
    size += (gsize) stride[p] * GST_ROUND_UP_2 ((gsize) info->height) + 14;
  }
  buffer = gst_buffer_new_allocate (NULL, size, NULL);
  gst_buffer_map (buffer, &map, GST_MAP_WRITE);
  for (gsize i = 0; i < size; i++)
    map.data[i] = (guint8) g_rand_int (rand);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_add_video_meta_full (buffer, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_INFO_FORMAT (info),
      (guint) info->width, (guint) info->height,
      GST_VIDEO_INFO_N_PLANES (info), offset, stride);
  GST_BUFFER_PTS (buffer) = 0;
  return buffer;
}

/* Marks the bytes of the colour components in @is_sample and asserts that
 * most of their samples changed. */
static void
assert_changed (const GstVideoInfo * info, GstBuffer * a, GstBuffer * b,
    guint8 * is_sample)
{
  const guint n_colours = MIN (GST_VIDEO_INFO_N_COMPONENTS (info), 3);
  GstVideoFrame frame;
  GstMapInfo before;

  gst_buffer_map (a, &before, GST_MAP_READ);
  gst_video_frame_map (&frame, info, b, GST_MAP_READ);
  for (guint c = 0; c < n_colours; c++) {
    const gint bytes = GST_VIDEO_INFO_COMP_DEPTH (info, c) > 8 ? 2 : 1;
    const gint width = GST_VIDEO_FRAME_COMP_WIDTH (&frame, c);
    const gint height = GST_VIDEO_FRAME_COMP_HEIGHT (&frame, c);
    gsize start = GST_VIDEO_FRAME_PLANE_OFFSET (&frame,
        GST_VIDEO_FORMAT_INFO_PLANE (info->finfo, c));
    gint n_changed = 0;

    /* the offset of V in P010 is 1 in GStreamer 1.22, which counts words */
    start += GST_ROUND_UP_N ((gsize)
        GST_VIDEO_FORMAT_INFO_POFFSET (info->finfo, c), (gsize) bytes);
    for (gint i = 0; i < width * height; i++) {
      const gsize at = start
          + (gsize) (i / width * GST_VIDEO_FRAME_COMP_STRIDE (&frame, c)
          + i % width * GST_VIDEO_FRAME_COMP_PSTRIDE (&frame,
              c));

      memset (is_sample + at, TRUE, (gsize) bytes);
      n_changed += gst_buffer_memcmp (b, at, before.data + at,
          (gsize) bytes) != 0;
    }
    fail_unless (n_changed >= width * height * 8 / 10,
        "%s component %u: %d of %d changed",
        GST_VIDEO_INFO_NAME (info), c, n_changed, width * height);
  }
  gst_video_frame_unmap (&frame);
  gst_buffer_unmap (a, &before);
}

GST_START_TEST (test_every_format_keeps_alpha_and_bytes_between_samples)
{
  static const guint sizes[][2] = { {31, 17}, {64, 16}, {33, 2}, {15, 15} };
  GArray *formats = fixture_formats ("aevideocorrupt");
  GRand *rand = g_rand_new_with_seed (3);

  for (guint i = 0; i < formats->len * G_N_ELEMENTS (sizes); i++) {
    const guint *size = sizes[i % G_N_ELEMENTS (sizes)];
    GstVideoInfo info = fixture_info (g_array_index (formats, gchar *,
            i / G_N_ELEMENTS (sizes)),
        size[0], size[1]);
    GstHarness *h = corrupter ("aevideocorrupt level=60", &info);
    GstBuffer *in = padded_frame (&info, rand), *out = corrupt (h, in);
    g_autofree guint8 *is_sample = g_malloc0 (gst_buffer_get_size (in));
    GstMapInfo a, b;

    assert_changed (&info, in, out, is_sample);
    gst_buffer_map (in, &a, GST_MAP_READ);
    gst_buffer_map (out, &b, GST_MAP_READ);
    fail_unless_equals_uint64 (a.size, b.size);
    for (gsize j = 0; j < a.size; j++)
      if (!is_sample[j] && a.data[j] != b.data[j])
        ck_abort_msg ("%s %ux%u: byte %" G_GSIZE_FORMAT " was %u, became %u",
            GST_VIDEO_INFO_NAME (&info), size[0], size[1], j,
            a.data[j], b.data[j]);
    gst_buffer_unmap (in, &a);
    gst_buffer_unmap (out, &b);
    gst_buffer_unref (in);
    gst_buffer_unref (out);
    gst_harness_teardown (h);
  }
  g_rand_free (rand);
  g_array_unref (formats);
}

GST_END_TEST;

GST_START_TEST (test_timestamps_flags_and_metas_survive)
{
  GstVideoInfo info = fixture_info ("I420", 32, 24);
  GstHarness *h = corrupter ("aevideocorrupt", &info);
  GstBuffer *buffer = fixture_noisy_frame (&info, 128.0f, 0.0f, 1);
  GstVideoRegionOfInterestMeta *roi;

  GST_BUFFER_PTS (buffer) = 3 * FRAME;
  GST_BUFFER_DTS (buffer) = 2 * FRAME;
  GST_BUFFER_OFFSET (buffer) = 77;
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_MARKER);
  gst_buffer_add_video_region_of_interest_meta (buffer, "face", 1, 2, 3, 4);

  buffer = gst_harness_push_and_pull (h, buffer);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), 3 * FRAME);
  fail_unless_equals_uint64 (GST_BUFFER_DTS (buffer), 2 * FRAME);
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (buffer), FRAME);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 77);
  fail_unless (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_MARKER));
  roi = gst_buffer_get_video_region_of_interest_meta_id (buffer, 0);
  fail_unless (roi != NULL && roi->x == 1 && roi->h == 4);
  gst_buffer_unref (buffer);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
aevideocorrupt_memory_suite (void)
{
  Suite *suite = suite_create ("aevideocorrupt-memory");
  TCase *tcase = tcase_create ("memory");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_frames_that_others_hold_are_not_written_to);
  tcase_add_test (tcase, test_chroma_false_leaves_chroma_bit_exact);
  tcase_add_test (tcase,
      test_every_format_keeps_alpha_and_bytes_between_samples);
  tcase_add_test (tcase, test_timestamps_flags_and_metas_survive);
  return suite;
}

GST_CHECK_MAIN (aevideocorrupt_memory);
