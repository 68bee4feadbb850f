/* How aevideotrain trains: its properties and what they mean for the core.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "ae-model.h"
#include "ae-online.h"
#include "gstaeproperties.h"

G_BEGIN_DECLS

/* AeObjectiveKind, and one more: reconstruct with a stochastic code. */
enum
{ GST_AE_OBJECTIVE_VARIATIONAL = AE_N_OBJECTIVES };

typedef enum
{
  GST_AE_BACKPRESSURE_DROP,
  GST_AE_BACKPRESSURE_BLOCK
} GstAeBackpressure;

/* The properties. */
typedef struct
{
  gchar *model, *architecture, *slot, *location, *checkpoint;
  gint objective, corruption, loss, optimiser, schedule, publish;
  gint backpressure;
  gchar *share;
  guint share_interval;
  gboolean freeze_encoder, resume;
  gfloat level_min, level_max;
  gfloat code_l1, sparsity, sparsity_target, contractive, beta;
  gfloat l2, l1, frobenius;
  gfloat learning_rate, momentum, weight_decay, clip_norm, ema, cpu_share;
  guint warmup_steps, batch_size, patch_size, patches_per_frame;
  guint steps_per_frame, n_threads, evaluate_interval, publish_interval;
  guint checkpoint_interval;
  guint64 reservoir_size, max_steps, seed;
} GstAeTrainSettings;

/* Of a GstAeTrainSettings. */
extern const GstAeProperties gst_ae_train_properties;

/**
 * gst_ae_train_settings_model:
 *
 * Returns: (transfer full) (nullable): where training starts: a loaded model,
 * or random weights of the architecture. Errors: those of ae_model_load() and
 * ae_architecture_parse(), and AE_ERROR_UNSUPPORTED for a combination of model,
 * objective, regularisers and files that makes no sense, with what would.
 */
AeModel *gst_ae_train_settings_model (const GstAeTrainSettings * settings,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;

void gst_ae_train_settings_config (const GstAeTrainSettings * settings,
    const AeModel * model, AeOnlineConfig * config);

G_END_DECLS
