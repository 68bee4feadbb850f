/* What is unusual in a frame, from what a model cannot reconstruct. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Width and height of a cell in pixels. */
#define AE_ANOMALY_CELL 16

/**
 * AeAnomaly: follows the reconstruction error of each cell of the picture, and
 * tells by how many standard deviations it is off what is usual there.
 *
 * The error is a logarithm, of which the median over all cells is taken off:
 * light that changes, and noise with it, moves all cells alike. What is usual is
 * a running mean over some hundred frames; values that are far off count as
 * less and more slowly, so that what enters becomes usual in the end, but only
 * after some hundred frames.
 */
typedef struct _AeAnomaly AeAnomaly;

AeAnomaly *ae_anomaly_new (guint width, guint height)
    G_GNUC_WARN_UNUSED_RESULT;

void ae_anomaly_free (AeAnomaly * anomaly);     /* NULL is a no-op */

/* As if no frame had been seen. */
void ae_anomaly_forget (AeAnomaly * anomaly);

/**
 * ae_anomaly_add:
 * @x: the frame, rows @stride floats apart
 * @y: what the model makes of it, likewise
 * @quantile: 0..1, of the scores, for ae_anomaly_threshold()
 *
 * Returns: the frame's score: the mean of the cells that are furthest off, one
 *   in a hundred but at least four, in standard deviations; negative while it is
 *   learned what is usual, for 30 frames.
 */
double ae_anomaly_add (AeAnomaly * anomaly, const float *x, const float *y,
    gsize stride, double quantile);

/* The next frames are reconstructed by another model, which makes @y of @x, where
 * the one before made @before. */
void ae_anomaly_change_model (AeAnomaly * anomaly, const float *x,
    const float *before, const float *y, gsize stride);

/**
 * ae_anomaly_threshold:
 *
 * Returns: what the last score is to be compared with: three times as far over
 *   the median of the 256 scores before that passed as their quantile is.
 *   Negative before there are 30.
 */
double ae_anomaly_threshold (const AeAnomaly * anomaly);

/* Returns: (transfer none): how far each cell was off in the last frame, in
 * standard deviations; [@n_y][@n_x]. */
const float *ae_anomaly_cells (const AeAnomaly * anomaly, guint * n_x,
    guint * n_y);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeAnomaly, ae_anomaly_free)

G_END_DECLS
