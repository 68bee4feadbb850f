/* Takes something away from each spectrum of a stream of sound. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-stft.h"

G_BEGIN_DECLS

/* Samples by which the output is later than the input: 20 ms. */
#define AE_SPECTRAL_FILTER_DELAY 320

/**
 * AeSpectralFilterOps: what a filter does, with the data of
 * ae_spectral_filter_new().
 * @frame: of a frame's spectrum, leaves what is to be taken away
 * @reset: forgets the stream
 */
typedef struct
{
  void (*frame) (gpointer data, AeSpectrum * spectrum);
  void (*reset) (gpointer data);
} AeSpectralFilterOps;

/**
 * AeSpectralFilter: the state of one stream of mono floats at %AE_AUDIO_RATE,
 * full scale being -1 to 1. What a sample becomes does not depend on how the
 * stream is cut into calls. One thread at a time; nothing is allocated after
 * ae_spectral_filter_new().
 */
typedef struct _AeSpectralFilter AeSpectralFilter;

AeSpectralFilter *ae_spectral_filter_new (const AeSpectralFilterOps * ops,
    gpointer data) G_GNUC_WARN_UNUSED_RESULT;

void ae_spectral_filter_free (AeSpectralFilter * filter);  /* NULL is a no-op */

/* Forgets the stream: the next sample is the first of another one, before which
 * there was silence. */
void ae_spectral_filter_reset (AeSpectralFilter * filter);

/**
 * ae_spectral_filter_process:
 * @in: @n samples; where one is not finite, silence is taken in its place, but
 *   it is handed on
 * @out: (nullable): @n samples; may be @in
 * @removed: (nullable): @n samples of what was taken away
 *
 * out[i] is the input %AE_SPECTRAL_FILTER_DELAY samples before in[i], less
 * removed[i]; before the first input there are zeros. So samples of the last
 * delay come out when as many zeros are fed after them.
 *
 * At other rates than %AE_AUDIO_RATE, feed a resampled copy, and take the
 * resampled @removed from the stream itself, delayed likewise: what lies above
 * the band of the spectra stays as it is.
 */
void ae_spectral_filter_process (AeSpectralFilter * filter, const float *in,
    float *out, float *removed, gsize n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeSpectralFilter, ae_spectral_filter_free)

G_END_DECLS
