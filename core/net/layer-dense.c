/* dense N: y = W x + b. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-error.h"
#include "ae-gemm.h"
#include "ae-layer.h"

static guint
n_features (const AeTensor * t)
{
  return t->c * t->h * t->w;
}

static gboolean
dense_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  guint n_in = layer->in.c * layer->in.h * layer->in.w;

  if (n_in == 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "column %u: dense needs an input of fixed size, this model takes "
        "pictures of any size", layer->column);
    return FALSE;
  }
  layer->out = (AeShape) {
  layer->channels, 1, 1};
  ae_layer_set_param (layer, AE_PARAM_WEIGHT, 2, layer->channels, n_in, 1, 1);
  ae_layer_set_param (layer, AE_PARAM_BIAS, 1, layer->channels, 1, 1, 1);
  return TRUE;
}

static gboolean
dense_out_size (const AeLayer * layer, guint in, guint * out)
{
  *out = 1;
  return TRUE;
}

/* weight [n_out][n_in], in [n_in][n] -> out [n_out][n] */
static void
dense_forward (const AeLayerPass * pass)
{
  const AeTensor *in = pass->in;
  AeTensor *out = pass->out;
  guint n = in->n;

  for (guint i = 0; i < out->c; i++) {
    for (guint j = 0; j < n; j++)
      out->data[(gsize) i * n + j] = pass->bias[i];
  }
  ae_gemm (FALSE, FALSE, out->c, n, n_features (in), 1.0f, pass->weight,
      n_features (in), in->data, n, 1.0f, out->data, n);
}

static void
dense_backward (const AeLayerPass * pass)
{
  const AeTensor *in = pass->in, *grad_out = pass->grad_out;
  guint n = in->n, n_in = n_features (in), n_out = grad_out->c;

  for (guint i = 0; pass->grad_bias && i < n_out; i++) {
    float sum = 0.0f;

    for (guint j = 0; j < n; j++)
      sum += grad_out->data[(gsize) i * n + j];
    pass->grad_bias[i] += sum;
  }
  if (pass->grad_weight)
    ae_gemm (FALSE, TRUE, n_out, n_in, n, 1.0f, grad_out->data, n, in->data, n,
        1.0f, pass->grad_weight, n_in);
  if (pass->grad_in)
    ae_gemm (TRUE, FALSE, n_in, n, n_out, 1.0f, pass->weight, n_in,
        grad_out->data, n, 0.0f, pass->grad_in->data, n);
}

extern const AeLayerOps ae_layer_dense;
const AeLayerOps ae_layer_dense = {
  .name = "dense",
  .arguments = AE_ARGUMENTS_COUNT,
  .has_activation = TRUE,
  .can_be_tied = TRUE,
  .is_linear = TRUE,
  .prepare = dense_prepare,
  .out_size = dense_out_size,
  .forward = dense_forward,
  .backward = dense_backward,
};
