/* Sparse codes and their linear encoder: against scikit-learn, and the properties
 * that define them.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "../data/golden-sparse-coding.h"
#include "ae-error.h"
#include "ae-gemm.h"
#include "ae-sparse-coding.h"
#include "sparse-samples.h"

enum
{ DIMS = 20, ATOMS = 32, N = 300 };

static const AeSparseMethod methods[] = {
  AE_SPARSE_ISTA, AE_SPARSE_FISTA, AE_SPARSE_DESCENT
};

static double
code_l1 (const AeDictionary * dictionary, AeSparseMethod method, float lambda,
    guint max_iterations, float tolerance, const float *x, guint n,
    float *codes)
{
  g_autoptr (GError) error = NULL;
  double gap = -1;

  ae_sparse_coding_l1 (dictionary, method, lambda, max_iterations, tolerance,
      x, n, codes, &gap, &error);
  g_assert_no_error (error);
  return gap;
}

GST_START_TEST (test_codes_and_objective_equal_scikit_learn)
{
  g_autoptr (AeDictionary) dictionary = new_dictionary (golden_atoms,
      GOLDEN_ATOMS, GOLDEN_DIMS);
  float codes[GOLDEN_N * GOLDEN_ATOMS] = { 0 };
  double found;

  code_l1 (dictionary, methods[__i__], golden_lambda, 20000, 1e-6f, golden_x,
      GOLDEN_N, codes);
  found = ae_dictionary_objective (dictionary, golden_x, codes, GOLDEN_N,
      (double) golden_lambda, 0);
  fail_unless (fabs (found / golden_objective - 1) < 1e-5,
      "objective %.8g, scikit-learn %.8g", found, golden_objective);
  for (guint i = 0; i < GOLDEN_N * GOLDEN_ATOMS; i++)
    fail_unless (fabsf (codes[i] - golden_codes[i]) < 5e-3f,
        "code %u: %g, scikit-learn %g", i, (double) codes[i],
        (double) golden_codes[i]);
}

GST_END_TEST;

GST_START_TEST (test_objective_never_rises_and_ends_at_the_minimum)
{
  g_autofree float *codes = g_new0 (float, N * ATOMS);
  g_autofree float *reference = g_new0 (float, N * ATOMS);
  g_autofree float *x = NULL;
  g_autoptr (AeDictionary) dictionary = NULL;
  double before = G_MAXDOUBLE, minimum, first = 0;
  AeRng rng;

  ae_rng_init (&rng, 1);
  dictionary = random_dictionary (ATOMS, DIMS, &rng);
  x = make_samples (dictionary, N, 3, 0.05f, &rng, NULL);
  code_l1 (dictionary, AE_SPARSE_ISTA, 0.2f, 3000, 0, x, N, reference);
  minimum = ae_dictionary_objective (dictionary, x, reference, N, 0.2, 0);
  for (guint i = 0; i < 200; i++) {
    double now;

    code_l1 (dictionary, methods[__i__], 0.2f, 1, 0, x, N, codes);
    now = ae_dictionary_objective (dictionary, x, codes, N, 0.2, 0);
    fail_unless (now <= before * (1 + 1e-6), "step %u: %.9g after %.9g", i,
        now, before);
    if (i == 0)
      first = now;
    before = now;
  }
  fail_unless (first > minimum * 1.005, "%.9g, minimum %.9g", first, minimum);
  code_l1 (dictionary, methods[__i__], 0.2f, 2000, 1e-5f, x, N, codes);
  before = ae_dictionary_objective (dictionary, x, codes, N, 0.2, 0);
  fail_unless (before / minimum - 1 < 1e-4, "ended at %.9g, minimum %.9g",
      before, minimum);
}

GST_END_TEST;

GST_START_TEST (test_gap_bounds_the_distance_to_the_minimum)
{
  g_autofree float *codes = g_new0 (float, N * ATOMS);
  g_autofree float *reference = g_new0 (float, N * ATOMS);
  g_autofree float *x = NULL;
  g_autoptr (AeDictionary) dictionary = NULL;
  double minimum, gap, excess;
  AeRng rng;

  ae_rng_init (&rng, 2);
  dictionary = random_dictionary (ATOMS, DIMS, &rng);
  x = make_samples (dictionary, N, 4, 0.1f, &rng, NULL);
  code_l1 (dictionary, AE_SPARSE_FISTA, 0.3f, 3000, 0, x, N, reference);
  minimum = ae_dictionary_objective (dictionary, x, reference, N, 0.3, 0);
  for (float tolerance = 0.1f; tolerance > 1e-5f; tolerance /= 10) {
    memset (codes, 0, N * ATOMS * sizeof *codes);
    gap = code_l1 (dictionary, methods[__i__], 0.3f, 5000, tolerance, x, N,
        codes);
    excess = ae_dictionary_objective (dictionary, x, codes, N, 0.3, 0)
        - minimum;
    fail_unless (gap <= (double) tolerance * (minimum + excess) * 1.0001);
    fail_unless (excess <= gap + 1e-6 * minimum,
        "tolerance %g: %g over the minimum, gap %g", (double) tolerance,
        excess, gap);
  }
}

GST_END_TEST;

GST_START_TEST (test_fista_is_faster_than_ista_and_a_warm_start_than_zeros)
{
  g_autofree float *ista = g_new0 (float, N * ATOMS);
  g_autofree float *fista = g_new0 (float, N * ATOMS);
  g_autofree float *x = NULL;
  g_autoptr (AeDictionary) dictionary = NULL;
  double ista_gap, fista_gap, warm_gap;
  AeRng rng;

  ae_rng_init (&rng, 3);
  dictionary = random_dictionary (ATOMS, DIMS, &rng);
  x = make_samples (dictionary, N, 4, 0.1f, &rng, NULL);
  ista_gap = code_l1 (dictionary, AE_SPARSE_ISTA, 0.1f, 40, 0, x, N, ista);
  fista_gap = code_l1 (dictionary, AE_SPARSE_FISTA, 0.1f, 40, 0, x, N, fista);
  fail_unless (fista_gap < ista_gap / 5, "FISTA %g, ISTA %g", fista_gap,
      ista_gap);
  warm_gap = code_l1 (dictionary, AE_SPARSE_FISTA, 0.1f, 1, 0, x, N, fista);
  fail_unless (warm_gap < 2 * fista_gap);
}

GST_END_TEST;

static guint
count_nonzero (const float *codes, guint n)
{
  guint count = 0;

  for (guint i = 0; i < n; i++)
    count += codes[i] != 0;
  return count;
}

GST_START_TEST (test_density_falls_as_lambda_grows_to_none_at_its_bound)
{
  g_autofree float *x = NULL;
  g_autoptr (AeDictionary) dictionary = NULL;
  guint before = N * ATOMS + 1;
  float bound = 0;
  AeRng rng;

  ae_rng_init (&rng, 4);
  dictionary = random_dictionary (ATOMS, DIMS, &rng);
  x = make_samples (dictionary, N, 4, 0.1f, &rng, NULL);
  for (float lambda = 0.05f; lambda < 3.3f; lambda *= 2) {
    g_autofree float *codes = g_new0 (float, N * ATOMS);
    guint now;

    code_l1 (dictionary, methods[__i__], lambda, 2000, 1e-5f, x, N, codes);
    now = count_nonzero (codes, N * ATOMS);
    fail_unless (now < before, "lambda %g: %u after %u", (double) lambda, now,
        before);
    before = now;
  }
  /* Codes are zero from lambda = 2 max |W'x| on. */
  for (guint i = 0; i < ATOMS; i++) {
    float product = 0;

    for (guint j = 0; j < DIMS; j++)
      product += ae_dictionary_atoms (dictionary)[i * DIMS + j] * x[j];
    bound = MAX (bound, 2 * fabsf (product));
  }
  for (guint over = 0; over < 2; over++) {
    float code[ATOMS] = { 0 };

    code_l1 (dictionary, methods[__i__], bound * (over ? 1.001f : 0.999f),
        2000, 1e-7f, x, 1, code);
    fail_unless_equals_int (count_nonzero (code, ATOMS), over ? 0 : 1);
  }
}

GST_END_TEST;

GST_START_TEST (test_hard_threshold_keeps_k_and_finds_the_true_places)
{
  enum
  { K = 2, D = 64, M = 96, N_SAMPLES = 300 };
  g_autofree float *truth = g_new (float, N_SAMPLES * M);
  g_autofree float *codes = g_new0 (float, N_SAMPLES * M);
  g_autofree float *x = NULL;
  g_autoptr (AeDictionary) dictionary = NULL;
  g_autoptr (GError) error = NULL;
  double before = G_MAXDOUBLE;
  guint n_right = 0;
  AeRng rng;

  ae_rng_init (&rng, 5);
  dictionary = random_dictionary (M, D, &rng);
  x = make_samples (dictionary, N_SAMPLES, K, 0.0f, &rng, truth);
  for (guint i = 0; i < 200; i++) {
    double now;

    fail_unless (ae_sparse_coding_l0 (dictionary, K, 1, x, N_SAMPLES, codes,
            &error));
    now = ae_dictionary_objective (dictionary, x, codes, N_SAMPLES, 0, 0);
    fail_unless (now <= before * (1 + 1e-5) + 1e-9);
    before = now;
  }
  for (guint i = 0; i < N_SAMPLES; i++) {
    float error2 = 0;

    fail_unless_equals_int (count_nonzero (codes + i * M, M), K);
    for (guint j = 0; j < M; j++)
      error2 += (codes[i * M + j] - truth[i * M + j])
          * (codes[i * M + j] - truth[i * M + j]);
    n_right += error2 < 1e-4f;
  }
  fail_unless (n_right >= N_SAMPLES * 95 / 100, "%u of %u codes found",
      n_right, N_SAMPLES);
  fail_if (ae_sparse_coding_l0 (dictionary, M + 1, 1, x, N_SAMPLES, codes,
          &error));
  g_assert_error (error, AE_ERROR, AE_ERROR_SHAPE);
}

GST_END_TEST;

GST_START_TEST (test_linear_encoder_inverts_an_undercomplete_dictionary)
{
  enum
  { FEW = 6 };
  g_autofree float *codes = g_new (float, N * FEW);
  g_autofree float *x = NULL;
  g_autoptr (AeDictionary) dictionary = NULL;
  g_autoptr (GError) error = NULL;
  float v[FEW * DIMS], product[FEW * FEW];
  AeRng rng;

  ae_rng_init (&rng, 11);
  dictionary = random_dictionary (FEW, DIMS, &rng);
  x = make_samples (dictionary, N, 3, 0.0f, &rng, codes);
  fail_unless (ae_sparse_coding_fit_encoder (x, N, DIMS, codes, FEW, 0, v,
          &error));
  /* V W = I */
  ae_gemm (FALSE, TRUE, FEW, FEW, DIMS, 1.0f, v, DIMS,
      ae_dictionary_atoms (dictionary), DIMS, 0.0f, product, FEW);
  for (guint i = 0; i < FEW * FEW; i++)
    fail_unless (fabsf (product[i] - (i % (FEW + 1) == 0)) < 1e-4f);
}

GST_END_TEST;

static double
encoder_error (const float *v, const float *x, const float *codes)
{
  g_autofree float *guess = g_new (float, N * ATOMS);
  double sum = 0;

  ae_gemm (FALSE, TRUE, N, ATOMS, DIMS, 1.0f, x, DIMS, v, DIMS, 0.0f, guess,
      ATOMS);
  for (guint i = 0; i < N * ATOMS; i++)
    sum += (double) ((guess[i] - codes[i]) * (guess[i] - codes[i]));
  return sum;
}

GST_START_TEST (test_linear_encoder_foretells_codes_and_ridge_shrinks_it)
{
  g_autofree float *codes = g_new0 (float, 2 * N * ATOMS);
  g_autofree float *x = NULL;
  g_autoptr (AeDictionary) dictionary = NULL;
  g_autoptr (GError) error = NULL;
  float v[ATOMS * DIMS], small[ATOMS * DIMS], zero[ATOMS * DIMS] = { 0 };
  const float *others;
  double learned, length2 = 0, small_length2 = 0;
  AeRng rng;

  ae_rng_init (&rng, 12);
  dictionary = random_dictionary (ATOMS, DIMS, &rng);
  x = make_samples (dictionary, 2 * N, 3, 0.05f, &rng, NULL);
  code_l1 (dictionary, AE_SPARSE_DESCENT, 0.2f, 500, 1e-4f, x, 2 * N, codes);
  fail_unless (ae_sparse_coding_fit_encoder (x, N, DIMS, codes, ATOMS, 1e-3,
          v, &error));
  others = codes + N * ATOMS;
  learned = encoder_error (v, x + N * DIMS, others);
  fail_unless (learned < 0.7 * encoder_error (ae_dictionary_atoms (dictionary),
          x + N * DIMS, others), "the transposed dictionary foretells better");
  fail_unless (learned < 0.5 * encoder_error (zero, x + N * DIMS, others),
      "%g, no better than zeros", learned);
  fail_unless (ae_sparse_coding_fit_encoder (x, N, DIMS, codes, ATOMS, 1.0,
          small, &error));
  for (guint i = 0; i < ATOMS * DIMS; i++) {
    length2 += (double) (v[i] * v[i]);
    small_length2 += (double) (small[i] * small[i]);
  }
  fail_unless (small_length2 < length2 / 4);
}

GST_END_TEST;

GST_START_TEST (test_numbers_that_are_not_finite_are_refused)
{
  float atoms[2] = { 1, NAN }, x[2] = { 1, 2 }, codes[2] = { 0, 0 }, v[4];
  g_autoptr (AeDictionary) dictionary = NULL;
  g_autoptr (GError) error = NULL;

  fail_unless (ae_dictionary_new (atoms, 1, 2, &error) == NULL);
  g_assert_error (error, AE_ERROR, AE_ERROR_NOT_FINITE);
  g_clear_error (&error);
  atoms[1] = 0;
  dictionary = new_dictionary (atoms, 1, 2);
  codes[0] = INFINITY;
  fail_if (ae_sparse_coding_l1 (dictionary, AE_SPARSE_FISTA, 0.1f, 10, 0, x, 1,
          codes, NULL, &error));
  g_assert_error (error, AE_ERROR, AE_ERROR_NOT_FINITE);
  g_clear_error (&error);
  x[0] = NAN;
  codes[0] = 0;
  fail_if (ae_sparse_coding_l0 (dictionary, 1, 10, x, 1, codes, &error));
  g_assert_error (error, AE_ERROR, AE_ERROR_NOT_FINITE);
  g_clear_error (&error);
  fail_if (ae_sparse_coding_fit_encoder (x, 1, 2, codes, 2, 0, v, &error));
  g_assert_error (error, AE_ERROR, AE_ERROR_NOT_FINITE);
}

GST_END_TEST;

static Suite *
sparse_coding_suite (void)
{
  Suite *suite = suite_create ("sparse-coding");
  TCase *tcase = tcase_create ("general");
  gint n_methods = G_N_ELEMENTS (methods);

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_codes_and_objective_equal_scikit_learn, 0,
      n_methods);
  /* FISTA called step by step has no momentum, and is ISTA. */
  tcase_add_loop_test (tcase,
      test_objective_never_rises_and_ends_at_the_minimum, 0, n_methods);
  tcase_add_loop_test (tcase, test_gap_bounds_the_distance_to_the_minimum, 0,
      n_methods);
  tcase_add_test (tcase,
      test_fista_is_faster_than_ista_and_a_warm_start_than_zeros);
  tcase_add_loop_test (tcase,
      test_density_falls_as_lambda_grows_to_none_at_its_bound, 0, n_methods);
  tcase_add_test (tcase, test_hard_threshold_keeps_k_and_finds_the_true_places);
  tcase_add_test (tcase,
      test_linear_encoder_inverts_an_undercomplete_dictionary);
  tcase_add_test (tcase,
      test_linear_encoder_foretells_codes_and_ridge_shrinks_it);
  tcase_add_test (tcase, test_numbers_that_are_not_finite_are_refused);
  return suite;
}

GST_CHECK_MAIN (sparse_coding);
