/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-rows.h"
#include "ae-error.h"

#include <math.h>

gboolean
ae_rows_all_finite (const float *x, gsize n, guint n_dims,
    const gchar * what, GError ** error)
{
  for (gsize i = 0; i < n * n_dims; i++) {
    if (!isfinite (x[i])) {
      g_set_error (error, AE_ERROR, AE_ERROR_NOT_FINITE,
          "%s: number %" G_GSIZE_FORMAT " of row %" G_GSIZE_FORMAT
          " is %g, expected a finite one", what, i % n_dims, i / n_dims,
          (double) x[i]);
      return FALSE;
    }
  }
  return TRUE;
}
