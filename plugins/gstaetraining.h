/* What the trainers of pictures and of sound have in common. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstaetrainsettings.h"

G_BEGIN_DECLS

/**
 * GstAeTraining: a training as a part of an element: its start and stop, what it
 * posts, the files it writes, and its way through events and state changes.
 */
typedef struct _GstAeTraining GstAeTraining;

/* @score_name: (transfer none): of the field of the statistics for the score
 * against the held-out targets, in dB */
GstAeTraining *gst_ae_training_new (GstElement * element,
    const gchar * score_name) G_GNUC_WARN_UNUSED_RESULT;

/* While it is stopped: another name for another objective. */
void gst_ae_training_name_score (GstAeTraining * training,
    const gchar * score_name);

void gst_ae_training_free (GstAeTraining * training);   /* NULL is a no-op */

/**
 * gst_ae_training_start:
 * @settings: (transfer none): stay until it is stopped
 * @config: (inout): what gst_ae_train_settings_config() made of them, and more
 *
 * Returns: %FALSE after an error message.
 */
gboolean gst_ae_training_start (GstAeTraining * training,
    const GstAeTrainSettings * settings, AeModel * model,
    AeOnlineConfig * config);

/* Writes the model. No-op when it is stopped. */
void gst_ae_training_stop (GstAeTraining * training);

/* Returns: (transfer none): from start to stop, for the stream's thread. */
AeOnline *gst_ae_training_online (GstAeTraining * training);

/* Before the base class's. */
void gst_ae_training_change_state (GstAeTraining * training,
    GstStateChange transition);

/* Before the base class's; between start and stop. */
void gst_ae_training_sink_event (GstAeTraining * training, GstEvent * event);

/* The property `stats`, which is none of a table's. */
void gst_ae_training_install_stats (GObjectClass * klass, guint id);
void gst_ae_training_get_stats (GstAeTraining * training, GValue * value);

G_END_DECLS
