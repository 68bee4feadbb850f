/* Statistics of each corruption. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-corruption.h"

/* Odd, and wider than what the noise is made of at a time. */
#define WIDTH 701
#define HEIGHT 300
#define STRIDE 704
#define N (WIDTH * HEIGHT)

/* Fills a plane with @value, and what lies beside it with -1. */
static float *
new_plane (float value)
{
  float *plane = g_new (float, STRIDE * HEIGHT);

  for (guint i = 0; i < STRIDE * HEIGHT; i++)
    plane[i] = i % STRIDE < WIDTH ? value : -1.0f;
  return plane;
}

static float *
new_corrupted (AeCorruptionKind kind, float level, float value)
{
  float *plane = new_plane (value);
  AeRng rng;

  ae_rng_init (&rng, 7);
  ae_corrupt_plane (kind, level, &rng, plane, WIDTH, HEIGHT, STRIDE);
  return plane;
}

static double
share_of (const float *plane, float value)
{
  guint n = 0;

  for (guint y = 0; y < HEIGHT; y++) {
    for (guint x = 0; x < WIDTH; x++)
      n += fabsf (plane[y * STRIDE + x] - value) < 1e-6f;
  }
  return (double) n / N;
}

static double
mean_of (const float *plane, guint width, guint height)
{
  double sum = 0;

  for (guint y = 0; y < height; y++) {
    for (guint x = 0; x < width; x++)
      sum += (double) plane[y * STRIDE + x];
  }
  return sum / ((double) width * height);
}

static double
variance_of (const float *plane, guint width, guint height)
{
  const double mean = mean_of (plane, width, height);
  double sum = 0;

  for (guint y = 0; y < height; y++) {
    for (guint x = 0; x < width; x++)
      sum += pow ((double) plane[y * STRIDE + x] - mean, 2);
  }
  return sum / ((double) width * height);
}

/* Variance on the 8-bit scale: of the samples around the mean of their row, and
 * of those means. */
static void
measure_rows (const float *plane, double *within, double *between)
{
  double sum = 0, sum2 = 0;

  *within = 0;
  for (guint y = 0; y < HEIGHT; y++) {
    const double mean = 255 * mean_of (plane + y * STRIDE, WIDTH, 1);

    *within += 65025 * variance_of (plane + y * STRIDE, WIDTH, 1) / HEIGHT;
    sum += mean;
    sum2 += mean * mean;
  }
  *between = sum2 / HEIGHT - pow (sum / HEIGHT, 2);
}

static void
assert_near (double value, double expected, double tolerance)
{
  fail_unless (fabs (value - expected) <= tolerance, "%f is not %f +- %f",
      value, expected, tolerance);
}

GST_START_TEST (test_corruption_has_its_name)
{
  static const gchar *names[] = { "none", "gaussian", "salt-pepper", "masking",
    "dropout", "poisson-gaussian"
  };

  for (guint kind = 0; kind < AE_N_CORRUPTIONS; kind++)
    fail_unless_equals_string (ae_corruption_name (kind), names[kind]);
}

GST_END_TEST;

GST_START_TEST (test_corruption_repeats_with_the_state_of_the_rng)
{
  const float level = __i__ == AE_CORRUPTION_GAUSSIAN
      || __i__ == AE_CORRUPTION_POISSON_GAUSSIAN ? 20.0f : 0.2f;
  g_autofree float *a = new_corrupted (__i__, level, 0.5f);
  g_autofree float *b = new_corrupted (__i__, level, 0.5f);
  g_autofree float *other = new_plane (0.5f);
  AeRng rng;

  fail_unless (memcmp (a, b, STRIDE * HEIGHT * sizeof (float)) == 0);
  ae_rng_init (&rng, 8);
  ae_corrupt_plane (__i__, level, &rng, other, WIDTH, HEIGHT, STRIDE);
  fail_unless_equals_int (memcmp (a, other, STRIDE * HEIGHT * sizeof (float))
      != 0, __i__ != AE_CORRUPTION_NONE);
}

GST_END_TEST;

GST_START_TEST (test_corruption_leaves_what_lies_beside_the_plane)
{
  g_autofree float *plane = new_corrupted (__i__, 0.9f, 0.5f);

  for (guint y = 0; y < HEIGHT; y++) {
    for (guint x = WIDTH; x < STRIDE; x++)
      fail_unless (plane[y * STRIDE + x] == -1.0f);
  }
}

GST_END_TEST;

GST_START_TEST (test_corruption_none_changes_nothing)
{
  g_autofree float *plane = new_corrupted (AE_CORRUPTION_NONE, 25.0f, 0.5f);

  fail_unless_equals_float (share_of (plane, 0.5f), 1.0);
}

GST_END_TEST;

GST_START_TEST (test_gaussian_noise_has_its_sigma_and_is_not_clipped)
{
  g_autofree float *plane = new_corrupted (AE_CORRUPTION_GAUSSIAN, 25.0f, 1.0f);

  assert_near (255 * mean_of (plane, WIDTH, HEIGHT), 255.0, 0.3);
  assert_near (255 * sqrt (variance_of (plane, WIDTH, HEIGHT)), 25.0, 0.2);
}

GST_END_TEST;

GST_START_TEST (test_gaussian_noise_of_neighbours_is_independent)
{
  g_autofree float *plane = new_corrupted (AE_CORRUPTION_GAUSSIAN, 25.0f, 0.0f);
  double across = 0, down = 0;

  for (guint y = 0; y + 1 < HEIGHT; y++) {
    for (guint x = 0; x + 1 < WIDTH; x++) {
      const float *at = plane + y * STRIDE + x;

      across += 65025 * (double) (at[0] * at[1]) / N;
      down += 65025 * (double) (at[0] * at[STRIDE]) / N;
    }
  }
  assert_near (across / 625, 0, 0.01);
  assert_near (down / 625, 0, 0.01);
}

GST_END_TEST;

GST_START_TEST (test_salt_and_pepper_are_even_shares)
{
  g_autofree float *plane =
      new_corrupted (AE_CORRUPTION_SALT_PEPPER, 0.1f, 0.5f);

  assert_near (share_of (plane, 0.0f), 0.05, 0.003);
  assert_near (share_of (plane, 1.0f), 0.05, 0.003);
  assert_near (share_of (plane, 0.5f), 0.90, 0.004);
}

GST_END_TEST;

GST_START_TEST (test_masking_sets_its_share_to_zero)
{
  g_autofree float *plane = new_corrupted (AE_CORRUPTION_MASKING, 0.3f, 0.5f);

  assert_near (share_of (plane, 0.0f), 0.3, 0.005);
  assert_near (share_of (plane, 0.5f), 0.7, 0.005);
}

GST_END_TEST;

GST_START_TEST (test_dropout_keeps_the_mean)
{
  g_autofree float *plane = new_corrupted (AE_CORRUPTION_DROPOUT, 0.2f, 0.5f);
  g_autofree float *gone = new_corrupted (AE_CORRUPTION_DROPOUT, 1.0f, 0.5f);

  assert_near (share_of (plane, 0.0f), 0.2, 0.005);
  assert_near (share_of (plane, 0.625f), 0.8, 0.005);
  assert_near (mean_of (plane, WIDTH, HEIGHT), 0.5, 0.003);
  fail_unless_equals_float (share_of (gone, 0.0f), 1.0);
}

GST_END_TEST;

GST_START_TEST (test_camera_noise_grows_with_brightness_and_has_row_offsets)
{
  static const float values[] = { -0.2f, 0.0f, 0.5f, 1.0f };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
    g_autofree float *plane =
        new_corrupted (AE_CORRUPTION_POISSON_GAUSSIAN, 20.0f, values[i]);
    const double expected = 400 * (1.7 * MAX ((double) values[i], 0.0) + 0.1);
    double within, between;

    measure_rows (plane, &within, &between);
    assert_near (255 * mean_of (plane, WIDTH, HEIGHT),
        255 * (double) values[i], 1.5);
    assert_near (within, expected, 0.02 * expected);
    /* the mean of a row has WIDTH-th of the variance of its samples too */
    assert_near (between, 400 * 0.05 + expected / WIDTH, 5);
  }
}

GST_END_TEST;

static Suite *
corruption_suite (void)
{
  Suite *suite = suite_create ("corruption");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_corruption_has_its_name);
  tcase_add_loop_test (tcase,
      test_corruption_repeats_with_the_state_of_the_rng, 0, AE_N_CORRUPTIONS);
  tcase_add_loop_test (tcase,
      test_corruption_leaves_what_lies_beside_the_plane, 0, AE_N_CORRUPTIONS);
  tcase_add_test (tcase, test_corruption_none_changes_nothing);
  tcase_add_test (tcase, test_gaussian_noise_has_its_sigma_and_is_not_clipped);
  tcase_add_test (tcase, test_gaussian_noise_of_neighbours_is_independent);
  tcase_add_test (tcase, test_salt_and_pepper_are_even_shares);
  tcase_add_test (tcase, test_masking_sets_its_share_to_zero);
  tcase_add_test (tcase, test_dropout_keeps_the_mean);
  tcase_add_test (tcase,
      test_camera_noise_grows_with_brightness_and_has_row_offsets);
  return suite;
}

GST_CHECK_MAIN (corruption);
