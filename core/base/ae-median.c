/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-median.h"

#include <stdlib.h>

static int
compare (gconstpointer a, gconstpointer b)
{
  const float *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

void
ae_sort (float *values, guint n)
{
  qsort (values, n, sizeof (float), compare);
}

float
ae_median (float *values, guint n)
{
  ae_sort (values, n);
  return values[n / 2];
}
