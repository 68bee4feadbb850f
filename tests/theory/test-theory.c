/* Does each kind of autoencoder do what the theory says, on digits and on
 * patches of photographs? Small versions of what theory-results runs in full.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "theory-codes.h"
#include "theory-digits.h"
#include "theory-linear.h"
#include "theory-vae.h"

static TheoryDigits train_digits, test_digits;
static TheoryData train, test;

static void
load_digits (void)
{
  theory_digits_load (&train_digits, &test_digits);
  train = theory_digit_data (&train_digits, FALSE);
  test = theory_digit_data (&test_digits, FALSE);
}

static void
clear_digits (void)
{
  theory_digits_clear (&train_digits);
  theory_digits_clear (&test_digits);
}

GST_START_TEST (test_digits_are_balanced_and_none_is_in_both_parts)
{
  guint n[2][N_DIGIT_CLASSES] = { {0} };

  fail_unless_equals_int (train.n, 4000);
  fail_unless_equals_int (test.n, 1000);
  for (guint i = 0; i < train.n; i++)
    n[0][train_digits.labels[i]]++;
  for (guint i = 0; i < test.n; i++)
    n[1][test_digits.labels[i]]++;
  for (guint k = 0; k < N_DIGIT_CLASSES; k++) {
    fail_unless_equals_int (n[0][k], 400);
    fail_unless_equals_int (n[1][k], 100);
  }
  for (guint i = 0; i < test.n; i += 7) {
    for (guint j = 0; j < train.n; j++)
      fail_if (memcmp (test.x + i * DIGIT_SIZE, train.x + j * DIGIT_SIZE,
              DIGIT_SIZE * sizeof (float)) == 0);
  }
}

GST_END_TEST;

GST_START_TEST (test_linear_autoencoder_spans_the_principal_subspace)
{
  g_autofree float *free_x = NULL;
  g_autofree float *free_y = NULL;
  LinearFigures figures;

  if (__i__ == 0) {
    figures = theory_linear (&train, &test, 6, 1000, 0.01f);
  } else {
    TheoryData x = theory_whole_patches (8, 10000, THEORY_TRAIN, 1);
    TheoryData y = theory_whole_patches (8, 2000, THEORY_OTHER_PHOTOS, 2);

    free_x = (float *) x.x;
    free_y = (float *) y.x;
    figures = theory_linear (&x, &y, 6, 4000, 0.01f);
  }
  fail_unless (figures.angle < 2.0, "%g degrees", figures.angle);
  fail_unless (fabs (figures.error / figures.pca_error - 1.0) < 0.01,
      "%g, PCA %g", figures.error, figures.pca_error);
}

GST_END_TEST;

GST_START_TEST (test_deep_autoencoder_beats_principal_components)
{
  TheoryTask task = theory_task (theory_deep_cases[0].text, &train, 64, 600,
      0.003f);
  g_auto (TheoryModel) model = theory_train (&task, NULL);
  double pca = theory_pca_error (&train, &test, 10);
  double error = theory_error (&model, &test);

  fail_unless (error < 0.8 * pca, "%g, PCA %g", error, pca);
}

GST_END_TEST;

GST_START_TEST (test_greedy_pretraining_helps_deep_sigmoid_layers)
{
  const gchar *text = theory_deep_cases[1].text;
  TheoryTask task = theory_task (text, &train, 64, 600, 0.003f);
  g_auto (TheoryModel) random = theory_train (&task, NULL);
  g_auto (TheoryModel) pretrained = theory_pretrained (text, &train, 300, 600);

  fail_unless (theory_error (&pretrained, &test)
      < 0.8 * theory_error (&random, &test), "%g, without %g",
      theory_error (&pretrained, &test), theory_error (&random, &test));
}

GST_END_TEST;

GST_START_TEST (test_pooled_and_strided_convolutions_beat_principal_components)
{
  TheoryTask task = theory_task (theory_conv_cases[__i__].text, &train, 32,
      600, 0.004f);
  g_auto (TheoryModel) model = theory_train (&task, NULL);
  double pca = theory_pca_error (&train, &test, 10);
  double error = theory_error (&model, &test);

  fail_unless (error < 0.95 * pca, "%s: %g, PCA %g",
      theory_conv_cases[__i__].name, error, pca);
}

GST_END_TEST;

/* Without a regulariser, an overcomplete autoencoder hands on what is not in
 * its samples: noise. */
GST_START_TEST (test_each_regulariser_keeps_overcomplete_codes_from_identity)
{
  TheoryData x = theory_whole_patches (8, 10000, THEORY_TRAIN, 1);
  TheoryData y = theory_whole_patches (8, 1000, THEORY_OTHER_PHOTOS, 2);
  double identity = 0.0;

  for (guint i = 0; i < theory_n_code_cases; i++) {
    g_auto (TheoryModel) model =
        theory_code_train (&theory_code_cases[i], &x, 600);
    CodeFigures figures = theory_code_figures (&model, &y);

    if (i == 0) {
      identity = figures.noise_gain;
      fail_unless (identity > 0.95, "%g", identity);
      fail_unless (figures.error < 0.05, "%g", figures.error);
    } else {
      fail_unless (figures.noise_gain < 0.9 * identity,
          "%s: %g, without %g", theory_code_cases[i].name,
          figures.noise_gain, identity);
      fail_unless (figures.error < 0.5, "%s: %g", theory_code_cases[i].name,
          figures.error);
    }
  }
  g_free ((float *) x.x);
  g_free ((float *) y.x);
}

GST_END_TEST;

GST_START_TEST (test_code_is_the_sparser_the_larger_lambda)
{
  const float lambdas[] = { 0.0f, 0.1f, 0.3f, 1.0f, 3.0f };
  TheoryData x = theory_whole_patches (8, 10000, THEORY_TRAIN, 1);
  TheoryData y = theory_whole_patches (8, 1000, THEORY_OTHER_PHOTOS, 2);
  double before = 1.0;

  for (guint i = 0; i < G_N_ELEMENTS (lambdas); i++) {
    CodeCase code_case = theory_code_cases[1];
    g_auto (TheoryModel) model = { 0 };
    CodeFigures figures;

    code_case.regulariser.code_l1 = lambdas[i];
    model = theory_code_train (&code_case, &x, 600);
    figures = theory_code_figures (&model, &y);
    fail_unless (figures.density < before, "lambda %g: %g after %g",
        (double) lambdas[i], figures.density, before);
    before = figures.density;
  }
  fail_unless (before < 0.1, "%g", before);
  g_free ((float *) x.x);
  g_free ((float *) y.x);
}

GST_END_TEST;

GST_START_TEST (test_mean_activity_is_the_target)
{
  const float targets[] = { 0.05f, 0.15f };
  TheoryTask task = theory_task ("dense 100 sigmoid | dense 400 sigmoid",
      &train, 128, 600, 0.005f);
  g_auto (TheoryModel) model = { 0 };
  double target = (double) targets[__i__];
  CodeFigures figures;

  task.config.regulariser = (AeRegulariser) {
  .sparsity = 30.0f,.sparsity_target = targets[__i__],.sparsity_memory = 0.9f};
  model = theory_train (&task, NULL);
  figures = theory_code_figures (&model, &test);
  fail_unless (fabs (figures.activity / target - 1.0) < 0.1, "%g, target %g",
      figures.activity, target);
}

GST_END_TEST;

/* Deep, so estimated, and shallow, so exact. */
GST_START_TEST (test_contraction_takes_the_jacobian_down)
{
  static const gchar *const texts[] = {
    "dense 64 sigmoid | tied sigmoid",
    "dense 100 tanh, dense 40 sigmoid | dense 100 tanh, dense 400 sigmoid",
  };
  const float factors[] = { 0.0f, 1.0f, 10.0f };
  double before = INFINITY;

  for (guint i = 0; i < G_N_ELEMENTS (factors); i++) {
    TheoryTask task = theory_task (texts[__i__], &train, 64, 300, 0.003f);
    g_auto (TheoryModel) model = { 0 };
    CodeFigures figures;

    task.config.regulariser.contractive = factors[i];
    task.config.regulariser.contractive_probes = __i__;
    model = theory_train (&task, NULL);
    figures = theory_code_figures (&model, &test);
    fail_unless (figures.jacobian < 0.7 * before, "factor %g: %g after %g",
        (double) factors[i], figures.jacobian, before);
    before = figures.jacobian;
  }
}

GST_END_TEST;

GST_START_TEST (test_training_with_corruption_removes_it)
{
  const struct
  {
    AeCorruptionKind kind;
    float level;
  } cases[] = {
    {AE_CORRUPTION_GAUSSIAN, 25.0f}, {AE_CORRUPTION_SALT_PEPPER, 0.1f},
    {AE_CORRUPTION_MASKING, 0.2f}, {AE_CORRUPTION_DROPOUT, 0.2f},
    {AE_CORRUPTION_POISSON_GAUSSIAN, 25.0f},
  };
  DenoiseFigures figures = theory_denoise (cases[__i__].kind,
      cases[__i__].level, 600);

  fail_unless (figures.with < 0.8 * figures.without, "%s: %g, without %g",
      ae_corruption_name (cases[__i__].kind), figures.with, figures.without);
  fail_unless (figures.with < 0.7 * figures.corrupted, "%s: %g, corrupted %g",
      ae_corruption_name (cases[__i__].kind), figures.with, figures.corrupted);
}

GST_END_TEST;

GST_START_TEST (test_variational_bound_beats_independent_pixels)
{
  gboolean conditional = __i__ == 1;
  TheoryData x = theory_binary_digits (&train_digits, conditional);
  TheoryData y = theory_binary_digits (&test_digits, conditional);
  double baseline = theory_independent_pixels (&x, &y);
  g_auto (TheoryModel) model = theory_vae_train (conditional
      ? theory_cvae_text : theory_vae_text, &x, 1.0f, 500);
  VaeFigures figures = theory_vae_figures (&model, &y, 30, 100);

  fail_unless (figures.elbo > baseline + 20.0, "ELBO %g, baseline %g",
      figures.elbo, baseline);
  fail_unless (figures.log_likelihood > figures.elbo + 0.5
      && figures.log_likelihood < figures.elbo + 20.0, "%g, ELBO %g",
      figures.log_likelihood, figures.elbo);
  fail_unless (figures.kl > 3.0 && figures.kl < 40.0, "KL %g", figures.kl);
}

GST_END_TEST;

GST_START_TEST (test_larger_beta_leaves_less_in_the_code)
{
  TheoryData x = theory_binary_digits (&train_digits, FALSE);
  TheoryData y = theory_binary_digits (&test_digits, FALSE);
  g_auto (TheoryModel) one = theory_vae_train (theory_vae_text, &x, 1.0f, 300);
  g_auto (TheoryModel) four = theory_vae_train (theory_vae_text, &x, 4.0f, 300);

  fail_unless (theory_vae_figures (&four, &y, 30, 1).kl
      < 0.7 * theory_vae_figures (&one, &y, 30, 1).kl);
}

GST_END_TEST;

/* Pictures drawn for a class are nearest to that class's mean. */
GST_START_TEST (test_conditional_model_draws_the_class_it_is_given)
{
  enum
  { N = 100 };
  TheoryData x = theory_binary_digits (&train_digits, TRUE);
  g_auto (TheoryModel) model =
      theory_vae_train (theory_cvae_text, &x, 1.0f, 800);
  g_autofree float *drawn = theory_vae_draw (&model, N, 1);
  g_autofree float *again = theory_vae_draw (&model, N, 1);
  static float mean[N_DIGIT_CLASSES][DIGIT_SIZE];
  guint n_right = 0;

  fail_unless (memcmp (drawn, again, N * DIGIT_SIZE * sizeof (float)) == 0);
  for (guint i = 0; i < x.n; i++) {
    for (guint p = 0; p < DIGIT_SIZE; p++)
      mean[x.labels[i]][p] += x.x[(gsize) i * DIGIT_SIZE + p] / 400.0f;
  }
  for (guint i = 0; i < N; i++) {
    guint best = 0;
    double best_error = INFINITY;

    for (guint k = 0; k < N_DIGIT_CLASSES; k++) {
      double error = theory_mse (drawn + i * DIGIT_SIZE, mean[k], DIGIT_SIZE);

      if (error < best_error) {
        best = k;
        best_error = error;
      }
    }
    n_right += best == i % N_DIGIT_CLASSES;
  }
  fail_unless (n_right >= 60, "%u of %u", n_right, N);
}

GST_END_TEST;

GST_START_TEST (test_interpolation_leads_from_one_digit_to_the_other)
{
  enum
  { N = 9 };
  TheoryData x = theory_binary_digits (&train_digits, FALSE);
  g_auto (TheoryModel) model =
      theory_vae_train (theory_vae_text, &x, 1.0f, 500);
  g_autofree float *way = theory_vae_interpolate (&model, &x, 0, 1, N);
  double to_first = 0.0, to_last = INFINITY;

  for (guint i = 0; i < N; i++) {
    double first = theory_mse (way + i * DIGIT_SIZE, way, DIGIT_SIZE);
    double last = theory_mse (way + i * DIGIT_SIZE,
        way + (N - 1) * DIGIT_SIZE, DIGIT_SIZE);

    fail_unless (first >= to_first - 0.01 && last <= to_last + 0.01);
    to_first = first;
    to_last = last;
  }
  fail_unless (theory_mse (way, x.x, DIGIT_SIZE) < theory_mse (way,
          x.x + DIGIT_SIZE, DIGIT_SIZE));
}

GST_END_TEST;

GST_START_TEST (test_chroma_is_learned_from_luma)
{
  g_auto (TheoryModel) model = { 0 };
  ColourFigures places, photos;

  theory_colorize (250, &model, &places, &photos);
  fail_unless (places.model < 0.8 * places.mean, "%g, mean colour %g",
      places.model, places.mean);
}

GST_END_TEST;

GST_START_TEST (test_features_learned_without_labels_serve_a_classifier)
{
  ProbeFigures figures = theory_probe (&train_digits, &test_digits, 100, 500);

  fail_unless (figures.frozen > figures.scratch + 1.0, "%g, from scratch %g",
      figures.frozen, figures.scratch);
  fail_unless (figures.frozen > 70.0, "%g", figures.frozen);
}

GST_END_TEST;

static Suite *
theory_suite (void)
{
  Suite *suite = suite_create ("theory");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, load_digits, clear_digits);
  tcase_add_test (tcase, test_digits_are_balanced_and_none_is_in_both_parts);
  tcase_add_loop_test (tcase,
      test_linear_autoencoder_spans_the_principal_subspace, 0, 2);
  tcase_add_test (tcase, test_deep_autoencoder_beats_principal_components);
  tcase_add_test (tcase, test_greedy_pretraining_helps_deep_sigmoid_layers);
  tcase_add_loop_test (tcase,
      test_pooled_and_strided_convolutions_beat_principal_components, 0, 3);
  tcase_add_test (tcase,
      test_each_regulariser_keeps_overcomplete_codes_from_identity);
  tcase_add_test (tcase, test_code_is_the_sparser_the_larger_lambda);
  tcase_add_loop_test (tcase, test_mean_activity_is_the_target, 0, 2);
  tcase_add_loop_test (tcase, test_contraction_takes_the_jacobian_down, 0, 2);
  tcase_add_loop_test (tcase, test_training_with_corruption_removes_it, 0, 5);
  tcase_add_loop_test (tcase, test_variational_bound_beats_independent_pixels,
      0, 2);
  tcase_add_test (tcase, test_larger_beta_leaves_less_in_the_code);
  tcase_add_test (tcase, test_conditional_model_draws_the_class_it_is_given);
  tcase_add_test (tcase, test_interpolation_leads_from_one_digit_to_the_other);
  tcase_add_test (tcase, test_chroma_is_learned_from_luma);
  tcase_add_test (tcase,
      test_features_learned_without_labels_serve_a_classifier);
  return suite;
}

GST_CHECK_MAIN (theory);
