/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "noisy-patches.h"
#include "ae-model.h"

#include <math.h>
#include <string.h>

#define MAX_LEVEL 75.0f         /* sigma on the 8-bit scale */
#define SHARE_CAMERA 0.3f
#define SHARE_TEXTURED 0.6f     /* of patches, chosen as the liveliest of */
#define N_CANDIDATES 4

float
ae_noisy_patch (AeCorruptionKind kind, float level, float mean, AeRng * rng,
    const float *clean, float *noisy, guint size)
{
  gsize n = (gsize) size * size;

  memcpy (noisy, clean, n * sizeof (float));
  ae_corrupt_plane (kind, level, rng, noisy, size, size, size);
  for (gsize i = 0; i < n; i++)
    noisy[i] = floorf (CLAMP (noisy[i], 0.0f, 1.0f) * 255.0f + 0.5f) / 255.0f;
  if (kind == AE_CORRUPTION_POISSON_GAUSSIAN)
    level *= sqrtf (1.7f * mean + 0.15f);
  return level / AE_NOISE_UNIT;
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

void
ae_noisy_patches_sample (gpointer data, AeRng * rng, AeSample * sample)
{
  const AeNoisyPatches *patches = data;
  const AePicture *picture = draw_clean (patches, rng, sample->target);
  gboolean camera = ae_rng_uniform (rng) < SHARE_CAMERA;
  float u = ae_rng_uniform (rng);
  /* more low levels than high ones */
  float level = MAX_LEVEL * (0.5f * u + 0.5f * u * u);

  sample->condition[0] = ae_noisy_patch (camera ? AE_CORRUPTION_POISSON_GAUSSIAN
      : AE_CORRUPTION_GAUSSIAN, level, picture->mean, rng, sample->target,
      sample->input, patches->size);
  /* the error left after denoising grows about as level^1.2; PSNR counts the
   * relative error, so each level gets the same say */
  sample->weight = powf (MAX (sample->condition[0], 0.1f), -1.2f);
}
