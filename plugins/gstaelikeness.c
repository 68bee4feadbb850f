/* How alike are two videos? SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaelikeness.h"

#include "ae-quality.h"
#include "gstaeframe.h"

static gboolean
ensure_size (GstAeLikeness * likeness, gsize size)
{
  if (size <= likeness->size)
    return TRUE;
  gst_ae_likeness_clear (likeness);
  likeness->reference = g_try_new (float, size);
  likeness->test = g_try_new (float, size);
  likeness->component = g_try_new (float, size);
  if (!likeness->reference || !likeness->test || !likeness->component) {
    gst_ae_likeness_clear (likeness);
    return FALSE;
  }
  likeness->size = size;
  return TRUE;
}

static void
read_component (GstVideoFrame * frame, guint i, float *out)
{
  AePixels pixels;

  gst_ae_frame_component (frame, i, &pixels);
  ae_pixels_to_floats (&pixels, out, (gsize) pixels.width);
}

static void
read_luma (GstAeLikeness * likeness, GstVideoFrame * frame, float *luma)
{
  static const float weights[] = { 0.299f, 0.587f, 0.114f };
  const gsize n = (gsize) GST_VIDEO_FRAME_WIDTH (frame)
      * (gsize) GST_VIDEO_FRAME_HEIGHT (frame);

  read_component (frame, 0, luma);
  if (!GST_VIDEO_INFO_IS_RGB (&frame->info))
    return;
  for (gsize j = 0; j < n; j++)
    luma[j] *= weights[0];
  for (guint i = 1; i < G_N_ELEMENTS (weights); i++) {
    read_component (frame, i, likeness->component);
    for (gsize j = 0; j < n; j++)
      luma[j] += weights[i] * likeness->component[j];
  }
}

gboolean
gst_ae_likeness_measure (GstAeLikeness * likeness, GstVideoFrame * reference,
    GstVideoFrame * test, gdouble * psnr_db, gdouble * ssim)
{
  const guint width = (guint) GST_VIDEO_FRAME_WIDTH (reference);
  const guint height = (guint) GST_VIDEO_FRAME_HEIGHT (reference);

  if (!ensure_size (likeness, (gsize) width * height))
    return FALSE;
  read_luma (likeness, reference, likeness->reference);
  read_luma (likeness, test, likeness->test);
  *psnr_db = ae_quality_psnr_from_mse (ae_quality_mse (likeness->reference,
          width, likeness->test, width, width, height));
  if (ssim)
    *ssim = ae_quality_ssim (likeness->reference, width, likeness->test, width,
        width, height);
  return TRUE;
}

void
gst_ae_likeness_clear (GstAeLikeness * likeness)
{
  g_clear_pointer (&likeness->reference, g_free);
  g_clear_pointer (&likeness->test, g_free);
  g_clear_pointer (&likeness->component, g_free);
  likeness->size = 0;
}

void
gst_ae_stats_add (GstAeStats * stats, gdouble psnr_db, const gdouble * ssim)
{
  stats->n_frames++;
  stats->psnr_db = psnr_db;
  stats->sum_psnr_db += psnr_db;
  stats->ssim = ssim ? *ssim : 0.0;
  stats->sum_ssim += stats->ssim;
  stats->n_ssim += ssim != NULL;
}

GstStructure *
gst_ae_stats_structure (const GstAeStats * stats)
{
  const gdouble n_frames = (gdouble) MAX (stats->n_frames, 1);
  const gdouble n_ssim = (gdouble) MAX (stats->n_ssim, 1);

  return gst_structure_new ("ae-compare",
      "psnr-y", G_TYPE_DOUBLE, stats->psnr_db,
      "ssim-y", G_TYPE_DOUBLE, stats->ssim,
      "mean-psnr-y", G_TYPE_DOUBLE, stats->sum_psnr_db / n_frames,
      "mean-ssim-y", G_TYPE_DOUBLE, stats->sum_ssim / n_ssim,
      "n-frames", G_TYPE_UINT64, stats->n_frames,
      "n-unmatched", G_TYPE_UINT64, stats->n_unmatched, NULL);
}

gchar *
gst_ae_stats_describe (const GstAeStats * stats, gboolean with_ssim)
{
  if (stats->n_frames == 0)
    return g_strdup ("test");
  if (!with_ssim)
    return g_strdup_printf ("test  PSNR %.2f dB", stats->psnr_db);
  return g_strdup_printf ("test  PSNR %.2f dB  SSIM %.3f", stats->psnr_db,
      stats->ssim);
}
