/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaemonitorcurves.h"

#include <math.h>

/* Which number of a point. */
typedef enum
{ LOSS, HELD_OUT, PSNR } Curve;

static double
value_of (const AeReportPoint * point, Curve curve)
{
  return curve == LOSS ? point->loss
      : curve == HELD_OUT ? point->held_out : point->psnr;
}

/* The range of a curve, of what is known of it. Returns: %FALSE for nothing. */
static gboolean
range_of (const AeReport * report, Curve curve, double *low, double *high)
{
  gboolean any = FALSE;

  for (guint i = 0; i < report->n_points; i++) {
    double value = value_of (&report->points[i], curve);

    if (value <= 0.0)
      continue;
    *low = any ? MIN (*low, value) : value;
    *high = any ? MAX (*high, value) : value;
    any = TRUE;
  }
  return any;
}

typedef struct
{
  GstAeBox box;
  double low, high;             /* at the bottom and the top */
  double last_step;
  gboolean logarithmic;
} Axes;

static double
place_y (const Axes * axes, double value)
{
  double share = axes->logarithmic
      ? log (value / axes->low) / log (axes->high / axes->low)
      : (value - axes->low) / (axes->high - axes->low);

  return axes->box.y + axes->box.h * (1.0 - share);
}

static void
draw_curve (GstAeCanvas * c, const Axes * axes, Curve curve,
    const GstAeColour * colour)
{
  double x = 0.0, y = 0.0;
  gboolean any = FALSE;

  for (guint i = 0; i < c->report->n_points; i++) {
    const AeReportPoint *point = &c->report->points[i];
    double value = value_of (point, curve);

    if (value <= 0.0)
      continue;
    x = axes->box.x + axes->box.w * (double) point->step / axes->last_step;
    y = place_y (axes, value);
    if (any)
      cairo_line_to (c->cairo, x, y);
    else
      cairo_move_to (c->cairo, x, y);
    any = TRUE;
  }
  if (!any)
    return;
  gst_ae_canvas_set_colour (c, colour, 1.0);
  cairo_set_line_width (c->cairo, 1.6);
  cairo_set_line_join (c->cairo, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke (c->cairo);
  cairo_arc (c->cairo, x, y, 2.5, 0.0, 2.0 * G_PI);
  cairo_fill (c->cairo);
}

/* A line at @value with its number. */
static void
draw_tick (GstAeCanvas * c, const Axes * axes, double value)
{
  double y = place_y (axes, value);
  g_autofree gchar *text = g_strdup_printf ("%.3g", value);

  gst_ae_canvas_set_colour (c, &gst_ae_palette.grid, 1.0);
  cairo_set_line_width (c->cairo, 1.0);
  cairo_move_to (c->cairo, axes->box.x, y);
  cairo_line_to (c->cairo, axes->box.x + axes->box.w, y);
  cairo_stroke (c->cairo);
  gst_ae_canvas_write (c, axes->box.x - 5.0, y, 1.0, 10.0, &gst_ae_palette.dim,
      text);
}

/* Lines at 1, 2 and 5 times powers of ten; at the ends where these are few. */
static void
draw_ticks (GstAeCanvas * c, const Axes * axes)
{
  static const double steps[] = { 1.0, 2.0, 5.0 };
  double last_y = axes->box.y + axes->box.h + 100.0;
  guint n = 0;

  for (gint e = (gint) floor (log10 (axes->low)); n < 30; e++) {
    for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
      double value = steps[i] * pow (10.0, e), y;

      if (value > axes->high)
        goto done;
      if (value < axes->low)
        continue;
      y = place_y (axes, value);
      n++;
      if (last_y - y < 13.0)
        continue;
      draw_tick (c, axes, value);
      last_y = y;
    }
  }
done:
  if (n < 2) {
    draw_tick (c, axes, axes->low);
    draw_tick (c, axes, axes->high);
  }
}

static void
draw_key (GstAeCanvas * c, double right, double y)
{
  static const struct
  {
    const gchar *name;
    const GstAeColour *colour;
  } keys[] = { {"held out", &gst_ae_palette.orange}, {"training",
      &gst_ae_palette.blue}
  };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    right -=
        gst_ae_canvas_write (c, right, y, 1.0, 11.0, &gst_ae_palette.bright,
        keys[i].name) + 6.0;
    gst_ae_canvas_set_colour (c, keys[i].colour, 1.0);
    cairo_rectangle (c->cairo, right - 12.0, y - 1.5, 12.0, 3.0);
    cairo_fill (c->cairo);
    right -= 24.0;
  }
}

void
gst_ae_monitor_losses (GstAeCanvas * c, const GstAeBox * panel)
{
  GstAeBox inner = gst_ae_canvas_panel (c, panel, "Loss by step");
  double low = 1.0, high = 1.0, low_held_out = 1.0, high_held_out = 1.0;
  g_autofree gchar *steps = NULL;
  Axes axes;

  draw_key (c, panel->x + panel->w - 10.0, panel->y + 12.0);
  if (c->report == NULL || !range_of (c->report, LOSS, &low, &high))
    return;
  if (range_of (c->report, HELD_OUT, &low_held_out, &high_held_out)) {
    low = MIN (low, low_held_out);
    high = MAX (high, high_held_out);
  }
  axes = (Axes) {
    {
    inner.x + 40.0, inner.y + 3.0, inner.w - 44.0, inner.h - 18.0}
  , low * 0.95, high * 1.05,
        (double) MAX (c->report->points[c->report->n_points - 1].step, 1),
        TRUE};
  draw_ticks (c, &axes);
  steps = gst_ae_canvas_grouped ((guint64) axes.last_step);
  gst_ae_canvas_write (c, axes.box.x, axes.box.y + axes.box.h + 11.0, 0.0, 10.0,
      &gst_ae_palette.dim, "0");
  gst_ae_canvas_write (c, axes.box.x + axes.box.w,
      axes.box.y + axes.box.h + 11.0, 1.0, 10.0, &gst_ae_palette.dim, steps);
  draw_curve (c, &axes, LOSS, &gst_ae_palette.blue);
  draw_curve (c, &axes, HELD_OUT, &gst_ae_palette.orange);
}

void
gst_ae_monitor_psnr (GstAeCanvas * c, const GstAeBox * box)
{
  const AeOnlineStats *stats = &c->report->stats;
  g_autofree gchar *text = g_strdup_printf ("%.2f dB", stats->psnr);
  Axes axes = {.box = {box->x + box->w * 0.55, box->y + 4.0, box->w * 0.45,
      26.0}
  };

  if (!range_of (c->report, PSNR, &axes.low, &axes.high))
    return;
  gst_ae_canvas_write (c, box->x, box->y + 17.0, 0.0, 22.0,
      &gst_ae_palette.green, text);
  axes.high += 0.1;
  axes.low -= 0.1;
  axes.last_step = (double) MAX (stats->step, 1);
  draw_curve (c, &axes, PSNR, &gst_ae_palette.green);
}
