/* Rows of bytes <-> rows of floats, for each instruction set.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The nearest code of 0..1; NaN becomes 0. In floats up to the end, so that
 * minimum and maximum are one instruction each, and loops become vector code. */
static inline gint
ae_code_from_float (float x, float peak)
{
  float scaled = x * peak + 0.5f;

  scaled = scaled > 0.0f ? scaled : 0.0f;
  return (gint) (scaled < peak ? scaled : peak);
}

/* @step: from byte to byte */
#define AE_DECLARE_BYTE_ROWS(level) \
    void ae_bytes_to_floats_##level (const guint8 * in, gint step, \
        float *out, gint n); \
    void ae_bytes_from_floats_##level (guint8 * out, gint step, \
        const float *in, gint n);

AE_DECLARE_BYTE_ROWS (c)
AE_DECLARE_BYTE_ROWS (avx2)
AE_DECLARE_BYTE_ROWS (avx512)
AE_DECLARE_BYTE_ROWS (vnni)

G_END_DECLS
