/* Sorting numbers. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Sorts in place, the least first. */
void ae_sort (float *values, guint n);

/* Sorts @n values, at least one, in place. Returns: that in the middle. */
float ae_median (float *values, guint n);

G_END_DECLS
