/* Two pictures shown as one. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaeview.h"

#include "gstaelabel.h"

GType
gst_ae_view_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_AE_VIEW_SIDE_BY_SIDE, "Reference on the left, test on the right",
        "side-by-side"},
    {GST_AE_VIEW_WIPE, "Left part of the reference, right part of the test",
        "wipe"},
    {GST_AE_VIEW_TEST, "Test alone", "test"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstAeView", values));
  return type;
}

gint
gst_ae_view_width (GstAeView view, gint width)
{
  return view == GST_AE_VIEW_SIDE_BY_SIDE ? GST_ROUND_UP_2 (width) + width
      : width;
}

/* The column where the test begins, even as chroma is shared by up to two, or
 * the width if the test is not seen. */
static gint
test_column (GstAeView view, gdouble wipe_position, const GstVideoFrame * out)
{
  const gint width = GST_VIDEO_FRAME_WIDTH (out);

  switch (view) {
    case GST_AE_VIEW_SIDE_BY_SIDE:
      /* gst_ae_view_width() is 2 w or 2 w + 1 */
      return GST_ROUND_UP_2 (width / 2);
    case GST_AE_VIEW_WIPE:
      return wipe_position < 1.0 ? (gint) (wipe_position * width) / 2 * 2 :
          width;
    default:
      return 0;
  }
}

/* One black line in the format that GStreamer packs from: alpha and three
 * components of 8 or 16 bits each. */
static gpointer
black_line (const GstVideoInfo * info)
{
  const GstVideoFormatInfo *format =
      gst_video_format_get_info (info->finfo->unpack_format);
  const gsize n = 4 * (gsize) GST_VIDEO_INFO_WIDTH (info);
  gint offset[GST_VIDEO_MAX_COMPONENTS], scale[GST_VIDEO_MAX_COMPONENTS];
  const gboolean is_8_bit = GST_VIDEO_FORMAT_INFO_DEPTH (format, 0) == 8;
  gpointer line = is_8_bit ? g_malloc (n) : g_malloc (2 * n);

  gst_video_color_range_offsets (info->colorimetry.range, format, offset,
      scale);
  for (gsize i = 0; i < n; i++) {
    const gint value = i % 4 == 0 ? G_MAXUINT16 : offset[i % 4 - 1];

    if (is_8_bit)
      ((guint8 *) line)[i] = (guint8) value;
    else
      ((guint16 *) line)[i] = (guint16) value;
  }
  return line;
}

static void
paint_black (GstVideoFrame * out)
{
  const GstVideoFormatInfo *format = out->info.finfo;
  g_autofree gpointer line = black_line (&out->info);

  for (gint y = 0; y < GST_VIDEO_FRAME_HEIGHT (out); y++)
    format->pack_func (format, GST_VIDEO_PACK_FLAG_NONE, line, 0, out->data,
        out->info.stride, out->info.chroma_site, y,
        GST_VIDEO_FRAME_WIDTH (out));
}

/* Whether Y and chroma of two columns lie in the same bytes, as in YUY2. */
static gboolean
shares_bytes (const GstVideoFormatInfo * format)
{
  return GST_VIDEO_FORMAT_INFO_N_PLANES (format) == 1
      && GST_VIDEO_FORMAT_INFO_N_COMPONENTS (format) > 1
      && GST_VIDEO_FORMAT_INFO_W_SUB (format, 1) > 0;
}

/* Copies columns @from to @to of @in to column @at of @out, all components.
 * @from and @at are even. */
static void
copy_columns (GstVideoFrame * in, gint from, gint to, GstVideoFrame * out,
    gint at)
{
  const GstVideoFormatInfo *format = in->info.finfo;

  if (shares_bytes (format))
    to = GST_ROUND_UP_2 (to);
  for (guint plane = 0; plane < GST_VIDEO_FRAME_N_PLANES (in); plane++) {
    const gint stride_in = GST_VIDEO_FRAME_PLANE_STRIDE (in, plane);
    const gint stride_out = GST_VIDEO_FRAME_PLANE_STRIDE (out, plane);
    const guint8 *source = GST_VIDEO_FRAME_PLANE_DATA (in, plane);
    guint8 *target = GST_VIDEO_FRAME_PLANE_DATA (out, plane);
    gint component[GST_VIDEO_MAX_COMPONENTS], begin, end, bytes, c;

    gst_video_format_info_component (format, plane, component);
    c = component[0];
    bytes = GST_VIDEO_FORMAT_INFO_PSTRIDE (format, c);
    begin = GST_VIDEO_FORMAT_INFO_SCALE_WIDTH (format, c, from) * bytes;
    end = GST_VIDEO_FORMAT_INFO_SCALE_WIDTH (format, c, to) * bytes;
    source += begin;
    target += GST_VIDEO_FORMAT_INFO_SCALE_WIDTH (format, c, at) * bytes;
    for (gint y = 0; y < GST_VIDEO_FRAME_COMP_HEIGHT (in, c); y++) {
      memcpy (target, source, (gsize) (end - begin));
      source += stride_in;
      target += stride_out;
    }
  }
}

void
gst_ae_view_draw (GstAeView view, gdouble wipe_position,
    GstVideoFrame * reference, GstVideoFrame * test, GstVideoFrame * out)
{
  const gint width = GST_VIDEO_FRAME_WIDTH (out);
  const gint at = test_column (view, wipe_position, out);
  const gint from = view == GST_AE_VIEW_WIPE ? at : 0;

  /* with odd widths a column stays free in the middle */
  if (!test || (!reference && at > 0) || width % 2 == 1)
    paint_black (out);
  if (reference && at > 0)
    copy_columns (reference, 0, MIN (at, GST_VIDEO_FRAME_WIDTH (reference)),
        out, 0);
  if (test && at < width)
    copy_columns (test, from, from + width - at, out, at);
}

void
gst_ae_view_label (GstAeView view, gdouble wipe_position, const gchar * text,
    GstVideoFrame * out)
{
  const gint margin = MAX (GST_VIDEO_FRAME_HEIGHT (out) / 60, 2);
  const gint x = test_column (view, wipe_position, out);

  gst_ae_label_draw (out, "reference", margin, margin, x - 2 * margin);
  gst_ae_label_draw (out, text, x + margin, margin,
      GST_VIDEO_FRAME_WIDTH (out) - x - 2 * margin);
}
