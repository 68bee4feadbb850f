/* Salt and pepper is taken out, and nothing else. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "ae-corruption.h"
#include "ae-impulse.h"

#define WIDTH 320
#define HEIGHT 200
#define STRIDE 328
#define N (STRIDE * HEIGHT)

/* Waves of several lengths, 0.1 to 0.9. */
static float *
new_picture (void)
{
  float *plane = g_new0 (float, N);

  for (guint y = 0; y < HEIGHT; y++) {
    for (guint x = 0; x < WIDTH; x++) {
      const float u = (float) x, v = (float) y;

      plane[y * STRIDE + x] = 0.5f + 0.25f * sinf (0.02f * u + 0.03f * v)
          + 0.1f * sinf (0.3f * u) + 0.05f * sinf (0.8f * v - 0.2f * u);
    }
  }
  return plane;
}

static void
fill (float *plane, guint x, guint y, guint width, guint height, float value)
{
  for (guint j = y; j < y + height; j++) {
    for (guint i = x; i < x + width; i++)
      plane[j * STRIDE + i] = value;
  }
}

static void
add_impulses (float *plane, float share)
{
  AeRng rng;

  ae_rng_init (&rng, 5);
  ae_corrupt_plane (AE_CORRUPTION_SALT_PEPPER, share, &rng, plane, WIDTH,
      HEIGHT, STRIDE);
}

static double
mean_squared_error (const float *a, const float *b)
{
  double sum = 0.0;

  for (guint i = 0; i < N; i++)
    sum += ((double) a[i] - (double) b[i]) * ((double) a[i] - (double) b[i]);
  return sum / (WIDTH * HEIGHT);
}

GST_START_TEST (test_salt_and_pepper_is_replaced_and_the_rest_kept)
{
  static const float shares[] = { 0.01f, 0.05f, 0.15f };
  AeImpulses impulses = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (shares); i++) {
    g_autofree float *clean = new_picture ();
    g_autofree float *plane = new_picture ();
    g_autofree float *noisy = g_new (float, N);
    double before, after;
    float share;

    add_impulses (plane, shares[i]);
    memcpy (noisy, plane, N * sizeof (float));
    share = ae_impulses_mend (&impulses, plane, WIDTH, HEIGHT, STRIDE);
    fail_unless (fabsf (share - shares[i]) < 0.1f * shares[i], "%g of %g",
        (double) share, (double) shares[i]);
    for (guint j = 0; j < N; j++)
      if (noisy[j] == clean[j] && plane[j] != clean[j])
        ck_abort_msg ("sample %u was right: %g", j, (double) clean[j]);
    before = mean_squared_error (noisy, clean);
    after = mean_squared_error (plane, clean);
    fail_unless (after < 0.03 * before, "%g of %g", after, before);
  }
  ae_impulses_clear (&impulses);
}

GST_END_TEST;

GST_START_TEST (test_what_was_removed_can_be_returned)
{
  g_autofree float *plane = new_picture ();
  g_autofree float *noisy = g_new (float, N);
  AeImpulses impulses = { 0 };

  add_impulses (plane, 0.05f);
  memcpy (noisy, plane, N * sizeof (float));
  fail_unless (ae_impulses_mend (&impulses, plane, WIDTH, HEIGHT, STRIDE) > 0);
  fail_unless (mean_squared_error (plane, noisy) > 0.001);
  ae_impulses_return (&impulses, plane, 1.0f);
  fail_unless (mean_squared_error (plane, noisy) < 1e-12);
  ae_impulses_clear (&impulses);
}

GST_END_TEST;

static void
assert_kept (float *plane)
{
  g_autofree float *before = g_new (float, N);
  AeImpulses impulses = { 0 };

  memcpy (before, plane, N * sizeof (float));
  fail_unless (ae_impulses_mend (&impulses, plane, WIDTH, HEIGHT,
          STRIDE) == 0.0f);
  fail_unless (impulses.n == 0);
  fail_unless (memcmp (before, plane, N * sizeof (float)) == 0);
  ae_impulses_clear (&impulses);
}

GST_START_TEST (test_stars_and_print_and_clipped_noise_are_kept)
{
  g_autofree float *plane = new_picture ();
  AeRng rng;

  assert_kept (plane);

  /* much noise on bright and dark places clips at both ends */
  ae_rng_init (&rng, 4);
  ae_corrupt_plane (AE_CORRUPTION_GAUSSIAN, 50.0f, &rng, plane, WIDTH, HEIGHT,
      STRIDE);
  for (guint i = 0; i < N; i++)
    plane[i] = CLAMP (plane[i], 0.0f, 1.0f);
  assert_kept (plane);

  fill (plane, 0, 0, STRIDE, HEIGHT, 0.1f);
  for (guint i = 0; i < 2500; i++)
    fill (plane, ae_rng_below (&rng, WIDTH), ae_rng_below (&rng, HEIGHT), 1, 1,
        1.0f);
  assert_kept (plane);

  fill (plane, 0, 0, STRIDE, HEIGHT, 0.9f);
  for (guint i = 0; i < 1200; i++)
    fill (plane, ae_rng_below (&rng, WIDTH - 4), ae_rng_below (&rng,
            HEIGHT - 4), 1 + i % 2 * 2, 3 - i % 2 * 2, 0.0f);
  assert_kept (plane);
}

GST_END_TEST;

GST_START_TEST (test_bright_places_among_impulses_are_kept)
{
  g_autofree float *plane = new_picture ();
  AeImpulses impulses = { 0 };
  guint n_lost = 0;

  fill (plane, 40, 40, 60, 50, 1.0f);
  add_impulses (plane, 0.05f);
  fill (plane, 40, 40, 60, 50, 1.0f);
  fail_unless (ae_impulses_mend (&impulses, plane, WIDTH, HEIGHT, STRIDE) > 0);
  for (guint y = 40; y < 90; y++) {
    for (guint x = 40; x < 100; x++)
      n_lost += plane[y * STRIDE + x] != 1.0f;
  }
  fail_unless (n_lost == 0, "%u", n_lost);
  ae_impulses_clear (&impulses);
}

GST_END_TEST;

GST_START_TEST (test_tiny_and_broken_pictures_are_survived)
{
  g_autofree float *plane = new_picture ();
  AeImpulses impulses = { 0 };

  add_impulses (plane, 0.05f);
  fail_unless (ae_impulses_mend (&impulses, plane, 0, 0, STRIDE) == 0.0f);
  fail_unless (ae_impulses_mend (&impulses, plane, 1, 1, STRIDE) == 0.0f);
  fail_unless (ae_impulses_mend (&impulses, plane, 7, HEIGHT, STRIDE) == 0.0f);
  for (guint i = 0; i < N; i += 3)
    plane[i] = i % 2 ? NAN : INFINITY;
  ae_impulses_mend (&impulses, plane, WIDTH, HEIGHT, STRIDE);
  ae_impulses_clear (&impulses);
}

GST_END_TEST;

static Suite *
impulse_suite (void)
{
  Suite *suite = suite_create ("impulse");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_salt_and_pepper_is_replaced_and_the_rest_kept);
  tcase_add_test (tcase, test_what_was_removed_can_be_returned);
  tcase_add_test (tcase, test_stars_and_print_and_clipped_noise_are_kept);
  tcase_add_test (tcase, test_bright_places_among_impulses_are_kept);
  tcase_add_test (tcase, test_tiny_and_broken_pictures_are_survived);
  return suite;
}

GST_CHECK_MAIN (impulse);
