/* Sparse storage: every bit comes back, and nothing else is let in.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-error.h"
#include "ae-rng.h"
#include "ae-sparse-code.h"

static float
from_bits (guint32 bits)
{
  float value;

  memcpy (&value, &bits, sizeof value);
  return value;
}

/* Encodes, decodes, compares all bits; returns the size in bytes. */
static gsize
round_trip (const float *values, guint n)
{
  g_autoptr (GBytes) bytes = ae_sparse_code_encode (values, n);
  g_autofree float *back = g_new (float, n + 1);
  g_autoptr (GError) error = NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);
  guint n_promised;

  memset (back, 0xff, (n + 1) * sizeof *back);
  fail_unless (ae_sparse_code_n_values (data, size, &n_promised, &error));
  fail_unless_equals_int (n_promised, n);
  ae_sparse_code_decode (data, size, back, n, &error);
  g_assert_no_error (error);
  if (n > 0)
    fail_unless (memcmp (values, back, n * sizeof *back) == 0);
  fail_unless (isnan (back[n]), "written behind the end");
  return size;
}

static void
fill_at_density (float *values, guint n, float density, AeRng * rng)
{
  for (guint i = 0; i < n; i++)
    values[i] = ae_rng_uniform (rng) < density ? ae_rng_normal (rng) : 0;
}

GST_START_TEST (test_every_bit_comes_back)
{
  const guint32 odd[] = {
    0x80000000,                 /* -0 */
    0x00000000, 0x00000001,     /* the smallest subnormal */
    0x7f800000, 0xff800000,     /* infinities */
    0x7fc00000, 0x7fc12345, 0xffabcdef, /* quiet NaNs */
    0x7f800001, 0xff812345,     /* signalling NaNs */
    0x00000000, 0x00000000
  };
  float values[G_N_ELEMENTS (odd)];

  memcpy (values, odd, sizeof odd);
  round_trip (values, G_N_ELEMENTS (odd));
  round_trip (values, 0);
}

GST_END_TEST;

GST_START_TEST (test_any_density_and_length_comes_back)
{
  enum
  { MAX = 70000 };
  g_autofree float *values = g_new (float, MAX);
  AeRng rng;

  ae_rng_init (&rng, 1);
  for (guint n = 1; n < MAX; n = n * 3 + 1) {
    for (float density = 0; density <= 1; density += 0.25f) {
      fill_at_density (values, n, density, &rng);
      round_trip (values, n);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_bytes_are_those_of_the_format)
{
  float values[300] = { 0 };
  const guint8 expected[] = {
    0xac, 0x02,                 /* 300 values */
    2,                          /* runs */
    0, 1, 0x00, 0x00, 0x80, 0x3f,       /* 1.0 at 0 */
    0xc7, 0x01, 2,              /* two after 199 zeros */
    0x00, 0x00, 0x00, 0x80,     /* -0.0 */
    0x00, 0x00, 0x00, 0xc0      /* -2.0 */
  };
  g_autoptr (GBytes) bytes = NULL;

  values[0] = 1;
  values[200] = from_bits (0x80000000);
  values[201] = -2;
  bytes = ae_sparse_code_encode (values, 300);
  fail_unless_equals_int (g_bytes_get_size (bytes), sizeof expected);
  fail_unless (memcmp (g_bytes_get_data (bytes, NULL), expected,
          sizeof expected) == 0);
}

GST_END_TEST;

/* The claim of the header: under 16384 values, 8 zeros are enough. */
GST_START_TEST (test_smaller_than_a_plain_array_from_eight_zeros_on)
{
  enum
  { MAX = 16383 };
  g_autofree float *values = g_new (float, MAX);
  AeRng rng;

  ae_rng_init (&rng, 2);
  for (guint n = 31; n <= MAX; n = n * 2 + 1) {
    for (guint trial = 0; trial < 20; trial++) {
      guint n_zeros = 0;

      for (guint i = 0; i < n; i++)
        values[i] = 1;
      /* spread evenly, which makes the most and longest runs, or at random */
      while (n_zeros < 8) {
        guint at = trial == 0 ? (n_zeros + 1) * n / 9 : ae_rng_below (&rng, n);

        n_zeros += values[at] != 0;
        values[at] = 0;
      }
      fail_unless (round_trip (values, n) < 4 * (gsize) n);
    }
  }
  for (guint i = 0; i < 1000; i++)
    values[i] = 1;
  fail_unless (round_trip (values, 1000) > 4000);
}

GST_END_TEST;

GST_START_TEST (test_size_falls_with_the_density)
{
  enum
  { COUNT = 16000 };
  g_autofree float *values = g_new (float, COUNT);
  AeRng rng;

  ae_rng_init (&rng, 3);
  for (float p = 0.9f; p > 0.02f; p /= 2) {
    double expected = COUNT * (double) (4 * p + 2 * p * (1 - p));
    gsize size;

    fill_at_density (values, COUNT, p, &rng);
    size = round_trip (values, COUNT);
    fail_unless (fabs ((double) size / expected - 1) < 0.05,
        "density %g: %" G_GSIZE_FORMAT " bytes, expected %g", (double) p,
        size, expected);
  }
}

GST_END_TEST;

static void
assert_refused (const guint8 * data, gsize size, guint n, gint code)
{
  g_autofree float *values = g_new (float, n);
  g_autoptr (GError) error = NULL;

  /* a block of exactly that size, so that reading over its end is found */
  g_autofree guint8 *copy = g_memdup2 (data, size);

  fail_if (ae_sparse_code_decode (copy, size, values, n, &error));
  g_assert_error (error, AE_ERROR, code);
}

#define ASSERT_REFUSED(n, code, ...) G_STMT_START { \
  const guint8 bytes_[] = { __VA_ARGS__ }; \
  assert_refused (bytes_, sizeof bytes_, n, code); \
} G_STMT_END

GST_START_TEST (test_bytes_that_contradict_the_format_are_refused)
{
  /* another number of values than expected */
  ASSERT_REFUSED (4, AE_ERROR_SHAPE, 5, 0);
  /* more values than allowed: 2^28 + 1 */
  ASSERT_REFUSED (4, AE_ERROR_LIMIT, 0x81, 0x80, 0x80, 0x80, 0x01, 0);
  /* a varint of more than 32 bits, one that never ends, one with a spare 0 */
  ASSERT_REFUSED (4, AE_ERROR_CORRUPT, 0xff, 0xff, 0xff, 0xff, 0x1f, 0);
  ASSERT_REFUSED (4, AE_ERROR_CORRUPT, 0x84, 0x80, 0x80, 0x80, 0x80, 0);
  ASSERT_REFUSED (4, AE_ERROR_CORRUPT, 0x84, 0x00, 0);
  /* zeros and values over the end, by one and by a sum that wraps */
  ASSERT_REFUSED (4, AE_ERROR_CORRUPT, 4, 1, 4, 1, 0, 0, 0x80, 0x3f);
  ASSERT_REFUSED (4, AE_ERROR_CORRUPT, 4, 1, 3, 0xff, 0xff, 0xff, 0xff, 0x0f,
      0, 0, 0x80, 0x3f);
  ASSERT_REFUSED (4, AE_ERROR_CORRUPT, 4, 1, 0xff, 0xff, 0xff, 0xff, 0x0f, 2,
      0, 0, 0x80, 0x3f);
  /* a run without values; one without zeros that should be part of the other */
  ASSERT_REFUSED (4, AE_ERROR_CORRUPT, 4, 1, 2, 0);
  ASSERT_REFUSED (4, AE_ERROR_CORRUPT, 4, 2, 0, 1, 0, 0, 0x80, 0x3f, 0, 1, 0,
      0, 0x80, 0x3f);
  /* a stored zero */
  ASSERT_REFUSED (4, AE_ERROR_CORRUPT, 4, 1, 0, 1, 0, 0, 0, 0);
  /* more runs than there is room for */
  ASSERT_REFUSED (1, AE_ERROR_CORRUPT, 1, 2, 0, 1, 0, 0, 0x80, 0x3f, 0, 0);
  /* a byte after the end */
  ASSERT_REFUSED (4, AE_ERROR_CORRUPT, 4, 1, 0, 1, 0, 0, 0x80, 0x3f, 0);
}

GST_END_TEST;

GST_START_TEST (test_every_truncation_is_refused)
{
  g_autofree float *values = g_new (float, 400);
  g_autoptr (GBytes) bytes = NULL;
  const guint8 *data;
  gsize size;
  AeRng rng;

  ae_rng_init (&rng, 4);
  fill_at_density (values, 400, 0.1f, &rng);
  bytes = ae_sparse_code_encode (values, 400);
  data = g_bytes_get_data (bytes, &size);
  for (gsize cut = 0; cut < size; cut++)
    assert_refused (data, cut, 400, AE_ERROR_TRUNCATED);
}

GST_END_TEST;

/* Whatever decodes is the one encoding of its values. */
GST_START_TEST (test_damaged_bytes_are_refused_or_encode_to_themselves)
{
  enum
  { COUNT = 60, N = 20000 };
  float values[COUNT], back[COUNT];
  guint n_refused = 0, n_accepted = 0;
  AeRng rng;

  ae_rng_init (&rng, 5);
  for (guint trial = 0; trial < N; trial++) {
    g_autoptr (GBytes) bytes = NULL;
    g_autoptr (GError) error = NULL;
    g_autofree guint8 *damaged = NULL;
    gsize size;

    fill_at_density (values, COUNT, 0.2f, &rng);
    bytes = ae_sparse_code_encode (values, COUNT);
    damaged = g_memdup2 (g_bytes_get_data (bytes, &size),
        g_bytes_get_size (bytes));
    size = g_bytes_get_size (bytes);
    damaged[ae_rng_below (&rng, (guint32) size)] = (guint8) ae_rng_u64 (&rng);
    if (ae_sparse_code_decode (damaged, size, back, COUNT, &error)) {
      g_autoptr (GBytes) again = ae_sparse_code_encode (back, COUNT);

      n_accepted += g_bytes_get_size (again) == size
          && memcmp (g_bytes_get_data (again, NULL), damaged, size) == 0;
    } else {
      n_refused += error != NULL && error->domain == AE_ERROR;
    }
  }
  fail_unless_equals_int (n_refused + n_accepted, N);
  fail_unless (n_refused > 1000 && n_accepted > 1000);
}

GST_END_TEST;

static Suite *
sparse_code_suite (void)
{
  Suite *suite = suite_create ("sparse-code");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_every_bit_comes_back);
  tcase_add_test (tcase, test_any_density_and_length_comes_back);
  tcase_add_test (tcase, test_bytes_are_those_of_the_format);
  tcase_add_test (tcase, test_smaller_than_a_plain_array_from_eight_zeros_on);
  tcase_add_test (tcase, test_size_falls_with_the_density);
  tcase_add_test (tcase, test_bytes_that_contradict_the_format_are_refused);
  tcase_add_test (tcase, test_every_truncation_is_refused);
  tcase_add_test (tcase,
      test_damaged_bytes_are_refused_or_encode_to_themselves);
  return suite;
}

GST_CHECK_MAIN (sparse_code);
