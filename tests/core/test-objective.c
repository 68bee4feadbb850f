/* What a model learns from: inputs, targets, masks. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-model.h"
#include "ae-objective.h"

enum
{ SIDE = 32, PLANE = SIDE * SIDE, N_MAX = 3 * PLANE };

typedef struct
{
  float x[N_MAX], others[N_MAX], input[N_MAX], target[N_MAX], mask[N_MAX];
  float condition;
  AePatch patch;
  AeSample sample;
  AeRng rng;
} Fixture;

/* A noisy patch of a smooth scene, and of another frame of it. */
static void
fixture_init (Fixture * f, guint n_channels, float noise)
{
  ae_rng_init (&f->rng, 3);
  for (guint i = 0; i < n_channels * PLANE; i++) {
    float clean = 0.5f + 0.3f * sinf (0.02f * (float) (i % SIDE + i / SIDE));

    f->x[i] = clean + noise / 255.0f * ae_rng_normal (&f->rng);
    f->others[i] = clean + noise / 255.0f * ae_rng_normal (&f->rng);
    f->mask[i] = 1.0f;
  }
  f->patch = (AePatch) { {
  n_channels, SIDE, SIDE}, f->x, f->others, noise, 0};
  f->sample = (AeSample) {
  f->input, f->target, &f->condition, f->mask, 1.0f};
}

static void
fill_rehearsing (Fixture * f, AeObjectiveKind kind, float rehearsal)
{
  const AeObjective objective = { kind, AE_CORRUPTION_GAUSSIAN, 30.0f, 30.0f,
    rehearsal
  };

  ae_objective_fill (&objective, &f->patch, &f->rng, 1, &f->sample);
}

static void
fill (Fixture * f, AeObjectiveKind kind)
{
  fill_rehearsing (f, kind, 0.0f);
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

GST_START_TEST (test_temporal_learns_where_the_scene_stands_still)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);
  guint n_still = 0, n_moving = 0, n_cut = 0;

  fixture_init (f, 1, 20.0f);
  /* something bright enters on the right */
  for (guint i = 0; i < PLANE; i++) {
    if (i % SIDE >= 20)
      f->others[i] += 0.3f;
  }
  fill (f, AE_OBJECTIVE_TEMPORAL);
  for (guint i = 0; i < PLANE; i++) {
    if (i % SIDE < 17)
      n_still += f->mask[i] > 0.0f;
    else if (i % SIDE >= 23)
      n_moving += f->mask[i] > 0.0f;
  }
  fail_unless (n_still > 0.98 * 17 * SIDE, "%u", n_still);
  fail_unless (n_moving < 0.02 * 9 * SIDE, "%u", n_moving);
  fail_unless (equal (f->input, f->x, PLANE));
  fail_unless (equal (f->target, f->others, PLANE));
  /* a cut */
  for (guint i = 0; i < PLANE; i++)
    f->others[i] = f->x[i] + 0.3f;
  fill (f, AE_OBJECTIVE_TEMPORAL);
  for (guint i = 0; i < PLANE; i++)
    n_cut += f->mask[i] > 0.0f;
  fail_unless (n_cut < 0.1 * PLANE, "%u", n_cut);
}

GST_END_TEST;

/* Sum of the magnitudes of the differences of neighbours. */
static double
roughness (const float *x)
{
  double sum = 0.0;

  for (guint i = 0; i < PLANE; i++) {
    if (i % SIDE > 0)
      sum += fabs ((double) (x[i] - x[i - 1]));
    if (i >= SIDE)
      sum += fabs ((double) (x[i] - x[i - SIDE]));
  }
  return sum;
}

/* Which is the same for a picture however it is turned and mirrored. */
GST_START_TEST (test_rehearsal_turns_and_scales_a_patch_and_counts_nowhere)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);
  guint n_rehearsed = 0, n_negative = 0, n_moved = 0;

  fixture_init (f, 1, 20.0f);
  for (guint k = 0; k < 200; k++) {
    double before, after;
    float gain, count = 0.0f;

    fill_rehearsing (f, AE_OBJECTIVE_TEMPORAL, 0.25f);
    for (guint i = 0; i < PLANE; i++)
      count += f->mask[i];
    gain = f->condition * AE_NOISE_UNIT / 20.0f;
    if (count > 0.0f) {
      fail_unless (equal (f->input, f->x, PLANE));
      fail_unless (fabsf (gain - 1.0f) < 1e-4f);
      continue;
    }
    n_rehearsed++;
    before = roughness (f->x);
    after = roughness (f->input);
    fail_unless (gain > 0.59f && gain < 1.41f, "%g", (double) gain);
    fail_unless (fabs (after - (double) gain * before) < 1e-3 * before);
    n_negative += (f->x[0] - 0.5f) * (f->input[0] - 0.5f) < 0.0f;
    n_moved += fabsf (fabsf (f->input[0] - 0.5f)
        - gain * fabsf (f->x[0] - 0.5f)) > 1e-3f;
  }
  fail_unless (n_rehearsed > 25 && n_rehearsed < 75, "%u", n_rehearsed);
  fail_unless (n_negative > 0 && n_negative < n_rehearsed);
  fail_unless (n_moved > n_rehearsed / 2);
}

GST_END_TEST;

/* What is judged by has independent noise on both sides. */
GST_START_TEST (test_blind_spot_is_judged_by_recorrupted_patches)
{
  g_autofree Fixture *f = g_new0 (Fixture, 1);
  const AeObjective objective =
      { AE_OBJECTIVE_BLIND_SPOT, 0, 0.0f, 0.0f, 0.0f };
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
  tcase_add_test (tcase,
      test_rehearsal_turns_and_scales_a_patch_and_counts_nowhere);
  tcase_add_test (tcase, test_blind_spot_is_judged_by_recorrupted_patches);
  tcase_add_test (tcase, test_temporal_learns_where_the_scene_stands_still);
  return suite;
}

GST_CHECK_MAIN (objective);
