/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-light.h"
#include "ae-cells.h"
#include "ae-median.h"

#include <math.h>

/* Frames that the running mean is over. */
#define N_FOLLOW 500

/* Cells that are darker tell little but noise. */
#define DARK 0.03f

/* A factor is one of these at most, each way. */
#define MAX_FACTOR 8.0f

struct _AeLight
{
  guint width, height, n;
  guint n_frames;
  float *usual, *now, *factors; /* [n] cells */
};

AeLight *
ae_light_new (guint width, guint height)
{
  AeLight *light = g_new0 (AeLight, 1);

  light->width = width;
  light->height = height;
  light->n = ae_cells_n (width) * ae_cells_n (height);
  light->usual = g_new0 (float, light->n);
  light->now = g_new0 (float, light->n);
  light->factors = g_new0 (float, light->n);
  return light;
}

void
ae_light_free (AeLight * light)
{
  if (light == NULL)
    return;
  g_free (light->usual);
  g_free (light->now);
  g_free (light->factors);
  g_free (light);
}

void
ae_light_forget (AeLight * light)
{
  light->n_frames = 0;
}

float
ae_light_follow (AeLight * light, const float *x, gsize stride)
{
  float rate, factor = 1.0f;

  light->n_frames = MIN (light->n_frames + 1, N_FOLLOW);
  rate = 1.0f / (float) light->n_frames;
  ae_cells_mean (x, stride, light->width, light->height, light->now);
  for (guint k = 0; k < light->n; k++)
    light->factors[k] = (light->now[k] + DARK) / (light->usual[k] + DARK);
  if (light->n_frames > 1)
    factor = fminf (fmaxf (ae_median (light->factors, light->n),
            1.0f / MAX_FACTOR), MAX_FACTOR);
  for (guint k = 0; k < light->n; k++)
    light->usual[k] += rate * (light->now[k] - light->usual[k]);
  return factor;
}
