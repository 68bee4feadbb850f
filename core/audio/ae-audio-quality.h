/* How alike are two sounds? SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Returned for equal sounds, and its negative for a test without the reference
 * in it. */
#define AE_SI_SDR_EQUAL_DB 100.0

/* Returns: the scale-invariant ratio of signal to distortion in dB (Le Roux et
 * al. 2019) of @n samples without their means. */
double ae_audio_quality_si_sdr_db (const float *reference, const float *test,
    gsize n);

/**
 * ae_audio_quality_stoi:
 * @reference, @test: @n samples of speech, aligned; at most 30 minutes
 * @stoi: (out): short-time objective intelligibility (Taal et al. 2011)
 * @estoi: (out): the extended one, for noise that fluctuates (Jensen and Taal
 *   2016)
 *
 * 1 is best for both. As the authors' programs do it: at 10 kHz, and frames of
 * the reference 40 dB under its loudest one left out of both.
 *
 * Returns: %FALSE when there are not 30 frames left, 0.4 s.
 */
gboolean ae_audio_quality_stoi (const float *reference, const float *test,
    gsize n, guint rate_hz, double *stoi, double *estoi);

/**
 * ae_audio_quality_lsd_db:
 *
 * Log-spectral distance in dB (Gray and Markel 1976): the root mean square
 * difference of the log power of all frequencies of a frame, mean of all
 * frames; Hann windows of 32 ms, half overlapping. Powers count as at least
 * 60 dB under the greatest one of the reference.
 *
 * Returns: the distance, 0 for equal sounds; -1 when @n is less than a frame, or
 *   the reference silent.
 */
double ae_audio_quality_lsd_db (const float *reference, const float *test,
    gsize n, guint rate_hz);

G_END_DECLS
