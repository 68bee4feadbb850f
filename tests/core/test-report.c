/* Reports: what a trainer shows of its work. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "ae-report.h"

enum
{ SIDE = 4 };

static AeModel *
new_model (const gchar * text, const AeShape * input, float value)
{
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse (text, input, NULL);
  g_autofree float *data = g_new (float, architecture->n_weights);
  g_autoptr (AeWeights) weights = NULL;

  for (gsize i = 0; i < architecture->n_weights; i++)
    data[i] = value * (float) i;
  weights = ae_weights_new_copy (data, architecture->n_weights, NULL);
  return ae_model_new (architecture, weights, NULL, NULL);
}

/* Patch @i is @i everywhere, the input twice that, the target thrice. */
static void
fill (gpointer data, guint i, AeRng * rng, AeSample * sample, float *patch)
{
  for (guint p = 0; p < SIDE * SIDE; p++) {
    patch[p] = (float) i;
    sample->input[p] = 2.0f * (float) i;
    sample->target[p] = 3.0f * (float) i;
  }
}

static AeReport *
make (AeReporter * reporter, const AeModel * model, guint64 step, double loss,
    guint n)
{
  AeOnlineStats stats = {.step = step,.held_out = -1.0,.published = -1.0 };

  stats.loss.loss = loss;
  return ae_reporter_make (reporter, &stats, model->weights, n, fill, NULL);
}

static AeReporter *
new_reporter (const AeModel * model)
{
  const AeShape patch = { 1, SIDE, SIDE };

  return ae_reporter_new (model->architecture, &patch,
      AE_OBJECTIVE_RECONSTRUCT);
}

GST_START_TEST (test_a_report_shows_patches_and_what_the_model_makes_of_them)
{
  const AeShape input = { 1, 0, 0 };
  g_autoptr (AeModel) model = new_model ("conv 1x1 1 relu | conv 1x1 1",
      &input, 0.5f);
  g_autoptr (AeReporter) reporter = new_reporter (model);
  g_autoptr (AeReport) report = make (reporter, model, 1, 0.5, 3);
  const float *weights = model->weights->data;
  const AeLayer *layers = model->architecture->layers;
  /* the first weight is 0, so that the input has no say */
  const double code = (double) weights[layers[0].params[1].offset];
  const double out = code * (double) weights[layers[1].params[0].offset]
      + (double) weights[layers[1].params[1].offset];
  guint n = 0;

  fail_unless_equals_int (report->patch.n, 3);
  for (guint i = 0; i < 3 * SIDE * SIDE; i++) {
    fail_unless_equals_float ((double) report->patch.data[i], i % 3);
    fail_unless_equals_float ((double) report->input.data[i], 2 * (i % 3));
    fail_unless_equals_float ((double) report->target.data[i], 3 * (i % 3));
    fail_unless_equals_float ((double) report->output.data[i], out);
  }
  /* the same code everywhere, in the last bin */
  fail_unless_equals_float ((double) report->code_reach, code);
  fail_unless_equals_float (report->code_zero, 0.0);
  fail_unless_equals_int (report->code_counts[AE_REPORT_BINS - 1],
      3 * SIDE * SIDE);
  for (guint i = 0; i < AE_REPORT_BINS; i++)
    n += report->code_counts[i];
  fail_unless_equals_int (n, 3 * SIDE * SIDE);
}

GST_END_TEST;

GST_START_TEST (test_a_report_can_be_made_before_there_are_patches)
{
  const AeShape input = { 1, 0, 0 };
  g_autoptr (AeModel) model = new_model ("conv 3x3 2 | conv 3x3 1", &input,
      0.1f);
  g_autoptr (AeReporter) reporter = new_reporter (model);
  g_autoptr (AeReport) report = make (reporter, model, 1, 0.5, 0);

  fail_unless_equals_int (report->patch.n, 0);
  fail_unless_equals_int (report->n_points, 1);
  fail_unless_equals_int (report->filters.n, 2);
}

GST_END_TEST;

GST_START_TEST (test_filters_are_shown_in_pixels_of_the_picture)
{
  const AeShape any = { 1, 0, 0 }, fixed = { 1, 2, 3 };
  g_autoptr (AeModel) conv = new_model ("unshuffle 2, given 1, conv 3x3 2 | "
      "conv 1x1 4, shuffle 2", &any, 1.0f);
  g_autoptr (AeModel) dense = new_model ("dense 4 | dense 6", &fixed, 1.0f);
  g_autoptr (AeReporter) a = new_reporter (conv);
  const AeShape patch = { 1, 2, 3 };
  g_autoptr (AeReporter) b = ae_reporter_new (dense->architecture, &patch,
      AE_OBJECTIVE_RECONSTRUCT);
  g_autoptr (AeReport) of_conv = make (a, conv, 1, 1.0, 0);
  g_autoptr (AeReport) of_dense = make (b, dense, 1, 1.0, 0);
  const AeTensor *f = &of_conv->filters;

  fail_unless_equals_int (f->h, 6);
  fail_unless_equals_int (f->w, 6);
  fail_unless_equals_int (f->n, 2);
  /* channel 1 of 5 is the pixel right of that of channel 0 */
  fail_unless_equals_float ((double) f->data[(0 * 6 + 0) * 2], 0.0);
  fail_unless_equals_float ((double) f->data[(0 * 6 + 1) * 2], 9.0);
  fail_unless_equals_float ((double) f->data[(1 * 6 + 0) * 2], 18.0);
  /* the next tap is two pixels on */
  fail_unless_equals_float ((double) f->data[(0 * 6 + 2) * 2], 1.0);
  fail_unless_equals_float ((double) f->data[(2 * 6 + 0) * 2], 3.0);
  /* the second filter, past the condition's nine weights */
  fail_unless_equals_float ((double) f->data[1], 45.0);

  f = &of_dense->filters;
  fail_unless_equals_int (f->h, 2);
  fail_unless_equals_int (f->w, 3);
  fail_unless_equals_int (f->n, 4);
  fail_unless_equals_float ((double) f->data[4 * 4 + 2], 2 * 6 + 4);
}

GST_END_TEST;

GST_START_TEST (test_curves_of_any_length_take_bounded_memory)
{
  const AeShape input = { 1, 0, 0 };
  g_autoptr (AeModel) model = new_model ("conv 1x1 1 | conv 1x1 1", &input,
      0.1f);
  g_autoptr (AeReporter) reporter = new_reporter (model);
  g_autoptr (AeReport) report = NULL;

  for (guint i = 1; i <= 5 * AE_REPORT_MAX_POINTS; i++) {
    ae_report_unref (report);
    report = make (reporter, model, i, 1.0 / i, 0);
    fail_unless (report->n_points <= AE_REPORT_MAX_POINTS);
  }
  fail_unless (report->n_points > AE_REPORT_MAX_POINTS / 2);
  fail_unless_equals_uint64 (report->points[0].step, 1);
  fail_unless (report->points[report->n_points - 1].step
      > 5 * AE_REPORT_MAX_POINTS - 16);
  for (guint i = 1; i < report->n_points; i++) {
    fail_unless (report->points[i].step > report->points[i - 1].step);
    fail_unless_equals_float (report->points[i].loss,
        1.0 / (double) report->points[i].step);
  }
  /* two reports of one step are one point */
  {
    guint64 last = report->points[report->n_points - 1].step;
    g_autoptr (AeReport) again = make (reporter, model, last, 7.0, 0);

    fail_unless_equals_float (again->points[again->n_points - 1].loss, 7.0);
    fail_unless_equals_int (again->n_points, report->n_points);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_slot_keeps_the_report_of_a_trainer_that_left)
{
  const AeShape input = { 1, 0, 0 };
  g_autoptr (AeModel) model = new_model ("conv 1x1 1 | conv 1x1 1", &input,
      0.1f);
  g_autoptr (AeReporter) reporter = new_reporter (model);
  g_autoptr (AeReport) first = make (reporter, model, 1, 1.0, 0);
  g_autoptr (AeReport) second = make (reporter, model, 2, 0.5, 0);
  g_autoptr (AeSlot) slot = ae_slot_get ("a");
  g_autoptr (AeReport) got = ae_slot_get_report (slot);

  fail_unless (got == NULL);
  fail_if (ae_slot_is_claimed (slot));
  /* who does not own the slot shows nothing */
  ae_slot_report (slot, &model, first);
  fail_unless (ae_slot_get_report (slot) == NULL);
  fail_unless (ae_slot_claim (slot, &model, model->architecture, NULL));
  fail_unless (ae_slot_is_claimed (slot));
  ae_slot_report (slot, &model, first);
  ae_slot_report (slot, &model, second);
  ae_slot_release (slot, &model);
  fail_if (ae_slot_is_claimed (slot));
  got = ae_slot_get_report (slot);
  fail_unless (got == second);
}

GST_END_TEST;

static Suite *
report_suite (void)
{
  Suite *suite = suite_create ("report");
  TCase *tcase = tcase_create ("report");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase,
      test_a_report_shows_patches_and_what_the_model_makes_of_them);
  tcase_add_test (tcase, test_a_report_can_be_made_before_there_are_patches);
  tcase_add_test (tcase, test_filters_are_shown_in_pixels_of_the_picture);
  tcase_add_test (tcase, test_curves_of_any_length_take_bounded_memory);
  tcase_add_test (tcase, test_a_slot_keeps_the_report_of_a_trainer_that_left);
  return suite;
}

GST_CHECK_MAIN (report);
