/* Frames after others, of which parts moved. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * With a bias B between the noise-free average and the frame, noise of variance
 * s^2 in the frame and s^2 V in the average, a blend by w has the error
 * (1 - w)^2 B^2 + s^2 (w^2 + (1 - w)^2 V). Noise is mostly removed afterwards and
 * bias stays, so B^2 counts more. The best w follows, and how much it matters is
 * the second derivative.
 */
#include "motion-patches.h"
#include "ae-corruption.h"
#include "ae-model.h"
#include "ae-noise-level.h"
#include "ae-temporal.h"
#include "camera-noise.h"

#include <math.h>
#include <string.h>

#define MAX_LEVEL 60.0f
#define BIAS_COUNTS 16.0f       /* times as much as noise of the same power */
#define MAX_MATTERS 30.0f
#define BIAS_REACH 2            /* pixels around a 2x2 block that it answers for */

typedef struct
{
  guint size, margin_size;
  const AePicture *picture;
  float *wide;                  /* a patch with its margin */
  float *now, *before;          /* noise-free */
  float *noisy;
  float *share;                 /* of each pixel in what moves, or noise */
  AeTemporal temporal;
} Scene;

static Scene *
scene_new (guint size)
{
  Scene *scene = g_new0 (Scene, 1);
  const gsize n = (gsize) size * size;

  scene->size = size;
  scene->margin_size = size + 2 * AE_MOTION_MARGIN;
  scene->wide = g_new (float, (gsize) scene->margin_size * scene->margin_size);
  scene->now = g_new (float, n);
  scene->before = g_new (float, n);
  scene->noisy = g_new (float, n);
  scene->share = g_new (float, n);
  return scene;
}

static void
scene_free (Scene * scene)
{
  g_free (scene->wide);
  g_free (scene->now);
  g_free (scene->before);
  g_free (scene->noisy);
  g_free (scene->share);
  g_free (scene);
}

/* Cuts a patch out of the middle of @scene->wide, moved by (@dx, @dy) pixels, at
 * most %AE_MOTION_MARGIN - 1. */
static void
cut (const Scene * scene, float dx, float dy, float *patch)
{
  const float fx = dx - floorf (dx), fy = dy - floorf (dy);
  const gint x0 = AE_MOTION_MARGIN + (gint) floorf (dx);
  const gint y0 = AE_MOTION_MARGIN + (gint) floorf (dy);
  const gsize stride = scene->margin_size;

  for (guint y = 0; y < scene->size; y++) {
    const float *a = scene->wide + (gsize) (y0 + (gint) y) * stride + x0;
    const float *b = a + stride;

    for (guint x = 0; x < scene->size; x++)
      patch[y * scene->size + x] = (1.0f - fy) * ((1.0f - fx) * a[x]
          + fx * a[x + 1]) + fy * ((1.0f - fx) * b[x] + fx * b[x + 1]);
  }
}

/* Shares of 0 and 1 on two sides of a soft or hard, straight or bent edge. */
static void
draw_share (AeRng * rng, float *share, guint size)
{
  const float x0 = ae_rng_range (rng, 0.0f, (float) size);
  const float y0 = ae_rng_range (rng, 0.0f, (float) size);
  const float angle = ae_rng_range (rng, 0.0f, 2.0f * (float) G_PI);
  const float bend = ae_rng_range (rng, -1.0f, 1.0f) / (float) size;
  const float sharpness = ae_rng_range (rng, 0.2f, 4.0f);

  for (guint y = 0; y < size; y++) {
    for (guint x = 0; x < size; x++) {
      const float dx = (float) x - x0, dy = (float) y - y0;
      const float along = dy * cosf (angle) - dx * sinf (angle);
      const float across =
          dx * cosf (angle) + dy * sinf (angle) + bend * along * along;

      share[y * size + x] = 1.0f / (1.0f + expf (-sharpness * across));
    }
  }
}

/* A shift of 0.03 to 7 pixels, small ones as likely as large ones. */
static void
draw_shift (AeRng * rng, float *dx, float *dy)
{
  const float length = 7.0f * expf (ae_rng_range (rng, -5.4f, 0.0f));
  const float angle = ae_rng_range (rng, 0.0f, 2.0f * (float) G_PI);

  *dx = length * cosf (angle);
  *dy = length * sinf (angle);
}

/* What was seen before: the same, or moved, or with light changed. */
static void
draw_before (const AeMotionPatches * patches, Scene * scene, AeRng * rng)
{
  const gsize n = (gsize) scene->size * scene->size;
  const float kind = ae_rng_uniform (rng);
  float dx, dy;

  draw_shift (rng, &dx, &dy);
  if (kind < 0.3f) {            /* nothing moves */
    memcpy (scene->before, scene->now, n * sizeof (float));
  } else if (kind < 0.5f) {     /* all of it moves */
    cut (scene, dx, dy, scene->before);
  } else if (kind < 0.6f) {     /* from far away */
    ae_picture_crop (scene->picture, rng, scene->size, scene->before);
  } else {                      /* a part moves, or is covered by another thing */
    if (kind < 0.8f)
      cut (scene, dx, dy, scene->before);
    else
      ae_picture_crop (ae_picture_set_choose (patches->pictures, rng), rng,
          scene->size, scene->before);
    draw_share (rng, scene->share, scene->size);
    for (gsize i = 0; i < n; i++)
      scene->before[i] = scene->now[i]
          + scene->share[i] * (scene->before[i] - scene->now[i]);
  }
  if (ae_rng_uniform (rng) < 0.15f) {   /* light changes */
    const float gain = 1.0f + 0.05f * ae_rng_normal (rng);
    const float offset = 0.02f * ae_rng_normal (rng);

    for (gsize i = 0; i < n; i++)
      scene->before[i] = gain * scene->before[i] + offset;
  }
}

static void
draw_variance (Scene * scene, AeRng * rng)
{
  const float least = 1.0f / (float) AE_TEMPORAL_MAX_FRAMES;
  const float a = expf (ae_rng_range (rng, logf (least), 0.0f));
  const float b = ae_rng_uniform (rng) < 0.5f
      ? a : expf (ae_rng_range (rng, logf (least), 0.0f));
  AeTemporal *temporal = &scene->temporal;

  draw_share (rng, scene->share, scene->size);
  for (guint y = 0; y < temporal->map_height; y++) {
    for (guint x = 0; x < temporal->map_width; x++)
      temporal->variance[y * temporal->map_width + x] =
          a + scene->share[2 * y * scene->size + 2 * x] * (b - a);
  }
}

typedef enum
{ GAUSSIAN, CAMERA, PROCESSED, N_KINDS } NoiseKind;

/* noisy = clean with noise */
static void
add_noise (const Scene * scene, NoiseKind kind, float level, AeRng * rng,
    const float *clean, float *noisy)
{
  memcpy (noisy, clean, (gsize) scene->size * scene->size * sizeof (float));
  if (kind == PROCESSED)
    ae_camera_noise (level, rng, noisy, scene->size);
  else
    ae_corrupt_plane (kind == CAMERA ? AE_CORRUPTION_POISSON_GAUSSIAN
        : AE_CORRUPTION_GAUSSIAN, level, rng, noisy, scene->size, scene->size,
        scene->size);
}

/* Returns: the noise level that the estimate from one frame would tell. */
static float
apparent_level (Scene * scene)
{
  const gsize n = (gsize) scene->size * scene->size;

  for (gsize i = 0; i < n; i++)
    scene->share[i] = 0.5f + scene->noisy[i] - scene->now[i];
  return ae_noise_level_estimate (scene->share, scene->size, scene->size,
      scene->size);
}

/* Root of the mean squared noise. */
static float
true_level (const Scene * scene)
{
  const gsize n = (gsize) scene->size * scene->size;
  float sum = 0.0f;

  for (gsize i = 0; i < n; i++)
    sum += (scene->noisy[i] - scene->now[i])
        * (scene->noisy[i] - scene->now[i]);
  return 255.0f * sqrtf (sum / (float) n);
}

/* The average: what was before, with noise of the variance V. */
static void
draw_average (Scene * scene, NoiseKind kind, float level, AeRng * rng)
{
  AeTemporal *temporal = &scene->temporal;

  add_noise (scene, kind, level, rng, scene->before, temporal->average);
  for (guint y = 0; y < scene->size; y++) {
    for (guint x = 0; x < scene->size; x++) {
      const gsize i = y * scene->size + x;
      const float v = temporal->variance[y / 2 * temporal->map_width + x / 2];

      temporal->average[i] = scene->before[i]
          + sqrtf (v) * (temporal->average[i] - scene->before[i]);
    }
  }
}

/* Mean squared bias around the 2x2 pixels at (@x, @y). */
static float
squared_bias (const Scene * scene, guint x, guint y)
{
  const guint left = x < BIAS_REACH ? 0 : x - BIAS_REACH;
  const guint top = y < BIAS_REACH ? 0 : y - BIAS_REACH;
  const guint right = MIN (x + 2 + BIAS_REACH, scene->size);
  const guint bottom = MIN (y + 2 + BIAS_REACH, scene->size);
  float sum = 0.0f;

  for (guint py = top; py < bottom; py++) {
    for (guint px = left; px < right; px++) {
      const float d = scene->before[py * scene->size + px]
          - scene->now[py * scene->size + px];

      sum += d * d;
    }
  }
  return sum / (float) ((right - left) * (bottom - top));
}

static void
tell_best_gate (const Scene * scene, float noise, AeSample * sample)
{
  const AeTemporal *temporal = &scene->temporal;

  for (guint y = 0; y < temporal->map_height; y++) {
    for (guint x = 0; x < temporal->map_width; x++) {
      const gsize i = y * temporal->map_width + x;
      const float v = temporal->variance[i];
      const float bias = BIAS_COUNTS * squared_bias (scene, 2 * x, 2 * y)
          / (noise * noise);

      sample->target[i] = (bias + v) / (bias + v + 1.0f);
      sample->mask[i] = MIN (bias + v + 1.0f, MAX_MATTERS);
    }
  }
}

void
ae_motion_patches_sample (gpointer data, AeRng * rng, AeSample * sample)
{
  const AeMotionPatches *patches = data;
  const guint size = patches->size, half = size / 2;
  const gsize n = (gsize) size * size;
  Scene *scene = scene_new (size);
  const NoiseKind kind = (NoiseKind) ae_rng_below (rng, N_KINDS);
  const float level = 1.0f + MAX_LEVEL * powf (ae_rng_uniform (rng), 1.5f);
  float told;

  scene->temporal = (AeTemporal) {
  size, size, size, half, half, sample->input + n, sample->input,
        sample->condition};
  scene->picture = ae_picture_set_choose (patches->pictures, rng);
  ae_picture_crop (scene->picture, rng, scene->margin_size, scene->wide);
  cut (scene, 0.0f, 0.0f, scene->now);
  draw_before (patches, scene, rng);
  draw_variance (scene, rng);
  draw_average (scene, kind, level, rng);
  add_noise (scene, kind, level, rng, scene->now, scene->noisy);
  for (gsize i = 0; i < n; i++)
    scene->noisy[i] =
        floorf (CLAMP (scene->noisy[i], 0.0f, 1.0f) * 255.0f + 0.5f) / 255.0f;

  told = MAX (kind == PROCESSED ? apparent_level (scene) : true_level (scene),
      0.5f) * expf (0.1f * ae_rng_normal (rng));
  ae_temporal_surprise (&scene->temporal, scene->noisy, told / 255.0f);
  tell_best_gate (scene, MAX (true_level (scene), 0.5f) / 255.0f, sample);
  for (gsize i = 0; i < (gsize) half * half; i++)
    sample->condition[half * half + i] = told / AE_NOISE_UNIT;
  scene_free (scene);
}
