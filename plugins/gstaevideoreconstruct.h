/* aevideoreconstruct: what an autoencoder makes of video. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/gstvideofilter.h>

G_BEGIN_DECLS

#define GST_TYPE_AE_VIDEO_RECONSTRUCT (gst_ae_video_reconstruct_get_type ())
G_DECLARE_FINAL_TYPE (GstAeVideoReconstruct, gst_ae_video_reconstruct, GST,
    AE_VIDEO_RECONSTRUCT, GstVideoFilter)

G_END_DECLS
