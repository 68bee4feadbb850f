/* conv KxK[/S] C and deconv KxK[*S] C. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-conv.h"
#include "ae-error.h"
#include "ae-kernels.h"
#include "ae-layer.h"

static AeConvGeometry
conv_geometry (const AeLayer * layer)
{
  return (AeConvGeometry) {
  layer->kernel, layer->stride, ae_conv_pad (layer)};
}

static gboolean
conv_out_size (const AeLayer * layer, guint in, guint * out)
{
  guint padded = in + 2 * ae_conv_pad (layer);

  if (padded < layer->kernel)
    return FALSE;
  *out = (padded - layer->kernel) / layer->stride + 1;
  return TRUE;
}

static gboolean
conv_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  layer->out.c = layer->channels;
  ae_layer_set_param (layer, AE_PARAM_WEIGHT, 4, layer->channels, layer->in.c,
      layer->kernel, layer->kernel);
  ae_layer_set_param (layer, AE_PARAM_BIAS, 1, layer->channels, 1, 1, 1);
  return ae_layer_prepare_size (layer, error);
}

/* One matrix product over all positions. */
static gboolean
is_pointwise (const AeLayer * layer)
{
  return layer->kernel == 1 && layer->stride == 1;
}

#define POSITIONS 1024          /* at a time, so that scratch memory is bounded */

static float *
gemm_scratch (const AeLayerPass * pass, guint n)
{
  ae_tensor_resize (pass->scratch, 1, 1, (guint) ae_kernels_gemm_scratch (n),
      1);
  return pass->scratch->data;
}

/* to[m][n] += weight from[k][n]; @row and @column: steps of the weight. */
static void
add_products (const AeLayerPass * pass, guint m, guint k, gsize row,
    gsize column, const float *from, float *to, gsize n)
{
  float *scratch = gemm_scratch (pass, (guint) MIN (n, POSITIONS));

  for (gsize i = 0; i < n; i += POSITIONS)
    ae_kernels ()->gemm (m, (guint) MIN (n - i, POSITIONS), k, pass->weight,
        row, column, from + i, n, 1, to + i, n, scratch);
}

static void
pointwise_forward (const AeLayerPass * pass)
{
  const AeTensor *in = pass->in;
  AeTensor *out = pass->out;
  gsize n = (gsize) in->h * in->w * in->n;

  for (guint i = 0; i < out->c; i++) {
    for (gsize j = 0; j < n; j++)
      out->data[i * n + j] = pass->bias[i];
  }
  add_products (pass, out->c, in->c, in->c, 1, in->data, out->data, n);
}

static void
pointwise_backward (const AeLayerPass * pass)
{
  const AeTensor *in = pass->in, *grad = pass->grad_out;
  gsize n = (gsize) in->h * in->w * in->n;

  ae_layer_grad_bias (pass);
  if (pass->grad_weight)
    ae_kernels ()->gemm (grad->c, in->c, (guint) n, grad->data, n, 1,
        in->data, 1, n, pass->grad_weight, in->c, gemm_scratch (pass, in->c));
  if (pass->grad_in) {
    ae_tensor_zero (pass->grad_in);
    add_products (pass, in->c, grad->c, 1, in->c, grad->data,
        pass->grad_in->data, n);
  }
}

static void
conv_forward (const AeLayerPass * pass)
{
  AeConvGeometry g = conv_geometry (pass->layer);

  if (is_pointwise (pass->layer)) {
    pointwise_forward (pass);
    return;
  }

  ae_conv_down (&g, pass->in, pass->weight, pass->bias, pass->out,
      pass->scratch);
}

static void
conv_backward (const AeLayerPass * pass)
{
  AeConvGeometry g = conv_geometry (pass->layer);

  if (is_pointwise (pass->layer)) {
    pointwise_backward (pass);
    return;
  }
  ae_layer_grad_bias (pass);
  if (pass->grad_weight)
    ae_conv_grad_weights (&g, pass->grad_out, pass->in, pass->grad_weight,
        pass->scratch);
  if (pass->grad_in)
    ae_conv_up (&g, pass->grad_out, pass->weight, NULL, pass->grad_in,
        pass->scratch);
}

static AeConvGeometry
deconv_geometry (const AeLayer * layer)
{
  return (AeConvGeometry) {
  layer->kernel, layer->stride, ae_deconv_pad (layer)};
}

static gboolean
deconv_out_size (const AeLayer * layer, guint in, guint * out)
{
  *out = in * layer->stride;
  return TRUE;
}

static gboolean
deconv_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  if (layer->kernel < layer->stride) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "column %u: deconv %ux%u*%u leaves pixels without a value, the kernel "
        "must be at least as large as the stride", layer->column,
        layer->kernel, layer->kernel, layer->stride);
    return FALSE;
  }
  layer->out.c = layer->channels;
  ae_layer_set_param (layer, AE_PARAM_WEIGHT, 4, layer->in.c, layer->channels,
      layer->kernel, layer->kernel);
  ae_layer_set_param (layer, AE_PARAM_BIAS, 1, layer->channels, 1, 1, 1);
  return ae_layer_prepare_size (layer, error);
}

static void
deconv_forward (const AeLayerPass * pass)
{
  AeConvGeometry g = deconv_geometry (pass->layer);

  ae_conv_up (&g, pass->in, pass->weight, pass->bias, pass->out, pass->scratch);
}

static void
deconv_backward (const AeLayerPass * pass)
{
  AeConvGeometry g = deconv_geometry (pass->layer);

  ae_layer_grad_bias (pass);
  if (pass->grad_weight)
    ae_conv_grad_weights (&g, pass->in, pass->grad_out, pass->grad_weight,
        pass->scratch);
  if (pass->grad_in)
    ae_conv_down (&g, pass->grad_out, pass->weight, NULL, pass->grad_in,
        pass->scratch);
}

extern const AeLayerOps ae_layer_conv, ae_layer_deconv;
const AeLayerOps ae_layer_conv = {
  .name = "conv",
  .arguments = AE_ARGUMENTS_KERNEL_DOWN,
  .has_activation = TRUE,
  .can_be_tied = TRUE,
  .is_linear = TRUE,
  .prepare = conv_prepare,
  .out_size = conv_out_size,
  .forward = conv_forward,
  .backward = conv_backward,
};

const AeLayerOps ae_layer_deconv = {
  .name = "deconv",
  .arguments = AE_ARGUMENTS_KERNEL_UP,
  .has_activation = TRUE,
  .is_linear = TRUE,
  .prepare = deconv_prepare,
  .out_size = deconv_out_size,
  .forward = deconv_forward,
  .backward = deconv_backward,
};
