/* causal K D: each channel's own convolution along the width, which is time; it
 * sees the present position and K - 1 past ones, D apart (van den Oord et al.
 * 2016). SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-layer.h"

static gboolean
causal_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  layer->out = layer->in;
  ae_layer_set_param (layer, AE_PARAM_WEIGHT, 4, layer->in.c, 1, 1,
      layer->kernel);
  ae_layer_set_param (layer, AE_PARAM_BIAS, 1, layer->in.c, 1, 1, 1);
  return TRUE;
}

/* How many floats before its output tap @k reads, at most a whole row. */
static gsize
reach (const AeLayer * layer, const AeTensor * t, guint k)
{
  gsize steps = (gsize) (layer->kernel - 1 - k) * layer->stride;

  return MIN (steps, t->w) * t->n;
}

static void
causal_forward (const AeLayerPass * pass)
{
  const AeLayer *layer = pass->layer;
  const AeTensor *in = pass->in;
  gsize size = (gsize) in->w * in->n;

  for (guint c = 0; c < in->c; c++) {
    const float *weight = pass->weight + (gsize) c * layer->kernel;

    for (guint y = 0; y < in->h; y++) {
      const float *from = ae_tensor_row (in, c, y);
      float *to = ae_tensor_row (pass->out, c, y);

      for (gsize i = 0; i < size; i++)
        to[i] = pass->bias[c];
      for (guint k = 0; k < layer->kernel; k++) {
        gsize back = reach (layer, in, k);
        float w = weight[k];

        for (gsize i = 0; i < size - back; i++)
          to[back + i] += w * from[i];
      }
    }
  }
}

#define LANES 16                /* sums at a time, so that they become vectors */

static float
dot (const float *a, const float *b, gsize n)
{
  float sums[LANES] = { 0.0f }, sum = 0.0f;
  gsize i = 0;

  for (; i + LANES <= n; i += LANES) {
    for (guint j = 0; j < LANES; j++)
      sums[j] += a[i + j] * b[i + j];
  }
  for (; i < n; i++)
    sum += a[i] * b[i];
  for (guint j = 0; j < LANES; j++)
    sum += sums[j];
  return sum;
}

static void
causal_backward (const AeLayerPass * pass)
{
  const AeLayer *layer = pass->layer;
  const AeTensor *in = pass->in;
  gsize size = (gsize) in->w * in->n;

  ae_layer_grad_bias (pass);
  if (pass->grad_in)
    ae_tensor_zero (pass->grad_in);
  for (guint c = 0; c < in->c; c++) {
    gsize i_weight = (gsize) c * layer->kernel;

    for (guint y = 0; y < in->h; y++) {
      const float *from = ae_tensor_row (in, c, y);
      const float *grad = ae_tensor_row (pass->grad_out, c, y);
      float *to = pass->grad_in ? ae_tensor_row (pass->grad_in, c, y) : NULL;

      for (guint k = 0; k < layer->kernel; k++) {
        gsize back = reach (layer, in, k);
        float w = pass->weight[i_weight + k];

        if (pass->grad_weight)
          pass->grad_weight[i_weight + k] += dot (grad + back, from,
              size - back);
        for (gsize i = 0; to && i < size - back; i++)
          to[i] += w * grad[back + i];
      }
    }
  }
}

extern const AeLayerOps ae_layer_causal;
const AeLayerOps ae_layer_causal = {
  .name = "causal",
  .arguments = AE_ARGUMENTS_TAPS,
  .has_activation = TRUE,
  .is_linear = TRUE,
  .prepare = causal_prepare,
  .forward = causal_forward,
  .backward = causal_backward,
};
