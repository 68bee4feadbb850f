/* A rectangle of latents as bytes that depend on no other slice. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-symbols.h"

G_BEGIN_DECLS

/* docs/bitstream.md, section 6. */
#define AE_SLICE_MAX_BYTES 1200
#define AE_SLICE_CRC_BYTES 4

/* What a frame does with the planes of one position. */
typedef enum
{
  AE_BLOCK_INTRA = AE_KIND_INTRA,       /* predicted from its neighbours */
  AE_BLOCK_CHANGED = AE_KIND_CHANGED,   /* predicted from the reference */
  AE_BLOCK_HELD                 /* as in the reference, without any bits */
} AeBlock;

/**
 * AeSliceCoder: the scratch memory of one thread, kept from slice to slice.
 */
typedef struct _AeSliceCoder AeSliceCoder;

/* @model: (transfer none): outlives the coder */
AeSliceCoder *ae_slice_coder_new (const AeSymbolModel * model)
    G_GNUC_WARN_UNUSED_RESULT;
void ae_slice_coder_free (AeSliceCoder * coder);        /* NULL is a no-op */

/**
 * ae_slice_encode:
 * @grade: the quality, under AE_SYMBOLS_N_GRADES
 * @latents: as many planes as the model's, values within AE_VALUE_MAX
 * @reference: (nullable): the same shape; NULL makes a slice without one
 * @blocks: (nullable): [h][w] of the whole grid: what to do at each position;
 *   NULL with @reference
 * @rect: within the grid
 * @out: (out): [@capacity]
 *
 * Leaves AE_SLICE_CRC_BYTES at the end, for ae_slice_seal().
 *
 * Returns: the bytes of the slice, be it more than @capacity: @out is of no
 *   meaning then.
 */
gsize ae_slice_encode (AeSliceCoder * coder, guint grade,
    const AeLatents * latents, const AeLatents * reference,
    const guint8 * blocks, const AeRect * rect, guint8 * out, gsize capacity);

/* Writes the CRC-32 at the end of the slice; @header_crc is that of its frame's
 * header. */
void ae_slice_seal (guint8 * slice, gsize size_bytes, guint32 header_crc);

typedef struct
{
  gboolean is_predicted;
  AeRect rect;
  const guint8 *coded;          /* within the slice */
  gsize coded_bytes;
} AeSliceHead;

/**
 * ae_slice_read_head:
 * @h, @w: the grid, which the slice must lie in
 *
 * Checks the CRC first. Errors: AE_ERROR_TRUNCATED, AE_ERROR_CORRUPT,
 * AE_ERROR_LIMIT.
 */
gboolean ae_slice_read_head (const guint8 * slice, gsize size_bytes,
    guint32 header_crc, guint h, guint w, AeSliceHead * head, GError ** error);

/**
 * ae_slice_decode:
 * @latents: (inout): the reference, if the slice is predicted; becomes the
 *   frame within the slice's rectangle, or stays as it is on failure
 *
 * Errors: AE_ERROR_CORRUPT, AE_ERROR_LIMIT when memory is short.
 */
gboolean ae_slice_decode (AeSliceCoder * coder, guint grade,
    const AeSliceHead * head, AeLatents * latents, GError ** error);

/**
 * ae_slice_count:
 * @counts: (inout): [AE_N_KINDS][n_planes][AE_SYMBOLS_N_EARLIER]
 *   [AE_SYMBOLS_N_NEAR]
 *
 * Adds what each context meets in a slice as ae_slice_encode() would make it.
 */
void ae_slice_count (AeSliceCoder * coder, const AeLatents * latents,
    const AeLatents * reference, const guint8 * blocks, const AeRect * rect,
    AeSymbolCount * counts);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeSliceCoder, ae_slice_coder_free)

G_END_DECLS
