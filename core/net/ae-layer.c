/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-layer.h"
#include "ae-error.h"

#include <string.h>

extern const AeLayerOps ae_layer_dense, ae_layer_conv, ae_layer_deconv,
    ae_layer_unshuffle, ae_layer_shuffle, ae_layer_save, ae_layer_add,
    ae_layer_concat, ae_layer_given, ae_layer_modulate, ae_layer_pool,
    ae_layer_upsample, ae_layer_dropout, ae_layer_norm, ae_layer_gaussian,
    ae_layer_tied, ae_layer_causal;

static const AeLayerOps *const table[] = {
  &ae_layer_dense,
  &ae_layer_conv,
  &ae_layer_deconv,
  &ae_layer_unshuffle,
  &ae_layer_shuffle,
  &ae_layer_save,
  &ae_layer_add,
  &ae_layer_concat,
  &ae_layer_given,
  &ae_layer_modulate,
  &ae_layer_pool,
  &ae_layer_upsample,
  &ae_layer_dropout,
  &ae_layer_norm,
  &ae_layer_gaussian,
  &ae_layer_tied,
  &ae_layer_causal,
};

const AeLayerOps *
ae_layer_ops_nth (guint i)
{
  return i < G_N_ELEMENTS (table) ? table[i] : NULL;
}

const AeLayerOps *
ae_layer_ops_find (const gchar * name, gsize length)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    if (strlen (table[i]->name) == length
        && memcmp (table[i]->name, name, length) == 0)
      return table[i];
  }
  return NULL;
}

static gboolean
scale_size (const AeLayer * layer, guint h_in, guint w_in, guint * h_out,
    guint * w_out)
{
  if (layer->ops->out_size == NULL) {
    *h_out = h_in;
    *w_out = w_in;
    return TRUE;
  }
  return layer->ops->out_size (layer, h_in, h_out)
      && layer->ops->out_size (layer, w_in, w_out);
}

gboolean
ae_layer_out_size (const AeLayer * layer, guint h_in, guint w_in,
    guint * h_out, guint * w_out)
{
  if (layer->in.h != 0 && h_in == layer->in.h && w_in == layer->in.w) {
    *h_out = layer->out.h;
    *w_out = layer->out.w;
    return TRUE;
  }
  return scale_size (layer, h_in, w_in, h_out, w_out);
}

gboolean
ae_layer_prepare_size (AeLayer * layer, GError ** error)
{
  if (layer->in.h == 0 || layer->in.w == 0) {
    layer->out.h = layer->out.w = 0;
    return TRUE;
  }
  if (scale_size (layer, layer->in.h, layer->in.w, &layer->out.h,
          &layer->out.w))
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
      "column %u: %s does not fit its input of %ux%u (height x width)",
      layer->column, layer->ops->name, layer->in.h, layer->in.w);
  return FALSE;
}

void
ae_layer_set_param (AeLayer * layer, guint i, guint rank, guint s0, guint s1,
    guint s2, guint s3)
{
  AeParam *param = &layer->params[i];
  guint64 size = (guint64) s0 * s1 * s2 * s3;

  param->rank = rank;
  param->shape[0] = s0;
  param->shape[1] = s1;
  param->shape[2] = s2;
  param->shape[3] = s3;
  /* the parser refuses what is too much, also where gsize has 32 bits */
  param->size = (gsize) MIN (size, G_MAXSIZE / 2);
}

void
ae_layer_grad_bias (const AeLayerPass * pass)
{
  const AeTensor *grad = pass->grad_out;
  gsize plane = (gsize) grad->h * grad->w * grad->n;

  for (guint c = 0; pass->grad_bias && c < grad->c; c++) {
    const float *g = grad->data + c * plane;
    float lanes[16] = { 0.0f };
    float sum = 0.0f;
    gsize i = 0;

    for (; i + 16 <= plane; i += 16) {
      for (guint j = 0; j < 16; j++)
        lanes[j] += g[i + j];
    }
    for (; i < plane; i++)
      sum += g[i];
    for (guint j = 0; j < 16; j++)
      sum += lanes[j];
    pass->grad_bias[c] += sum;
  }
}
