/* aevideotrain: trains a model on the video that passes. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/gstvideofilter.h>

G_BEGIN_DECLS

#define GST_TYPE_AE_VIDEO_TRAIN (gst_ae_video_train_get_type ())
G_DECLARE_FINAL_TYPE (GstAeVideoTrain, gst_ae_video_train, GST,
    AE_VIDEO_TRAIN, GstVideoFilter)

G_END_DECLS
