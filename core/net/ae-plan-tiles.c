/* Tiles of a plan, and the memory for their rows.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-plan-private.h"
#include "ae-error.h"

#include <string.h>

/* Rings beyond this do not stay in the second-level cache. Then each channel
 * that a sum over taps reads costs as much time as some products more;
 * Winograd's transforms read what they need fast enough. */
#define CACHE_BYTES (1u << 20)
#define MISS_COST 40

/* At its end a run waits for its last tile, for about this part of it. */
#define WAIT 0.2

#define MAX_CUTS 64
#define MIN_STRIPE 64

/* More bands than threads even out what the threads get of the processor, but
 * each takes memory, and time to write it. */
#define BANDS_PER_THREAD 2
#define SEAM_COST 0.005

static gint
round_up (gint n, gint multiple)
{
  return (n + multiple - 1) / multiple * multiple;
}

static gint
floor_div (gint a, gint b)
{
  return a >= 0 ? a / b : -((b - 1 - a) / b);
}

void
ae_plan_rows_in (const AePlanStage * stage, gint * begin, gint * end)
{
  gint s = (gint) stage->stride, k = (gint) stage->kernel;
  gint pad = (gint) stage->pad, rows = (gint) stage->rows;

  switch (stage->op) {
    case AE_PLAN_TAPS:
    case AE_PLAN_WINOGRAD:
      if (stage->up) {
        *begin = -floor_div (k - 1 - pad - *begin, s);
        *end = floor_div (*end - 1 + pad, s) + 1;
      } else {
        *begin = s * *begin - pad;
        *end = s * (*end - 1) + k - pad;
      }
      break;
    case AE_PLAN_SPLIT:
    case AE_PLAN_POOL:
      *begin *= rows;
      *end *= rows;
      break;
    case AE_PLAN_JOIN:
    case AE_PLAN_UPSAMPLE:
      *begin /= rows;
      *end = (*end - 1) / rows + 1;
      break;
    case AE_PLAN_FRAME:
    case AE_PLAN_BYTES:
    case AE_PLAN_COPY:
      break;
  }
}

/* A tile of Winograd's is read as a whole: columns that its wanted samples do
 * not depend on are cancelled, but not to the last bit. */
static void
columns_in (const AePlanStage * stage, gint * begin, gint * end)
{
  gint columns = (gint) stage->columns;

  switch (stage->op) {
    case AE_PLAN_WINOGRAD:
      *end = *begin + round_up (*end - *begin, 4) + 1;
      *begin -= 1;
      break;
    case AE_PLAN_TAPS:
      *begin += stage->first_column;
      *end += stage->last_column;
      break;
    case AE_PLAN_SPLIT:
    case AE_PLAN_POOL:
      *begin *= columns;
      *end *= columns;
      break;
    case AE_PLAN_JOIN:
    case AE_PLAN_UPSAMPLE:
      *begin /= columns;
      *end = (*end - 1) / columns + 1;
      break;
    case AE_PLAN_FRAME:
    case AE_PLAN_BYTES:
    case AE_PLAN_COPY:
      break;
  }
}

static void
need (AePlanSpan * span, gint begin, gint end)
{
  span->need_begin = MIN (span->need_begin, begin);
  span->need_end = MAX (span->need_end, end);
}

/* What is made of the positions that are needed: joining and upsampling make
 * all columns of a group, Winograd's tiles have four columns and four rows. They begin at the
 * same places of the picture in any grid, so that the result is the same to the
 * last bit. Rows are stored from a multiple of AE_GROUP on. */
static void
finish_span (const AePlanStage * stage, AePlanSpan * span, gint size,
    gboolean is_column)
{
  if (span->need_begin > span->need_end)
    span->need_begin = span->need_end = 0;
  span->begin = CLAMP (span->need_begin, 0, size);
  span->end = CLAMP (span->need_end, span->begin, size);
  if (is_column && (stage->op == AE_PLAN_JOIN || stage->op == AE_PLAN_UPSAMPLE)) {
    span->begin -= span->begin % (gint) stage->columns;
    span->end = round_up (span->end, (gint) stage->columns);
  }
  if (is_column && stage->op == AE_PLAN_WINOGRAD)
    span->begin -= span->begin % 4;
  if (!is_column && span->begin < span->end) {
    span->end = MIN (ae_plan_block_begin (stage, span->end - 1)
        + (gint) stage->block, size);
    span->begin = MAX (ae_plan_block_begin (stage, span->begin), 0);
  }
  span->seam_end = span->begin;
  span->origin = span->begin - round_up (MAX (span->begin
          - span->need_begin, 0), AE_GROUP);
}

/* Which rows or columns of each stage the output's @begin to @end need. */
static void
find_spans (const AePlan * plan, gboolean is_column, gint begin, gint end,
    AePlanSpan * spans)
{
  for (guint i = 0; i < plan->n_stages; i++)
    spans[i] = (AePlanSpan) {
    G_MAXINT, G_MININT, 0, 0, 0, 0};
  need (&spans[plan->n_stages - 1], begin, end);
  for (guint i = plan->n_stages; i-- > 0;) {
    const AePlanStage *stage = &plan->stages[i];
    AePlanSpan *span = &spans[i];

    finish_span (stage, span, (gint) (is_column ? stage->w : stage->h),
        is_column);
    if (span->begin == span->end || stage->i_in < 0)
      continue;
    begin = is_column ? span->begin : ae_plan_block_begin (stage, span->begin);
    end = is_column ? span->end
        : ae_plan_block_begin (stage, span->end - 1) + (gint) stage->block;
    for (guint j = 0; j < stage->n_posts; j++) {
      if (stage->posts[j].i_saved >= 0)
        need (&spans[stage->posts[j].i_saved], begin, end);
    }
    if (stage->i_concat >= 0)
      need (&spans[stage->i_concat], begin, end);
    if (is_column)
      columns_in (stage, &begin, &end);
    else
      ae_plan_rows_in (stage, &begin, &end);
    need (&spans[stage->i_in], begin, end);
  }
}

/* Cuts 0 to @size in @n parts at multiples of @unit. */
static void
cut (gint size, guint n, guint i, gint unit, gint * begin, gint * end)
{
  gint64 step = (gint64) size * i, next = step + size;

  *begin = i == 0 ? 0 : MIN (round_up ((gint) (step / n), unit), size);
  *end = i + 1 == n ? size : MIN (round_up ((gint) (next / n), unit), size);
}

static AePlanSpan *
make_stripes (const AePlan * plan, guint n)
{
  AePlanSpan *spans = g_new (AePlanSpan, (gsize) n * plan->n_stages);

  for (guint i = 0; i < n; i++) {
    gint begin, end;

    cut ((gint) plan->out_width, n, i, 2 * AE_GROUP, &begin, &end);
    find_spans (plan, TRUE, begin, end, spans + (gsize) i * plan->n_stages);
  }
  return spans;
}

/* Columns are made in groups of so many. */
static gint
column_group (const AePlanStage * stage)
{
  return stage->op == AE_PLAN_WINOGRAD ? 4 * AE_GROUP : AE_GROUP;
}

/* The time of one position of a row of @stage, in multiply-accumulates. */
static double
position_cost (const AePlan * plan, const AePlanStage * stage, gboolean misses)
{
  guint c_in = plan->stages[stage->i_in].c;
  double n_taps = 0;

  for (guint i = 0; i < stage->n_sets; i++)
    n_taps += stage->sets[i].n_taps;
  if (stage->op == AE_PLAN_WINOGRAD)
    return ae_plan_winograd_cost (c_in, stage->m);
  if (stage->op == AE_PLAN_TAPS)
    return n_taps * round_up ((gint) stage->m, AE_BLOCK)
        / (stage->up ? stage->stride : 1) + (misses ? MISS_COST * c_in : 0);
  return stage->c * 4.0;
}

double
ae_plan_row_cost (const AePlan * plan, guint i)
{
  return position_cost (plan, &plan->stages[i], FALSE) * plan->stages[i].w;
}

/* Columns of each stage in all @n stripes: halos count, and columns in whole
 * groups. Returns: floats of the widest stripe's rings. */
static gsize
count_positions (const AePlan * plan, guint n, double *n_positions)
{
  g_autofree AePlanSpan *spans = make_stripes (plan, n);
  gsize n_most = 0;

  memset (n_positions, 0, plan->n_stages * sizeof (double));
  for (guint j = 0; j < n; j++) {
    gsize n_floats = 0;

    for (guint i = 1; i < plan->n_stages; i++) {
      const AePlanStage *stage = &plan->stages[i];
      const AePlanSpan *span = &spans[(gsize) j * plan->n_stages + i];
      gint size = round_up (span->end - span->begin, column_group (stage));

      n_floats += (gsize) size *stage->c * stage->n_rows;
      n_positions[i] += size;
    }
    n_most = MAX (n_most, n_floats);
  }
  return n_most;
}

/* How much longer @n_tiles take than if the threads could share them evenly. */
static double
imbalance (guint n_tiles, guint n_threads)
{
  guint n_turns = (n_tiles + n_threads - 1) / n_threads;

  return (n_turns * n_threads + WAIT * (n_threads - 1)) / n_tiles;
}

/* The grid with the least time, halos, cache and threads considered: as few
 * tiles as keep the threads busy. */
static void
choose_grid (AePlan * plan, const AePlanSpan * whole)
{
  guint n_threads = ae_worker_pool_n_threads (plan->pool);
  guint max_stripes = CLAMP (plan->out_width / MIN_STRIPE, 1, MAX_CUTS);
  guint max_bands = MIN (BANDS_PER_THREAD * n_threads, MAX_CUTS);
  g_autofree double *columns = g_new (double, plan->n_stages);
  double best = G_MAXDOUBLE;

  for (guint n_bands = 1; n_bands <= max_bands; n_bands++) {
    AePlanSpan *rows = ae_plan_cut_bands (plan, whole, n_bands);

    if (rows == NULL)
      continue;
    for (guint n_stripes = 1; n_stripes <= max_stripes; n_stripes++) {
      gsize n_floats = count_positions (plan, n_stripes, columns);
      gboolean misses = n_floats * sizeof (float) > CACHE_BYTES;
      double cost = 0;

      for (guint i = 1; i < plan->n_stages; i++)
        cost += position_cost (plan, &plan->stages[i], misses) * columns[i]
            * (whole[i].end - whole[i].begin);
      cost *= imbalance (n_stripes * n_bands, n_threads)
          * (1.0 + SEAM_COST * (n_bands - 1));
      if (cost < best) {
        best = cost;
        plan->n_stripes = n_stripes;
        plan->n_bands = n_bands;
      }
    }
    g_free (rows);
  }
}

/* Goes through the rows of each band without computing: a ring holds as many
 * rows as lie between the oldest one read and the newest one made. */
static void
measure_rings (AePlan * plan, const AePlanSpan * rows, guint n_bands)
{
  g_autofree gint *next = g_new (gint, plan->n_stages);
  AePlanWorker worker = {.next = next,.measure = TRUE };

  for (guint band = 0; band < n_bands; band++) {
    const AePlanSpan *spans = rows + (gsize) band * plan->n_stages;

    worker.rows = spans;
    for (guint i = 0; i < plan->n_stages; i++)
      next[i] = spans[i].begin;
    for (gint y = spans[plan->n_stages - 1].begin;
        y < spans[plan->n_stages - 1].end; y++)
      ae_plan_ensure_rows (plan, &worker, plan->n_stages - 1, y + 1);
  }
}

static void
measure_seams (AePlan * plan)
{
  for (guint band = 1; band < plan->n_bands; band++) {
    for (guint i = 1; i < plan->n_stages; i++) {
      const AePlanSpan *span = &plan->rows[(gsize) band * plan->n_stages + i];
      AePlanStage *stage = &plan->stages[i];

      stage->n_seam = MAX (stage->n_seam,
          (guint) (span->seam_end - span->begin));
    }
  }
}

/* Channels and rows lie an odd number of cache lines apart, so that those of
 * one sum do not fall into the same set of the first-level cache. */
static gsize
odd_lines (gsize n)
{
  return ((n + AE_GROUP - 1) / AE_GROUP | 1) * AE_GROUP;
}

/* Whole groups are read and written, past the end: by the stage itself and by
 * those that read it. */
static gint
overshoot (const AePlan * plan, guint i)
{
  gint most = column_group (&plan->stages[i]);

  for (guint j = i + 1; j < plan->n_stages; j++) {
    if (plan->stages[j].i_in == (gint) i)
      most = MAX (most, column_group (&plan->stages[j]));
  }
  return most + AE_GROUP;
}

/* Makes all stripes start the frame's rows at the same column. */
static void
lay_out_frame (AePlan * plan)
{
  AePlanSpan *spans = plan->columns;
  gint origin = 0;

  for (guint i = 0; i < plan->n_stripes; i++)
    origin = MIN (origin, spans[(gsize) i * plan->n_stages].need_begin);
  origin = -round_up (-origin, AE_GROUP);
  for (guint i = 0; i < plan->n_stripes; i++)
    spans[(gsize) i * plan->n_stages].origin = origin;
}

static gsize
n_memory_floats (const AePlan * plan)
{
  return plan->n_worker_floats * ae_worker_pool_n_threads (plan->pool)
      + plan->n_seam_floats * (plan->n_bands - 1) * plan->n_stripes;
}

static gboolean
lay_out (AePlan * plan, GError ** error)
{
  gsize n_frame;

  lay_out_frame (plan);
  for (guint i = 0; i < plan->n_stages; i++) {
    AePlanStage *stage = &plan->stages[i];
    gint width = 0;

    for (guint j = 0; j < plan->n_stripes; j++) {
      const AePlanSpan *span = &plan->columns[(gsize) j * plan->n_stages + i];
      gint end = MAX (span->need_end, i == 0 ? (gint) stage->w : span->end);

      width = MAX (width, end + overshoot (plan, i) - span->origin);
    }
    stage->channel_step = odd_lines ((gsize) width);
    stage->row_step = stage->channel_step * stage->c;
  }
  n_frame = plan->stages[0].row_step * (plan->stages[0].n_rows + 1);
  for (guint i = 1; i < plan->n_stages; i++) {
    AePlanStage *stage = &plan->stages[i];

    stage->offset = plan->n_ring_floats;
    plan->n_ring_floats += stage->row_step * (stage->n_rows + 1);
    plan->n_unread = MAX (plan->n_unread, stage->channel_step);
    stage->seam_offset = plan->n_seam_floats;
    plan->n_seam_floats += stage->row_step * stage->n_seam;
  }
  plan->n_worker_floats = plan->n_ring_floats + plan->n_winograd
      + plan->n_unread;
  plan->memory_bytes = (n_frame + plan->n_packed + n_memory_floats (plan)
      + plan->n_max_taps * ae_worker_pool_n_threads (plan->pool))
      * sizeof (float);
  /* taps are placed by differences of 32 bits */
  if (n_frame > G_MAXINT32 || n_memory_floats (plan) > G_MAXINT32) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "a frame of %ux%u is too large for this model", plan->width,
        plan->height);
    return FALSE;
  }
  return TRUE;
}

static gboolean
allocate (AePlan * plan, GError ** error)
{
  const AePlanStage *frame = &plan->stages[0];
  gboolean ok;

  plan->frame = ae_aligned_try_alloc0 (frame->row_step * (frame->n_rows + 1)
      * sizeof (float));
  plan->packed = ae_aligned_try_alloc0 (plan->n_packed * sizeof (float));
  plan->memory = ae_aligned_try_alloc0 (n_memory_floats (plan)
      * sizeof (float));
  plan->is_seam_made = g_new0 (gint, (gsize) plan->n_bands * plan->n_stripes);
  ok = plan->frame && plan->packed && plan->memory;
  for (guint i = 0; i < ae_worker_pool_n_threads (plan->pool); i++) {
    AePlanWorker *worker = &plan->workers[i];

    worker->tap_offset = g_new0 (gint32, plan->n_max_taps);
    worker->next = g_new0 (gint, plan->n_stages);
    worker->base = g_new0 (float *, plan->n_stages);
    worker->base[0] = plan->frame;
    if (!ok)
      continue;
    worker->winograd = plan->memory + i * plan->n_worker_floats
        + plan->n_ring_floats;
    worker->unread = worker->winograd + plan->n_winograd;
    for (guint j = 1; j < plan->n_stages; j++) {
      const AePlanStage *stage = &plan->stages[j];

      worker->base[j] = plan->memory + i * plan->n_worker_floats
          + stage->offset;
      memset (worker->base[j] + stage->n_rows * stage->row_step,
          stage->outside, stage->row_step * sizeof (float));
    }
  }
  if (!ok)
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "out of memory: a plan for frames of %ux%u needs %" G_GSIZE_FORMAT
        " bytes", plan->width, plan->height, plan->memory_bytes);
  return ok;
}

gboolean
ae_plan_make_tiles (AePlan * plan, GError ** error)
{
  g_autofree AePlanSpan *whole = g_new (AePlanSpan, plan->n_stages);

  find_spans (plan, FALSE, 0, (gint) plan->out_height, whole);
  plan->stages[0].n_rows = plan->stages[0].h;
  for (guint i = 1; i < plan->n_stages; i++)
    plan->stages[i].n_rows = plan->stages[i].block;
  measure_rings (plan, whole, 1);
  choose_grid (plan, whole);
  plan->columns = make_stripes (plan, plan->n_stripes);
  plan->rows = ae_plan_cut_bands (plan, whole, plan->n_bands);
  measure_seams (plan);
  measure_rings (plan, plan->rows, plan->n_bands);
  return lay_out (plan, error) && allocate (plan, error);
}
