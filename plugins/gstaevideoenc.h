/* aevideoenc: codes video as latents of an autoencoder. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>
#include <gst/video/gstvideoencoder.h>

G_BEGIN_DECLS

#define GST_TYPE_AE_VIDEO_ENC (gst_ae_video_enc_get_type ())
G_DECLARE_FINAL_TYPE (GstAeVideoEnc, gst_ae_video_enc, GST, AE_VIDEO_ENC,
    GstVideoEncoder)

G_END_DECLS
