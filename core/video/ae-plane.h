/* Planes of pixels <-> planes of floats. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AePixels: @height rows of @width components in a picture's memory.
 * @data: the first component
 * @stride_bytes: from row to row; may be negative
 * @step_bytes: from component to component: 1 in a plane of bytes, 4 in BGRx
 * @bits: 8, or 9 to 16 in two bytes each
 * @shift: bits to the left of which the value stands: 6 for P010, else 0
 * @big_endian: of two-byte components
 */
typedef struct
{
  guint8 *data;
  gint width, height;
  gint stride_bytes;
  gint step_bytes;
  guint bits;
  guint shift;
  gboolean big_endian;
} AePixels;

/* out[y * @stride + x] = value / (2^bits - 1), 0..1. */
void ae_pixels_to_floats (const AePixels * pixels, float *out, gsize stride);

/* The inverse: clipped to 0..1, rounded to nearest. Other bytes of the
 * picture, such as the other components of a packed pixel, stay. */
void ae_pixels_from_floats (const AePixels * pixels, const float *in,
    gsize stride);

G_END_DECLS
