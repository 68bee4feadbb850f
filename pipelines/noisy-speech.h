/* Mixtures of speech and noise. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-trainer.h"
#include "sound-set.h"

G_BEGIN_DECLS

/* Both sets have at least one group; each is drawn as often as the others. */
typedef struct
{
  const AeSoundSet *speech, *noise;
  guint n_frames;               /* of a training sample */
} AeNoisySpeech;

/* Returns: (transfer full): a group of @n_sounds noises of every kind there is in
 * made-noise.h, for ae_sound_set_take(). */
GArray *ae_made_noises (guint n_sounds, guint64 seed);

/**
 * ae_noisy_speech_mix:
 * @noisy, @clean: (out): @n samples
 *
 * As a trainer hears it: speech of one voice with pauses, at other speeds, through
 * other rooms and microphones, in one or two noises of -5 to 22 dB; sometimes
 * noise alone, or hardly any noise.
 */
void ae_noisy_speech_mix (const AeNoisySpeech * mixer, AeRng * rng, gsize n,
    float *noisy, float *clean);

/**
 * ae_noisy_speech_plain:
 * @n_before: samples of noise before the speech begins
 *
 * As it is judged: the same without anything done to speech or noise but for the
 * gain that makes the ratio @snr_db over all that follows @n_before.
 */
void ae_noisy_speech_plain (const AeNoisySpeech * mixer, AeRng * rng,
    float snr_db, gsize n_before, gsize n, float *noisy, float *clean);

/* An AeSampleFunc; its data is an AeNoisySpeech. The target is that of
 * ae_audio_loss(). */
void ae_noisy_speech_sample (gpointer data, AeRng * rng, AeSample * sample);

G_END_DECLS
