/* Synthetic noises of sound, as streams. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-audio-noise.h"

#include <complex.h>
#include <math.h>
#include <string.h>

#include "ae-rng.h"

/* Samples are made by the chunk, so that the numbers drawn for each are the same
 * however many are asked for; even, as normal numbers come in pairs. */
#define CHUNK 256

#define N_PINK_POLES 6
#define PINK_WARM_UP 16         /* chunks until the slowest pole is settled */
#define N_HARMONICS 20
#define CLICKS_PER_SECOND 8.0f

struct _AeAudioNoise
{
  AeAudioNoiseKind kind;
  float rate_hz;
  AeRng rng;
  float chunk[CHUNK];
  guint n_used;                 /* of the chunk */

  float pink[N_PINK_POLES + 1]; /* state of each pole; the sample before */

  double complex tone[N_HARMONICS];
  double complex turn[N_HARMONICS];     /* of the tone, in a sample */

  float complex click;
  float complex click_turn;     /* turns and damps */
  float n_until_click;          /* samples */
};

static void
gaussian_chunk (AeAudioNoise * noise)
{
  ae_rng_fill_normal (&noise->rng, noise->chunk, CHUNK);
}

static void
white_chunk (AeAudioNoise * noise)
{
  const float peak = sqrtf (3.0f);

  for (guint i = 0; i < CHUNK; i++)
    noise->chunk[i] = ae_rng_range (&noise->rng, -peak, peak);
}

static void
pink_chunk (AeAudioNoise * noise)
{
  static const float poles[N_PINK_POLES] = {
    0.99886f, 0.99332f, 0.96900f, 0.86650f, 0.55000f, -0.7616f
  };
  static const float gains[N_PINK_POLES] = {
    0.0555179f, 0.0750759f, 0.1538520f, 0.3104856f, 0.5329522f, -0.0168980f
  };
  const float direct = 0.5362f, delayed = 0.115926f;
  /* 1 / sqrt of the sum of the squares of the impulse response */
  const float unit = 0.32759737f;

  ae_rng_fill_normal (&noise->rng, noise->chunk, CHUNK);
  for (guint i = 0; i < CHUNK; i++) {
    const float white = noise->chunk[i];
    float sum = direct * white + delayed * noise->pink[N_PINK_POLES];

    for (guint p = 0; p < N_PINK_POLES; p++) {
      noise->pink[p] = poles[p] * noise->pink[p] + gains[p] * white;
      sum += noise->pink[p];
    }
    noise->pink[N_PINK_POLES] = white;
    noise->chunk[i] = unit * sum;
  }
}

static void
pink_init (AeAudioNoise * noise)
{
  for (guint i = 0; i < PINK_WARM_UP; i++)
    pink_chunk (noise);
}

static double complex
turned (double turns)
{
  return cexp (2.0 * G_PI * turns * (double complex) I);
}

/* Harmonics over half the rate are left out; the fundamental never is. */
static void
hum_init (AeAudioNoise * noise)
{
  const double mains_hz = ae_rng_u64 (&noise->rng) >> 63 ? 60.0 : 50.0;
  double power = 0.0;

  for (guint k = 0; k < N_HARMONICS; k++) {
    const double turns = (k + 1) * mains_hz / (double) noise->rate_hz;
    const double strength = k == 0 ? 1.0 :
        (double) ae_rng_range (&noise->rng, 0.1f, 1.0f) / (k + 1);
    const double phase = (double) ae_rng_uniform (&noise->rng);

    if (k > 0 && turns >= 0.5)
      break;
    noise->turn[k] = turned (turns);
    noise->tone[k] = strength * turned (phase);
    power += 0.5 * strength * strength;
  }
  for (guint k = 0; k < N_HARMONICS; k++)
    noise->tone[k] /= sqrt (power);
}

static void
hum_chunk (AeAudioNoise * noise)
{
  for (guint i = 0; i < CHUNK; i++) {
    double sum = 0.0;

    for (guint k = 0; k < N_HARMONICS; k++) {
      sum += cimag (noise->tone[k]);
      noise->tone[k] *= noise->turn[k];
    }
    noise->chunk[i] = (float) sum;
  }
}

/* The time to the next click of a Poisson process. */
static float
draw_gap (AeAudioNoise * noise)
{
  return -logf (1.0f - ae_rng_uniform (&noise->rng)) * noise->rate_hz /
      CLICKS_PER_SECOND;
}

static void
clicks_init (AeAudioNoise * noise)
{
  noise->n_until_click = draw_gap (noise);
}

static void
start_click (AeAudioNoise * noise)
{
  AeRng *rng = &noise->rng;
  const float low = logf (500.0f), high = logf (6000.0f);
  const float frequency_hz = MIN (expf (ae_rng_range (rng, low, high)),
      0.4f * noise->rate_hz);
  const float decay_s = ae_rng_range (rng, 0.0003f, 0.003f);
  const float peak = ae_rng_range (rng, 0.2f, 1.0f);

  noise->click = ae_rng_u64 (rng) >> 63 ? peak : -peak;
  noise->click_turn = expf (-1.0f / (decay_s * noise->rate_hz)) *
      cexpf (2.0f * (float) G_PI * frequency_hz / noise->rate_hz * I);
}

static void
clicks_chunk (AeAudioNoise * noise)
{
  for (guint i = 0; i < CHUNK; i++) {
    noise->n_until_click -= 1.0f;
    if (noise->n_until_click <= 0.0f) {
      start_click (noise);
      noise->n_until_click += draw_gap (noise);
    }
    noise->chunk[i] = crealf (noise->click);
    noise->click *= noise->click_turn;
    if (fabsf (crealf (noise->click)) + fabsf (cimagf (noise->click)) < 1e-9f)
      noise->click = 0.0f;      /* before it is a denormal number */
  }
}

static const struct
{
  const gchar *name;
  void (*init) (AeAudioNoise * noise);
  void (*make_chunk) (AeAudioNoise * noise);
} kinds[AE_N_AUDIO_NOISES] = {
  [AE_AUDIO_NOISE_GAUSSIAN] = {"gaussian", NULL, gaussian_chunk},
  [AE_AUDIO_NOISE_WHITE] = {"white", NULL, white_chunk},
  [AE_AUDIO_NOISE_PINK] = {"pink", pink_init, pink_chunk},
  [AE_AUDIO_NOISE_HUM] = {"hum", hum_init, hum_chunk},
  [AE_AUDIO_NOISE_CLICKS] = {"clicks", clicks_init, clicks_chunk},
};

const gchar *
ae_audio_noise_name (AeAudioNoiseKind kind)
{
  g_return_val_if_fail ((guint) kind < AE_N_AUDIO_NOISES, NULL);
  return kinds[kind].name;
}

AeAudioNoise *
ae_audio_noise_new (AeAudioNoiseKind kind, guint rate_hz, guint64 seed)
{
  AeAudioNoise *noise;

  g_return_val_if_fail ((guint) kind < AE_N_AUDIO_NOISES, NULL);
  g_return_val_if_fail (rate_hz > 0, NULL);

  noise = g_new0 (AeAudioNoise, 1);
  noise->kind = kind;
  noise->rate_hz = (float) rate_hz;
  noise->n_used = CHUNK;
  ae_rng_init (&noise->rng, seed);
  if (kinds[kind].init != NULL)
    kinds[kind].init (noise);
  return noise;
}

void
ae_audio_noise_fill (AeAudioNoise * noise, float *out, gsize n)
{
  g_return_if_fail (noise != NULL && (out != NULL || n == 0));

  while (n > 0) {
    gsize size;

    if (noise->n_used == CHUNK) {
      kinds[noise->kind].make_chunk (noise);
      noise->n_used = 0;
    }
    size = MIN (n, CHUNK - noise->n_used);
    memcpy (out, noise->chunk + noise->n_used, size * sizeof (float));
    noise->n_used += (guint) size;
    out += size;
    n -= size;
  }
}

void
ae_audio_noise_free (AeAudioNoise * noise)
{
  g_free (noise);
}
