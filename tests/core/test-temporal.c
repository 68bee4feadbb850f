/* The average of frames is what its gate makes of it. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-rng.h"
#include "ae-temporal.h"

enum
{
  WIDTH = 7,
  HEIGHT = 5,
  STRIDE = 9,
  MAP_WIDTH = 4,
  MAP_HEIGHT = 4,
  N = STRIDE * HEIGHT
};

typedef struct
{
  float average[N], surprise[N], variance[MAP_WIDTH * MAP_HEIGHT];
  float gate[MAP_WIDTH * MAP_HEIGHT];
  AeTemporal temporal;
} Fixture;

static void
fixture_init (Fixture * f, const float *plane)
{
  f->temporal = (AeTemporal) {
  WIDTH, HEIGHT, STRIDE, MAP_WIDTH, MAP_HEIGHT, f->average, f->surprise,
        f->variance};
  ae_temporal_start (&f->temporal, plane);
}

static void
take (Fixture * f, const float *plane, float gate)
{
  for (guint i = 0; i < G_N_ELEMENTS (f->gate); i++)
    f->gate[i] = gate;
  ae_temporal_update (&f->temporal, plane, f->gate, MAP_WIDTH);
}

static void
fill (float *plane, AeRng * rng)
{
  for (guint i = 0; i < N; i++)
    plane[i] = i % STRIDE < WIDTH ? ae_rng_uniform (rng) : NAN;
}

GST_START_TEST (test_closed_gate_makes_the_mean_and_its_variance)
{
  float planes[8][N];
  Fixture f;
  AeRng rng;

  ae_rng_init (&rng, 1);
  for (guint k = 0; k < 8; k++)
    fill (planes[k], &rng);
  fixture_init (&f, planes[0]);
  for (guint k = 1; k < 8; k++)
    take (&f, planes[k], 0.0f);
  for (guint y = 0; y < HEIGHT; y++) {
    for (guint x = 0; x < WIDTH; x++) {
      float mean = 0.0f;

      for (guint k = 0; k < 8; k++)
        mean += planes[k][y * STRIDE + x] / 8.0f;
      fail_unless (fabsf (f.average[y * STRIDE + x] - mean) < 1e-5f);
    }
  }
  for (guint i = 0; i < MAP_WIDTH * MAP_HEIGHT; i++)
    fail_unless (fabsf (f.variance[i] - 1.0f / 8.0f) < 1e-5f);
}

GST_END_TEST;

GST_START_TEST (test_open_gate_takes_the_frame)
{
  float before[N], now[N];
  Fixture f;
  AeRng rng;

  ae_rng_init (&rng, 2);
  fill (before, &rng);
  fill (now, &rng);
  fixture_init (&f, before);
  take (&f, before, 0.0f);
  take (&f, now, 1.0f);
  for (guint y = 0; y < HEIGHT; y++) {
    for (guint x = 0; x < WIDTH; x++)
      fail_unless (fabsf (f.average[y * STRIDE + x]
              - now[y * STRIDE + x]) < 1e-6f);
  }
  for (guint i = 0; i < MAP_WIDTH * MAP_HEIGHT; i++)
    fail_unless (f.variance[i] == 1.0f);
}

GST_END_TEST;

/* However long nothing moves, a change is taken in by a bounded share. */
/* Where most of the picture moves, what seems to stand still moves too. */
GST_START_TEST (test_a_moving_camera_averages_nothing)
{
  static const struct
  {
    guint n_open;               /* of the places */
    gboolean averages;
  } rows[] = { {1, TRUE}, {8, FALSE}, {16, FALSE} };
  float planes[2][N];
  AeRng rng;

  ae_rng_init (&rng, 3);
  fill (planes[0], &rng);
  fill (planes[1], &rng);
  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    Fixture f;
    gboolean averages = FALSE;

    fixture_init (&f, planes[0]);
    for (guint j = 0; j < G_N_ELEMENTS (f.gate); j++)
      f.gate[j] = j < rows[i].n_open ? 1.0f : 0.0f;
    ae_temporal_update (&f.temporal, planes[1], f.gate, MAP_WIDTH);
    for (guint j = 0; j < N; j++)
      averages |= j % STRIDE < WIDTH && f.average[j] != planes[1][j];
    fail_unless (averages == rows[i].averages, "%u open", rows[i].n_open);
  }
}

GST_END_TEST;

GST_START_TEST (test_memory_is_bounded)
{
  float plane[N];
  Fixture f;
  AeRng rng;

  ae_rng_init (&rng, 3);
  fill (plane, &rng);
  fixture_init (&f, plane);
  for (guint k = 0; k < 1000; k++)
    take (&f, plane, 0.0f);
  for (guint i = 0; i < N; i++)
    plane[i] += 1.0f;
  take (&f, plane, 0.0f);
  fail_unless (fabsf (plane[0] - f.average[0]
          - (1.0f - 1.0f / AE_TEMPORAL_MAX_FRAMES)) < 1e-4f);
}

GST_END_TEST;

GST_START_TEST (test_surprise_counts_in_standard_deviations)
{
  const float noise = 10.0f / 255.0f;
  float plane[N];
  Fixture f;
  AeRng rng;

  ae_rng_init (&rng, 4);
  fill (plane, &rng);
  fixture_init (&f, plane);
  take (&f, plane, 0.0f);       /* V = 1 / 2 */
  plane[0] += 2.0f * noise;
  plane[1] += 100.0f * noise;
  plane[2] -= 100.0f * noise;
  ae_temporal_surprise (&f.temporal, plane, noise);
  fail_unless (fabsf (f.surprise[0] - 2.0f / sqrtf (1.5f) / 3.0f) < 1e-4f);
  fail_unless (f.surprise[1] == 2.0f);
  fail_unless (f.surprise[2] == -2.0f);
  fail_unless (fabsf (f.surprise[3]) < 1e-4f);
}

GST_END_TEST;

static Suite *
temporal_suite (void)
{
  Suite *suite = suite_create ("temporal");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_closed_gate_makes_the_mean_and_its_variance);
  tcase_add_test (tcase, test_open_gate_takes_the_frame);
  tcase_add_test (tcase, test_a_moving_camera_averages_nothing);
  tcase_add_test (tcase, test_memory_is_bounded);
  tcase_add_test (tcase, test_surprise_counts_in_standard_deviations);
  return suite;
}

GST_CHECK_MAIN (temporal);
