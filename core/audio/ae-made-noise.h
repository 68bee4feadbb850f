/* Noises that are made and not recorded. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-rng.h"

G_BEGIN_DECLS

/* A section of second order (Bristow-Johnson's cookbook). */
typedef struct
{
  float b0, b1, b2, a1, a2;
  float s1, s2;                 /* state */
} AeBiquad;

/* @frequency and @width in Hz at 16,000 samples a second. */
void ae_biquad_band (AeBiquad * biquad, float frequency, float width);
void ae_biquad_peak (AeBiquad * biquad, float frequency, float width,
    float gain_db);
void ae_biquad_run (AeBiquad * biquad, float *samples, gsize n);

/* One to three random sections of up to 9 dB, as rooms and microphones have. */
void ae_random_equaliser (AeRng * rng, float *samples, gsize n);

typedef enum
{
  AE_MADE_NOISE_WHITE,
  AE_MADE_NOISE_PINK,           /* and brown, and in between */
  AE_MADE_NOISE_MOVING,         /* resonances that wander */
  AE_MADE_NOISE_BANDS,          /* bands that come and go */
  AE_MADE_NOISE_HUM,            /* mains and motors: harmonics */
  AE_MADE_NOISE_CLICKS,         /* impulses that ring */
  AE_N_MADE_NOISES
} AeMadeNoise;

/* Fills @out with @n samples of about full scale. */
void ae_made_noise (AeMadeNoise kind, AeRng * rng, float *out, gsize n);

G_END_DECLS
