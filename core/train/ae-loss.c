/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-loss.h"

#include <float.h>
#include <math.h>

#define CHARBONNIER_EPSILON2 1e-6f

const gchar *
ae_loss_name (AeLossKind kind)
{
  static const gchar *const names[AE_N_LOSSES] = {
    "mse", "l1", "charbonnier", "bce"
  };

  g_return_val_if_fail (kind < AE_N_LOSSES, NULL);
  return names[kind];
}

/* The loss of one value, and in @grad its derivative by @y. */
static inline float
differentiate (AeLossKind kind, float y, float t, float *grad)
{
  float d = y - t, root, p;

  switch (kind) {
    case AE_LOSS_L1:
      *grad = (float) ((d > 0.0f) - (d < 0.0f));
      return fabsf (d);
    case AE_LOSS_CHARBONNIER:
      root = sqrtf (d * d + CHARBONNIER_EPSILON2);
      *grad = d / root;
      return root;
    case AE_LOSS_BCE:
      /* as far as a sigmoid reaches, so that only its own slope counts */
      p = fminf (fmaxf (y, FLT_MIN), 1.0f - 0.5f * FLT_EPSILON);
      *grad = (1.0f - t) / (1.0f - p) - t / p;
      return -(t * logf (p) + (1.0f - t) * log1pf (-p));
    case AE_LOSS_MSE:
    default:
      *grad = 2.0f * d;
      return d * d;
  }
}

#define BLOCK 16                /* samples at a time, each with a sum of its own */

/* The values of up to BLOCK samples, which lie @step apart from position to
 * position. Returns the sum of their losses, each times @mask and @weight;
 * @grad becomes its derivatives, times @scale. */
static inline double
differentiate_block (AeLossKind kind, gsize n_positions, gsize step, guint n,
    const float *y, const float *t, const float *mask, const float *weight,
    float scale, float *grad)
{
  double sums[BLOCK] = { 0.0 }, sum = 0.0;

  for (gsize p = 0; p < n_positions * step; p += step) {
    for (guint i = 0; i < n; i++) {
      float w = mask ? weight[i] * mask[p + i] : weight[i], slope;

      sums[i] += (double) (w * differentiate (kind, y[p + i], t[p + i],
              &slope));
      grad[p + i] = scale * (w * slope);
    }
  }
  for (guint i = 0; i < n; i++)
    sum += sums[i];
  return sum;
}

double
ae_loss (AeLossKind kind, const AeTensor * out, const AeTensor * target,
    const AeTensor * mask, const float *sample_weight, AeTensor * grad)
{
  gsize n_positions = (gsize) out->c * out->h * out->w;
  float scale = 1.0f / (float) n_positions;
  guint n = out->n;
  double sum = 0.0;

  g_return_val_if_fail (ae_tensor_size (out) == ae_tensor_size (target),
      (double) NAN);
  ae_tensor_resize_like (grad, out);
  for (guint i = 0; i < n; i += BLOCK) {
    guint n_block = MIN (n - i, BLOCK);
    const float *m = mask ? mask->data + i : NULL;
    float weight[BLOCK];

    for (guint j = 0; j < n_block; j++)
      weight[j] = sample_weight ? sample_weight[i + j] : 1.0f;
    /* the usual case has a loop of its own, which becomes vector code */
    if (kind == AE_LOSS_MSE && n_block == BLOCK && m == NULL)
      sum += differentiate_block (AE_LOSS_MSE, n_positions, n, BLOCK,
          out->data + i, target->data + i, NULL, weight, scale, grad->data + i);
    else
      sum += differentiate_block (kind, n_positions, n, n_block,
          out->data + i, target->data + i, m, weight, scale, grad->data + i);
  }
  return sum / (double) n_positions;
}
