/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-motion.h"

#include <math.h>

/* Of the square that means are taken over, and of the one that these are compared
 * in, to either side. */
#define REACH 2
#define REGION 8

/* The mean of a square that stands still differs by noise alone: so many of its
 * standard deviations, and a rounding error, are allowed. */
#define DEVIATIONS 3.0f
#define ROUNDING (0.5f / 255.0f)

/* The same of a region's ratio, which that of the noise scatters around by
 * sqrt (25 / pixels): what is masked without need is only not learned from. */
#define RATIO_DEVIATIONS 2.0f
#define SQUARE 25.0f

/* Between two planes, each [h][w]. */
typedef struct
{
  guint h, w;
  float *mean;                  /* over squares */
  float *low;                   /* n mean^2 */
  float *all;                   /* of each pixel, squared */
  float *scratch;
} Difference;

/* out[x][y] = sum of in[y][x] over x +- @reach, as far as it is inside: twice is
 * once along both. */
static void
sum_along (const float *in, guint h, guint w, guint reach, float *out)
{
  for (guint y = 0; y < h; y++) {
    const float *row = in + (gsize) y * w;
    float sum = 0.0f;

    for (guint x = 0; x < w + reach; x++) {
      sum += x < w ? row[x] : 0.0f;
      sum -= x > 2 * reach ? row[x - 2 * reach - 1] : 0.0f;
      if (x >= reach)
        out[(gsize) (x - reach) * h + y] = sum;
    }
  }
}

static void
sum_around (const Difference * d, guint reach, float *plane)
{
  sum_along (plane, d->h, d->w, reach, d->scratch);
  sum_along (d->scratch, d->w, d->h, reach, plane);
}

/* Pixels around pixel @i that are inside. */
static float
n_around (const Difference * d, guint i, guint reach)
{
  guint x = i % d->w, y = i / d->w;
  guint width = MIN (x + reach, d->w - 1) - (x > reach ? x - reach : 0) + 1;
  guint height = MIN (y + reach, d->h - 1) - (y > reach ? y - reach : 0) + 1;

  return (float) (width * height);
}

/* In @scratch, [4][h][w]. */
static void
difference_init (Difference * d, guint h, guint w, float *scratch)
{
  gsize n = (gsize) h * w;

  d->h = h;
  d->w = w;
  d->mean = scratch;
  d->low = d->mean + n;
  d->all = d->low + n;
  d->scratch = d->all + n;
}

static void
difference_take (Difference * d, const float *a, const float *b)
{
  guint n = d->h * d->w;

  for (guint i = 0; i < n; i++) {
    d->mean[i] = a[i] - b[i];
    d->all[i] = d->mean[i] * d->mean[i];
  }
  sum_around (d, REACH, d->mean);
  for (guint i = 0; i < n; i++) {
    float n_square = n_around (d, i, REACH);

    d->low[i] = d->mean[i] * d->mean[i] / n_square;
    d->mean[i] /= n_square;
  }
}

static void
mask_plane (Difference * d, float noise, float together, float *mask)
{
  const float rounding = SQUARE * ROUNDING * ROUNDING;

  sum_around (d, REGION, d->low);
  sum_around (d, REGION, d->all);
  for (guint i = 0; i < d->h * d->w; i++) {
    float allowed = DEVIATIONS * noise
        * sqrtf (2.0f / n_around (d, i, REACH)) + ROUNDING;
    float n_region = n_around (d, i, REGION);
    float ratio = together
        * (1.0f + RATIO_DEVIATIONS * sqrtf (SQUARE / n_region));

    mask[i] = fabsf (d->mean[i]) < allowed
        && d->low[i] <= ratio * d->all[i] + n_region * rounding ? 1.0f : 0.0f;
  }
}

void
ae_motion_mask (const AeShape * shape, const float *a, const float *b,
    float noise, float together, float *mask)
{
  gsize plane = (gsize) shape->h * shape->w;
  g_autofree float *scratch = g_new (float, 4 * plane);
  Difference d;

  difference_init (&d, shape->h, shape->w, scratch);
  for (guint c = 0; c < shape->c; c++) {
    difference_take (&d, a + c * plane, b + c * plane);
    mask_plane (&d, noise, together, mask + c * plane);
  }
}

float
ae_motion_together (guint h, guint w, const float *a, const float *b,
    float *scratch)
{
  double low = 0.0, all = 0.0;
  Difference d;

  difference_init (&d, h, w, scratch);
  difference_take (&d, a, b);
  for (guint i = 0; i < h * w; i++) {
    low += (double) d.low[i];
    all += (double) d.all[i];
  }
  return all > 0.0 ? (float) (low / all) : 0.0f;
}
