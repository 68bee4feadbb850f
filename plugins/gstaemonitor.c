/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaemonitor.h"

#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>

/* The picture that the sizes below are for; larger ones have larger sizes. */
#define WIDTH 640.0
#define HEIGHT 480.0

#define MARGIN 10.0
#define HEADER 34.0
#define SPLIT 0.615             /* of the width, for the left column */
#define UPPER 0.43              /* of the height under the header */
#define TITLE 20.0              /* height of a panel's title */

typedef struct
{
  double red, green, blue;
} Colour;

static const Colour background = { 0.075, 0.086, 0.106 };
static const Colour panel_colour = { 0.114, 0.129, 0.157 };
static const Colour grid_colour = { 0.200, 0.224, 0.267 };
static const Colour bright = { 0.925, 0.937, 0.957 };
static const Colour dim = { 0.560, 0.600, 0.670 };
static const Colour blue = { 0.400, 0.640, 1.000 };
static const Colour orange = { 1.000, 0.690, 0.310 };
static const Colour green = { 0.400, 0.840, 0.550 };
static const Colour red = { 1.000, 0.420, 0.420 };

typedef struct
{
  double x, y, w, h;
} Box;

typedef struct
{
  cairo_t *cairo;
  PangoLayout *layout;
  const AeReport *report;
} Canvas;

static void
set_colour (Canvas * c, const Colour * colour, double alpha)
{
  cairo_set_source_rgba (c->cairo, colour->red, colour->green, colour->blue,
      alpha);
}

/* Writes @text with its middle line at @y, from @x on, around or up to it for an
 * @align of 0, 0.5 or 1. Returns: its width. */
static double
write_text (Canvas * c, double x, double y, double align, double size,
    const Colour * colour, const gchar * text)
{
  PangoFontDescription *font = pango_font_description_new ();
  int width, height;

  pango_font_description_set_family_static (font, "Sans");
  pango_font_description_set_absolute_size (font, size * PANGO_SCALE);
  pango_layout_set_font_description (c->layout, font);
  pango_font_description_free (font);
  pango_layout_set_text (c->layout, text, -1);
  pango_layout_get_size (c->layout, &width, &height);
  set_colour (c, colour, 1.0);
  cairo_move_to (c->cairo, x - align * width / PANGO_SCALE,
      y - 0.5 * height / PANGO_SCALE);
  pango_cairo_show_layout (c->cairo, c->layout);
  return (double) width / PANGO_SCALE;
}

/* Returns: (transfer full): @n in groups of three digits. */
static gchar *
grouped (guint64 n)
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

/* A panel with its title. Returns: what is left of it. */
static Box
draw_panel (Canvas * c, const Box * box, const gchar * title)
{
  const double r = 5.0, right = box->x + box->w, bottom = box->y + box->h;

  cairo_new_sub_path (c->cairo);
  cairo_arc (c->cairo, right - r, box->y + r, r, -G_PI_2, 0.0);
  cairo_arc (c->cairo, right - r, bottom - r, r, 0.0, G_PI_2);
  cairo_arc (c->cairo, box->x + r, bottom - r, r, G_PI_2, G_PI);
  cairo_arc (c->cairo, box->x + r, box->y + r, r, G_PI, 1.5 * G_PI);
  cairo_close_path (c->cairo);
  set_colour (c, &panel_colour, 1.0);
  cairo_fill (c->cairo);
  write_text (c, box->x + 8.0, box->y + 12.0, 0.0, 11.0, &dim, title);
  return (Box) {
  box->x + 8.0, box->y + TITLE + 2.0, box->w - 16.0, box->h - TITLE - 9.0};
}

/* The header */

static const gchar *
status (const GstAeMonitorView * view, const Colour ** colour)
{
  *colour = &dim;
  if (!view->claimed)
    return view->report ? "trainer has left" : "no trainer yet";
  if (view->report == NULL)
    return "trainer is collecting patches";
  if (view->report->stats.frozen) {
    *colour = &red;
    return "diverged, stopped";
  }
  *colour = &green;
  return view->report->stats.finished ? "finished" : "training";
}

static void
draw_header (Canvas * c, double width, const GstAeMonitorView * view)
{
  const Colour *colour;
  const gchar *state = status (view, &colour);
  const double y = MARGIN + HEADER / 2.0 - 4.0;
  double x = MARGIN + 2.0;

  x += write_text (c, x, y, 0.0, 17.0, &bright, view->slot) + 14.0;
  cairo_arc (c->cairo, x + 4.0, y, 4.0, 0.0, 2.0 * G_PI);
  set_colour (c, colour, 1.0);
  cairo_fill (c->cairo);
  write_text (c, x + 13.0, y, 0.0, 13.0, colour, state);
  if (view->report) {
    const AeOnlineStats *stats = &view->report->stats;
    g_autofree gchar *step = grouped (stats->step);
    g_autofree gchar *text = g_strdup_printf ("step %s   %.1f steps/s   "
        "generation %" G_GUINT64_FORMAT, step, stats->steps_per_second,
        stats->generation);

    write_text (c, width - MARGIN - 2.0, y, 1.0, 13.0, &bright, text);
  }
}

/* The curves */

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
  Box box;
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
draw_curve (Canvas * c, const Axes * axes, Curve curve, const Colour * colour)
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
  set_colour (c, colour, 1.0);
  cairo_set_line_width (c->cairo, 1.6);
  cairo_set_line_join (c->cairo, CAIRO_LINE_JOIN_ROUND);
  cairo_stroke (c->cairo);
  cairo_arc (c->cairo, x, y, 2.5, 0.0, 2.0 * G_PI);
  cairo_fill (c->cairo);
}

/* A line at @value with its number. */
static void
draw_tick (Canvas * c, const Axes * axes, double value)
{
  double y = place_y (axes, value);
  g_autofree gchar *text = g_strdup_printf ("%.3g", value);

  set_colour (c, &grid_colour, 1.0);
  cairo_set_line_width (c->cairo, 1.0);
  cairo_move_to (c->cairo, axes->box.x, y);
  cairo_line_to (c->cairo, axes->box.x + axes->box.w, y);
  cairo_stroke (c->cairo);
  write_text (c, axes->box.x - 5.0, y, 1.0, 10.0, &dim, text);
}

/* Lines at 1, 2 and 5 times powers of ten; at the ends where these are few. */
static void
draw_ticks (Canvas * c, const Axes * axes)
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
draw_key (Canvas * c, double right, double y)
{
  static const struct
  {
    const gchar *name;
    const Colour *colour;
  } keys[] = { {"held out", &orange}, {"training", &blue} };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    right -= write_text (c, right, y, 1.0, 11.0, &bright, keys[i].name) + 6.0;
    set_colour (c, keys[i].colour, 1.0);
    cairo_rectangle (c->cairo, right - 12.0, y - 1.5, 12.0, 3.0);
    cairo_fill (c->cairo);
    right -= 24.0;
  }
}

static void
draw_losses (Canvas * c, const Box * panel)
{
  Box inner = draw_panel (c, panel, "Loss by step");
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
  steps = grouped ((guint64) axes.last_step);
  write_text (c, axes.box.x, axes.box.y + axes.box.h + 11.0, 0.0, 10.0, &dim,
      "0");
  write_text (c, axes.box.x + axes.box.w, axes.box.y + axes.box.h + 11.0, 1.0,
      10.0, &dim, steps);
  draw_curve (c, &axes, LOSS, &blue);
  draw_curve (c, &axes, HELD_OUT, &orange);
}

/* The numbers */

static void
draw_row (Canvas * c, const Box * box, double y, const gchar * name,
    const gchar * format, ...)
{
  g_autofree gchar *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  write_text (c, box->x, y, 0.0, 11.5, &dim, name);
  write_text (c, box->x + box->w, y, 1.0, 11.5, &bright, text);
}

static void
draw_psnr (Canvas * c, const Box * box)
{
  const AeOnlineStats *stats = &c->report->stats;
  g_autofree gchar *text = g_strdup_printf ("%.2f dB", stats->psnr);
  Axes axes = {.box = {box->x + box->w * 0.55, box->y + 4.0, box->w * 0.45,
      26.0}
  };

  if (!range_of (c->report, PSNR, &axes.low, &axes.high))
    return;
  write_text (c, box->x, box->y + 17.0, 0.0, 22.0, &green, text);
  axes.high += 0.1;
  axes.low -= 0.1;
  axes.last_step = (double) MAX (stats->step, 1);
  draw_curve (c, &axes, PSNR, &green);
}

static void
draw_numbers (Canvas * c, const Box * panel)
{
  Box box = draw_panel (c, panel, "PSNR of held-out patches");
  const AeOnlineStats *stats = c->report ? &c->report->stats : NULL;
  const double step = 17.0;
  g_autofree gchar *seen = NULL, *held = NULL;
  double y;

  if (stats == NULL)
    return;
  draw_psnr (c, &box);
  y = box.y + 44.0;
  if (stats->held_out >= 0.0)
    draw_row (c, &box, y, "held-out loss", "%.4g", stats->held_out);
  if (stats->published >= 0.0)
    draw_row (c, &box, y + step, "published", "%.4g", stats->published);
  draw_row (c, &box, y + 2 * step, "training loss", "%.4g", stats->loss.loss);
  draw_row (c, &box, y + 3 * step, "regularisers", "%.3g",
      stats->loss.total - stats->loss.loss);
  draw_row (c, &box, y + 4 * step, "learning rate", "%.2g", stats->rate);
  seen = grouped (stats->n_seen);
  held = grouped (stats->n_held);
  draw_row (c, &box, y + 5 * step, "patches", "%s of %s", held, seen);
  if (stats->n_trips > 0)
    draw_row (c, &box, y + 6 * step, "divergences", "%u", stats->n_trips);
}

/* Pictures */

/* Puts @w x @h pixels, CAIRO_FORMAT_RGB24, into @box. */
static void
draw_pixels (Canvas * c, const Box * box, guint32 * pixels, guint w, guint h)
{
  cairo_surface_t *surface = cairo_image_surface_create_for_data
      ((unsigned char *) pixels, CAIRO_FORMAT_RGB24, (int) w, (int) h,
      (int) w * 4);

  cairo_save (c->cairo);
  cairo_translate (c->cairo, box->x, box->y);
  cairo_scale (c->cairo, box->w / w, box->h / h);
  cairo_set_source_surface (c->cairo, surface, 0.0, 0.0);
  cairo_pattern_set_filter (cairo_get_source (c->cairo),
      box->w > 1.5 * w ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
  cairo_pattern_set_extend (cairo_get_source (c->cairo), CAIRO_EXTEND_PAD);
  cairo_rectangle (c->cairo, 0.0, 0.0, w, h);
  cairo_fill (c->cairo);
  cairo_restore (c->cairo);
  cairo_surface_destroy (surface);
}

static guint32
to_byte (float value)
{
  /* what is not a number is 0 */
  return value > 0.0f ? (guint32) (MIN (value, 1.0f) * 255.0f + 0.5f) : 0;
}

static guint32
rgb (float r, float g, float b)
{
  return to_byte (r) << 16 | to_byte (g) << 8 | to_byte (b);
}

/* Sample @i of @t, whose numbers are @n_channels planes of @area: grey; or Y',
 * Cb, Cr; or Cb, Cr that belong to the grey of @luma. */
static guint32
pixel (const AeTensor * t, const AeTensor * luma, guint n_channels, gsize area,
    guint i, gsize p)
{
  const float *first = t->data + p * t->n + i;
  const gsize plane = area * t->n;
  float y, cb, cr;

  if (n_channels == 1)
    return rgb (first[0], first[0], first[0]);
  y = n_channels == 2 ? luma->data[p * luma->n + i] : first[0];
  cb = first[n_channels == 2 ? 0 : plane] - 0.5f;
  cr = first[n_channels == 2 ? plane : 2 * plane] - 0.5f;
  return rgb (y + 1.402f * cr, y - 0.344136f * cb - 0.714136f * cr,
      y + 1.772f * cb);
}

static void
draw_tensor_row (Canvas * c, const Box * box, const AeTensor * t)
{
  const AeTensor *patch = &c->report->patch;
  const gsize area = (gsize) patch->h * patch->w;
  const gsize n_channels = t->n ? ae_tensor_size (t) / t->n / area : 0;
  const double gap = 4.0, side = MIN (box->h - gap,
      (box->w + gap) / AE_REPORT_PATCHES - gap);
  g_autofree guint32 *pixels = g_new (guint32, area);

  if (n_channels < 1 || n_channels > 3)
    return;
  for (guint i = 0; i < t->n; i++) {
    const double aspect = (double) patch->w / patch->h;
    const Box cell = { box->x + i * (side + gap), box->y,
      side * MIN (aspect, 1.0), side / MAX (aspect, 1.0)
    };

    for (gsize p = 0; p < area; p++)
      pixels[p] = pixel (t, &c->report->input, (guint) n_channels, area, i, p);
    draw_pixels (c, &cell, pixels, patch->w, patch->h);
  }
}

static void
draw_patches (Canvas * c, const Box * panel)
{
  Box inner = draw_panel (c, panel, "Held-out patches");
  const struct
  {
    const gchar *name;
    const AeTensor *tensor;
  } rows[] = {
    {"stream", c->report ? &c->report->patch : NULL},
    {"input", c->report ? &c->report->input : NULL},
    {"output", c->report ? &c->report->output : NULL},
    {"target", c->report ? &c->report->target : NULL},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    const double height = (inner.h + 4.0) / G_N_ELEMENTS (rows);
    const Box row = { inner.x + 48.0, inner.y + i * height, inner.w - 48.0,
      height
    };

    write_text (c, inner.x, row.y + height / 2.0 - 2.0, 0.0, 11.5, &bright,
        rows[i].name);
    if (rows[i].tensor && rows[i].tensor->n > 0)
      draw_tensor_row (c, &row, rows[i].tensor);
  }
}

/* As large as fits: that many squares in @box. Returns: how many in a row. */
static guint
n_columns (const Box * box, guint n, double gap, double *side)
{
  guint best = 1;

  *side = 0.0;
  for (guint columns = 1; columns <= n; columns++) {
    guint rows = (n + columns - 1) / columns;
    double fits = MIN ((box->w + gap) / columns, (box->h + gap) / rows) - gap;

    if (fits > *side) {
      *side = fits;
      best = columns;
    }
  }
  return best;
}

static void
draw_filters (Canvas * c, const Box * panel)
{
  Box inner = draw_panel (c, panel, "First layer");
  const AeTensor *t = c->report ? &c->report->filters : NULL;
  const gsize area = t ? (gsize) t->h * t->w : 0;
  g_autofree guint32 *pixels = g_new (guint32, MAX (area, 1));
  double side;
  guint columns;

  if (t == NULL || t->n == 0)
    return;
  columns = n_columns (&inner, t->n, 2.0, &side);
  for (guint i = 0; i < t->n; i++) {
    const Box cell = { inner.x + i % columns * (side + 2.0),
      inner.y + i / columns * (side + 2.0), side, side
    };
    float most = 1e-12f;

    for (gsize p = 0; p < area; p++)
      most = fmaxf (most, fabsf (t->data[p * t->n + i]));
    for (gsize p = 0; p < area; p++) {
      float grey = 0.5f + 0.5f * t->data[p * t->n + i] / most;

      pixels[p] = rgb (grey, grey, grey);
    }
    draw_pixels (c, &cell, pixels, t->w, t->h);
  }
}

/* Heights are square roots, so that rare values are seen beside many zeros. */
static void
draw_code (Canvas * c, const Box * panel)
{
  const AeReport *report = c->report;
  g_autofree gchar *title = report && report->code_reach > 0.0f
      ? g_strdup_printf ("Code: %.0f %% near zero", 100.0 * report->code_zero)
      : g_strdup ("Code");
  Box inner = draw_panel (c, panel, title);
  g_autofree gchar *reach = NULL, *minus = NULL;
  double width = inner.w / AE_REPORT_BINS, floor_y = inner.y + inner.h - 13.0;
  guint most = 1;

  if (report == NULL || report->code_reach <= 0.0f)
    return;
  for (guint i = 0; i < AE_REPORT_BINS; i++)
    most = MAX (most, report->code_counts[i]);
  for (guint i = 0; i < AE_REPORT_BINS; i++) {
    double height = (floor_y - inner.y)
        * sqrt ((double) report->code_counts[i] / most);

    cairo_rectangle (c->cairo, inner.x + i * width, floor_y - height,
        width - 1.0, height);
  }
  set_colour (c, &blue, 1.0);
  cairo_fill (c->cairo);
  reach = g_strdup_printf ("%.3g", (double) report->code_reach);
  minus = g_strconcat ("\xe2\x88\x92", reach, NULL);
  write_text (c, inner.x, floor_y + 8.0, 0.0, 10.0, &dim, minus);
  write_text (c, inner.x + inner.w / 2.0, floor_y + 8.0, 0.5, 10.0, &dim, "0");
  write_text (c, inner.x + inner.w, floor_y + 8.0, 1.0, 10.0, &dim, reach);
}

void
gst_ae_monitor_draw (cairo_t * cairo, gint width, gint height,
    const GstAeMonitorView * view)
{
  const double scale = MIN (width / WIDTH, height / HEIGHT);
  const double w = width / scale, h = height / scale;
  const double top = MARGIN + HEADER, below = h - top - MARGIN;
  const double left = (w - 3.0 * MARGIN) * SPLIT, right = w - left
      - 3.0 * MARGIN;
  const double upper = (below - MARGIN) * UPPER, lower = below - MARGIN - upper;
  const double x = left + 2.0 * MARGIN, y = top + upper + MARGIN;
  const double filters = (lower - MARGIN) * 0.56;
  const Box losses = { MARGIN, top, left, upper };
  const Box numbers = { x, top, right, upper };
  const Box patches = { MARGIN, y, left, lower };
  const Box first_layer = { x, y, right, filters };
  const Box code = { x, y + filters + MARGIN, right, lower - MARGIN - filters };
  Canvas c = { cairo, NULL, view->report };

  cairo_save (cairo);
  cairo_scale (cairo, scale, scale);
  c.layout = pango_cairo_create_layout (cairo);
  set_colour (&c, &background, 1.0);
  cairo_paint (cairo);
  draw_header (&c, w, view);
  draw_losses (&c, &losses);
  draw_numbers (&c, &numbers);
  draw_patches (&c, &patches);
  draw_filters (&c, &first_layer);
  draw_code (&c, &code);
  g_object_unref (c.layout);
  cairo_restore (cairo);
}
