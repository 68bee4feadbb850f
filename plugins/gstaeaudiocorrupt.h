/* aeaudiocorrupt: the training corruptions of sound as an element. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/audio/gstaudiofilter.h>

G_BEGIN_DECLS

#define GST_TYPE_AE_AUDIO_CORRUPT (gst_ae_audio_corrupt_get_type ())
G_DECLARE_FINAL_TYPE (GstAeAudioCorrupt, gst_ae_audio_corrupt, GST,
    AE_AUDIO_CORRUPT, GstAudioFilter)

G_END_DECLS
