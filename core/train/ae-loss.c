/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-loss.h"

#include <math.h>

#define CHARBONNIER_EPSILON2 1e-6f

const gchar *
ae_loss_name (AeLossKind kind)
{
  static const gchar *const names[AE_N_LOSSES] = { "mse", "l1", "charbonnier" };

  g_return_val_if_fail (kind < AE_N_LOSSES, NULL);
  return names[kind];
}

/* Values of @d[@n] become derivatives; returns the weighted sum of values. */
static double
differentiate (AeLossKind kind, float *d, const float *weight, guint n)
{
  float sum = 0.0f;

  for (guint i = 0; i < n; i++) {
    float w = weight ? weight[i] : 1.0f, x = d[i], root;

    switch (kind) {
      case AE_LOSS_L1:
        sum += w * fabsf (x);
        d[i] = w * (float) ((x > 0.0f) - (x < 0.0f));
        break;
      case AE_LOSS_CHARBONNIER:
        root = sqrtf (x * x + CHARBONNIER_EPSILON2);
        sum += w * root;
        d[i] = w * x / root;
        break;
      case AE_LOSS_MSE:
      default:
        sum += w * x * x;
        d[i] = 2.0f * w * x;
    }
  }
  return (double) sum;
}

double
ae_loss (AeLossKind kind, const AeTensor * out, const AeTensor * target,
    const float *sample_weight, AeTensor * grad)
{
  gsize n_positions = (gsize) out->c * out->h * out->w;
  float scale = 1.0f / (float) n_positions;
  guint n = out->n;
  double sum = 0.0;

  g_return_val_if_fail (ae_tensor_size (out) == ae_tensor_size (target),
      (double) NAN);
  ae_tensor_resize_like (grad, out);
  for (gsize p = 0; p < n_positions; p++) {
    float *d = grad->data + p * n;

    for (guint i = 0; i < n; i++)
      d[i] = out->data[p * n + i] - target->data[p * n + i];
    sum += differentiate (kind, d, sample_weight, n);
    for (guint i = 0; i < n; i++)
      d[i] *= scale;
  }
  return sum / (double) n_positions;
}
