/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-objective.h"

#include <math.h>
#include <string.h>

#include "ae-leaves.h"
#include "ae-model.h"
#include "ae-motion.h"

/* One pixel in so many is blind. */
#define BLIND_SHARE 16

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

/* Where the frames show the same, but for noise. */
static void
mask_motion (const AePatch * patch, AeSample * sample)
{
  ae_motion_mask (&patch->shape, patch->x, patch->others,
      patch->noise / 255.0f, patch->together, sample->mask);
}

/* What tells @patch from the mean of other frames, of what stands still. Returns:
 * the factor that gives it the level of the patch's noise; 0 where nothing does. */
static float
noise_factor (const AePatch * patch, const float *mask)
{
  gsize n = (gsize) patch->shape.c * patch->shape.h * patch->shape.w;
  double sum = 0.0, n_still = 0.0;

  for (gsize i = 0; i < n; i++) {
    float d = patch->x[i] - patch->others[i];

    sum += (double) (mask[i] * d * d);
    n_still += (double) mask[i];
  }
  return sum > 0.0
      ? patch->noise / 255.0f / (float) sqrt (sum / n_still) : 0.0f;
}

void
ae_objective_fill_imagined (const AePatch * patch, AeRng * rng,
    guint n_condition, AeSample * sample)
{
  const AeShape *shape = &patch->shape;
  gsize plane = (gsize) shape->h * shape->w;
  float factor;

  mask_motion (patch, sample);
  factor = noise_factor (patch, sample->mask);
  for (guint c = 0; c < shape->c; c++)
    ae_leaves_draw (shape->h, shape->w, rng, sample->target + c * plane);
  for (gsize i = 0; i < shape->c * plane; i++) {
    float noise = sample->mask[i] * factor > 0.0f
        ? factor * (patch->x[i] - patch->others[i])
        : patch->noise / 255.0f * ae_rng_normal (rng);

    sample->input[i] = sample->target[i] + noise;
    sample->mask[i] = 1.0f;
  }
  if (n_condition > 0)
    sample->condition[0] = patch->noise / AE_NOISE_UNIT;
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
  else if (objective->kind == AE_OBJECTIVE_TEMPORAL)
    mask_motion (patch, sample);
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
