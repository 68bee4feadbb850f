/* What a trainer shows of its work. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-online.h"

G_BEGIN_DECLS

/* Patches in a report, and numbers of its histogram. */
#define AE_REPORT_PATCHES 6
#define AE_REPORT_BINS 48
#define AE_REPORT_MAX_FILTERS 64
/* Points of the curves: with one more, every other one is dropped. */
#define AE_REPORT_MAX_POINTS 512

/* The curves at one step; what is not known yet is negative. */
typedef struct
{
  guint64 step;
  double loss, held_out, psnr;
} AeReportPoint;

/**
 * AeReport: immutable once made and reference counted, so that whoever draws it
 * holds nobody up.
 * @patch: as they came from the stream, [c][h][w][n]: the model's channels, or
 *   for colorize Y', Cb, Cr
 * @input: what is made of them, the model's @output for that, and the @target;
 *   for colorize the latter two are Cb, Cr
 * @filters: weights of the first layer that has a kernel or sees the whole
 *   input, in pixels of the input, the mean of its channels; [1][h][w][n], n = 0
 *   for none
 * @code_counts: histogram of the code's numbers for @input, the means of a
 *   stochastic code, evenly from -@code_reach to @code_reach
 * @code_zero: share of them under a hundredth of the largest in magnitude
 */
struct _AeReport
{
  gatomicrefcount ref_count;
  AeOnlineStats stats;
  AeArchitecture *architecture;
  AeObjectiveKind objective;
  guint n_points;
  AeReportPoint *points;
  AeTensor patch, input, output, target;
  AeTensor filters;
  guint code_counts[AE_REPORT_BINS];
  float code_reach;
  double code_zero;
};

/* Makes reports: the memory of the curves. */
typedef struct _AeReporter AeReporter;

/* Fills sample @i of those that are shown, and the @patch it was made of. */
typedef void (*AeReportFunc) (gpointer data, guint i, AeRng * rng,
    AeSample * sample, float *patch);

/* @patch: shape of what AeReportFunc fills */
AeReporter *ae_reporter_new (AeArchitecture * architecture,
    const AeShape * patch, AeObjectiveKind objective)
    G_GNUC_WARN_UNUSED_RESULT;

void ae_reporter_free (AeReporter * reporter);  /* NULL is a no-op */

/**
 * ae_reporter_make:
 * @n: samples that @func can fill; at most AE_REPORT_PATCHES are shown
 *
 * Adds a point to the curves and runs the model on the samples.
 */
AeReport *ae_reporter_make (AeReporter * reporter,
    const AeOnlineStats * stats, const AeWeights * weights, guint n,
    AeReportFunc func, gpointer data) G_GNUC_WARN_UNUSED_RESULT;

AeReport *ae_report_ref (AeReport * report);
void ae_report_unref (AeReport * report);       /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeReporter, ae_reporter_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeReport, ae_report_unref)

G_END_DECLS
