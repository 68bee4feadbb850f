/* aevideocompare: what it measures and shows of frames. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "fixture.h"

#define FRAME (40 * GST_MSECOND)

/* Gives @buffer, taken, the time of frame @n. */
static GstBuffer *
at (GstBuffer * buffer, guint n)
{
  GST_BUFFER_PTS (buffer) = n * FRAME;
  return buffer;
}

/* Both are taken. Returns: (transfer full): the view. */
static GstBuffer *
compare (Comparer * c, GstBuffer * reference, GstBuffer * test)
{
  gst_harness_push (c->reference, reference);
  gst_harness_push (c->test, test);
  return gst_harness_pull (c->reference);
}

/* The picture that an output is of. */
static GstVideoInfo
output_info (Comparer * c)
{
  GstCaps *caps = gst_pad_get_current_caps (c->reference->sinkpad);
  GstVideoInfo info;

  fail_unless (gst_video_info_from_caps (&info, caps));
  gst_caps_unref (caps);
  return info;
}

typedef struct
{
  gdouble psnr, ssim, mean_psnr, mean_ssim;
  guint64 n_frames, n_unmatched;
} Figures;

static Figures
figures_of (const GstStructure * s)
{
  Figures f;

  fail_unless (gst_structure_has_name (s, "ae-compare"));
  fail_unless (gst_structure_get (s, "psnr-y", G_TYPE_DOUBLE, &f.psnr,
          "ssim-y", G_TYPE_DOUBLE, &f.ssim,
          "mean-psnr-y", G_TYPE_DOUBLE, &f.mean_psnr,
          "mean-ssim-y", G_TYPE_DOUBLE, &f.mean_ssim,
          "n-frames", G_TYPE_UINT64, &f.n_frames,
          "n-unmatched", G_TYPE_UINT64, &f.n_unmatched, NULL));
  return f;
}

static Figures
stats (Comparer * c)
{
  GstStructure *s;
  Figures f;

  g_object_get (c->element, "stats", &s, NULL);
  f = figures_of (s);
  gst_structure_free (s);
  return f;
}

/* Fails when there is no message. */
static Figures
next_message (Comparer * c)
{
  GstMessage *message = gst_bus_pop_filtered (c->bus, GST_MESSAGE_ELEMENT);
  Figures f;

  fail_unless (message != NULL, "no message");
  f = figures_of (gst_message_get_structure (message));
  gst_message_unref (message);
  return f;
}

static gboolean
has_message (Comparer * c)
{
  GstMessage *message = gst_bus_peek (c->bus);
  const gboolean has_message = message != NULL;

  gst_clear_message (&message);
  return has_message;
}

#define assert_db(value, expected) \
    fail_unless (fabs ((value) - (expected)) < 1e-3, \
    "%.6f dB, expected %.6f dB", (value), (expected))

GST_START_TEST (test_equal_frames_of_every_format_have_100_db_and_ssim_1)
{
  GArray *formats = fixture_formats ("aevideocompare");

  fail_unless (formats->len >= 25);
  for (guint i = 0; i < formats->len; i++) {
    GstVideoInfo info =
        fixture_info (g_array_index (formats, gchar *, i), 37, 21);
    Comparer c = fixture_comparer (&info, &info);
    GstBuffer *in = fixture_random_frame (&info, i);
    Figures f;

    gst_buffer_unref (compare (&c, gst_buffer_ref (in), in));
    f = stats (&c);
    fail_unless (f.psnr == 100.0, "%g dB", f.psnr);
    fail_unless (fabs (f.ssim - 1.0) < 1e-6, "%g", f.ssim);
    fail_unless_equals_uint64 (f.n_frames, 1);
    fixture_comparer_clear (&c);
  }
  g_array_unref (formats);
}

GST_END_TEST;

GST_START_TEST (test_a_constant_difference_has_its_exact_psnr)
{
  static const struct
  {
    const gchar *format;
    guint a, b;
    double peak;
  } cases[] = {
    {"I420", 100, 110, 255.0}, {"I420", 101, 100, 255.0},
    {"YV12", 16, 235, 255.0}, {"NV12", 0, 255, 255.0},
    {"NV21", 90, 99, 255.0}, {"Y42B", 90, 99, 255.0},
    {"Y444", 90, 99, 255.0}, {"GRAY8", 90, 99, 255.0},
    {"I420_10LE", 400, 440, 1023.0}, {"P010_10LE", 400, 440, 1023.0},
    {"YUY2", 90, 99, 255.0}, {"UYVY", 90, 99, 255.0}, {"AYUV", 90, 99, 255.0},
    {"RGB", 90, 99, 255.0}, {"BGRx", 90, 99, 255.0}, {"GBR", 90, 99, 255.0}
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    GstVideoInfo info = fixture_info (cases[i].format, 32, 24);
    Comparer c = fixture_comparer (&info, &info);
    const double difference = (double) cases[i].a - cases[i].b;

    gst_buffer_unref (compare (&c, fixture_flat_frame (&info, cases[i].a),
            fixture_flat_frame (&info, cases[i].b)));
    assert_db (stats (&c).psnr, 20.0 * log10 (cases[i].peak
            / fabs (difference)));
    fixture_comparer_clear (&c);
  }
}

GST_END_TEST;

/* Red, green and blue weigh 0.299, 0.587 and 0.114. */
GST_START_TEST (test_rgb_is_compared_by_its_luma)
{
  static const double weights[] = { 0.299, 0.587, 0.114 };
  GstVideoInfo info = fixture_info ("RGB", 32, 24);

  for (guint i = 0; i < 3; i++) {
    Comparer c = fixture_comparer (&info, &info);
    GstBuffer *a = fixture_flat_frame (&info, 100), *b =
        fixture_flat_frame (&info, 100);
    GstMapInfo map;

    gst_buffer_map (b, &map, GST_MAP_WRITE);
    for (gsize j = i; j < map.size; j += 3)
      map.data[j] = 150;
    gst_buffer_unmap (b, &map);
    gst_buffer_unref (compare (&c, a, b));
    assert_db (stats (&c).psnr, 20.0 * log10 (255.0 / (50.0 * weights[i])));
    fixture_comparer_clear (&c);
  }
}

GST_END_TEST;

/* Luma of other planar YUV formats is not touched by converting one of them. */
GST_START_TEST (test_formats_may_differ)
{
  static const gchar *const formats[] = { "NV12", "YV12", "NV21", "I420" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    GstVideoInfo a = fixture_info ("I420", 32, 24);
    GstVideoInfo b = fixture_info (formats[i], 32, 24);
    Comparer c = fixture_comparer (&a, &b);

    gst_buffer_unref (compare (&c, fixture_flat_frame (&a, 120),
            fixture_flat_frame (&b, 117)));
    assert_db (stats (&c).psnr, 20.0 * log10 (255.0 / 3.0));
    fixture_comparer_clear (&c);
  }
}

GST_END_TEST;

/* [alpha, 3 components] of column @x, row @y. */
static const guint16 *
pixel (const GstVideoInfo * info, const guint16 * pixels, gint x, gint y)
{
  return pixels + 4 * (gsize) (y * info->width + x);
}

/* Whether columns @from to @to of @a are those of @b from @at on. Chroma of
 * formats with less of it is blurred where GStreamer reads it at the edges, and
 * therefore compared in the others. */
static void
assert_columns (const GstVideoInfo * info_a, GstBuffer * a, gint from,
    gint to, const GstVideoInfo * info_b, GstBuffer * b, gint at_b)
{
  const guint n = GST_VIDEO_INFO_IS_GRAY (info_a)
      || GST_VIDEO_FORMAT_INFO_W_SUB (info_a->finfo, 1) > 0 ? 1 : 3;
  guint max;
  g_autofree guint16 *pixels_a = fixture_unpack (info_a, a, &max);
  g_autofree guint16 *pixels_b = fixture_unpack (info_b, b, &max);

  for (gint y = 0; y < info_a->height; y++) {
    for (gint x = from; x < to; x++)
      if (memcmp (pixel (info_a, pixels_a, x, y) + 1,
              pixel (info_b, pixels_b, x - from + at_b, y) + 1,
              n * sizeof (guint16)) != 0)
        ck_abort_msg ("%s: column %d, row %d", info_a->finfo->name, x, y);
  }
}

/* All samples of both halves of planar formats, chroma too. */
static void
assert_planes (const GstVideoInfo * in, GstBuffer * a, GstVideoInfo * out,
    GstBuffer * b, gint at_b)
{
  GstVideoFrame frame_a, frame_b;

  gst_video_frame_map (&frame_a, (GstVideoInfo *) in, a, GST_MAP_READ);
  gst_video_frame_map (&frame_b, out, b, GST_MAP_READ);
  for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS (&frame_a); c++) {
    const gint step = GST_VIDEO_FRAME_COMP_PSTRIDE (&frame_a, c);
    const gint x =
        GST_VIDEO_FORMAT_INFO_SCALE_WIDTH (in->finfo, c, at_b) * step;

    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (&frame_a, c); y++) {
      const guint8 *row_a = GST_VIDEO_FRAME_COMP_DATA (&frame_a, c);
      const guint8 *row_b = GST_VIDEO_FRAME_COMP_DATA (&frame_b, c);

      row_a += y * GST_VIDEO_FRAME_COMP_STRIDE (&frame_a, c);
      row_b += y * GST_VIDEO_FRAME_COMP_STRIDE (&frame_b, c) + x;
      for (gint i = 0; i < GST_VIDEO_FRAME_COMP_WIDTH (&frame_a, c); i++)
        if (row_a[i * step] != row_b[i * step])
          ck_abort_msg ("%s: component %u, column %d, row %d",
              in->finfo->name, c, i, y);
    }
  }
  gst_video_frame_unmap (&frame_a);
  gst_video_frame_unmap (&frame_b);
}

GST_START_TEST (test_halves_are_the_inputs_bit_for_bit)
{
  static const guint sizes[][2] = { {32, 24}, {37, 21} };
  GArray *formats = fixture_formats ("aevideocompare");

  for (guint i = 0; i < 2 * formats->len; i++) {
    const guint *size = sizes[i % 2];
    GstVideoInfo in =
        fixture_info (g_array_index (formats, gchar *, i / 2), size[0],
        size[1]), out;
    Comparer c = fixture_comparer (&in, &in);
    GstBuffer *a = fixture_random_frame (&in, 1);
    GstBuffer *b = fixture_random_frame (&in, 2);
    GstBuffer *view = compare (&c, gst_buffer_ref (a), gst_buffer_ref (b));
    const gint middle = (gint) GST_ROUND_UP_2 (size[0]);

    out = output_info (&c);
    fail_unless_equals_int (out.finfo->format, in.finfo->format);
    fail_unless_equals_int (out.width, middle + (gint) size[0]);
    fail_unless_equals_int (out.height, size[1]);
    assert_columns (&in, a, 0, in.width, &out, view, 0);
    assert_columns (&in, b, 0, in.width, &out, view, middle);
    if (GST_VIDEO_INFO_N_PLANES (&in) == 3) {
      assert_planes (&in, a, &out, view, 0);
      assert_planes (&in, b, &out, view, middle);
    }
    gst_buffer_unref (a);
    gst_buffer_unref (b);
    gst_buffer_unref (view);
    fixture_comparer_clear (&c);
  }
  g_array_unref (formats);
}

GST_END_TEST;

GST_START_TEST (test_wipe_shows_the_reference_up_to_its_position)
{
  static const struct
  {
    double position;
    gint edge;                  /* of 37 columns, on whole samples of chroma */
  } cases[] = { {0.0, 0}, {0.5, 18}, {0.25, 8}, {1.0, 37} };
  GArray *formats = fixture_formats ("aevideocompare");

  for (guint i = 0; i < formats->len; i++) {
    GstVideoInfo in =
        fixture_info (g_array_index (formats, gchar *, i), 37, 21), out;
    Comparer c = fixture_comparer (&in, &in);

    gst_util_set_object_arg (G_OBJECT (c.element), "view", "wipe");
    for (guint n = 0; n < G_N_ELEMENTS (cases); n++) {
      GstBuffer *a = at (fixture_random_frame (&in, 1), n);
      GstBuffer *b = at (fixture_random_frame (&in, 2), n), *view;

      g_object_set (c.element, "wipe-position", cases[n].position, NULL);
      view = compare (&c, gst_buffer_ref (a), gst_buffer_ref (b));
      out = output_info (&c);
      fail_unless_equals_int (out.width, in.width);
      assert_columns (&in, a, 0, cases[n].edge, &out, view, 0);
      assert_columns (&in, b, cases[n].edge, in.width, &out, view,
          cases[n].edge);
      gst_buffer_unref (a);
      gst_buffer_unref (b);
      gst_buffer_unref (view);
    }
    fixture_comparer_clear (&c);
  }
  g_array_unref (formats);
}

GST_END_TEST;

GST_START_TEST (test_view_test_shows_the_test_alone_and_measures)
{
  GstVideoInfo in = fixture_info ("I420", 37, 21), out;
  Comparer c = fixture_comparer (&in, &in);
  GstBuffer *test = fixture_flat_frame (&in, 100), *view;

  gst_util_set_object_arg (G_OBJECT (c.element), "view", "test");
  view = compare (&c, fixture_flat_frame (&in, 110), gst_buffer_ref (test));
  out = output_info (&c);
  fail_unless_equals_int (out.width, in.width);
  assert_planes (&in, test, &out, view, 0);
  assert_db (stats (&c).psnr, 20.0 * log10 (25.5));
  gst_buffer_unref (test);
  gst_buffer_unref (view);
  fixture_comparer_clear (&c);
}

GST_END_TEST;

GST_START_TEST (test_view_may_change_while_frames_flow)
{
  static const gchar *const views[] = { "test", "side-by-side", "wipe" };
  GstVideoInfo in = fixture_info ("NV12", 32, 24);
  Comparer c = fixture_comparer (&in, &in);

  for (guint n = 0; n < 9; n++) {
    GstBuffer *view;

    gst_util_set_object_arg (G_OBJECT (c.element), "view", views[n % 3]);
    view = compare (&c, at (fixture_flat_frame (&in, 100), n),
        at (fixture_flat_frame (&in, 90), n));
    fail_unless_equals_int (output_info (&c).width, n % 3 == 1 ? 64 : 32);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (view), n * FRAME);
    gst_buffer_unref (view);
  }
  fail_unless_equals_uint64 (stats (&c).n_frames, 9);
  fixture_comparer_clear (&c);
}

GST_END_TEST;

/* Text lies on both halves, in the upper quarter, and leaves the rest. */
GST_START_TEST (test_text_is_drawn_in_every_format_and_covers_little)
{
  enum
  { W = 320, H = 180 };
  GArray *formats = fixture_formats ("aevideocompare");

  for (guint i = 0; i < formats->len; i++) {
    GstVideoInfo in = fixture_info (g_array_index (formats, gchar *, i), W, H);
    GstVideoInfo out;
    Comparer c = fixture_comparer (&in, &in);
    GstBuffer *frame = fixture_flat_frame (&in,
        GST_VIDEO_INFO_COMP_DEPTH (&in,
            0) == 8 ? 100 : 400), *view;
    g_autofree guint16 *pixels = NULL;
    guint max, n_changed[2] = { 0, 0 };

    g_object_set (c.element, "show-text", TRUE, NULL);
    view = compare (&c, gst_buffer_ref (frame), frame);
    out = output_info (&c);
    pixels = fixture_unpack (&out, view, &max);
    for (gint y = 0; y < H; y++) {
      for (gint x = 0; x < 2 * W; x++) {
        const gint is = pixel (&out, pixels, x, y)[1];
        const gint was = pixel (&out, pixels, 0, H - 1)[1];

        if (is == was)
          continue;
        n_changed[x / W]++;
        if (y >= H / 4)
          ck_abort_msg ("%s: text at row %d", in.finfo->name, y);
      }
    }
    for (guint half = 0; half < 2; half++)
      fail_unless (n_changed[half] > 500 && n_changed[half] < W * H / 10,
          "%s: %u pixels of text", in.finfo->name, n_changed[half]);
    gst_buffer_unref (view);
    fixture_comparer_clear (&c);
  }
  g_array_unref (formats);
}

GST_END_TEST;

GST_START_TEST (test_wipe_labels_lie_on_the_part_they_name)
{
  enum
  { W = 600, H = 64, GREY = 100 };
  static const double positions[] = { 0.0, 0.5, 1.0 };
  GstVideoInfo in = fixture_info ("GRAY8", W, H);
  Comparer c = fixture_comparer (&in, &in);

  g_object_set (c.element, "show-text", TRUE, NULL);
  gst_util_set_object_arg (G_OBJECT (c.element), "view", "wipe");
  for (guint n = 0; n < G_N_ELEMENTS (positions); n++) {
    GstBuffer *frame = at (fixture_flat_frame (&in, GREY), n), *view;
    guint n_changed[2] = { 0, 0 };
    GstMapInfo map;

    g_object_set (c.element, "wipe-position", positions[n], NULL);
    view = compare (&c, gst_buffer_ref (frame), frame);
    gst_buffer_map (view, &map, GST_MAP_READ);
    for (guint i = 0; i < W * H; i++)
      n_changed[i % W >= positions[n] * W] += map.data[i] != GREY;
    gst_buffer_unmap (view, &map);
    fail_unless ((n_changed[0] > 500) == (positions[n] > 0.0));
    fail_unless ((n_changed[1] > 500) == (positions[n] < 1.0));
    gst_buffer_unref (view);
  }
  fixture_comparer_clear (&c);
}

GST_END_TEST;

GST_START_TEST (test_text_fits_into_tiny_frames)
{
  static const guint sizes[][2] = { {1, 1}, {2, 2}, {3, 40}, {40, 3}, {17, 9} };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GstVideoInfo in = fixture_info ("I420", sizes[i][0], sizes[i][1]);
    Comparer c = fixture_comparer (&in, &in);

    g_object_set (c.element, "show-text", TRUE, NULL);
    gst_buffer_unref (compare (&c, fixture_flat_frame (&in, 1),
            fixture_flat_frame (&in, 2)));
    assert_db (stats (&c).psnr, 20.0 * log10 (255.0));
    fixture_comparer_clear (&c);
  }
}

GST_END_TEST;

GST_START_TEST (test_messages_tell_the_last_pair_and_the_means)
{
  static const guint differences[] = { 1, 10, 0, 5 };
  GstVideoInfo info = fixture_info ("I420", 32, 24);
  Comparer c = fixture_comparer (&info, &info);
  double sum_psnr = 0.0, sum_ssim = 0.0;

  for (guint n = 0; n < G_N_ELEMENTS (differences); n++) {
    const double psnr = differences[n] > 0 ?
        20.0 * log10 (255.0 / differences[n]) : 100.0;
    Figures f;

    gst_buffer_unref (compare (&c, at (fixture_flat_frame (&info, 100), n),
            at (fixture_flat_frame (&info, 100 + differences[n]), n)));
    f = next_message (&c);
    sum_psnr += psnr;
    sum_ssim += f.ssim;
    assert_db (f.psnr, psnr);
    assert_db (f.mean_psnr, sum_psnr / (n + 1));
    fail_unless (fabs (f.mean_ssim - sum_ssim / (n + 1)) < 1e-9);
    fail_unless_equals_uint64 (f.n_frames, n + 1);
    fail_unless_equals_uint64 (f.n_unmatched, 0);
    fail_unless (!has_message (&c), "more than one message for a frame");
  }
  fixture_comparer_clear (&c);
}

GST_END_TEST;

GST_START_TEST (test_message_interval_is_kept)
{
  GstVideoInfo info = fixture_info ("GRAY8", 16, 16);
  Comparer c = fixture_comparer (&info, &info);

  g_object_set (c.element, "message-interval", 4 * FRAME, NULL);
  for (guint n = 0; n < 12; n++) {
    gst_buffer_unref (compare (&c, at (fixture_flat_frame (&info, 1), n),
            at (fixture_flat_frame (&info, 2), n)));
    fail_unless (has_message (&c) == (n % 4 == 0), "frame %u", n);
    if (n % 4 == 0)
      fail_unless_equals_uint64 (next_message (&c).n_frames, n + 1);
  }
  fixture_comparer_clear (&c);
}

GST_END_TEST;

/* Notes what the last message on the bus said when EOS passed. */
static GstPadProbeReturn
note_at_eos (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Comparer *c = data;

  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS) {
    fail_unless_equals_uint64 (next_message (c).n_frames, 1);
    fail_unless_equals_uint64 (next_message (c).n_frames, 3);
    fail_unless (!has_message (c));
    g_atomic_int_set ((gint *) g_object_get_data (G_OBJECT (pad), "eos"), TRUE);
  }
  return GST_PAD_PROBE_OK;
}

GST_START_TEST (test_last_message_comes_before_eos)
{
  GstVideoInfo info = fixture_info ("GRAY8", 16, 16);
  Comparer c = fixture_comparer (&info, &info);
  gint eos = FALSE;

  g_object_set (c.element, "message-interval", (guint64) GST_SECOND, NULL);
  g_object_set_data (G_OBJECT (c.reference->sinkpad), "eos", &eos);
  gst_pad_add_probe (c.reference->sinkpad,
      GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, note_at_eos, &c, NULL);
  for (guint n = 0; n < 3; n++)
    gst_buffer_unref (compare (&c, at (fixture_flat_frame (&info, 1), n),
            at (fixture_flat_frame (&info, 2), n)));
  gst_harness_push_event (c.reference, gst_event_new_eos ());
  fail_unless (!g_atomic_int_get (&eos));
  gst_harness_push_event (c.test, gst_event_new_eos ());
  for (guint i = 0; i < 500 && !g_atomic_int_get (&eos); i++)
    g_usleep (10000);
  fail_unless (g_atomic_int_get (&eos));
  fixture_comparer_clear (&c);
}

GST_END_TEST;

GST_START_TEST (test_ssim_false_leaves_ssim_out)
{
  GstVideoInfo info = fixture_info ("GRAY8", 32, 24);
  Comparer c = fixture_comparer (&info, &info);
  Figures f;

  for (guint n = 0; n < 4; n++) {
    g_object_set (c.element, "ssim", n % 2 == 1, NULL);
    gst_buffer_unref (compare (&c, at (fixture_flat_frame (&info, 7), n),
            at (fixture_flat_frame (&info, 7), n)));
    f = stats (&c);
    fail_unless (fabs (f.ssim - (n % 2)) < 1e-6);
    /* the mean is of those that were measured */
    fail_unless (fabs (f.mean_ssim - (n > 0)) < 1e-6);
    fail_unless (f.psnr == 100.0);
  }
  fixture_comparer_clear (&c);
}

GST_END_TEST;

static Suite *
aevideocompare_suite (void)
{
  Suite *s = suite_create ("aevideocompare");
  TCase *tc = tcase_create ("frames");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_equal_frames_of_every_format_have_100_db_and_ssim_1);
  tcase_add_test (tc, test_a_constant_difference_has_its_exact_psnr);
  tcase_add_test (tc, test_rgb_is_compared_by_its_luma);
  tcase_add_test (tc, test_formats_may_differ);
  tcase_add_test (tc, test_halves_are_the_inputs_bit_for_bit);
  tcase_add_test (tc, test_wipe_shows_the_reference_up_to_its_position);
  tcase_add_test (tc, test_view_test_shows_the_test_alone_and_measures);
  tcase_add_test (tc, test_view_may_change_while_frames_flow);
  tcase_add_test (tc, test_text_is_drawn_in_every_format_and_covers_little);
  tcase_add_test (tc, test_wipe_labels_lie_on_the_part_they_name);
  tcase_add_test (tc, test_text_fits_into_tiny_frames);
  tcase_add_test (tc, test_messages_tell_the_last_pair_and_the_means);
  tcase_add_test (tc, test_message_interval_is_kept);
  tcase_add_test (tc, test_last_message_comes_before_eos);
  tcase_add_test (tc, test_ssim_false_leaves_ssim_out);
  return s;
}

GST_CHECK_MAIN (aevideocompare);
