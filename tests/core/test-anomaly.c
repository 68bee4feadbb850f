/* What is unusual: cells, scores, thresholds. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-anomaly.h"
#include "ae-cells.h"
#include "ae-light.h"
#include "ae-rng.h"

enum
{ WIDTH = 100, HEIGHT = 72, STRIDE = 112, N_X = 7, N_Y = 5 };

static gboolean
is_hard (guint cell)
{
  const guint column = cell % N_X, row = cell / N_X;

  return (column == 3 || column == 4) && (row == 1 || row == 2);
}

/* Frame @i and its reconstruction, 0: the error is noise of 0.02, more to the
 * right, times @light; within the four cells of something that is hard to
 * reconstruct, three times that, times @there. */
static AeAnomalyScore
add (AeAnomaly * anomaly, guint i, float light, float there)
{
  static float x[HEIGHT * STRIDE], y[HEIGHT * STRIDE];
  float error[N_X * N_Y], scratch[N_X * N_Y];
  AeAnomalyScore score;
  AeRng rng;

  ae_rng_init (&rng, i + 1);
  for (guint p = 0; p < HEIGHT * STRIDE; p++) {
    guint column = p % STRIDE / AE_CELL;
    guint row = p / STRIDE / AE_CELL;

    x[p] = light * (0.02f + 0.01f * (float) column) * ae_rng_normal (&rng);
    if (is_hard (row * N_X + column))
      x[p] *= 3.0f * there;
  }
  ae_cells_error (x, y, STRIDE, WIDTH, HEIGHT, error, scratch);
  ae_anomaly_add (anomaly, error, -1.0, 0.95, &score);
  return score;
}

GST_START_TEST (test_cells_with_more_or_less_error_stand_out)
{
  g_autoptr (AeAnomaly) anomaly = ae_anomaly_new (N_X * N_Y, 0.3f);
  static const float there[] = { 3.0f, 0.3f };
  const float *cells = ae_anomaly_cells (anomaly);

  fail_unless (ae_cells_n (WIDTH) == N_X && ae_cells_n (HEIGHT) == N_Y);
  for (guint i = 0; i < 30; i++)
    fail_unless (add (anomaly, i, 1.0f, 1.0f).score < 0.0);
  for (guint i = 30; i < 60; i++) {
    AeAnomalyScore score = add (anomaly, i, 1.0f, 1.0f);

    fail_unless (score.score >= 0.0 && score.threshold < 0.0);
  }
  for (guint i = 60; i < 200; i++) {
    AeAnomalyScore score = add (anomaly, i, 1.0f, 1.0f);

    fail_unless (!score.anomalous && score.threshold > 0.0,
        "frame %u: %g, threshold %g", i, score.score, score.threshold);
  }
  for (guint k = 0; k < 2; k++) {
    fail_unless (add (anomaly, 200 + k, 1.0f, there[k]).anomalous);
    for (guint i = 0; i < N_X * N_Y; i++)
      fail_unless ((cells[i] > 4.0f) == is_hard (i), "cell %u: %g", i,
          (double) cells[i]);
  }
}

GST_END_TEST;

GST_START_TEST (test_light_that_changes_everywhere_is_not_unusual)
{
  g_autoptr (AeAnomaly) anomaly = ae_anomaly_new (N_X * N_Y, 0.3f);

  for (guint i = 0; i < 100; i++)
    add (anomaly, i, 1.0f, 1.0f);
  for (guint i = 100; i < 200; i++)
    fail_if (add (anomaly, i, i % 2 ? 0.5f : 1.5f, 1.0f).anomalous);
}

GST_END_TEST;

GST_START_TEST (test_what_stays_is_unusual_for_long_but_not_for_ever)
{
  g_autoptr (AeAnomaly) anomaly = ae_anomaly_new (N_X * N_Y, 0.3f);
  double threshold = 0.0;

  for (guint i = 0; i < 200; i++)
    threshold = add (anomaly, i, 1.0f, 1.0f).threshold;
  for (guint i = 200; i < 500; i++) {
    AeAnomalyScore score = add (anomaly, i, 1.0f, 6.0f);

    fail_unless (score.anomalous, "frame %u", i);
    /* and no anomaly has changed what is held for one */
    fail_unless (score.threshold < 1.5 * threshold);
  }
  for (guint i = 500; i < 3000; i++)
    add (anomaly, i, 1.0f, 6.0f);
  fail_if (add (anomaly, 3000, 1.0f, 6.0f).anomalous);
}

GST_END_TEST;

GST_START_TEST (test_a_better_model_is_no_anomaly)
{
  static float x[HEIGHT * STRIDE], before[HEIGHT * STRIDE];
  static float after[HEIGHT * STRIDE];
  float errors[2][N_X * N_Y], scratch[N_X * N_Y];
  AeAnomaly *told = ae_anomaly_new (N_X * N_Y, 0.3f);
  AeAnomaly *not_told = ae_anomaly_new (N_X * N_Y, 0.3f);
  AeRng rng;

  ae_rng_init (&rng, 1);
  for (guint i = 0; i < 100; i++) {
    add (told, i, 1.0f, 1.0f);
    add (not_told, i, 1.0f, 1.0f);
  }
  /* from now on there is a third of the error in four cells */
  for (guint p = 0; p < HEIGHT * STRIDE; p++) {
    x[p] = 0.05f * ae_rng_normal (&rng);
    if (!is_hard (p / STRIDE / AE_CELL * N_X + p % STRIDE / AE_CELL))
      continue;
    x[p] *= 3.0f;
    after[p] = x[p] * 2.0f / 3.0f;
  }
  ae_cells_error (x, before, STRIDE, WIDTH, HEIGHT, errors[0], scratch);
  ae_cells_error (x, after, STRIDE, WIDTH, HEIGHT, errors[1], scratch);
  ae_anomaly_change_model (told, errors[0], errors[1]);
  fail_if (add (told, 100, 1.0f, 1.0f / 3.0f).anomalous);
  fail_unless (add (not_told, 100, 1.0f, 1.0f / 3.0f).anomalous);
  ae_anomaly_free (told);
  ae_anomaly_free (not_told);
}

GST_END_TEST;

GST_START_TEST (test_errors_that_are_not_finite_change_nothing)
{
  static const float odd[] = { NAN, INFINITY, -INFINITY };
  AeAnomaly *one = ae_anomaly_new (N_X * N_Y, 0.3f);
  AeAnomaly *other = ae_anomaly_new (N_X * N_Y, 0.3f);
  float errors[N_X * N_Y] = { 0.0f }, none[N_X * N_Y] = { 0.0f };

  for (guint i = 0; i < 100; i++) {
    const AeAnomalyScore expected = add (one, i, 1.0f, 1.0f);
    AeAnomalyScore score = add (other, i, 1.0f, 1.0f);

    fail_unless (score.score == expected.score
        && score.threshold == expected.threshold, "frame %u: %g", i,
        score.score);
    errors[i % (N_X * N_Y)] = odd[i % G_N_ELEMENTS (odd)];
    ae_anomaly_change_model (other, none, errors);
    ae_anomaly_change_model (other, errors, none);
    ae_anomaly_add (other, errors, 5.0, 0.95, &score);
    fail_unless (score.score < 0.0 && !score.anomalous);
    errors[i % (N_X * N_Y)] = 0.0f;
  }
  ae_anomaly_free (one);
  ae_anomaly_free (other);
}

GST_END_TEST;

/* Whatever a third of the picture does. */
GST_START_TEST (test_the_light_is_what_most_of_a_picture_does)
{
  static const float factors[] = { 1.0f, 0.5f, 0.9f, 1.0f, 1.4f };
  g_autoptr (AeLight) light = ae_light_new (WIDTH, HEIGHT);
  static float x[HEIGHT * STRIDE];

  for (guint i = 0; i < 100 + G_N_ELEMENTS (factors); i++) {
    const float factor = i < 100 ? 1.0f : factors[i - 100];
    float found;

    for (guint p = 0; p < HEIGHT * STRIDE; p++) {
      const guint column = p % STRIDE / AE_CELL;

      x[p] = factor * (0.2f + 0.05f * (float) column);
      if (i >= 100 && column < 2)
        x[p] = 0.9f;
    }
    found = ae_light_follow (light, x, STRIDE);
    fail_unless (fabsf (found - factor) < 0.05f, "%g, expected %g",
        (double) found, (double) factor);
  }
  ae_light_forget (light);
  fail_unless (ae_light_follow (light, x, STRIDE) == 1.0f);
}

GST_END_TEST;

static Suite *
anomaly_suite (void)
{
  Suite *suite = suite_create ("anomaly");
  TCase *tcase = tcase_create ("anomaly");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_cells_with_more_or_less_error_stand_out);
  tcase_add_test (tcase, test_light_that_changes_everywhere_is_not_unusual);
  tcase_add_test (tcase, test_what_stays_is_unusual_for_long_but_not_for_ever);
  tcase_add_test (tcase, test_a_better_model_is_no_anomaly);
  tcase_add_test (tcase, test_errors_that_are_not_finite_change_nothing);
  tcase_add_test (tcase, test_the_light_is_what_most_of_a_picture_does);
  return suite;
}

GST_CHECK_MAIN (anomaly);
