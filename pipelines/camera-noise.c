/* What a camera's electronics make of its noise. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "camera-noise.h"

#include <math.h>
#include <string.h>

#define GAMMA 2.2f
#define MID_LINEAR 0.2176f      /* of mid grey */
#define MID_SLOPE 1.044f        /* of the gamma curve at mid grey */
#define SHARE_SHOT 0.85f        /* of the variance at mid grey: photons */
#define ROW_VARIANCE 0.05f      /* of the variance at mid grey */
#define MAX_STEP 12.0f          /* of quantisation, 8-bit scale */

/* noise = what @clean gains by noise in linear light */
static void
linear_noise (float level, AeRng * rng, const float *clean, float *noise,
    guint size)
{
  const float sigma = level / (255.0f * MID_SLOPE);

  for (guint y = 0; y < size; y++) {
    const float row = sqrtf (ROW_VARIANCE) * ae_rng_normal (rng);

    ae_rng_fill_normal (rng, noise + y * size, size);
    for (guint x = 0; x < size; x++) {
      const gsize i = y * size + x;
      const float light = powf (CLAMP (clean[i], 0.0f, 1.0f), GAMMA);
      const float spread =
          sqrtf (SHARE_SHOT * light / MID_LINEAR + (1.0f - SHARE_SHOT));
      const float lit = light + sigma * (spread * noise[i] + row);

      noise[i] = powf (MAX (lit, 0.0f), 1.0f / GAMMA) - clean[i];
    }
  }
}

/* Three taps (k 1 k) / (1 + 2 k) over @n samples, @step apart. */
static void
smooth (float *samples, guint n, gsize step, float k)
{
  const float scale = 1.0f / (1.0f + 2.0f * k);
  float before = samples[0];

  for (guint i = 0; i < n; i++) {
    const float now = samples[i * step];
    const float after = samples[MIN (i + 1, n - 1) * step];

    samples[i * step] = scale * (now + k * (before + after));
    before = now;
  }
}

/* The orthonormal cosine transform of 8 samples, @step apart, in place, or back.
 * @cosines: of multiples of pi / 16 */
static void
transform (const float *cosines, float *samples, gsize step, gboolean back)
{
  float out[8];

  for (guint u = 0; u < 8; u++) {
    out[u] = 0.0f;
    for (guint i = 0; i < 8; i++) {
      const guint row = back ? i : u, column = back ? u : i;
      const float scale = row == 0 ? sqrtf (0.125f) : 0.5f;

      out[u] +=
          samples[i * step] * scale * cosines[row * (2 * column + 1) % 32];
    }
  }
  for (guint i = 0; i < 8; i++)
    samples[i * step] = out[i];
}

static void
quantise_block (const float *cosines, float *block, gsize stride, float step)
{
  for (guint i = 0; i < 8; i++)
    transform (cosines, block + i * stride, 1, FALSE);
  for (guint i = 0; i < 8; i++) {
    transform (cosines, block + i, stride, FALSE);
    for (guint u = 0; u < 8; u++) {
      float *c = &block[u * stride + i];

      *c = copysignf (step * floorf (fabsf (*c) / step + 0.4f), *c);
    }
    transform (cosines, block + i, stride, TRUE);
  }
  for (guint i = 0; i < 8; i++)
    transform (cosines, block + i * stride, 1, TRUE);
}

void
ae_camera_noise (float level, AeRng * rng, float *plane, guint size)
{
  const float k = ae_rng_range (rng, 0.0f, 0.6f);
  g_autofree float *noise = g_new (float, (gsize) size * size);

  linear_noise (level, rng, plane, noise, size);
  for (guint i = 0; i < size; i++)
    smooth (noise + (gsize) i * size, size, 1, k);
  for (guint i = 0; i < size; i++)
    smooth (noise + i, size, size, k);
  for (gsize i = 0; i < (gsize) size * size; i++)
    plane[i] += noise[i];
  if (ae_rng_uniform (rng) < 0.5f) {
    const float step = ae_rng_range (rng, 1.0f, MAX_STEP) / 255.0f;
    float cosines[32];

    for (guint i = 0; i < 32; i++)
      cosines[i] = (float) cos (G_PI / 16.0 * i);
    for (guint y = 0; y < size; y += 8) {
      for (guint x = 0; x < size; x += 8)
        quantise_block (cosines, plane + (gsize) y * size + x, size, step);
    }
  }
}
