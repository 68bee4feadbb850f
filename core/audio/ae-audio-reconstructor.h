/* What an autoencoder makes of sound, and what it cannot. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-anomaly.h"
#include "ae-model.h"
#include "ae-spectral-filter.h"

G_BEGIN_DECLS

/* A score is that of so many frames of 10 ms. */
#define AE_AUDIO_BLOCK 32

typedef enum
{
  AE_AUDIO_INPUT,
  AE_AUDIO_RECONSTRUCTION,
  AE_AUDIO_RESIDUAL
} AeAudioOutput;

/**
 * AeAudioReconstructor: the state of one stream, that of #AeSpectralFilter;
 * models are shared.
 *
 * The model sees the shape of each spectrum, ae_audio_shape_next(). Its mean error
 * in each bin over a block of frames is what is scored; blocks in which there is
 * digital silence are not. docs/training.md, "What a model cannot reconstruct".
 */
typedef struct _AeAudioReconstructor AeAudioReconstructor;

/* Without a model: what comes out is the input, and there are no scores. */
AeAudioReconstructor *ae_audio_reconstructor_new (void)
    G_GNUC_WARN_UNUSED_RESULT;

/* NULL is a no-op. */
void ae_audio_reconstructor_free (AeAudioReconstructor * reconstructor);

/**
 * ae_audio_reconstructor_set_model:
 * @model: (transfer none): an autoencoder of %AE_STFT_BINS channels of any size,
 *   of layers that #AeStream takes
 *
 * The first model works from the next frame on; another one after a block that
 * both of them hear, so that what one of them makes better is no surprise.
 * Errors: AE_ERROR_SHAPE, AE_ERROR_UNSUPPORTED for a model that is not one; the
 * old model stays.
 */
gboolean ae_audio_reconstructor_set_model (AeAudioReconstructor *
    reconstructor, AeModel * model, GError ** error);

/* What comes out, from the next frame on: the input at first. The residual is
 * the input less the reconstruction. */
void ae_audio_reconstructor_set_output (AeAudioReconstructor * reconstructor,
    AeAudioOutput output);

/* @threshold, @quantile: ae_anomaly_add(), from the next block on; -1 and 0.95
 * at first. */
void ae_audio_reconstructor_set_threshold (AeAudioReconstructor *
    reconstructor, double threshold, double quantile);

/* Of the most unusual block since this was last asked; if there was none, of the
 * last one, unknown for one that was silent. Returns: how many blocks have been
 * scored. */
guint64 ae_audio_reconstructor_take_score (AeAudioReconstructor *
    reconstructor, AeAnomalyScore * score);

/* Returns: (transfer none): whose frames are reconstructed. */
AeSpectralFilter *ae_audio_reconstructor_filter (AeAudioReconstructor *
    reconstructor);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeAudioReconstructor,
    ae_audio_reconstructor_free)

G_END_DECLS
