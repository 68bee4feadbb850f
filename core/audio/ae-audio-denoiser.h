/* Removes noise from one stream of sound. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-model.h"
#include "ae-spectral-filter.h"

G_BEGIN_DECLS

#define AE_AUDIO_DENOISER_DELAY AE_SPECTRAL_FILTER_DELAY

/* AeAudioDenoiser: the state of one stream, that of #AeSpectralFilter; models are
 * shared. */
typedef struct _AeAudioDenoiser AeAudioDenoiser;

/**
 * ae_audio_denoiser_new:
 * @model: (transfer none): one that turns spectra into a mask, such as
 *   `denoise-audio`
 *
 * Errors: AE_ERROR_SHAPE, AE_ERROR_UNSUPPORTED for a model that is not one.
 */
AeAudioDenoiser *ae_audio_denoiser_new (AeModel * model, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

void ae_audio_denoiser_free (AeAudioDenoiser * denoiser);  /* NULL is a no-op */

/**
 * ae_audio_denoiser_set_model:
 *
 * From the next frame of 10 ms on, other weights; without a gap where the
 * architecture is that of the last model. Errors: as ae_audio_denoiser_new(),
 * and the old model stays.
 */
gboolean ae_audio_denoiser_set_model (AeAudioDenoiser * denoiser,
    AeModel * model, GError ** error);

/* How much of the noise is removed, 0 to 1, from the next frame on; 1 at first.
 * After two frames of 0 the output is the input, to the bit. */
void ae_audio_denoiser_set_strength (AeAudioDenoiser * denoiser,
    float strength);

/* The least factor for any frequency at a strength of 1, 0 to 1, from the next
 * frame on; 0.1 (-20 dB) at first. More leaves more of the noise, and fewer
 * artefacts. */
void ae_audio_denoiser_set_floor (AeAudioDenoiser * denoiser, float floor);

/* Forgets the stream: the next sample is the first of another one, before which
 * there was silence. */
void ae_audio_denoiser_reset (AeAudioDenoiser * denoiser);

/* Returns: (transfer none): which takes the noise away, for those who filter
 * with more than denoisers. */
AeSpectralFilter *ae_audio_denoiser_filter (AeAudioDenoiser * denoiser);

/* As ae_spectral_filter_process(); @removed is the noise. */
void ae_audio_denoiser_process (AeAudioDenoiser * denoiser, const float *in,
    float *out, float *removed, gsize n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeAudioDenoiser, ae_audio_denoiser_free)

G_END_DECLS
