/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "noisy-patches.h"
#include "ae-model.h"
#include "ae-noise-level.h"
#include "camera-noise.h"

#include <math.h>
#include <string.h>

#define MAX_LEVEL 75.0f         /* sigma on the 8-bit scale */
#define SHARE_COMMON 0.5f       /* of levels, in what users meet most: */
#define COMMON_LOW 5.0f
#define COMMON_HIGH 55.0f
#define SHARE_TEXTURED 0.6f     /* of patches, chosen as the liveliest of */
#define N_CANDIDATES 4

/* Of the patches, in percent: */
#define PERCENT_CAMERA 20       /* as aevideocorrupt makes it */
#define PERCENT_PROCESSED 12    /* as cameras hand it out */
#define PERCENT_VARYING 20      /* Gaussian, of levels that vary in the patch */

static void
round_to_8_bit (float *samples, gsize n)
{
  for (gsize i = 0; i < n; i++)
    samples[i] =
        floorf (CLAMP (samples[i], 0.0f, 1.0f) * 255.0f + 0.5f) / 255.0f;
}

/* Returns: the root of the mean squared difference, on the 8-bit scale. */
static float
rms_error (const float *clean, const float *noisy, gsize n)
{
  float sum = 0.0f;

  for (gsize i = 0; i < n; i++)
    sum += (noisy[i] - clean[i]) * (noisy[i] - clean[i]);
  return 255.0f * sqrtf (sum / (float) n);
}

float
ae_noisy_patch (AeCorruptionKind kind, float level, float mean, AeRng * rng,
    const float *clean, float *noisy, guint size)
{
  gsize n = (gsize) size * size;
  float noise = level;

  memcpy (noisy, clean, n * sizeof (float));
  ae_corrupt_plane (kind, level, rng, noisy, size, size, size);
  round_to_8_bit (noisy, n);
  if (kind == AE_CORRUPTION_POISSON_GAUSSIAN)
    noise = level * sqrtf (1.7f * mean + 0.15f);
  return noise / AE_NOISE_UNIT;
}

/* Energy of a patch's second differences. */
static float
liveliness (const float *patch, guint size)
{
  float sum = 0.0f;

  for (guint y = 1; y < size; y += 2) {
    const float *row = patch + y * size, *above = row - size;

    for (guint x = 1; x < size; x++) {
      float d = row[x] - row[x - 1] - above[x] + above[x - 1];

      sum += d * d;
    }
  }
  return sum;
}

/* Smooth patches teach little: the liveliest of some is favoured. The winner
 * is cut again from the same state, so that no second buffer is needed. */
static const AePicture *
draw_clean (const AeNoisyPatches * patches, AeRng * rng, float *clean)
{
  guint n = ae_rng_uniform (rng) < SHARE_TEXTURED ? N_CANDIDATES : 1;
  const AePicture *best = NULL;
  float best_energy = -1.0f;
  AeRng best_state = *rng;

  for (guint i = 0; i < n; i++) {
    const AePicture *picture = ae_picture_set_choose (patches->pictures, rng);
    AeRng state = *rng;
    float energy;

    ae_picture_crop (picture, rng, patches->size, clean);
    energy = liveliness (clean, patches->size);
    if (energy > best_energy) {
      best_energy = energy;
      best = picture;
      best_state = state;
    }
  }
  if (n > 1)
    ae_picture_crop (best, &best_state, patches->size, clean);
  return best;
}

/* Fills @levels as a filter over time leaves them: @level, and less of it where
 * the scene stood still, with a soft or hard, straight or bent edge. */
static void
draw_levels (float level, AeRng * rng, float *levels, guint grid)
{
  const float still = level * ae_rng_range (rng, 0.2f, 1.0f);
  const float x0 = ae_rng_range (rng, 0.0f, (float) grid);
  const float y0 = ae_rng_range (rng, 0.0f, (float) grid);
  const float angle = ae_rng_range (rng, 0.0f, 2.0f * (float) G_PI);
  const float bend = ae_rng_range (rng, -1.0f, 1.0f) / (float) grid;
  const float sharpness = ae_rng_range (rng, 0.05f, 2.0f);

  for (guint y = 0; y < grid; y++) {
    for (guint x = 0; x < grid; x++) {
      const float dx = (float) x - x0, dy = (float) y - y0;
      const float along = dy * cosf (angle) - dx * sinf (angle);
      const float across =
          dx * cosf (angle) + dy * sinf (angle) + bend * along * along;

      levels[y * grid + x] =
          level + (still - level) / (1.0f + expf (-sharpness * across));
    }
  }
}

/* Gaussian noise of the levels of a grid. */
static void
add_varying_noise (const float *levels, guint grid, AeRng * rng, float *plane,
    guint size)
{
  for (guint y = 0; y < size; y++) {
    const float *row = levels + y * grid / size * grid;

    for (guint x = 0; x < size; x++)
      plane[(gsize) y * size + x] +=
          row[x * grid / size] / 255.0f * ae_rng_normal (rng);
  }
}

static void
fill (float *condition, guint grid, float value)
{
  for (guint i = 0; i < grid * grid; i++)
    condition[i] = value;
}

/* What ae_noise_level_estimate() would find on a smooth background. */
static float
apparent_level (const float *clean, const float *noisy, guint size)
{
  const gsize n = (gsize) size * size;
  g_autofree float *noise = g_new (float, n);

  for (gsize i = 0; i < n; i++)
    noise[i] = 0.5f + noisy[i] - clean[i];
  return ae_noise_level_estimate (noise, size, size, size);
}

static void
sample_varying (const AeNoisyPatches * patches, float level, AeRng * rng,
    AeSample * sample)
{
  const gsize n = (gsize) patches->size * patches->size;

  draw_levels (level, rng, sample->condition, patches->grid);
  memcpy (sample->input, sample->target, n * sizeof (float));
  add_varying_noise (sample->condition, patches->grid, rng, sample->input,
      patches->size);
  round_to_8_bit (sample->input, n);
  for (guint i = 0; i < patches->grid * patches->grid; i++)
    sample->condition[i] /= AE_NOISE_UNIT;
}

static void
sample_processed (const AeNoisyPatches * patches, float level, AeRng * rng,
    AeSample * sample)
{
  const gsize n = (gsize) patches->size * patches->size;

  memcpy (sample->input, sample->target, n * sizeof (float));
  ae_camera_noise (level, rng, sample->input, patches->size);
  round_to_8_bit (sample->input, n);
  fill (sample->condition, patches->grid, apparent_level (sample->target,
          sample->input, patches->size) / AE_NOISE_UNIT);
}

static float
draw_level (AeRng * rng)
{
  float u = ae_rng_uniform (rng);

  if (ae_rng_uniform (rng) < SHARE_COMMON)
    return COMMON_LOW + (COMMON_HIGH - COMMON_LOW) * u;
  /* more low levels than high ones */
  return MAX_LEVEL * (0.5f * u + 0.5f * u * u);
}

void
ae_noisy_patches_sample (gpointer data, AeRng * rng, AeSample * sample)
{
  const AeNoisyPatches *patches = data;
  const AePicture *picture = draw_clean (patches, rng, sample->target);
  float kind = 100.0f * ae_rng_uniform (rng);
  float level = draw_level (rng);
  float error;

  if ((kind -= PERCENT_PROCESSED) < 0.0f) {
    sample_processed (patches, level, rng, sample);
  } else if ((kind -= PERCENT_VARYING) < 0.0f && patches->grid > 1) {
    sample_varying (patches, level, rng, sample);
  } else {
    AeCorruptionKind corruption = AE_CORRUPTION_GAUSSIAN;

    if ((kind -= PERCENT_CAMERA) < 0.0f)
      corruption = AE_CORRUPTION_POISSON_GAUSSIAN;
    fill (sample->condition, patches->grid, ae_noisy_patch (corruption, level,
            picture->mean, rng, sample->target, sample->input, patches->size));
  }
  /* the error left after denoising grows about as level^1.2; PSNR counts the
   * relative error, so each level gets the same say */
  error = rms_error (sample->target, sample->input,
      (gsize) patches->size * patches->size) / AE_NOISE_UNIT;
  sample->weight = powf (MAX (error, 0.1f), -1.2f);
}

gboolean
ae_noisy_patches_fit (const AeArchitecture * architecture, guint size)
{
  guint h, w;

  return ae_architecture_out_size (architecture, size, size, &h, &w)
      && h == size && w == size;
}
