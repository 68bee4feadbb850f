/* The latents of a short while of sound as symbols. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-number.h"
#include "ae-symbols.h"

G_BEGIN_DECLS

/* docs/bitstream.md, section 13.3. The values of a packet are [n_planes] of the
 * model. Nothing but values are taken from other packets, so that one that is
 * lost does no harm to the reading of others. */

/* What a packet adds to the count of symbols at most. */
#define AE_PACKET_MAX_SYMBOLS(n_planes) \
    ((gsize) (n_planes) * AE_RESIDUAL_MAX_SYMBOLS)

/* @reference: (out): what @values lead to expect of the packet after them */
void ae_packet_predict (const AeSymbolModel * model, const gint16 * values,
    gint16 * reference);

/**
 * ae_packet_put:
 * @reference: (nullable): of ae_packet_predict(); NULL for a packet that is told
 *   without one
 * @symbols: with room for AE_PACKET_MAX_SYMBOLS()
 */
void ae_packet_put (const AeSymbolModel * model, guint grade,
    const gint16 * values, const gint16 * reference, AeRansEncoder * symbols);

/**
 * ae_packet_take:
 * @reference: (nullable): as it was put
 * @values: (out): may be @reference
 *
 * Returns: whether these are an encoder's symbols, and values within their
 *   limits.
 */
gboolean ae_packet_take (const AeSymbolModel * model, guint grade,
    const gint16 * reference, AeNumber * number, gint16 * values);

/* Adds to @counts, [n_planes][AE_SYMBOLS_N_EARLIER], what the contexts meet. */
void ae_packet_count (const AeSymbolModel * model, const gint16 * values,
    const gint16 * reference, AeSymbolCount * counts);

G_END_DECLS
