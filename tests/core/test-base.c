/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <cblas.h>
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-cpu.h"
#include "ae-gemm.h"
#include "ae-rng.h"
#include "ae-tensor.h"
#include "ae-worker-pool.h"

GST_START_TEST (test_rng_copy_of_the_state_repeats_the_sequence)
{
  AeRng rng, checkpoint;

  ae_rng_init (&rng, 42);
  for (guint i = 0; i < 100; i++)
    ae_rng_u64 (&rng);
  checkpoint = rng;
  for (guint i = 0; i < 100; i++)
    fail_unless_equals_uint64 (ae_rng_u64 (&rng), ae_rng_u64 (&checkpoint));
}

GST_END_TEST;

GST_START_TEST (test_rng_distributions_have_their_moments)
{
  enum
  { N = 200000 };
  AeRng rng;
  double sum = 0, sum2 = 0, uniform = 0, poisson_low = 0, poisson_high = 0;
  guint n_below = 0;

  ae_rng_init (&rng, 1);
  for (guint i = 0; i < N; i++) {
    double x = (double) ae_rng_normal (&rng);

    sum += x;
    sum2 += x * x;
    uniform += (double) ae_rng_uniform (&rng);
    poisson_low += ae_rng_poisson (&rng, 3.5f);
    poisson_high += ae_rng_poisson (&rng, 100.0f);
    n_below += ae_rng_below (&rng, 7) < 7;
  }
  fail_unless_equals_int (n_below, N);
  fail_unless (fabs (sum / N) < 0.01);
  fail_unless (fabs (sum2 / N - 1.0) < 0.02);
  fail_unless (fabs (uniform / N - 0.5) < 0.005);
  fail_unless (fabs (poisson_low / N - 3.5) < 0.03);
  fail_unless (fabs (poisson_high / N - 100.0) < 0.2);
}

GST_END_TEST;

GST_START_TEST (test_gemm_equals_the_plain_sum_for_every_transposition)
{
  enum
  { M = 7, N = 19, K = 33 };
  float a[M * K], b[K * N], c[M * N];
  AeRng rng;

  ae_rng_init (&rng, 3);
  ae_rng_fill_normal (&rng, a, M * K);
  ae_rng_fill_normal (&rng, b, K * N);
  for (guint variant = 0; variant < 4; variant++) {
    gboolean ta = variant & 1, tb = variant >> 1;

    for (guint i = 0; i < M * N; i++)
      c[i] = 1.0f;
    ae_gemm (ta, tb, M, N, K, 0.5f, a, ta ? M : K, b, tb ? K : N, 2.0f, c, N);
    for (guint i = 0; i < M; i++) {
      for (guint j = 0; j < N; j++) {
        double sum = 0;

        for (guint k = 0; k < K; k++)
          sum += (double) a[ta ? k * M + i : i * K + k]
              * (double) b[tb ? j * K + k : k * N + j];
        fail_unless (fabs ((double) c[i * N + j] - (2.0 + 0.5 * sum)) < 1e-4);
      }
    }
  }
}

GST_END_TEST;

/* Until *@data is set. */
static gpointer
multiply (gpointer data)
{
  enum
  { N = 200 };
  g_autofree float *a = g_new0 (float, N * N);
  g_autofree float *c = g_new0 (float, N * N);

  while (!g_atomic_int_get ((gint *) data))
    ae_gemm (FALSE, FALSE, N, N, N, 1.0f, a, N, a, N, 0.0f, c, N);
  return NULL;
}

/* OpenBLAS has one thread in our calls, from two threads here, and after them
 * the number that the application set. */
GST_START_TEST (test_gemm_leaves_the_threads_of_the_application_alone)
{
  enum
  { N_THREADS = 2, OWN = 2, MAX_POLLS = 100000 };
  const int before = openblas_get_num_threads ();
  GThread *threads[N_THREADS];
  gint stop = FALSE;
  guint n_polls = 0;

  openblas_set_num_threads (OWN);
  if (openblas_get_num_threads () != OWN)
    return;                     /* one that has no threads */
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("multiply", multiply, &stop);
  while (openblas_get_num_threads () != 1 && n_polls++ < MAX_POLLS)
    g_usleep (100);
  g_atomic_int_set (&stop, TRUE);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  fail_unless (n_polls < MAX_POLLS);
  fail_unless_equals_int (openblas_get_num_threads (), OWN);
  openblas_set_num_threads (before);
}

GST_END_TEST;

static void
count_job (gpointer data, guint i_job, guint i_worker)
{
  gint *counts = data;

  fail_unless (i_worker < 4);
  g_atomic_int_inc (&counts[i_job]);
}

GST_START_TEST (test_worker_pool_runs_each_job_once_in_every_run)
{
  g_autoptr (AeWorkerPool) pool = ae_worker_pool_new (4);
  gint counts[37];

  fail_unless_equals_int (ae_worker_pool_n_threads (pool), 4);
  for (guint run = 0; run < 200; run++) {
    memset (counts, 0, sizeof counts);
    ae_worker_pool_run (pool, run % 38, count_job, counts);
    for (guint i = 0; i < 37; i++)
      fail_unless_equals_int (counts[i], i < run % 38);
  }
}

GST_END_TEST;

GST_START_TEST (test_tensor_keeps_memory_and_alignment)
{
  g_auto (AeTensor) t = AE_TENSOR_INIT;
  float *memory;

  ae_tensor_resize (&t, 3, 5, 7, 16);
  memory = t.data;
  fail_unless_equals_uint64 ((gsize) memory % AE_ALIGN_BYTES, 0);
  fail_unless_equals_uint64 (ae_tensor_size (&t), 3 * 5 * 7 * 16);
  ae_tensor_resize (&t, 1, 5, 7, 16);
  fail_unless (t.data == memory);
}

GST_END_TEST;

static Suite *
base_suite (void)
{
  Suite *suite = suite_create ("base");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_rng_copy_of_the_state_repeats_the_sequence);
  tcase_add_test (tcase, test_rng_distributions_have_their_moments);
  tcase_add_test (tcase,
      test_gemm_equals_the_plain_sum_for_every_transposition);
  tcase_add_test (tcase, test_gemm_leaves_the_threads_of_the_application_alone);
  tcase_add_test (tcase, test_worker_pool_runs_each_job_once_in_every_run);
  tcase_add_test (tcase, test_tensor_keeps_memory_and_alignment);
  return suite;
}

GST_CHECK_MAIN (base);
