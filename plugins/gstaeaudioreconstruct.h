/* aeaudioreconstruct: what an autoencoder makes of sound. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstaeaudiobase.h"

G_BEGIN_DECLS

#define GST_TYPE_AE_AUDIO_RECONSTRUCT (gst_ae_audio_reconstruct_get_type ())
G_DECLARE_FINAL_TYPE (GstAeAudioReconstruct, gst_ae_audio_reconstruct, GST,
    AE_AUDIO_RECONSTRUCT, GstAeAudioBase)

G_END_DECLS
