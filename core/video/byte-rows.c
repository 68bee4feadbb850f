/* Compiled once for each instruction set. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "byte-rows.h"

#define PASTE2(a, b) a##b
#define PASTE(a, b) PASTE2 (a, b)
#define BYTE_ROWS_NAME(prefix) PASTE (prefix, AE_KERNEL_LEVEL)

/* The rows of components that stand side by side, the usual ones, have loops of
 * their own: those become vector code. */
void
BYTE_ROWS_NAME (ae_bytes_to_floats_) (const guint8 * in, gint step,
    float *out, gint n)
{
  /* divided, not multiplied with 1/255: equals value / 255 as others round it */
  if (step == 1) {
    for (gint i = 0; i < n; i++)
      out[i] = (float) in[i] / 255.0f;
    return;
  }
  for (gint i = 0; i < n; i++)
    out[i] = (float) in[i * step] / 255.0f;
}

void
BYTE_ROWS_NAME (ae_bytes_from_floats_) (guint8 * out, gint step,
    const float *in, gint n)
{
  if (step == 1) {
    for (gint i = 0; i < n; i++)
      out[i] = (guint8) ae_code_from_float (in[i], 255.0f);
    return;
  }
  for (gint i = 0; i < n; i++)
    out[i * step] = (guint8) ae_code_from_float (in[i], 255.0f);
}
