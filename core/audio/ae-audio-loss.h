/* Losses of a mask over spectra. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-stft.h"
#include "ae-tensor.h"

G_BEGIN_DECLS

/* Channels of a target: what the loss needs of the noisy and the clean spectrum
 * of each bin. */
#define AE_AUDIO_TARGET (5 * AE_STFT_BINS)

/**
 * ae_audio_target:
 * @noisy, @clean: @n_frames spectra of one sample; @clean all zero for noise alone
 * @target: (out): [%AE_AUDIO_TARGET][@n_frames]
 */
void ae_audio_target (const AeSpectrum * noisy, const AeSpectrum * clean,
    guint n_frames, float *target);

/**
 * ae_audio_loss:
 * @mask: [%AE_STFT_BINS][1][frames][n] factors, 0 to 1, of the noisy spectra
 * @target: [%AE_AUDIO_TARGET][1][frames][n] of ae_audio_target()
 * @sample_weight: (nullable): n factors, one for each sample
 * @grad: (out): gradient of the result with respect to @mask; takes its shape
 *
 * An AeTrainerLossFunc: the distance of compressed magnitudes, in which what is
 * taken from speech counts more than noise that is left, that of compressed
 * spectra, and the signal-to-distortion ratio; docs/training.md, "Sound".
 *
 * Returns: the sum over samples of weight times loss.
 */
double ae_audio_loss (const AeTensor * mask, const AeTensor * target,
    const float *sample_weight, AeTensor * grad);

/**
 * ae_audio_target_of:
 * @mask: [%AE_STFT_BINS][1][frames][n]
 * @target: (inout): of ae_audio_target(); of samples whose first value in @counts
 *   is 0, the clean spectrum becomes @mask times the noisy one, with a ratio
 *   only where @mask leaves some of what was clean
 */
void ae_audio_target_of (const AeTensor * mask, AeTensor * target,
    AeTensor * counts);

/* Returns: the signal-to-distortion ratio in decibels, up to 30, of one sample;
 * 0 without speech. */
double ae_audio_score_db (const AeTensor * mask, const AeTensor * target);

G_END_DECLS
