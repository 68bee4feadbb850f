/* The sound of a machine, whole or not, and a model of it. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-audio-features.h"
#include "ae-audio-noise.h"
#include "ae-online.h"

#define MACHINE_TEXT "conv 1x1 64 relu, conv 1x1 16 | conv 1x1 64 relu, " \
    "conv 1x1 161"

typedef enum
{
  MACHINE_WHOLE,
  MACHINE_RATTLES,              /* something loose strikes, now and then */
  MACHINE_WHINES,               /* a bearing runs dry */
  MACHINE_N_STATES
} MachineState;

/* Where a machine is in its turning. */
typedef struct
{
  AeRng rng;
  AeAudioNoise *air;
  guint64 n;                    /* samples so far */
  double turn, whine;           /* phases, in turns */
  float strike, ring;           /* what is left of a strike, its phase */
  float gain;
} Machine;

static inline Machine
machine_new (guint64 seed)
{
  Machine m = {.air = ae_audio_noise_new (AE_AUDIO_NOISE_PINK, AE_AUDIO_RATE,
        seed),.gain = 1.0f };

  ae_rng_init (&m.rng, seed);
  return m;
}

static inline void
machine_clear (Machine * m)
{
  ae_audio_noise_free (m->air);
}

/* What a defect adds. */
static inline float
machine_defect (Machine * m, MachineState state)
{
  const float tau = 6.2831853f;

  if (state == MACHINE_WHINES) {
    m->whine += 2870.0 / AE_AUDIO_RATE;
    m->whine -= floor (m->whine);
    return 0.006f * sinf (tau * (float) m->whine);
  }
  /* 25 a second, at any time */
  if (ae_rng_uniform (&m->rng) < 25.0f / AE_AUDIO_RATE)
    m->strike = ae_rng_range (&m->rng, 0.03f, 0.08f);
  m->strike *= 0.994f;
  m->ring = fmodf (m->ring + tau * 3300.0f / AE_AUDIO_RATE, tau);
  return m->strike * sinf (m->ring);
}

/* A shaft of 24 turns a second, whose speed and load change slowly, with gears
 * and a fan. */
static inline void
machine_run (Machine * m, MachineState state, float *out, gsize n)
{
  static const float parts[] = { 0.1f, 0.05f, 0.02f, 0.06f, 0.01f, 0.015f };

  ae_audio_noise_fill (m->air, out, n);
  for (gsize i = 0; i < n; i++) {
    const float t = (float) m->n++ / AE_AUDIO_RATE;
    const float load = 1.0f + 0.3f * sinf (0.9f * t) * sinf (0.37f * t);
    float x = 0.02f * out[i];

    m->turn += 24.0 * (1.0 + 0.01 * sin (0.6 * (double) t)) / AE_AUDIO_RATE;
    m->turn -= floor (m->turn);
    for (guint k = 0; k < G_N_ELEMENTS (parts); k++)
      x += load * parts[k] * sinf (6.2831853f * (float) (1 + 7 * k)
          * (float) m->turn);
    if (state != MACHINE_WHOLE)
      x += machine_defect (m, state);
    out[i] = m->gain * x;
  }
}

static inline AeModel *
machine_random_model (const gchar * text)
{
  const AeShape input = { AE_STFT_BINS, 0, 0 };
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse (text, &input, NULL);
  g_autoptr (AeWeights) weights = NULL;
  AeRng rng;

  ae_rng_init (&rng, 1);
  weights = ae_weights_new_random (architecture, &rng);
  return ae_model_new (architecture, weights, NULL, NULL);
}

/* Trained for @n_steps on 20 s of a whole machine. */
static inline AeModel *
machine_model (guint n_steps)
{
  enum
  { WIDTH = 8, N_PATCHES = 20 * AE_AUDIO_RATE / AE_STFT_HOP / WIDTH };
  g_autoptr (AeModel) start = machine_random_model (MACHINE_TEXT);
  AeOnlineConfig config = {
    .patch = {AE_STFT_BINS, 1, WIDTH},
    .objective = {AE_OBJECTIVE_RECONSTRUCT, 0, 0.0f, 0.0f},
    .trainer = AE_TRAINER_CONFIG_DEFAULT,
    .schedule = {AE_SCHEDULE_COSINE, 0.004f, 20, n_steps},
    .reservoir_bytes = 16 << 20,
    .max_steps = n_steps,
    .evaluate_every = 50,
    .publish = AE_PUBLISH_NEVER,
    .cpu_share = 1.0,
    .steps_per_frame = n_steps,
    .from_random = TRUE,
  };
  g_autoptr (AeOnline) online = NULL;
  AeAudioFeatures features = { 0 };
  float samples[AE_STFT_WINDOW] = { 0.0f };
  Machine machine = machine_new (1);

  config.trainer.height = 1;
  config.trainer.width = WIDTH;
  config.trainer.n_threads = 1;
  config.trainer.ema = 0.98f;
  online = ae_online_new (start, &config, NULL, NULL, NULL, NULL);
  fail_unless (online != NULL);
  for (guint i = 0; i < N_PATCHES; i++) {
    float x[AE_STFT_BINS * WIDTH];
    const AePatch patch = { config.patch, x, NULL, 0.0f, 1.0f, i };

    for (guint j = 0; j < WIDTH; j++) {
      AeSpectrum spectrum;

      memmove (samples, samples + AE_STFT_HOP, sizeof samples / 2);
      machine_run (&machine, MACHINE_WHOLE, samples + AE_STFT_HOP, AE_STFT_HOP);
      ae_stft_analyse (samples, &spectrum);
      ae_audio_shape_next (&features, &spectrum, x + j, WIDTH);
    }
    ae_online_offer (online, &patch);
  }
  ae_online_end_frame (online);
  machine_clear (&machine);
  return ae_online_model (online);
}
