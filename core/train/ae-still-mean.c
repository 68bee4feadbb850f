/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-still-mean.h"

#include <math.h>
#include <string.h>

#define SIDE 4
#define DEVIATIONS 3.0f
#define ROUNDING (0.5f / 255.0f)

static gsize
n_values (const AeStillMean * self)
{
  return (gsize) self->shape.c * self->shape.h * self->shape.w;
}

static gsize
n_squares (const AeStillMean * self)
{
  return (gsize) self->shape.c * ((self->shape.h + SIDE - 1) / SIDE)
      * ((self->shape.w + SIDE - 1) / SIDE);
}

void
ae_still_mean_init (AeStillMean * self, const AeShape * shape)
{
  self->shape = *shape;
  self->mean = g_new0 (float, n_values (self));
  self->n_frames = g_new0 (guint8, n_squares (self));
}

void
ae_still_mean_clear (AeStillMean * self)
{
  g_clear_pointer (&self->mean, g_free);
  g_clear_pointer (&self->n_frames, g_free);
}

void
ae_still_mean_start (AeStillMean * self, const float *x)
{
  memcpy (self->mean, x, n_values (self) * sizeof (float));
  memset (self->n_frames, 1, n_squares (self));
}

/* One square of @height x @width, the rows of a picture @step apart. */
static void
add_square (float *mean, const float *x, guint height, guint width, guint step,
    float noise, guint8 * n_frames)
{
  float n = (float) (height * width), before = (float) *n_frames, sum = 0.0f;
  float part;

  for (guint i = 0; i < height; i++) {
    for (guint j = 0; j < width; j++)
      sum += x[i * step + j] - mean[i * step + j];
  }
  if (fabsf (sum) >= DEVIATIONS * noise * sqrtf (n * (1.0f + 1.0f / before))
      + ROUNDING * n)
    *n_frames = 0;
  part = 1.0f / (float) (*n_frames + 1);
  for (guint i = 0; i < height; i++) {
    for (guint j = 0; j < width; j++)
      mean[i * step + j] += part * (x[i * step + j] - mean[i * step + j]);
  }
  if (*n_frames < G_MAXUINT8)
    ++ * n_frames;
}

void
ae_still_mean_add (AeStillMean * self, const float *x, float noise)
{
  guint w = self->shape.w, h = self->shape.h;
  guint8 *n_frames = self->n_frames;

  for (guint c = 0; c < self->shape.c; c++) {
    for (guint y = 0; y < h; y += SIDE) {
      for (guint i = 0; i < w; i += SIDE, n_frames++) {
        gsize at = ((gsize) c * h + y) * w + i;

        add_square (self->mean + at, x + at, MIN (SIDE, h - y),
            MIN (SIDE, w - i), w, noise, n_frames);
      }
    }
  }
}
