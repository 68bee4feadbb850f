/* Parts of a picture, and the error of a reconstruction there. SPDX-License-Identifier: LGPL-2.1-or-later */
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

/* @out: (out): [rows of cells][columns] means of @x, rows @stride floats apart. */
void ae_cells_mean (const float *x, gsize stride, guint width, guint height,
    float *out);

/**
 * ae_cells_error:
 * @x: a picture, 0 to 1, rows @stride floats apart
 * @y: what a model makes of it, likewise
 * @error: (out): [rows of cells][columns]: ln (1 + e / m), e being the mean
 *   squared difference and m the median of that over all cells: how a cell's
 *   error differs from others that are as small does not show
 * @scratch: as many floats as @error
 */
void ae_cells_error (const float *x, const float *y, gsize stride,
    guint width, guint height, float *error, float *scratch);

G_END_DECLS
