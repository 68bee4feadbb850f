/* aevideodenoise: removes noise from video. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/gstvideofilter.h>

G_BEGIN_DECLS

#define GST_TYPE_AE_VIDEO_DENOISE (gst_ae_video_denoise_get_type ())
G_DECLARE_FINAL_TYPE (GstAeVideoDenoise, gst_ae_video_denoise, GST,
    AE_VIDEO_DENOISE, GstVideoFilter)

G_END_DECLS
