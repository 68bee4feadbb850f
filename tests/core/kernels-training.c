/* Matrix products and loops over weights against plain sums.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "kernels-tests.h"

#define N_SHAPES 40
#define MOST_M 150              /* more than a block of rows */
#define MOST_N 110              /* more than two tiles of columns */
#define MOST_K 300              /* more than two blocks of products */
#define GAP 3                   /* floats between rows that stay as they are */

/* A matrix product, and how its two factors lie. */
typedef struct
{
  guint m, n, k;
  gboolean a_transposed, b_transposed;
  float *a, *b, *before, *c, *scratch;
} Product;

static float *
random_floats (AeRng * rng, gsize n)
{
  float *x = g_new (float, n);

  ae_rng_fill_normal (rng, x, n);
  return x;
}

static void
product_init (Product * p, guint seed)
{
  AeRng rng;

  ae_rng_init (&rng, seed);
  p->m = 1 + ae_rng_below (&rng, MOST_M);
  p->n = 1 + ae_rng_below (&rng, MOST_N);
  p->k = 1 + ae_rng_below (&rng, MOST_K);
  p->a_transposed = seed % 2 > 0;
  p->b_transposed = seed / 2 % 2 > 0;
  p->a = random_floats (&rng, p->m * p->k);
  p->b = random_floats (&rng, p->k * p->n);
  p->before = random_floats (&rng, p->m * (p->n + GAP));
  p->c = g_memdup2 (p->before, p->m * (p->n + GAP) * sizeof (float));
  p->scratch = g_new (float, ae_kernels_gemm_scratch (p->n));
}

static void
product_clear (Product * p)
{
  g_free (p->a);
  g_free (p->b);
  g_free (p->before);
  g_free (p->c);
  g_free (p->scratch);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Product, product_clear)
     static double plain_product (const Product * p, guint i, guint j)
{
  double sum = (double) p->before[i * (p->n + GAP) + j];

  for (guint t = 0; j < p->n && t < p->k; t++)
    sum += (double) p->a[p->a_transposed ? t * p->m + i : i * p->k + t]
        * (double) p->b[p->b_transposed ? j * p->k + t : t * p->n + j];
  return sum;
}

GST_START_TEST (test_matrix_products_are_added_and_equal_plain_sums)
{
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);
    g_auto (Product) p = { 0 };

    if (kernels == NULL)
      continue;
    product_init (&p, (guint) __i__);
    kernels->gemm (p.m, p.n, p.k, p.a, p.a_transposed ? 1 : p.k,
        p.a_transposed ? p.m : 1, p.b, p.b_transposed ? 1 : p.n,
        p.b_transposed ? p.k : 1, p.c, p.n + GAP, p.scratch);
    for (guint i = 0; i < p.m; i++) {
      for (guint j = 0; j < p.n + GAP; j++) {
        double expected = plain_product (&p, i, j);
        double found = (double) p.c[i * (p.n + GAP) + j];

        if (!(fabs (found - expected) < 2e-4))
          ck_abort_msg ("%s: %u x %u x %u, row %u, column %u: %g, expected %g",
              ae_cpu_level_name (level), p.m, p.n, p.k, i, j, found, expected);
      }
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_a_matrix_times_a_vector_equals_plain_sums)
{
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);
    g_auto (Product) p = { 0 };
    g_autofree float *packed = NULL;

    if (kernels == NULL)
      continue;
    product_init (&p, 4 * (guint) __i__);
    packed = g_new (float, ae_kernels_gemv_size (p.m, p.k));
    ae_kernels_gemv_pack (p.m, p.k, p.a, packed);
    kernels->gemv (p.m, p.k, packed, p.before, p.b, p.c);
    for (guint i = 0; i < p.m * (p.n + GAP); i++) {
      double expected = (double) p.before[i];

      for (guint t = 0; i < p.m && t < p.k; t++)
        expected += (double) p.a[i * p.k + t] * (double) p.b[t];
      if (!(fabs ((double) p.c[i] - expected) < 2e-4))
        ck_abort_msg ("%s: %u x %u, row %u: %g, expected %g",
            ae_cpu_level_name (level), p.m, p.k, i, (double) p.c[i], expected);
    }
  }
}

GST_END_TEST;

/* y[m] = bias[m] + a[m][k] x[k], in bytes */
static void
multiply_bytes (const AeKernels * kernels, guint m, guint k, const float *a,
    const float *bias, const float *x, float *y)
{
  guint columns = ae_kernels_gemv_columns (k);
  g_autofree gint8 *bytes = g_new (gint8, ae_kernels_gemv_size (m, columns));
  g_autofree gint16 *shorts = g_new (gint16, columns);
  g_autofree float *scale = g_new (float, m);

  ae_kernels_gemv_pack_bytes (m, k, a, bytes, scale);
  kernels->gemv_bytes (m, k, bytes, scale, bias, x, shorts, y);
}

static float
peak_of (guint n, const float *x)
{
  float peak = 0.0f;

  for (guint i = 0; i < n; i++)
    peak = fmaxf (peak, fabsf (x[i]));
  return peak;
}

GST_START_TEST (test_a_matrix_of_bytes_times_a_vector_equals_rounded_sums)
{
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);
    g_auto (Product) p = { 0 };
    float y[MOST_M], unit;

    if (kernels == NULL)
      continue;
    product_init (&p, 4 * (guint) __i__);
    multiply_bytes (kernels, p.m, p.k, p.a, p.before, p.b, y);
    unit = peak_of (p.k, p.b) / 32767.0f;
    for (guint i = 0; i < p.m; i++) {
      const float *row = p.a + i * p.k, scale = peak_of (p.k, row) / 127.0f;
      double expected = (double) p.before[i];

      for (guint t = 0; t < p.k; t++)
        expected += (double) (scale * rintf (row[t] / scale))
            * (double) (unit * rintf (p.b[t] / unit));
      /* what is half way between two steps may take either */
      if (!(fabs ((double) y[i] - expected) < 5e-4))
        ck_abort_msg ("%s: %u x %u, row %u: %g, expected %g",
            ae_cpu_level_name (level), p.m, p.k, i, (double) y[i], expected);
    }
  }
}

GST_END_TEST;

/* The greatest sums that there are, of either sign. */
GST_START_TEST (test_sums_of_bytes_do_not_overflow)
{
  static const guint sizes[] = { 1, 300, 516, 517, 5000 };
  const guint k = sizes[__i__], m = 70;
  g_autofree float *a = g_new (float, m * k), *x = g_new (float, k);
  float bias[70], y[70];

  for (guint i = 0; i < m * k; i++)
    a[i] = i / k % 2 ? -0.5f : 0.5f;
  for (guint t = 0; t < k; t++)
    x[t] = 3.0f;
  for (guint i = 0; i < m; i++)
    bias[i] = (float) i;
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);

    if (kernels == NULL)
      continue;
    multiply_bytes (kernels, m, k, a, bias, x, y);
    for (guint i = 0; i < m; i++) {
      float sum = 1.5f * (float) k, expected = bias[i] + (i % 2 ? -sum : sum);

      if (!(fabsf (y[i] - expected) < 1e-6f * sum + 1e-5f))
        ck_abort_msg ("%s: %u columns, row %u: %g, expected %g",
            ae_cpu_level_name (level), k, i, (double) y[i], (double) expected);
    }
  }
}

GST_END_TEST;

/* Whole numbers that are left as they are give the same on all levels. */
GST_START_TEST (test_sums_of_bytes_are_exact_on_every_level)
{
  const guint m = 130, k = 300;
  g_autofree float *a = g_new (float, m * k), *x = g_new (float, k);
  float bias[130] = { 0.0f }, y[130];
  AeRng rng;

  ae_rng_init (&rng, 3);
  for (guint i = 0; i < m * k; i++)
    a[i] = i % k == 0 ? 127.0f : (float) ae_rng_below (&rng, 255) - 127.0f;
  for (guint t = 0; t < k; t++)
    x[t] = t == 0 ? 32767.0f : (float) ae_rng_below (&rng, 65535) - 32767.0f;
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);

    if (kernels == NULL)
      continue;
    multiply_bytes (kernels, m, k, a, bias, x, y);
    for (guint i = 0; i < m; i++) {
      gint64 sum = 0;

      for (guint t = 0; t < k; t++)
        sum += (gint64) a[i * k + t] * (gint64) x[t];
      if (!(y[i] == (float) sum))
        ck_abort_msg ("%s: row %u: %.9g, expected %.9g",
            ae_cpu_level_name (level), i, (double) y[i], (double) (float) sum);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_number_is_none_in_sums_of_bytes)
{
  static const float values[] = { NAN, -NAN, INFINITY, -INFINITY };
  float a[20], x[20], bias = 1.0f, y;

  for (guint t = 0; t < 20; t++)
    a[t] = x[t] = (float) t;
  x[18] = values[__i__];
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);

    if (kernels == NULL)
      continue;
    multiply_bytes (kernels, 1, 20, a, &bias, x, &y);
    fail_unless (!isfinite (y), "%s: %g", ae_cpu_level_name (level),
        (double) y);
    memset (x, 0, sizeof x);
    multiply_bytes (kernels, 1, 20, a, &bias, x, &y);
    fail_unless (y == 1.0f, "%s: %g", ae_cpu_level_name (level), (double) y);
    x[18] = values[__i__];
  }
}

GST_END_TEST;

enum
{ MOST_WEIGHTS = 131 };

typedef struct
{
  float grad[MOST_WEIGHTS], moment1[MOST_WEIGHTS], moment2[MOST_WEIGHTS];
  float weights[MOST_WEIGHTS];
} Weights;

static void
weights_init (Weights * w)
{
  AeRng rng;

  ae_rng_init (&rng, 1);
  ae_rng_fill_normal (&rng, w->grad, MOST_WEIGHTS);
  ae_rng_fill_normal (&rng, w->moment1, MOST_WEIGHTS);
  ae_rng_fill_normal (&rng, w->weights, MOST_WEIGHTS);
  for (guint i = 0; i < MOST_WEIGHTS; i++)
    w->moment2[i] = ae_rng_uniform (&rng);
}

static void
check_close (AeCpuLevel level, guint i, float found, double expected)
{
  if (!(fabs ((double) found - expected) < 1e-5))
    ck_abort_msg ("%s: weight %u: %.8g, expected %.8g",
        ae_cpu_level_name (level), i, (double) found, expected);
}

/* Kingma and Ba 2015; Loshchilov and Hutter 2019 for what is kept. */
static void
check_adam (AeCpuLevel level, const AeAdam * a, guint i,
    const Weights * before, const Weights * after)
{
  double w = (double) before->weights[i];
  double g = (double) before->grad[i] + (double) a->coupled_decay * w;
  double m1 = (double) a->beta1 * (double) before->moment1[i]
      + (1.0 - (double) a->beta1) * g;
  double m2 = (double) a->beta2 * (double) before->moment2[i]
      + (1.0 - (double) a->beta2) * g * g;

  check_close (level, i, after->moment1[i], m1);
  check_close (level, i, after->moment2[i], m2);
  check_close (level, i, after->weights[i], (double) a->keep * w
      - (double) a->rate * m1 * (double) a->correct1
      / (sqrt (m2 * (double) a->correct2) + (double) a->epsilon));
}

GST_START_TEST (test_adam_equals_the_formula_and_leaves_the_rest)
{
  const AeAdam adam = {.beta1 = 0.9f,.beta2 = 0.99f,.rate = 0.01f,
    .correct1 = 2.0f,.correct2 = 3.0f,.epsilon = 1e-3f,
    .coupled_decay = 0.1f,.keep = 0.9f
  };
  const guint n = (guint) __i__;

  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);
    Weights before, after;

    if (kernels == NULL)
      continue;
    weights_init (&before);
    weights_init (&after);
    kernels->adam (&adam, n, after.grad, after.moment1, after.moment2,
        after.weights);
    for (guint i = 0; i < n; i++)
      check_adam (level, &adam, i, &before, &after);
    for (guint i = n; i < MOST_WEIGHTS; i++)
      check_close (level, i, after.weights[i], (double) before.weights[i]);
  }
}

GST_END_TEST;

GST_START_TEST (test_sums_of_squares_are_in_doubles)
{
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);
    double expected = 0.0, found;
    Weights w;

    if (kernels == NULL)
      continue;
    weights_init (&w);
    w.grad[0] = 1e25f;          /* its square is no float */
    w.grad[MOST_WEIGHTS - 1] = 1e25f;
    for (guint i = 0; i < (guint) __i__; i++)
      expected += (double) w.grad[i] * (double) w.grad[i];
    found = kernels->sum_squares ((gsize) __i__, w.grad);
    if (!(fabs (found - expected) <= 1e-12 * expected))
      ck_abort_msg ("%s: %.17g, expected %.17g", ae_cpu_level_name (level),
          found, expected);
  }
}

GST_END_TEST;

TCase *
kernels_training_tests (void)
{
  TCase *tcase = tcase_create ("training");

  tcase_add_loop_test (tcase, test_a_matrix_times_a_vector_equals_plain_sums, 0,
      N_SHAPES);
  tcase_add_loop_test (tcase,
      test_a_matrix_of_bytes_times_a_vector_equals_rounded_sums, 0, N_SHAPES);
  tcase_add_loop_test (tcase, test_sums_of_bytes_do_not_overflow, 0, 5);
  tcase_add_test (tcase, test_sums_of_bytes_are_exact_on_every_level);
  tcase_add_loop_test (tcase, test_what_is_no_number_is_none_in_sums_of_bytes,
      0, 4);
  tcase_add_loop_test (tcase,
      test_matrix_products_are_added_and_equal_plain_sums, 0, N_SHAPES);
  tcase_add_loop_test (tcase, test_adam_equals_the_formula_and_leaves_the_rest,
      MOST_WEIGHTS - 20, MOST_WEIGHTS + 1);
  tcase_add_loop_test (tcase, test_sums_of_squares_are_in_doubles, 90,
      MOST_WEIGHTS + 1);
  return tcase;
}
