/* Mixtures of speech and noise. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-sound-set.h"

G_BEGIN_DECLS

/* Lays @n samples of sound, to be scaled. @out: (inout): zeros */
typedef void (*AeNoisySpeechFunc) (gpointer data, AeRng * rng, float *out,
    gsize n);

/**
 * AeNoisySpeech:
 * @speech, @noise: with at least one group each; each group is drawn as often as
 *   the others
 * @n_frames: of a training sample
 * @lay_speech, @lay_noise: (nullable): where it comes from instead; it is then
 *   left as it was recorded, but for its level
 */
typedef struct
{
  const AeSoundSet *speech, *noise;
  guint n_frames;
  AeNoisySpeechFunc lay_speech, lay_noise;
  gpointer data;
} AeNoisySpeech;

/* Returns: (transfer full): a group of @n_sounds noises of every kind there is in
 * ae-made-noise.h, for ae_sound_set_take(). */
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

/**
 * ae_noisy_speech_sample:
 * @input: (out): [%AE_AUDIO_FEATURES][@n_frames]
 * @target: (out): of ae_audio_loss()
 *
 * A mixture as a trainer hears it, from somewhere in the middle of it on.
 */
void ae_noisy_speech_sample (const AeNoisySpeech * mixer, AeRng * rng,
    float *input, float *target);

/* The same for a mixture as it is judged, at 0 to 15 dB. */
void ae_noisy_speech_plain_sample (const AeNoisySpeech * mixer, AeRng * rng,
    float *input, float *target);

/* What is to be left as it is: @clean, @n_frames + 1 hops, is both. */
void ae_clean_sample (const float *clean, guint n_frames, float *input,
    float *target);

G_END_DECLS
