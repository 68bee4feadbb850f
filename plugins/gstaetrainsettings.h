/* How trainers train: the properties they share, and what these mean for the core.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/gst.h>

#include "ae-model.h"
#include "ae-online.h"
#include "gstaeproperties.h"

G_BEGIN_DECLS

typedef enum
{
  GST_AE_BACKPRESSURE_DROP,
  GST_AE_BACKPRESSURE_BLOCK
} GstAeBackpressure;

/* The properties, but for those of one element. Each has `model` and `batch-size`
 * with a usual value of its own. */
typedef struct
{
  gchar *model, *architecture, *slot, *location, *checkpoint;
  gint optimiser, schedule, publish;
  gint backpressure;
  gchar *share;
  guint share_interval;
  gboolean freeze_encoder, resume;
  gfloat code_l1, sparsity, sparsity_target, contractive;
  gfloat l2, l1, frobenius;
  gfloat learning_rate, momentum, weight_decay, clip_norm, ema, cpu_share;
  guint warmup_steps, batch_size;
  guint steps_per_frame, n_threads, evaluate_interval, publish_interval;
  guint checkpoint_interval;
  guint64 reservoir_size, max_steps, seed;
} GstAeTrainSettings;

/* Of a GstAeTrainSettings. */
extern const GstAeProperties gst_ae_train_properties;

/**
 * gst_ae_train_settings_model:
 * @patch: shape of an input, for random weights; of any size where the
 *   architecture takes any
 *
 * Returns: (transfer full) (nullable): where training starts: a loaded model,
 * or random weights of the architecture. Errors: those of ae_model_load() and
 * ae_architecture_parse().
 */
AeModel *gst_ae_train_settings_model (const GstAeTrainSettings * settings,
    const AeShape * patch, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether files, model and regularisers go together. Errors:
 * AE_ERROR_UNSUPPORTED for what makes no sense, with what would. */
gboolean gst_ae_train_settings_check (const GstAeTrainSettings * settings,
    const AeModel * model, GError ** error);

/* Sets @error to "found, expected expected". Returns: %FALSE. */
gboolean gst_ae_train_refuse (GError ** error, const gchar * found,
    const gchar * expected);

/* All that is the same for pictures and sound; the rest is 0. */
void gst_ae_train_settings_config (const GstAeTrainSettings * settings,
    const AeModel * model, AeOnlineConfig * config);

G_END_DECLS
