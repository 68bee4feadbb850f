/* aeaudiodec: makes sound of latents. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/audio/audio.h>

G_BEGIN_DECLS

#define GST_TYPE_AE_AUDIO_DEC (gst_ae_audio_dec_get_type ())
G_DECLARE_FINAL_TYPE (GstAeAudioDec, gst_ae_audio_dec, GST, AE_AUDIO_DEC,
    GstAudioDecoder)

G_END_DECLS
