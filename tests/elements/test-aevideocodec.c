/* aevideoenc and aevideodec: what comes back, and how large it was.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>

#include "ae-frame.h"
#include "latent-fixture.h"

enum
{ WIDTH = 178, HEIGHT = 99 };

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

static AeFrameHeader
header_of (GstBuffer * buffer)
{
  AeFrameHeader header;
  GstMapInfo map;

  gst_buffer_map (buffer, &map, GST_MAP_READ);
  fail_unless (ae_frame_header_parse (map.data, map.size, &header, NULL));
  fail_unless_equals_uint64 (map.size,
      header.header_bytes + header.payload_bytes);
  gst_buffer_unmap (buffer, &map);
  return header;
}

/* What I420 GStreamer makes of @buffer. Returns: (transfer full) */
static GstBuffer *
to_i420 (const GstVideoInfo * info, GstBuffer * buffer)
{
  g_autoptr (GstCaps) caps = gst_video_info_to_caps ((GstVideoInfo *) info);
  g_autoptr (GstCaps) wanted = gst_caps_copy (caps);
  g_autoptr (GstSample) sample = NULL;
  g_autoptr (GstSample) converted = NULL;
  g_autoptr (GError) error = NULL;

  if (GST_VIDEO_INFO_FORMAT (info) == GST_VIDEO_FORMAT_I420)
    return gst_buffer_ref (buffer);
  gst_structure_remove_fields (gst_caps_get_structure (wanted, 0),
      "colorimetry", "chroma-site", NULL);
  gst_caps_set_simple (wanted, "format", G_TYPE_STRING, "I420", NULL);
  sample = gst_sample_new (buffer, caps, NULL, NULL);
  converted = gst_video_convert_sample (sample, wanted, 10 * GST_SECOND,
      &error);
  g_assert_no_error (error);
  return gst_buffer_ref (gst_sample_get_buffer (converted));
}

/* Codes and decodes two frames of @info. */
static void
check_format (const GstVideoInfo * info)
{
  GstVideoInfo out_info = fixture_info ("I420", (guint) info->width,
      (guint) info->height);
  GstHarness *enc = latent_fixture_encoder ("quality=7", info);
  GstHarness *dec = latent_fixture_decoder ("");

  for (guint i = 0; i < 2; i++) {
    GstBuffer *in = latent_fixture_frame (info, i, FALSE, 0);
    g_autoptr (GstBuffer) expected = to_i420 (info, in);
    g_autoptr (GstBuffer) out = NULL;
    g_autoptr (GstCaps) caps = NULL;
    const GstStructure *s;
    gint width, height, n, d;
    double psnr;

    out = gst_harness_push_and_pull (dec, gst_harness_push_and_pull (enc, in));
    fail_unless (out != NULL);
    psnr = latent_fixture_psnr (&out_info, expected, out, 0,
        (guint) info->width);
    fail_unless (psnr > 37, "%s %ux%u: %g dB",
        gst_video_format_to_string (GST_VIDEO_INFO_FORMAT (info)), info->width,
        info->height, psnr);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (out), i * LATENT_FRAME);
    fail_unless_equals_uint64 (GST_BUFFER_DURATION (out), LATENT_FRAME);
    caps = gst_pad_get_current_caps (dec->sinkpad);
    s = gst_caps_get_structure (caps, 0);
    fail_unless (gst_structure_get (s, "width", G_TYPE_INT, &width, "height",
            G_TYPE_INT, &height, NULL));
    fail_unless (gst_structure_get_fraction (s, "framerate", &n, &d));
    fail_unless_equals_int (width, info->width);
    fail_unless_equals_int (height, info->height);
    fail_unless_equals_int (n, 25 * d);
  }
  gst_harness_teardown (enc);
  gst_harness_teardown (dec);
}

GST_START_TEST (test_every_format_comes_back_close)
{
  GstElement *e = gst_element_factory_make ("aevideoenc", NULL);
  GstPadTemplate *template = gst_element_get_pad_template (e, "sink");
  g_autoptr (GstCaps) caps = gst_pad_template_get_caps (template);
  const GValue *list =
      gst_structure_get_value (gst_caps_get_structure (caps, 0), "format");

  for (guint i = 0; i < gst_value_list_get_size (list); i++) {
    const gchar *name = g_value_get_string (gst_value_list_get_value (list,
            i));
    GstVideoInfo info = fixture_info (name, WIDTH, HEIGHT);

    check_format (&info);
  }
  gst_object_unref (e);
}

GST_END_TEST;

GST_START_TEST (test_every_size_comes_back_close)
{
  static const guint sizes[][2] = {
    {16, 16}, {17, 16}, {16, 17}, {33, 31}, {641, 479}, {1, 1}, {2, 5},
    {1923, 37}
  };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    GstVideoInfo info = fixture_info ("I420", sizes[i][0], sizes[i][1]);

    check_format (&info);
  }
}

GST_END_TEST;

GST_START_TEST (test_large_pictures_come_back)
{
  GstVideoInfo info = fixture_info ("NV12", 3840, 2160);

  check_format (&info);
}

GST_END_TEST;

/* Chroma comes back too: the mean difference of U and V. */
GST_START_TEST (test_colours_come_back)
{
  GstVideoInfo info = fixture_info ("I420", WIDTH, HEIGHT);
  GstHarness *h = gst_harness_new_parse ("aevideoenc quality=8 ! aevideodec");
  GstBuffer *in = latent_fixture_frame (&info, 3, FALSE, 0), *out;
  GstVideoFrame a, b;
  guint64 sum = 0, n = 0;

  fixture_set_info (h, &info);
  out = gst_harness_push_and_pull (h, gst_buffer_ref (in));
  gst_video_frame_map (&a, &info, in, GST_MAP_READ);
  gst_video_frame_map (&b, &info, out, GST_MAP_READ);
  for (guint c = 1; c < 3; c++) {
    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (&a, c); y++) {
      const guint8 *p = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&a, c)
          + y * GST_VIDEO_FRAME_PLANE_STRIDE (&a, c);
      const guint8 *q = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&b, c)
          + y * GST_VIDEO_FRAME_PLANE_STRIDE (&b, c);

      for (gint x = 0; x < GST_VIDEO_FRAME_COMP_WIDTH (&a, c); x++, n++)
        sum += (guint64) ABS (p[x] - q[x]);
    }
  }
  fail_unless (sum < 2 * n, "a mean difference of %g",
      (double) sum / (double) n);
  gst_video_frame_unmap (&a);
  gst_video_frame_unmap (&b);
  gst_buffer_unref (in);
  gst_buffer_unref (out);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Each level takes more bytes than the one before and is nearer. */
GST_START_TEST (test_quality_trades_bytes_for_psnr)
{
  GstVideoInfo info = fixture_info ("I420", WIDTH, HEIGHT);
  double psnr_before = 0;
  gsize bytes_before = 0;

  for (guint quality = 0; quality <= 9; quality++) {
    g_autofree gchar *text = g_strdup_printf ("quality=%u", quality);
    GstHarness *enc = latent_fixture_encoder (text, &info);
    GstHarness *dec = latent_fixture_decoder ("");
    GstBuffer *in = latent_fixture_frame (&info, 0, FALSE, 3);
    GstBuffer *coded = gst_harness_push_and_pull (enc, gst_buffer_ref (in));
    gsize bytes = gst_buffer_get_size (coded);
    GstBuffer *out = gst_harness_push_and_pull (dec, coded);
    double psnr = latent_fixture_psnr (&info, in, out, 0, WIDTH);

    fail_unless (bytes > bytes_before && psnr > psnr_before + 0.5,
        "level %u: %" G_GSIZE_FORMAT " bytes, %g dB; before %" G_GSIZE_FORMAT
        ", %g", quality, bytes, psnr, bytes_before, psnr_before);
    bytes_before = bytes;
    psnr_before = psnr;
    gst_buffer_unref (in);
    gst_buffer_unref (out);
    gst_harness_teardown (enc);
    gst_harness_teardown (dec);
  }
  fail_unless (psnr_before > 40);
}

GST_END_TEST;

/* Of a size whose rows need no padding, which would differ. */
GST_START_TEST (test_a_still_picture_takes_next_to_nothing)
{
  GstVideoInfo info = fixture_info ("I420", 176, 96);
  GstHarness *enc = latent_fixture_encoder ("quality=5", &info);
  GstHarness *dec = latent_fixture_decoder ("");
  g_autoptr (GstBuffer) start = NULL;

  for (guint i = 0; i < 10; i++) {
    GstBuffer *coded = gst_harness_push_and_pull (enc,
        latent_fixture_frame (&info, i, TRUE, 0));
    GstBuffer *out;

    fail_unless_equals_int (header_of (coded).type,
        i == 0 ? AE_FRAME_KEY : AE_FRAME_SKIP);
    fail_unless (GST_BUFFER_FLAG_IS_SET (coded, GST_BUFFER_FLAG_DELTA_UNIT)
        == (i > 0));
    fail_unless (i == 0 || gst_buffer_get_size (coded) < 60);
    out = gst_harness_push_and_pull (dec, coded);
    if (i == 0)
      start = gst_buffer_ref (out);
    fail_unless_equals_uint64 (latent_fixture_n_different (start, out), 0);
    gst_buffer_unref (out);
  }
  fail_unless_equals_uint64 (latent_fixture_stat (enc, "aevideoenc",
          "skipped-frames"), 9);
  gst_harness_teardown (enc);
  gst_harness_teardown (dec);
}

GST_END_TEST;

/* Noise is not worth its bits: far less than coding every frame anew. What
 * moves stays sharp all the same, and nothing drifts. */
GST_START_TEST (test_predicted_frames_are_small_and_do_not_drift)
{
  GstVideoInfo info = fixture_info ("I420", WIDTH, HEIGHT);
  GstHarness *enc = latent_fixture_encoder ("quality=5 key-interval=0", &info);
  GstHarness *dec = latent_fixture_decoder ("");
  gsize key_bytes = 0, bytes = 0;
  double start = 0;

  for (guint i = 0; i < 30; i++) {
    g_autoptr (GstBuffer) clean = latent_fixture_frame (&info, i, FALSE, 0);
    GstBuffer *coded = gst_harness_push_and_pull (enc,
        latent_fixture_frame (&info, i, FALSE, 2));
    g_autoptr (GstBuffer) out = NULL;
    double psnr;

    if (i == 0)
      key_bytes = gst_buffer_get_size (coded);
    else
      bytes += gst_buffer_get_size (coded);
    out = gst_harness_push_and_pull (dec, coded);
    psnr = latent_fixture_psnr (&info, clean, out, 0, WIDTH);
    start = i == 0 ? psnr : start;
    fail_unless (psnr > start - 1.5, "frame %u: %g dB, the first %g", i, psnr,
        start);
  }
  fail_unless (bytes < 29 * key_bytes / 4, "%" G_GSIZE_FORMAT " bytes after %"
      G_GSIZE_FORMAT, bytes, key_bytes);
  gst_harness_teardown (enc);
  gst_harness_teardown (dec);
}

GST_END_TEST;

GST_START_TEST (test_key_frames_come_when_asked_and_at_intervals)
{
  GstVideoInfo info = fixture_info ("I420", WIDTH, HEIGHT);
  GstHarness *enc = latent_fixture_encoder ("key-interval=5", &info);

  for (guint i = 0; i < 18; i++) {
    g_autoptr (GstBuffer) coded = NULL;

    if (i == 7)
      gst_harness_push_upstream_event (enc,
          gst_video_event_new_upstream_force_key_unit (GST_CLOCK_TIME_NONE,
              TRUE, 1));
    coded = gst_harness_push_and_pull (enc,
        latent_fixture_frame (&info, i, FALSE, 0));
    fail_unless ((header_of (coded).type == AE_FRAME_KEY)
        == (i == 0 || i == 5 || i == 7 || i == 12 || i == 17), "frame %u", i);
  }
  gst_harness_teardown (enc);
}

GST_END_TEST;

GST_START_TEST (test_quality_changes_while_playing)
{
  GstVideoInfo info = fixture_info ("I420", WIDTH, HEIGHT);
  GstHarness *enc = latent_fixture_encoder ("quality=1", &info);
  GstHarness *dec = latent_fixture_decoder ("");
  double psnr[12];

  for (guint i = 0; i < 12; i++) {
    g_autoptr (GstBuffer) in = latent_fixture_frame (&info, 0, TRUE, 0);
    g_autoptr (GstBuffer) out = NULL;

    GST_BUFFER_PTS (in) = i * LATENT_FRAME;
    if (i == 6)
      gst_harness_set (enc, "aevideoenc", "quality", 8, NULL);
    out = gst_harness_push_and_pull (dec, gst_harness_push_and_pull (enc,
            gst_buffer_ref (in)));
    psnr[i] = latent_fixture_psnr (&info, in, out, 0, WIDTH);
  }
  fail_unless (psnr[5] < 35, "%g dB", psnr[5]);
  fail_unless (psnr[6] > psnr[5] + 6, "%g dB after %g", psnr[6], psnr[5]);
  gst_harness_teardown (enc);
  gst_harness_teardown (dec);
}

GST_END_TEST;

/* Noise that no two frames share, and a change of what is wanted. */
GST_START_TEST (test_the_bit_rate_is_kept)
{
  enum
  { SECONDS = 6, FPS = 25 };
  static const guint kbits[] = { 200, 700, 90 };
  GstVideoInfo info = fixture_info ("I420", 192, 128);
  GstHarness *enc = latent_fixture_encoder ("key-interval=40", &info);
  guint n = 0;

  for (guint r = 0; r < G_N_ELEMENTS (kbits); r++) {
    gsize bytes[SECONDS * FPS] = { 0 };

    gst_harness_set (enc, "aevideoenc", "bitrate", kbits[r], NULL);
    for (guint i = 0; i < SECONDS * FPS; i++, n++) {
      GstBuffer *in = latent_fixture_frame (&info, n % 60, FALSE, 8);
      GstBuffer *coded;

      GST_BUFFER_PTS (in) = n * LATENT_FRAME;
      coded = gst_harness_push_and_pull (enc, in);
      bytes[i] = gst_buffer_get_size (coded);
      gst_buffer_unref (coded);
    }
    /* from a second after the change on, any two seconds */
    for (guint i = FPS; i + 2 * FPS <= SECONDS * FPS; i += 5) {
      double sum = 0;

      for (guint j = i; j < i + 2 * FPS; j++)
        sum += 8.0 * (double) bytes[j] / 2000.0;
      fail_unless (sum > 0.9 * kbits[r] && sum < 1.1 * kbits[r],
          "%g kbit/s in frames %u to %u, %u are wanted", sum, i, i + 2 * FPS,
          kbits[r]);
    }
  }
  gst_harness_teardown (enc);
}

GST_END_TEST;

GST_START_TEST (test_there_is_no_latency)
{
  GstVideoInfo info = fixture_info ("I420", WIDTH, HEIGHT);
  GstHarness *h = gst_harness_new_parse ("aevideoenc ! aevideodec");

  fixture_set_info (h, &info);
  for (guint i = 0; i < 3; i++) {
    gst_harness_push (h, latent_fixture_frame (&info, i, FALSE, 0));
    fail_unless_equals_int (gst_harness_buffers_in_queue (h), 1);
    gst_buffer_unref (gst_harness_pull (h));
  }
  fail_unless_equals_uint64 (gst_harness_query_latency (h), 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_caps_may_change_in_mid_stream)
{
  GstHarness *h = gst_harness_new_parse ("aevideoenc quality=7 ! aevideodec");
  static const struct
  {
    const gchar *format;
    guint width, height;
  } streams[] = {
    {"I420", 64, 48}, {"RGB", 31, 17}, {"GRAY8", 100, 30}, {"I420", 64, 48}
  };

  for (guint i = 0; i < G_N_ELEMENTS (streams); i++) {
    GstVideoInfo info = fixture_info (streams[i].format, streams[i].width,
        streams[i].height);
    GstVideoInfo out_info = fixture_info ("I420", streams[i].width,
        streams[i].height);
    GstBuffer *in = latent_fixture_frame (&info, 0, FALSE, 0);
    g_autoptr (GstBuffer) expected = to_i420 (&info, in);
    g_autoptr (GstBuffer) out = NULL;

    GST_BUFFER_PTS (in) = i * LATENT_FRAME;
    fixture_set_info (h, &info);
    out = gst_harness_push_and_pull (h, in);
    fail_unless (latent_fixture_psnr (&out_info, expected, out, 0,
            streams[i].width) > 36);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

/* Strides of the frame's memory are not those of the caps. */
GST_START_TEST (test_padded_frames_are_read_right)
{
  GstVideoInfo info = fixture_info ("I420", WIDTH, HEIGHT);
  GstHarness *plain = latent_fixture_encoder ("", &info);
  GstHarness *padded = latent_fixture_encoder ("", &info);
  GstBuffer *in = latent_fixture_frame (&info, 0, FALSE, 0);
  g_autoptr (GstBuffer) a = NULL;
  g_autoptr (GstBuffer) b = NULL;
  gsize offsets[4] = { 32, 32 + 256 * 120, 32 + 2 * 256 * 120, 0 };
  gint strides[4] = { 256, 256, 256, 0 };
  GstBuffer *wide = gst_buffer_new_allocate (NULL, 4 * 256 * 120, NULL);
  GstVideoFrame from, to;

  gst_buffer_memset (wide, 0, 99, 4 * 256 * 120);
  gst_buffer_add_video_meta_full (wide, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_FORMAT_I420, WIDTH, HEIGHT, 3, offsets, strides);
  gst_video_frame_map (&from, &info, in, GST_MAP_READ);
  gst_video_frame_map (&to, &info, wide, GST_MAP_WRITE);
  gst_video_frame_copy (&to, &from);
  gst_video_frame_unmap (&to);
  gst_video_frame_unmap (&from);
  GST_BUFFER_PTS (wide) = 0;
  a = gst_harness_push_and_pull (plain, in);
  b = gst_harness_push_and_pull (padded, wide);
  fail_unless_equals_uint64 (latent_fixture_n_different (a, b), 0);
  gst_harness_teardown (plain);
  gst_harness_teardown (padded);
}

GST_END_TEST;

/* A model of luma alone, which knows nothing of steps and tables. */
GST_START_TEST (test_any_autoencoder_is_a_codec)
{
  /* means of 2x2, which come back four times */
  static const float weights[] = {
    0.25f, 0.25f, 0.25f, 0.25f, 0.0f, 1.0f, 1.0f, 1.0f, 1.0f,
    0.0f, 0.0f, 0.0f, 0.0f
  };
  GstVideoInfo info = fixture_info ("I420", 176, 96);
  g_autofree gchar *path =
      fixture_model ("unshuffle 2, conv 1x1 1 | conv 1x1 4, shuffle 2",
      weights, G_N_ELEMENTS (weights));
  g_autofree gchar *text = g_strdup_printf ("quality=9 model=%s", path);
  GstHarness *enc = latent_fixture_encoder (text, &info);
  g_autofree gchar *dec_text = g_strdup_printf ("model=%s", path);
  GstHarness *dec = latent_fixture_decoder (dec_text);
  GstBuffer *in = latent_fixture_frame (&info, 0, TRUE, 0);
  g_autoptr (GstBuffer) out = NULL;
  GstMapInfo map;

  gst_buffer_map (in, &map, GST_MAP_READWRITE);
  for (gsize i = 0; i < map.size; i++)
    map.data[i] = (guint8) (i < 176 * 96 ? 40 + i % 180 / 2 : 150);
  gst_buffer_unmap (in, &map);
  out = gst_harness_push_and_pull (dec, gst_harness_push_and_pull (enc,
          gst_buffer_ref (in)));
  fail_unless (latent_fixture_psnr (&info, in, out, 0, 176) > 27);
  gst_buffer_map (out, &map, GST_MAP_READ);
  for (gsize i = info.offset[1]; i < map.size; i += 97)
    fail_unless (ABS (map.data[i] - 150) < 4);
  gst_buffer_unmap (out, &map);
  gst_buffer_unref (in);
  gst_harness_teardown (enc);
  gst_harness_teardown (dec);
}

GST_END_TEST;

static void
check_error (const gchar * text, GQuark domain, gint code, const gchar * words)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (text, NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  GstMessage *message;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 20 * GST_SECOND,
      GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, domain, code), "%s", error->message);
  fail_unless (strstr (error->message, words) != NULL, "%s", error->message);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

GST_START_TEST (test_models_that_are_missing_or_other_ones_are_errors)
{
  static const float weights[] = { 1.0f, 0.0f, 1.0f, 0.0f };
  g_autofree gchar *other = fixture_model ("conv 1x1 1 | conv 1x1 1", weights,
      G_N_ELEMENTS (weights));
  g_autofree gchar *text = g_strdup_printf ("videotestsrc num-buffers=5 ! "
      "aevideoenc model=%s ! aevideodec ! fakesink", other);

  check_error ("videotestsrc num-buffers=5 ! aevideoenc model=none ! fakesink",
      GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND, "none");
  check_error (text, GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE,
      "another model");
}

GST_END_TEST;

GST_START_TEST (test_starts_and_stops_often)
{
  GstElement *pipeline = gst_parse_launch ("videotestsrc is-live=false ! "
      "video/x-raw,width=64,height=48 ! aevideoenc ! aevideodec ! fakesink",
      NULL);

  for (guint i = 0; i < 30; i++) {
    gst_element_set_state (pipeline, i % 3 == 0 ? GST_STATE_PAUSED
        : GST_STATE_PLAYING);
    fail_unless (gst_element_get_state (pipeline, NULL, NULL, 10 * GST_SECOND)
        == GST_STATE_CHANGE_SUCCESS);
    gst_element_set_state (pipeline, i % 2 == 0 ? GST_STATE_NULL
        : GST_STATE_READY);
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

GST_END_TEST;

static Suite *
aevideocodec_suite (void)
{
  Suite *suite = suite_create ("aevideocodec");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_checked_fixture (tests, setup, teardown);
  tcase_add_test (tests, test_every_format_comes_back_close);
  tcase_add_test (tests, test_every_size_comes_back_close);
  tcase_add_test (tests, test_large_pictures_come_back);
  tcase_add_test (tests, test_colours_come_back);
  tcase_add_test (tests, test_quality_trades_bytes_for_psnr);
  tcase_add_test (tests, test_a_still_picture_takes_next_to_nothing);
  tcase_add_test (tests, test_predicted_frames_are_small_and_do_not_drift);
  tcase_add_test (tests, test_key_frames_come_when_asked_and_at_intervals);
  tcase_add_test (tests, test_quality_changes_while_playing);
  tcase_add_test (tests, test_the_bit_rate_is_kept);
  tcase_add_test (tests, test_there_is_no_latency);
  tcase_add_test (tests, test_caps_may_change_in_mid_stream);
  tcase_add_test (tests, test_padded_frames_are_read_right);
  tcase_add_test (tests, test_any_autoencoder_is_a_codec);
  tcase_add_test (tests, test_models_that_are_missing_or_other_ones_are_errors);
  tcase_add_test (tests, test_starts_and_stops_often);
  return suite;
}

GST_CHECK_MAIN (aevideocodec);
