/* 3x3 convolutions of a plan by Winograd's F(4x4, 3x3): four rows at a time.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-plan-private.h"

/* Groups of 16 tiles that are worked on together: three fill the registers,
 * as long as their positions fit the second-level cache. */
#define MAX_GROUPS 3
#define CACHE_BYTES (1u << 20)

/* The 36 positions of transformed tiles, [position][channel][tile]. */
typedef struct
{
  float *data;
  gsize channel_step, step;     /* floats */
} Positions;

static guint
max_groups (guint c_in, guint c_out)
{
  gsize n_bytes = (gsize) AE_WINOGRAD_POSITIONS * (c_in + c_out) * AE_GROUP
      * sizeof (float);

  return (guint) CLAMP (CACHE_BYTES / n_bytes, 1, MAX_GROUPS);
}

/* Positions lie an odd number of cache lines apart, as each channel is written
 * to all of them. */
static Positions
positions_init (float *data, guint n_channels, guint n_groups)
{
  return (Positions) {
  data, ((gsize) AE_WINOGRAD_POSITIONS * n_groups | 1) * AE_GROUP,
        n_groups * AE_GROUP};
}

gsize
ae_plan_winograd_scratch (guint c_in, guint c_out)
{
  guint n_groups = max_groups (c_in, c_out);

  return positions_init (NULL, c_in, n_groups).channel_step * c_in
      + positions_init (NULL, c_out, n_groups).channel_step * c_out;
}

/* 36 products make 16 samples; a channel's transforms take as long as about 28
 * and 25 products for each sample. */
double
ae_plan_winograd_cost (guint c_in, guint c_out)
{
  return AE_WINOGRAD_POSITIONS / 16.0 * c_in * c_out + 28.0 * c_in
      + 25.0 * c_out;
}

static void
transform_in (const AePlan * plan, const AePlanWorker * worker, guint i_in,
    gint y, gint x, guint n_groups, const Positions * to)
{
  const AePlanStage *in = &plan->stages[i_in];
  const AeKernels *kernels = ae_kernels ();
  const float *rows[6];

  for (gint j = 0; j < 6; j++)
    rows[j] = ae_plan_position (plan, worker, i_in, y - 1 + j, x - 1);
  for (guint c = 0; c < in->c; c++) {
    kernels->winograd_in (n_groups, rows, to->data
        + c * to->channel_step, to->step);
    for (guint j = 0; j < 6; j++)
      rows[j] += in->channel_step;
  }
}

/* Rows outside of the picture go where nobody reads them. */
static void
transform_out (const AePlan * plan, const AePlanWorker * worker, guint i,
    gint y, gint x, guint n_groups, const Positions * from)
{
  const AePlanStage *stage = &plan->stages[i];
  const float *bias = plan->weights->data
      + stage->layer->params[AE_PARAM_BIAS].offset;
  const float slope = ae_activation_slope (stage->layer->activation);
  const AeKernels *kernels = ae_kernels ();
  float *rows[4];
  gsize steps[4];

  for (gint j = 0; j < 4; j++) {
    gboolean is_inside = y + j >= 0 && y + j < (gint) stage->h;

    rows[j] = is_inside ? ae_plan_position (plan, worker, i, y + j, x)
        : worker->unread;
    steps[j] = is_inside ? stage->channel_step : 0;
  }
  for (guint c = 0; c < stage->c; c++) {
    kernels->winograd_out (n_groups, from->data + c * from->channel_step,
        from->step, bias[c], slope, rows);
    for (guint j = 0; j < 4; j++)
      rows[j] += steps[j];
  }
}

/* In even parts of at most @most: one group alone takes more than its share. */
static guint
next_part (guint n_left, guint most)
{
  guint n_parts = (n_left + most - 1) / most;

  return (n_left + n_parts - 1) / n_parts;
}

void
ae_plan_make_winograd (const AePlan * plan, AePlanWorker * worker, guint i,
    gint y)
{
  const AePlanStage *stage = &plan->stages[i];
  guint i_in = (guint) stage->i_in, c_in = plan->stages[i_in].c;
  const AePlanSpan *span = &worker->columns[i];
  guint most = max_groups (c_in, stage->c);
  Positions in = positions_init (worker->winograd, c_in, most);
  Positions out = positions_init (in.data + c_in * in.channel_step,
      stage->c, most);
  const guint width = 4 * AE_GROUP;
  guint n_left = ((guint) (span->end - span->begin) + width - 1) / width;
  const AeKernels *kernels = ae_kernels ();
  gsize n_weights = ae_kernels_packed_size (stage->c, c_in);
  guint n_groups;

  for (guint c = 0; c < c_in; c++)
    worker->tap_offset[c] = (gint32) (c * in.channel_step);
  for (gint x = span->begin; n_left > 0; n_left -= n_groups,
      x += (gint) (n_groups * width)) {
    const float *weights = plan->packed + stage->sets[0].packed;

    n_groups = next_part (n_left, most);
    transform_in (plan, worker, i_in, y, x, n_groups, &in);
    for (guint k = 0; k < AE_WINOGRAD_POSITIONS; k++) {
      kernels->taps_forward (stage->c, n_groups, c_in, weights, NULL,
          in.data + k * in.step, worker->tap_offset, AE_GROUP,
          out.data + k * out.step, out.channel_step, AE_GROUP);
      weights += n_weights;
    }
    transform_out (plan, worker, i, y, x, n_groups, &out);
  }
}
