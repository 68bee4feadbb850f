/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaemonitor.h"

#include <math.h>
#include <string.h>

#include "gstaemonitorcurves.h"

/* The picture that the sizes below are for; larger ones have larger sizes. */
#define WIDTH 640.0
#define HEIGHT 480.0

#define MARGIN 10.0
#define HEADER 34.0
#define SPLIT 0.615             /* of the width, for the left column */
#define UPPER 0.43              /* of the height under the header */

/* The header */

static const gchar *
status (const GstAeMonitorView * view, const GstAeColour ** colour)
{
  *colour = &gst_ae_palette.dim;
  if (!view->claimed)
    return view->report ? "trainer has left" : "no trainer yet";
  if (view->report == NULL)
    return "trainer is collecting patches";
  if (view->report->stats.frozen) {
    *colour = &gst_ae_palette.red;
    return "diverged, stopped";
  }
  *colour = &gst_ae_palette.green;
  return view->report->stats.finished ? "finished" : "training";
}

static void
draw_header (GstAeCanvas * c, double width, const GstAeMonitorView * view)
{
  const GstAeColour *colour;
  const gchar *state = status (view, &colour);
  const double y = MARGIN + HEADER / 2.0 - 4.0;
  double x = MARGIN + 2.0;

  x += gst_ae_canvas_write (c, x, y, 0.0, 17.0, &gst_ae_palette.bright,
      view->slot) + 14.0;
  cairo_arc (c->cairo, x + 4.0, y, 4.0, 0.0, 2.0 * G_PI);
  gst_ae_canvas_set_colour (c, colour, 1.0);
  cairo_fill (c->cairo);
  gst_ae_canvas_write (c, x + 13.0, y, 0.0, 13.0, colour, state);
  if (view->report) {
    const AeOnlineStats *stats = &view->report->stats;
    g_autofree gchar *step = gst_ae_canvas_grouped (stats->step);
    g_autofree gchar *text = g_strdup_printf ("step %s   %.1f steps/s   "
        "generation %" G_GUINT64_FORMAT, step, stats->steps_per_second,
        stats->generation);

    gst_ae_canvas_write (c, width - MARGIN - 2.0, y, 1.0, 13.0,
        &gst_ae_palette.bright, text);
  }
}

/* The numbers */

static void
draw_row (GstAeCanvas * c, const GstAeBox * box, double y, const gchar * name,
    const gchar * format, ...)
{
  g_autofree gchar *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  gst_ae_canvas_write (c, box->x, y, 0.0, 11.5, &gst_ae_palette.dim, name);
  gst_ae_canvas_write (c, box->x + box->w, y, 1.0, 11.5, &gst_ae_palette.bright,
      text);
}

static void
draw_numbers (GstAeCanvas * c, const GstAeBox * panel)
{
  const AeOnlineStats *stats = c->report ? &c->report->stats : NULL;
  const double step = 17.0;
  g_autofree gchar *name = stats ? g_ascii_strup (stats->score_name, -1) : NULL;
  g_autofree gchar *title = g_strdup_printf ("%s, held out",
      name ? name : "score");
  g_autofree gchar *seen = NULL, *held = NULL;
  GstAeBox box = gst_ae_canvas_panel (c, panel, title);
  double y;

  if (stats == NULL)
    return;
  gst_ae_monitor_psnr (c, &box);
  y = box.y + 44.0;
  if (stats->held_out >= 0.0)
    draw_row (c, &box, y, "held-out loss", "%.4g", stats->held_out);
  if (stats->published >= 0.0)
    draw_row (c, &box, y + step, "published", "%.4g", stats->published);
  draw_row (c, &box, y + 2 * step, "training loss", "%.4g", stats->loss.loss);
  draw_row (c, &box, y + 3 * step, "regularisers", "%.3g",
      stats->loss.total - stats->loss.loss);
  draw_row (c, &box, y + 4 * step, "learning rate", "%.2g", stats->rate);
  seen = gst_ae_canvas_grouped (stats->n_seen);
  held = gst_ae_canvas_grouped (stats->n_held);
  draw_row (c, &box, y + 5 * step, "patches", "%s of %s", held, seen);
  if (stats->n_trips > 0)
    draw_row (c, &box, y + 6 * step, "divergences", "%u", stats->n_trips);
}

/* Pictures */

/* Puts @w x @h pixels, CAIRO_FORMAT_RGB24, into @box. */
static void
draw_pixels (GstAeCanvas * c, const GstAeBox * box, guint32 * pixels, guint w,
    guint h)
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
draw_tensor_row (GstAeCanvas * c, const GstAeBox * box, const AeTensor * t)
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
    const GstAeBox cell = { box->x + i * (side + gap), box->y,
      side * MIN (aspect, 1.0), side / MAX (aspect, 1.0)
    };

    for (gsize p = 0; p < area; p++)
      pixels[p] = pixel (t, &c->report->input, (guint) n_channels, area, i, p);
    draw_pixels (c, &cell, pixels, patch->w, patch->h);
  }
}

static void
draw_patches (GstAeCanvas * c, const GstAeBox * panel)
{
  GstAeBox inner = gst_ae_canvas_panel (c, panel, "Held-out patches");
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
    const GstAeBox row = { inner.x + 48.0, inner.y + i * height, inner.w - 48.0,
      height
    };

    gst_ae_canvas_write (c, inner.x, row.y + height / 2.0 - 2.0, 0.0, 11.5,
        &gst_ae_palette.bright, rows[i].name);
    if (rows[i].tensor && rows[i].tensor->n > 0)
      draw_tensor_row (c, &row, rows[i].tensor);
  }
}

/* As large as fits: that many squares in @box. Returns: how many in a row. */
static guint
n_columns (const GstAeBox * box, guint n, double gap, double *side)
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
draw_filters (GstAeCanvas * c, const GstAeBox * panel)
{
  GstAeBox inner = gst_ae_canvas_panel (c, panel, "First layer");
  const AeTensor *t = c->report ? &c->report->filters : NULL;
  const gsize area = t ? (gsize) t->h * t->w : 0;
  g_autofree guint32 *pixels = g_new (guint32, MAX (area, 1));
  double side;
  guint columns;

  if (t == NULL || t->n == 0)
    return;
  columns = n_columns (&inner, t->n, 2.0, &side);
  for (guint i = 0; i < t->n; i++) {
    const GstAeBox cell = { inner.x + i % columns * (side + 2.0),
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
draw_code (GstAeCanvas * c, const GstAeBox * panel)
{
  const AeReport *report = c->report;
  g_autofree gchar *title = report && report->code_reach > 0.0f
      ? g_strdup_printf ("Code: %.0f %% near zero", 100.0 * report->code_zero)
      : g_strdup ("Code");
  GstAeBox inner = gst_ae_canvas_panel (c, panel, title);
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
  gst_ae_canvas_set_colour (c, &gst_ae_palette.blue, 1.0);
  cairo_fill (c->cairo);
  reach = g_strdup_printf ("%.3g", (double) report->code_reach);
  minus = g_strconcat ("\xe2\x88\x92", reach, NULL);
  gst_ae_canvas_write (c, inner.x, floor_y + 8.0, 0.0, 10.0,
      &gst_ae_palette.dim, minus);
  gst_ae_canvas_write (c, inner.x + inner.w / 2.0, floor_y + 8.0, 0.5, 10.0,
      &gst_ae_palette.dim, "0");
  gst_ae_canvas_write (c, inner.x + inner.w, floor_y + 8.0, 1.0, 10.0,
      &gst_ae_palette.dim, reach);
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
  const GstAeBox losses = { MARGIN, top, left, upper };
  const GstAeBox numbers = { x, top, right, upper };
  const GstAeBox patches = { MARGIN, y, left, lower };
  const GstAeBox first_layer = { x, y, right, filters };
  const GstAeBox code =
      { x, y + filters + MARGIN, right, lower - MARGIN - filters };
  GstAeCanvas c = { cairo, NULL, view->report };

  cairo_save (cairo);
  cairo_scale (cairo, scale, scale);
  c.layout = pango_cairo_create_layout (cairo);
  gst_ae_canvas_set_colour (&c, &gst_ae_palette.background, 1.0);
  cairo_paint (cairo);
  draw_header (&c, w, view);
  gst_ae_monitor_losses (&c, &losses);
  draw_numbers (&c, &numbers);
  draw_patches (&c, &patches);
  draw_filters (&c, &first_layer);
  draw_code (&c, &code);
  g_object_unref (c.layout);
  cairo_restore (cairo);
}
