/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-leaves.h"

#include <math.h>

/* Radii in pixels; leaves of one size cover as much as those of any other. */
#define RADIUS_MIN 5.0f
#define RADIUS_MAX 80.0f

/* The area of all leaves, in pictures: little of the ground is seen. */
#define COVER 3.0f

/* Least contrast of a picture. */
#define CONTRAST_MIN 0.2f

/* Of a stripe's wave, in pixels. */
#define WAVE_MIN 2.5f
#define WAVE_MAX 12.0f

/* An ellipse or a box, across which brightness changes. */
typedef struct
{
  gboolean is_box;
  float x, y, cos, sin;
  float rx, ry;
  float light, slope;           /* slope: from one end to the other */
  float stripes, wave;
} Leaf;

static Leaf
pick (guint height, guint width, AeRng * rng)
{
  /* the density of radii falls by their third power */
  float u = ae_rng_uniform (rng);
  float radius = 1.0f / sqrtf (u / (RADIUS_MIN * RADIUS_MIN)
      + (1.0f - u) / (RADIUS_MAX * RADIUS_MAX));
  float angle = ae_rng_range (rng, 0.0f, (float) G_PI);

  return (Leaf) {
  .is_box = ae_rng_below (rng, 2) == 0,.x =
        ae_rng_range (rng, 0.0f, (float) width),.y =
        ae_rng_range (rng, 0.0f, (float) height),.cos = cosf (angle),.sin =
        sinf (angle),.rx = radius,.ry =
        radius * ae_rng_range (rng, 0.3f, 1.0f),.light =
        ae_rng_uniform (rng),.slope =
        ae_rng_range (rng, -0.3f, 0.3f) * ae_rng_uniform (rng),.stripes =
        ae_rng_below (rng,
        4) == 0 ? 0.2f * ae_rng_uniform (rng) : 0.0f,.wave =
        2.0f * (float) G_PI / ae_rng_range (rng, WAVE_MIN, WAVE_MAX)};
}

/* How much of the pixel (@u, @v), from the middle, is covered: edges are a pixel
 * wide. */
static float
coverage (const Leaf * leaf, float u, float v)
{
  float inside;

  if (leaf->is_box)
    inside = MIN (leaf->rx - fabsf (u), leaf->ry - fabsf (v));
  else
    inside = (1.0f - sqrtf (u * u / (leaf->rx * leaf->rx)
            + v * v / (leaf->ry * leaf->ry))) * leaf->ry;
  return CLAMP (0.5f + inside, 0.0f, 1.0f);
}

static void
fall (const Leaf * leaf, guint height, guint width, float *plane)
{
  float reach = leaf->is_box ? leaf->rx + leaf->ry : leaf->rx;
  guint top = (guint) MAX (leaf->y - reach, 0.0f);
  guint left = (guint) MAX (leaf->x - reach, 0.0f);
  guint bottom = MIN ((guint) (leaf->y + reach + 2.0f), height);
  guint right = MIN ((guint) (leaf->x + reach + 2.0f), width);

  for (guint y = top; y < bottom; y++) {
    for (guint x = left; x < right; x++) {
      float dx = (float) x - leaf->x, dy = (float) y - leaf->y;
      float u = leaf->cos * dx + leaf->sin * dy;
      float v = leaf->cos * dy - leaf->sin * dx;
      float part = coverage (leaf, u, v);
      float *to = &plane[y * width + x];
      float value;

      if (!(part > 0.0f))
        continue;
      value = leaf->light + leaf->slope * u / leaf->rx;
      if (leaf->stripes > 0.0f)
        value += leaf->stripes * sinf (leaf->wave * u);
      *to += part * (CLAMP (value, 0.0f, 1.0f) - *to);
    }
  }
}

void
ae_leaves_draw (guint height, guint width, AeRng * rng, float *plane)
{
  float ground = ae_rng_uniform (rng), area = 0.0f;
  float contrast = ae_rng_range (rng, CONTRAST_MIN, 1.0f);
  float dark = (1.0f - contrast) * ae_rng_uniform (rng);

  for (guint i = 0; i < height * width; i++)
    plane[i] = ground;
  while (area < COVER * (float) (height * width)) {
    Leaf leaf = pick (height, width, rng);

    fall (&leaf, height, width, plane);
    area += (float) G_PI *leaf.rx * leaf.ry;
  }
  for (guint i = 0; i < height * width; i++)
    plane[i] = dark + contrast * plane[i];
}
