/* Planes of pixels <-> planes of floats. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-plane.h"
#include "byte-rows.h"
#include "levels.h"

#include <string.h>

static void (*const bytes_to_floats[AE_N_CPU_LEVELS]) (const guint8 * in,
    gint step, float *out, gint n) = AE_OF_LEVELS (ae_bytes_to_floats);
static void (*const bytes_from_floats[AE_N_CPU_LEVELS]) (guint8 * out,
    gint step, const float *in, gint n) = AE_OF_LEVELS (ae_bytes_from_floats);

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
    guint16 word =
        (guint16) (ae_code_from_float (in[i], peak) << pixels->shift);

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
  const AeCpuLevel level = ae_cpu_level ();

  g_return_if_fail (pixels_are_valid (pixels));
  for (gint y = 0; y < pixels->height; y++) {
    const guint8 *in = pixels->data + (gssize) y * pixels->stride_bytes;
    float *row = out + (gsize) y * stride;

    if (pixels->bits == 8)
      bytes_to_floats[level] (in, pixels->step_bytes, row, pixels->width);
    else
      words_to_floats (in, pixels, row);
  }
}

void
ae_pixels_from_floats (const AePixels * pixels, const float *in, gsize stride)
{
  const AeCpuLevel level = ae_cpu_level ();

  g_return_if_fail (pixels_are_valid (pixels));
  for (gint y = 0; y < pixels->height; y++) {
    guint8 *out = pixels->data + (gssize) y * pixels->stride_bytes;
    const float *row = in + (gsize) y * stride;

    if (pixels->bits == 8)
      bytes_from_floats[level] (out, pixels->step_bytes, row, pixels->width);
    else
      words_from_floats (out, pixels, row);
  }
}
