/* aeaudiotrain: trains a model on the sound that passes. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/audio/gstaudiofilter.h>

G_BEGIN_DECLS

#define GST_TYPE_AE_AUDIO_TRAIN (gst_ae_audio_train_get_type ())
G_DECLARE_FINAL_TYPE (GstAeAudioTrain, gst_ae_audio_train, GST,
    AE_AUDIO_TRAIN, GstAudioFilter)

G_END_DECLS
