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

/* Returns: a residual; in magnitude at most AE_TABLES_MAX_ESCAPE + 2^15 - 2. */
static inline gint
ae_table_take (const AeTable * table, AeRansDecoder * decoder)
{
  gint slot = (gint) ae_rans_slot (decoder);
  gint start, half, magnitude = 0;
  gboolean is_negative;

  if (slot < table->bound[1]) {
    ae_rans_take (decoder, 0, (guint) table->bound[1]);
    return 0;
  }
  for (guint i = 1; i <= AE_TABLES_MAX_ESCAPE; i++)
    magnitude += table->bound[i] <= slot;
  start = table->bound[magnitude];
  half = (table->bound[magnitude + 1] - start) / 2;
  is_negative = slot - start >= half;
  ae_rans_take (decoder, (guint) (is_negative ? start + half : start),
      (guint) half);
  if (G_UNLIKELY (magnitude == table->escape))
    magnitude += (gint) ae_table_take_rest (decoder);
  return is_negative ? -magnitude : magnitude;
}

G_END_DECLS
