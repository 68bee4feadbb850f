/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-tables.h"

/* Steps of 0.37 in log (p / (1 - p)) from p = 0.02; even, so that a half is
 * left for each sign. */
static const guint16 zero_slots[AE_TABLES_N_ZERO] = {
  326, 466, 668, 950, 1342, 1876, 2586, 3500,
  4628, 5952, 7414, 8930, 10396, 11724, 12858, 13776,
  14492, 15030, 15424, 15710, 15912, 16056, 16156, 16226,
  16274, 16308, 16332, 16348, 16360, 16366, 16372, 16376
};

/* Steps of 0.46 in log (q / (1 - q)) from q = 0.036, in 256ths. */
static const guint16 decays[AE_TABLES_N_DECAY] = {
  9, 14, 22, 33, 48, 69, 94, 123, 152, 179, 201, 218, 231, 240, 245, 249
};

guint
ae_tables_zero (guint i_zero)
{
  return zero_slots[i_zero];
}

guint
ae_tables_decay (guint i_decay)
{
  return decays[i_decay];
}

/* What is left of the slots is shared out magnitude by magnitude, until less
 * than one for each sign would be left; that goes to the escape. */
static void
make_table (AeTable * table, guint zero, guint decay)
{
  guint left = (AE_RANS_TOTAL - zero) / 2;
  guint m;

  table->bound[0] = 0;
  table->bound[1] = (gint16) zero;
  for (m = 1; m < AE_TABLES_MAX_ESCAPE; m++) {
    guint share = left * (256 - decay) / 256;

    if (share < 1 || share >= left)
      break;
    left -= share;
    table->bound[m + 1] = (gint16) (AE_RANS_TOTAL - 2 * left);
  }
  table->escape = (gint16) m;
  for (; m <= AE_TABLES_MAX_ESCAPE; m++)
    table->bound[m + 1] = AE_RANS_TOTAL;
}

const AeTable *
ae_tables (void)
{
  static AeTable tables[AE_TABLES_N];
  static gsize done = 0;

  if (g_once_init_enter (&done)) {
    for (guint i = 0; i < AE_TABLES_N; i++)
      make_table (&tables[i], zero_slots[i / AE_TABLES_N_DECAY],
          decays[i % AE_TABLES_N_DECAY]);
    g_once_init_leave (&done, 1);
  }
  return tables;
}

/* @n_bits: 1 to AE_RANS_BITS */
static void
put_bits (AeRansEncoder * encoder, guint value, guint n_bits)
{
  guint freq = 1u << (AE_RANS_BITS - n_bits);

  ae_rans_put (encoder, value * freq, freq);
}

static guint
take_bits (AeRansDecoder * decoder, guint n_bits)
{
  guint freq = 1u << (AE_RANS_BITS - n_bits);
  guint value = ae_rans_slot (decoder) / freq;

  ae_rans_take (decoder, value * freq, freq);
  return value;
}

/* Elias gamma: the number of bits after the first one of rest + 1, then they. */
static void
put_rest (AeRansEncoder * encoder, guint rest)
{
  guint n_bits = g_bit_storage (rest + 1) - 1;

  put_bits (encoder, n_bits, AE_TABLES_LENGTH_BITS);
  if (n_bits > 0)
    put_bits (encoder, rest + 1 - (1u << n_bits), n_bits);
}

guint
ae_table_take_rest (AeRansDecoder * decoder)
{
  guint n_bits = take_bits (decoder, AE_TABLES_LENGTH_BITS);

  if (n_bits > AE_RANS_BITS) {
    decoder->failed = TRUE;
    return 0;
  }
  return n_bits == 0 ? 0 : (1u << n_bits) - 1 + take_bits (decoder, n_bits);
}

void
ae_table_put (const AeTable * table, AeRansEncoder * encoder, gint residual)
{
  guint magnitude = (guint) ABS (residual);
  guint m = MIN (magnitude, (guint) table->escape);
  guint start = (guint) table->bound[m];
  guint freq = (guint) table->bound[m + 1] - start;

  if (m > 0) {
    freq /= 2;
    start += residual < 0 ? freq : 0;
  }
  ae_rans_put (encoder, start, freq);
  if (m == (guint) table->escape)
    put_rest (encoder, magnitude - m);
}
