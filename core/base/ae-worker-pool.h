/* A fixed set of threads that share out numbered jobs. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct _AeWorkerPool AeWorkerPool;

/**
 * AeWorkerFunc:
 * @i_job: which job, 0 to n_jobs - 1
 * @i_worker: which thread runs it, 0 to n_threads - 1: an index into scratch
 *   memory of the caller's that no other running job uses
 */
typedef void (*AeWorkerFunc) (gpointer data, guint i_job, guint i_worker);

/**
 * ae_worker_pool_new:
 * @n_threads: threads in all, the caller's included; 0 = one per processor
 *
 * Returns: (transfer full): a pool with @n_threads - 1 threads of its own.
 */
AeWorkerPool *ae_worker_pool_new (guint n_threads) G_GNUC_WARN_UNUSED_RESULT;

guint ae_worker_pool_n_threads (const AeWorkerPool * pool);

/**
 * ae_worker_pool_run:
 *
 * Calls @func for each job and returns when all have ended. Jobs start in
 * order; which thread runs one is not determined, so a result must depend on
 * @i_job alone. One run at a time: not to be called from several threads.
 * Allocates nothing.
 */
void ae_worker_pool_run (AeWorkerPool * pool, guint n_jobs, AeWorkerFunc func,
    gpointer data);

/* Joins the threads. NULL is a no-op. */
void ae_worker_pool_free (AeWorkerPool * pool);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeWorkerPool, ae_worker_pool_free)

G_END_DECLS
