/* Four rows of a 3x3 convolution of stride 1 at once, by F(4x4, 3x3).
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-plan-private.h"

/* The 36 positions of a 6x6 tile. */
#define N_POSITIONS 36

/* Tiles [36][c][tiles], the six input rows from @y - 1 on. Rows after the last
 * one that matters are zeros, so that the result does not depend on what a ring
 * held before. */
static void
transform_in (const AePlan * plan, const AePlanWorker * worker, guint i,
    gint y, gint n, gint x, guint n_groups, float *tiles)
{
  guint i_in = (guint) plan->stages[i].i_in;
  const AePlanStage *in = &plan->stages[i_in];
  const float *rows[6];

  for (gint row = 0; row < 6; row++)
    rows[row] = ae_plan_position (plan, worker, i_in,
        row <= n + 1 ? y - 1 + row : -1, x - 1);
  for (guint c = 0; c < in->c; c++) {
    ae_kernels ()->winograd_in (n_groups, rows, tiles + c * n_groups
        * AE_GROUP, (gsize) in->c * n_groups * AE_GROUP);
    for (guint row = 0; row < 6; row++)
      rows[row] += in->channel_step;
  }
}

/* products [36][m][tiles] = weights [36][m][c] tiles [36][c][tiles] */
static void
multiply (const AePlan * plan, AePlanWorker * worker,
    const AePlanStage * stage, guint n_groups, const float *tiles,
    float *products)
{
  guint c = plan->stages[stage->i_in].c, step = n_groups * AE_GROUP;
  const float *weights = plan->packed + stage->packed;

  for (guint t = 0; t < c; t++)
    worker->tap_offset[t] = (gint32) (t * step);
  for (guint k = 0; k < N_POSITIONS; k++)
    ae_kernels ()->taps_forward (stage->m, n_groups, c, weights
        + k * ae_kernels_packed_size (stage->m, c), NULL, tiles
        + (gsize) k * c * step, worker->tap_offset, AE_GROUP, products
        + (gsize) k * stage->m * step, step, AE_GROUP);
}

/* Output rows past the @n that are wanted go to @unused. */
static void
transform_out (const AePlan * plan, const AePlanWorker * worker, guint i,
    gint y, gint n, gint x, guint n_groups, const float *products,
    float *unused)
{
  const AePlanStage *stage = &plan->stages[i];
  const AeParam *bias = &stage->layer->params[AE_PARAM_BIAS];
  gboolean relu = stage->layer->activation == AE_ACTIVATION_RELU;
  float *rows[4];

  for (gint row = 0; row < 4; row++)
    rows[row] = row < n ? ae_plan_position (plan, worker, i, y + row, x)
        : unused;
  for (guint m = 0; m < stage->m; m++) {
    ae_kernels ()->winograd_out (n_groups, products + m * n_groups * AE_GROUP,
        (gsize) stage->m * n_groups * AE_GROUP,
        plan->weights->data[bias->offset + m], relu, rows);
    for (gint row = 0; row < n; row++)
      rows[row] += stage->channel_step;
  }
}

void
ae_plan_make_winograd (const AePlan * plan, AePlanWorker * worker, guint i,
    gint y, gint n)
{
  const AePlanStage *stage = &plan->stages[i];
  const AePlanSpan *span = &worker->columns[i];
  gsize n_tiles = (gsize) N_POSITIONS * plan->stages[stage->i_in].c
      * stage->n_chunk * AE_GROUP;
  gsize n_products = (gsize) N_POSITIONS * stage->m * stage->n_chunk * AE_GROUP;
  float *tiles = worker->transformed, *products = tiles + n_tiles;
  gint step = (gint) stage->n_chunk * AE_PLAN_TILE_COLUMNS;

  for (gint x = span->begin; x < span->end; x += step) {
    guint n_groups = (guint) (MIN (span->end - x, step)
        + AE_PLAN_TILE_COLUMNS - 1) / AE_PLAN_TILE_COLUMNS;

    transform_in (plan, worker, i, y, n, x, n_groups, tiles);
    multiply (plan, worker, stage, n_groups, tiles, products);
    transform_out (plan, worker, i, y, n, x, n_groups, products,
        products + n_products);
  }
}
