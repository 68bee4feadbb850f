/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "theory-plot.h"

#include <cairo.h>
#include <math.h>

#define FONT_SIZE 12.0
#define LEGEND_LINE 18.0
#define MARGIN 14.0

/* Okabe and Ito (2008), without the yellow that white paper swallows. */
static const guint32 line_colours[] = {
  0x0072b2, 0xd55e00, 0x009e73, 0xcc79a7, 0xe69f00, 0x56b4e9, 0x000000
};

/* Tol's muted scheme (2021), and black. */
static const guint32 label_colours[] = {
  0x332288, 0x88ccee, 0x44aa99, 0x117733, 0x999933,
  0xddcc77, 0xcc6677, 0x882255, 0xaa4499, 0x000000
};

/* From low to high, drawn from pixel begin to end. */
typedef struct
{
  double low, high, begin, end;
  gboolean is_log;
} Axis;

typedef struct
{
  cairo_surface_t *surface;
  cairo_t *cr;
  Axis x, y;
} Plot;

static void
set_colour (cairo_t * cr, guint32 rgb)
{
  cairo_set_source_rgb (cr, (rgb >> 16) / 255.0, ((rgb >> 8) & 255) / 255.0,
      (rgb & 255) / 255.0);
}

static gboolean
has_place (const Axis * axis, double value)
{
  return isfinite (value) && (!axis->is_log || value > 0.0);
}

static void
include_value (Axis * axis, double value)
{
  if (has_place (axis, value)) {
    axis->low = MIN (axis->low, value);
    axis->high = MAX (axis->high, value);
  }
}

static double
to_pixel (const Axis * axis, double value)
{
  double part = axis->is_log
      ? log (value / axis->low) / log (axis->high / axis->low)
      : (value - axis->low) / (axis->high - axis->low);

  return axis->begin + part * (axis->end - axis->begin);
}

/* 1, 2 or 5 times a power of ten, about six to the range. */
static double
tick_step (const Axis * axis)
{
  double rough = (axis->high - axis->low) / 6.0;
  double power = pow (10.0, floor (log10 (rough)));
  double factor = rough / power;

  return power * (factor < 1.5 ? 1.0 : factor < 3.5 ? 2.0 :
      factor < 7.5 ? 5.0 : 10.0);
}

/* No range at all becomes one; @share of the range is added at both ends. */
static void
settle_range (Axis * axis, double share)
{
  double pad;

  if (axis->low > axis->high) {
    axis->low = axis->is_log ? 0.1 : 0.0;
    axis->high = 1.0;
  }
  if (axis->is_log) {
    if (axis->low == axis->high) {
      axis->low /= 2.0;
      axis->high *= 2.0;
    }
    pad = pow (axis->high / axis->low, share);
    axis->low /= pad;
    axis->high *= pad;
    return;
  }
  if (axis->low == axis->high) {
    pad = axis->low == 0.0 ? 1.0 : 0.1 * fabs (axis->low);
    axis->low -= pad;
    axis->high += pad;
  }
  pad = share * (axis->high - axis->low);
  axis->low -= pad;
  axis->high += pad;
}

/* @align: 0 from (x, y) on, 0.5 around it, 1 up to it. */
static void
draw_text (cairo_t * cr, double x, double y, double align, const gchar * text)
{
  cairo_text_extents_t extents;

  cairo_text_extents (cr, text, &extents);
  cairo_move_to (cr, round (x - align * extents.x_advance), y);
  cairo_show_text (cr, text);
}

static double
text_width (cairo_t * cr, const gchar * text)
{
  cairo_text_extents_t extents;

  cairo_text_extents (cr, text, &extents);
  return extents.x_advance;
}

/* Calls @draw for each tick that lies on the axis. */
static void
each_tick (const Axis * axis, void (*draw) (Plot *, double), Plot * plot)
{
  if (axis->is_log) {
    /* over two decades their powers of ten are enough */
    gboolean is_long = axis->high > 100.0 * axis->low;
    static const double steps[] = { 1.0, 2.0, 5.0 };

    for (double e = floor (log10 (axis->low)); e <= log10 (axis->high); e++) {
      for (guint i = 0; i < (is_long ? 1 : G_N_ELEMENTS (steps)); i++) {
        double value = steps[i] * pow (10.0, e);

        if (value >= axis->low && value <= axis->high)
          draw (plot, value);
      }
    }
  } else {
    double step = tick_step (axis);

    /* i * step, for a sum of steps would miss 0 */
    for (double i = ceil (axis->low / step - 1e-9);
        i * step <= axis->high + 1e-9 * step; i++)
      draw (plot, i == 0.0 ? 0.0 : i * step);
  }
}

static void
draw_grid_line (cairo_t * cr, double x0, double y0, double x1, double y1)
{
  set_colour (cr, 0xdddddd);
  cairo_move_to (cr, x0, y0);
  cairo_line_to (cr, x1, y1);
  cairo_stroke (cr);
  set_colour (cr, 0x333333);
}

static void
draw_x_tick (Plot * plot, double value)
{
  double x = floor (to_pixel (&plot->x, value)) + 0.5;
  g_autofree gchar *text = g_strdup_printf ("%g", value);

  draw_grid_line (plot->cr, x, plot->y.begin, x, plot->y.end);
  draw_text (plot->cr, x, plot->y.begin + 16.0, 0.5, text);
}

static void
draw_y_tick (Plot * plot, double value)
{
  double y = floor (to_pixel (&plot->y, value)) + 0.5;
  g_autofree gchar *text = g_strdup_printf ("%g", value);

  draw_grid_line (plot->cr, plot->x.begin, y, plot->x.end, y);
  draw_text (plot->cr, plot->x.begin - 6.0, y + 4.0, 1.0, text);
}

static void
measure_y_tick (Plot * plot, double value)
{
  g_autofree gchar *text = g_strdup_printf ("%g", value);

  plot->x.begin = MAX (plot->x.begin, text_width (plot->cr, text) + 6.0);
}

static void
draw_axes (Plot * plot, const TheoryAxes * axes)
{
  cairo_t *cr = plot->cr;
  double x = (plot->x.begin + plot->x.end) / 2.0;
  double y = (plot->y.begin + plot->y.end) / 2.0;

  cairo_set_line_width (cr, 1.0);
  each_tick (&plot->x, draw_x_tick, plot);
  each_tick (&plot->y, draw_y_tick, plot);
  cairo_rectangle (cr, floor (plot->x.begin) + 0.5, floor (plot->y.end) + 0.5,
      floor (plot->x.end - plot->x.begin), floor (plot->y.begin - plot->y.end));
  cairo_stroke (cr);
  if (axes->x_label)
    draw_text (cr, x, THEORY_PLOT_HEIGHT - MARGIN + 4.0, 0.5, axes->x_label);
  if (axes->y_label) {
    cairo_save (cr);
    cairo_translate (cr, MARGIN + 4.0, y);
    cairo_rotate (cr, -G_PI / 2.0);
    draw_text (cr, 0.0, 0.0, 0.5, axes->y_label);
    cairo_restore (cr);
  }
  if (axes->title) {
    cairo_set_font_size (cr, FONT_SIZE + 2.0);
    draw_text (cr, x, MARGIN + 8.0, 0.5, axes->title);
    cairo_set_font_size (cr, FONT_SIZE);
  }
}

static void
write_plot (Plot * plot, const gchar * path)
{
  cairo_status_t status;

  cairo_destroy (plot->cr);
  status = cairo_surface_write_to_png (plot->surface, path);
  cairo_surface_destroy (plot->surface);
  if (status != CAIRO_STATUS_SUCCESS)
    g_error ("%s: %s", path, cairo_status_to_string (status));
}

static Plot
plot_new (gboolean log_y)
{
  Plot plot = {
    .x = {.low = HUGE_VAL,.high = -HUGE_VAL},
    .y = {.low = HUGE_VAL,.high = -HUGE_VAL,.is_log = log_y},
  };

  plot.surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24,
      THEORY_PLOT_WIDTH, THEORY_PLOT_HEIGHT);
  plot.cr = cairo_create (plot.surface);
  set_colour (plot.cr, 0xffffff);
  cairo_paint (plot.cr);
  cairo_select_font_face (plot.cr, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
      CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size (plot.cr, FONT_SIZE);
  return plot;
}

/* Once the ranges are known: where the axes lie, beside a legend of a width. */
static void
lay_out (Plot * plot, const TheoryAxes * axes, double legend_width)
{
  plot->y.begin = THEORY_PLOT_HEIGHT - (axes->x_label ? 46.0 : 28.0);
  plot->y.end = axes->title ? 36.0 : MARGIN;
  each_tick (&plot->y, measure_y_tick, plot);
  plot->x.begin += axes->y_label ? 28.0 : 8.0;
  plot->x.end = THEORY_PLOT_WIDTH - MARGIN - legend_width;
  draw_axes (plot, axes);
  cairo_rectangle (plot->cr, plot->x.begin, plot->y.end,
      plot->x.end - plot->x.begin, plot->y.begin - plot->y.end);
}

static void
set_line_style (cairo_t * cr, guint i_curve)
{
  static const double dash[] = { 6.0, 4.0 };
  guint n = G_N_ELEMENTS (line_colours);

  set_colour (cr, line_colours[i_curve % n]);
  cairo_set_dash (cr, dash, i_curve < n ? 0 : 2, 0.0);
  cairo_set_line_width (cr, 1.8);
}

static double
curve_x (const TheoryCurve * curve, guint i)
{
  return curve->x ? curve->x[i] : i + 1.0;
}

static void
draw_curve (Plot * plot, const TheoryCurve * curve)
{
  for (guint i = 0; i < curve->n; i++) {
    double x = curve_x (curve, i), y = curve->y[i];

    if (has_place (&plot->x, x) && has_place (&plot->y, y))
      cairo_line_to (plot->cr, to_pixel (&plot->x, x), to_pixel (&plot->y, y));
    else
      cairo_new_sub_path (plot->cr);
  }
  cairo_stroke (plot->cr);
}

void
theory_plot_lines (const gchar * path, const TheoryAxes * axes,
    const TheoryCurve * curves, guint n_curves)
{
  Plot plot = plot_new (axes->log_y);
  double legend = 0.0, y;

  for (guint c = 0; c < n_curves; c++) {
    for (guint i = 0; i < curves[c].n; i++) {
      include_value (&plot.x, curve_x (&curves[c], i));
      include_value (&plot.y, curves[c].y[i]);
    }
    if (curves[c].name)
      legend = MAX (legend, text_width (plot.cr, curves[c].name) + 38.0);
  }
  settle_range (&plot.x, 0.0);
  settle_range (&plot.y, 0.04);
  lay_out (&plot, axes, legend);
  cairo_save (plot.cr);
  cairo_clip (plot.cr);
  cairo_set_line_join (plot.cr, CAIRO_LINE_JOIN_ROUND);
  for (guint c = 0; c < n_curves; c++) {
    set_line_style (plot.cr, c);
    draw_curve (&plot, &curves[c]);
  }
  cairo_restore (plot.cr);
  y = plot.y.end + 10.0;
  for (guint c = 0; c < n_curves; c++) {
    if (!curves[c].name)
      continue;
    set_line_style (plot.cr, c);
    cairo_move_to (plot.cr, plot.x.end + 10.0, y);
    cairo_line_to (plot.cr, plot.x.end + 32.0, y);
    cairo_stroke (plot.cr);
    set_colour (plot.cr, 0x333333);
    draw_text (plot.cr, plot.x.end + 38.0, y + 4.0, 0.0, curves[c].name);
    y += LEGEND_LINE;
  }
  write_plot (&plot, path);
}

static void
draw_dot (cairo_t * cr, double x, double y, double radius, guint label)
{
  set_colour (cr, label_colours[label % G_N_ELEMENTS (label_colours)]);
  cairo_arc (cr, x, y, radius, 0.0, 2.0 * G_PI);
  cairo_fill (cr);
}

void
theory_plot_scatter (const gchar * path, const TheoryAxes * axes,
    const float *points, const guint8 * labels, guint n)
{
  Plot plot = plot_new (FALSE);
  double y;

  for (guint i = 0; i < n; i++) {
    include_value (&plot.x, (double) points[2 * i]);
    include_value (&plot.y, (double) points[2 * i + 1]);
  }
  settle_range (&plot.x, 0.03);
  settle_range (&plot.y, 0.03);
  lay_out (&plot, axes, 32.0);
  cairo_new_path (plot.cr);
  for (guint i = 0; i < n; i++) {
    double px = (double) points[2 * i], py = (double) points[2 * i + 1];

    if (isfinite (px) && isfinite (py))
      draw_dot (plot.cr, to_pixel (&plot.x, px), to_pixel (&plot.y, py), 2.0,
          labels[i]);
  }
  y = plot.y.end + 10.0;
  for (guint label = 0; label < G_N_ELEMENTS (label_colours); label++) {
    gchar text[] = { (gchar) ('0' + label), '\0' };

    draw_dot (plot.cr, plot.x.end + 16.0, y, 4.5, label);
    set_colour (plot.cr, 0x333333);
    draw_text (plot.cr, plot.x.end + 26.0, y + 4.0, 0.0, text);
    y += LEGEND_LINE;
  }
  write_plot (&plot, path);
}
