/* What the files of the inference plan share. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * ae-plan-stages.c turns layers into stages, ae-plan-tiles.c and
 * ae-plan-bands.c lay out tiles and memory, ae-plan-rows.c, ae-plan-winograd.c and ae-plan-int8.c compute rows,
 * ae-plan.c runs frames.
 *
 * A stage makes rows, [channel][x], from rows of earlier stages. Each worker
 * keeps for each stage a ring of as many rows as are still needed, and one row
 * of zeros, which stands for every row outside of the picture. Columns outside
 * are zeros in the rows themselves. */
#pragma once

#include "ae-int8.h"
#include "ae-kernels.h"
#include "ae-plan.h"
#include "ae-tape.h"

G_BEGIN_DECLS

typedef enum
{
  AE_PLAN_FRAME,                /* the input, shared by all workers */
  AE_PLAN_TAPS,                 /* sums over taps: any convolution */
  AE_PLAN_WINOGRAD,             /* 3x3 convolutions with enough channels */
  AE_PLAN_SPLIT,                /* columns (and rows) -> channels */
  AE_PLAN_JOIN,                 /* channels -> columns (and rows) */
  AE_PLAN_POOL,                 /* columns and rows -> one */
  AE_PLAN_UPSAMPLE,             /* one -> columns and rows */
  AE_PLAN_BYTES,                /* floats -> bytes, for sums in integers */
  AE_PLAN_COPY                  /* with the saved or given channels behind */
} AePlanOp;

#define AE_WINOGRAD_POSITIONS 36
/* The taps that make one phase of a convolution's output: all of it, or for a
 * deconvolution the rows and columns that are (i, j) modulo the stride. */
typedef struct
{
  guint n_taps;
  guint32 *channel;             /* of each tap */
  gint32 *column;               /* relative to the column it serves */
  guint8 *i_row;                /* index of its input row, 0 to kernel - 1 */
  guint32 *source;              /* its weight of output channel 0 */
  gsize packed;                 /* where AePlan.packed holds its weights */
} AeTapSet;

/* Done in place after a row is made. */
typedef struct
{
  const AeLayer *layer;         /* add, modulate or norm */
  gint i_saved;                 /* add: stage; else -1 */
} AePlanPost;

typedef struct
{
  AePlanOp op;
  guint c, h, w;                /* of the whole output, [c][h][w] */
  gint i_in;                    /* stage; -1 for the frame */
  guint rows, columns;          /* split, join, pool, upsample: by how much */
  guint block;                  /* rows made together, 1 or 4 ... */
  guint phase;                  /* ... the first one is this modulo block */

  /* taps */
  const AeLayer *layer;
  guint m;                      /* channels of one phase */
  gboolean up;                  /* deconvolution */
  guint kernel, stride, pad;    /* of the rows */
  gint first_column, last_column;       /* columns that position 0 reads */
  guint n_sets;                 /* phases: [row phase][column phase] */
  AeTapSet *sets;
  guint32 source_step;          /* from one output channel's weight on */
  const AeInt8Layer *int8;      /* sums of bytes; NULL: of floats */

  /* bytes; NULL where the stage makes floats */
  const AeInt8Layer *bytes;     /* of the convolution that reads them */
  guint n_channels;             /* four of them are one of @c */
  gsize factor;                 /* where AePlan.packed holds 1 / step */
  guint8 outside;               /* every byte outside of the picture */

  gint i_concat;                /* copy: stage behind, or -1 */
  guint n_given;                /* copy: channels of the condition behind */

  AePlanPost *posts;
  guint n_posts;

  /* layout, floats */
  guint n_rows;                 /* in the ring, without the row of zeros */
  gsize channel_step, row_step;     /* from channel to channel, row to row */
  gsize offset;                 /* in the worker's memory */
  guint n_seam;                 /* rows kept for the tile above ... */
  gsize seam_offset;            /* ... in the tile's seam */
} AePlanStage;

/* One axis of one stage in one tile. Positions that are needed may lie outside
 * of the picture, those that are made do not. */
typedef struct
{
  gint need_begin, need_end;    /* columns */
  gint begin, end;
  gint seam_end;                /* rows: those before it are the seam */
  gint origin;                  /* columns: the position stored first */
} AePlanSpan;

/* The state of one thread in its tile. */
typedef struct
{
  const AePlanSpan *columns, *rows;     /* [n_stages] */
  guint i_tile;                 /* band * n_stripes + stripe */
  float *seam, *seam_below;     /* of this tile, of the one below */
  gboolean below_ready;         /* the latter is known to be complete */
  gint *next;                   /* [n_stages]: the next row of each stage */
  float **base;                 /* [n_stages]: its ring */
  gint32 *tap_offset;
  float *winograd;              /* scratch of that */
  float *unread;                /* a row of one channel */
  gboolean measure;             /* compute nothing, find the ring sizes */
} AePlanWorker;

struct _AePlan
{
  AeArchitecture *architecture;
  AeWeights *weights;
  AeInt8 *int8;                 /* NULL: floats alone */
  guint width, height;          /* of the frames */
  guint out_width, out_height;  /* of the output */
  AeWorkerPool *pool;
  AePlanWorker *workers;        /* one a thread */

  AePlanStage *stages;          /* the last one is the output */
  guint n_stages;
  float *packed;
  gsize n_packed, n_unpacked, n_max_taps;

  guint n_stripes, n_bands;
  AePlanSpan *columns;          /* [n_stripes][n_stages] */
  AePlanSpan *rows;             /* [n_bands][n_stages] */
  float *frame;                 /* stage 0 */
  float *memory;                /* of the workers, then the seams */
  gsize n_worker_floats, n_ring_floats, n_winograd, n_unread;
  gsize n_seam_floats;          /* of one tile */
  GMutex seam_lock;
  GCond seam_made;
  gint *is_seam_made;           /* [n_bands][n_stripes], atomic */
  gsize memory_bytes;

  /* instead of all that, models of fixed input size run the tape */
  AeTape *tape;
  AeTensor tape_in;

  /* the run */
  const AePlane *in, *out;
  const AeTensor *condition;
};

/* Both fail with what ae_plan_new() fails with. */
gboolean ae_plan_make_stages (AePlan * plan, GError ** error);
gboolean ae_plan_make_tiles (AePlan * plan, GError ** error);

/* Returns: (transfer full) (nullable): [n_bands][n_stages], the rows of @whole
 * in bands that take the same time; NULL where there are too few for that. */
AePlanSpan *ae_plan_cut_bands (const AePlan * plan, const AePlanSpan * whole,
    guint n_bands);

/* Returns: the time for one row of stage @i, in multiply-accumulates. */
double ae_plan_row_cost (const AePlan * plan, guint i);

void ae_plan_pack_weights (AePlan * plan, const float *weights);
void ae_plan_free_stages (AePlan * plan);

/* Makes all rows of stage @i before row @end of the tile. */
void ae_plan_ensure_rows (AePlan * plan, AePlanWorker * worker, guint i,
    gint end);

/* Computes the block of rows of stage @i that begins with @y; the rows it needs
 * are there. */
void ae_plan_make_rows (const AePlan * plan, AePlanWorker * worker, guint i,
    gint y);
void ae_plan_make_winograd (const AePlan * plan, AePlanWorker * worker,
    guint i, gint y);

/* Returns: layer @i_layer in integers, NULL where it stays float. */
const AeInt8Layer *ae_plan_int8_layer (const AePlan * plan, guint i_layer);

/* Makes @stage's output, or what it is to be, @c channels of bytes. */
void ae_plan_turn_to_bytes (AePlan * plan, AePlanStage * stage,
    const AeInt8Layer * reader, guint c);

/* Lets the last stage make bytes for @reader, if it can.
 * @in_use: whether other stages read its floats */
gboolean ae_plan_fuse_bytes (AePlan * plan, const AeInt8Layer * reader,
    gboolean in_use);

/* Returns: floats in the packed form of a set of taps of bytes. */
gsize ae_plan_int8_packed_size (guint m, guint n_taps);

/* What @stage needs for bytes, as AePlanStage.int8 or .bytes says. */
void ae_plan_pack_int8 (AePlan * plan, const AePlanStage * stage,
    const float *weights);

/* As taps_forward(), with the taps' places in worker->tap_offset. */
void ae_plan_make_int8_taps (const AePlan * plan, const AePlanWorker * worker,
    const AePlanStage * stage, const AeTapSet * set, guint n_groups,
    const float *in, float *out, gsize out_stride);
void ae_plan_make_bytes (const AePlan * plan, const AePlanWorker * worker,
    guint i, gint y);

/* Returns: floats that a thread needs for it. */
gsize ae_plan_winograd_scratch (guint c_in, guint c_out);

/* Returns: the time for one position, in multiply-accumulates. */
double ae_plan_winograd_cost (guint c_in, guint c_out);

/* Rows of the input, @begin to @end, that rows @begin to @end of @stage are
 * made from. */
void ae_plan_rows_in (const AePlanStage * stage, gint * begin, gint * end);

/* The first row, perhaps outside of the picture, of the block with row @y. */
static inline gint
ae_plan_block_begin (const AePlanStage * stage, gint y)
{
  return y - (gint) (((guint) y + stage->block - stage->phase) % stage->block);
}

/* Row @y of stage @i, its first stored column. */
static inline float *
ae_plan_row (const AePlan * plan, const AePlanWorker * worker, guint i, gint y)
{
  const AePlanStage *stage = &plan->stages[i];
  const AePlanSpan *rows = &worker->rows[i];
  gsize step = stage->row_step;

  if (y < 0 || y >= (gint) stage->h)
    return worker->base[i] + stage->n_rows * step;
  if (y >= rows->end)
    return worker->seam_below + stage->seam_offset
        + (gsize) (y - rows->end) * step;
  if (y < rows->seam_end)
    return worker->seam + stage->seam_offset + (gsize) (y - rows->begin) * step;
  return worker->base[i] + (guint) y % stage->n_rows * step;
}

/* Column @x of row @y of stage @i. */
static inline float *
ae_plan_position (const AePlan * plan, const AePlanWorker * worker, guint i,
    gint y, gint x)
{
  return ae_plan_row (plan, worker, i, y) + (x - worker->columns[i].origin);
}

G_END_DECLS
