/* An entropy coder: range asymmetric numeral systems, two states in turn. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* docs/bitstream.md, section 7. A symbol has the slots from start to
 * start + freq - 1 of AE_RANS_TOTAL; its ideal length is
 * -log2 (freq / AE_RANS_TOTAL) bits. */
#define AE_RANS_BITS 14
#define AE_RANS_TOTAL (1u << AE_RANS_BITS)
#define AE_RANS_LOW (1u << 16)
#define AE_RANS_STATE_BYTES 8   /* the least that any sequence takes */

/**
 * AeRansEncoder: collects symbols, for the coder takes the last one first.
 * Memory is kept from one sequence to the next.
 */
typedef struct
{
  guint32 *symbols;             /* start << 16 | freq */
  gsize n, capacity;
  guint8 *bytes;                /* scratch, written from its end */
  gsize bytes_capacity;
} AeRansEncoder;

/* Makes room for @n more symbols, so that ae_rans_put() needs no check.
 * Aborts when memory is short, as g_malloc() does. */
void ae_rans_reserve (AeRansEncoder * encoder, gsize n);

/* @freq: 1 to AE_RANS_TOTAL - 1 */
static inline void
ae_rans_put (AeRansEncoder * encoder, guint start, guint freq)
{
  encoder->symbols[encoder->n++] = start << 16 | freq;
}

/**
 * ae_rans_finish:
 * @out: (out): [@capacity]; written only when everything fits
 *
 * Returns: how many bytes the symbols take, be it more than @capacity. The
 *   encoder is empty afterwards.
 */
gsize ae_rans_finish (AeRansEncoder * encoder, guint8 * out, gsize capacity);

void ae_rans_encoder_clear (AeRansEncoder * encoder);

/**
 * AeRansDecoder: a plain struct; a copy is a checkpoint. Bytes that are missing
 * read as zero: decoding never fails, and ae_rans_ends_well() tells in the end
 * whether these were the bytes of the symbols that were taken.
 */
typedef struct
{
  guint32 state, other;         /* of the next symbol, of the one after */
  const guint8 *at, *end;
  gboolean failed;              /* bytes were missing, or no encoder's */
} AeRansDecoder;

void ae_rans_start (AeRansDecoder * decoder, const guint8 * data,
    gsize size_bytes);

/* Returns: the slot of the next symbol, under AE_RANS_TOTAL. */
static inline guint
ae_rans_slot (const AeRansDecoder * decoder)
{
  return decoder->state & (AE_RANS_TOTAL - 1);
}

/* Takes the symbol of slots @start to @start + @freq - 1, which include
 * ae_rans_slot(). */
static inline void
ae_rans_take (AeRansDecoder * decoder, guint start, guint freq)
{
  guint32 x = freq * (decoder->state >> AE_RANS_BITS)
      + ae_rans_slot (decoder) - start;

  if (x < AE_RANS_LOW) {
    x <<= 16;
    if (G_LIKELY (decoder->end - decoder->at >= 2)) {
      x |= decoder->at[0] | (guint32) decoder->at[1] << 8;
      decoder->at += 2;
    } else {
      decoder->failed = TRUE;
    }
  }
  decoder->state = decoder->other;
  decoder->other = x;
}

/* Returns: whether all bytes are used up, none was missing, and both states are
 * what the encoder began with. */
gboolean ae_rans_ends_well (const AeRansDecoder * decoder);

/**
 * AeRansBit: the probability of a bit that adapts to the bits it coded; a plain
 * struct, to be set to AE_RANS_BIT_INIT.
 */
typedef struct
{
  guint16 zero;                 /* of AE_RANS_TOTAL; 15 to AE_RANS_TOTAL - 15 */
} AeRansBit;

#define AE_RANS_BIT_INIT { AE_RANS_TOTAL / 2 }

void ae_rans_put_bit (AeRansEncoder * encoder, AeRansBit * bit, guint value);
guint ae_rans_take_bit (AeRansDecoder * decoder, AeRansBit * bit);

G_END_DECLS
