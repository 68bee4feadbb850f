/* Vectors that are mostly zero, stored without the zeros. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * The bytes, version 1:
 *
 *   varint n_values, varint n_runs,
 *   n_runs times: varint n_zeros, varint n_stored, n_stored values of 4 bytes
 *
 * A run is a stretch of zeros, then one of stored values; zeros after the last
 * run are not mentioned. A varint has 7 bits a byte, lowest first, the top bit
 * set in all bytes but the last (LEB128). A value is an IEEE 754 float, little
 * endian, bit by bit: -0.0, infinities and every NaN are stored values and come
 * back as they were; only +0.0 is a zero.
 *
 * Each vector has one encoding: runs are as long as they can be, varints as
 * short. Everything else is refused, so what decodes encodes to the same bytes.
 *
 * Smaller than the 4 bytes a value of a plain array whenever n_values is under
 * 16384 and at least 8 values are zero, however they lie. With density p of
 * values at random places the size is about 4 p + 2 p (1 - p) bytes a value: a
 * tenth of the values take 15 % of the plain size.
 */

#define AE_SPARSE_CODE_MAX_VALUES (1u << 28)

/**
 * ae_sparse_code_encode:
 * @n: at most %AE_SPARSE_CODE_MAX_VALUES
 *
 * Returns: (transfer full): the bytes of @values [@n].
 */
GBytes *ae_sparse_code_encode (const float *values, guint n)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * ae_sparse_code_n_values:
 * @n: (out): how many values the header promises
 *
 * Errors: %AE_ERROR_TRUNCATED, %AE_ERROR_CORRUPT; %AE_ERROR_LIMIT over
 * %AE_SPARSE_CODE_MAX_VALUES. A few bytes may promise that many: check @n
 * against what is expected before memory is allocated for it.
 */
gboolean ae_sparse_code_n_values (const guint8 *data, gsize size_bytes,
    guint *n, GError **error);

/**
 * ae_sparse_code_decode:
 * @values: (out): [@n]; of no meaning on failure
 *
 * Reads all of @data, which may hold anything. Errors: those of
 * ae_sparse_code_n_values(); %AE_ERROR_SHAPE when the header promises another
 * number than @n; %AE_ERROR_CORRUPT for bytes after the end and for encodings
 * that are not the one above.
 */
gboolean ae_sparse_code_decode (const guint8 *data, gsize size_bytes,
    float *values, guint n, GError **error);

G_END_DECLS
