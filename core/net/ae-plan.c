/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-plan-private.h"
#include "ae-cpu.h"
#include "ae-error.h"

#include <string.h>

#define MAX_SIZE 16384
/* Rows of the input that are copied in one job. */
#define COPY_ROWS 32

static void
wait_for_seam_below (AePlan * plan, AePlanWorker * worker)
{
  gint *is_made = &plan->is_seam_made[worker->i_tile + plan->n_stripes];

  if (!g_atomic_int_get (is_made)) {
    g_mutex_lock (&plan->seam_lock);
    while (!*is_made)
      g_cond_wait (&plan->seam_made, &plan->seam_lock);
    g_mutex_unlock (&plan->seam_lock);
  }
  worker->below_ready = TRUE;
}

/* Lets the tile above go on once it has all it needs of this one. */
static void
report_seam (AePlan * plan, const AePlanWorker * worker)
{
  gint *is_made = &plan->is_seam_made[worker->i_tile];

  if (*is_made)
    return;
  for (guint i = 1; i < plan->n_stages; i++) {
    if (worker->next[i] < worker->rows[i].seam_end)
      return;
  }
  g_mutex_lock (&plan->seam_lock);
  g_atomic_int_set (is_made, TRUE);
  g_cond_broadcast (&plan->seam_made);
  g_mutex_unlock (&plan->seam_lock);
}

/* Makes the rows of stage @i_in before @end, but for those outside and those
 * that the tile below makes. */
static void
ensure_input (AePlan * plan, AePlanWorker * worker, guint i_in, gint end)
{
  const AePlanStage *in = &plan->stages[i_in];

  if (in->op == AE_PLAN_FRAME)
    return;
  end = MIN (end, (gint) in->h);
  ae_plan_ensure_rows (plan, worker, i_in, MIN (end, worker->rows[i_in].end));
  if (end > worker->rows[i_in].end && !worker->measure && !worker->below_ready)
    wait_for_seam_below (plan, worker);
}

static void
measure_ring (AePlan * plan, const AePlanWorker * worker, guint i_in,
    gint begin)
{
  AePlanStage *in = &plan->stages[i_in];

  if (in->op != AE_PLAN_FRAME)
    in->n_rows = (guint) MAX ((gint) in->n_rows,
        worker->next[i_in] - MAX (begin, 0));
}

/* For the block of rows @begin to @end of stage @i. */
static void
ensure_inputs (AePlan * plan, AePlanWorker * worker, guint i, gint begin,
    gint end)
{
  const AePlanStage *stage = &plan->stages[i];
  gint begin_in = begin, end_in = end;

  ae_plan_rows_in (stage, &begin_in, &end_in);
  ensure_input (plan, worker, (guint) stage->i_in, end_in);
  if (stage->i_concat >= 0)
    ensure_input (plan, worker, (guint) stage->i_concat, end);
  for (guint j = 0; j < stage->n_posts; j++) {
    if (stage->posts[j].i_saved >= 0)
      ensure_input (plan, worker, (guint) stage->posts[j].i_saved, end);
  }
  if (!worker->measure)
    return;
  measure_ring (plan, worker, (guint) stage->i_in, begin_in);
  if (stage->i_concat >= 0)
    measure_ring (plan, worker, (guint) stage->i_concat, begin);
  for (guint j = 0; j < stage->n_posts; j++) {
    if (stage->posts[j].i_saved >= 0)
      measure_ring (plan, worker, (guint) stage->posts[j].i_saved, begin);
  }
}

void
ae_plan_ensure_rows (AePlan * plan, AePlanWorker * worker, guint i, gint end)
{
  const AePlanStage *stage = &plan->stages[i];

  while (worker->next[i] < end) {
    gint y = ae_plan_block_begin (stage, worker->next[i]);
    gint y_end = y + (gint) stage->block;

    ensure_inputs (plan, worker, i, y, y_end);
    if (!worker->measure)
      ae_plan_make_rows (plan, worker, i, y);
    worker->next[i] = MIN (y_end, (gint) stage->h);
  }
}

static void
store_row (const AePlan * plan, const AePlanWorker * worker, gint y)
{
  guint last = plan->n_stages - 1;
  const AePlanStage *stage = &plan->stages[last];
  const AePlanSpan *span = &worker->columns[last];
  const float *row = ae_plan_row (plan, worker, last, y)
      + (span->need_begin - span->origin);

  for (guint c = 0; c < stage->c; c++)
    memcpy (plan->out[c].data + (gsize) y * plan->out[c].stride
        + span->need_begin, row + c * stage->channel_step,
        (gsize) (span->need_end - span->need_begin) * sizeof (float));
}

static float *
seam_of (const AePlan * plan, guint i_tile)
{
  /* the uppermost tiles have none */
  return plan->memory + plan->n_worker_floats
      * ae_worker_pool_n_threads (plan->pool)
      + (i_tile - plan->n_stripes) * plan->n_seam_floats;
}

/* The lowest band comes first: a tile waits for the one below it at most,
 * which has been begun before. */
static void
begin_tile (AePlan * plan, AePlanWorker * worker, guint i_job)
{
  guint band = plan->n_bands - 1 - i_job / plan->n_stripes;
  guint stripe = i_job % plan->n_stripes;

  worker->columns = plan->columns + (gsize) stripe *plan->n_stages;
  worker->rows = plan->rows + (gsize) band *plan->n_stages;
  worker->i_tile = band * plan->n_stripes + stripe;
  worker->seam = band > 0 ? seam_of (plan, worker->i_tile) : NULL;
  worker->below_ready = band + 1 == plan->n_bands;
  worker->seam_below = worker->below_ready ? NULL
      : seam_of (plan, worker->i_tile + plan->n_stripes);
  for (guint i = 0; i < plan->n_stages; i++)
    worker->next[i] = worker->rows[i].begin;
}

static void
run_tile (gpointer data, guint i_job, guint i_worker)
{
  AePlan *plan = data;
  AePlanWorker *worker = &plan->workers[i_worker];
  guint last = plan->n_stages - 1;
  gint end;

  begin_tile (plan, worker, i_job);
  end = MIN (worker->rows[last].end, (gint) plan->out_height);
  for (gint y = worker->rows[last].begin; y < end; y++) {
    ensure_input (plan, worker, last, y + 1);
    store_row (plan, worker, y);
    report_seam (plan, worker);
  }
}

/* Rows of the input, extended to a multiple by repeating the last row and
 * column. The copy lets the output take the input's place. */
static void
copy_input (gpointer data, guint i_job, guint i_worker)
{
  const AePlan *plan = data;
  const AePlanStage *frame = &plan->stages[0];
  guint end = MIN ((i_job + 1) * COPY_ROWS, frame->h);

  for (guint y = i_job * COPY_ROWS; y < end; y++) {
    for (guint c = 0; c < frame->c; c++) {
      float *to = plan->frame + y * frame->row_step + c * frame->channel_step
          - plan->columns[0].origin;
      const float *from = plan->in[c].data
          + (gsize) MIN (y, plan->height - 1) * plan->in[c].stride;

      memcpy (to, from, plan->width * sizeof (float));
      for (guint x = plan->width; x < frame->w; x++)
        to[x] = from[plan->width - 1];
    }
  }
}

/* Models of fixed input size: no tiles, the layers one after the other. */
static void
run_tape (AePlan * plan)
{
  AeTensor *in = &plan->tape_in;
  const AeTensor *out;

  for (guint c = 0; c < in->c; c++) {
    for (guint y = 0; y < in->h; y++)
      memcpy (ae_tensor_row (in, c, y), plan->in[c].data
          + (gsize) y * plan->in[c].stride, in->w * sizeof (float));
  }
  out = ae_tape_forward (plan->tape, plan->weights->data, in, plan->condition);
  for (guint c = 0; c < out->c; c++) {
    for (guint y = 0; y < out->h; y++)
      memcpy (plan->out[c].data + (gsize) y * plan->out[c].stride,
          ae_tensor_row (out, c, y), out->w * sizeof (float));
  }
}

void
ae_plan_run (AePlan * plan, const AePlane * in, const AeTensor * condition,
    const AePlane * out)
{
  guint n_given = plan->architecture->n_given;

  g_return_if_fail (n_given == 0 || (condition != NULL
          && condition->c == n_given && condition->n == 1));

  plan->in = in;
  plan->out = out;
  plan->condition = condition;
  if (plan->tape) {
    run_tape (plan);
    return;
  }
  memset (plan->is_seam_made, 0,
      (gsize) plan->n_bands * plan->n_stripes * sizeof (gint));
  ae_worker_pool_run (plan->pool,
      (plan->stages[0].h + COPY_ROWS - 1) / COPY_ROWS, copy_input, plan);
  ae_worker_pool_run (plan->pool, plan->n_stripes * plan->n_bands, run_tile,
      plan);
}

static gboolean
set_weights (AePlan * plan, AeWeights * weights, GError ** error)
{
  if (weights->n != plan->architecture->n_weights) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "%" G_GSIZE_FORMAT " weights do not fit \"%s\", which has %"
        G_GSIZE_FORMAT, weights->n, plan->architecture->text,
        plan->architecture->n_weights);
    return FALSE;
  }
  ae_weights_ref (weights);
  ae_weights_unref (plan->weights);
  plan->weights = weights;
  if (plan->packed)
    ae_plan_pack_weights (plan, weights->data);
  return TRUE;
}

gboolean
ae_plan_set_weights (AePlan * plan, AeWeights * weights, GError ** error)
{
  if (plan->int8) {
    g_set_error_literal (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "a plan of int8 weights takes no others");
    return FALSE;
  }
  return set_weights (plan, weights, error);
}

/* A first pass over zeros allocates what the tape keeps. */
static gboolean
make_tape (AePlan * plan, AeWeights * weights, GError ** error)
{
  const AeArchitecture *architecture = plan->architecture;
  const AeShape *input = &architecture->input;
  g_auto (AeTensor) condition = AE_TENSOR_INIT;

  if (plan->width != input->w || plan->height != input->h) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "the frame is %ux%u (width x height), the model takes %ux%u alone",
        plan->width, plan->height, input->w, input->h);
    return FALSE;
  }
  if (!set_weights (plan, weights, error))
    return FALSE;
  plan->tape = ae_tape_new (plan->architecture);
  ae_tensor_resize (&plan->tape_in, input->c, input->h, input->w, 1);
  ae_tensor_resize (&condition, MAX (architecture->n_given, 1), 1, 1, 1);
  condition.c = architecture->n_given;
  ae_tape_forward (plan->tape, weights->data, &plan->tape_in, &condition);
  plan->memory_bytes = ae_tensor_size (&plan->tape_in) * sizeof (float);
  for (guint i = 0; i < architecture->n_layers; i++) {
    const AeShape *out = &architecture->layers[i].out;

    plan->memory_bytes += (gsize) out->c * out->h * out->w * sizeof (float);
  }
  return TRUE;
}

static gboolean
make_plan (AePlan * plan, AeWeights * weights, guint n_threads, GError ** error)
{
  if (plan->width < 1 || plan->width > MAX_SIZE || plan->height < 1
      || plan->height > MAX_SIZE) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "frames of %ux%u (width x height) are not supported, only 1x1 to "
        "%ux%u", plan->width, plan->height, MAX_SIZE, MAX_SIZE);
    return FALSE;
  }
  if (plan->architecture->input.h != 0)
    return make_tape (plan, weights, error);
  plan->pool = ae_worker_pool_new (n_threads);
  plan->workers = g_new0 (AePlanWorker, ae_worker_pool_n_threads (plan->pool));
  return ae_plan_make_stages (plan, error)
      && ae_plan_make_tiles (plan, error)
      && set_weights (plan, weights, error);
}

AePlan *
ae_plan_new (AeArchitecture * architecture, AeWeights * weights,
    guint width, guint height, guint n_threads, GError ** error)
{
  return ae_plan_new_int8 (architecture, weights, NULL, width, height,
      n_threads, error);
}

AePlan *
ae_plan_new_int8 (AeArchitecture * architecture, AeWeights * weights,
    AeInt8 * int8, guint width, guint height, guint n_threads, GError ** error)
{
  AePlan *plan = g_new0 (AePlan, 1);

  g_mutex_init (&plan->seam_lock);
  g_cond_init (&plan->seam_made);
  plan->architecture = ae_architecture_ref (architecture);
  plan->int8 = int8 ? ae_int8_ref (int8) : NULL;
  plan->width = width;
  plan->height = height;
  if (!make_plan (plan, weights, n_threads, error))
    g_clear_pointer (&plan, ae_plan_free);
  return plan;
}

AePlan *
ae_plan_new_of_model (const AeModel * model, AePrecision precision,
    guint width, guint height, guint n_threads, GError ** error)
{
  gboolean in_integers = precision == AE_PRECISION_INT8
      || (precision == AE_PRECISION_AUTO && ae_cpu_level () >= AE_CPU_VNNI);

  if (precision == AE_PRECISION_INT8 && model->int8 == NULL) {
    g_set_error_literal (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "precision int8 wants a model with int8 weights, this one has none: "
        "pipelines/quantise-model makes one of it");
    return NULL;
  }
  return ae_plan_new_int8 (model->architecture, model->weights,
      in_integers ? model->int8 : NULL, width, height, n_threads, error);
}

gsize
ae_plan_memory_bytes (const AePlan * plan)
{
  return plan->memory_bytes;
}

static void
free_worker (AePlanWorker * worker)
{
  g_free (worker->tap_offset);
  g_free (worker->next);
  g_free (worker->base);
}

void
ae_plan_free (AePlan * plan)
{
  if (plan == NULL)
    return;
  for (guint i = 0; plan->pool && i < ae_worker_pool_n_threads (plan->pool);
      i++)
    free_worker (&plan->workers[i]);
  g_free (plan->workers);
  ae_worker_pool_free (plan->pool);
  ae_plan_free_stages (plan);
  ae_aligned_free (plan->packed);
  ae_aligned_free (plan->memory);
  g_free (plan->is_seam_made);
  g_mutex_clear (&plan->seam_lock);
  g_cond_clear (&plan->seam_made);
  ae_aligned_free (plan->frame);
  g_free (plan->columns);
  g_free (plan->rows);
  ae_tape_free (plan->tape);
  ae_tensor_clear (&plan->tape_in);
  ae_weights_unref (plan->weights);
  ae_int8_unref (plan->int8);
  ae_architecture_unref (plan->architecture);
  g_free (plan);
}
