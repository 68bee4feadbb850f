/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaelabel.h"

#include <pango/pangocairo.h>

#define MIN_FONT_PIXELS 10
#define MAX_FONT_PIXELS 28

static PangoLayout *
lay_out (const gchar * text, gint font_pixels, gint max_width)
{
  /* the one of this thread, so that fonts are looked up once */
  PangoFontMap *fonts = pango_cairo_font_map_get_default ();
  PangoContext *context = pango_font_map_create_context (fonts);
  PangoLayout *layout = pango_layout_new (context);
  PangoFontDescription *font = pango_font_description_new ();

  g_object_unref (context);
  pango_font_description_set_family_static (font, "Sans");
  pango_font_description_set_weight (font, PANGO_WEIGHT_SEMIBOLD);
  pango_font_description_set_absolute_size (font,
      (double) font_pixels * PANGO_SCALE);
  pango_layout_set_font_description (layout, font);
  pango_font_description_free (font);
  pango_layout_set_text (layout, text, -1);
  pango_layout_set_single_paragraph_mode (layout, TRUE);
  pango_layout_set_ellipsize (layout, PANGO_ELLIPSIZE_END);
  pango_layout_set_width (layout, max_width * PANGO_SCALE);
  return layout;
}

/* A picture of the label, in the byte order of cairo. */
static GstBuffer *
draw (PangoLayout * layout, gint width, gint height, gint margin)
{
  GstBuffer *buffer = gst_buffer_new_allocate (NULL,
      (gsize) width * (gsize) height * 4, NULL);
  cairo_surface_t *surface;
  GstMapInfo map;
  cairo_t *cairo;

  gst_buffer_memset (buffer, 0, 0, (gsize) width * (gsize) height * 4);
  gst_buffer_map (buffer, &map, GST_MAP_READWRITE);
  surface = cairo_image_surface_create_for_data (map.data,
      CAIRO_FORMAT_ARGB32, width, height, width * 4);
  cairo = cairo_create (surface);
  cairo_set_source_rgba (cairo, 0.0, 0.0, 0.0, 0.55);
  cairo_paint (cairo);
  cairo_set_source_rgba (cairo, 1.0, 1.0, 1.0, 1.0);
  cairo_move_to (cairo, margin, margin / 2);
  pango_cairo_show_layout (cairo, layout);
  cairo_destroy (cairo);
  cairo_surface_flush (surface);
  cairo_surface_destroy (surface);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_add_video_meta (buffer, GST_VIDEO_FRAME_FLAG_NONE,
      GST_VIDEO_OVERLAY_COMPOSITION_FORMAT_RGB, (guint) width, (guint) height);
  return buffer;
}

void
gst_ae_label_draw (GstVideoFrame * frame, const gchar * text, gint x, gint y,
    gint max_width)
{
  gint font_pixels = CLAMP (GST_VIDEO_FRAME_HEIGHT (frame) / 22,
      MIN_FONT_PIXELS, MAX_FONT_PIXELS);
  gint margin = font_pixels / 2;
  PangoLayout *layout;
  GstVideoOverlayComposition *composition;
  GstVideoOverlayRectangle *rectangle;
  GstBuffer *picture;
  gint width, height;

  if (max_width < 4 * margin)
    return;
  layout = lay_out (text, font_pixels, max_width - 2 * margin);
  pango_layout_get_pixel_size (layout, &width, &height);
  width = MIN (width + 2 * margin, max_width);
  height += margin;
  picture = draw (layout, width, height, margin);
  rectangle = gst_video_overlay_rectangle_new_raw (picture, x, y,
      (guint) width, (guint) height,
      GST_VIDEO_OVERLAY_FORMAT_FLAG_PREMULTIPLIED_ALPHA);
  composition = gst_video_overlay_composition_new (rectangle);
  gst_video_overlay_composition_blend (composition, frame);
  gst_video_overlay_composition_unref (composition);
  gst_video_overlay_rectangle_unref (rectangle);
  gst_buffer_unref (picture);
  g_object_unref (layout);
}
