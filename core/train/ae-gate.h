/* Is what was learned better than what is published? SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-trainer.h"

G_BEGIN_DECLS

/**
 * AeGate: compares weights on held-out samples. Both are given the same samples
 * with the same random numbers, so that the difference of their losses is that
 * of the weights, however noisy the samples are.
 */
typedef struct _AeGate AeGate;

/* Fills sample @i, one of the held-out ones, as an AeSampleFunc does. */
typedef void (*AeGateFunc) (gpointer data, guint i, AeRng * rng,
    AeSample * sample);

/**
 * AeGateVerdict: mean losses over the samples.
 * @first: of the weights to beat in the first verdict; without a model, of the
 *   candidate if that is more
 * @gain: best - candidate, and @deviation: the standard deviation of that mean
 * @psnr: of the candidate against the targets, for values of 0..1, in dB; with
 *   a score, the mean of that
 */
typedef struct
{
  double candidate, best, first;
  double gain, deviation;
  double psnr;
} AeGateVerdict;

/* How good the output @out is for @target, one sample, in dB. */
typedef double (*AeGateScoreFunc) (const AeTensor * out,
    const AeTensor * target);

/**
 * ae_gate_new:
 * @config: of the trainer: the size of samples, how many are run together, the
 *   loss, whether they have a mask, and the anchor
 * @score: (nullable): what to tell in place of the PSNR
 * @best: (nullable) (transfer none): what candidates have to beat; NULL: the
 *   input taken as the output, or @flat where that is the target, the shapes differ
 *   or there is a loss_func
 * @flat: of AeMaterial
 */
AeGate *ae_gate_new (AeArchitecture * architecture,
    const AeTrainerConfig * config, AeGateScoreFunc score, AeWeights * best,
    float flat)
    G_GNUC_WARN_UNUSED_RESULT;

void ae_gate_free (AeGate * gate);      /* NULL is a no-op */

/**
 * ae_gate_judge:
 * @cancelled: not 0: give up, at the next few samples; atomic
 *
 * Returns: %FALSE with fewer than 8 samples, which tell nothing, and when
 *   cancelled.
 */
gboolean ae_gate_judge (AeGate * gate, AeWeights * candidate, guint n,
    AeGateFunc func, gpointer data, const gint * cancelled,
    AeGateVerdict * verdict);

/**
 * ae_gate_compare:
 * @gain_db: (out): how much more @weights score than @others, as
 *   AeGateVerdict.psnr. Both are given what @func makes in one call, which may make
 *   something else in the next
 *
 * Returns: %FALSE when cancelled.
 */
gboolean ae_gate_compare (AeGate * gate, AeWeights * weights,
    AeWeights * others, guint n, AeGateFunc func, gpointer data,
    const gint * cancelled, double *gain_db);

/* AeGateVerdict.first, negative before the first verdict; and to go on with that
 * of an earlier gate. */
double ae_gate_first (const AeGate * gate);
void ae_gate_set_first (AeGate * gate, double first);

/* From now on candidates have to beat these weights. */
void ae_gate_accept (AeGate * gate, AeWeights * weights);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeGate, ae_gate_free)

G_END_DECLS
