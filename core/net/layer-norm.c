/* norm: at each position, the channels less their mean, over their deviation,
 * times a gain, plus a bias (layer normalisation; Ba, Kiros and Hinton 2016).
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-layer.h"

#include <math.h>
#include <string.h>

static gboolean
norm_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  layer->out = layer->in;
  ae_layer_set_param (layer, AE_PARAM_WEIGHT, 1, layer->in.c, 1, 1, 1);
  ae_layer_set_param (layer, AE_PARAM_BIAS, 1, layer->in.c, 1, 1, 1);
  return TRUE;
}

/* Positions at a time: their channels stay in the cache. */
#define POSITIONS 256

/* For each of @n positions, @mean and 1 / deviation over the channels of @in,
 * which are @step floats apart. */
static void
statistics (const float *in, guint n_channels, gsize step, gsize n,
    float *mean, float *inverse)
{
  memset (mean, 0, n * sizeof (float));
  memset (inverse, 0, n * sizeof (float));
  for (guint c = 0; c < n_channels; c++) {
    for (gsize p = 0; p < n; p++)
      mean[p] += in[c * step + p];
  }
  for (gsize p = 0; p < n; p++)
    mean[p] /= (float) n_channels;
  for (guint c = 0; c < n_channels; c++) {
    for (gsize p = 0; p < n; p++) {
      float d = in[c * step + p] - mean[p];

      inverse[p] += d * d;
    }
  }
  for (gsize p = 0; p < n; p++)
    inverse[p] = 1.0f / sqrtf (inverse[p] / (float) n_channels
        + AE_NORM_EPSILON);
}

static void
norm_forward (const AeLayerPass * pass)
{
  const AeTensor *in = pass->in;
  gsize step = ae_tensor_size (in) / in->c;

  for (gsize i = 0; i < step; i += POSITIONS) {
    gsize n = MIN (step - i, POSITIONS);
    float mean[POSITIONS], inverse[POSITIONS];

    statistics (in->data + i, in->c, step, n, mean, inverse);
    for (guint c = 0; c < in->c; c++) {
      const float *from = in->data + c * step + i;
      float *to = pass->out->data + c * step + i;

      for (gsize p = 0; p < n; p++)
        to[p] = (from[p] - mean[p]) * inverse[p] * pass->weight[c]
            + pass->bias[c];
    }
  }
}

/* With u = (x - mean) / deviation and v = gain * gradient:
 * gradient of x = (v - mean (v) - u mean (v u)) / deviation. For @n positions
 * from @i on. */
static void
backward_positions (const AeLayerPass * pass, gsize i, gsize n)
{
  const AeTensor *in = pass->in, *grad = pass->grad_out;
  gsize step = ae_tensor_size (in) / in->c;
  float mean[POSITIONS], inverse[POSITIONS];
  float mean_v[POSITIONS] = { 0.0f }, mean_vu[POSITIONS] = { 0.0f };

  statistics (in->data + i, in->c, step, n, mean, inverse);
  for (guint c = 0; c < in->c; c++) {
    const float *x = in->data + c * step + i, *g = grad->data + c * step + i;
    float sum = 0.0f, sum_u = 0.0f, gain = pass->weight[c] / (float) in->c;
    float gu[POSITIONS];

    for (gsize p = 0; p < n; p++) {
      gu[p] = g[p] * (x[p] - mean[p]) * inverse[p];
      mean_v[p] += gain * g[p];
      mean_vu[p] += gain * gu[p];
    }
    for (gsize p = 0; p < n; p++) {
      sum += g[p];
      sum_u += gu[p];
    }
    pass->grad_weight[c] += sum_u;
    pass->grad_bias[c] += sum;
  }
  if (pass->grad_in == NULL)
    return;
  for (guint c = 0; c < in->c; c++) {
    const float *x = in->data + c * step + i, *g = grad->data + c * step + i;
    float *to = pass->grad_in->data + c * step + i;

    for (gsize p = 0; p < n; p++) {
      float u = (x[p] - mean[p]) * inverse[p];

      to[p] = (pass->weight[c] * g[p] - mean_v[p] - u * mean_vu[p])
          * inverse[p];
    }
  }
}

static void
norm_backward (const AeLayerPass * pass)
{
  gsize n = ae_tensor_size (pass->in) / pass->in->c;

  for (gsize i = 0; i < n; i += POSITIONS)
    backward_positions (pass, i, MIN (n - i, POSITIONS));
}

extern const AeLayerOps ae_layer_norm;
const AeLayerOps ae_layer_norm = {
  .name = "norm",
  .arguments = AE_ARGUMENTS_NONE,
  .has_activation = TRUE,
  .prepare = norm_prepare,
  .forward = norm_forward,
  .backward = norm_backward,
};
