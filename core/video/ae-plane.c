/* Planes of pixels <-> planes of floats. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-plane.h"

#include <string.h>

/* The nearest code of 0..1; NaN becomes 0. In floats up to the end, so that
 * minimum and maximum are one instruction each, and loops become vector code. */
static inline gint
code_from_float (float x, float peak)
{
  float scaled = x * peak + 0.5f;

  scaled = scaled > 0.0f ? scaled : 0.0f;
  return (gint) (scaled < peak ? scaled : peak);
}

/* The rows of components that stand side by side, the usual ones, have loops of
 * their own: those become vector code. */
static void
bytes_to_floats (const guint8 * in, gint step, float *out, gint n)
{
  /* divided, not multiplied with 1/255: equals value / 255 as others round it */
  if (step == 1) {
    for (gint i = 0; i < n; i++)
      out[i] = (float) in[i] / 255.0f;
  } else {
    for (gint i = 0; i < n; i++)
      out[i] = (float) in[i * step] / 255.0f;
  }
}

static void
bytes_from_floats (guint8 * out, gint step, const float *in, gint n)
{
  if (step == 1) {
    for (gint i = 0; i < n; i++)
      out[i] = (guint8) code_from_float (in[i], 255.0f);
  } else {
    for (gint i = 0; i < n; i++)
      out[i * step] = (guint8) code_from_float (in[i], 255.0f);
  }
}

static inline guint16
swap_if (guint16 word, gboolean swapped)
{
  return swapped ? GUINT16_SWAP_LE_BE (word) : word;
}

static void
words_to_floats (const guint8 * in, const AePixels * pixels, float *out)
{
  const guint mask = (1u << pixels->bits) - 1;
  const float peak = (float) mask;
  const gboolean swapped = pixels->big_endian != (G_BYTE_ORDER == G_BIG_ENDIAN);

  for (gint i = 0; i < pixels->width; i++) {
    guint16 word;

    memcpy (&word, in + i * pixels->step_bytes, sizeof word);
    word = swap_if (word, swapped);
    out[i] = (float) ((word >> pixels->shift) & mask) / peak;
  }
}

static void
words_from_floats (guint8 * out, const AePixels * pixels, const float *in)
{
  const float peak = (float) ((1u << pixels->bits) - 1);
  const gboolean swapped = pixels->big_endian != (G_BYTE_ORDER == G_BIG_ENDIAN);

  for (gint i = 0; i < pixels->width; i++) {
    guint16 word = (guint16) (code_from_float (in[i], peak) << pixels->shift);

    word = swap_if (word, swapped);
    memcpy (out + i * pixels->step_bytes, &word, sizeof word);
  }
}

static gboolean
pixels_are_valid (const AePixels * pixels)
{
  return pixels->data != NULL && pixels->step_bytes > 0
      && pixels->bits >= 8 && pixels->bits + pixels->shift <= 16
      && (pixels->bits > 8 || pixels->shift == 0);
}

void
ae_pixels_to_floats (const AePixels * pixels, float *out, gsize stride)
{
  g_return_if_fail (pixels_are_valid (pixels));
  for (gint y = 0; y < pixels->height; y++) {
    const guint8 *in = pixels->data + (gssize) y * pixels->stride_bytes;
    float *row = out + (gsize) y * stride;

    if (pixels->bits == 8)
      bytes_to_floats (in, pixels->step_bytes, row, pixels->width);
    else
      words_to_floats (in, pixels, row);
  }
}

void
ae_pixels_from_floats (const AePixels * pixels, const float *in, gsize stride)
{
  g_return_if_fail (pixels_are_valid (pixels));
  for (gint y = 0; y < pixels->height; y++) {
    guint8 *out = pixels->data + (gssize) y * pixels->stride_bytes;
    const float *row = in + (gsize) y * stride;

    if (pixels->bits == 8)
      bytes_from_floats (out, pixels->step_bytes, row, pixels->width);
    else
      words_from_floats (out, pixels, row);
  }
}
