/* MSE, PSNR and SSIM against values from NumPy. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-quality.h"

#define MAX_SIDE 64

/* Printed by tests/data/make-golden-quality.py; both sizes of window. */
static const struct
{
  guint width, height;
  double mse, psnr_db, ssim;
} golden[] = {
  {61, 47, 0.002059040, 26.863352, 0.97169155},
  {11, 11, 0.001904798, 27.201510, 0.69210966},
  {8, 30, 0.001949571, 27.100610, 0.98835397},
};

/* The formulas of the script. Samples outside the picture are NaN. */
static void
fill_pictures (float *a, float *b, guint width, guint height)
{
  for (guint i = 0; i < MAX_SIDE * MAX_SIDE; i++)
    a[i] = b[i] = NAN;
  for (guint y = 0; y < height; y++) {
    for (guint x = 0; x < width; x++) {
      const gint code = ((3 * x * x + 5 * y * y + 7 * x * y) >> 4) & 255;
      const gint error = (gint) ((13 * x + 29 * y) % 41) - 20;

      a[y * MAX_SIDE + x] = (float) code / 255.0f;
      b[y * MAX_SIDE + x] = (float) CLAMP (code + error, 0, 255) / 255.0f;
    }
  }
}

GST_START_TEST (test_quality_equals_values_computed_apart)
{
  float a[MAX_SIDE * MAX_SIDE], b[MAX_SIDE * MAX_SIDE];
  const guint width = golden[__i__].width, height = golden[__i__].height;
  double mse, psnr_db, ssim;

  fill_pictures (a, b, width, height);
  mse = ae_quality_mse (a, MAX_SIDE, b, MAX_SIDE, width, height);
  psnr_db = ae_quality_psnr_from_mse (mse);
  ssim = ae_quality_ssim (a, MAX_SIDE, b, MAX_SIDE, width, height);
  fail_unless (fabs (mse - golden[__i__].mse) < 1e-8, "%.9f", mse);
  fail_unless (fabs (psnr_db - golden[__i__].psnr_db) < 1e-4, "%f", psnr_db);
  fail_unless (fabs (ssim - golden[__i__].ssim) < 1e-5, "%.8f", ssim);
}

GST_END_TEST;

GST_START_TEST (test_quality_of_equal_pictures_is_the_best)
{
  float a[MAX_SIDE * MAX_SIDE], b[MAX_SIDE * MAX_SIDE];

  fill_pictures (a, b, 61, 47);
  fail_unless (ae_quality_mse (a, MAX_SIDE, a, MAX_SIDE, 61, 47) == 0);
  fail_unless (ae_quality_psnr_from_mse (0) == AE_PSNR_EQUAL_DB);
  fail_unless (fabs (ae_quality_ssim (a, MAX_SIDE, a, MAX_SIDE, 61, 47) - 1)
      < 1e-6);
}

GST_END_TEST;

GST_START_TEST (test_psnr_of_one_code_of_error_is_48_db)
{
  fail_unless (fabs (ae_quality_psnr_from_mse (1 / (255.0 * 255.0)) - 48.1308)
      < 1e-4);
}

GST_END_TEST;

GST_START_TEST (test_ssim_of_a_negative_is_negative)
{
  float a[MAX_SIDE * MAX_SIDE], b[MAX_SIDE * MAX_SIDE];

  fill_pictures (a, b, 61, 47);
  for (guint i = 0; i < MAX_SIDE * MAX_SIDE; i++)
    b[i] = 1.0f - a[i];
  fail_unless (ae_quality_ssim (a, MAX_SIDE, b, MAX_SIDE, 61, 47) < -0.5);
}

GST_END_TEST;

#define MS_SIDE 192

/* Stripes of all widths, and how the other picture differs: by noise of the
 * finest scale, or by the same energy in the coarsest. */
static double
ms_ssim_with (guint period, float amplitude)
{
  g_autofree float *a = g_new (float, MS_SIDE * MS_SIDE);
  g_autofree float *b = g_new (float, MS_SIDE * MS_SIDE);

  for (guint y = 0; y < MS_SIDE; y++) {
    for (guint x = 0; x < MS_SIDE; x++) {
      float v = 0.5f + 0.2f * sinf (0.003f * (float) (x * y))
          + 0.1f * sinf (0.1f * (float) y);

      a[y * MS_SIDE + x] = v;
      b[y * MS_SIDE + x] = v
          + ((x / period + y / period) % 2 ? amplitude : -amplitude);
    }
  }
  return ae_quality_ms_ssim (a, MS_SIDE, b, MS_SIDE, MS_SIDE, MS_SIDE);
}

GST_START_TEST (test_ms_ssim_forgives_what_is_only_in_the_finest_scale)
{
  double fine = ms_ssim_with (1, 0.05f), coarse = ms_ssim_with (8, 0.05f);

  fail_unless (fabs (ms_ssim_with (1, 0) - 1) < 1e-6);
  fail_unless (fine < 0.9999 && coarse < fine - 0.02, "%g, %g", fine, coarse);
  fail_unless (ms_ssim_with (8, 0.1f) < coarse);
}

GST_END_TEST;

/* Of one scale all but 0.0448 of the exponents are left: with an error that 2x2
 * means take away, the result is the first scale's contrast to that power, as
 * the mean stays as it is too. */
GST_START_TEST (test_ms_ssim_weighs_scales)
{
  g_autofree float *a = g_new (float, MS_SIDE * MS_SIDE);
  g_autofree float *b = g_new (float, MS_SIDE * MS_SIDE);
  /* a flat picture against a chequered one: contrast C2 / (variance + C2) */
  const double variance = 0.1 * 0.1, c2 = 0.03 * 0.03;
  double expected = pow (c2 / (variance + c2), 0.0448);

  for (guint i = 0; i < MS_SIDE * MS_SIDE; i++) {
    a[i] = 0.5f;
    b[i] = (i + i / MS_SIDE) % 2 ? 0.6f : 0.4f;
  }
  fail_unless (fabs (ae_quality_ms_ssim (a, MS_SIDE, b, MS_SIDE, MS_SIDE,
              MS_SIDE) - expected) < 1e-3);
}

GST_END_TEST;

static Suite *
quality_suite (void)
{
  Suite *suite = suite_create ("quality");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_quality_equals_values_computed_apart, 0,
      G_N_ELEMENTS (golden));
  tcase_add_test (tcase, test_quality_of_equal_pictures_is_the_best);
  tcase_add_test (tcase, test_psnr_of_one_code_of_error_is_48_db);
  tcase_add_test (tcase, test_ssim_of_a_negative_is_negative);
  tcase_add_test (tcase,
      test_ms_ssim_forgives_what_is_only_in_the_finest_scale);
  tcase_add_test (tcase, test_ms_ssim_weighs_scales);
  return suite;
}

GST_CHECK_MAIN (quality);
