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

/* @grad[@n] becomes the derivatives by @y; returns the sum of losses, each times
 * both factors. */
static double
differentiate (AeLossKind kind, const float *y, const float *t,
    const float *mask, const float *weight, guint n, float *grad)
{
  float sum = 0.0f;

  for (guint i = 0; i < n; i++) {
    float w = (weight ? weight[i] : 1.0f) * (mask ? mask[i] : 1.0f), d =
        y[i] - t[i], root, p;

    switch (kind) {
      case AE_LOSS_L1:
        sum += w * fabsf (d);
        grad[i] = w * (float) ((d > 0.0f) - (d < 0.0f));
        break;
      case AE_LOSS_CHARBONNIER:
        root = sqrtf (d * d + CHARBONNIER_EPSILON2);
        sum += w * root;
        grad[i] = w * d / root;
        break;
      case AE_LOSS_BCE:
        /* as far as a sigmoid reaches, so that only its own slope counts */
        p = fminf (fmaxf (y[i], FLT_MIN), 1.0f - 0.5f * FLT_EPSILON);
        sum -= w * (t[i] * logf (p) + (1.0f - t[i]) * log1pf (-p));
        grad[i] = w * ((1.0f - t[i]) / (1.0f - p) - t[i] / p);
        break;
      case AE_LOSS_MSE:
      default:
        sum += w * d * d;
        grad[i] = 2.0f * w * d;
    }
  }
  return (double) sum;
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
  for (gsize p = 0; p < n_positions; p++) {
    float *g = grad->data + p * n;

    sum += differentiate (kind, out->data + p * n, target->data + p * n,
        mask ? mask->data + p * n : NULL, sample_weight, n, g);
    for (guint i = 0; i < n; i++)
      g[i] *= scale;
  }
  return sum / (double) n_positions;
}
