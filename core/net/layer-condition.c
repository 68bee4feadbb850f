/* given C, modulate: what a model is told beside its input.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-error.h"
#include "ae-layer.h"

#include <string.h>

/* The [n] values of channel @c of the condition's grid nearest to (@y, @x) of
 * a @h x @w layer. */
static inline const float *
nearest (const AeTensor * condition, guint c, guint y, guint h, guint x,
    guint w)
{
  guint cy = (guint) ((guint64) y * condition->h / h);
  guint cx = (guint) ((guint64) x * condition->w / w);

  return ae_tensor_row (condition, c, cy) + (gsize) cx *condition->n;
}

static gboolean
given_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  layer->out = layer->in;
  layer->out.c += layer->channels;
  return TRUE;
}

static void
given_forward (const AeLayerPass * pass)
{
  const AeTensor *in = pass->in;
  AeTensor *out = pass->out;

  memcpy (out->data, in->data, ae_tensor_size (in) * sizeof (float));
  for (guint c = in->c; c < out->c; c++) {
    for (guint y = 0; y < out->h; y++) {
      float *row = ae_tensor_row (out, c, y);

      for (guint x = 0; x < out->w; x++)
        memcpy (row + (gsize) x * out->n, nearest (pass->condition, c - in->c,
                y, out->h, x, out->w), out->n * sizeof (float));
    }
  }
}

static void
given_backward (const AeLayerPass * pass)
{
  if (pass->grad_in)
    memcpy (pass->grad_in->data, pass->grad_out->data,
        ae_tensor_size (pass->grad_in) * sizeof (float));
}

static gboolean
modulate_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  layer->out = layer->in;
  return TRUE;
}

static void
multiply (const AeTensor * condition, const AeTensor * from, AeTensor * to)
{
  for (guint c = 0; c < from->c; c++) {
    for (guint y = 0; y < from->h; y++) {
      const float *a = ae_tensor_row (from, c, y);
      float *b = ae_tensor_row (to, c, y);

      for (guint x = 0; x < from->w; x++) {
        const float *factor = nearest (condition, 0, y, from->h, x, from->w);

        for (guint i = 0; i < from->n; i++)
          b[(gsize) x * from->n + i] = a[(gsize) x * from->n + i] * factor[i];
      }
    }
  }
}

static void
modulate_forward (const AeLayerPass * pass)
{
  multiply (pass->condition, pass->in, pass->out);
}

static void
modulate_backward (const AeLayerPass * pass)
{
  if (pass->grad_in)
    multiply (pass->condition, pass->grad_out, pass->grad_in);
}

extern const AeLayerOps ae_layer_given, ae_layer_modulate;
const AeLayerOps ae_layer_given = {
  .name = "given",
  .arguments = AE_ARGUMENTS_COUNT,
  .prepare = given_prepare,
  .forward = given_forward,
  .backward = given_backward,
};

const AeLayerOps ae_layer_modulate = {
  .name = "modulate",
  .arguments = AE_ARGUMENTS_NONE,
  .prepare = modulate_prepare,
  .forward = modulate_forward,
  .backward = modulate_backward,
};
