/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-worker-pool.h"
#include "ae-cpu.h"

typedef struct
{
  AeWorkerPool *pool;
  guint i_worker;
  GThread *thread;
} Worker;

struct _AeWorkerPool
{
  guint n_threads;
  Worker *workers;              /* n_threads - 1 */

  GMutex lock;
  GCond start, finished;
  guint64 i_run;                /* counts up with each run */
  gboolean quit;
  guint n_busy;                 /* workers that have not finished this run */

  /* the run */
  AeWorkerFunc func;
  gpointer data;
  guint n_jobs;
  gint next_job;                /* atomic */
};

static void
take_jobs (AeWorkerPool * pool, guint i_worker)
{
  for (;;) {
    guint i_job = (guint) g_atomic_int_add (&pool->next_job, 1);

    if (i_job >= pool->n_jobs)
      return;
    pool->func (pool->data, i_job, i_worker);
  }
}

static gpointer
worker_main (gpointer data)
{
  Worker *worker = data;
  AeWorkerPool *pool = worker->pool;
  guint64 i_seen = 0;

  g_mutex_lock (&pool->lock);
  for (;;) {
    while (!pool->quit && pool->i_run == i_seen)
      g_cond_wait (&pool->start, &pool->lock);
    if (pool->quit)
      break;
    i_seen = pool->i_run;
    g_mutex_unlock (&pool->lock);
    take_jobs (pool, worker->i_worker);
    g_mutex_lock (&pool->lock);
    if (--pool->n_busy == 0)
      g_cond_signal (&pool->finished);
  }
  g_mutex_unlock (&pool->lock);
  return NULL;
}

AeWorkerPool *
ae_worker_pool_new (guint n_threads)
{
  AeWorkerPool *pool = g_new0 (AeWorkerPool, 1);

  pool->n_threads = n_threads ? n_threads : ae_cpu_n_processors ();
  g_mutex_init (&pool->lock);
  g_cond_init (&pool->start);
  g_cond_init (&pool->finished);
  pool->workers = g_new0 (Worker, pool->n_threads);
  for (guint i = 0; i + 1 < pool->n_threads; i++) {
    pool->workers[i].pool = pool;
    pool->workers[i].i_worker = i + 1;
    pool->workers[i].thread =
        g_thread_new ("ae-worker", worker_main, &pool->workers[i]);
  }
  return pool;
}

guint
ae_worker_pool_n_threads (const AeWorkerPool * pool)
{
  return pool->n_threads;
}

void
ae_worker_pool_run (AeWorkerPool * pool, guint n_jobs, AeWorkerFunc func,
    gpointer data)
{
  g_return_if_fail (pool != NULL && n_jobs < G_MAXINT / 2);

  if (pool->n_threads == 1 || n_jobs <= 1) {
    for (guint i = 0; i < n_jobs; i++)
      func (data, i, 0);
    return;
  }
  g_mutex_lock (&pool->lock);
  pool->func = func;
  pool->data = data;
  pool->n_jobs = n_jobs;
  pool->next_job = 0;
  pool->n_busy = pool->n_threads - 1;
  pool->i_run++;
  g_cond_broadcast (&pool->start);
  g_mutex_unlock (&pool->lock);

  take_jobs (pool, 0);

  g_mutex_lock (&pool->lock);
  while (pool->n_busy > 0)
    g_cond_wait (&pool->finished, &pool->lock);
  g_mutex_unlock (&pool->lock);
}

void
ae_worker_pool_free (AeWorkerPool * pool)
{
  if (pool == NULL)
    return;
  g_mutex_lock (&pool->lock);
  pool->quit = TRUE;
  g_cond_broadcast (&pool->start);
  g_mutex_unlock (&pool->lock);
  for (guint i = 0; i + 1 < pool->n_threads; i++)
    g_thread_join (pool->workers[i].thread);
  g_free (pool->workers);
  g_mutex_clear (&pool->lock);
  g_cond_clear (&pool->start);
  g_cond_clear (&pool->finished);
  g_free (pool);
}
