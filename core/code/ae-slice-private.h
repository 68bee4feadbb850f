/* What the encoder and the decoder of slices share. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-slice.h"

G_BEGIN_DECLS

#define AE_SLICE_FLAG_PREDICTED 1

/* Bits that adapt within a slice. */
typedef struct
{
  AeRansBit held[3];            /* by how many of W and N are held */
  AeRansBit intra;
  AeRansBit empty[2];           /* a plane, by whether that before it is */
} Bits;

/* The arrays over the rectangle have a frame of no residuals and held blocks:
 * a row above, a column on either side. Position (x, y) is at
 * (y + 1) * stride + x + 1. */
struct _AeSliceCoder
{
  const AeSymbolModel *model;
  AeRansEncoder encoder;
  AeRansDecoder decoder;
  Bits bits;

  guint w, h, stride;
  gsize plane;                  /* (h + 1) * stride */
  guint8 *magnitudes;           /* [n_planes][h + 1][stride] */
  gint16 *values;               /* [n_planes][h + 1][stride] */
  gint16 *residuals;            /* [h + 1][stride], encoder only */
  guint8 *blocks;               /* [h + 1][stride] */
  guint16 *near;                /* [w]: what a row's N, NW and NE add up to */
  guint8 *earlier;              /* [w]: classes of a row */
  gsize positions_capacity;     /* padded, of blocks and residuals */
  gsize magnitudes_capacity, values_capacity;
};

static inline gsize
ae_slice_row (const AeSliceCoder * coder, guint y)
{
  return (gsize) (y + 1) * coder->stride + 1;
}

/* Section 9.2: from those neighbours that are intra too, so that intra blocks
 * need no reference. @values and @blocks point at the position. */
static inline gint
ae_slice_predict (const gint16 weights[3], const gint16 * values,
    const guint8 * blocks, guint stride)
{
  gboolean has_w = blocks[-1] == AE_BLOCK_INTRA;
  gboolean has_n = blocks[-(gssize) stride] == AE_BLOCK_INTRA;
  gboolean has_nw = blocks[-(gssize) stride - 1] == AE_BLOCK_INTRA;
  gint sum = 0;

  if (has_w && has_n && has_nw)
    sum = weights[0] * values[-1] + weights[1] * values[-(gssize) stride]
        + weights[2] * values[-(gssize) stride - 1];
  else if (has_w || has_n)
    sum = (weights[0] + weights[1] + weights[2])
        * (has_w ? values[-1] : values[-(gssize) stride]);
  return CLAMP ((sum + 128) >> 8, -AE_VALUE_MAX, AE_VALUE_MAX);
}

static inline gboolean
ae_slice_has_weights (const AePlaneModel * plane)
{
  return plane->weights[0] != 0 || plane->weights[1] != 0
      || plane->weights[2] != 0;
}

static inline guint
ae_slice_near_class (const guint8 * classes, guint near, guint magnitude_w)
{
  return classes[MIN (near + 2 * magnitude_w, AE_SYMBOLS_MAX_NEAR)];
}

/* Takes the shape of @rect, all blocks held, all bits as they start. Returns:
 * FALSE when memory is short. */
gboolean ae_slice_begin (AeSliceCoder * coder, const AeRect * rect);

/* Returns: (transfer none): the bit for position @i. */
AeRansBit *ae_slice_held_bit (AeSliceCoder * coder, gsize i);

/* Fills @near and @earlier with what row @y's contexts take from the row above
 * and from earlier planes. */
void ae_slice_prepare_row (AeSliceCoder * coder, guint i_plane, guint y);

void ae_slice_clear_magnitudes (AeSliceCoder * coder, guint i_plane);

/* @blocks: (nullable): of the whole grid; NULL = all intra */
void ae_slice_load_blocks (AeSliceCoder * coder, const guint8 * blocks,
    guint grid_w, const AeRect * rect);

/* Copies one plane's values within @rect to @values, in the padded layout. */
void ae_slice_load_values (AeSliceCoder * coder, const AeLatents * latents,
    guint i_plane, const AeRect * rect, gint16 * values);

G_END_DECLS
