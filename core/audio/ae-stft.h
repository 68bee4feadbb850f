/* Short-time spectra: windows of 20 ms every 10 ms. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define AE_AUDIO_RATE 16000      /* Hz; full scale of the samples is -1 to 1 */

#define AE_STFT_WINDOW 320      /* samples in a frame */
#define AE_STFT_HOP 160         /* samples from one frame to the next */
#define AE_STFT_BINS 161        /* of a frame's spectrum, from 0 to half the rate */

/* One frame's spectrum. The transform is unitary: the squared magnitudes, those
 * of the inner bins twice, add up to that of the windowed samples. */
typedef struct
{
  float re[AE_STFT_BINS], im[AE_STFT_BINS];
} AeSpectrum;

/* Takes the spectrum of @samples[%AE_STFT_WINDOW] under a sine window. */
void ae_stft_analyse (const float *samples, AeSpectrum * spectrum);

/* Adds what @spectrum stands for to @samples[%AE_STFT_WINDOW], under the same
 * window: frames analysed and synthesised add up to the samples. */
void ae_stft_synthesise (const AeSpectrum * spectrum, float *samples);

G_END_DECLS
