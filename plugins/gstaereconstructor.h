/* What a model makes of frames, and what it cannot. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-anomaly.h"
#include "ae-cells.h"
#include "ae-light.h"
#include "ae-plan.h"
#include "gstaeframe.h"

G_BEGIN_DECLS

typedef enum
{
  GST_AE_OUTPUT_INPUT,
  GST_AE_OUTPUT_RECONSTRUCTION,
  GST_AE_OUTPUT_RESIDUAL,
  GST_AE_OUTPUT_HEAT_MAP
} GstAeOutput;

/* Score of a frame. @x to @height: the part of the frame whose cells are over the
 * threshold, empty if none is. */
typedef struct
{
  AeAnomalyScore anomaly;
  guint x, y, width, height;
} GstAeScore;

/* A model prepared for the luma of frames of one format and size, and what is
 * usual in these. */
typedef struct _GstAeReconstructor GstAeReconstructor;

/* @model: (transfer none): as gst_ae_model_check_filter() takes them, without
 * condition. Errors: those of ae_plan_new_of_model(). */
GstAeReconstructor *gst_ae_reconstructor_new (AeModel * model,
    const GstVideoInfo * info, guint n_threads, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

void gst_ae_reconstructor_free (GstAeReconstructor * self);     /* NULL is a no-op */

/* Takes the weights of @model with the next frame. Returns: %FALSE when it has
 * another architecture. */
gboolean gst_ae_reconstructor_set_model (GstAeReconstructor * self,
    AeModel * model);

/* As if no frame had been seen. */
void gst_ae_reconstructor_forget (GstAeReconstructor * self);

/**
 * gst_ae_reconstructor_run:
 * @frame: YUV or grey, mapped for reading and writing; becomes what @output says
 * @threshold, @quantile: ae_anomaly_add()
 */
void gst_ae_reconstructor_run (GstAeReconstructor * self,
    GstVideoFrame * frame, GstAeOutput output, double threshold,
    double quantile, GstAeScore * score);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstAeReconstructor, gst_ae_reconstructor_free)

G_END_DECLS
