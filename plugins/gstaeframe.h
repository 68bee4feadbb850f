/* The components of a video frame, as the core sees them. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "ae-plan.h"
#include "ae-plane.h"

G_BEGIN_DECLS

/* The formats that the elements accept: every component is 8 bits in one byte
 * or 9 to 16 bits in two. */
#define GST_AE_VIDEO_FORMATS "{ I420, YV12, Y42B, Y444, NV12, NV21, NV16, " \
    "GRAY8, GRAY16_LE, I420_10LE, I422_10LE, Y444_10LE, P010_10LE, " \
    "YUY2, UYVY, AYUV, RGB, BGR, RGBx, BGRx, xRGB, xBGR, " \
    "RGBA, BGRA, ARGB, ABGR, GBR }"

#define GST_AE_VIDEO_CAPS GST_VIDEO_CAPS_MAKE (GST_AE_VIDEO_FORMATS)

#define GST_AE_MAX_COLOURS 3

/**
 * gst_ae_video_info_n_colours:
 *
 * Returns: 1 for grey, else 3: the components without alpha; they come first.
 */
guint gst_ae_video_info_n_colours (const GstVideoInfo * info);

/**
 * gst_ae_frame_component:
 * @frame: mapped, of one of %GST_AE_VIDEO_FORMATS
 * @i_component: 0 Y, 1 U, 2 V; or 0 R, 1 G, 2 B; alpha is 3
 * @pixels: (out): where the component lies in the memory of @frame
 */
void gst_ae_frame_component (GstVideoFrame * frame, guint i_component,
    AePixels * pixels);

/**
 * gst_ae_rgb_to_opponent:
 * @planes: three of @width x @height, R, G, B; converted in place
 *
 * Makes (R+G+B)/3, (R-B)/2 + 1/2 and (R-2G+B)/4 + 1/2: lightness and two colour
 * differences, in which equal noise of R, G and B is uncorrelated. The standard
 * deviation of noise changes by %gst_ae_opponent_gains.
 */
void gst_ae_rgb_to_opponent (const AePlane * planes, guint width,
    guint height);

/* The inverse. */
void gst_ae_opponent_to_rgb (const AePlane * planes, guint width,
    guint height);

extern const float gst_ae_opponent_gains[GST_AE_MAX_COLOURS];

G_END_DECLS
