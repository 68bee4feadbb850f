/* aevideocode: the code that an autoencoder makes of video. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>
#include <gst/video/video.h>

G_BEGIN_DECLS

#define GST_TYPE_AE_VIDEO_CODE (gst_ae_video_code_get_type ())
G_DECLARE_FINAL_TYPE (GstAeVideoCode, gst_ae_video_code, GST, AE_VIDEO_CODE,
    GstBaseTransform)

G_END_DECLS
