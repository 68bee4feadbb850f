/* The kernels against plain loops; with --bench, their speed.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "kernels-tests.h"

GST_START_TEST (test_levels_without_support_have_no_kernels)
{
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++)
    fail_unless_equals_int (ae_kernels_for_level (level) != NULL,
        level <= ae_cpu_level ());
  fail_unless (ae_kernels () == ae_kernels_for_level (ae_cpu_level ()));
}

GST_END_TEST;

static Suite *
kernels_suite (void)
{
  Suite *suite = suite_create ("kernels");
  TCase *tcase = tcase_create ("choice");

  tcase_add_test (tcase, test_levels_without_support_have_no_kernels);
  suite_add_tcase (suite, tcase);
  suite_add_tcase (suite, kernels_taps_tests ());
  suite_add_tcase (suite, kernels_rows_tests ());
  suite_add_tcase (suite, kernels_int8_tests ());
  suite_add_tcase (suite, kernels_training_tests ());
  return suite;
}

int
main (int argc, char **argv)
{
  if (argc == 2 && strcmp (argv[1], "--bench") == 0) {
    kernels_bench ();
    return 0;
  }
  gst_check_init (&argc, &argv);
  return gst_check_run_suite (kernels_suite (), "kernels", __FILE__);
}
