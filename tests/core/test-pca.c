/* PCA against NumPy's decompositions, and the properties that define it.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "../data/golden-pca.h"
#include "ae-error.h"
#include "ae-gemm.h"
#include "ae-pca.h"
#include "ae-rng.h"

/* Correlated samples about a mean of 3: x = 3 + M z with fading columns of M;
 * the noise makes the rank full. */
static float *
make_samples (guint n, guint d, guint rank, float noise, guint64 seed)
{
  g_autofree float *mix = g_new (float, rank * d);
  g_autofree float *z = g_new (float, n * rank);
  float *x = g_new (float, n * d);
  AeRng rng;

  ae_rng_init (&rng, seed);
  ae_rng_fill_normal (&rng, mix, rank * d);
  ae_rng_fill_normal (&rng, z, n * rank);
  ae_rng_fill_normal (&rng, x, n * d);
  for (guint i = 0; i < n * rank; i++)
    z[i] /= (float) (1 + i % rank);
  for (guint i = 0; i < n * d; i++)
    x[i] = 3 + noise * x[i];
  ae_gemm (FALSE, FALSE, n, d, rank, 1.0f, z, rank, mix, d, 1.0f, x, d);
  return x;
}

static AePca *
new_pca (const float *x, guint n, guint d, guint k)
{
  g_autoptr (GError) error = NULL;
  AePca *pca = ae_pca_new (x, n, d, k, &error);

  g_assert_no_error (error);
  return pca;
}

/* Batches of growing size, so that their borders fall anywhere. */
static AePca *
new_pca_in_batches (const float *x, guint n, guint d, guint k)
{
  AePca *pca = new_pca (x, 2, d, k);

  for (guint i = 2, size = 1; i < n; i += size, size += 3) {
    g_autoptr (GError) error = NULL;
    AePca *next = ae_pca_update (pca, x + i * d, MIN (size, n - i), &error);

    g_assert_no_error (error);
    ae_pca_free (pca);
    pca = next;
  }
  return pca;
}

static void
assert_golden (guint n, guint d, guint rank, const float *x,
    const float *mean, const double *variances, const float *components)
{
  g_autoptr (AePca) pca = new_pca (x, n, d, d);

  fail_unless_equals_int (ae_pca_n_components (pca), rank);
  for (guint j = 0; j < d; j++)
    fail_unless (fabsf (ae_pca_mean (pca)[j] - mean[j]) < 1e-5f);
  for (guint i = 0; i < rank; i++)
    fail_unless (fabs (ae_pca_variances (pca)[i] / variances[i] - 1) < 1e-9);
  for (guint i = 0; i < rank * d; i++)
    fail_unless (fabsf (ae_pca_components (pca)[i] - components[i]) < 1e-6f);
}

GST_START_TEST (test_pca_equals_numpy)
{
  assert_golden (20, 5, G_N_ELEMENTS (tall_variances), tall_x, tall_mean,
      tall_variances, tall_components);
}

GST_END_TEST;

GST_START_TEST (test_pca_with_fewer_samples_than_dimensions_equals_numpy)
{
  fail_unless_equals_int (G_N_ELEMENTS (wide_variances), 3);
  assert_golden (4, 9, 3, wide_x, wide_mean, wide_variances, wide_components);
}

GST_END_TEST;

GST_START_TEST (test_incremental_equals_batch_when_all_variance_is_kept)
{
  enum
  { N = 300, D = 12 };
  g_autofree float *x = make_samples (N, D, 6, 0.1f, 2);
  g_autoptr (AePca) batch = new_pca (x, N, D, D);
  g_autoptr (AePca) stream = new_pca_in_batches (x, N, D, D);

  fail_unless_equals_uint64 (ae_pca_n_samples (stream), N);
  fail_unless_equals_int (ae_pca_n_components (stream), D);
  fail_unless (fabs (ae_pca_total_variance (stream) /
          ae_pca_total_variance (batch) - 1) < 1e-9);
  for (guint i = 0; i < D; i++) {
    fail_unless (fabsf (ae_pca_mean (stream)[i] -
            ae_pca_mean (batch)[i]) < 1e-6f);
    fail_unless (fabs (ae_pca_variances (stream)[i] /
            ae_pca_variances (batch)[i] - 1) < 1e-5);
  }
  for (guint i = 0; i < D * D; i++)
    fail_unless (fabsf (ae_pca_components (stream)[i] -
            ae_pca_components (batch)[i]) < 1e-4f);
}

GST_END_TEST;

/* What is cut off at each update is lost, so this is near and not equal. */
GST_START_TEST (test_incremental_follows_batch_when_variance_is_cut_off)
{
  enum
  { N = 2000, D = 20, K = 4 };
  g_autofree float *x = make_samples (N, D, 4, 0.1f, 3);
  g_autoptr (AePca) batch = new_pca (x, N, D, K);
  g_autoptr (AePca) stream = new_pca_in_batches (x, N, D, K);
  g_autoptr (GError) error = NULL;
  double degrees = 90;

  fail_unless_equals_int (ae_pca_n_components (stream), K);
  fail_unless (ae_pca_largest_angle (ae_pca_components (batch),
          ae_pca_components (stream), K, D, &degrees, &error));
  fail_unless (degrees < 0.5, "largest angle %g", degrees);
  for (guint i = 0; i < K; i++)
    fail_unless (fabs (ae_pca_variances (stream)[i] /
            ae_pca_variances (batch)[i] - 1) < 0.01);
  fail_unless (fabs (ae_pca_total_variance (stream) /
          ae_pca_total_variance (batch) - 1) < 1e-9);
}

GST_END_TEST;

GST_START_TEST (test_update_takes_a_single_sample_and_leaves_the_old_analysis)
{
  g_autoptr (AePca) old = new_pca (tall_x, 19, 5, 5);
  g_autoptr (AePca) all = new_pca (tall_x, 20, 5, 5);
  double old_variance = ae_pca_variances (old)[0];
  g_autoptr (GError) error = NULL;
  g_autoptr (AePca) next = ae_pca_update (old, tall_x + 19 * 5, 1, &error);

  g_assert_no_error (error);
  fail_unless_equals_uint64 (ae_pca_n_samples (old), 19);
  fail_unless (ae_pca_variances (old)[0] == old_variance);
  for (guint i = 0; i < 5; i++)
    fail_unless (fabs (ae_pca_variances (next)[i] / ae_pca_variances (all)[i]
            - 1) < 1e-5);
  fail_unless (ae_pca_update (old, tall_x, 0, &error) == NULL);
  g_assert_error (error, AE_ERROR, AE_ERROR_SHAPE);
}

GST_END_TEST;

GST_START_TEST (test_reconstruction_error_is_the_variance_left_out)
{
  enum
  { N = 1500, D = 16 };
  g_autofree float *x = make_samples (N, D, 16, 0.1f, 4);
  g_autofree float *code = g_new (float, N * D);
  g_autofree float *back = g_new (float, N * D);
  g_autoptr (AePca) full = new_pca (x, N, D, D);

  for (guint k = 1; k <= D; k += 5) {
    g_autoptr (AePca) pca = new_pca (x, N, D, k);
    double left_out = 0, found = 0;

    for (guint i = k; i < D; i++)
      left_out += ae_pca_variances (full)[i];
    ae_pca_project (pca, x, N, code);
    ae_pca_reconstruct (pca, code, N, back);
    for (guint i = 0; i < N * D; i++)
      found += (double) ((x[i] - back[i]) * (x[i] - back[i]));
    found /= N - 1;
    fail_unless (fabs (found - left_out) <
        1e-5 * left_out + 1e-10 * ae_pca_total_variance (full),
        "%u components: error %g, eigenvalues left out %g", k, found, left_out);
  }
}

GST_END_TEST;

GST_START_TEST
    (test_codes_are_uncorrelated_with_the_variances_of_the_components) {
  enum
  { N = 800, D = 10, K = 4 };
  g_autofree float *x = make_samples (N, D, 10, 0.1f, 5);
  g_autofree float *code = g_new (float, N * K);
  g_autoptr (AePca) pca = new_pca (x, N, D, K);

  ae_pca_project (pca, x, N, code);
  for (guint a = 0; a < K; a++) {
    for (guint b = 0; b < K; b++) {
      double sum = 0;

      for (guint i = 0; i < N; i++)
        sum += (double) code[i * K + a] * (double) code[i * K + b];
      fail_unless (fabs (sum / (N - 1) - (a ==
                  b ? ae_pca_variances (pca)[a] : 0)) <
          1e-5 * ae_pca_variances (pca)[0]);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_data_of_lower_rank_give_fewer_components)
{
  enum
  { N = 50, D = 8 };
  g_autofree float *x = make_samples (N, D, 3, 0.0f, 6);
  g_autofree float *code = g_new (float, N * D);
  g_autofree float *back = g_new (float, N * D);
  float equal[6] = { 1, 2, 1, 2, 1, 2 };
  g_autoptr (AePca) pca = new_pca (x, N, D, D);
  g_autoptr (AePca) stream = new_pca_in_batches (x, N, D, D);
  g_autoptr (AePca) none = new_pca (equal, 3, 2, 2);

  fail_unless_equals_int (ae_pca_n_components (pca), 3);
  fail_unless_equals_int (ae_pca_n_components (stream), 3);
  ae_pca_project (pca, x, N, code);
  ae_pca_reconstruct (pca, code, N, back);
  for (guint i = 0; i < N * D; i++)
    fail_unless (fabsf (back[i] - x[i]) < 1e-5f);
  fail_unless_equals_int (ae_pca_n_components (none), 0);
  ae_pca_reconstruct (none, NULL, 1, back);
  fail_unless (back[0] == 1 && back[1] == 2);
}

GST_END_TEST;

static void
assert_refused (const float *x, guint n, guint d, guint k, gint code)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AePca) pca = ae_pca_new (x, n, d, k, &error);

  fail_unless (pca == NULL);
  g_assert_error (error, AE_ERROR, code);
}

GST_START_TEST (test_one_sample_and_numbers_that_are_not_finite_are_refused)
{
  float x[6] = { 1, 2, 3, 4, 5, 6 };
  g_autoptr (AePca) pca = new_pca (x, 3, 2, 1);
  g_autoptr (GError) error = NULL;
  double degrees;

  assert_refused (x, 1, 2, 1, AE_ERROR_SHAPE);
  assert_refused (x, 3, 2, 3, AE_ERROR_SHAPE);
  assert_refused (x, 3, 2, 0, AE_ERROR_SHAPE);
  x[3] = NAN;
  assert_refused (x, 3, 2, 1, AE_ERROR_NOT_FINITE);
  fail_unless (ae_pca_update (pca, x, 2, &error) == NULL);
  g_assert_error (error, AE_ERROR, AE_ERROR_NOT_FINITE);
  g_clear_error (&error);
  fail_if (ae_pca_largest_angle (x, x, 2, 3, &degrees, &error));
  g_assert_error (error, AE_ERROR, AE_ERROR_NOT_FINITE);
  x[3] = INFINITY;
  assert_refused (x, 3, 2, 1, AE_ERROR_NOT_FINITE);
}

GST_END_TEST;

static double
largest_angle (const float *a, const float *b, guint k, guint d)
{
  g_autoptr (GError) error = NULL;
  double degrees = -1;

  ae_pca_largest_angle (a, b, k, d, &degrees, &error);
  g_assert_no_error (error);
  return degrees;
}

GST_START_TEST (test_largest_angle_is_that_of_numpy_and_of_known_planes)
{
  const float plane[6] = { 1, 0, 0, 0, 1, 0 };
  const float same_plane[6] = { 3, 1, 0, 1, -2, 0 };
  const float tilted[6] = { 1, 0, 0, 0, 1, 1e-4f };
  const float across[6] = { 1, 0, 0, 0, 0, 1 };
  const float line[6] = { 1, 2, 3, 2, 4, 6 };
  g_autoptr (GError) error = NULL;
  double degrees;

  fail_unless (fabs (largest_angle (angle_a, angle_b, 3, 7) -
          angle_degrees) < 1e-5);
  fail_unless (largest_angle (plane, same_plane, 2, 3) < 1e-7);
  degrees = largest_angle (plane, tilted, 2, 3);
  fail_unless (fabs (degrees / (1e-4 * 180 / G_PI) - 1) < 1e-6);
  fail_unless (fabs (largest_angle (plane, across, 2, 3) - 90) < 1e-7);
  fail_if (ae_pca_largest_angle (plane, line, 2, 3, &degrees, &error));
  g_assert_error (error, AE_ERROR, AE_ERROR_SHAPE);
}

GST_END_TEST;

static Suite *
pca_suite (void)
{
  Suite *suite = suite_create ("pca");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_pca_equals_numpy);
  tcase_add_test (tcase,
      test_pca_with_fewer_samples_than_dimensions_equals_numpy);
  tcase_add_test (tcase,
      test_incremental_equals_batch_when_all_variance_is_kept);
  tcase_add_test (tcase,
      test_incremental_follows_batch_when_variance_is_cut_off);
  tcase_add_test (tcase,
      test_update_takes_a_single_sample_and_leaves_the_old_analysis);
  tcase_add_test (tcase, test_reconstruction_error_is_the_variance_left_out);
  tcase_add_test (tcase,
      test_codes_are_uncorrelated_with_the_variances_of_the_components);
  tcase_add_test (tcase, test_data_of_lower_rank_give_fewer_components);
  tcase_add_test (tcase,
      test_one_sample_and_numbers_that_are_not_finite_are_refused);
  tcase_add_test (tcase,
      test_largest_angle_is_that_of_numpy_and_of_known_planes);
  return suite;
}

GST_CHECK_MAIN (pca);
