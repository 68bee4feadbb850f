/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-gemm.h"
#include "ae-cpu.h"
#include "ae-error.h"

#include <cblas.h>

/* LAPACK is part of OpenBLAS, which installs no header of it. The two last
 * arguments are the hidden lengths of the strings. */
extern void dsyevd_ (const char *jobz, const char *uplo, const blasint * n,
    double *a, const blasint * lda, double *w, double *work,
    const blasint * lwork, blasint * iwork, const blasint * liwork,
    blasint * info, size_t jobz_len, size_t uplo_len);

/* Exported by OpenBLAS builds with run-time dispatch, declared nowhere. */
extern void gotoblas_dynamic_init (void) __attribute__((weak));
extern void gotoblas_dynamic_quit (void) __attribute__((weak));

static void
choose_core (void)
{
  const gchar *core = openblas_get_corename ();
  const gchar *wanted = NULL;

  if (g_getenv ("OPENBLAS_CORETYPE") != NULL || gotoblas_dynamic_init == NULL
      || gotoblas_dynamic_quit == NULL)
    return;
  if (g_strcmp0 (core, "Prescott") != 0 && g_strcmp0 (core, "Core2") != 0)
    return;
  if (ae_cpu_level () >= AE_CPU_AVX512)
    wanted = "SkylakeX";
  else if (ae_cpu_level () >= AE_CPU_AVX2)
    wanted = "Haswell";
  if (wanted == NULL)
    return;
  g_setenv ("OPENBLAS_CORETYPE", wanted, TRUE);
  gotoblas_dynamic_quit ();
  gotoblas_dynamic_init ();
  g_unsetenv ("OPENBLAS_CORETYPE");
  g_debug ("OpenBLAS core %s replaced by %s", core, openblas_get_corename ());
}

static void
init_once (void)
{
  static gsize done;

  if (g_once_init_enter (&done)) {
    choose_core ();
    g_once_init_leave (&done, 1);
  }
}

/* The first call in saves the application's number of threads, the last one
 * out restores it. */
static GMutex threads_lock;
static guint n_calls;
static int saved_threads;

static void
enter_one_thread (void)
{
  g_mutex_lock (&threads_lock);
  if (n_calls++ == 0) {
    saved_threads = openblas_get_num_threads ();
    if (saved_threads != 1)
      openblas_set_num_threads (1);
  }
  g_mutex_unlock (&threads_lock);
}

static void
leave_one_thread (void)
{
  g_mutex_lock (&threads_lock);
  if (--n_calls == 0 && saved_threads != 1)
    openblas_set_num_threads (saved_threads);
  g_mutex_unlock (&threads_lock);
}

void
ae_gemm (gboolean trans_a, gboolean trans_b, guint m, guint n, guint k,
    float alpha, const float *a, guint lda, const float *b, guint ldb,
    float beta, float *c, guint ldc)
{
  if (m == 0 || n == 0)
    return;
  init_once ();
  enter_one_thread ();
  cblas_sgemm (CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
      trans_b ? CblasTrans : CblasNoTrans, (blasint) m, (blasint) n,
      (blasint) k, alpha, a, (blasint) lda, b, (blasint) ldb, beta, c,
      (blasint) ldc);
  leave_one_thread ();
}

void
ae_gemm_double (gboolean trans_a, gboolean trans_b, guint m, guint n,
    guint k, double alpha, const double *a, guint lda, const double *b,
    guint ldb, double beta, double *c, guint ldc)
{
  if (m == 0 || n == 0)
    return;
  init_once ();
  enter_one_thread ();
  cblas_dgemm (CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
      trans_b ? CblasTrans : CblasNoTrans, (blasint) m, (blasint) n,
      (blasint) k, alpha, a, (blasint) lda, b, (blasint) ldb, beta, c,
      (blasint) ldc);
  leave_one_thread ();
}

static void
reverse (double *a, gsize n)
{
  for (gsize i = 0; i < n / 2; i++) {
    double t = a[i];

    a[i] = a[n - 1 - i];
    a[n - 1 - i] = t;
  }
}

/* Reverses the order of the rows of a[n][n]: all of it, then each row back. */
static void
reverse_rows (double *a, gsize n)
{
  reverse (a, n * n);
  for (gsize i = 0; i < n; i++)
    reverse (a + i * n, n);
}

gboolean
ae_eigen_symmetric (guint n, double *a, double *values, GError ** error)
{
  /* Sizes from the documentation of dsyevd for jobz = V. */
  gsize work_size = 1 + 6 * (gsize) n + 2 * (gsize) n * n;
  blasint size = (blasint) n, info = 0;
  blasint lwork = (blasint) work_size, liwork = 3 + 5 * size;
  g_autofree double *work = NULL;
  g_autofree blasint *iwork = NULL;

  g_return_val_if_fail (n > 0 && work_size < G_MAXINT32, FALSE);
  work = g_new (double, work_size);
  iwork = g_new (blasint, liwork);
  init_once ();
  enter_one_thread ();
  dsyevd_ ("V", "U", &size, a, &size, values, work, &lwork, iwork, &liwork,
      &info, 1, 1);
  leave_one_thread ();
  if (info != 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FINITE,
        "eigenvectors of a %u x %u matrix: dsyevd ended with %d, expected 0",
        n, n, (int) info);
    return FALSE;
  }
  /* LAPACK's columns are our rows; its order is smallest first. */
  reverse (values, n);
  reverse_rows (a, n);
  return TRUE;
}

const gchar *
ae_gemm_core_name (void)
{
  init_once ();
  return openblas_get_corename ();
}
