/* Removes noise from one stream of sound. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-model.h"

G_BEGIN_DECLS

/* Samples are mono floats at this rate, full scale being -1 to 1. */
#define AE_AUDIO_RATE 16000

/* Samples by which the output is later than the input: 20 ms. */
#define AE_AUDIO_DENOISER_DELAY 320

/**
 * AeAudioDenoiser: the state of one stream; models are shared. What a sample
 * becomes does not depend on how the stream is cut into calls. One thread at a
 * time; nothing is allocated after ae_audio_denoiser_new().
 */
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

/**
 * ae_audio_denoiser_process:
 * @in: @n samples; where one is not finite, silence is taken in its place, but
 *   it is handed on
 * @out: (nullable): @n samples; may be @in
 * @removed: (nullable): @n samples of the noise that was taken away
 *
 * out[i] is the input %AE_AUDIO_DENOISER_DELAY samples before in[i], less
 * removed[i]; before the first input there are zeros. So samples of the last
 * delay come out when as many zeros are fed after them.
 *
 * At other rates than %AE_AUDIO_RATE, feed a resampled copy, and take the
 * resampled @removed from the stream itself, delayed likewise: what lies above
 * the model's band stays as it is.
 */
void ae_audio_denoiser_process (AeAudioDenoiser * denoiser, const float *in,
    float *out, float *removed, gsize n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeAudioDenoiser, ae_audio_denoiser_free)

G_END_DECLS
