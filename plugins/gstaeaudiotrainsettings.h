/* How aeaudiotrain trains: its properties and what they mean for the core.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstaetrainsettings.h"

G_BEGIN_DECLS

/* The properties. */
typedef struct
{
  GstAeTrainSettings common;    /* first: one set of offsets serves both */
  gint objective, content;
  gchar *speech_location, *noise_location;
} GstAeAudioTrainSettings;

/* Of a GstAeAudioTrainSettings, those of GstAeTrainSettings too. */
extern const GstAeProperties gst_ae_audio_train_properties;

/* As gst_ae_train_settings_model(). Errors: AE_ERROR_SHAPE too, for a model that
 * denoises no sound. */
AeModel *gst_ae_audio_train_settings_model (const GstAeAudioTrainSettings *
    settings, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/* All but the material. */
void gst_ae_audio_train_settings_config (const GstAeAudioTrainSettings *
    settings, const AeModel * model, AeOnlineConfig * config);

G_END_DECLS
