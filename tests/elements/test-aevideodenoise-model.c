/* aevideodenoise: what the shipped model does to real video. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-corruption.h"
#include "ae-plane.h"
#include "ae-quality.h"
#include "fixture.h"

/* Frames of the clip that are judged: every STEP-th, N in all. */
enum
{ STEP = 12, N = 4 };

typedef struct
{
  GstVideoInfo info;
  GPtrArray *frames;            /* of I420 */
  guint n_seen;
} Clip;

static void
keep_frame (GstElement * sink, GstBuffer * buffer, GstPad * pad, Clip * clip)
{
  if (clip->n_seen == 0) {
    GstCaps *caps = gst_pad_get_current_caps (pad);

    fail_unless (gst_video_info_from_caps (&clip->info, caps));
    gst_caps_unref (caps);
  }
  if (clip->n_seen++ % STEP == 0 && clip->frames->len < N)
    g_ptr_array_add (clip->frames, gst_buffer_copy_deep (buffer));
}

static void
read_clip (Clip * clip)
{
  const gchar *path = g_getenv ("AE_CLIP");
  g_autofree gchar *text = g_strdup_printf ("filesrc location=\"%s\" ! "
      "decodebin ! videoconvert ! video/x-raw,format=I420 ! "
      "fakesink name=sink signal-handoffs=true sync=false", path);
  GstElement *pipeline = gst_parse_launch (text, NULL);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message;

  clip->frames = g_ptr_array_new_with_free_func
      ((GDestroyNotify) gst_buffer_unref);
  clip->n_seen = 0;
  g_signal_connect (sink, "handoff", G_CALLBACK (keep_frame), clip);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS, "%s", path);
  gst_message_unref (message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (bus);
  gst_object_unref (pipeline);
  fail_unless_equals_int (clip->frames->len, N);
}

static AePixels
component (GstVideoFrame * frame, guint i)
{
  return (AePixels) {
  .data = GST_VIDEO_FRAME_COMP_DATA (frame, i),.width =
        GST_VIDEO_FRAME_COMP_WIDTH (frame, i),.height =
        GST_VIDEO_FRAME_COMP_HEIGHT (frame, i),.stride_bytes =
        GST_VIDEO_FRAME_COMP_STRIDE (frame, i),.step_bytes = 1,.bits = 8};
}

/* Component @i of @buffer as [height][width]. Returns: (transfer full) */
static float *
samples (const Clip * clip, GstBuffer * buffer, guint i)
{
  GstVideoFrame frame;
  AePixels pixels;
  float *out;

  fail_unless (gst_video_frame_map (&frame, (GstVideoInfo *) & clip->info,
          buffer, GST_MAP_READ));
  pixels = component (&frame, i);
  out = g_new (float, (gsize) pixels.width * (gsize) pixels.height);
  ae_pixels_to_floats (&pixels, out, (gsize) pixels.width);
  gst_video_frame_unmap (&frame);
  return out;
}

/* A copy of @clean with noise in every plane. */
static GstBuffer *
corrupted (const Clip * clip, GstBuffer * clean, AeCorruptionKind kind,
    float level, AeRng * rng)
{
  GstBuffer *buffer = gst_buffer_copy_deep (clean);
  GstVideoFrame frame;

  gst_video_frame_map (&frame, (GstVideoInfo *) & clip->info, buffer,
      GST_MAP_READWRITE);
  for (guint i = 0; i < 3; i++) {
    AePixels pixels = component (&frame, i);
    g_autofree float *plane = samples (clip, clean, i);

    ae_corrupt_plane (kind, level, rng, plane, (guint) pixels.width,
        (guint) pixels.height, (gsize) pixels.width);
    ae_pixels_from_floats (&pixels, plane, (gsize) pixels.width);
  }
  gst_video_frame_unmap (&frame);
  return buffer;
}

/* Mean squared error of component @i. */
static double
error_of (const Clip * clip, GstBuffer * clean, GstBuffer * other, guint i)
{
  const guint width = (guint) GST_VIDEO_INFO_COMP_WIDTH (&clip->info, i);
  const guint height = (guint) GST_VIDEO_INFO_COMP_HEIGHT (&clip->info, i);
  g_autofree float *a = samples (clip, clean, i);
  g_autofree float *b = samples (clip, other, i);

  return ae_quality_mse (a, width, b, width, width, height);
}

/* What the element with no property set gains on the clip, in dB, in each of
 * Y, U and V. */
static void
gain (AeCorruptionKind kind, float level, double gain_db[3])
{
  GstHarness *h = gst_harness_new ("aevideodenoise");
  double noisy[3] = { 0 }, denoised[3] = { 0 };
  Clip clip;
  AeRng rng;

  ae_rng_init (&rng, 1);
  read_clip (&clip);
  fixture_set_info (h, &clip.info);
  for (guint n = 0; n < N; n++) {
    GstBuffer *clean = g_ptr_array_index (clip.frames, n);
    GstBuffer *in = corrupted (&clip, clean, kind, level, &rng);
    GstBuffer *out = gst_harness_push_and_pull (h, gst_buffer_ref (in));

    for (guint i = 0; i < 3; i++) {
      noisy[i] += error_of (&clip, clean, in, i);
      denoised[i] += error_of (&clip, clean, out, i);
    }
    gst_buffer_unref (in);
    gst_buffer_unref (out);
  }
  for (guint i = 0; i < 3; i++) {
    gain_db[i] = ae_quality_psnr_from_mse (denoised[i] / N)
        - ae_quality_psnr_from_mse (noisy[i] / N);
    GST_INFO ("%s %g, component %u: %.2f dB -> %.2f dB",
        ae_corruption_name (kind), (double) level, i,
        ae_quality_psnr_from_mse (noisy[i] / N),
        ae_quality_psnr_from_mse (denoised[i] / N));
  }
  g_ptr_array_unref (clip.frames);
  gst_harness_teardown (h);
}

GST_START_TEST (test_gaussian_noise_of_25_gains_7_db)
{
  double gain_db[3];

  gain (AE_CORRUPTION_GAUSSIAN, 25.0f, gain_db);
  fail_unless (gain_db[0] >= 7.0, "luma gains %.2f dB", gain_db[0]);
  fail_unless (gain_db[1] > 7.0 && gain_db[2] > 7.0,
      "chroma gains %.2f and %.2f dB", gain_db[1], gain_db[2]);
}

GST_END_TEST;

GST_START_TEST (test_camera_noise_gains_3_db)
{
  double gain_db[3];

  gain (AE_CORRUPTION_POISSON_GAUSSIAN, 15.0f, gain_db);
  fail_unless (gain_db[0] >= 3.0, "luma gains %.2f dB", gain_db[0]);
}

GST_END_TEST;

GST_START_TEST (test_nearly_clean_video_is_not_made_worse)
{
  static const float levels[] = { 0.5f, 1.0f, 1.9f };

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++) {
    double gain_db[3];

    gain (AE_CORRUPTION_GAUSSIAN, levels[i], gain_db);
    for (guint c = 0; c < 3; c++)
      fail_unless (gain_db[c] > -0.1, "sigma %g: component %u gains %.2f dB",
          (double) levels[i], c, gain_db[c]);
  }
}

GST_END_TEST;

static Suite *
aevideodenoise_model_suite (void)
{
  Suite *s = suite_create ("aevideodenoise-model");
  TCase *tc = tcase_create ("quality");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_gaussian_noise_of_25_gains_7_db);
  tcase_add_test (tc, test_camera_noise_gains_3_db);
  tcase_add_test (tc, test_nearly_clean_video_is_not_made_worse);
  return s;
}

GST_CHECK_MAIN (aevideodenoise_model);
