/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "theory-plot.h"

#include <cairo.h>
#include <math.h>
#include <string.h>

/* 0 to 255 of a value of a tile whose largest magnitude is @peak. */
static guint32
to_level (const TheoryTiles * tiles, float value, float peak)
{
  float part;

  if (tiles->low != tiles->high)
    part = (value - tiles->low) / (tiles->high - tiles->low);
  else
    part = peak > 0.0f ? 0.5f + 0.5f * value / peak : 0.5f;
  return (guint32) (CLAMP (part, 0.0f, 1.0f) * 255.0f + 0.5f);
}

/* @tile: [n_channels][height][width], to the pixels from (x0, y0) on. */
static void
draw_tile (cairo_surface_t * surface, const TheoryTiles * tiles,
    const float *tile, guint x0, guint y0)
{
  guint8 *data = cairo_image_surface_get_data (surface);
  gsize stride = (gsize) cairo_image_surface_get_stride (surface);
  guint plane = tiles->height * tiles->width;
  float peak = 0.0f;

  for (guint i = 0; i < tiles->n_channels * plane; i++)
    peak = MAX (peak, fabsf (tile[i]));
  for (guint y = 0; y < tiles->height * tiles->scale; y++) {
    for (guint x = 0; x < tiles->width * tiles->scale; x++) {
      const float *value = tile + y / tiles->scale * tiles->width
          + x / tiles->scale;
      guint32 rgb = 0;

      for (guint c = 0; c < 3; c++)
        rgb = rgb << 8 | to_level (tiles,
            value[tiles->n_channels == 3 ? c * plane : 0], peak);
      memcpy (data + (y0 + y) * stride + (x0 + x) * 4, &rgb, sizeof rgb);
    }
  }
}

void
theory_plot_grid (const gchar * path, const TheoryTiles * tiles,
    const float *values, guint n)
{
  guint step_x = tiles->width * tiles->scale + tiles->gap;
  guint step_y = tiles->height * tiles->scale + tiles->gap;
  guint n_rows = (n + tiles->columns - 1) / tiles->columns;
  gint width = (gint) (tiles->columns * step_x - tiles->gap);
  gint height = (gint) (n_rows * step_y - tiles->gap);
  cairo_surface_t *surface =
      cairo_image_surface_create (CAIRO_FORMAT_RGB24, width, height);
  cairo_status_t status = cairo_surface_status (surface);

  if (status == CAIRO_STATUS_SUCCESS) {
    /* white between the tiles */
    memset (cairo_image_surface_get_data (surface), 255, (gsize) height *
        (gsize) cairo_image_surface_get_stride (surface));
    for (guint i = 0; i < n; i++)
      draw_tile (surface, tiles, values
          + (gsize) i * tiles->n_channels * tiles->height * tiles->width,
          i % tiles->columns * step_x, i / tiles->columns * step_y);
    cairo_surface_mark_dirty (surface);
    status = cairo_surface_write_to_png (surface, path);
  }
  cairo_surface_destroy (surface);
  if (status != CAIRO_STATUS_SUCCESS)
    g_error ("%s: %d x %d pixels: %s", path, width, height,
        cairo_status_to_string (status));
}
