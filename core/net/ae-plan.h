/* Running a model on whole frames. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-model.h"
#include "ae-worker-pool.h"

G_BEGIN_DECLS

/* One plane of float samples, rows @stride floats apart. */
typedef struct
{
  float *data;
  gsize stride;
} AePlane;

/**
 * AePlan: a model prepared for frames of one size: rows of [y][channel][x] are
 * streamed through the layers, depth first, tile by tile, so that activations
 * stay in the cache. All memory is allocated when the plan is made.
 */
typedef struct _AePlan AePlan;

/**
 * ae_plan_new:
 * @width, @height: of the frames; 1 to 16384. Frames whose size is not a
 *   multiple of architecture->multiple are extended by repeating the last row
 *   and column, and the result is cropped.
 * @n_threads: 0 = one per processor. The result is bit-identical for any number.
 *
 * Errors: AE_ERROR_SHAPE for a model of fixed input size other than the
 * frame's; AE_ERROR_UNSUPPORTED for a layer that plans cannot run;
 * AE_ERROR_LIMIT when memory does not suffice.
 */
AePlan *ae_plan_new (AeArchitecture * architecture, AeWeights * weights,
    guint width, guint height, guint n_threads, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * ae_plan_new_int8:
 * @int8: (nullable): of the same architecture and weights: these layers are run
 *   in integers. The result is close to that of ae_plan_new(), and the same to
 *   the last bit on every processor as long as all convolutions are among them
 *
 * Otherwise as ae_plan_new().
 */
AePlan *ae_plan_new_int8 (AeArchitecture * architecture, AeWeights * weights,
    AeInt8 * int8, guint width, guint height, guint n_threads, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* How a model is run.
 * @AE_PRECISION_AUTO: in integers if it has them and the processor has VNNI
 * @AE_PRECISION_INT8: in integers on any processor; exact, but slow without VNNI
 */
typedef enum
{
  AE_PRECISION_AUTO,
  AE_PRECISION_FLOAT,
  AE_PRECISION_INT8
} AePrecision;

/**
 * ae_plan_new_of_model:
 *
 * Errors: those of ae_plan_new(); AE_ERROR_UNSUPPORTED for AE_PRECISION_INT8
 * and a model without integers.
 */
AePlan *ae_plan_new_of_model (const AeModel * model, AePrecision precision,
    guint width, guint height, guint n_threads, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * ae_plan_run:
 * @in: architecture->input.c planes of width x height
 * @condition: (nullable): [n_given][hc][wc][1], read at the nearest position
 *   of its grid; NULL only for a model without condition
 * @out: architecture->output.c planes; may be @in, which is copied first. They
 *   are as large as @in where the model keeps the size, else in proportion,
 *   rounded up
 *
 * One call at a time. Allocates nothing.
 */
void ae_plan_run (AePlan * plan, const AePlane * in,
    const AeTensor * condition, const AePlane * out);

/* Replaces the weights between two runs; they fit the plan's architecture.
 * Errors: AE_ERROR_SHAPE; AE_ERROR_UNSUPPORTED for a plan of int8 weights,
 * which belong to the weights they were made of. */
gboolean ae_plan_set_weights (AePlan * plan, AeWeights * weights,
    GError ** error);

/* Returns: bytes of samples and weights that the plan holds, for all threads
 * together. */
gsize ae_plan_memory_bytes (const AePlan * plan);

void ae_plan_free (AePlan * plan);      /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AePlan, ae_plan_free)

G_END_DECLS
