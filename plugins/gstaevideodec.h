/* aevideodec: makes video of latents. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>
#include <gst/video/gstvideodecoder.h>

G_BEGIN_DECLS

#define GST_TYPE_AE_VIDEO_DEC (gst_ae_video_dec_get_type ())
G_DECLARE_FINAL_TYPE (GstAeVideoDec, gst_ae_video_dec, GST, AE_VIDEO_DEC,
    GstVideoDecoder)

G_END_DECLS
