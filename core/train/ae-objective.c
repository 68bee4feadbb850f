/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-objective.h"

#include <math.h>
#include <string.h>

#include "ae-model.h"

/* Contrast of a picture that is rehearsed. */
#define GAIN_MIN 0.6f
#define GAIN_MAX 1.4f

/* One pixel in so many is blind. */
#define BLIND_SHARE 16

/* Motion is looked for in squares of this side. */
#define STATIC_SIDE 5
/* The mean of a square that stands still differs by noise alone: so many of its
 * standard deviations, and a rounding error, are allowed. */
#define STATIC_DEVIATIONS 3.0f

const gchar *
ae_objective_name (AeObjectiveKind kind)
{
  static const gchar *const names[AE_N_OBJECTIVES] = {
    "reconstruct", "denoise", "blind-spot", "temporal", "colorize"
  };

  g_return_val_if_fail ((guint) kind < AE_N_OBJECTIVES, NULL);
  return names[kind];
}

gboolean
ae_objective_is_masked (AeObjectiveKind kind)
{
  return kind == AE_OBJECTIVE_BLIND_SPOT || kind == AE_OBJECTIVE_TEMPORAL;
}

/* Returns: root mean square of a - b on the 8-bit scale. */
static float
distance (const float *a, const float *b, gsize n)
{
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += (double) (a[i] - b[i]) * (double) (a[i] - b[i]);
  return 255.0f * (float) sqrt (sum / (double) n);
}

/* Returns: the noise level of the corrupted input. */
static float
corrupt (const AeObjective * objective, const AePatch * patch, AeRng * rng,
    float *input)
{
  gsize plane = (gsize) patch->shape.h * patch->shape.w;
  float level = objective->level_min
      + (objective->level_max - objective->level_min) * ae_rng_uniform (rng);

  for (guint c = 0; c < patch->shape.c; c++)
    ae_corrupt_plane (objective->corruption, level, rng, input + c * plane,
        patch->shape.w, patch->shape.h, patch->shape.w);
  return distance (input, patch->x, patch->shape.c * plane);
}

/* A neighbour up to two pixels away in each direction, inside of the patch. */
static gsize
neighbour (const AeShape * shape, gsize place, AeRng * rng)
{
  gint w = (gint) shape->w, h = (gint) shape->h;
  gint x = (gint) (place % shape->w), y = (gint) (place / shape->w % shape->h);
  gint nx, ny;

  do {
    nx = x + (gint) ae_rng_below (rng, 5) - 2;
    ny = y + (gint) ae_rng_below (rng, 5) - 2;
  } while ((nx == x && ny == y) || nx < 0 || ny < 0 || nx >= w || ny >= h);
  return place - (gsize) (y * w + x) + (gsize) (ny * w + nx);
}

/* The mean of the mask is 1, so that the loss is a mean over the blind. */
static void
blind (const AePatch * patch, AeRng * rng, AeSample * sample)
{
  const AeShape *shape = &patch->shape;
  gsize n = (gsize) shape->c * shape->h * shape->w;

  memset (sample->mask, 0, n * sizeof (float));
  if (shape->h < 3 || shape->w < 3)
    return;
  for (gsize i = 0; i < n; i += BLIND_SHARE) {
    gsize place = i + ae_rng_below (rng, (guint) MIN (n - i, BLIND_SHARE));

    sample->input[place] = patch->x[neighbour (shape, place, rng)];
    sample->mask[place] = BLIND_SHARE;
  }
}

/* Mean of a - b over the square around (@x, @y), as far as it is inside. */
static float
mean_difference (const AeShape * shape, const float *a, const float *b,
    gint x, gint y, guint * n)
{
  const gint reach = STATIC_SIDE / 2;
  gint y1 = MIN (y + reach, (gint) shape->h - 1);
  gint x1 = MIN (x + reach, (gint) shape->w - 1);
  float sum = 0.0f;

  *n = 0;
  for (gint j = MAX (y - reach, 0); j <= y1; j++) {
    for (gint i = MAX (x - reach, 0); i <= x1; i++, ++*n)
      sum += a[j * (gint) shape->w + i] - b[j * (gint) shape->w + i];
  }
  return sum / (float) *n;
}

/* Where the frames show the same, but for noise. */
static void
mask_motion (const AePatch * patch, AeSample * sample)
{
  const AeShape *shape = &patch->shape;
  gsize plane = (gsize) shape->h * shape->w;
  float noise = patch->noise / 255.0f;

  for (gsize i = 0; i < shape->c * plane; i++) {
    gsize first = i / plane * plane, place = i % plane;
    guint n;
    float mean = mean_difference (shape, patch->x + first,
        patch->others + first, (gint) (place % shape->w),
        (gint) (place / shape->w), &n);
    float allowed = STATIC_DEVIATIONS * noise * sqrtf (2.0f / (float) n)
        + 0.5f / 255.0f;

    sample->mask[i] = fabsf (mean) < allowed ? 1.0f : 0.0f;
  }
}

/* Another picture, and its noise: @patch mirrored, turned by a right angle, of
 * other contrast, or a negative. Nothing counts. Returns: its noise level. */
static float
rehearse (const AePatch * patch, AeRng * rng, AeSample * sample)
{
  const AeShape *shape = &patch->shape;
  gsize h = shape->h, w = shape->w, plane = h * w;
  guint mirrors = ae_rng_below (rng, 8);
  gboolean turned = (mirrors & 4) && h == w;
  float gain = GAIN_MIN + (GAIN_MAX - GAIN_MIN) * ae_rng_uniform (rng);

  if (ae_rng_uniform (rng) < 0.5f)
    gain = -gain;
  for (gsize i = 0; i < shape->c * plane; i++) {
    gsize y = i % plane / w, x = i % w;
    gsize from_y = turned ? x : y, from_x = turned ? y : x;

    if (mirrors & 1)
      from_y = h - 1 - from_y;
    if (mirrors & 2)
      from_x = w - 1 - from_x;
    sample->input[i] = 0.5f
        + gain * (patch->x[i / plane * plane + from_y * w + from_x] - 0.5f);
  }
  memset (sample->mask, 0, shape->c * plane * sizeof (float));
  return patch->noise * fabsf (gain);
}

void
ae_objective_fill (const AeObjective * objective, const AePatch * patch,
    AeRng * rng, guint n_condition, AeSample * sample)
{
  const AeShape *shape = &patch->shape;
  gsize plane = (gsize) shape->h * shape->w, n = shape->c * plane;
  gboolean colorizes = objective->kind == AE_OBJECTIVE_COLORIZE;
  const float *target = objective->kind == AE_OBJECTIVE_TEMPORAL
      ? patch->others : patch->x;
  float noise = patch->noise;

  memcpy (sample->input, patch->x, (colorizes ? plane : n) * sizeof (float));
  memcpy (sample->target, target + (colorizes ? plane : 0),
      (colorizes ? n - plane : n) * sizeof (float));
  if (objective->kind == AE_OBJECTIVE_DENOISE)
    noise = corrupt (objective, patch, rng, sample->input);
  else if (objective->kind == AE_OBJECTIVE_BLIND_SPOT)
    blind (patch, rng, sample);
  else if (objective->kind == AE_OBJECTIVE_TEMPORAL) {
    if (ae_rng_uniform (rng) < objective->rehearsal)
      noise = rehearse (patch, rng, sample);
    else
      mask_motion (patch, sample);
  }
  if (n_condition > 0)
    sample->condition[0] = noise / AE_NOISE_UNIT;
}

void
ae_objective_fill_judged (const AeObjective * objective,
    const AePatch * patch, AeRng * rng, guint n_condition, AeSample * sample)
{
  const AeShape *shape = &patch->shape;
  gsize n = (gsize) shape->c * shape->h * shape->w;

  if (objective->kind != AE_OBJECTIVE_BLIND_SPOT) {
    ae_objective_fill (objective, patch, rng, n_condition, sample);
    return;
  }
  for (gsize i = 0; i < n; i++) {
    float noise = patch->noise / 255.0f * ae_rng_normal (rng);

    sample->input[i] = patch->x[i] + noise;
    sample->target[i] = patch->x[i] - noise;
  }
  if (n_condition > 0)
    sample->condition[0] = sqrtf (2.0f) * patch->noise / AE_NOISE_UNIT;
}
