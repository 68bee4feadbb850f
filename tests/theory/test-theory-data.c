/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "theory-data.h"

#define N_PATCHES 2000
#define PATCH_SIDE 8
#define PATCH_PIXELS (PATCH_SIDE * PATCH_SIDE)

/* A key of the bytes of @n values. */
static GBytes *
key_of (const float *values, guint n)
{
  return g_bytes_new (values, n * sizeof *values);
}

static GHashTable *
new_set (void)
{
  return g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
      (GDestroyNotify) g_bytes_unref, NULL);
}

static void
assert_in_range (const float *values, gsize n)
{
  for (gsize i = 0; i < n; i++)
    fail_unless (values[i] >= 0.0f && values[i] <= 1.0f, "value %"
        G_GSIZE_FORMAT " is %g", i, (double) values[i]);
}

static void
assert_balanced (const TheoryDigits * digits)
{
  guint counts[N_DIGIT_CLASSES] = { 0 };

  for (guint i = 0; i < digits->n; i++) {
    fail_unless (digits->labels[i] < N_DIGIT_CLASSES);
    counts[digits->labels[i]]++;
  }
  for (guint i = 0; i < N_DIGIT_CLASSES; i++)
    fail_unless_equals_int (counts[i], digits->n / N_DIGIT_CLASSES);
}

GST_START_TEST (test_digits_are_balanced_shuffled_and_in_range)
{
  TheoryDigits train, test;
  guint n_changes = 0;

  theory_digits_load (&train, &test);
  fail_unless_equals_int (train.n, 4000);
  fail_unless_equals_int (test.n, 1000);
  assert_balanced (&train);
  assert_balanced (&test);
  assert_in_range (train.pixels, (gsize) train.n * DIGIT_SIZE);
  assert_in_range (test.pixels, (gsize) test.n * DIGIT_SIZE);
  /* nine of ten neighbours differ where the order is random */
  for (guint i = 1; i < train.n; i++)
    n_changes += train.labels[i] != train.labels[i - 1];
  fail_unless (n_changes > 3400 && n_changes < 3800, "%u", n_changes);
  theory_digits_clear (&train);
  theory_digits_clear (&test);
}

GST_END_TEST;

GST_START_TEST (test_digits_held_out_are_none_of_those_to_train_on)
{
  GHashTable *seen = new_set ();
  TheoryDigits train, test;

  theory_digits_load (&train, &test);
  for (guint i = 0; i < train.n; i++)
    g_hash_table_add (seen, key_of (train.pixels + i * DIGIT_SIZE, DIGIT_SIZE));
  for (guint i = 0; i < test.n; i++) {
    GBytes *key = key_of (test.pixels + i * DIGIT_SIZE, DIGIT_SIZE);

    fail_if (g_hash_table_contains (seen, key), "digit %u", i);
    g_bytes_unref (key);
  }
  g_hash_table_unref (seen);
  theory_digits_clear (&train);
  theory_digits_clear (&test);
}

GST_END_TEST;

/* A label that went astray would put a class far from its own mean. */
GST_START_TEST (test_digits_labels_belong_to_their_pixels)
{
  static double means[N_DIGIT_CLASSES][DIGIT_SIZE];
  TheoryDigits train, test;
  guint n_right = 0;

  theory_digits_load (&train, &test);
  for (guint i = 0; i < train.n; i++)
    for (guint p = 0; p < DIGIT_SIZE; p++)
      means[train.labels[i]][p] +=
          (double) train.pixels[i * DIGIT_SIZE + p] / (train.n / 10);
  for (guint i = 0; i < test.n; i++) {
    double best = G_MAXDOUBLE;
    guint label = 0;

    for (guint c = 0; c < N_DIGIT_CLASSES; c++) {
      double sum = 0.0;

      for (guint p = 0; p < DIGIT_SIZE; p++) {
        double d = (double) test.pixels[i * DIGIT_SIZE + p] - means[c][p];

        sum += d * d;
      }
      if (sum < best) {
        best = sum;
        label = c;
      }
    }
    n_right += label == test.labels[i];
  }
  fail_unless (n_right > 700, "%u of %u", n_right, test.n);
  theory_digits_clear (&train);
  theory_digits_clear (&test);
}

GST_END_TEST;

/* Patches of @b that are in @a, but for flat ones, which any photograph has. */
static guint
count_shared (const float *a, const float *b)
{
  GHashTable *seen = new_set ();
  guint n_shared = 0;

  for (guint i = 0; i < N_PATCHES; i++)
    g_hash_table_add (seen, key_of (a + i * PATCH_PIXELS, PATCH_PIXELS));
  for (guint i = 0; i < N_PATCHES; i++) {
    const float *patch = b + i * PATCH_PIXELS;
    GBytes *key = key_of (patch, PATCH_PIXELS);
    float low = patch[0], high = patch[0];

    for (guint p = 1; p < PATCH_PIXELS; p++) {
      low = MIN (low, patch[p]);
      high = MAX (high, patch[p]);
    }
    n_shared += high - low > 0.05f && g_hash_table_contains (seen, key);
    g_bytes_unref (key);
  }
  g_hash_table_unref (seen);
  return n_shared;
}

GST_START_TEST (test_patches_of_one_part_are_in_no_other)
{
  float *parts[3];

  for (guint i = 0; i < 3; i++) {
    parts[i] = theory_patches_load (PATCH_SIDE, N_PATCHES, (TheoryPart) i, 7);
    assert_in_range (parts[i], N_PATCHES * PATCH_PIXELS);
  }
  for (guint i = 0; i < 3; i++)
    for (guint j = 0; j < i; j++)
      fail_unless_equals_int (count_shared (parts[i], parts[j]), 0);
  /* the count does see patches that are shared */
  fail_unless (count_shared (parts[0], parts[0]) > N_PATCHES / 4);
  for (guint i = 0; i < 3; i++)
    g_free (parts[i]);
}

GST_END_TEST;

GST_START_TEST (test_patches_repeat_with_the_seed_alone)
{
  gsize n_bytes = N_PATCHES * PATCH_PIXELS * sizeof (float);
  float *a = theory_patches_load (PATCH_SIDE, N_PATCHES, THEORY_TRAIN, 1);
  float *b = theory_patches_load (PATCH_SIDE, N_PATCHES, THEORY_TRAIN, 1);
  float *c = theory_patches_load (PATCH_SIDE, N_PATCHES, THEORY_TRAIN, 2);

  fail_unless (memcmp (a, b, n_bytes) == 0);
  fail_if (memcmp (a, c, n_bytes) == 0);
  g_free (a);
  g_free (b);
  g_free (c);
}

GST_END_TEST;

GST_START_TEST (test_colour_patches_have_luma_and_two_chromas)
{
  float *patches =
      theory_colour_patches_load (PATCH_SIDE, N_PATCHES, THEORY_TRAIN, 3);
  double spread[3] = { 0.0 }, offset[3] = { 0.0 };

  assert_in_range (patches, (gsize) N_PATCHES * 3 * PATCH_PIXELS);
  for (gsize i = 0; i < (gsize) N_PATCHES * 3 * PATCH_PIXELS; i++) {
    double d = (double) patches[i] - 0.5;
    guint c = i / PATCH_PIXELS % 3;

    offset[c] += d / (N_PATCHES * PATCH_PIXELS);
    spread[c] += d * d / (N_PATCHES * PATCH_PIXELS);
  }
  /* there is colour, around grey, and less of it than there is light */
  for (guint c = 1; c < 3; c++) {
    fail_unless (ABS (offset[c]) < 0.1, "%g", offset[c]);
    fail_unless (spread[c] > 1e-4 && spread[c] < 0.5 * spread[0],
        "plane %u: %g, luma %g", c, spread[c], spread[0]);
  }
  g_free (patches);
}

GST_END_TEST;

static Suite *
theory_data_suite (void)
{
  Suite *suite = suite_create ("theory-data");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_digits_are_balanced_shuffled_and_in_range);
  tcase_add_test (tc, test_digits_held_out_are_none_of_those_to_train_on);
  tcase_add_test (tc, test_digits_labels_belong_to_their_pixels);
  tcase_add_test (tc, test_patches_of_one_part_are_in_no_other);
  tcase_add_test (tc, test_patches_repeat_with_the_seed_alone);
  tcase_add_test (tc, test_colour_patches_have_luma_and_two_chromas);
  return suite;
}

GST_CHECK_MAIN (theory_data);
