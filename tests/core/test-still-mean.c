/* What a place shows for as long as it stands still. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-rng.h"
#include "ae-still-mean.h"

/* No multiple of a square's side. */
enum
{ WIDTH = 30, HEIGHT = 22, PLANE = WIDTH * HEIGHT, N_FRAMES = 16 };

#define NOISE (25.0f / 255.0f)

static float
scene (guint channel, guint i)
{
  return 0.4f + 0.1f * (float) channel
      + 0.3f * sinf (0.3f * (float) (i % WIDTH + i / WIDTH));
}

static void
draw (AeRng * rng, float bright_from, float *frame)
{
  for (guint i = 0; i < 2 * PLANE; i++)
    frame[i] = scene (i / PLANE, i % PLANE) + NOISE * ae_rng_normal (rng)
        + ((float) (i % WIDTH) >= bright_from ? 0.3f : 0.0f);
}

/* Root mean square of the mean less @bright more than the scene, of columns @begin to
 * @end. */
static float
error (const AeStillMean * mean, float bright, guint begin, guint end)
{
  double sum = 0.0;
  guint n = 0;

  for (guint i = 0; i < 2 * PLANE; i++) {
    float d = mean->mean[i] - scene (i / PLANE, i % PLANE) - bright;

    if (i % WIDTH < begin || i % WIDTH >= end)
      continue;
    sum += (double) (d * d);
    n++;
  }
  return (float) sqrt (sum / n);
}

GST_START_TEST (test_noise_of_a_still_place_falls_with_the_frames)
{
  g_autofree float *frame = g_new (float, 2 * PLANE);
  AeStillMean mean;
  AeRng rng;

  ae_rng_init (&rng, 1);
  ae_still_mean_init (&mean, &(AeShape) {
      2, HEIGHT, WIDTH});
  draw (&rng, WIDTH, frame);
  ae_still_mean_start (&mean, frame);
  fail_unless (fabsf (error (&mean, 0.0f, 0, WIDTH) / NOISE - 1.0f) < 0.1f);
  for (guint i = 1; i < N_FRAMES; i++) {
    draw (&rng, WIDTH, frame);
    ae_still_mean_add (&mean, frame, NOISE);
  }
  /* a quarter, and a little for squares that noise alone began anew */
  fail_unless (error (&mean, 0.0f, 0, WIDTH) < 0.3f * NOISE, "%g",
      (double) error (&mean, 0.0f, 0, WIDTH));
  fail_unless (error (&mean, 0.0f, 0, WIDTH) > 0.2f * NOISE);
  ae_still_mean_clear (&mean);
}

GST_END_TEST;

GST_START_TEST (test_what_comes_in_leaves_no_ghost_of_what_was_there)
{
  g_autofree float *frame = g_new (float, 2 * PLANE);
  AeStillMean mean;
  AeRng rng;

  ae_rng_init (&rng, 2);
  ae_still_mean_init (&mean, &(AeShape) {
      2, HEIGHT, WIDTH});
  draw (&rng, WIDTH, frame);
  ae_still_mean_start (&mean, frame);
  for (guint i = 1; i < N_FRAMES; i++) {
    draw (&rng, WIDTH, frame);
    ae_still_mean_add (&mean, frame, NOISE);
  }
  draw (&rng, 16.0f, frame);
  ae_still_mean_add (&mean, frame, NOISE);
  fail_unless (error (&mean, 0.3f, 16, WIDTH) < 1.1f * NOISE);
  fail_unless (error (&mean, 0.0f, 0, 16) < 0.3f * NOISE);
  ae_still_mean_clear (&mean);
}

GST_END_TEST;

static Suite *
still_mean_suite (void)
{
  Suite *suite = suite_create ("still-mean");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_noise_of_a_still_place_falls_with_the_frames);
  tcase_add_test (tcase, test_what_comes_in_leaves_no_ghost_of_what_was_there);
  return suite;
}

GST_CHECK_MAIN (still_mean);
