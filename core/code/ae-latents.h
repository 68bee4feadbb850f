/* A picture's latents: integers on a coarse grid. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* docs/bitstream.md, section 3. */
#define AE_LATENTS_MAX_PLANES 256
#define AE_LATENTS_MAX_SIDE 16384
#define AE_LATENTS_MAX_VALUES (1u << 26)

/* @data: [n_planes][h][w], each from -AE_VALUE_MAX to AE_VALUE_MAX
 * @grades: [h][w]: that of the frame which told a position last, so how large
 *   its steps are; docs/bitstream.md, section 10
 * @sound: [h][w]: set to 1 by decoding where a position is told without a
 *   reference; whoever finds that something was lost sets it to 0 */
typedef struct
{
  guint n_planes, h, w;
  gint16 *data;
  guint8 *grades, *sound;
} AeLatents;

#define AE_LATENTS_INIT { 0, 0, 0, NULL, NULL, NULL }

/* A part of the grid. */
typedef struct
{
  guint x, y, w, h;
} AeRect;

/**
 * ae_latents_resize:
 *
 * Gives @latents that shape, and zeroes them. Errors: AE_ERROR_LIMIT when the
 * shape is empty or over the limits above, or memory is short; @latents are
 * empty then.
 */
gboolean ae_latents_resize (AeLatents * latents, guint n_planes, guint h,
    guint w, GError ** error);

/* Frees the memory and leaves no latents. NULL is a no-op. */
void ae_latents_clear (AeLatents * latents);

static inline gsize
ae_latents_n_positions (const AeLatents * latents)
{
  return (gsize) latents->h * latents->w;
}

/* Returns: CRC-32 of the values as little-endian 16-bit integers. */
guint32 ae_latents_crc (const AeLatents * latents);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AeLatents, ae_latents_clear)

G_END_DECLS
