/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-vae.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Codes decoded together in ae_vae_log_likelihood(). */
#define BLOCK 128

static double
log_density (const AeLikelihood * likelihood, float x, float y)
{
  if (likelihood->kind == AE_LIKELIHOOD_NORMAL) {
    double d = ((double) x - (double) y) / likelihood->deviation;

    return -0.5 * d * d - log (likelihood->deviation) - 0.5 * log (2.0 * G_PI);
  } else {
    float p = fminf (fmaxf (y, FLT_MIN), 1.0f - 0.5f * FLT_EPSILON);

    return (double) (x * logf (p) + (1.0f - x) * log1pf (-p));
  }
}

/* log p(x|z) of each sample of @y is added to @sums; @x has one sample, or as
 * many. */
static void
add_log_likelihood (const AeLikelihood * likelihood, const AeTensor * x,
    const AeTensor * y, double *sums)
{
  gsize n_values = ae_tensor_size (y) / y->n;

  for (gsize p = 0; p < n_values; p++) {
    for (guint i = 0; i < y->n; i++)
      sums[i] += log_density (likelihood,
          x->data[p * x->n + (x->n > 1 ? i : 0)], y->data[p * y->n + i]);
  }
}

void
ae_vae_elbo (AeTape * tape, const float *weights, const AeTensor * x,
    const AeTensor * condition, const AeLikelihood * likelihood,
    guint n_draws, AeRng * rng, AeElbo * elbo)
{
  g_autofree double *sums = g_new0 (double, x->n);

  g_return_if_fail (n_draws > 0);
  ae_tape_set_random (tape, rng);
  for (guint i = 0; i < n_draws; i++)
    add_log_likelihood (likelihood, x, ae_tape_forward (tape, weights, x,
            condition), sums);
  ae_tape_set_random (tape, NULL);
  *elbo = (AeElbo) {
  0.0, ae_tape_kl (tape) / x->n};
  for (guint i = 0; i < x->n; i++)
    elbo->log_likelihood += sums[i] / n_draws / x->n;
}

/* @to [c][h][w][@n] of @from's one sample. */
static void
repeat (const AeTensor * from, guint n, AeTensor * to)
{
  ae_tensor_resize (to, from->c, from->h, from->w, n);
  for (gsize p = 0; p < ae_tensor_size (from); p++) {
    for (guint i = 0; i < n; i++)
      to->data[p * n + i] = from->data[p];
  }
}

/* Draws codes z from q, [mean | log variance | ...] of one sample, and sets
 * log_ratio[i] to log p(z) - log q(z|x). */
static void
draw_codes (const AeTensor * q, AeRng * rng, AeTensor * code, double *log_ratio)
{
  gsize size = ae_tensor_size (code) / code->n;
  const float *mean = q->data, *log_variance = mean + size;

  memset (log_ratio, 0, code->n * sizeof (double));
  ae_rng_fill_normal (rng, code->data, ae_tensor_size (code));
  for (gsize p = 0; p < size; p++) {
    float *z = code->data + p * code->n;
    float deviation = expf (0.5f * log_variance[p]);

    for (guint i = 0; i < code->n; i++) {
      double noise = (double) z[i];

      z[i] = mean[p] + deviation * z[i];
      log_ratio[i] += 0.5 * (noise * noise + (double) log_variance[p]
          - (double) z[i] * (double) z[i]);
    }
  }
}

/* log (e^a + e^b) */
static double
log_add (double a, double b)
{
  double high = MAX (a, b);

  if (isinf (high))
    return high;
  return high + log1p (exp (MIN (a, b) - high));
}

double
ae_vae_log_likelihood (AeTape * tape, const float *weights,
    const AeTensor * x, const AeTensor * condition,
    const AeLikelihood * likelihood, guint n_draws, AeRng * rng)
{
  g_auto (AeTensor) q = AE_TENSOR_INIT;
  g_auto (AeTensor) code = AE_TENSOR_INIT;
  g_auto (AeTensor) conditions = AE_TENSOR_INIT;
  const AeTensor *encoded;
  double log_ratio[BLOCK], sum = -(double) INFINITY;

  g_return_val_if_fail (x->n == 1 && n_draws > 0, (double) NAN);
  encoded = ae_tape_encode (tape, weights, x, condition);
  ae_tensor_copy (&q, ae_tape_gaussian (tape));
  ae_tensor_resize (&code, encoded->c, encoded->h, encoded->w, 1);
  for (guint done = 0, n; done < n_draws; done += n) {
    n = MIN (n_draws - done, BLOCK);
    ae_tensor_resize (&code, code.c, code.h, code.w, n);
    draw_codes (&q, rng, &code, log_ratio);
    if (condition)
      repeat (condition, n, &conditions);
    add_log_likelihood (likelihood, x, ae_tape_decode (tape, weights, &code,
            condition ? &conditions : NULL), log_ratio);
    for (guint i = 0; i < n; i++)
      sum = log_add (sum, log_ratio[i]);
  }
  return sum - log (n_draws);
}

void
ae_vae_draw_prior (AeTensor * code, float temperature, AeRng * rng)
{
  ae_rng_fill_normal (rng, code->data, ae_tensor_size (code));
  for (gsize i = 0; i < ae_tensor_size (code); i++)
    code->data[i] *= temperature;
}

void
ae_vae_interpolate (const float *from, const float *to, gsize n, float share,
    float *code)
{
  double aa = 0.0, bb = 0.0, ab = 0.0, angle, a = 1.0 - (double) share;
  double b = (double) share;

  for (gsize i = 0; i < n; i++) {
    aa += (double) from[i] * (double) from[i];
    bb += (double) to[i] * (double) to[i];
    ab += (double) from[i] * (double) to[i];
  }
  angle = aa > 0.0 && bb > 0.0 ? acos (CLAMP (ab / sqrt (aa * bb), -1.0, 1.0))
      : 0.0;
  if (sin (angle) > 1e-4) {
    a = sin (a * angle) / sin (angle);
    b = sin (b * angle) / sin (angle);
  }
  for (gsize i = 0; i < n; i++)
    code[i] = (float) (a * (double) from[i] + b * (double) to[i]);
}
