/* How aevideotrain trains: its properties and what they mean for the core.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstaetrainsettings.h"

G_BEGIN_DECLS

/* AeObjectiveKind, and one more: reconstruct with a stochastic code. */
enum
{ GST_AE_OBJECTIVE_VARIATIONAL = AE_N_OBJECTIVES };

/* The properties. */
typedef struct
{
  GstAeTrainSettings common;    /* first: one set of offsets serves both */
  gint objective, corruption, loss;
  gfloat level_min, level_max, beta;
  guint patch_size, patches_per_frame;
} GstAeVideoTrainSettings;

/* Of a GstAeVideoTrainSettings, those of GstAeTrainSettings too. */
extern const GstAeProperties gst_ae_video_train_properties;

/**
 * gst_ae_video_train_settings_model:
 *
 * As gst_ae_train_settings_model(). Errors: AE_ERROR_UNSUPPORTED too, for a
 * combination of model, objective, regularisers and files that makes no sense,
 * with what would.
 */
AeModel *gst_ae_video_train_settings_model (const GstAeVideoTrainSettings *
    settings, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

void gst_ae_video_train_settings_config (const GstAeVideoTrainSettings *
    settings, const AeModel * model, AeOnlineConfig * config);

G_END_DECLS
