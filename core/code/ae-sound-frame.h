/* Frames of a latent stream of sound. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-frame.h"
#include "ae-number.h"

G_BEGIN_DECLS

/* docs/bitstream.md, section 13. A frame holds some packets of sound, coded
 * together. Some frames begin with a whole header, the others with three bytes,
 * and are understood by what the one before was. */
#define AE_SOUND_FRAME_HEADER_BYTES 44
#define AE_SOUND_FRAME_SHORT_BYTES 3
#define AE_SOUND_FRAME_CRC_BYTES 2      /* behind the payload */
#define AE_SOUND_FRAME_LEAST_BYTES \
    (AE_SOUND_FRAME_SHORT_BYTES + AE_SOUND_FRAME_CRC_BYTES)
#define AE_SOUND_FRAME_MAX_SHORT_PAYLOAD 255
#define AE_SOUND_FRAME_MAX_PACKETS 10
#define AE_SOUND_FRAME_MAX_RATE 192000
#define AE_SOUND_FRAME_MAX_BYTES (65535 + AE_NUMBER_MAX_BYTES \
    + AE_SOUND_FRAME_CRC_BYTES)

/**
 * AeSoundFrame: what a header tells.
 * @type: AE_FRAME_KEY, AE_FRAME_PREDICTED or, for silence, AE_FRAME_SKIP
 * @begins: nothing went before: the reader starts afresh. A whole header alone
 *   tells so, and of @trim
 * @trim: samples of the last packet that are none of the sound
 * @number: of the first packet
 */
typedef struct
{
  AeFrameType type;
  guint grade;                  /* under AE_SYMBOLS_N_GRADES */
  guint n_packets, n_planes;
  guint rate_hz, packet_samples;
  gboolean begins;
  guint trim;
  guint32 number;
  guint8 fingerprint[AE_FRAME_FINGERPRINT_BYTES];

  /* of ae_sound_frame_parse() alone */
  gboolean is_short;
  gsize header_bytes;
  gsize payload_bytes;          /* without the CRC behind it */
} AeSoundFrame;

static inline gsize
ae_sound_frame_bytes (const AeSoundFrame * frame)
{
  return frame->header_bytes + frame->payload_bytes + AE_SOUND_FRAME_CRC_BYTES;
}

/* Returns: whether @data begins as a frame without a whole header does. */
gboolean ae_sound_frame_is_short (const guint8 * data, gsize size_bytes);

/* Returns: whether @data begins as a frame with a whole header of sound does, as
 * far as it is there. */
gboolean ae_sound_frame_is_whole (const guint8 * data, gsize size_bytes);

/**
 * ae_sound_frame_parse:
 * @before: (nullable): the frame before in the stream; may be @frame. Without
 *   one, short frames are refused
 *
 * Reads the header at the start of @data, which may hold anything. The payload
 * need not be there. Errors: AE_ERROR_TRUNCATED when more bytes are needed;
 * AE_ERROR_UNSUPPORTED for another major version or media kind,
 * AE_ERROR_NOT_FOUND for a short frame without one before, AE_ERROR_LIMIT,
 * AE_ERROR_CORRUPT.
 */
gboolean ae_sound_frame_parse (const guint8 * data, gsize size_bytes,
    const AeSoundFrame * before, AeSoundFrame * frame, GError ** error);

/* Returns: whether all of @frame is in @data, and the CRC behind its payload is
 * right. */
gboolean ae_sound_frame_check (const AeSoundFrame * frame,
    const guint8 * data, gsize size_bytes);

/* Returns: whether a short frame after @before may begin here, as its mark and
 * its CRC say, or unless @is_all is here, its mark alone. */
gboolean ae_sound_frame_may_begin (const AeSoundFrame * before,
    const guint8 * data, gsize size_bytes, gboolean is_all);

/**
 * ae_sound_frame_write:
 * @frame: with @payload_bytes; @is_short: whether it may be so
 *
 * Appends a frame, with a whole header if it needs one. Errors: AE_ERROR_LIMIT
 * when the payload is too long.
 */
gboolean ae_sound_frame_write (const AeSoundFrame * frame,
    const guint8 * payload, GByteArray * out, GError ** error);

G_END_DECLS
