/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaecanvas.h"

#include <string.h>

#define TITLE 20.0              /* height of a panel's title */

const GstAePalette gst_ae_palette = {
  .background = {0.075, 0.086, 0.106},
  .panel = {0.114, 0.129, 0.157},
  .grid = {0.200, 0.224, 0.267},
  .bright = {0.925, 0.937, 0.957},
  .dim = {0.560, 0.600, 0.670},
  .blue = {0.400, 0.640, 1.000},
  .orange = {1.000, 0.690, 0.310},
  .green = {0.400, 0.840, 0.550},
  .red = {1.000, 0.420, 0.420},
};

void
gst_ae_canvas_set_colour (GstAeCanvas * c, const GstAeColour * colour,
    double alpha)
{
  cairo_set_source_rgba (c->cairo, colour->red, colour->green, colour->blue,
      alpha);
}

double
gst_ae_canvas_write (GstAeCanvas * c, double x, double y, double align,
    double size, const GstAeColour * colour, const gchar * text)
{
  PangoFontDescription *font = pango_font_description_new ();
  int width, height;

  pango_font_description_set_family_static (font, "Sans");
  pango_font_description_set_absolute_size (font, size * PANGO_SCALE);
  pango_layout_set_font_description (c->layout, font);
  pango_font_description_free (font);
  pango_layout_set_text (c->layout, text, -1);
  pango_layout_get_size (c->layout, &width, &height);
  gst_ae_canvas_set_colour (c, colour, 1.0);
  cairo_move_to (c->cairo, x - align * width / PANGO_SCALE,
      y - 0.5 * height / PANGO_SCALE);
  pango_cairo_show_layout (c->cairo, c->layout);
  return (double) width / PANGO_SCALE;
}

gchar *
gst_ae_canvas_grouped (guint64 n)
{
  g_autofree gchar *digits = g_strdup_printf ("%" G_GUINT64_FORMAT, n);
  GString *text = g_string_new (NULL);
  gsize length = strlen (digits);

  for (gsize i = 0; i < length; i++) {
    if (i > 0 && (length - i) % 3 == 0)
      g_string_append (text, "\xe2\x80\xaf");   /* a narrow space */
    g_string_append_c (text, digits[i]);
  }
  return g_string_free (text, FALSE);
}

GstAeBox
gst_ae_canvas_panel (GstAeCanvas * c, const GstAeBox * box, const gchar * title)
{
  const double r = 5.0, right = box->x + box->w, bottom = box->y + box->h;

  cairo_new_sub_path (c->cairo);
  cairo_arc (c->cairo, right - r, box->y + r, r, -G_PI_2, 0.0);
  cairo_arc (c->cairo, right - r, bottom - r, r, 0.0, G_PI_2);
  cairo_arc (c->cairo, box->x + r, bottom - r, r, G_PI_2, G_PI);
  cairo_arc (c->cairo, box->x + r, box->y + r, r, G_PI, 1.5 * G_PI);
  cairo_close_path (c->cairo);
  gst_ae_canvas_set_colour (c, &gst_ae_palette.panel, 1.0);
  cairo_fill (c->cairo);
  gst_ae_canvas_write (c, box->x + 8.0, box->y + 12.0, 0.0, 11.0,
      &gst_ae_palette.dim, title);
  return (GstAeBox) {
  box->x + 8.0, box->y + TITLE + 2.0, box->w - 16.0, box->h - TITLE - 9.0};
}
