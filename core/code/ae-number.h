/* An entropy coder for packets of few bytes: one large number. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-rans.h"

G_BEGIN_DECLS

/* docs/bitstream.md, section 13.4. Symbols have the slots that ae-rans.h gives
 * them; the state is never cut, so that nothing is spent on it: the bytes are
 * the number. The work grows with the square of its length. */
#define AE_NUMBER_MAX_BYTES 16384

/* A plain struct; a copy is a checkpoint. */
typedef struct
{
  guint n;                      /* words in use; the last one is not 0 */
  guint32 words[AE_NUMBER_MAX_BYTES / 4 + 1];
} AeNumber;

/**
 * ae_number_finish:
 * @symbols: emptied
 * @out: (out): [@capacity]; written only when everything fits
 *
 * Returns: how many bytes the symbols take, be it more than @capacity; 0 for
 *   nothing but symbols whose slots begin at 0. More than AE_NUMBER_MAX_BYTES
 *   when they take more.
 */
gsize ae_number_finish (AeNumber * number, AeRansEncoder * symbols,
    guint8 * out, gsize capacity);

/* @size_bytes: at most AE_NUMBER_MAX_BYTES */
void ae_number_start (AeNumber * number, const guint8 * data,
    gsize size_bytes);

/* Returns: the slot of the next symbol, under AE_RANS_TOTAL. */
static inline guint
ae_number_slot (const AeNumber * number)
{
  return number->n > 0 ? number->words[0] & (AE_RANS_TOTAL - 1) : 0;
}

/* Takes the symbol of slots @start to @start + @freq - 1, which include
 * ae_number_slot(). */
void ae_number_take (AeNumber * number, guint start, guint freq);

/* Returns: whether all of it was symbols. */
static inline gboolean
ae_number_ends_well (const AeNumber * number)
{
  return number->n == 0;
}

G_END_DECLS
