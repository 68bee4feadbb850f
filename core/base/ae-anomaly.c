/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-anomaly.h"
#include "ae-median.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Frames after which there is something to compare with, and scores. */
#define N_LEARN 30
/* Frames that the running mean is over. */
#define N_FOLLOW 500
#define N_SCORES 256

/* Smallest standard deviation for what is usual to follow. */
#define MIN_DEVIATION 0.05f
/* What is further off than this is hardly a drift of what is usual: it counts no
 * more, and the more slowly the further it is. */
#define CLIP 4.0f
/* How far the threshold is from the median, in steps to the quantile. */
#define REACH 3.0
/* Where it is at least. */
#define MIN_THRESHOLD 5.0

struct _AeAnomaly
{
  guint n;
  float least;                  /* deviation that counts */
  guint n_frames;
  float *error;                 /* of a frame: [n], less the median */
  float *mean, *variance;       /* of what is usual, [n] */
  float *off;                   /* [n] */
  float *sorted;                /* scratch, [n] */
  guint n_scores;               /* seen */
  double scores[N_SCORES];
};

AeAnomaly *
ae_anomaly_new (guint n_cells, float least)
{
  AeAnomaly *self = g_new0 (AeAnomaly, 1);

  self->n = n_cells;
  self->least = least;
  self->error = g_new0 (float, self->n);
  self->mean = g_new0 (float, self->n);
  self->variance = g_new0 (float, self->n);
  self->off = g_new0 (float, self->n);
  self->sorted = g_new0 (float, self->n);
  return self;
}

void
ae_anomaly_free (AeAnomaly * self)
{
  if (self == NULL)
    return;
  g_free (self->error);
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
  memset (self->mean, 0, self->n * sizeof (float));
  memset (self->variance, 0, self->n * sizeof (float));
  memset (self->off, 0, self->n * sizeof (float));
}

static int
compare_doubles (gconstpointer a, gconstpointer b)
{
  const double *x = a, *y = b;

  return (*x > *y) - (*x < *y);
}

/* What all cells have in common is taken off: light, noise. */
static void
take_median_off (AeAnomaly * self, float *error)
{
  float median;

  for (guint k = 0; k < self->n; k++)
    self->sorted[k] = error[k] - self->mean[k];
  median = ae_median (self->sorted, self->n);
  for (guint k = 0; k < self->n; k++)
    error[k] -= median;
}

/* Returns: whether @error can be compared; one that cannot would be remembered
 * for good. */
static gboolean
is_finite (const AeAnomaly * self, const float *error)
{
  for (guint k = 0; k < self->n; k++) {
    if (!isfinite (error[k]))
      return FALSE;
  }
  return TRUE;
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
  ae_sort (self->sorted, self->n);
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

void
ae_anomaly_add (AeAnomaly * self, const float *error, double threshold,
    double quantile, AeAnomalyScore * result)
{
  *result = AE_ANOMALY_UNKNOWN;
  if (!is_finite (self, error))
    return;
  memcpy (self->error, error, self->n * sizeof (float));
  if (self->n_frames > 0)
    take_median_off (self, self->error);
  if (self->n_frames >= N_LEARN) {
    double learned = learned_threshold (self, quantile);

    for (guint k = 0; k < self->n; k++)
      self->off[k] = fabsf (self->error[k] - self->mean[k])
          / fmaxf (sqrtf (self->variance[k]), self->least);
    result->score = score (self);
    result->threshold = threshold >= 0.0 ? threshold
        : learned < 0.0 ? learned : MAX (learned, MIN_THRESHOLD);
    result->anomalous = result->threshold >= 0.0
        && result->score > result->threshold;
    /* anomalies say nothing of what is usual */
    if (learned < 0.0 || result->score <= learned)
      self->scores[self->n_scores++ % N_SCORES] = result->score;
  }
  self->n_frames++;
  follow (self);
}

void
ae_anomaly_change_model (AeAnomaly * self, const float *before,
    const float *after)
{
  if (!is_finite (self, before) || !is_finite (self, after))
    return;
  for (guint k = 0; k < self->n; k++)
    self->mean[k] += after[k] - before[k];
}

const float *
ae_anomaly_cells (const AeAnomaly * self)
{
  return self->off;
}
