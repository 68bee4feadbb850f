/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-gemm.h"
#include "ae-cpu.h"

#include <cblas.h>

/* Exported by OpenBLAS builds with run-time dispatch, declared nowhere. */
extern void gotoblas_dynamic_init (void) __attribute__ ((weak));
extern void gotoblas_dynamic_quit (void) __attribute__ ((weak));

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

const gchar *
ae_gemm_core_name (void)
{
  init_once ();
  return openblas_get_corename ();
}
