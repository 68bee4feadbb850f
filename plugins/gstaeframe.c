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
  const guint offset = GST_VIDEO_FORMAT_INFO_POFFSET (format, i_component);

  pixels->data = GST_VIDEO_FRAME_COMP_DATA (frame, i_component);
  pixels->width = GST_VIDEO_FRAME_COMP_WIDTH (frame, i_component);
  pixels->height = GST_VIDEO_FRAME_COMP_HEIGHT (frame, i_component);
  pixels->stride_bytes = GST_VIDEO_FRAME_COMP_STRIDE (frame, i_component);
  pixels->step_bytes = GST_VIDEO_FRAME_COMP_PSTRIDE (frame, i_component);
  pixels->bits = GST_VIDEO_FORMAT_INFO_DEPTH (format, i_component);
  pixels->shift = GST_VIDEO_FORMAT_INFO_SHIFT (format, i_component);
  pixels->big_endian = !GST_VIDEO_FORMAT_INFO_IS_LE (format);

  /* GStreamer 1.22 counts the offset of V in P010 in components, not in bytes;
   * two-byte components never begin at an odd byte of a pixel. */
  if (pixels->bits > 8 && offset % 2 == 1)
    pixels->data += offset;
}

/* Standard deviations of sums with the factors of gst_ae_rgb_to_opponent(). */
const float gst_ae_opponent_gains[GST_AE_MAX_COLOURS] = {
  0.57735027f, 0.70710678f, 0.61237244f
};

void
gst_ae_rgb_to_opponent (const AePlane * planes, guint width, guint height)
{
  for (guint y = 0; y < height; y++) {
    float *p0 = planes[0].data + y * planes[0].stride;
    float *p1 = planes[1].data + y * planes[1].stride;
    float *p2 = planes[2].data + y * planes[2].stride;

    for (guint x = 0; x < width; x++) {
      const float r = p0[x], g = p1[x], b = p2[x];

      p0[x] = (r + g + b) * (1.0f / 3.0f);
      p1[x] = (r - b) * 0.5f + 0.5f;
      p2[x] = (r - 2.0f * g + b) * 0.25f + 0.5f;
    }
  }
}

void
gst_ae_opponent_to_rgb (const AePlane * planes, guint width, guint height)
{
  for (guint y = 0; y < height; y++) {
    float *p0 = planes[0].data + y * planes[0].stride;
    float *p1 = planes[1].data + y * planes[1].stride;
    float *p2 = planes[2].data + y * planes[2].stride;

    for (guint x = 0; x < width; x++) {
      const float lightness = p0[x];
      const float half_r_b = p1[x] - 0.5f;
      const float r_2g_b = (p2[x] - 0.5f) * 4.0f;

      p0[x] = lightness + r_2g_b * (1.0f / 6.0f) + half_r_b;
      p1[x] = lightness - r_2g_b * (1.0f / 3.0f);
      p2[x] = lightness + r_2g_b * (1.0f / 6.0f) - half_r_b;
    }
  }
}
