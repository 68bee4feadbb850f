/* The corruptions that denoising autoencoders learn from. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-corruption.h"

#include <math.h>

/* Normal numbers made at a time; even, for they come in pairs. */
#define CHUNK 512

/* Changes @n samples of a row; @level as in the header. */
typedef void (*CorruptRow) (float level, AeRng * rng, float *row, gsize n);

static void
none_row (float level, AeRng * rng, float *row, gsize n)
{
}

static void
gaussian_row (float level, AeRng * rng, float *row, gsize n)
{
  const float sigma = level / 255.0f;
  float noise[CHUNK];

  for (gsize start = 0; start < n; start += CHUNK) {
    const gsize size = MIN (n - start, CHUNK);

    ae_rng_fill_normal (rng, noise, size);
    for (gsize i = 0; i < size; i++)
      row[start + i] += sigma * noise[i];
  }
}

static void
salt_pepper_row (float level, AeRng * rng, float *row, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    const float u = ae_rng_uniform (rng);

    if (u < level)
      row[i] = u < 0.5f * level ? 0.0f : 1.0f;
  }
}

static void
masking_row (float level, AeRng * rng, float *row, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    if (ae_rng_uniform (rng) < level)
      row[i] = 0.0f;
  }
}

static void
dropout_row (float level, AeRng * rng, float *row, gsize n)
{
  const float gain = level < 1.0f ? 1.0f / (1.0f - level) : 0.0f;

  for (gsize i = 0; i < n; i++)
    row[i] = ae_rng_uniform (rng) < level ? 0.0f : row[i] * gain;
}

static void
poisson_gaussian_row (float level, AeRng * rng, float *row, gsize n)
{
  const float sigma = level / 255.0f;
  const float offset = sigma * sqrtf (0.05f) * ae_rng_normal (rng);
  float noise[CHUNK];

  for (gsize start = 0; start < n; start += CHUNK) {
    const gsize size = MIN (n - start, CHUNK);

    ae_rng_fill_normal (rng, noise, size);
    for (gsize i = 0; i < size; i++) {
      const float x = MAX (row[start + i], 0.0f);

      row[start + i] += offset + sigma * sqrtf (1.7f * x + 0.1f) * noise[i];
    }
  }
}

static const struct
{
  const gchar *name;
  CorruptRow corrupt_row;
} kinds[AE_N_CORRUPTIONS] = {
  [AE_CORRUPTION_NONE] = {"none", none_row},
  [AE_CORRUPTION_GAUSSIAN] = {"gaussian", gaussian_row},
  [AE_CORRUPTION_SALT_PEPPER] = {"salt-pepper", salt_pepper_row},
  [AE_CORRUPTION_MASKING] = {"masking", masking_row},
  [AE_CORRUPTION_DROPOUT] = {"dropout", dropout_row},
  [AE_CORRUPTION_POISSON_GAUSSIAN] = {"poisson-gaussian", poisson_gaussian_row},
};

const gchar *
ae_corruption_name (AeCorruptionKind kind)
{
  g_return_val_if_fail ((guint) kind < AE_N_CORRUPTIONS, NULL);
  return kinds[kind].name;
}

void
ae_corrupt_plane (AeCorruptionKind kind, float level, AeRng * rng,
    float *plane, guint width, guint height, gsize stride)
{
  g_return_if_fail ((guint) kind < AE_N_CORRUPTIONS);
  g_return_if_fail (level >= 0.0f);
  g_return_if_fail (rng != NULL && plane != NULL);

  for (guint y = 0; y < height; y++)
    kinds[kind].corrupt_row (level, rng, plane + y * stride, width);
}
