/* What is unusual, from what a model cannot reconstruct. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AeAnomaly: follows the reconstruction error of each cell, a part of a picture
 * or a frequency, and tells by how many standard deviations it is off what is
 * usual there.
 *
 * The error is a logarithm, or of one, so that light that changes, or a gain,
 * and noise with it, move all cells alike: the median over them is taken off.
 * What is usual is a running mean over some hundred frames; values that are far off count
 * as less and more slowly, so that what enters becomes usual in the end, but only
 * after some hundred frames.
 */
typedef struct _AeAnomaly AeAnomaly;

/**
 * AeAnomalyScore:
 * @score: the mean of the cells that are furthest off, one in a hundred but at
 *   least four, in standard deviations; negative while it is learned what is
 *   usual, for 30 frames
 * @threshold: what the score is compared with; negative while that is learned,
 *   for 30 scores
 */
typedef struct
{
  double score, threshold;
  gboolean anomalous;
} AeAnomalyScore;

#define AE_ANOMALY_UNKNOWN ((AeAnomalyScore) { -1.0, -1.0, FALSE })

/* Whether @a is more unusual than @b: an anomaly is than what is none, whatever
 * the scores, since thresholds differ. */
static inline gboolean
ae_anomaly_is_worse (const AeAnomalyScore * a, const AeAnomalyScore * b)
{
  return a->anomalous != b->anomalous ? a->anomalous : a->score > b->score;
}

/* @least: a cell that varies less is off in units of this */
AeAnomaly *ae_anomaly_new (guint n_cells, float least)
    G_GNUC_WARN_UNUSED_RESULT;

void ae_anomaly_free (AeAnomaly * anomaly);     /* NULL is a no-op */

/* As if no frame had been seen. */
void ae_anomaly_forget (AeAnomaly * anomaly);

/**
 * ae_anomaly_add:
 * @error: of each cell; a frame with one that is not finite is neither scored
 *   nor learned
 * @threshold: of the score; negative: learned, three times as far over the
 *   median of the 256 scores before that passed as their quantile is, but
 *   at least 5
 * @quantile: 0..1, of the scores
 * @score: (out): that of the frame
 */
void ae_anomaly_add (AeAnomaly * anomaly, const float *error,
    double threshold, double quantile, AeAnomalyScore * score);

/* The next frames are reconstructed by another model: of one frame, the errors
 * that it makes @after, and of the one @before; without effect where one of them
 * is not finite. */
void ae_anomaly_change_model (AeAnomaly * anomaly, const float *before,
    const float *after);

/* Returns: (transfer none): how far each cell was off in the last frame, in
 * standard deviations. */
const float *ae_anomaly_cells (const AeAnomaly * anomaly);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeAnomaly, ae_anomaly_free)

G_END_DECLS
