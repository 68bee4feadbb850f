/* The error of a reconstruction, by parts of the picture. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Width and height of a cell in pixels; those at the right and below may be
 * smaller. */
#define AE_CELL 16

/* How many there are along @size pixels. */
static inline guint
ae_cells_n (guint size)
{
  return (size + AE_CELL - 1) / AE_CELL;
}

/**
 * ae_cells_error:
 * @x: a picture, 0 to 1, rows @stride floats apart
 * @y: what a model makes of it, likewise
 * @error: (out): [rows of cells][columns] logarithms of the mean squared
 *   difference, which is at least that of rounding to 8 bits
 */
void ae_cells_error (const float *x, const float *y, gsize stride,
    guint width, guint height, float *error);

G_END_DECLS
