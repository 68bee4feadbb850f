/* save a ... add a, concat a: skip connections. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-error.h"
#include "ae-layer.h"

#include <string.h>

static gboolean
save_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  layer->out = layer->in;
  return TRUE;
}

static gboolean
same_size (const AeLayer * layer, const AeShape * saved, GError ** error)
{
  if (layer->in.h == saved->h && layer->in.w == saved->w)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
      "column %u: \"%s\" was saved at %ux%u (height x width), here it is %ux%u",
      layer->column, layer->label, saved->h, saved->w, layer->in.h,
      layer->in.w);
  return FALSE;
}

static gboolean
add_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  const AeShape *saved = &other->out;

  if (layer->in.c != saved->c) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "column %u: \"%s\" was saved with %u channels, here there are %u",
        layer->column, layer->label, saved->c, layer->in.c);
    return FALSE;
  }
  layer->out = layer->in;
  return same_size (layer, saved, error);
}

static void
accumulate (float *to, const float *from, gsize n)
{
  for (gsize i = 0; i < n; i++)
    to[i] += from[i];
}

static void
add_forward (const AeLayerPass * pass)
{
  gsize n = ae_tensor_size (pass->out);

  for (gsize i = 0; i < n; i++)
    pass->out->data[i] = pass->in->data[i] + pass->saved->data[i];
}

static void
add_backward (const AeLayerPass * pass)
{
  if (pass->grad_in)
    ae_tensor_copy (pass->grad_in, pass->grad_out);
  accumulate (pass->grad_saved->data, pass->grad_out->data,
      ae_tensor_size (pass->grad_out));
}

static gboolean
concat_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  layer->out = layer->in;
  layer->out.c += other->out.c;
  return same_size (layer, &other->out, error);
}

/* The layer's own channels first, then the saved ones. */
static void
concat_forward (const AeLayerPass * pass)
{
  gsize n_in = ae_tensor_size (pass->in);

  memcpy (pass->out->data, pass->in->data, n_in * sizeof (float));
  memcpy (pass->out->data + n_in, pass->saved->data,
      ae_tensor_size (pass->saved) * sizeof (float));
}

static void
concat_backward (const AeLayerPass * pass)
{
  gsize n_in = ae_tensor_size (pass->in);

  if (pass->grad_in)
    memcpy (pass->grad_in->data, pass->grad_out->data, n_in * sizeof (float));
  accumulate (pass->grad_saved->data, pass->grad_out->data + n_in,
      ae_tensor_size (pass->grad_saved));
}

extern const AeLayerOps ae_layer_save, ae_layer_add, ae_layer_concat;
const AeLayerOps ae_layer_save = {
  .name = "save",
  .arguments = AE_ARGUMENTS_LABEL,
  .prepare = save_prepare,
};

const AeLayerOps ae_layer_add = {
  .name = "add",
  .arguments = AE_ARGUMENTS_LABEL,
  .has_activation = TRUE,
  .prepare = add_prepare,
  .forward = add_forward,
  .backward = add_backward,
};

const AeLayerOps ae_layer_concat = {
  .name = "concat",
  .arguments = AE_ARGUMENTS_LABEL,
  .prepare = concat_prepare,
  .forward = concat_forward,
  .backward = concat_backward,
};
