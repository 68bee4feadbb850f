/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-rng.h"

#include <math.h>

static guint64
splitmix64 (guint64 * x)
{
  guint64 z = (*x += 0x9e3779b97f4a7c15u);

  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

static inline guint64
rotl (guint64 x, int k)
{
  return (x << k) | (x >> (64 - k));
}

void
ae_rng_init (AeRng * rng, guint64 seed)
{
  g_return_if_fail (rng != NULL);
  for (guint i = 0; i < 4; i++)
    rng->s[i] = splitmix64 (&seed);
}

guint64
ae_rng_seed_of (guint64 seed, guint64 i)
{
  return seed * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) + i;
}

guint64
ae_rng_u64 (AeRng * rng)
{
  guint64 *s = rng->s;
  guint64 result = rotl (s[0] + s[3], 23) + s[0];
  guint64 t = s[1] << 17;

  s[2] ^= s[0];
  s[3] ^= s[1];
  s[1] ^= s[2];
  s[0] ^= s[3];
  s[2] ^= t;
  s[3] = rotl (s[3], 45);
  return result;
}

guint32
ae_rng_below (AeRng * rng, guint32 bound)
{
  guint32 threshold, x;
  guint64 product;

  g_return_val_if_fail (bound > 0, 0);
  /* Lemire 2019: reject the few products that would favour small values */
  threshold = -bound % bound;
  do {
    x = (guint32) (ae_rng_u64 (rng) >> 32);
    product = (guint64) x *bound;
  } while ((guint32) product < threshold);
  return (guint32) (product >> 32);
}

float
ae_rng_uniform (AeRng * rng)
{
  return (float) (ae_rng_u64 (rng) >> 40) * 0x1p-24f;
}

float
ae_rng_range (AeRng * rng, float low, float high)
{
  return low + (high - low) * ae_rng_uniform (rng);
}

static void
normal_pair (AeRng * rng, float *a, float *b)
{
  guint64 bits = ae_rng_u64 (rng);
  float u = ((float) (bits >> 40) + 1.0f) * 0x1p-24f;   /* (0, 1] */
  float v = (float) ((bits >> 8) & 0xffffff) * 0x1p-24f;
  float radius = sqrtf (-2.0f * logf (u));
  float angle = 2.0f * (float) G_PI * v;

  *a = radius * cosf (angle);
  *b = radius * sinf (angle);
}

float
ae_rng_normal (AeRng * rng)
{
  float a, b;

  normal_pair (rng, &a, &b);
  return a;
}

void
ae_rng_fill_normal (AeRng * rng, float *out, gsize n)
{
  float unused;

  for (gsize i = 0; i + 1 < n; i += 2)
    normal_pair (rng, out + i, out + i + 1);
  if (n & 1)
    normal_pair (rng, out + n - 1, &unused);
}

guint32
ae_rng_poisson (AeRng * rng, float lambda)
{
  float limit, product = 1.0f;
  guint32 k = 0;

  if (!(lambda > 0.0f))
    return 0;
  if (lambda >= 30.0f) {
    float x = lambda + sqrtf (lambda) * ae_rng_normal (rng);
    return x > 0.0f ? (guint32) (x + 0.5f) : 0;
  }
  /* Knuth: multiply uniforms until they fall under e^-lambda */
  limit = expf (-lambda);
  for (;;) {
    product *= ae_rng_uniform (rng);
    if (product <= limit)
      return k;
    k++;
  }
}
