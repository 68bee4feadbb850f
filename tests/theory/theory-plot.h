/* Figures for the documents, as PNG files. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* A file that cannot be written ends the program with its path. */

enum
{
  THEORY_PLOT_WIDTH = 640,
  THEORY_PLOT_HEIGHT = 400
};

/* What stands around a plot; NULL: nothing. */
typedef struct
{
  const gchar *title, *x_label, *y_label;
  gboolean log_y;               /* powers of ten; only for lines */
} TheoryAxes;

/* A value that is not finite, or not above 0 on a logarithmic axis, leaves a gap. */
typedef struct
{
  const gchar *name;            /* in the legend; NULL: not there */
  const double *x;              /* [n]; NULL: 1, 2, ... n */
  const double *y;              /* [n] */
  guint n;
} TheoryCurve;

/* From the eighth on, curves take the colours of the first again, dashed. */
void theory_plot_lines (const gchar * path, const TheoryAxes * axes,
    const TheoryCurve * curves, guint n_curves);

/* @points: [n][2], x and y; @labels: [n], 0 to 9. */
void theory_plot_scatter (const gchar * path, const TheoryAxes * axes,
    const float *points, const guint8 * labels, guint n);

/* Pictures side by side, row by row. */
typedef struct
{
  guint height, width, n_channels;      /* 1: grey, 3: planes R, G and B */
  guint columns, gap, scale;    /* gap in pixels; scale: pixels a value */
  float low, high;              /* black and white; equal: each tile by its
                                 * largest magnitude, 0 in the middle */
} TheoryTiles;

/* @values: [n][n_channels][height][width]. */
void theory_plot_grid (const gchar * path, const TheoryTiles * tiles,
    const float *values, guint n);

G_END_DECLS
