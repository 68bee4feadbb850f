/* One row of one stage. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-plan-private.h"

#include <string.h>

static gint
floor_div (gint a, gint b)
{
  return a >= 0 ? a / b : -((b - 1 - a) / b);
}

/* The places of @set's taps, relative to the input stage's memory; row_begin
 * is that of input row `kernel index`. */
static void
place_taps (const AeTapSet * set, gsize channel_step,
    const gint32 * row_begin, gint32 * tap_offset)
{
  for (guint t = 0; t < set->n_taps; t++)
    tap_offset[t] = (gint32) (set->channel[t] * channel_step)
        + set->column[t] + row_begin[set->i_row[t]];
}

#define MAX_KERNEL 256

static void
make_taps (const AePlan * plan, AePlanWorker * worker, guint i, gint y)
{
  const AePlanStage *stage = &plan->stages[i];
  const AePlanStage *in = &plan->stages[stage->i_in];
  const AePlanSpan *span = &worker->columns[i];
  const AeParam *bias = &stage->layer->params[AE_PARAM_BIAS];
  guint n_groups = (guint) (span->end - span->begin + AE_GROUP - 1) / AE_GROUP;
  guint n_phases = stage->up ? stage->stride : 1;
  const float *base = worker->base[stage->i_in];
  float *out = ae_plan_position (plan, worker, i, y, span->begin);
  gint s = (gint) stage->stride, pad = (gint) stage->pad;
  gint32 row_begin[MAX_KERNEL];

  for (gint ky = 0; ky < (gint) stage->kernel; ky++) {
    gint y_in = stage->up ? floor_div (y + pad - ky, s) : s * y + ky - pad;

    row_begin[ky] = (gint32) (ae_plan_row (plan, worker, (guint) stage->i_in,
            y_in) - base);
  }
  base += span->begin - worker->columns[stage->i_in].origin;
  for (guint phase = 0; phase < n_phases; phase++) {
    const AeTapSet *set =
        &stage->sets[stage->up ? (guint) (y % s * s) + phase : 0];

    place_taps (set, in->channel_step, row_begin, worker->tap_offset);
    if (stage->int8) {
      ae_plan_make_int8_taps (plan, worker, stage, set, n_groups, base, out
          + phase * stage->channel_step, n_phases * stage->channel_step);
      continue;
    }
    ae_kernels ()->taps_forward (stage->m, n_groups, set->n_taps,
        plan->packed + set->packed, plan->weights->data + bias->offset, base,
        worker->tap_offset, AE_GROUP, out + phase * stage->channel_step,
        n_phases * stage->channel_step, AE_GROUP);
  }
}

/* Channel (c, i, j) is column j of every `columns` in row i of every `rows`. */
static void
make_split (const AePlan * plan, AePlanWorker * worker, guint i, gint y)
{
  const AePlanStage *stage = &plan->stages[i];
  const AePlanStage *in = &plan->stages[stage->i_in];
  const AePlanSpan *span = &worker->columns[i];
  float *out = ae_plan_position (plan, worker, i, y, span->begin);
  gsize n = (gsize) (span->end - span->begin);

  for (guint c = 0; c < in->c; c++) {
    for (guint row = 0; row < stage->rows; row++) {
      const float *from = ae_plan_position (plan, worker, (guint) stage->i_in,
          y * (gint) stage->rows + (gint) row,
          span->begin * (gint) stage->columns)
          + c * in->channel_step;

      ae_kernels ()->row_split (stage->columns, n, from, out,
          stage->channel_step);
      out += stage->columns * stage->channel_step;
    }
  }
}

static void
make_join (const AePlan * plan, AePlanWorker * worker, guint i, gint y)
{
  const AePlanStage *stage = &plan->stages[i];
  const AePlanStage *in = &plan->stages[stage->i_in];
  const AePlanSpan *span = &worker->columns[i];
  gint rows = (gint) stage->rows, columns = (gint) stage->columns;
  float *out = ae_plan_position (plan, worker, i, y, span->begin);
  const float *from =
      ae_plan_position (plan, worker, (guint) stage->i_in, y / rows,
      span->begin / columns) + (gsize) (y % rows * columns) * in->channel_step;

  for (guint c = 0; c < stage->c; c++)
    ae_kernels ()->row_join (stage->columns,
        (gsize) ((span->end - span->begin) / columns),
        from + c * stage->rows * stage->columns * in->channel_step,
        in->channel_step, out + c * stage->channel_step);
}

static void
make_pool (const AePlan * plan, AePlanWorker * worker, guint i, gint y)
{
  const AePlanStage *stage = &plan->stages[i];
  const AePlanStage *in = &plan->stages[stage->i_in];
  const AePlanSpan *span = &worker->columns[i];
  gint r = (gint) stage->rows;
  gsize n = (gsize) (span->end - span->begin);
  gboolean average = stage->layer->average;
  float *out = ae_plan_position (plan, worker, i, y, span->begin);

  for (guint c = 0; c < stage->c; c++, out += stage->channel_step) {
    for (gint row = 0; row < r; row++) {
      const float *from = ae_plan_position (plan, worker, (guint) stage->i_in,
          y * r + row, span->begin * r) + c * in->channel_step;

      ae_kernels ()->row_pool (stage->rows, average, row == 0, n, from, out);
    }
    if (average)
      ae_kernels ()->row_scale (n, 1.0f / (float) (r * r), out);
  }
}

static void
make_upsample (const AePlan * plan, AePlanWorker * worker, guint i, gint y)
{
  const AePlanStage *stage = &plan->stages[i];
  const AePlanStage *in = &plan->stages[stage->i_in];
  const AePlanSpan *span = &worker->columns[i];
  gint r = (gint) stage->rows;
  float *out = ae_plan_position (plan, worker, i, y, span->begin);
  const float *from = ae_plan_position (plan, worker, (guint) stage->i_in,
      y / r, span->begin / r);

  for (guint c = 0; c < stage->c; c++) {
    /* all columns of a group from one channel */
    ae_kernels ()->row_join (stage->rows,
        (gsize) ((span->end - span->begin) / r), from, 0, out);
    out += stage->channel_step;
    from += in->channel_step;
  }
}

static void
copy_channels (const AePlan * plan, AePlanWorker * worker, guint i,
    guint i_from, gint y, float *out)
{
  const AePlanStage *from = &plan->stages[i_from];
  const AePlanSpan *span = &worker->columns[i];
  const float *in = ae_plan_position (plan, worker, i_from, y, span->begin);

  for (guint c = 0; c < from->c; c++)
    memcpy (out + c * plan->stages[i].channel_step, in
        + c * from->channel_step,
        (gsize) (span->end - span->begin) * sizeof (float));
}

/* Row @y of channel @c of the condition, for a layer of @stage's size. */
static const float *
condition_row (const AePlanStage * stage, const AeTensor * condition, guint c,
    gint y)
{
  return ae_tensor_row (condition, c,
      (guint) ((guint64) y * condition->h / stage->h));
}

/* The condition's column for column @x of @stage; @end becomes the first
 * column that has another one, unless that is further. */
static guint
condition_column (const AePlanStage * stage, const AeTensor * condition,
    gint x, gint * end)
{
  guint64 column = (guint64) x * condition->w / stage->w;
  guint64 next = ((column + 1) * stage->w + condition->w - 1) / condition->w;

  *end = (gint) MIN ((guint64) * end, next);
  return (guint) column;
}

static void
make_copy (const AePlan * plan, AePlanWorker * worker, guint i, gint y)
{
  const AePlanStage *stage = &plan->stages[i];
  const AePlanSpan *span = &worker->columns[i];
  float *out = ae_plan_position (plan, worker, i, y, span->begin);
  float *behind = out + plan->stages[stage->i_in].c * stage->channel_step;

  copy_channels (plan, worker, i, (guint) stage->i_in, y, out);
  if (stage->i_concat >= 0)
    copy_channels (plan, worker, i, (guint) stage->i_concat, y, behind);
  for (guint c = 0; c < stage->n_given; c++) {
    const float *row = condition_row (stage, plan->condition, c, y);

    for (gint x = span->begin, end; x < span->end; x = end) {
      end = span->end;
      float value = row[condition_column (stage, plan->condition, x, &end)];

      for (; x < end; x++)
        behind[c * stage->channel_step + (gsize) (x - span->begin)] = value;
    }
  }
}

static void
modulate (const AePlanStage * stage, const AePlanSpan * span,
    const AeTensor * condition, gint y, float *out)
{
  const float *row = condition_row (stage, condition, 0, y);

  for (gint x = span->begin, end; x < span->end; x = end) {
    end = span->end;
    float factor = row[condition_column (stage, condition, x, &end)];
    float *to = out + (x - span->begin);

    for (guint c = 0; c < stage->c; c++, to += stage->channel_step)
      ae_kernels ()->row_scale ((gsize) (end - x), factor, to);
  }
}

static void
activate (const AePlanStage * stage, AeActivation activation, gsize n,
    float *out)
{
  const float slope = ae_activation_slope (activation);

  if (activation == AE_ACTIVATION_LINEAR)
    return;
  for (guint c = 0; c < stage->c; c++, out += stage->channel_step) {
    if (ae_activation_is_straight (activation))
      ae_kernels ()->row_leak (n, slope, out);
    else
      ae_activation_forward (activation, out, n);
  }
}

static void
add_rows (const AePlanStage * stage, const AePlanStage * from,
    const float *in, AeActivation activation, gsize n, float *out)
{
  const float slope = ae_activation_slope (activation);

  for (guint c = 0; c < stage->c; c++) {
    const float *row = in + c * from->channel_step;
    float *to = out + c * stage->channel_step;

    if (slope < 1.0f)
      ae_kernels ()->row_add_leak (n, slope, row, to);
    else
      ae_kernels ()->row_add (n, row, to);
  }
  if (!ae_activation_is_straight (activation))
    activate (stage, activation, n, out);
}

/* Past the row's end too. */
static void
normalise (const AePlan * plan, const AePlanStage * stage,
    const AeLayer * layer, gsize n, float *out)
{
  const float *weights = plan->weights->data;

  ae_kernels ()->row_norm (stage->c, (guint) ((n + AE_GROUP - 1) / AE_GROUP),
      stage->channel_step, AE_NORM_EPSILON,
      weights + layer->params[AE_PARAM_WEIGHT].offset,
      weights + layer->params[AE_PARAM_BIAS].offset, out);
  activate (stage, layer->activation, n, out);
}

static void
finish_one (const AePlan * plan, AePlanWorker * worker, guint i, gint y,
    const AePlanPost * post)
{
  const AePlanStage *stage = &plan->stages[i];
  const AePlanSpan *span = &worker->columns[i];
  gsize n = (gsize) (span->end - span->begin);
  float *out = ae_plan_position (plan, worker, i, y, span->begin);

  if (post->i_saved >= 0)
    add_rows (stage, &plan->stages[post->i_saved], ae_plan_position (plan,
            worker, (guint) post->i_saved, y, span->begin),
        post->layer->activation, n, out);
  else if (post->layer->params[AE_PARAM_WEIGHT].size > 0)
    normalise (plan, stage, post->layer, n, out);
  else
    modulate (stage, span, plan->condition, y, out);
}

static void
finish_row (const AePlan * plan, AePlanWorker * worker, guint i, gint y)
{
  const AePlanStage *stage = &plan->stages[i];
  const AePlanSpan *span = &worker->columns[i];
  gsize n = (gsize) (span->end - span->begin);
  float *out = ae_plan_position (plan, worker, i, y, span->begin);

  if (stage->layer && !((stage->op == AE_PLAN_WINOGRAD || stage->int8)
          && ae_activation_is_straight (stage->layer->activation)))
    activate (stage, stage->layer->activation, n, out);
  for (guint j = 0; j < stage->n_posts; j++)
    finish_one (plan, worker, i, y, &stage->posts[j]);
}

/* Columns that are needed outside of the picture. */
static void
zero_edges (const AePlan * plan, AePlanWorker * worker, guint i, gint y)
{
  const AePlanStage *stage = &plan->stages[i];
  const AePlanSpan *span = &worker->columns[i];
  gint n_left = MAX (span->begin - span->need_begin, 0);
  gint n_right = MAX (span->need_end - span->end, 0);
  float *row = ae_plan_position (plan, worker, i, y, span->begin);

  if (n_left == 0 && n_right == 0)
    return;
  for (guint c = 0; c < stage->c; c++, row += stage->channel_step) {
    memset (row - n_left, stage->outside, (gsize) n_left * sizeof (float));
    memset (row + (span->end - span->begin), stage->outside,
        (gsize) n_right * sizeof (float));
  }
}

void
ae_plan_make_rows (const AePlan * plan, AePlanWorker * worker, guint i, gint y)
{
  const AePlanStage *stage = &plan->stages[i];
  gint end = MIN (y + (gint) stage->block, (gint) stage->h);

  switch (stage->op) {
    case AE_PLAN_TAPS:
      make_taps (plan, worker, i, y);
      break;
    case AE_PLAN_WINOGRAD:
      ae_plan_make_winograd (plan, worker, i, y);
      break;
    case AE_PLAN_SPLIT:
      make_split (plan, worker, i, y);
      break;
    case AE_PLAN_JOIN:
      make_join (plan, worker, i, y);
      break;
    case AE_PLAN_POOL:
      make_pool (plan, worker, i, y);
      break;
    case AE_PLAN_UPSAMPLE:
      make_upsample (plan, worker, i, y);
      break;
    case AE_PLAN_BYTES:
      ae_plan_make_bytes (plan, worker, i, y);
      break;
    case AE_PLAN_COPY:
      make_copy (plan, worker, i, y);
      break;
    case AE_PLAN_FRAME:
      g_return_if_reached ();
  }
  for (y = MAX (y, 0); y < end; y++) {
    finish_row (plan, worker, i, y);
    zero_edges (plan, worker, i, y);
  }
}
