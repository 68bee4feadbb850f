/* gaussian N: a stochastic code of N channels, z = mean + deviation * noise,
 * both made of the input at each position (Kingma and Welling 2014).
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-gemm.h"
#include "ae-layer.h"

#include <math.h>
#include <string.h>

static gboolean
gaussian_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  layer->kernel = layer->stride = 1;
  layer->out = layer->in;
  layer->out.c = layer->channels;
  ae_layer_set_param (layer, AE_PARAM_WEIGHT, 2, 2 * layer->channels,
      layer->in.c, 1, 1);
  ae_layer_set_param (layer, AE_PARAM_BIAS, 1, 2 * layer->channels, 1, 1, 1);
  return TRUE;
}

/* Keeps [mean | log variance | noise], each of N channels; the noise is zero
 * outside of training. */
static void
gaussian_forward (const AeLayerPass * pass)
{
  const AeTensor *in = pass->in;
  guint n_channels = pass->layer->channels;
  gsize n = ae_tensor_size (in) / in->c, size = n_channels * n;
  float *mean, *log_variance, *noise;

  ae_tensor_resize (pass->kept, 3 * n_channels, in->h, in->w, in->n);
  mean = pass->kept->data;
  log_variance = mean + size;
  noise = log_variance + size;
  for (guint i = 0; i < 2 * n_channels; i++) {
    for (gsize p = 0; p < n; p++)
      mean[i * n + p] = pass->bias[i];
  }
  ae_gemm (FALSE, FALSE, 2 * n_channels, (guint) n, in->c, 1.0f, pass->weight,
      in->c, in->data, (guint) n, 1.0f, mean, (guint) n);
  if (pass->rng)
    ae_rng_fill_normal (pass->rng, noise, size);
  else
    memset (noise, 0, size * sizeof (float));
  for (gsize i = 0; i < size; i++)
    pass->out->data[i] = mean[i] + expf (0.5f * log_variance[i]) * noise[i];
}

/* KL (N (mean, variance) || N (0, 1)), summed over code and samples. */
static double
gaussian_penalty (const AeLayerPass * pass)
{
  gsize size = ae_tensor_size (pass->kept) / 3;
  const float *mean = pass->kept->data, *log_variance = mean + size;
  double sum = 0.0;

  for (gsize i = 0; i < size; i++) {
    double m = (double) mean[i], l = (double) log_variance[i];

    sum += 0.5 * (m * m + expm1 (l) - l);
  }
  return sum;
}

static void
gaussian_backward (const AeLayerPass * pass)
{
  const AeTensor *in = pass->in;
  guint n_channels = pass->layer->channels;
  gsize n = ae_tensor_size (in) / in->c, size = n_channels * n;
  const float *mean = pass->kept->data, *log_variance = mean + size;
  const float *noise = log_variance + size, *grad = pass->grad_out->data;
  float scale = pass->penalty_scale, *grad_mean, *grad_log;

  ae_tensor_resize (pass->scratch, 2 * n_channels, in->h, in->w, in->n);
  grad_mean = pass->scratch->data;
  grad_log = grad_mean + size;
  for (gsize i = 0; i < size; i++) {
    float variance = expf (log_variance[i]);

    grad_mean[i] = grad[i] + scale * mean[i];
    grad_log[i] = 0.5f * (grad[i] * sqrtf (variance) * noise[i]
        + scale * (variance - 1.0f));
  }
  for (guint i = 0; i < 2 * n_channels; i++) {
    float sum = 0.0f;

    for (gsize p = 0; p < n; p++)
      sum += grad_mean[i * n + p];
    pass->grad_bias[i] += sum;
  }
  ae_gemm (FALSE, TRUE, 2 * n_channels, in->c, (guint) n, 1.0f, grad_mean,
      (guint) n, in->data, (guint) n, 1.0f, pass->grad_weight, in->c);
  if (pass->grad_in)
    ae_gemm (TRUE, FALSE, in->c, (guint) n, 2 * n_channels, 1.0f,
        pass->weight, in->c, grad_mean, (guint) n, 0.0f, pass->grad_in->data,
        (guint) n);
}

extern const AeLayerOps ae_layer_gaussian;
const AeLayerOps ae_layer_gaussian = {
  .name = "gaussian",
  .arguments = AE_ARGUMENTS_COUNT,
  .prepare = gaussian_prepare,
  .forward = gaussian_forward,
  .backward = gaussian_backward,
  .penalty = gaussian_penalty,
};
