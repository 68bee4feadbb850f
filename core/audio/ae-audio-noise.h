/* Synthetic noises of sound, as streams. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AeAudioNoiseKind:
 * @AE_AUDIO_NOISE_GAUSSIAN: white, of normal distribution
 * @AE_AUDIO_NOISE_WHITE: white, of uniform distribution
 * @AE_AUDIO_NOISE_PINK: power falls by 3 dB per octave, from 0.0003 of the rate
 *   up (Kellet's filter, 1999)
 * @AE_AUDIO_NOISE_HUM: mains of 50 or 60 Hz with harmonics, which and how
 *   strong by the seed
 * @AE_AUDIO_NOISE_CLICKS: eight damped oscillations a second on average, at
 *   random times
 */
typedef enum
{
  AE_AUDIO_NOISE_GAUSSIAN,
  AE_AUDIO_NOISE_WHITE,
  AE_AUDIO_NOISE_PINK,
  AE_AUDIO_NOISE_HUM,
  AE_AUDIO_NOISE_CLICKS,
  AE_N_AUDIO_NOISES
} AeAudioNoiseKind;

/* Returns: (transfer none): `gaussian`, `white`, `pink`, `hum`, `clicks`. */
const gchar *ae_audio_noise_name (AeAudioNoiseKind kind);

/**
 * AeAudioNoise: one channel of a noise that never ends. The samples depend on
 * kind, rate and seed, and not on how many are asked for at a time.
 */
typedef struct _AeAudioNoise AeAudioNoise;

/* @rate_hz: at least 1. Returns: (transfer full) */
AeAudioNoise *ae_audio_noise_new (AeAudioNoiseKind kind, guint rate_hz,
    guint64 seed) G_GNUC_WARN_UNUSED_RESULT;

/* The next @n samples to @out, which is overwritten: of mean square 1, but
 * clicks of a peak of at most 1. Allocates nothing. */
void ae_audio_noise_fill (AeAudioNoise * noise, float *out, gsize n);

void ae_audio_noise_free (AeAudioNoise * noise);        /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeAudioNoise, ae_audio_noise_free)

G_END_DECLS
