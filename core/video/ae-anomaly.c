/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-anomaly.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Frames after which there is something to compare with, and scores. */
#define N_LEARN 30
/* Frames that the running mean is over. */
#define N_FOLLOW 500
#define N_SCORES 256

/* Errors under half a step of the 8-bit scale are rounding. */
#define ROUNDING (0.5f / 255.0f)
/* Smallest standard deviation of a logarithm. */
#define MIN_DEVIATION 0.05f
/* What is further off than this is hardly a drift of what is usual: it counts no
 * more, and the more slowly the further it is. */
#define CLIP 4.0f
/* How far the threshold is from the median, in steps to the quantile. */
#define REACH 3.0

struct _AeAnomaly
{
  guint width, height, n_x, n_y, n;
  guint n_frames;
  float *error, *other;         /* of a frame: [n] logarithms, less the median */
  float *mean, *variance;       /* of what is usual, [n] */
  float *off;                   /* [n] */
  float *sorted;                /* scratch, [n] */
  guint n_scores;               /* seen */
  double scores[N_SCORES], threshold;
};

AeAnomaly *
ae_anomaly_new (guint width, guint height)
{
  AeAnomaly *self = g_new0 (AeAnomaly, 1);

  self->width = width;
  self->height = height;
  self->n_x = (width + AE_ANOMALY_CELL - 1) / AE_ANOMALY_CELL;
  self->n_y = (height + AE_ANOMALY_CELL - 1) / AE_ANOMALY_CELL;
  self->n = self->n_x * self->n_y;
  self->error = g_new0 (float, self->n);
  self->other = g_new0 (float, self->n);
  self->mean = g_new0 (float, self->n);
  self->variance = g_new0 (float, self->n);
  self->off = g_new0 (float, self->n);
  self->sorted = g_new0 (float, self->n);
  self->threshold = -1.0;
  return self;
}

void
ae_anomaly_free (AeAnomaly * self)
{
  if (self == NULL)
    return;
  g_free (self->error);
  g_free (self->other);
  g_free (self->mean);
  g_free (self->variance);
  g_free (self->off);
  g_free (self->sorted);
  g_free (self);
}

void
ae_anomaly_forget (AeAnomaly * self)
{
  self->n_frames = self->n_scores = 0;
  self->threshold = -1.0;
  memset (self->mean, 0, self->n * sizeof (float));
  memset (self->variance, 0, self->n * sizeof (float));
  memset (self->off, 0, self->n * sizeof (float));
}

static int
compare_floats (gconstpointer a, gconstpointer b)
{
  const float *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

static float
cell_error (const AeAnomaly * self, guint x0, guint y0, const float *x,
    const float *y, gsize stride)
{
  guint x1 = MIN (x0 + AE_ANOMALY_CELL, self->width);
  guint y1 = MIN (y0 + AE_ANOMALY_CELL, self->height);
  float sum = 0.0f;

  for (guint i = y0; i < y1; i++) {
    for (guint j = x0; j < x1; j++) {
      float d = x[i * stride + j] - y[i * stride + j];

      sum += d * d;
    }
  }
  return sum / (float) ((y1 - y0) * (x1 - x0));
}

static void
measure (AeAnomaly * self, const float *x, const float *y, gsize stride,
    float *error)
{
  for (guint k = 0; k < self->n; k++)
    error[k] = logf (ROUNDING * ROUNDING + cell_error (self,
            k % self->n_x * AE_ANOMALY_CELL, k / self->n_x * AE_ANOMALY_CELL, x,
            y, stride));
}

/* What all cells have in common is taken off: light, noise. */
static void
take_median_off (AeAnomaly * self, float *error)
{
  float median;

  for (guint k = 0; k < self->n; k++)
    self->sorted[k] = error[k] - self->mean[k];
  qsort (self->sorted, self->n, sizeof (float), compare_floats);
  median = self->sorted[self->n / 2];
  for (guint k = 0; k < self->n; k++)
    error[k] -= median;
}

static void
follow (AeAnomaly * self)
{
  const float usual_rate = 1.0f / (float) MIN (self->n_frames, N_FOLLOW);

  for (guint k = 0; k < self->n; k++) {
    float reach = CLIP * fmaxf (sqrtf (self->variance[k]), MIN_DEVIATION);
    float d = self->error[k] - self->mean[k], rate = usual_rate;

    if (self->n_frames > N_LEARN && fabsf (d) > reach) {
      rate *= reach / fabsf (d);
      d = copysignf (reach, d);
    }
    self->mean[k] += rate * d;
    /* Welford's, with a rate */
    self->variance[k] += rate * ((1.0f - rate) * d * d - self->variance[k]);
  }
}

static double
score (AeAnomaly * self)
{
  guint n = MIN (MAX (self->n / 100, 4), self->n);
  double sum = 0.0;

  memcpy (self->sorted, self->off, self->n * sizeof (float));
  qsort (self->sorted, self->n, sizeof (float), compare_floats);
  for (guint i = self->n - n; i < self->n; i++)
    sum += (double) self->sorted[i];
  return sum / n;
}

static double
learned_threshold (const AeAnomaly * self, double quantile)
{
  guint n = MIN (self->n_scores, N_SCORES);
  double sorted[N_SCORES];

  if (n < N_LEARN)
    return -1.0;
  memcpy (sorted, self->scores, n * sizeof (double));
  qsort (sorted, n, sizeof (double), compare_doubles);
  return sorted[n / 2] + REACH * (sorted[(guint) (quantile * (n - 1) + 0.5)]
      - sorted[n / 2]);
}

double
ae_anomaly_add (AeAnomaly * self, const float *x, const float *y, gsize stride,
    double quantile)
{
  double result = -1.0;

  measure (self, x, y, stride, self->error);
  if (self->n_frames > 0)
    take_median_off (self, self->error);
  if (self->n_frames >= N_LEARN) {
    for (guint k = 0; k < self->n; k++)
      self->off[k] = fabsf (self->error[k] - self->mean[k])
          / fmaxf (sqrtf (self->variance[k]), MIN_DEVIATION);
    result = score (self);
    self->threshold = learned_threshold (self, quantile);
    /* anomalies say nothing of what is usual */
    if (self->threshold < 0.0 || result <= self->threshold)
      self->scores[self->n_scores++ % N_SCORES] = result;
  }
  self->n_frames++;
  follow (self);
  return result;
}

void
ae_anomaly_change_model (AeAnomaly * self, const float *x,
    const float *before, const float *y, gsize stride)
{
  measure (self, x, before, stride, self->error);
  measure (self, x, y, stride, self->other);
  for (guint k = 0; k < self->n; k++)
    self->mean[k] += self->other[k] - self->error[k];
}

double
ae_anomaly_threshold (const AeAnomaly * self)
{
  return self->threshold;
}

const float *
ae_anomaly_cells (const AeAnomaly * self, guint * n_x, guint * n_y)
{
  *n_x = self->n_x;
  *n_y = self->n_y;
  return self->off;
}
