/* The probabilities of a latent's magnitude and sign. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-rans.h"

G_BEGIN_DECLS

/* docs/bitstream.md, section 8: 512 fixed distributions, by how probable a zero
 * is and by how fast larger magnitudes become rare. */
#define AE_TABLES_N_ZERO 32
#define AE_TABLES_N_DECAY 16
#define AE_TABLES_N (AE_TABLES_N_ZERO * AE_TABLES_N_DECAY)
#define AE_TABLES_MAX_ESCAPE 15 /* the largest magnitude with slots of its own */

/* Of a residual, so that two values differ by no more. */
#define AE_VALUE_MAX 16383
#define AE_RESIDUAL_MAX (2 * AE_VALUE_MAX)

/* Bits that tell how many bits the rest of an escaped residual has. */
#define AE_TABLES_LENGTH_BITS 4

/* What a residual costs at most, when escaped: symbols of the coder. */
#define AE_RESIDUAL_MAX_SYMBOLS 3

/**
 * AeTable: magnitude m has the slots from bound[m] to bound[m + 1] - 1, of which
 * a positive residual takes the lower half. @escape stands for itself and all
 * that is larger; bound[escape + 1] and those after it are AE_RANS_TOTAL.
 */
typedef struct
{
  gint16 bound[AE_TABLES_MAX_ESCAPE + 2];
  gint16 escape;
} AeTable;

/* Returns: (transfer none): [AE_TABLES_N], that of zero z and decay d at
 * z * AE_TABLES_N_DECAY + d. Thread-safe. */
const AeTable *ae_tables (void);

/* The slots of a zero, of AE_RANS_TOTAL; 256 times the ratio of a magnitude's
 * probability to that of the one before. */
guint ae_tables_zero (guint i_zero);
guint ae_tables_decay (guint i_decay);

/**
 * ae_table_put:
 * @residual: -AE_RESIDUAL_MAX to AE_RESIDUAL_MAX
 *
 * Puts up to AE_RESIDUAL_MAX_SYMBOLS symbols, for which the encoder has room.
 */
void ae_table_put (const AeTable * table, AeRansEncoder * encoder,
    gint residual);

/* Returns: the rest of a residual whose magnitude is @table's escape; at most
 * 2^15 - 2. */
guint ae_table_take_rest (AeRansDecoder * decoder);

/* A magnitude and its sign; the escape stands for itself and more. */
typedef struct
{
  gint magnitude;
  gboolean is_negative;
  guint start, freq;            /* its slots */
} AeTableSymbol;

/* Returns: the symbol that @slot belongs to. */
static inline AeTableSymbol
ae_table_find (const AeTable * table, gint slot)
{
  AeTableSymbol symbol = { 0, FALSE, 0, (guint) table->bound[1] };
  gint start, half;

  if (slot < table->bound[1])
    return symbol;
  for (guint i = 1; i <= AE_TABLES_MAX_ESCAPE; i++)
    symbol.magnitude += table->bound[i] <= slot;
  start = table->bound[symbol.magnitude];
  half = (table->bound[symbol.magnitude + 1] - start) / 2;
  symbol.is_negative = slot - start >= half;
  symbol.start = (guint) (symbol.is_negative ? start + half : start);
  symbol.freq = (guint) half;
  return symbol;
}

/* Returns: a residual; in magnitude at most AE_TABLES_MAX_ESCAPE + 2^15 - 2. */
static inline gint
ae_table_take (const AeTable * table, AeRansDecoder * decoder)
{
  AeTableSymbol symbol = ae_table_find (table, (gint) ae_rans_slot (decoder));

  ae_rans_take (decoder, symbol.start, symbol.freq);
  if (G_UNLIKELY (symbol.magnitude == table->escape))
    symbol.magnitude += (gint) ae_table_take_rest (decoder);
  return symbol.is_negative ? -symbol.magnitude : symbol.magnitude;
}

G_END_DECLS
