/* aevideocorrupt: the training corruptions as an element. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/gstvideofilter.h>

G_BEGIN_DECLS

#define GST_TYPE_AE_VIDEO_CORRUPT (gst_ae_video_corrupt_get_type ())
G_DECLARE_FINAL_TYPE (GstAeVideoCorrupt, gst_ae_video_corrupt, GST,
    AE_VIDEO_CORRUPT, GstVideoFilter)

G_END_DECLS
