/* aevideosrc: video from the prior of a variational autoencoder. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define GST_TYPE_AE_VIDEO_SRC (gst_ae_video_src_get_type ())
G_DECLARE_FINAL_TYPE (GstAeVideoSrc, gst_ae_video_src, GST, AE_VIDEO_SRC,
    GstPushSrc)

G_END_DECLS
