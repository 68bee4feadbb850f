/* The corruptions of sound that denoising autoencoders learn from. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-audio-corruption.h"

#include "ae-audio-noise.h"
#include "ae-reverb.h"
#include "ae-rng.h"

#define CHUNK 256
#define REVERB_DECAY_S 0.5f

struct _AeAudioCorruption
{
  AeAudioCorruptionKind kind;
  AeRng rng;                    /* of what is no noise */
  AeAudioNoise *noise;
  AeReverb *reverb;
};

static void
none (AeAudioCorruption * c, float level, float *samples, gsize n)
{
}

static void
add_noise (AeAudioCorruption * c, float level, float *samples, gsize n)
{
  float noise[CHUNK];

  for (gsize start = 0; start < n; start += CHUNK) {
    const gsize size = MIN (n - start, CHUNK);

    ae_audio_noise_fill (c->noise, noise, size);
    for (gsize i = 0; i < size; i++)
      samples[start + i] += level * noise[i];
  }
}

static void
salt_pepper (AeAudioCorruption * c, float level, float *samples, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    const float u = ae_rng_uniform (&c->rng);

    if (u < level)
      samples[i] = u < 0.5f * level ? -1.0f : 1.0f;
  }
}

static void
mask (AeAudioCorruption * c, float level, float *samples, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    if (ae_rng_uniform (&c->rng) < level)
      samples[i] = 0.0f;
  }
}

static void
drop_out (AeAudioCorruption * c, float level, float *samples, gsize n)
{
  const float gain = level < 1.0f ? 1.0f / (1.0f - level) : 0.0f;

  for (gsize i = 0; i < n; i++)
    samples[i] = ae_rng_uniform (&c->rng) < level ? 0.0f : samples[i] * gain;
}

static void
reverberate (AeAudioCorruption * c, float level, float *samples, gsize n)
{
  float wet[CHUNK];

  for (gsize start = 0; start < n; start += CHUNK) {
    const gsize size = MIN (n - start, CHUNK);

    ae_reverb_run (c->reverb, samples + start, wet, size);
    for (gsize i = 0; i < size; i++)
      samples[start + i] += level * (wet[i] - samples[start + i]);
  }
}

static const struct
{
  void (*run) (AeAudioCorruption * c, float level, float *samples, gsize n);
  AeAudioNoiseKind noise;       /* of add_noise */
  float usual_level;
} kinds[AE_N_AUDIO_CORRUPTIONS] = {
  [AE_AUDIO_CORRUPTION_NONE] = {none, 0, 0.0f},
  [AE_AUDIO_CORRUPTION_GAUSSIAN] = {add_noise, AE_AUDIO_NOISE_GAUSSIAN, 0.03f},
  [AE_AUDIO_CORRUPTION_WHITE] = {add_noise, AE_AUDIO_NOISE_WHITE, 0.03f},
  [AE_AUDIO_CORRUPTION_PINK] = {add_noise, AE_AUDIO_NOISE_PINK, 0.03f},
  [AE_AUDIO_CORRUPTION_HUM] = {add_noise, AE_AUDIO_NOISE_HUM, 0.03f},
  [AE_AUDIO_CORRUPTION_CLICKS] = {add_noise, AE_AUDIO_NOISE_CLICKS, 0.3f},
  [AE_AUDIO_CORRUPTION_SALT_PEPPER] = {salt_pepper, 0, 0.001f},
  [AE_AUDIO_CORRUPTION_MASKING] = {mask, 0, 0.05f},
  [AE_AUDIO_CORRUPTION_DROPOUT] = {drop_out, 0, 0.05f},
  [AE_AUDIO_CORRUPTION_REVERBERATION] = {reverberate, 0, 0.5f},
};

float
ae_audio_corruption_usual_level (AeAudioCorruptionKind kind)
{
  g_return_val_if_fail ((guint) kind < AE_N_AUDIO_CORRUPTIONS, 0.0f);
  return kinds[kind].usual_level;
}

AeAudioCorruption *
ae_audio_corruption_new (AeAudioCorruptionKind kind, guint rate_hz,
    guint64 seed)
{
  AeAudioCorruption *c;

  g_return_val_if_fail ((guint) kind < AE_N_AUDIO_CORRUPTIONS, NULL);
  g_return_val_if_fail (rate_hz > 0, NULL);

  c = g_new0 (AeAudioCorruption, 1);
  c->kind = kind;
  ae_rng_init (&c->rng, seed);
  if (kinds[kind].run == add_noise)
    c->noise = ae_audio_noise_new (kinds[kind].noise, rate_hz, seed);
  else if (kinds[kind].run == reverberate)
    c->reverb = ae_reverb_new (rate_hz, REVERB_DECAY_S, seed);
  return c;
}

void
ae_audio_corruption_run (AeAudioCorruption * c, float level, float *samples,
    gsize n)
{
  g_return_if_fail (c != NULL && (samples != NULL || n == 0));
  g_return_if_fail (level >= 0.0f && level <= 1.0f);

  kinds[c->kind].run (c, level, samples, n);
}

void
ae_audio_corruption_free (AeAudioCorruption * c)
{
  if (c == NULL)
    return;
  ae_audio_noise_free (c->noise);
  ae_reverb_free (c->reverb);
  g_free (c);
}
