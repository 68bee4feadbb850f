/* dense N: y = W x + b. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-error.h"
#include "ae-kernels.h"
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

static float *
scratch_for (const AeLayerPass * pass, guint n)
{
  ae_tensor_resize (pass->scratch, 1, 1, (guint) ae_kernels_gemm_scratch (n),
      1);
  return pass->scratch->data;
}

/* weight [n_out][n_in], in [n_in][n] -> out [n_out][n] */
static void
dense_forward (const AeLayerPass * pass)
{
  const AeTensor *in = pass->in;
  AeTensor *out = pass->out;
  guint n = in->n, n_in = n_features (in);

  for (guint i = 0; i < out->c; i++) {
    for (guint j = 0; j < n; j++)
      out->data[(gsize) i * n + j] = pass->bias[i];
  }
  ae_kernels ()->gemm (out->c, n, n_in, pass->weight, n_in, 1, in->data, n, 1,
      out->data, n, scratch_for (pass, n));
}

static void
dense_backward (const AeLayerPass * pass)
{
  const AeTensor *in = pass->in, *grad_out = pass->grad_out;
  guint n = in->n, n_in = n_features (in), n_out = grad_out->c;

  ae_layer_grad_bias (pass);
  if (pass->grad_weight)
    ae_kernels ()->gemm (n_out, n_in, n, grad_out->data, n, 1, in->data, 1, n,
        pass->grad_weight, n_in, scratch_for (pass, n_in));
  if (pass->grad_in) {
    ae_tensor_zero (pass->grad_in);
    ae_kernels ()->gemm (n_in, n, n_out, pass->weight, 1, n_in,
        grad_out->data, n, 1, pass->grad_in->data, n, scratch_for (pass, n));
  }
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
