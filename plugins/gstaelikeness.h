/* How alike are two videos? SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* Memory that is kept from frame to frame: each holds @size floats. */
typedef struct
{
  float *reference, *test;      /* luma, [height][width] */
  float *component;             /* of RGB, while luma is made of it */
  gsize size;
} GstAeLikeness;

/**
 * gst_ae_likeness_measure:
 * @reference, @test: mapped, of one size and one of %GST_AE_VIDEO_FORMATS
 * @psnr_db: (out): of luma, as ae_quality_psnr_from_mse() limits it
 * @ssim: (out) (nullable): of luma; NULL leaves it, which is much faster
 *
 * Luma of RGB is 0.299 R + 0.587 G + 0.114 B.
 *
 * Returns: FALSE when memory is short.
 */
gboolean gst_ae_likeness_measure (GstAeLikeness * likeness,
    GstVideoFrame * reference, GstVideoFrame * test, gdouble * psnr_db,
    gdouble * ssim);

/* Frees the memory. */
void gst_ae_likeness_clear (GstAeLikeness * likeness);

/* Sums over pairs of frames, and the figures of the last pair. */
typedef struct
{
  guint64 n_frames, n_ssim, n_unmatched;
  gdouble psnr_db, ssim;
  gdouble sum_psnr_db, sum_ssim;
} GstAeStats;

/* @ssim: (nullable): NULL when it was not measured */
void gst_ae_stats_add (GstAeStats * stats, gdouble psnr_db,
    const gdouble * ssim);

/* Returns: (transfer full): `ae-compare`, the fields of the element message. */
GstStructure *gst_ae_stats_structure (const GstAeStats * stats);

/* Returns: (transfer full): one line about the last pair, for people. */
gchar *gst_ae_stats_describe (const GstAeStats * stats, gboolean with_ssim);

G_END_DECLS
