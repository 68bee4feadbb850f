/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-noisy-speech.h"
#include "ae-audio-features.h"
#include "ae-audio-loss.h"
#include "ae-made-noise.h"

#include <math.h>
#include <string.h>

#define RATE 16000
#define FADE 80                 /* samples */
#define MAX_LEAD 200            /* frames before a sample that set its means */

#define NOISE_ALONE 0.06f       /* shares of samples */
#define HARDLY_NOISY 0.06f
#define REVERBERANT 0.3f
#define EQUALISED 0.6f
#define SECOND_NOISE 0.25f
#define BABBLE 0.06f
#define DIGITAL_SILENCE 0.03f

static gboolean
chance (AeRng * rng, float share)
{
  return ae_rng_uniform (rng) < share;
}

static float
from_db (float db)
{
  return powf (10.0f, db / 20.0f);
}

GArray *
ae_made_noises (guint n_sounds, guint64 seed)
{
  GArray *group = g_array_new (FALSE, FALSE, sizeof (AeSound));
  AeRng rng;

  ae_rng_init (&rng, seed);
  for (guint i = 0; i < n_sounds; i++) {
    AeSound sound = { 6 * RATE, g_new (float, 6 * RATE) };

    ae_made_noise (i % AE_N_MADE_NOISES, &rng, sound.data, sound.n);
    g_array_append_val (group, sound);
  }
  return group;
}

static double
power (const float *x, gsize n)
{
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += (double) (x[i] * x[i]);
  return sum / (double) MAX (n, 1);
}

/* Of the parts of 10 ms that are within 30 dB of the loudest one. */
static double
active_power (const float *x, gsize n)
{
  double loudest = 0.0, sum = 0.0;
  guint n_active = 0;

  for (gsize i = 0; i + AE_STFT_HOP <= n; i += AE_STFT_HOP)
    loudest = MAX (loudest, power (x + i, AE_STFT_HOP));
  for (gsize i = 0; i + AE_STFT_HOP <= n; i += AE_STFT_HOP) {
    double p = power (x + i, AE_STFT_HOP);

    if (p > 1e-3 * loudest) {
      sum += p;
      n_active++;
    }
  }
  return n_active ? sum / n_active : 0.0;
}

static void
scale_to (float *x, gsize n, double from_power, float db)
{
  float gain = from_db (db) / sqrtf ((float) (from_power + 1e-12));

  for (gsize i = 0; i < n; i++)
    x[i] *= gain;
}

/* Adds @sound from place @at on, @speed times as fast (Catmull and Rom 1974).
 * Returns how many samples it took, at most @n. */
static gsize
add_at_speed (const AeSound * sound, double at, double speed, float gain,
    float *out, gsize n)
{
  gsize i, n_out = (gsize) MAX (((double) sound->n - 3.0 - at) / speed, 0.0);

  n_out = MIN (n_out, n);
  for (i = 0; i < n_out; i++) {
    double place = at + speed * (double) i;
    const float *s = sound->data + (gsize) place;
    float t = (float) (place - floor (place));
    float a = 0.5f * (s[2] - s[0]), b = 0.5f * (s[3] - s[1]);
    float d = s[1] - s[2];
    gsize edge = MIN (i, n_out - 1 - i);
    float fade = edge < FADE ? gain * (float) edge / FADE : gain;

    out[i] += fade * (s[1] + t * (a + t * (-2.0f * a - b - 3.0f * d
                + t * (a + b + 2.0f * d))));
  }
  return n_out;
}

/* Recordings of one voice, one after the other. */
static void
lay_speech (const AeSoundSet * set, AeRng * rng, double speed, float pause,
    float *out, gsize n)
{
  guint group = ae_rng_below (rng, ae_sound_set_n_groups (set));
  gsize at = (gsize) (pause * RATE * ae_rng_uniform (rng));
  gboolean first = TRUE;

  while (at < n) {
    const AeSound *sound = ae_sound_set_choose (set, group, rng);
    double begin = first && sound->n > 2 * RATE
        ? (double) ae_rng_below (rng, (guint32) sound->n / 2) : 0.0;

    at += add_at_speed (sound, begin, speed,
        0.1f / sqrtf ((float) active_power (sound->data, sound->n) + 1e-10f),
        out + at, n - at);
    at += (gsize) (pause * RATE * ae_rng_uniform (rng));
    first = FALSE;
  }
}

/* One recorded or made noise, over and over. */
static void
lay_noise (const AeSoundSet * set, AeRng * rng, double speed, float *out,
    gsize n)
{
  guint group = ae_rng_below (rng, ae_sound_set_n_groups (set));
  const AeSound *sound = ae_sound_set_choose (set, group, rng);
  double begin = (double) ae_rng_below (rng, (guint32) sound->n / 2);

  for (gsize at = 0; at + 1 < n;) {
    gsize overlap = at > FADE ? FADE : 0, taken;

    taken = add_at_speed (sound, begin, speed, 1.0f, out + at - overlap,
        n - at + overlap);
    at += MAX (taken, overlap + 1) - overlap;
    begin = 0.0;
  }
}

/* Other voices at once. */
static void
lay_babble (const AeSoundSet * set, AeRng * rng, float *out, gsize n)
{
  guint n_voices = 3 + ae_rng_below (rng, 5);

  for (guint i = 0; i < n_voices; i++)
    lay_speech (set, rng, (double) ae_rng_range (rng, 0.85f, 1.2f), 0.4f, out,
        n);
}

/* A sparse tail of echoes that die away (velvet noise; Karjalainen and
 * Jarvelainen 2007). @x and its echoes, @n samples, in place. */
static void
reverberate (AeRng * rng, float *x, gsize n)
{
  enum
  { N_ECHOES = 60 };
  float seconds = ae_rng_range (rng, 0.1f, 0.6f), level =
      ae_rng_range (rng, 0.1f, 0.5f);
  g_autofree float *dry = g_memdup2 (x, n * sizeof (float));

  for (guint i = 0; i < N_ECHOES; i++) {
    float u = ae_rng_uniform (rng);
    gsize late = (gsize) (32.0f + u * seconds * RATE);
    float gain = level * expf (-6.9f * u)
        * (ae_rng_below (rng, 2) ? 1.0f : -1.0f);

    for (gsize j = late; j < n; j++)
      x[j] += gain * dry[j - late];
  }
}

static void
make_noise (const AeNoisySpeech * mixer, AeRng * rng, float *out, gsize n)
{
  memset (out, 0, n * sizeof (float));
  if (mixer->lay_noise) {
    mixer->lay_noise (mixer->data, rng, out, n);
  } else {
    if (chance (rng, BABBLE))
      lay_babble (mixer->speech, rng, out, n);
    else
      lay_noise (mixer->noise, rng, (double) ae_rng_range (rng, 0.8f, 1.25f),
          out, n);
    if (chance (rng, EQUALISED))
      ae_random_equaliser (rng, out, n);
  }
  scale_to (out, n, power (out, n), 0.0f);
}

static void
make_speech (const AeNoisySpeech * mixer, AeRng * rng, float *out, gsize n)
{
  if (mixer->lay_speech) {
    mixer->lay_speech (mixer->data, rng, out, n);
    return;
  }
  lay_speech (mixer->speech, rng, (double) ae_rng_range (rng, 0.85f, 1.18f),
      chance (rng, 0.3f) ? 2.0f : 0.5f, out, n);
  if (chance (rng, EQUALISED))
    ae_random_equaliser (rng, out, n);
  if (chance (rng, REVERBERANT))
    reverberate (rng, out, n);
}

static void
add_second_noise (const AeNoisySpeech * mixer, AeRng * rng, float *out, gsize n)
{
  g_autofree float *second = g_new (float, n);
  float gain = from_db (ae_rng_range (rng, -12.0f, 0.0f));

  make_noise (mixer, rng, second, n);
  for (gsize i = 0; i < n; i++)
    out[i] += gain * second[i];
}

/* @noisy holds the noise: adds the speech, the ratio being @snr_db. */
static void
mix (float *noisy, float *clean, gsize n, double speech_power,
    double noise_power, float snr_db)
{
  scale_to (noisy, n, noise_power, -snr_db);
  scale_to (clean, n, speech_power, 0.0f);
  for (gsize i = 0; i < n; i++)
    noisy[i] += clean[i];
}

static void
scale_both (float *noisy, float *clean, gsize n, float db)
{
  float gain = from_db (db) / sqrtf ((float) power (noisy, n) + 1e-12f);

  for (gsize i = 0; i < n; i++) {
    noisy[i] *= gain;
    clean[i] *= gain;
  }
}

void
ae_noisy_speech_mix (const AeNoisySpeech * mixer, AeRng * rng, gsize n,
    float *noisy, float *clean)
{
  float snr_db = ae_rng_range (rng, -5.0f, 22.0f);

  memset (clean, 0, n * sizeof (float));
  make_noise (mixer, rng, noisy, n);
  if (chance (rng, SECOND_NOISE))
    add_second_noise (mixer, rng, noisy, n);
  if (chance (rng, HARDLY_NOISY))
    snr_db = ae_rng_range (rng, 30.0f, 60.0f);
  if (!chance (rng, NOISE_ALONE))
    make_speech (mixer, rng, clean, n);
  mix (noisy, clean, n, active_power (clean, n), power (noisy, n), snr_db);
  if (chance (rng, DIGITAL_SILENCE)) {
    gsize n_silent = (gsize) ((float) n * 0.5f * ae_rng_uniform (rng));

    memset (noisy, 0, n_silent * sizeof (float));
    memset (clean, 0, n_silent * sizeof (float));
  }
  scale_both (noisy, clean, n, ae_rng_range (rng, -48.0f, -12.0f));
}

void
ae_noisy_speech_plain (const AeNoisySpeech * mixer, AeRng * rng,
    float snr_db, gsize n_before, gsize n, float *noisy, float *clean)
{
  gsize n_speech = n - n_before;

  memset (clean, 0, n * sizeof (float));
  memset (noisy, 0, n * sizeof (float));
  if (mixer->lay_noise)
    mixer->lay_noise (mixer->data, rng, noisy, n);
  else
    lay_noise (mixer->noise, rng, 1.0, noisy, n);
  if (mixer->lay_speech)
    mixer->lay_speech (mixer->data, rng, clean + n_before, n_speech);
  else
    lay_speech (mixer->speech, rng, 1.0, 0.3f, clean + n_before, n_speech);
  mix (noisy, clean, n, power (clean + n_before, n_speech),
      power (noisy + n_before, n_speech), snr_db);
  scale_both (noisy, clean, n, -26.0f);
}

/* The features of @noisy, and the target, of all frames but @n_lead, before which
 * only the means are followed. */
static void
make_sample (const float *noisy, const float *clean, guint n_lead,
    guint n_frames, float *input, float *target)
{
  g_autofree AeSpectrum *spectra = g_new (AeSpectrum, 2 * n_frames);
  g_autofree float *lead = g_new (float, AE_AUDIO_FEATURES);
  AeAudioFeatures features = { 0 };

  for (guint i = 0; i < n_lead + n_frames; i++) {
    AeSpectrum *spectrum = spectra + (i < n_lead ? 0 : i - n_lead);

    ae_stft_analyse (noisy + (gsize) i * AE_STFT_HOP, spectrum);
    if (i < n_lead)
      ae_audio_features_next (&features, spectrum, lead, 1);
    else
      ae_audio_features_next (&features, spectrum, input + (i - n_lead),
          n_frames);
  }
  for (guint i = 0; i < n_frames; i++)
    ae_stft_analyse (clean + (gsize) (n_lead + i) * AE_STFT_HOP,
        spectra + n_frames + i);
  ae_audio_target (spectra, spectra + n_frames, n_frames, target);
}

void
ae_noisy_speech_sample (const AeNoisySpeech * mixer, AeRng * rng,
    float *input, float *target)
{
  guint n_lead = ae_rng_below (rng, MAX_LEAD + 1);
  gsize n = (gsize) (n_lead + mixer->n_frames + 1) * AE_STFT_HOP;
  g_autofree float *noisy = g_new (float, n);
  g_autofree float *clean = g_new (float, n);

  ae_noisy_speech_mix (mixer, rng, n, noisy, clean);
  make_sample (noisy, clean, n_lead, mixer->n_frames, input, target);
}

void
ae_noisy_speech_plain_sample (const AeNoisySpeech * mixer, AeRng * rng,
    float *input, float *target)
{
  gsize n_lead = (gsize) MAX_LEAD / 2 * AE_STFT_HOP;
  gsize n = n_lead + (gsize) (mixer->n_frames + 1) * AE_STFT_HOP;
  g_autofree float *noisy = g_new (float, n);
  g_autofree float *clean = g_new (float, n);

  ae_noisy_speech_plain (mixer, rng, ae_rng_range (rng, 0.0f, 15.0f), n_lead,
      n, noisy, clean);
  make_sample (noisy, clean, MAX_LEAD / 2, mixer->n_frames, input, target);
}

void
ae_clean_sample (const float *clean, guint n_frames, float *input,
    float *target)
{
  make_sample (clean, clean, 0, n_frames, input, target);
}
