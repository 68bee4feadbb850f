/* Headers of frames. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-frame.h"

G_BEGIN_DECLS

/**
 * ae_frame_check_envelope:
 * @least_bytes: of a header of this kind
 * @header_bytes: (out): of this one; so far as is known, on failure
 * @crc: (out): of the header
 *
 * Checks what is the same in every version: the first eight bytes, and the CRC
 * behind them all. Errors: AE_ERROR_TRUNCATED, AE_ERROR_CORRUPT.
 */
gboolean ae_frame_check_envelope (const guint8 * data, gsize size_bytes,
    gsize least_bytes, gsize * header_bytes, guint32 * crc, GError ** error);

/* Writes the first eight bytes. */
void ae_frame_put_envelope (guint8 * header, guint header_bytes);

/* Appends the header of a frame with slices of @sizes[@n_slices] to @out. */
void ae_frame_header_write (const AeFrameHeader * header,
    const guint16 * sizes, guint n_slices, GByteArray * out);

G_END_DECLS
