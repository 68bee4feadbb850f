/* A training on patches of smooth waves, small enough for tests. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-online.h"

enum
{ WAVES_SIDE = 8, WAVES_SIZE = WAVES_SIDE * WAVES_SIDE };

#define WAVES_TEXT "conv 3x3 8 relu | conv 3x3 1"

static inline AeOnlineConfig
waves_config (void)
{
  AeOnlineConfig config = {
    .patch = {1, WAVES_SIDE, WAVES_SIDE},
    .objective = {AE_OBJECTIVE_DENOISE, AE_CORRUPTION_GAUSSIAN, 30.0f, 30.0f},
    .trainer = AE_TRAINER_CONFIG_DEFAULT,
    .schedule = {AE_SCHEDULE_CONSTANT, 0.005f, 0, 0},
    .reservoir_bytes = 1 << 20,
    .evaluate_every = 25,
    .publish = AE_PUBLISH_IMPROVED,
    .cpu_share = 1.0,
    .resume = TRUE,
  };

  config.trainer.batch = config.trainer.shard = 16;
  config.trainer.n_threads = 1;
  return config;
}

static inline AeModel *
waves_model (const gchar * text)
{
  const AeShape input = { 1, 0, 0 };
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse (text, &input, NULL);
  g_autoptr (AeWeights) weights = NULL;
  AeRng rng;

  ae_rng_init (&rng, 1);
  weights = ae_weights_new_random (architecture, &rng);
  return ae_model_new (architecture, weights, NULL, NULL);
}

/* @n patches, from number @first on. */
static inline void
waves_offer (AeOnline * online, guint first, guint n)
{
  for (guint i = first; i < first + n; i++) {
    float x[WAVES_SIZE], next[WAVES_SIZE];
    const AePatch patch = { {1, WAVES_SIDE, WAVES_SIDE}, x, next, 0.0f, 1.0f, i };
    AeRng rng;
    float phase, frequency;

    ae_rng_init (&rng, i);
    phase = 6.0f * ae_rng_uniform (&rng);
    frequency = 0.6f * ae_rng_uniform (&rng);
    for (guint p = 0; p < WAVES_SIZE; p++)
      x[p] = next[p] = 0.5f + 0.4f * sinf (phase
          + frequency * (float) (p % WAVES_SIDE + p / WAVES_SIDE));
    ae_online_offer (online, &patch);
  }
}

/* Frames of patches until training has ended; returns how many. */
static inline guint
waves_play (AeOnline * online, guint n_frames)
{
  AeOnlineStats stats;
  guint i;

  for (i = 0; i < n_frames; i++) {
    waves_offer (online, i * 8, 8);
    ae_online_end_frame (online);
    ae_online_get_stats (online, &stats);
    if (stats.finished || stats.frozen)
      break;
  }
  return i;
}
