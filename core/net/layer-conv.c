/* conv KxK[/S] C and deconv KxK[*S] C. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-conv.h"
#include "ae-error.h"
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

static void
conv_forward (const AeLayerPass * pass)
{
  AeConvGeometry g = conv_geometry (pass->layer);

  ae_conv_down (&g, pass->in, pass->weight, pass->bias, pass->out,
      pass->scratch);
}

static void
conv_backward (const AeLayerPass * pass)
{
  AeConvGeometry g = conv_geometry (pass->layer);

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
