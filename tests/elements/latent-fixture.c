/* Pictures that move, and a codec for them. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "latent-fixture.h"

#include <math.h>

#include "ae-latent-dct.h"
#include "ae-rng.h"

gchar *
latent_fixture_model (void)
{
  g_autoptr (AeModel) model = ae_latent_dct_model ();
  g_autoptr (GError) error = NULL;
  gchar *path = fixture_path ("latent-video.safetensors");
  g_autofree gchar *directory = g_path_get_dirname (path);

  fail_unless (ae_model_save (model, path, &error));
  g_assert_no_error (error);
  g_setenv ("AE_MODEL_PATH", directory, TRUE);
  return path;
}

GstHarness *
latent_fixture_encoder (const gchar * properties, const GstVideoInfo * info)
{
  g_autofree gchar *text = g_strconcat ("aevideoenc ", properties, NULL);
  GstHarness *h = gst_harness_new_parse (text);

  fixture_set_info (h, info);
  return h;
}

GstHarness *
latent_fixture_decoder (const gchar * properties)
{
  g_autofree gchar *text = g_strconcat ("aevideodec ", properties, NULL);
  GstHarness *h = gst_harness_new_parse (text);

  gst_harness_set_src_caps_str (h, "video/x-ae-latent");
  return h;
}

static float
sample_at (guint component, float x, float y, float time)
{
  float value = 128.0f;

  if (component > 0)
    return value + 20.0f * sinf (0.04f * x + 0.03f * y + 0.1f * time
        + (float) component);
  value += 50.0f * sinf (0.05f * x + 0.08f * y) + 10.0f * sinf (0.9f * x);
  if (x > 40.0f + 3.0f * time && x < 72.0f + 3.0f * time && y > 30.0f
      && y < 60.0f)
    value = 230.0f - y;
  if (x > 10.0f && x < 20.0f)
    value = 40.0f;
  return value;
}

GstBuffer *
latent_fixture_frame (const GstVideoInfo * info, guint n, gboolean still,
    float sigma)
{
  GstBuffer *buffer = fixture_flat_frame (info, 0);
  GstVideoFrame frame;
  AeRng rng;

  ae_rng_init (&rng, n + 1);
  fail_unless (gst_video_frame_map (&frame, (GstVideoInfo *) info, buffer,
          GST_MAP_WRITE));
  for (guint c = 0; c < GST_VIDEO_FRAME_N_COMPONENTS (&frame); c++) {
    gint w = GST_VIDEO_FRAME_COMP_WIDTH (&frame, c);
    float scale = w < GST_VIDEO_FRAME_WIDTH (&frame) ? 2 : 1;

    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (&frame, c); y++) {
      guint8 *row = (guint8 *) GST_VIDEO_FRAME_COMP_DATA (&frame, c)
          + y * GST_VIDEO_FRAME_COMP_STRIDE (&frame, c);

      for (gint x = 0; x < w; x++) {
        float value = sample_at (c, scale * (float) x, scale * (float) y,
            still ? 0.0f : (float) n) + sigma * ae_rng_normal (&rng);

        row[x * GST_VIDEO_FRAME_COMP_PSTRIDE (&frame, c)] =
            (guint8) CLAMP (value, 0.0f, 255.0f);
      }
    }
  }
  gst_video_frame_unmap (&frame);
  GST_BUFFER_PTS (buffer) = n * LATENT_FRAME;
  GST_BUFFER_DURATION (buffer) = LATENT_FRAME;
  return buffer;
}

double
latent_fixture_psnr (const GstVideoInfo * info, GstBuffer * a, GstBuffer * b,
    guint x0, guint x1)
{
  GstVideoFrame fa, fb;
  double sum = 0;

  fail_unless (gst_video_frame_map (&fa, (GstVideoInfo *) info, a,
          GST_MAP_READ));
  fail_unless (gst_video_frame_map (&fb, (GstVideoInfo *) info, b,
          GST_MAP_READ));
  for (gint y = 0; y < info->height; y++) {
    const guint8 *p = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&fa, 0)
        + y * GST_VIDEO_FRAME_PLANE_STRIDE (&fa, 0);
    const guint8 *q = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&fb, 0)
        + y * GST_VIDEO_FRAME_PLANE_STRIDE (&fb, 0);

    for (guint x = x0; x < x1; x++)
      sum += (double) ((p[x] - q[x]) * (p[x] - q[x]));
  }
  gst_video_frame_unmap (&fa);
  gst_video_frame_unmap (&fb);
  sum /= (double) (x1 - x0) * info->height;
  return 10 * log10 (255.0 * 255.0 / MAX (sum, 1e-4));
}

gsize
latent_fixture_n_different (GstBuffer * a, GstBuffer * b)
{
  GstMapInfo ma, mb;
  gsize n = 0;

  fail_unless_equals_uint64 (gst_buffer_get_size (a), gst_buffer_get_size (b));
  gst_buffer_map (a, &ma, GST_MAP_READ);
  gst_buffer_map (b, &mb, GST_MAP_READ);
  for (gsize i = 0; i < ma.size; i++)
    n += ma.data[i] != mb.data[i];
  gst_buffer_unmap (a, &ma);
  gst_buffer_unmap (b, &mb);
  return n;
}

guint64
latent_fixture_stat (GstHarness * h, const gchar * element, const gchar * name)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 value;

  gst_harness_get (h, element, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, name, &value), "%s", name);
  return value;
}

static void
free_buffer (gpointer buffer)
{
  gst_buffer_unref (buffer);
}

void
latent_stream_init (LatentStream * s, const gchar * properties)
{
  GstHarness *enc, *dec = latent_fixture_decoder ("");

  s->info = fixture_info ("I420", LATENT_WIDTH, LATENT_HEIGHT);
  s->coded = g_ptr_array_new_with_free_func (free_buffer);
  s->pictures = g_ptr_array_new_with_free_func (free_buffer);
  enc = latent_fixture_encoder (properties, &s->info);
  for (guint i = 0; i < LATENT_N_FRAMES; i++) {
    GstBuffer *buffer;

    gst_harness_push (enc, latent_fixture_frame (&s->info, i, FALSE, 3));
    while ((buffer = gst_harness_try_pull (enc)) != NULL) {
      g_ptr_array_add (s->coded, buffer);
      gst_harness_push (dec, gst_buffer_ref (buffer));
    }
    buffer = gst_harness_try_pull (dec);
    fail_unless (buffer != NULL);
    fail_unless_equals_int (gst_harness_buffers_in_queue (dec), 0);
    g_ptr_array_add (s->pictures, buffer);
  }
  gst_harness_teardown (enc);
  gst_harness_teardown (dec);
}

void
latent_stream_clear (LatentStream * s)
{
  g_ptr_array_unref (s->coded);
  g_ptr_array_unref (s->pictures);
}

guint
latent_frame_of (GstBuffer * buffer)
{
  return (guint) (GST_BUFFER_PTS (buffer) / LATENT_FRAME);
}

double
latent_stream_likeness (const LatentStream * s, GstBuffer * picture)
{
  return latent_fixture_psnr (&s->info, picture,
      g_ptr_array_index (s->pictures, latent_frame_of (picture)), 0,
      LATENT_WIDTH);
}
