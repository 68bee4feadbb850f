/* Rounding that knows what its choices cost. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "ae-quantise.h"
#include "latent-samples.h"

#define N_PLANES 6
#define SIDE 24
#define N (N_PLANES * SIDE * SIDE)

/* Values with fractions, in steps of 0.5. */
static void
fill_code (float *code, float *steps)
{
  g_auto (AeLatents) latents = AE_LATENTS_INIT;
  AeRng rng;

  ae_rng_init (&rng, 7);
  fail_unless (ae_latents_resize (&latents, N_PLANES, SIDE, SIDE, NULL));
  fill_latents (&latents, 1.5f, &rng);
  for (guint i = 0; i < N; i++)
    code[i] = 0.5f * ((float) latents.data[i] + ae_rng_range (&rng, -0.5f,
            0.5f));
  for (guint p = 0; p < N_PLANES; p++)
    steps[p] = 0.5f;
}

static AeQuantise
new_work (const float *code, const float *steps, gint16 * values)
{
  return (AeQuantise) {
  .grade = 16,.h = SIDE,.w = SIDE,.code = code,.steps = steps,.values = values};
}

static AeSymbolModel *
model_with_prediction (void)
{
  AeSymbolModel *model = ae_symbol_model_new (N_PLANES);

  model->planes[0].weights[0] = 150;
  model->planes[0].weights[1] = 140;
  model->planes[0].weights[2] = -90;
  return model;
}

static gsize
slice_bytes (const AeSymbolModel * model, gint16 * values,
    const gint16 * reference, const guint8 * blocks)
{
  g_autoptr (AeSliceCoder) coder = ae_slice_coder_new (model);
  AeLatents latents = { N_PLANES, SIDE, SIDE, values, NULL, NULL };
  AeLatents before = { N_PLANES, SIDE, SIDE, (gint16 *) reference, NULL, NULL };
  AeRect all = { 0, 0, SIDE, SIDE };

  return ae_slice_encode (coder, 16, &latents, reference ? &before : NULL,
      blocks, &all, NULL, 0);
}

GST_START_TEST (test_without_a_worth_of_bits_values_go_to_the_nearest)
{
  g_autoptr (AeSymbolModel) model = model_with_prediction ();
  g_autoptr (AeQuantiser) quantiser = ae_quantiser_new (model);
  float code[N], steps[N_PLANES];
  gint16 values[N];
  AeQuantise work = new_work (code, steps, values);

  fill_code (code, steps);
  fail_unless_equals_float (ae_quantiser_run (quantiser, &work), 0);
  for (guint i = 0; i < N; i++)
    fail_unless (fabsf (code[i] * 2 - (float) values[i]) <= 0.5001f);
}

GST_END_TEST;

/* What the tables promise is what the coder makes of it. */
GST_START_TEST (test_bits_are_those_of_the_slice)
{
  g_autoptr (AeSymbolModel) model = model_with_prediction ();
  g_autoptr (AeQuantiser) quantiser = ae_quantiser_new (model);
  g_autofree AeSymbolCount *counts =
      g_new0 (AeSymbolCount, N_PLANES * AE_QUANTISE_N_CONTEXTS);
  float code[N], steps[N_PLANES];
  gint16 values[N];
  AeQuantise work = new_work (code, steps, values);
  guint64 n = 0;
  double bytes;
  gsize real;

  fill_code (code, steps);
  work.counts = counts;
  bytes = ae_quantiser_run (quantiser, &work) / 8;
  real = slice_bytes (model, values, NULL, NULL);
  GST_INFO ("%g bytes expected, %" G_GSIZE_FORMAT " made", bytes, real);
  fail_unless (fabs ((double) real - bytes) < 0.02 * bytes + 24);
  for (guint i = 0; i < N_PLANES * AE_QUANTISE_N_CONTEXTS; i++)
    n += counts[i].n_zero + counts[i].n_other;
  fail_unless_equals_uint64 (n, N);
}

GST_END_TEST;

static double
squared_error (const float *code, const gint16 * values)
{
  double sum = 0;

  for (guint i = 0; i < N; i++)
    sum += pow ((double) (2 * code[i]) - values[i], 2);
  return sum;
}

GST_START_TEST (test_a_worth_of_bits_saves_more_than_it_harms)
{
  g_autoptr (AeSymbolModel) model = model_with_prediction ();
  g_autoptr (AeQuantiser) quantiser = ae_quantiser_new (model);
  float code[N], steps[N_PLANES];
  gint16 nearest[N], values[N];
  AeQuantise work = new_work (code, steps, nearest);
  double more_error, fewer_bits;

  fill_code (code, steps);
  ae_quantiser_run (quantiser, &work);
  work.values = values;
  work.bit_worth = AE_QUANTISE_BIT_WORTH;
  ae_quantiser_run (quantiser, &work);
  more_error = squared_error (code, values) - squared_error (code, nearest);
  fewer_bits = 8.0 * (double) slice_bytes (model, nearest, NULL, NULL)
      - 8.0 * (double) slice_bytes (model, values, NULL, NULL);
  GST_INFO ("%g fewer bits for %g more error", fewer_bits, more_error);
  fail_unless (more_error > 0);
  fail_unless (fewer_bits > 100);
  fail_unless (more_error < fewer_bits * (double) AE_QUANTISE_BIT_WORTH);
}

GST_END_TEST;

GST_START_TEST (test_slope_is_what_the_next_integer_costs)
{
  g_autoptr (AeSymbolModel) model = ae_symbol_model_new (1);
  g_autoptr (AeQuantiser) quantiser = ae_quantiser_new (model);
  const float values[] = { 0.2f, 1.2f, -0.4f, -2.3f };
  const float step = 1;

  for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
    gfloat low = floorf (values[i]), high = low + 1, slope = 0;
    gint16 rounded;
    AeQuantise work = {.h = 1,.w = 1,.code = &values[i],.steps =
          &step,.values = &rounded,.slopes = &slope
    };
    double of_low, of_high;
    float measured;

    ae_quantiser_run (quantiser, &work);
    measured = slope;
    work.code = &low;
    of_low = ae_quantiser_run (quantiser, &work);
    work.code = &high;
    of_high = ae_quantiser_run (quantiser, &work);
    fail_unless (fabs ((double) measured - (of_high - of_low)) < 1e-4);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_predicted_value_takes_slope_from_its_neighbour)
{
  g_autoptr (AeSymbolModel) model = ae_symbol_model_new (1);
  g_autoptr (AeQuantiser) quantiser = ae_quantiser_new (model);
  const float values[] = { 4.2f, 6.3f };
  const float step = 1;
  gfloat slopes[2];
  gint16 rounded[2];
  AeQuantise work = {.h = 1,.w = 2,.code = values,.steps = &step,.values =
        rounded,.slopes = slopes
  };
  float own;

  ae_quantiser_run (quantiser, &work);
  own = slopes[0];
  model->planes[0].weights[0] = 256;
  ae_quantiser_run (quantiser, &work);
  fail_unless (slopes[1] > 0);
  fail_unless (fabsf (slopes[0] - (own - slopes[1])) < 1e-4f);
}

GST_END_TEST;

GST_START_TEST (test_held_stays_and_changed_starts_from_the_reference)
{
  g_autoptr (AeSymbolModel) model = model_with_prediction ();
  g_autoptr (AeQuantiser) quantiser = ae_quantiser_new (model);
  float code[N], steps[N_PLANES];
  gint16 values[N], reference[N];
  guint8 blocks[SIDE * SIDE];
  AeQuantise work = new_work (code, steps, values);

  fill_code (code, steps);
  for (guint i = 0; i < N; i++)
    reference[i] = (gint16) (lrintf (2 * code[i]) + (i % 5 == 0));
  for (guint i = 0; i < SIDE * SIDE; i++)
    blocks[i] = (guint8) (i % 3);
  work.reference = reference;
  work.blocks = blocks;
  work.bit_worth = AE_QUANTISE_BIT_WORTH;
  ae_quantiser_run (quantiser, &work);
  for (guint i = 0; i < N; i++) {
    gboolean held = blocks[i % (SIDE * SIDE)] == AE_BLOCK_HELD;

    if (held)
      fail_unless (values[i] == reference[i]);
    fail_unless (held || fabsf (2 * code[i] - (float) values[i]) <= 1.5f);
  }
  /* it can be coded as it is */
  fail_unless (slice_bytes (model, values, reference, blocks) > 0);
}

GST_END_TEST;

static Suite *
quantise_suite (void)
{
  Suite *suite = suite_create ("quantise");
  TCase *tc = tcase_create ("quantise");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_without_a_worth_of_bits_values_go_to_the_nearest);
  tcase_add_test (tc, test_bits_are_those_of_the_slice);
  tcase_add_test (tc, test_a_worth_of_bits_saves_more_than_it_harms);
  tcase_add_test (tc, test_slope_is_what_the_next_integer_costs);
  tcase_add_test (tc, test_a_predicted_value_takes_slope_from_its_neighbour);
  tcase_add_test (tc, test_held_stays_and_changed_starts_from_the_reference);
  return suite;
}

GST_CHECK_MAIN (quantise);
