/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-number.h"

#define MAX_WORDS (AE_NUMBER_MAX_BYTES / 4)

static void
trim (AeNumber * number)
{
  while (number->n > 0 && number->words[number->n - 1] == 0)
    number->n--;
}

/* x = x / freq * AE_RANS_TOTAL + x mod freq + start. Returns: whether it fits. */
static gboolean
put (AeNumber * number, guint start, guint freq)
{
  guint64 rest = 0, carry;

  for (guint i = number->n; i-- > 0;) {
    rest = rest << 32 | number->words[i];
    number->words[i] = (guint32) (rest / freq);
    rest %= freq;
  }
  carry = rest + start;
  for (guint i = 0; i < number->n; i++) {
    carry += (guint64) number->words[i] << AE_RANS_BITS;
    number->words[i] = (guint32) carry;
    carry >>= 32;
  }
  if (carry > 0)
    number->words[number->n++] = (guint32) carry;
  trim (number);
  return number->n <= MAX_WORDS;
}

gsize
ae_number_finish (AeNumber * number, AeRansEncoder * symbols, guint8 * out,
    gsize capacity)
{
  gboolean fits = TRUE;
  gsize size_bytes;

  number->n = 0;
  for (gsize i = symbols->n; i-- > 0 && fits;)
    fits = put (number, symbols->symbols[i] >> 16,
        symbols->symbols[i] & 0xffff);
  symbols->n = 0;
  if (!fits)
    return AE_NUMBER_MAX_BYTES + 1;
  size_bytes = number->n * 4;
  while (size_bytes > 0 && number->words[(size_bytes - 1) / 4]
      >> (8 * ((size_bytes - 1) % 4)) == 0)
    size_bytes--;
  for (gsize i = 0; size_bytes <= capacity && i < size_bytes; i++)
    out[i] = (guint8) (number->words[i / 4] >> (8 * (i % 4)));
  return size_bytes;
}

void
ae_number_start (AeNumber * number, const guint8 * data, gsize size_bytes)
{
  number->n = (guint) (size_bytes + 3) / 4;
  for (guint i = 0; i < number->n; i++)
    number->words[i] = 0;
  for (gsize i = 0; i < size_bytes; i++)
    number->words[i / 4] |= (guint32) data[i] << (8 * (i % 4));
  trim (number);
}

/* x = freq * (x / AE_RANS_TOTAL) + x mod AE_RANS_TOTAL - start; it never grows. */
void
ae_number_take (AeNumber * number, guint start, guint freq)
{
  guint64 carry = ae_number_slot (number) - start;

  for (guint i = 0; i < number->n; i++) {
    guint32 above = i + 1 < number->n ? number->words[i + 1] : 0;
    guint32 shifted = number->words[i] >> AE_RANS_BITS
        | above << (32 - AE_RANS_BITS);

    carry += (guint64) freq *shifted;
    number->words[i] = (guint32) carry;
    carry >>= 32;
  }
  trim (number);
}
