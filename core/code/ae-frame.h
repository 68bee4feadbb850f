/* Frames of the latent stream: header, and latents cut into slices. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-slice.h"

G_BEGIN_DECLS

/* docs/bitstream.md, section 4. */
#define AE_FRAME_SYNC_BYTES 4
#define AE_FRAME_MAJOR 1
#define AE_FRAME_MINOR 0
#define AE_FRAME_FIXED_BYTES 52
#define AE_FRAME_CRC_BYTES 4
#define AE_FRAME_MIN_HEADER_BYTES (AE_FRAME_FIXED_BYTES + AE_FRAME_CRC_BYTES)
#define AE_FRAME_LENGTH_BYTES 8 /* from here on the header's length is known */
#define AE_FRAME_MAX_SLICES 16384
#define AE_FRAME_MAX_HEADER_BYTES 65535
#define AE_FRAME_MAX_PAYLOAD_BYTES (AE_FRAME_MAX_SLICES * AE_SLICE_MAX_BYTES)
#define AE_FRAME_MAX_BYTES \
    (AE_FRAME_MAX_HEADER_BYTES + AE_FRAME_MAX_PAYLOAD_BYTES)
#define AE_FRAME_MAX_SIDE 16384
#define AE_FRAME_MAX_SCALE_LOG2 6
#define AE_FRAME_FINGERPRINT_BYTES 8

typedef enum
{
  AE_FRAME_KEY,                 /* K: needs no other frame */
  AE_FRAME_PREDICTED,           /* H: latents held from the reference, or not */
  AE_FRAME_SKIP,                /* S: the reference again */
  AE_FRAME_WEIGHTS              /* W: reserved */
} AeFrameType;

typedef enum
{
  AE_MEDIA_VIDEO,
  AE_MEDIA_AUDIO                /* ae-sound-frame.h */
} AeMedia;

typedef struct
{
  AeFrameType type;
  AeMedia media;
  guint grade;                  /* under AE_SYMBOLS_N_GRADES */
  guint scale_log2;             /* a latent stands for 2^this pixels a side */
  guint width, height;          /* pixels */
  guint n_planes;
  guint rate_n, rate_d;         /* frames a second; 0/1 = variable */
  guint32 number, reference;    /* frames; the reference's own for K and W */
  guint8 fingerprint[AE_FRAME_FINGERPRINT_BYTES];
  guint matrix;                 /* ITU-T H.273 MatrixCoefficients */
  gboolean full_range;
  gboolean has_more;            /* another part of this frame follows */

  /* of ae_frame_header_parse() alone */
  guint minor;
  guint n_slices;
  const guint8 *slice_sizes;    /* within the bytes that were parsed */
  gsize header_bytes, payload_bytes;
  guint32 crc;
} AeFrameHeader;

/* Returns: whether @data begins as a frame does: the sync word, or as much of
 * it as there is. */
gboolean ae_frame_has_sync (const guint8 * data, gsize size_bytes);

/* Returns: where the next sync word begins, from @start on, or may begin; @n for
 * none. */
gsize ae_frame_find_sync (const guint8 * data, gsize n, gsize start);

/**
 * ae_frame_header_parse:
 *
 * Reads the header at the start of @data, which may hold anything. The payload
 * need not be there. Errors: AE_ERROR_TRUNCATED when more bytes are needed;
 * AE_ERROR_UNSUPPORTED for another major version or media kind, AE_ERROR_LIMIT,
 * AE_ERROR_CORRUPT.
 */
gboolean ae_frame_header_parse (const guint8 * data, gsize size_bytes,
    AeFrameHeader * header, GError ** error);

/* The size of the latents: of the grid that covers the picture. */
static inline guint
ae_frame_grid_side (const AeFrameHeader * header, guint pixels)
{
  return (pixels + (1u << header->scale_log2) - 1) >> header->scale_log2;
}

static inline guint
ae_frame_slice_bytes (const AeFrameHeader * header, guint i_slice)
{
  return header->slice_sizes[2 * i_slice]
      | (guint) header->slice_sizes[2 * i_slice + 1] << 8;
}

/**
 * AeFrameEncoder: cuts latents into slices as large as they may be. Keeps how
 * many bytes a position took, to begin the next frame with.
 */
typedef struct _AeFrameEncoder AeFrameEncoder;

/* @model: (transfer none): outlives the encoder */
AeFrameEncoder *ae_frame_encoder_new (const AeSymbolModel * model)
    G_GNUC_WARN_UNUSED_RESULT;
void ae_frame_encoder_free (AeFrameEncoder * encoder);  /* NULL is a no-op */

/**
 * ae_frame_encode:
 * @header: its type is K, H or S; what parsing sets is ignored
 * @latents: (nullable): of the frame; NULL for S
 * @reference: (nullable): what the decoder has of frame @header->reference; for
 *   H alone
 * @blocks: (nullable): [h][w] of AeBlock, for H alone
 * @part_bytes: 0, or cut the frame into parts of about this many bytes at most,
 *   each with a header of its own; one that is less than a header and a slice
 *   makes a part of each slice
 * @out: (inout): the frame is appended, or its parts
 *
 * Errors: AE_ERROR_SHAPE; AE_ERROR_LIMIT when it takes too many slices; those of
 * ae_frame_header_parse() for a header that it would refuse.
 */
gboolean ae_frame_encode (AeFrameEncoder * encoder,
    const AeFrameHeader * header, const AeLatents * latents,
    const AeLatents * reference, const guint8 * blocks, guint part_bytes,
    GByteArray * out, GError ** error);

/* What became of a frame, or of a part. */
typedef struct
{
  guint n_slices, n_damaged;
  gsize n_positions, n_missing; /* of the grid, and in no slice so far */
} AeFrameReport;

/**
 * ae_frame_decode:
 * @header: of ae_frame_header_parse(), its type K, H or S
 * @payload: [@size_bytes], which may be less than the header promises
 * @latents: (inout): the reference, of the header's shape; where slices are
 *   damaged or missing it stays
 * @missing: (inout): [h][w]: 1 where no slice has told anything, else 0; all 1
 *   before the first part of a frame
 * @first_damage: (out) (nullable) (transfer full): why the first damaged slice
 *   was refused
 *
 * Errors: AE_ERROR_SHAPE when @latents are not of the header's shape.
 */
gboolean ae_frame_decode (AeSliceCoder * coder, const AeFrameHeader * header,
    const guint8 * payload, gsize size_bytes, AeLatents * latents,
    guint8 * missing, AeFrameReport * report, GError ** first_damage,
    GError ** error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeFrameEncoder, ae_frame_encoder_free)

G_END_DECLS
