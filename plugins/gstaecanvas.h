/* Text and panels of the monitor's picture. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <pango/pangocairo.h>

#include "ae-report.h"

G_BEGIN_DECLS

typedef struct
{
  double red, green, blue;
} GstAeColour;

typedef struct
{
  double x, y, w, h;
} GstAeBox;

typedef struct
{
  cairo_t *cairo;
  PangoLayout *layout;
  const AeReport *report;
} GstAeCanvas;

typedef struct
{
  GstAeColour background, panel, grid, bright, dim, blue, orange, green, red;
} GstAePalette;

extern const GstAePalette gst_ae_palette;

void gst_ae_canvas_set_colour (GstAeCanvas * c, const GstAeColour * colour,
    double alpha);

/* Writes @text with its middle line at @y, from @x on, around or up to it for an
 * @align of 0, 0.5 or 1. Returns: its width. */
double gst_ae_canvas_write (GstAeCanvas * c, double x, double y, double align,
    double size, const GstAeColour * colour, const gchar * text);

/* Returns: (transfer full): @n in groups of three digits. */
gchar *gst_ae_canvas_grouped (guint64 n);

/* A panel with its title. Returns: what is left of it. */
GstAeBox gst_ae_canvas_panel (GstAeCanvas * c, const GstAeBox * box,
    const gchar * title);

G_END_DECLS
