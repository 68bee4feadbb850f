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

/* sum[p] += a[c][p] * b[c][p] over the channels; @b NULL: a alone. */
static void
add_channels (const float *a, const float *b, guint n_channels, gsize n,
    float *sum)
{
  for (guint c = 0; c < n_channels; c++) {
    const float *ac = a + c * n, *bc = b ? b + c * n : NULL;

    for (gsize p = 0; p < n; p++)
      sum[p] += bc ? ac[p] * bc[p] : ac[p];
  }
}

/* For each of the positions, @mean and 1 / deviation over the channels. */
static void
statistics (const AeTensor * in, gsize n, float *mean, float *inverse)
{
  memset (mean, 0, n * sizeof (float));
  memset (inverse, 0, n * sizeof (float));
  add_channels (in->data, NULL, in->c, n, mean);
  for (gsize p = 0; p < n; p++)
    mean[p] /= (float) in->c;
  for (guint c = 0; c < in->c; c++) {
    for (gsize p = 0; p < n; p++) {
      float d = in->data[c * n + p] - mean[p];

      inverse[p] += d * d;
    }
  }
  for (gsize p = 0; p < n; p++)
    inverse[p] = 1.0f / sqrtf (inverse[p] / (float) in->c + AE_NORM_EPSILON);
}

static void
norm_forward (const AeLayerPass * pass)
{
  const AeTensor *in = pass->in;
  gsize n = ae_tensor_size (in) / in->c;
  float *mean, *inverse;

  ae_tensor_resize (pass->scratch, 2, in->h, in->w, in->n);
  mean = pass->scratch->data;
  inverse = mean + n;
  statistics (in, n, mean, inverse);
  for (guint c = 0; c < in->c; c++) {
    const float *from = in->data + c * n;
    float *to = pass->out->data + c * n;

    for (gsize p = 0; p < n; p++)
      to[p] = (from[p] - mean[p]) * inverse[p] * pass->weight[c]
          + pass->bias[c];
  }
}

/* With u = (x - mean) / deviation and v = gain * gradient:
 * gradient of x = (v - mean (v) - u mean (v u)) / deviation. */
static void
norm_backward (const AeLayerPass * pass)
{
  const AeTensor *in = pass->in, *grad = pass->grad_out;
  gsize n = ae_tensor_size (in) / in->c;
  float *mean, *inverse, *mean_v, *mean_vu;

  ae_tensor_resize (pass->scratch, 4, in->h, in->w, in->n);
  mean = pass->scratch->data;
  inverse = mean + n;
  mean_v = inverse + n;
  mean_vu = mean_v + n;
  statistics (in, n, mean, inverse);
  memset (mean_v, 0, 2 * n * sizeof (float));
  for (guint c = 0; c < in->c; c++) {
    const float *x = in->data + c * n, *g = grad->data + c * n;
    float sum = 0.0f, sum_u = 0.0f, gain = pass->weight[c] / (float) in->c;

    for (gsize p = 0; p < n; p++) {
      float u = (x[p] - mean[p]) * inverse[p];

      sum += g[p];
      sum_u += g[p] * u;
      mean_v[p] += gain * g[p];
      mean_vu[p] += gain * g[p] * u;
    }
    pass->grad_weight[c] += sum_u;
    pass->grad_bias[c] += sum;
  }
  if (pass->grad_in == NULL)
    return;
  for (guint c = 0; c < in->c; c++) {
    const float *x = in->data + c * n, *g = grad->data + c * n;
    float *to = pass->grad_in->data + c * n;

    for (gsize p = 0; p < n; p++) {
      float u = (x[p] - mean[p]) * inverse[p];

      to[p] = (pass->weight[c] * g[p] - mean_v[p] - u * mean_vu[p])
          * inverse[p];
    }
  }
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
