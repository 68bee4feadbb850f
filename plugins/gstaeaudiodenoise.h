/* aeaudiodenoise: removes noise from sound. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstaeaudiobase.h"

G_BEGIN_DECLS

#define GST_TYPE_AE_AUDIO_DENOISE (gst_ae_audio_denoise_get_type ())
G_DECLARE_FINAL_TYPE (GstAeAudioDenoise, gst_ae_audio_denoise, GST,
    AE_AUDIO_DENOISE, GstAeAudioBase)

G_END_DECLS
