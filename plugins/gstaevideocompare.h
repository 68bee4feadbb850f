/* aevideocompare: two videos side by side, with their likeness. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/gstvideoaggregator.h>

G_BEGIN_DECLS

#define GST_TYPE_AE_VIDEO_COMPARE (gst_ae_video_compare_get_type ())
G_DECLARE_FINAL_TYPE (GstAeVideoCompare, gst_ae_video_compare, GST,
    AE_VIDEO_COMPARE, GstVideoAggregator)

G_END_DECLS
