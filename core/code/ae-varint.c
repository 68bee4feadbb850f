/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-varint.h"

guint
ae_varint_write (guint8 * out, guint32 value)
{
  guint n = 0;

  while (value >= 0x80) {
    out[n++] = (guint8) (value | 0x80);
    value >>= 7;
  }
  out[n++] = (guint8) value;
  return n;
}

guint
ae_varint_read (const guint8 * data, gsize size_bytes, guint32 * value)
{
  guint64 sum = 0;

  for (guint i = 0; i < AE_VARINT_MAX_BYTES && i < size_bytes; i++) {
    sum |= (guint64) (data[i] & 0x7f) << (7 * i);
    if (data[i] & 0x80)
      continue;
    if (sum > G_MAXUINT32 || (i > 0 && data[i] == 0))
      return 0;
    *value = (guint32) sum;
    return i + 1;
  }
  return 0;
}
