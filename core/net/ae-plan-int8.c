/* Convolutions of a plan in integers. A row of bytes is [channel / 4][x][4]:
 * four channels take the place of one float, so that rings, tiles, strides and
 * taps are those of a fourth of the channels.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-plan-private.h"

#include <math.h>
#include <string.h>

#define MAX_BIAS (1 << 30)

static guint
round_up (guint n, guint multiple)
{
  return (n + multiple - 1) / multiple * multiple;
}

const AeInt8Layer *
ae_plan_int8_layer (const AePlan * plan, guint i_layer)
{
  return plan->int8 && plan->int8->layers[i_layer].weights
      ? &plan->int8->layers[i_layer] : NULL;
}

/* Whether @stage can make bytes instead of floats. */
static gboolean
can_make_bytes (const AePlanStage * stage)
{
  return stage->op == AE_PLAN_TAPS && stage->int8 && stage->n_posts == 0
      && ae_activation_is_straight (stage->layer->activation);
}

void
ae_plan_turn_to_bytes (AePlan * plan, AePlanStage * stage,
    const AeInt8Layer * reader, guint c)
{
  stage->bytes = reader;
  stage->outside = reader->zero;
  stage->n_channels = c;
  stage->c = (c + 3) / 4;
  stage->factor = plan->n_packed;
  plan->n_packed += round_up (c, AE_BLOCK);
}

gboolean
ae_plan_fuse_bytes (AePlan * plan, const AeInt8Layer * reader, gboolean in_use)
{
  AePlanStage *last = &plan->stages[plan->n_stages - 1];

  if (in_use || !can_make_bytes (last))
    return FALSE;
  ae_plan_turn_to_bytes (plan, last, reader, last->c);
  return TRUE;
}

gsize
ae_plan_int8_packed_size (guint m, guint n_taps)
{
  return ae_kernels_packed_size (m, n_taps) + 2 * round_up (m, AE_BLOCK);
}

/* The weights, biases and scales of one set of taps. */
static AeInt8Taps
taps_of (const AePlan * plan, const AePlanStage * stage, const AeTapSet * set)
{
  const float *weights = plan->packed + set->packed;
  const float *bias = weights + ae_kernels_packed_size (stage->m, set->n_taps);

  return (AeInt8Taps) {
  stage->m, set->n_taps, (const guint32 *) weights, (const gint32 *) bias,
        bias + round_up (stage->m, AE_BLOCK)};
}

/* The weights of output channel @i at tap @t, of four input channels.
 * Returns: their sum. */
static gint32
pack_tap (const AePlanStage * stage, const AeTapSet * set, guint i, guint t,
    gint8 packed[4])
{
  const AeLayer *layer = stage->layer;
  guint n = layer->kernel * layer->kernel;
  guint group = set->channel[t] / (stage->up ? 1 : stage->stride);
  gsize from = (gsize) i * stage->source_step + set->source[t];
  gint32 sum = 0;

  for (guint j = 0; j < 4 && group * 4 + j < layer->in.c; j++) {
    packed[j] = stage->int8->weights[from + (gsize) j * n
        * (stage->up ? stage->m : 1)];
    sum += packed[j];
  }
  return sum;
}

static void
pack_set (AePlan * plan, const AePlanStage * stage, const AeTapSet * set,
    const float *bias)
{
  guint padded = round_up (stage->m, AE_BLOCK);
  gint8 *weights = (gint8 *) (plan->packed + set->packed);
  gint32 *sums = (gint32 *) (plan->packed + set->packed
      + ae_kernels_packed_size (stage->m, set->n_taps));
  float *scale = (float *) sums + padded;

  for (guint i = 0; i < stage->m; i++) {
    gsize block = (gsize) i / AE_BLOCK * set->n_taps;
    double begin = rint ((double) bias[i] / (double) stage->int8->scale[i]);
    gint32 sum = 0;

    for (guint t = 0; t < set->n_taps; t++)
      sum += pack_tap (stage, set, i, t,
          weights + ((block + t) * AE_BLOCK + i % AE_BLOCK) * 4);
    begin -= (double) sum *stage->int8->zero;
    sums[i] = (gint32) CLAMP (begin, -MAX_BIAS, MAX_BIAS);
    scale[i] = stage->int8->scale[i];
  }
}

void
ae_plan_pack_int8 (AePlan * plan, const AePlanStage * stage,
    const float *weights)
{
  for (guint j = 0; j < stage->n_sets && stage->int8; j++)
    pack_set (plan, stage, &stage->sets[j],
        weights + stage->layer->params[AE_PARAM_BIAS].offset);
  for (guint c = 0; c < stage->n_channels && stage->bytes; c++)
    plan->packed[stage->factor + c] = 1.0f / stage->bytes->step[c];
}

static AeInt8Bytes
bytes_of (const AePlan * plan, const AePlanStage * stage, float slope)
{
  return (AeInt8Bytes) {
  stage->bytes->zero, slope, plan->packed + stage->factor};
}

void
ae_plan_make_int8_taps (const AePlan * plan, const AePlanWorker * worker,
    const AePlanStage * stage, const AeTapSet * set, guint n_groups,
    const float *in, float *out, gsize out_stride)
{
  AeInt8Taps taps = taps_of (plan, stage, set);
  const float slope = ae_activation_slope (stage->layer->activation);

  if (stage->bytes) {
    AeInt8Bytes bytes = bytes_of (plan, stage, slope);

    ae_kernels ()->int8_taps_to_bytes (&taps, n_groups, &bytes, in,
        worker->tap_offset, out, out_stride);
  } else {
    ae_kernels ()->int8_taps_to_floats (&taps, n_groups, slope, in,
        worker->tap_offset, out, out_stride);
  }
}

void
ae_plan_make_bytes (const AePlan * plan, const AePlanWorker * worker, guint i,
    gint y)
{
  const AePlanStage *stage = &plan->stages[i];
  const AePlanSpan *span = &worker->columns[i];
  AeInt8Bytes bytes = bytes_of (plan, stage, 1.0f);

  ae_kernels ()->int8_floats_to_bytes (stage->n_channels,
      (guint) (span->end - span->begin + AE_GROUP - 1) / AE_GROUP, &bytes,
      ae_plan_position (plan, worker, (guint) stage->i_in, y, span->begin),
      plan->stages[stage->i_in].channel_step, ae_plan_position (plan, worker,
          i, y, span->begin), stage->channel_step);
}
