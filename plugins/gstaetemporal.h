/* The past of one plane of a video. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-plan.h"

G_BEGIN_DECLS

/**
 * GstAeTemporal: the average of the frames of one plane, as far as they showed the
 * same, see ae-temporal.h.
 */
typedef struct _GstAeTemporal GstAeTemporal;

/* What the frames averaged so far leave to be denoised. */
typedef struct
{
  AePlane plane;                /* the average */
  const AeTensor *condition;    /* its noise, for a model of the same multiple */
} GstAeAverage;

/* Loads the shipped gate. Returns: (transfer full) (nullable). Errors: those of
 * ae_model_load(), and AE_ERROR_SHAPE for a model that is no gate. */
AeModel *gst_ae_temporal_load_gate (GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_ae_temporal_new:
 * @stride: floats between rows of the planes that will be given
 * @multiple: of the model that will denoise the average
 *
 * Errors: AE_ERROR_LIMIT when memory does not suffice.
 */
GstAeTemporal *gst_ae_temporal_new (guint width, guint height, gsize stride,
    guint multiple, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

void gst_ae_temporal_free (GstAeTemporal * temporal);   /* NULL is a no-op */

/* The next frame starts anew. */
void gst_ae_temporal_forget (GstAeTemporal * temporal);

/**
 * gst_ae_temporal_run:
 * @gate: of gst_ae_temporal_load_gate(), for planes of this
 *   size
 * @plane: the next frame
 * @noise: standard deviation of its noise on the 8-bit scale, > 0
 *
 * Allocates nothing. Returns: the average with this frame in it, valid until the
 *   next call.
 */
GstAeAverage gst_ae_temporal_run (GstAeTemporal * temporal, AePlan * gate,
    const AePlane * plane, float noise);

G_END_DECLS
