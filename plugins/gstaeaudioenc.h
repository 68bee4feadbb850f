/* aeaudioenc: codes sound as latents of an autoencoder. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/audio/audio.h>

G_BEGIN_DECLS

#define GST_TYPE_AE_AUDIO_ENC (gst_ae_audio_enc_get_type ())
G_DECLARE_FINAL_TYPE (GstAeAudioEnc, gst_ae_audio_enc, GST, AE_AUDIO_ENC,
    GstAudioEncoder)

G_END_DECLS
