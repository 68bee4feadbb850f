/* Whole numbers in as few bytes as they need. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* docs/bitstream.md, section 2: LEB128, in its shortest form. */
#define AE_VARINT_MAX_BYTES 5

/* Writes @value to @out, of at least AE_VARINT_MAX_BYTES. Returns: the bytes. */
guint ae_varint_write (guint8 * out, guint32 value);

/* Returns: the bytes that @value was read from; 0 when @data ends within it,
 * it has more than 32 bits or it is not in its shortest form. */
guint ae_varint_read (const guint8 * data, gsize size_bytes, guint32 * value);

G_END_DECLS
