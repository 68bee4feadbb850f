/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sound-packets.h"

#include <math.h>
#include <string.h>

/* The peak of a recording, in dB under full scale. */
#define LOUDEST_DB -1.0f
#define SOFTEST_DB -24.0f

static float
peak_of (const AeSound * sound)
{
  float peak = 1e-4f;

  for (gsize i = 0; i < sound->n; i++)
    peak = MAX (peak, fabsf (sound->data[i]));
  return peak;
}

static void
lay_speech (const AeSoundSet * set, AeRng * rng, float *samples, gsize n)
{
  guint group = ae_rng_below (rng, ae_sound_set_n_groups (set));
  float level = powf (10.0f, ae_rng_range (rng, SOFTEST_DB, LOUDEST_DB) / 20);

  for (gsize at = 0; at < n;) {
    const AeSound *sound = ae_sound_set_choose (set, group, rng);
    gsize from = at > 0 ? 0 : ae_rng_below (rng, (guint32) sound->n);
    gsize n_part = MIN (sound->n - from, n - at);
    float gain = level / peak_of (sound);

    for (gsize i = 0; i < n_part; i++)
      samples[at + i] = gain * sound->data[from + i];
    at += n_part;
  }
}

void
ae_sound_packets_draw (const AeSoundSet * set, AeRng * rng, guint n_packets,
    float *features)
{
  gsize n = AE_STFT_HOP + (gsize) n_packets * AE_SOUND_PACKET_SAMPLES;
  g_autofree float *samples = g_new (float, n);

  lay_speech (set, rng, samples, n);
  for (guint i = 0; i < n_packets * AE_SOUND_PACKET_FRAMES; i++) {
    guint packet = i / AE_SOUND_PACKET_FRAMES;
    guint first = i % AE_SOUND_PACKET_FRAMES * AE_STFT_BINS;
    float column[AE_STFT_BINS];
    AeSpectrum spectrum;

    ae_stft_analyse (samples + (gsize) i * AE_STFT_HOP, &spectrum);
    ae_sound_features (&spectrum, column);
    for (guint k = 0; k < AE_STFT_BINS; k++)
      features[(first + k) * n_packets + packet] = column[k];
  }
}
