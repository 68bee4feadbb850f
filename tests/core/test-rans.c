/* The entropy coder: nothing is lost, little is wasted, damage is told.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-rng.h"
#include "ae-tables.h"

typedef struct
{
  guint8 *bytes;
  gsize n;
} Coded;

static void
coded_clear (Coded * coded)
{
  g_free (coded->bytes);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Coded, coded_clear)
/* Codes @values, each with the table of the same index in @tables. */
     static void encode (const gint16 * values, const guint16 * tables, guint n,
    Coded * coded)
{
  AeRansEncoder encoder = { 0 };

  ae_rans_reserve (&encoder, (gsize) n * AE_RESIDUAL_MAX_SYMBOLS);
  for (guint i = 0; i < n; i++)
    ae_table_put (&ae_tables ()[tables[i]], &encoder, values[i]);
  coded->n = 2 * (gsize) n *AE_RESIDUAL_MAX_SYMBOLS + AE_RANS_STATE_BYTES;
  coded->bytes = g_malloc (coded->n);
  coded->n = ae_rans_finish (&encoder, coded->bytes, coded->n);
  ae_rans_encoder_clear (&encoder);
}

/* Returns: how many values are wrong. */
static guint
decode (const Coded * coded, const gint16 * values, const guint16 * tables,
    guint n, gboolean * ends_well)
{
  AeRansDecoder decoder;
  guint n_wrong = 0;

  ae_rans_start (&decoder, coded->bytes, coded->n);
  for (guint i = 0; i < n; i++)
    n_wrong += ae_table_take (&ae_tables ()[tables[i]], &decoder) != values[i];
  *ends_well = ae_rans_ends_well (&decoder);
  return n_wrong;
}

/* A number as likely as @table has it, and its ideal length. */
static gint16
draw (const AeTable * table, AeRng * rng, double *bits)
{
  gint slot = (gint) ae_rng_below (rng, AE_RANS_TOTAL);
  gint m = 0, freq;

  while (slot >= table->bound[m + 1])
    m++;
  m = MIN (m, table->escape - 1);
  freq = table->bound[m + 1] - table->bound[m];
  *bits += log2 (AE_RANS_TOTAL / (double) (m == 0 ? freq : freq / 2));
  return (gint16) (slot & 1 ? m : -m);
}

GST_START_TEST (test_length_is_within_a_percent_of_the_ideal)
{
  enum
  { N = 200000 };
  g_autofree gint16 *values = g_new (gint16, N);
  g_autofree guint16 *tables = g_new (guint16, N);
  double worst = 0;
  AeRng rng;

  ae_rng_init (&rng, 7);
  for (guint t = 0; t < AE_TABLES_N; t += 37) {
    g_auto (Coded) coded = { 0 };
    double bits = 0, over;
    gboolean ends_well;

    for (guint i = 0; i < N; i++) {
      tables[i] = (guint16) t;
      values[i] = draw (&ae_tables ()[t], &rng, &bits);
    }
    encode (values, tables, N, &coded);
    over = (8.0 * (double) (coded.n - AE_RANS_STATE_BYTES) - bits) / bits;
    worst = MAX (worst, over);
    fail_unless_equals_int (decode (&coded, values, tables, N, &ends_well), 0);
    fail_unless (ends_well);
  }
  GST_INFO ("worst: %.3f %% over the ideal", 100 * worst);
  fail_unless (worst < 0.01, "%.3f %% over the ideal", 100 * worst);
}

GST_END_TEST;

/* With the bytes that states and their check take. */
GST_START_TEST (test_a_full_slice_wastes_less_than_a_percent)
{
  gint16 values[4000];
  guint16 tables[4000];
  double sum_bits = 0, sum_coded = 0;
  AeRng rng;

  ae_rng_init (&rng, 8);
  for (guint t = 5; t < AE_TABLES_N; t += 50) {
    g_auto (Coded) coded = { 0 };
    double bits = 0;
    gboolean ends_well;
    guint n;

    for (n = 0; n < G_N_ELEMENTS (values) && bits < 8 * 1150; n++) {
      tables[n] = (guint16) t;
      values[n] = draw (&ae_tables ()[t], &rng, &bits);
    }
    encode (values, tables, n, &coded);
    fail_unless_equals_int (decode (&coded, values, tables, n, &ends_well), 0);
    if (bits < 8 * 1150)
      continue;
    sum_bits += bits;
    sum_coded += 8.0 * (double) coded.n;
  }
  fail_unless (sum_bits > 0);
  fail_unless (sum_coded < 1.01 * sum_bits, "%.3f %% over the ideal",
      100 * (sum_coded / sum_bits - 1));
}

GST_END_TEST;

GST_START_TEST (test_every_residual_comes_back_from_every_table)
{
  enum
  { N = 2 * AE_RESIDUAL_MAX + 1 };
  g_autofree gint16 *values = g_new (gint16, N);
  g_autofree guint16 *tables = g_new (guint16, N);
  gboolean ends_well;

  for (guint from = 0; from < AE_TABLES_N; from += 64) {
    g_auto (Coded) coded = { 0 };

    for (guint i = 0; i < N; i++) {
      values[i] = (gint16) ((gint) i - AE_RESIDUAL_MAX);
      tables[i] = (guint16) ((from + i) % AE_TABLES_N);
    }
    encode (values, tables, N, &coded);
    fail_unless_equals_int (decode (&coded, values, tables, N, &ends_well), 0);
    fail_unless (ends_well);
  }
}

GST_END_TEST;

GST_START_TEST (test_tables_share_out_all_slots)
{
  for (guint t = 0; t < AE_TABLES_N; t++) {
    const AeTable *table = &ae_tables ()[t];

    fail_unless_equals_int (table->bound[0], 0);
    fail_unless_equals_int (table->bound[AE_TABLES_MAX_ESCAPE + 1],
        AE_RANS_TOTAL);
    fail_unless (table->escape >= 1 && table->escape <= AE_TABLES_MAX_ESCAPE);
    for (gint m = 0; m <= AE_TABLES_MAX_ESCAPE; m++) {
      gint freq = table->bound[m + 1] - table->bound[m];

      fail_unless (m > table->escape ? freq == 0 : freq >= 2);
      fail_unless (freq % 2 == 0);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_missing_bytes_and_other_bytes_are_noticed)
{
  enum
  { N = 600 };
  gint16 values[N];
  guint16 tables[N];
  g_auto (Coded) coded = { 0 };
  gboolean ends_well;
  guint n_unnoticed = 0;
  double bits = 0;
  AeRng rng;

  ae_rng_init (&rng, 9);
  for (guint i = 0; i < N; i++) {
    tables[i] = (guint16) ae_rng_below (&rng, AE_TABLES_N);
    values[i] = draw (&ae_tables ()[tables[i]], &rng, &bits);
  }
  encode (values, tables, N, &coded);
  for (gsize n = 0; n < coded.n; n++) {
    g_auto (Coded) cut = { g_memdup2 (coded.bytes, n), n };

    decode (&cut, values, tables, N, &ends_well);
    fail_if (ends_well, "%" G_GSIZE_FORMAT " bytes are enough", n);
  }
  for (gsize i = 0; i < 8 * coded.n; i++) {
    coded.bytes[i / 8] ^= (guint8) (1 << i % 8);
    decode (&coded, values, tables, N, &ends_well);
    n_unnoticed += ends_well;
    coded.bytes[i / 8] ^= (guint8) (1 << i % 8);
  }
  fail_unless_equals_int (n_unnoticed, 0);
}

GST_END_TEST;

GST_START_TEST (test_a_bit_that_is_mostly_zero_becomes_cheap)
{
  enum
  { N = 20000 };
  g_autofree guint8 *values = g_new (guint8, N);
  guint8 bytes[N];
  AeRansBit bit = AE_RANS_BIT_INIT;
  AeRansEncoder encoder = { 0 };
  AeRansDecoder decoder;
  guint n_wrong = 0;
  double ideal;
  AeRng rng;
  gsize n;

  ae_rng_init (&rng, 10);
  ae_rans_reserve (&encoder, N);
  for (guint i = 0; i < N; i++) {
    values[i] = ae_rng_below (&rng, 20) == 0;
    ae_rans_put_bit (&encoder, &bit, values[i]);
  }
  n = ae_rans_finish (&encoder, bytes, sizeof bytes);
  ae_rans_encoder_clear (&encoder);
  ideal = N * (0.05 * log2 (20) + 0.95 * log2 (1 / 0.95));
  fail_unless (8 * (double) n < 1.15 * ideal, "%g bits, ideal are %g",
      8 * (double) n, ideal);
  bit = (AeRansBit) AE_RANS_BIT_INIT;
  ae_rans_start (&decoder, bytes, n);
  for (guint i = 0; i < N; i++)
    n_wrong += ae_rans_take_bit (&decoder, &bit) != values[i];
  fail_unless_equals_int (n_wrong, 0);
  fail_unless (ae_rans_ends_well (&decoder));
}

GST_END_TEST;

static Suite *
rans_suite (void)
{
  Suite *suite = suite_create ("rans");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_length_is_within_a_percent_of_the_ideal);
  tcase_add_test (tests, test_a_full_slice_wastes_less_than_a_percent);
  tcase_add_test (tests, test_every_residual_comes_back_from_every_table);
  tcase_add_test (tests, test_tables_share_out_all_slots);
  tcase_add_test (tests, test_missing_bytes_and_other_bytes_are_noticed);
  tcase_add_test (tests, test_a_bit_that_is_mostly_zero_becomes_cheap);
  return suite;
}

GST_CHECK_MAIN (rans);
