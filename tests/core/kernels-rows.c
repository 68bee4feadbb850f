/* Row operations against plain loops. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "kernels-tests.h"

#define N_SHAPES 40
#define MOST_STEP 4
#define MOST_N 150
#define N_FLOATS (MOST_STEP * (MOST_N + AE_GROUP))
#define EPSILON 1e-5f

/* One random call: rows beyond @n hold what must stay. */
typedef struct
{
  guint step, n;
  float in[N_FLOATS], before[N_FLOATS], out[N_FLOATS];
} Call;

static void
call_init (Call * call, guint seed)
{
  AeRng rng;

  ae_rng_init (&rng, seed);
  call->step = 1 + ae_rng_below (&rng, MOST_STEP);
  call->n = 1 + ae_rng_below (&rng, MOST_N);
  ae_rng_fill_normal (&rng, call->in, N_FLOATS);
  ae_rng_fill_normal (&rng, call->before, N_FLOATS);
  memcpy (call->out, call->before, sizeof call->out);
}

/* Calls @run with each instruction set, and @expect for what must come out,
 * given @before. */
static void
check_call (guint seed, const gchar * what,
    void (*run) (const AeKernels * kernels, Call * call),
    void (*expect) (const Call * call, float *out), float tolerance)
{
  static Call call;
  static float expected[N_FLOATS];

  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);

    if (kernels == NULL)
      continue;
    call_init (&call, seed);
    memcpy (expected, call.before, sizeof expected);
    expect (&call, expected);
    run (kernels, &call);
    for (guint i = 0; i < N_FLOATS; i++)
      if (!(fabsf (call.out[i] - expected[i]) <= tolerance))
        ck_abort_msg ("%s, %s: step %u, n %u: float %u is %g, expected %g",
            ae_cpu_level_name (level), what, call.step, call.n, i,
            (double) call.out[i], (double) expected[i]);
  }
}

static void
run_split (const AeKernels * kernels, Call * call)
{
  kernels->row_split (call->step, call->n, call->in, call->out,
      MOST_N + AE_GROUP);
}

static void
expect_split (const Call * call, float *out)
{
  for (guint i = 0; i < call->n * call->step; i++)
    out[i % call->step * (MOST_N + AE_GROUP) + i / call->step] = call->in[i];
}

GST_START_TEST (test_split_takes_columns_apart)
{
  check_call ((guint) __i__, "split", run_split, expect_split, 0.0f);
}

GST_END_TEST;

static void
run_join (const AeKernels * kernels, Call * call)
{
  kernels->row_join (call->step, call->n, call->in, MOST_N + 1, call->out);
}

static void
expect_join (const Call * call, float *out)
{
  for (guint i = 0; i < call->n * call->step; i++)
    out[i] = call->in[i % call->step * (MOST_N + 1) + i / call->step];
}

static void
run_repeat (const AeKernels * kernels, Call * call)
{
  kernels->row_join (call->step, call->n, call->in, 0, call->out);
}

static void
expect_repeat (const Call * call, float *out)
{
  for (guint i = 0; i < call->n * call->step; i++)
    out[i] = call->in[i / call->step];
}

GST_START_TEST (test_join_puts_columns_together)
{
  check_call ((guint) __i__, "join", run_join, expect_join, 0.0f);
  check_call ((guint) __i__, "repeat", run_repeat, expect_repeat, 0.0f);
}

GST_END_TEST;

static void
run_add (const AeKernels * kernels, Call * call)
{
  kernels->row_add (call->n, call->in, call->out);
}

static void
expect_add (const Call * call, float *out)
{
  for (guint i = 0; i < call->n; i++)
    out[i] = out[i] + call->in[i];
}

static void
run_add_leak (const AeKernels * kernels, Call * call)
{
  kernels->row_add_leak (call->n, 0.25f, call->in, call->out);
}

static void
expect_add_leak (const Call * call, float *out)
{
  for (guint i = 0; i < call->n; i++) {
    float x = out[i] + call->in[i];

    out[i] = x > 0.0f ? x : 0.25f * x;
  }
}

static void
run_relu (const AeKernels * kernels, Call * call)
{
  kernels->row_leak (call->n, 0.0f, call->out);
}

static void
expect_relu (const Call * call, float *out)
{
  for (guint i = 0; i < call->n; i++)
    out[i] = fmaxf (out[i], 0.0f);
}

static void
run_scale (const AeKernels * kernels, Call * call)
{
  kernels->row_scale (call->n, call->in[0], call->out);
}

static void
expect_scale (const Call * call, float *out)
{
  for (guint i = 0; i < call->n; i++)
    out[i] = out[i] * call->in[0];
}

GST_START_TEST (test_rows_are_added_scaled_and_clipped)
{
  guint seed = (guint) __i__;

  check_call (seed, "add", run_add, expect_add, 0.0f);
  check_call (seed, "add_leak", run_add_leak, expect_add_leak, 0.0f);
  check_call (seed, "relu", run_relu, expect_relu, 0.0f);
  check_call (seed, "scale", run_scale, expect_scale, 0.0f);
}

GST_END_TEST;

/* Average or largest, first row or later one, as the shape falls. */
static gboolean
is_average (const Call * call)
{
  return call->n % 2;
}

static gboolean
is_first (const Call * call)
{
  return call->n / 2 % 2;
}

static void
run_pool (const AeKernels * kernels, Call * call)
{
  kernels->row_pool (call->step, is_average (call), is_first (call), call->n,
      call->in, call->out);
}

static void
expect_pool (const Call * call, float *out)
{
  for (guint i = 0; i < call->n; i++) {
    double sum = 0.0, most = -G_MAXDOUBLE;

    for (guint j = 0; j < call->step; j++) {
      sum += (double) call->in[i * call->step + j];
      most = MAX (most, (double) call->in[i * call->step + j]);
    }
    if (!is_first (call)) {
      sum += (double) out[i];
      most = MAX (most, (double) out[i]);
    }
    out[i] = (float) (is_average (call) ? sum : most);
  }
}

GST_START_TEST (test_pool_takes_the_sum_or_the_largest)
{
  check_call ((guint) __i__, "pool", run_pool, expect_pool, 1e-5f);
}

GST_END_TEST;

/* @step channels. */
static void
run_norm (const AeKernels * kernels, Call * call)
{
  kernels->row_norm (call->step, (call->n + AE_GROUP - 1) / AE_GROUP,
      MOST_N + AE_GROUP, EPSILON, call->in, call->in + MOST_STEP, call->out);
}

static void
expect_norm (const Call * call, float *out)
{
  guint n = (call->n + AE_GROUP - 1) / AE_GROUP * AE_GROUP;

  for (guint x = 0; x < n; x++) {
    double mean = 0.0, variance = 0.0;

    for (guint c = 0; c < call->step; c++)
      mean += (double) out[c * (MOST_N + AE_GROUP) + x] / call->step;
    for (guint c = 0; c < call->step; c++) {
      double d = (double) out[c * (MOST_N + AE_GROUP) + x] - mean;

      variance += d * d / call->step;
    }
    for (guint c = 0; c < call->step; c++) {
      float *at = &out[c * (MOST_N + AE_GROUP) + x];

      *at = (float) (((double) *at - mean)
          / sqrt (variance +
              (double) EPSILON) * (double) call->in[c] +
          (double) call->in[MOST_STEP + c]);
    }
  }
}

GST_START_TEST (test_norm_removes_mean_and_variance)
{
  check_call ((guint) __i__, "norm", run_norm, expect_norm, 1e-4f);
}

GST_END_TEST;

TCase *
kernels_rows_tests (void)
{
  TCase *tcase = tcase_create ("rows");

  tcase_add_loop_test (tcase, test_split_takes_columns_apart, 0, N_SHAPES);
  tcase_add_loop_test (tcase, test_join_puts_columns_together, 0, N_SHAPES);
  tcase_add_loop_test (tcase, test_rows_are_added_scaled_and_clipped, 0,
      N_SHAPES);
  tcase_add_loop_test (tcase, test_pool_takes_the_sum_or_the_largest, 0,
      N_SHAPES);
  tcase_add_loop_test (tcase, test_norm_removes_mean_and_variance, 0, N_SHAPES);
  return tcase;
}
