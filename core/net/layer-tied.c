/* tied: the transpose of an encoder's dense or conv layer, with that layer's
 * weights and a bias of its own. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-conv.h"
#include "ae-error.h"
#include "ae-gemm.h"
#include "ae-layer.h"

static gboolean
is_dense (const AeLayer * layer)
{
  return layer->params[AE_PARAM_WEIGHT].rank == 2;
}

static AeConvGeometry
geometry (const AeLayer * layer)
{
  return (AeConvGeometry) {
  layer->kernel, layer->stride, ae_conv_pad (layer)};
}

static gboolean
tied_out_size (const AeLayer * layer, guint in, guint * out)
{
  *out = is_dense (layer) ? 1 : in * layer->stride;
  return TRUE;
}

static gboolean
equal (const AeShape * a, const AeShape * b)
{
  return a->c == b->c && a->h == b->h && a->w == b->w;
}

/* Makes what the mirrored layer takes, of what it makes. */
static gboolean
tied_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  const AeShape *in = &layer->in, *from = &other->out, *to = &other->in;

  layer->params[AE_PARAM_WEIGHT] = other->params[AE_PARAM_WEIGHT];
  layer->params[AE_PARAM_WEIGHT].shared = TRUE;
  layer->kernel = other->kernel;
  layer->stride = other->stride;
  if (!equal (in, from)) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "column %u: tied to the %s of column %u, which makes %ux%ux%u, here it "
        "is %ux%ux%u (channels x height x width)", layer->column,
        other->ops->name, other->column, from->c, from->h, from->w, in->c,
        in->h, in->w);
    return FALSE;
  }
  layer->out = *to;
  if (!is_dense (layer) && !ae_layer_prepare_size (layer, error))
    return FALSE;
  if (!equal (&layer->out, to)) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "column %u: tied to the %s of column %u, which takes %ux%u (height x "
        "width); its stride of %u gives %ux%u back", layer->column,
        other->ops->name, other->column, to->h, to->w, layer->stride,
        layer->out.h, layer->out.w);
    return FALSE;
  }
  ae_layer_set_param (layer, AE_PARAM_BIAS, 1,
      is_dense (layer) ? to->c * to->h * to->w : to->c, 1, 1, 1);
  return TRUE;
}

/* weight [n_in][n_out], in [n_in][n] -> out [n_out][n] */
static void
tied_forward (const AeLayerPass * pass)
{
  const AeParam *weight = &pass->layer->params[AE_PARAM_WEIGHT];
  guint n = pass->in->n, n_in = weight->shape[0], n_out = weight->shape[1];
  AeConvGeometry g = geometry (pass->layer);

  if (!is_dense (pass->layer)) {
    ae_conv_up (&g, pass->in, pass->weight, pass->bias, pass->out,
        pass->scratch);
    return;
  }
  for (guint i = 0; i < n_out; i++) {
    for (guint j = 0; j < n; j++)
      pass->out->data[(gsize) i * n + j] = pass->bias[i];
  }
  ae_gemm (TRUE, FALSE, n_out, n, n_in, 1.0f, pass->weight, n_out,
      pass->in->data, n, 1.0f, pass->out->data, n);
}

static void
tied_backward (const AeLayerPass * pass)
{
  const AeParam *weight = &pass->layer->params[AE_PARAM_WEIGHT];
  const AeParam *bias = &pass->layer->params[AE_PARAM_BIAS];
  const AeTensor *in = pass->in, *grad = pass->grad_out;
  guint n = in->n, n_in = weight->shape[0], n_out = weight->shape[1];
  AeConvGeometry g = geometry (pass->layer);
  gsize plane = ae_tensor_size (grad) / bias->size;

  for (gsize i = 0; i < bias->size; i++) {
    float sum = 0.0f;

    for (gsize j = 0; j < plane; j++)
      sum += grad->data[i * plane + j];
    pass->grad_bias[i] += sum;
  }
  if (!is_dense (pass->layer)) {
    ae_conv_grad_weights (&g, in, grad, pass->grad_weight, pass->scratch);
    if (pass->grad_in)
      ae_conv_down (&g, grad, pass->weight, NULL, pass->grad_in, pass->scratch);
    return;
  }
  ae_gemm (FALSE, TRUE, n_in, n_out, n, 1.0f, in->data, n, grad->data, n,
      1.0f, pass->grad_weight, n_out);
  if (pass->grad_in)
    ae_gemm (FALSE, FALSE, n_in, n, n_out, 1.0f, pass->weight, n_out,
        grad->data, n, 0.0f, pass->grad_in->data, n);
}

extern const AeLayerOps ae_layer_tied;
const AeLayerOps ae_layer_tied = {
  .name = "tied",
  .arguments = AE_ARGUMENTS_NONE,
  .has_activation = TRUE,
  .is_linear = TRUE,
  .prepare = tied_prepare,
  .out_size = tied_out_size,
  .forward = tied_forward,
  .backward = tied_backward,
};
