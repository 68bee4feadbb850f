/* The components of a video frame, as the core sees them. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaeframe.h"

guint
gst_ae_video_info_n_colours (const GstVideoInfo * info)
{
  return MIN (GST_VIDEO_INFO_N_COMPONENTS (info), GST_AE_MAX_COLOURS);
}

void
gst_ae_frame_component (GstVideoFrame * frame, guint i_component,
			AePixels * pixels)
{
  const GstVideoFormatInfo *format = frame->info.finfo;

  pixels->data = GST_VIDEO_FRAME_COMP_DATA (frame, i_component);
  pixels->width = GST_VIDEO_FRAME_COMP_WIDTH (frame, i_component);
  pixels->height = GST_VIDEO_FRAME_COMP_HEIGHT (frame, i_component);
  pixels->stride_bytes = GST_VIDEO_FRAME_COMP_STRIDE (frame, i_component);
  pixels->step_bytes = GST_VIDEO_FRAME_COMP_PSTRIDE (frame, i_component);
  pixels->bits = GST_VIDEO_FORMAT_INFO_DEPTH (format, i_component);
  pixels->shift = GST_VIDEO_FORMAT_INFO_SHIFT (format, i_component);
  pixels->big_endian = !GST_VIDEO_FORMAT_INFO_IS_LE (format);
}
