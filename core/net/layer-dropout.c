/* dropout P: in training, each value becomes 0 with probability P, and else
 * x / (1 - P), so that its mean stays (Srivastava et al. 2014).
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-layer.h"

static gboolean
dropout_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  layer->out = layer->in;
  return TRUE;
}

/* Keeps the factors. */
static void
dropout_forward (const AeLayerPass * pass)
{
  float share = (float) pass->layer->share / 10000.0f;
  float gain = 1.0f / (1.0f - share);
  gsize n = ae_tensor_size (pass->in);

  ae_tensor_resize_like (pass->kept, pass->in);
  for (gsize i = 0; i < n; i++) {
    float factor = 1.0f;

    if (pass->rng)
      factor = ae_rng_uniform (pass->rng) < share ? 0.0f : gain;
    pass->kept->data[i] = factor;
    pass->out->data[i] = factor * pass->in->data[i];
  }
}

static void
dropout_backward (const AeLayerPass * pass)
{
  gsize n = ae_tensor_size (pass->grad_out);

  if (pass->grad_in == NULL)
    return;
  for (gsize i = 0; i < n; i++)
    pass->grad_in->data[i] = pass->kept->data[i] * pass->grad_out->data[i];
}

extern const AeLayerOps ae_layer_dropout;
const AeLayerOps ae_layer_dropout = {
  .name = "dropout",
  .arguments = AE_ARGUMENTS_SHARE,
  .prepare = dropout_prepare,
  .forward = dropout_forward,
  .backward = dropout_backward,
};
