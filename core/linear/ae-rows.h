/* Checks of sample matrices, inside this layer. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Returns: whether all of @x [@n][@n_dims] is finite; else %AE_ERROR_NOT_FINITE
 * is set, and tells the first place in @what that is not. */
gboolean ae_rows_all_finite (const float *x, gsize n, guint n_dims,
    const gchar * what, GError ** error);

G_END_DECLS
