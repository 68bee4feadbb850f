/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-rans.h"
#include "ae-bytes.h"

#include <string.h>

#define BIT_RATE 4              /* of each surprise, a 16th is learnt */

void
ae_rans_reserve (AeRansEncoder * encoder, gsize n)
{
  if (encoder->capacity - encoder->n >= n)
    return;
  encoder->capacity = MAX (encoder->n + n, 2 * encoder->capacity);
  encoder->symbols = g_renew (guint32, encoder->symbols, encoder->capacity);
}

static guint8 *
put_u16_before (guint8 * at, guint value)
{
  at -= 2;
  ae_bytes_put_u16 (at, value);
  return at;
}

/* Each symbol moves out 16 bits at most: two bytes a symbol and the states are
 * always enough. */
static guint8 *
grow_bytes (AeRansEncoder * encoder)
{
  gsize needed = 2 * encoder->n + AE_RANS_STATE_BYTES;

  if (needed > encoder->bytes_capacity) {
    g_free (encoder->bytes);
    encoder->bytes_capacity = MAX (needed, 2 * encoder->bytes_capacity);
    encoder->bytes = g_malloc (encoder->bytes_capacity);
  }
  return encoder->bytes + encoder->bytes_capacity;
}

gsize
ae_rans_finish (AeRansEncoder * encoder, guint8 * out, gsize capacity)
{
  guint32 states[2] = { AE_RANS_LOW, AE_RANS_LOW };
  guint8 *end = grow_bytes (encoder), *at = end;
  gsize size_bytes;

  for (gsize i = encoder->n; i-- > 0;) {
    guint32 start = encoder->symbols[i] >> 16;
    guint32 freq = encoder->symbols[i] & 0xffff;
    guint32 x = states[i & 1];

    if (x >= freq << (32 - AE_RANS_BITS)) {
      at = put_u16_before (at, x & 0xffff);
      x >>= 16;
    }
    states[i & 1] = ((x / freq) << AE_RANS_BITS) + x % freq + start;
  }
  for (gint i = 1; i >= 0; i--) {
    at = put_u16_before (at, states[i] >> 16);
    at = put_u16_before (at, states[i] & 0xffff);
  }
  encoder->n = 0;
  size_bytes = (gsize) (end - at);
  if (size_bytes <= capacity)
    memcpy (out, at, size_bytes);
  return size_bytes;
}

void
ae_rans_encoder_clear (AeRansEncoder * encoder)
{
  g_clear_pointer (&encoder->symbols, g_free);
  g_clear_pointer (&encoder->bytes, g_free);
  *encoder = (AeRansEncoder) {
  0};
}

void
ae_rans_start (AeRansDecoder * decoder, const guint8 * data, gsize size_bytes)
{
  *decoder = (AeRansDecoder) {
  .at = data,.end = data + size_bytes,.failed = TRUE};
  if (size_bytes < AE_RANS_STATE_BYTES)
    return;
  decoder->state = ae_bytes_get_u32 (data);
  decoder->other = ae_bytes_get_u32 (data + 4);
  decoder->at += AE_RANS_STATE_BYTES;
  decoder->failed = FALSE;
}

gboolean
ae_rans_ends_well (const AeRansDecoder * decoder)
{
  return !decoder->failed && decoder->at == decoder->end
      && decoder->state == AE_RANS_LOW && decoder->other == AE_RANS_LOW;
}

static void
learn_bit (AeRansBit * bit, guint value)
{
  if (value == 0)
    bit->zero =
        (guint16) (bit->zero + ((AE_RANS_TOTAL - bit->zero) >> BIT_RATE));
  else
    bit->zero = (guint16) (bit->zero - (bit->zero >> BIT_RATE));
}

void
ae_rans_put_bit (AeRansEncoder * encoder, AeRansBit * bit, guint value)
{
  if (value == 0)
    ae_rans_put (encoder, 0, bit->zero);
  else
    ae_rans_put (encoder, bit->zero, AE_RANS_TOTAL - bit->zero);
  learn_bit (bit, value);
}

guint
ae_rans_take_bit (AeRansDecoder * decoder, AeRansBit * bit)
{
  guint value = ae_rans_slot (decoder) >= bit->zero;

  if (value == 0)
    ae_rans_take (decoder, 0, bit->zero);
  else
    ae_rans_take (decoder, bit->zero, AE_RANS_TOTAL - bit->zero);
  learn_bit (bit, value);
  return value;
}
