/* The noise that is estimated is the noise that was added. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-corruption.h"
#include "ae-noise-level.h"
#include "ae-plane.h"

#define WIDTH 640
#define HEIGHT 360
#define STRIDE 648
#define N (STRIDE * HEIGHT)

/* A plane of noise of @cell pixels a sample, smooth between them. */
static void
add_octave (float *plane, guint cell, float amplitude, AeRng * rng)
{
  const guint columns = WIDTH / cell + 2, rows = HEIGHT / cell + 2;
  g_autofree float *lattice = g_new (float, columns * rows);

  ae_rng_fill_normal (rng, lattice, columns * rows);
  for (guint y = 0; y < HEIGHT; y++) {
    for (guint x = 0; x < WIDTH; x++) {
      const float *at = lattice + y / cell * columns + x / cell;
      const float fx = (float) (x % cell) / (float) cell;
      const float fy = (float) (y % cell) / (float) cell;
      const float top = at[0] + fx * (at[1] - at[0]);
      const float bottom = at[columns] + fx * (at[columns + 1] - at[columns]);

      plane[y * STRIDE + x] += amplitude * (top + fy * (bottom - top));
    }
  }
}

/* 1/f texture, stronger to the right, on a gradient and with slanting edges,
 * around mid grey. What lies beside the plane is NaN. */
static float *
new_picture (void)
{
  float *plane = g_new (float, N);
  AeRng rng;

  for (guint i = 0; i < N; i++)
    plane[i] = i % STRIDE < WIDTH ? 0.0f : NAN;
  ae_rng_init (&rng, 11);
  for (guint cell = 64; cell >= 2; cell /= 2)
    add_octave (plane, cell, (float) cell * 0.004f, &rng);
  for (guint y = 0; y < HEIGHT; y++) {
    for (guint x = 0; x < WIDTH; x++) {
      float *at = plane + y * STRIDE + x;

      *at *= 0.1f + (float) x / WIDTH;
      *at += 0.35f + 0.2f * (float) y / HEIGHT;
      *at += (3 * x + 2 * y) % 400 < 150 ? 0.15f : 0.0f;
    }
  }
  return plane;
}

static void
corrupt (AeCorruptionKind kind, float *plane, float level)
{
  AeRng rng;

  ae_rng_init (&rng, 5);
  ae_corrupt_plane (kind, level, &rng, plane, WIDTH, HEIGHT, STRIDE);
}

/* The estimate from what 8 bits keep of @plane. */
static double
estimate (float *plane)
{
  g_autofree guint8 *bytes = g_malloc (N);
  AePixels pixels = { bytes, WIDTH, HEIGHT, STRIDE, 1, 8, 0, FALSE };

  ae_pixels_from_floats (&pixels, plane, STRIDE);
  ae_pixels_to_floats (&pixels, plane, STRIDE);
  return (double) ae_noise_level_estimate (plane, WIDTH, HEIGHT, STRIDE);
}

static void
fill (float *plane, guint x0, guint y0, guint width, guint height, float value)
{
  for (guint y = y0; y < y0 + height; y++) {
    for (guint x = x0; x < x0 + width; x++)
      plane[y * STRIDE + x] = value;
  }
}

static void
assert_within (double value, double low, double high)
{
  fail_unless (value >= low && value <= high, "%f is not in %f to %f", value,
      low, high);
}

GST_START_TEST (test_noise_level_is_the_sigma_of_gaussian_noise)
{
  static const float sigmas[] =
      { 1.0f, 2.0f, 5.0f, 10.0f, 15.0f, 25.0f, 50.0f };

  for (guint i = 0; i < G_N_ELEMENTS (sigmas); i++) {
    g_autofree float *plane = new_picture ();
    const double sigma = (double) sigmas[i];

    corrupt (AE_CORRUPTION_GAUSSIAN, plane, sigmas[i]);
    assert_within (estimate (plane), 0.96 * sigma, 1.04 * sigma);
  }
}

GST_END_TEST;

GST_START_TEST (test_noise_level_of_a_clean_picture_is_small)
{
  g_autofree float *plane = new_picture ();

  assert_within (estimate (plane), 0, 0.5);
}

GST_END_TEST;

GST_START_TEST (test_noise_level_ignores_grain_of_one_brightness)
{
  g_autofree float *plane = new_picture ();
  AeRng rng;

  /* a lawn in the sun, say */
  ae_rng_init (&rng, 9);
  fill (plane, 0, 200, WIDTH, 90, 0.9f);
  ae_corrupt_plane (AE_CORRUPTION_GAUSSIAN, 10.0f, &rng, plane + 200 * STRIDE,
      WIDTH, 90, STRIDE);
  assert_within (estimate (plane), 0, 0.5);
}

GST_END_TEST;

GST_START_TEST (test_noise_level_is_the_rms_of_camera_noise)
{
  static const float levels[] = { 5.0f, 15.0f, 25.0f };

  for (guint i = 0; i < G_N_ELEMENTS (levels); i++) {
    g_autofree float *plane = new_picture ();
    double mean = 0, rms;

    for (guint y = 0; y < HEIGHT; y++) {
      for (guint x = 0; x < WIDTH; x++) {
        /* as in a photograph, from dark to bright */
        float *at = plane + y * STRIDE + x;

        *at = 0.05f + 1.6f * *at * (float) y / HEIGHT;
        mean += (double) *at / (WIDTH * HEIGHT);
      }
    }
    rms = (double) levels[i] * sqrt (1.7 * mean + 0.15);
    corrupt (AE_CORRUPTION_POISSON_GAUSSIAN, plane, levels[i]);
    assert_within (estimate (plane), 0.85 * rms, 1.1 * rms);
  }
}

GST_END_TEST;

GST_START_TEST (test_noise_level_is_that_of_the_picture_between_black_borders)
{
  /* full-range and video-range black */
  static const float blacks[] = { 0.0f, 16.0f / 255.0f };

  for (guint i = 0; i < G_N_ELEMENTS (blacks); i++) {
    g_autofree float *plane = new_picture ();

    corrupt (AE_CORRUPTION_GAUSSIAN, plane, 15.0f);
    fill (plane, 0, 0, WIDTH, 100, blacks[i]);
    fill (plane, 0, HEIGHT - 100, WIDTH, 100, blacks[i]);
    fill (plane, 0, 0, 120, HEIGHT, blacks[i]);
    assert_within (estimate (plane), 13.5, 16.5);
  }
}

GST_END_TEST;

GST_START_TEST (test_noise_level_ignores_what_is_clipped)
{
  g_autofree float *plane = new_picture ();

  /* bright sky and deep shadow, where half of the noise or all of it is lost */
  fill (plane, 0, 0, WIDTH, 120, 1.0f);
  fill (plane, 0, 120, WIDTH, 60, 1.1f);
  fill (plane, 0, HEIGHT - 100, WIDTH, 100, 0.0f);
  corrupt (AE_CORRUPTION_GAUSSIAN, plane, 20.0f);
  assert_within (estimate (plane), 18, 22);
}

GST_END_TEST;

GST_START_TEST (test_noise_level_holds_in_the_dark)
{
  g_autofree float *plane = new_picture ();

  for (guint i = 0; i < N; i++)
    plane[i] *= 0.12f;
  corrupt (AE_CORRUPTION_GAUSSIAN, plane, 10.0f);
  assert_within (estimate (plane), 9.7, 10.4);
}

GST_END_TEST;

GST_START_TEST (test_noise_level_of_drawn_pictures_is_small)
{
  g_autofree float *plane = g_new (float, N);
  AeRng rng;

  /* strokes and boxes in a few colours on a flat page */
  ae_rng_init (&rng, 3);
  fill (plane, 0, 0, STRIDE, HEIGHT, 0.8f);
  for (guint i = 0; i < 3000; i++)
    fill (plane, ae_rng_below (&rng, WIDTH - 12), ae_rng_below (&rng,
            HEIGHT - 12), 1 + ae_rng_below (&rng, 12),
        1 + ae_rng_below (&rng, 12), 0.1f + 0.2f * (float) (i % 4));
  assert_within (estimate (plane), 0, 1);

  fill (plane, 0, 0, STRIDE, HEIGHT, 0.5f);
  assert_within (estimate (plane), 0, 0);
  /* a flat page with a small photograph */
  ae_corrupt_plane (AE_CORRUPTION_GAUSSIAN, 15.0f, &rng,
      plane + 96 * STRIDE + 96, 96, 40, STRIDE);
  assert_within (estimate (plane), 0, 0);
}

GST_END_TEST;

GST_START_TEST (test_noise_level_of_tiny_and_broken_pictures_is_zero)
{
  g_autofree float *plane = new_picture ();

  corrupt (AE_CORRUPTION_GAUSSIAN, plane, 25.0f);
  fail_unless (ae_noise_level_estimate (plane, 0, 0, STRIDE) == 0.0f);
  fail_unless (ae_noise_level_estimate (plane, 7, HEIGHT, STRIDE) == 0.0f);
  fail_unless (ae_noise_level_estimate (plane, 24, 24, STRIDE) == 0.0f);
  fail_unless (ae_noise_level_estimate (plane, 64, 64, STRIDE) > 20.0f);
  for (guint i = 0; i < N; i++)
    plane[i] = i % 3 == 0 ? NAN : -NAN;
  fail_unless (ae_noise_level_estimate (plane, WIDTH, HEIGHT, STRIDE) == 0.0f);
  for (guint i = 0; i < N; i++)
    plane[i] = i % 2 ? INFINITY : -1e30f;
  fail_unless (ae_noise_level_estimate (plane, WIDTH, HEIGHT, STRIDE) == 0.0f);
}

GST_END_TEST;

static Suite *
noise_level_suite (void)
{
  Suite *suite = suite_create ("noise-level");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_noise_level_is_the_sigma_of_gaussian_noise);
  tcase_add_test (tcase, test_noise_level_of_a_clean_picture_is_small);
  tcase_add_test (tcase, test_noise_level_ignores_grain_of_one_brightness);
  tcase_add_test (tcase, test_noise_level_is_the_rms_of_camera_noise);
  tcase_add_test (tcase,
      test_noise_level_is_that_of_the_picture_between_black_borders);
  tcase_add_test (tcase, test_noise_level_ignores_what_is_clipped);
  tcase_add_test (tcase, test_noise_level_holds_in_the_dark);
  tcase_add_test (tcase, test_noise_level_of_drawn_pictures_is_small);
  tcase_add_test (tcase, test_noise_level_of_tiny_and_broken_pictures_is_zero);
  return suite;
}

GST_CHECK_MAIN (noise_level);
