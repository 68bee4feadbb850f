/* What a model learns from: inputs, targets, masks. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-leaves.h"
#include "ae-model.h"
#include "ae-motion.h"
#include "ae-objective.h"

enum
{ SIDE = 32, PLANE = SIDE * SIDE, N_MAX = 3 * PLANE, N_DRAWS = 16 };

typedef struct
{
  float x[N_MAX], others[N_MAX], input[N_MAX], target[N_MAX], mask[N_MAX];
  float condition;
  AePatch patch;
  AeSample sample;
  AeRng rng;
} Fixture;

/* A noisy patch of a smooth scene, and of another frame of it; another noise each
 * time. */
static void
fixture_init (Fixture * f, guint n_channels, float noise)
{
  if (f->rng.s[0] == 0)
    ae_rng_init (&f->rng, 3);
  for (guint i = 0; i < n_channels * PLANE; i++) {
    float clean = 0.5f + 0.3f * sinf (0.02f * (float) (i % SIDE + i / SIDE));

    f->x[i] = clean + noise / 255.0f * ae_rng_normal (&f->rng);
    f->others[i] = clean + noise / 255.0f * ae_rng_normal (&f->rng);
    f->mask[i] = 1.0f;
  }
  f->patch = (AePatch) { {
  n_channels, SIDE, SIDE}, f->x, f->others, noise, 1.0f, 0};
  f->sample = (AeSample) {
  f->input, f->target, &f->condition, f->mask, 1.0f};
}

static void
fill (Fixture * f, AeObjectiveKind kind)
{
  const AeObjective objective = { kind, AE_CORRUPTION_GAUSSIAN, 30.0f, 30.0f };

  ae_objective_fill (&objective, &f->patch, &f->rng, 1, &f->sample);
}

static gboolean
equal (const float *a, const float *b, gsize n)
{
  return memcmp (a, b, n * sizeof (float)) == 0;
}

GST_START_TEST (test_reconstruction_has_the_patch_on_both_sides)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);

  fixture_init (f, 2, 10.0f);
  fill (f, AE_OBJECTIVE_RECONSTRUCT);
  fail_unless (equal (f->input, f->x, 2 * PLANE));
  fail_unless (equal (f->target, f->x, 2 * PLANE));
  fail_unless (fabsf (f->condition * AE_NOISE_UNIT - 10.0f) < 1e-4f);
}

GST_END_TEST;

GST_START_TEST (test_denoising_corrupts_the_input_and_tells_how_much)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);

  fixture_init (f, 1, 0.0f);
  fill (f, AE_OBJECTIVE_DENOISE);
  fail_unless (equal (f->target, f->x, PLANE));
  fail_if (equal (f->input, f->x, PLANE));
  fail_unless (fabsf (f->condition * AE_NOISE_UNIT - 30.0f) < 2.0f, "%g",
      (double) f->condition);
}

GST_END_TEST;

GST_START_TEST (test_colorisation_takes_luma_and_gives_chroma)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);

  fixture_init (f, 3, 10.0f);
  fill (f, AE_OBJECTIVE_COLORIZE);
  fail_unless (equal (f->input, f->x, PLANE));
  fail_unless (equal (f->target, f->x + PLANE, 2 * PLANE));
}

GST_END_TEST;

/* What is masked in is what the model cannot see, and the rest is as it was. */
GST_START_TEST (test_blind_pixels_are_replaced_and_they_alone_count)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);
  guint n_blind = 0;
  float sum = 0.0f;

  fixture_init (f, 1, 10.0f);
  fill (f, AE_OBJECTIVE_BLIND_SPOT);
  fail_unless (equal (f->target, f->x, PLANE));
  for (guint i = 0; i < PLANE; i++) {
    sum += f->mask[i];
    if (f->mask[i] > 0.0f) {
      gboolean found = FALSE;

      n_blind++;
      for (gint dy = -2; dy <= 2; dy++) {
        for (gint dx = -2; dx <= 2; dx++) {
          gint x = (gint) (i % SIDE) + dx, y = (gint) (i / SIDE) + dy;

          if ((dx != 0 || dy != 0) && x >= 0 && y >= 0 && x < SIDE && y < SIDE)
            found |= f->input[i] == f->x[y * SIDE + x];
        }
      }
      fail_unless (found, "pixel %u", i);
    } else {
      fail_unless (f->input[i] == f->x[i]);
    }
  }
  fail_unless_equals_int (n_blind, PLANE / 16);
  fail_unless (fabsf (sum - PLANE) < 1e-2f);
}

GST_END_TEST;

/* Pixels that count in columns from @begin to @end. */
static guint
count_still (const Fixture * f, guint begin, guint end)
{
  guint n = 0;

  for (guint i = 0; i < PLANE; i++)
    n += i % SIDE >= begin && i % SIDE < end && f->mask[i] > 0.0f;
  return n;
}

GST_START_TEST (test_temporal_learns_where_the_scene_stands_still)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);
  guint n_still = 0, n_moving = 0;

  for (guint k = 0; k < N_DRAWS; k++) {
    fixture_init (f, 1, 20.0f);
    /* something bright enters on the right */
    for (guint i = 0; i < PLANE; i++) {
      if (i % SIDE >= 20)
        f->others[i] += 0.3f;
    }
    fill (f, AE_OBJECTIVE_TEMPORAL);
    n_still += count_still (f, 0, 10);
    n_moving += count_still (f, 20, SIDE);
    fail_unless (equal (f->input, f->x, PLANE));
    fail_unless (equal (f->target, f->others, PLANE));
  }
  fail_unless (n_still > 0.9 * 10 * SIDE * N_DRAWS, "%u", n_still);
  fail_unless (n_moving < 0.01 * 12 * SIDE * N_DRAWS, "%u", n_moving);
  /* a cut */
  for (guint i = 0; i < PLANE; i++)
    f->others[i] = f->x[i] + 0.3f;
  fill (f, AE_OBJECTIVE_TEMPORAL);
  fail_unless (count_still (f, 0, SIDE) < 0.1 * PLANE);
}

GST_END_TEST;

/* Half of the noise of a pixel, which no mean of 5x5 pixels shows. */
GST_START_TEST (test_faint_motion_does_not_count)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);
  guint n_still = 0, n_moving = 0;

  for (guint k = 0; k < N_DRAWS; k++) {
    fixture_init (f, 1, 25.0f);
    for (guint i = 0; i < PLANE; i++) {
      if (i % SIDE >= 20)
        f->others[i] += (i / SIDE / 8) % 2 ? 0.05f : -0.05f;
    }
    fill (f, AE_OBJECTIVE_TEMPORAL);
    n_still += count_still (f, 0, 10);
    n_moving += count_still (f, 20, SIDE);
  }
  fail_unless (n_still > 0.9 * 10 * SIDE * N_DRAWS, "%u", n_still);
  fail_unless (n_moving < 0.25 * 12 * SIDE * N_DRAWS, "%u", n_moving);
}

GST_END_TEST;

/* The noise of a pixel reaches over the next three, as a filter leaves it. */
static void
make_coarse (float *noisy)
{
  for (guint i = 0; i < PLANE; i += 4) {
    for (guint k = 1; k < 4; k++)
      noisy[i + k] += (noisy[i] - noisy[i + k]) * 0.9f;
  }
}

GST_START_TEST (test_coarse_noise_is_no_motion)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);
  g_autofree float *scratch = g_new (float, 4 * PLANE);
  float together = 0.0f;
  guint n_still = 0;

  for (guint k = 0; k < N_DRAWS; k++) {
    fixture_init (f, 1, 15.0f);
    make_coarse (f->x);
    make_coarse (f->others);
    together += ae_motion_together (SIDE, SIDE, f->x, f->others, scratch)
        / N_DRAWS;
    f->patch.together = 3.0f;
    f->patch.noise = 25.0f;
    fill (f, AE_OBJECTIVE_TEMPORAL);
    n_still += count_still (f, 0, SIDE);
  }
  fail_unless (together > 2.0f && together < 4.0f, "%g", (double) together);
  fail_unless (n_still > 0.9 * PLANE * N_DRAWS, "%u", n_still);
}

GST_END_TEST;

/* Of the noise in input and target, in columns from @begin to @end: how
 * neighbours in pairs go together. */
static double
pairs_together (const Fixture * f, guint begin, guint end)
{
  double both = 0.0, squares = 0.0;

  for (guint i = 0; i < PLANE; i += 2) {
    double a = (double) (f->input[i] - f->target[i]);
    double b = (double) (f->input[i + 1] - f->target[i + 1]);

    if (i % SIDE < begin || i % SIDE >= end)
      continue;
    both += 2.0 * a * b;
    squares += a * a + b * b;
  }
  return both / squares;
}

/* Noise that is the same in pairs of columns; on the right something moved. */
GST_START_TEST (test_imagined_pictures_have_the_noise_of_what_stands_still)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);
  g_autofree float *before = g_new (float, PLANE);
  double together, deviation = 0.0;

  fixture_init (f, 1, 25.0f);
  for (guint i = 0; i < PLANE; i += 2) {
    f->x[i + 1] = f->x[i];
    f->others[i + 1] = f->others[i];
  }
  for (guint i = 0; i < PLANE; i++)
    f->x[i] += i % SIDE >= 24 ? 0.5f : 0.0f;
  f->patch.together = 3.0f;
  ae_objective_fill_imagined (&f->patch, &f->rng, 1, &f->sample);
  for (guint i = 0; i < PLANE; i++)
    deviation += pow ((double) (f->input[i] - f->target[i]), 2.0) / PLANE;
  deviation = 255.0 * sqrt (deviation);
  fail_unless (fabs (deviation / 25.0 - 1.0) < 0.1, "%g", deviation);
  together = pairs_together (f, 0, 14);
  fail_unless (together > 0.9, "%g", together);
  together = pairs_together (f, 24, SIDE);
  fail_unless (fabs (together) < 0.3, "%g", together);
  fail_unless (fabsf (f->condition * AE_NOISE_UNIT - 25.0f) < 1e-4f);
  memcpy (before, f->target, PLANE * sizeof (float));
  ae_objective_fill_imagined (&f->patch, &f->rng, 1, &f->sample);
  fail_if (equal (before, f->target, PLANE));
  for (guint i = 0; i < PLANE; i++)
    fail_unless (f->mask[i] == 1.0f);
}

GST_END_TEST;

/* A frame that was repeated. */
GST_START_TEST (test_imagined_pictures_have_noise_where_frames_are_the_same)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);
  double deviation = 0.0;

  fixture_init (f, 1, 25.0f);
  memcpy (f->others, f->x, PLANE * sizeof (float));
  ae_objective_fill_imagined (&f->patch, &f->rng, 1, &f->sample);
  for (guint i = 0; i < PLANE; i++)
    deviation += pow ((double) (f->input[i] - f->target[i]), 2.0) / PLANE;
  deviation = 255.0 * sqrt (deviation);
  fail_unless (fabs (deviation / 25.0 - 1.0) < 0.1, "%g", deviation);
}

GST_END_TEST;

/* As in photographs: much that is nearly even, and some strong edges. */
GST_START_TEST (test_leaves_have_areas_and_edges)
{
  enum
  { WIDTH = 61, HEIGHT = 47, N = WIDTH * HEIGHT };
  g_autofree float *plane = g_new (float, N);
  guint n_even = 0, n_edges = 0, n = 0;
  AeRng rng;

  ae_rng_init (&rng, 5);
  for (guint k = 0; k < 20; k++) {
    ae_leaves_draw (HEIGHT, WIDTH, &rng, plane);
    for (guint i = 0; i < N; i++) {
      fail_unless (plane[i] >= 0.0f && plane[i] <= 1.0f);
      if (i % WIDTH == 0)
        continue;
      n_even += fabsf (plane[i] - plane[i - 1]) < 0.01f;
      n_edges += fabsf (plane[i] - plane[i - 1]) > 0.1f;
      n++;
    }
  }
  fail_unless (n_even > 0.5 * n, "%u of %u", n_even, n);
  fail_unless (n_edges > 0.02 * n && n_edges < 0.2 * n, "%u of %u", n_edges, n);
}

GST_END_TEST;

/* What is judged by has independent noise on both sides. */
GST_START_TEST (test_blind_spot_is_judged_by_recorrupted_patches)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);
  const AeObjective objective = { AE_OBJECTIVE_BLIND_SPOT, 0, 0.0f, 0.0f };
  double in2 = 0.0, target2 = 0.0, both = 0.0;

  fixture_init (f, 1, 25.0f);
  ae_objective_fill_judged (&objective, &f->patch, &f->rng, 1, &f->sample);
  for (guint i = 0; i < PLANE; i++) {
    double clean = 0.5 + 0.3 * sin (0.02 * (i % SIDE + i / SIDE));
    double a = ((double) f->input[i] - clean) * 255.0;
    double b = ((double) f->target[i] - clean) * 255.0;

    in2 += a * a / PLANE;
    target2 += b * b / PLANE;
    both += a * b / PLANE;
    fail_unless (f->mask[i] == 1.0f);
  }
  fail_unless (fabs (sqrt (in2) / (25.0 * G_SQRT2) - 1.0) < 0.1);
  fail_unless (fabs (sqrt (target2) / (25.0 * G_SQRT2) - 1.0) < 0.1);
  fail_unless (fabs (both) < 0.1 * in2, "%g of %g", both, in2);
  fail_unless (fabsf (f->condition - sqrtf (2.0f)) < 1e-5f);
}

GST_END_TEST;

static Suite *
objective_suite (void)
{
  Suite *suite = suite_create ("objective");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_reconstruction_has_the_patch_on_both_sides);
  tcase_add_test (tcase, test_denoising_corrupts_the_input_and_tells_how_much);
  tcase_add_test (tcase, test_colorisation_takes_luma_and_gives_chroma);
  tcase_add_test (tcase, test_blind_pixels_are_replaced_and_they_alone_count);
  tcase_add_test (tcase, test_faint_motion_does_not_count);
  tcase_add_test (tcase, test_coarse_noise_is_no_motion);
  tcase_add_test (tcase,
      test_imagined_pictures_have_the_noise_of_what_stands_still);
  tcase_add_test (tcase,
      test_imagined_pictures_have_noise_where_frames_are_the_same);
  tcase_add_test (tcase, test_leaves_have_areas_and_edges);
  tcase_add_test (tcase, test_blind_spot_is_judged_by_recorrupted_patches);
  tcase_add_test (tcase, test_temporal_learns_where_the_scene_stands_still);
  return suite;
}

GST_CHECK_MAIN (objective);
