/* Sums over taps and Winograd's transforms against plain sums.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>

#include "kernels-tests.h"

#define N_SHAPES 60
#define MOST_M 20

/* One random call of the kernels over taps. */
typedef struct
{
  guint m, n_groups, n_taps, step;
  guint n_in, n_out;            /* floats of a row */
  float *weights, *packed, *in, *out, *grad;
  gint32 *offset;
  float bias[MOST_M];
} Call;

static float *
random_floats (AeRng * rng, gsize n)
{
  float *x = g_new (float, n);

  ae_rng_fill_normal (rng, x, n);
  return x;
}

static void
call_init (Call * call, guint seed)
{
  AeRng rng;

  ae_rng_init (&rng, seed);
  call->m = 1 + ae_rng_below (&rng, MOST_M);
  call->n_groups = 1 + ae_rng_below (&rng, 9);
  call->n_taps = 1 + ae_rng_below (&rng, 30);
  call->step = AE_GROUP * (1 + ae_rng_below (&rng, 2));
  call->n_in = call->n_groups * call->step + 64;
  call->n_out = call->n_groups * call->step + 3;
  call->weights = random_floats (&rng, call->m * call->n_taps);
  call->packed = g_new (float, ae_kernels_packed_size (call->m, call->n_taps));
  call->in = random_floats (&rng, 2 * call->n_in);
  call->out = g_new0 (float, call->m * call->n_out);
  call->grad = g_new0 (float, call->m * call->n_taps);
  call->offset = g_new (gint32, call->n_taps);
  ae_rng_fill_normal (&rng, call->bias, MOST_M);
  for (guint t = 0; t < call->n_taps; t++)
    call->offset[t] = (gint32) ae_rng_below (&rng, 48);
  ae_kernels_pack (call->m, call->n_taps, call->weights, call->packed);
}

static void
call_clear (Call * call)
{
  g_free (call->weights);
  g_free (call->packed);
  g_free (call->in);
  g_free (call->out);
  g_free (call->grad);
  g_free (call->offset);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Call, call_clear)
     static gboolean is_position (const Call * call, guint p)
{
  return p < call->n_groups * call->step && p % call->step < AE_GROUP;
}

static double
plain_sum (const Call * call, guint i, guint p)
{
  double sum = (double) call->bias[i];

  for (guint t = 0; t < call->n_taps; t++)
    sum += (double) call->weights[i * call->n_taps + t]
        * (double) call->in[call->offset[t] + (gint32) p];
  return sum;
}

static double
plain_grad (const Call * call, guint i, guint t)
{
  double sum = 0.0;

  for (guint row = 0; row < 2; row++) {
    for (guint p = 0; p < call->n_out; p++) {
      if (is_position (call, p))
        sum += (double) call->out[i * call->n_out + p] * (double)
            call->in[row * (call->n_in - 64) + p + (guint) call->offset[t]];
    }
  }
  return sum;
}

GST_START_TEST (test_sums_over_taps_equal_plain_sums)
{
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);
    g_auto (Call) call = { 0 };

    if (kernels == NULL)
      continue;
    call_init (&call, (guint) __i__);
    kernels->taps_forward (call.m, call.n_groups, call.n_taps, call.packed,
        call.bias, call.in, call.offset, call.step,
        call.out, call.n_out, call.step);
    for (guint i = 0; i < call.m; i++) {
      for (guint p = 0; p < call.n_out; p++) {
        /* nothing is written between and past the groups */
        double expected =
            is_position (&call, p) ? plain_sum (&call, i, p) : 0.0;
        double found = (double) call.out[i * call.n_out + p];

        if (!(fabs (found - expected) < 1e-4))
          ck_abort_msg ("%s: channel %u, position %u: %g, expected %g",
              ae_cpu_level_name (level), i, p, found, expected);
      }
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_gradients_of_taps_equal_plain_sums)
{
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);
    g_auto (Call) call = { 0 };
    AeRng rng;

    if (kernels == NULL)
      continue;
    call_init (&call, (guint) __i__);
    ae_rng_init (&rng, 1);
    ae_rng_fill_normal (&rng, call.out, call.m * call.n_out);
    kernels->taps_grad_weights (call.m, 2, call.n_groups, call.n_taps,
        call.out, call.n_out, 0, call.step, call.in,
        call.offset, call.n_in - 64, call.step, call.grad);
    for (guint i = 0; i < call.m; i++) {
      for (guint t = 0; t < call.n_taps; t++) {
        double expected = plain_grad (&call, i, t);
        double found = (double) call.grad[i * call.n_taps + t];

        if (!(fabs (found - expected) < 1e-3 * (1.0 + fabs (expected))))
          ck_abort_msg ("%s: channel %u, tap %u: %g, expected %g",
              ae_cpu_level_name (level), i, t, found, expected);
      }
    }
  }
}

GST_END_TEST;

enum
{ M = 5, C = 3, MOST_GROUPS = 4, W = 64 * MOST_GROUPS };

/* A convolution of C rows-of-six by way of the transforms, and its input. */
typedef struct
{
  float in[C][6][W + AE_GROUP], weights[M][C][3][3], out[M][4][W];
} Convolution;

static const float slopes[M] = { 0.0f, 0.1f, 1.0f, 0.0f, 0.1f };

static void
convolve (const AeKernels * kernels, guint n_groups, Convolution * conv)
{
  static float v[36][C][16 * MOST_GROUPS], products[36][M][16 * MOST_GROUPS];
  g_autofree float *packed = g_new (float, 36 * ae_kernels_packed_size (M, C));
  const guint n = 16 * MOST_GROUPS;
  const gint32 tap_offset[C] = { 0, 16 * MOST_GROUPS, 32 * MOST_GROUPS };

  ae_kernels_winograd_pack (M, C, &conv->weights[0][0][0][0], packed);
  for (guint c = 0; c < C; c++) {
    const float *rows[6];

    for (guint i = 0; i < 6; i++)
      rows[i] = conv->in[c][i];
    kernels->winograd_in (n_groups, rows, v[0][c], C * n);
  }
  for (guint k = 0; k < 36; k++)
    kernels->taps_forward (M, n_groups, C, packed
        + k * ae_kernels_packed_size (M, C), NULL, v[k][0],
        tap_offset, AE_GROUP, products[k][0], n, AE_GROUP);
  for (guint m = 0; m < M; m++) {
    float *rows[4];

    for (guint i = 0; i < 4; i++)
      rows[i] = conv->out[m][i];
    kernels->winograd_out (n_groups, products[0][m], M * n, 0.5f, slopes[m],
        rows);
  }
}

static double
plain_convolution (const Convolution * conv, guint m, guint y, guint x)
{
  double sum = 0.5;

  for (guint c = 0; c < C; c++) {
    for (guint i = 0; i < 9; i++)
      sum += (double) conv->weights[m][c][i / 3][i % 3]
          * (double) conv->in[c][y + i / 3][x + i % 3];
  }
  return sum > 0.0 ? sum : (double) slopes[m] * sum;
}

GST_START_TEST (test_winograd_equals_the_convolution)
{
  static Convolution conv;
  guint n_groups = (guint) __i__;
  AeRng rng;

  ae_rng_init (&rng, n_groups);
  ae_rng_fill_normal (&rng, &conv.in[0][0][0], sizeof conv.in / sizeof (float));
  ae_rng_fill_normal (&rng, &conv.weights[0][0][0][0],
      sizeof conv.weights / sizeof (float));
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);

    if (kernels == NULL)
      continue;
    memset (conv.out, 0, sizeof conv.out);
    convolve (kernels, n_groups, &conv);
    for (guint i = 0; i < M * 4 * W; i++) {
      guint m = i / (4 * W), y = i / W % 4, x = i % W;
      double expected =
          x < 64 * n_groups ? plain_convolution (&conv, m, y, x) : 0.0;

      if (!(fabs (expected - (double) conv.out[m][y][x]) < 2e-4))
        ck_abort_msg ("%s: channel %u, row %u, column %u",
            ae_cpu_level_name (level), m, y, x);
    }
  }
}

GST_END_TEST;

/* What only a hostile model makes is the same on every level. */
GST_START_TEST (test_an_infinite_sum_leaks_infinitely)
{
  static const struct
  {
    float bias, slope;
  } sums[] = {
    {INFINITY, 0.0f}, {INFINITY, 0.1f}, {INFINITY, 1.0f}, {-INFINITY, 0.1f},
    {-INFINITY, 1.0f},
  };
  static const float products[36][16 * MOST_GROUPS];
  float out[4][W];
  float *rows[4] = { out[0], out[1], out[2], out[3] };

  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);

    if (kernels == NULL)
      continue;
    for (guint i = 0; i < G_N_ELEMENTS (sums); i++) {
      kernels->winograd_out (1, products[0], 16 * MOST_GROUPS, sums[i].bias,
          sums[i].slope, rows);
      for (guint x = 0; x < 64; x++)
        fail_unless (out[x % 4][x] == sums[i].bias, "%s: %g of %g, slope %g",
            ae_cpu_level_name (level), (double) out[x % 4][x],
            (double) sums[i].bias, (double) sums[i].slope);
    }
  }
}

GST_END_TEST;

TCase *
kernels_taps_tests (void)
{
  TCase *tcase = tcase_create ("taps");

  tcase_add_loop_test (tcase, test_sums_over_taps_equal_plain_sums, 0,
      N_SHAPES);
  tcase_add_loop_test (tcase, test_gradients_of_taps_equal_plain_sums, 0,
      N_SHAPES);
  tcase_add_loop_test (tcase, test_winograd_equals_the_convolution, 1,
      MOST_GROUPS + 1);
  tcase_add_test (tcase, test_an_infinite_sum_leaks_infinitely);
  return tcase;
}
