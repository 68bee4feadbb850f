/* The corruptions of sound that denoising autoencoders learn from. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AeAudioCorruptionKind: what happens to samples of -1..1, and what `level`
 * means, which is 0..1 for all of them.
 * @AE_AUDIO_CORRUPTION_NONE: nothing
 * @AE_AUDIO_CORRUPTION_GAUSSIAN: adds a noise of ae-audio-noise.h, as do WHITE,
 *   PINK and HUM; level = its root mean square, full scale being 1
 * @AE_AUDIO_CORRUPTION_CLICKS: adds clicks; level = peak of the loudest
 * @AE_AUDIO_CORRUPTION_SALT_PEPPER: sets samples to -1 or 1, evenly; level =
 *   share of the samples
 * @AE_AUDIO_CORRUPTION_MASKING: sets samples to 0; level = share of them
 * @AE_AUDIO_CORRUPTION_DROPOUT: sets samples to 0 and divides the others by
 *   1 - level; level = share of them
 * @AE_AUDIO_CORRUPTION_REVERBERATION: puts the source into a room whose sound
 *   falls by 60 dB in half a second; level = share of the room's sound
 */
typedef enum
{
  AE_AUDIO_CORRUPTION_NONE,
  AE_AUDIO_CORRUPTION_GAUSSIAN,
  AE_AUDIO_CORRUPTION_WHITE,
  AE_AUDIO_CORRUPTION_PINK,
  AE_AUDIO_CORRUPTION_HUM,
  AE_AUDIO_CORRUPTION_CLICKS,
  AE_AUDIO_CORRUPTION_SALT_PEPPER,
  AE_AUDIO_CORRUPTION_MASKING,
  AE_AUDIO_CORRUPTION_DROPOUT,
  AE_AUDIO_CORRUPTION_REVERBERATION,
  AE_N_AUDIO_CORRUPTIONS
} AeAudioCorruptionKind;

/* Returns: a level at which speech is plainly damaged and still understood. */
float ae_audio_corruption_usual_level (AeAudioCorruptionKind kind);

/**
 * AeAudioCorruption: what is done to one channel. The result depends on kind,
 * rate and seed, and not on how many samples are given at a time.
 */
typedef struct _AeAudioCorruption AeAudioCorruption;

/* @rate_hz: at least 1. Returns: (transfer full) */
AeAudioCorruption *ae_audio_corruption_new (AeAudioCorruptionKind kind,
    guint rate_hz, guint64 seed) G_GNUC_WARN_UNUSED_RESULT;

/* Corrupts the next @n samples in place; they are not clipped. @level: 0..1.
 * Allocates nothing. */
void ae_audio_corruption_run (AeAudioCorruption * corruption, float level,
    float *samples, gsize n);

void ae_audio_corruption_free (AeAudioCorruption * corruption); /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeAudioCorruption, ae_audio_corruption_free)

G_END_DECLS
