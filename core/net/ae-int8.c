/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-int8.h"

#include <math.h>
#include <string.h>

AeInt8 *
ae_int8_new (const AeArchitecture * architecture)
{
  AeInt8 *int8 = g_new0 (AeInt8, 1);

  g_atomic_ref_count_init (&int8->ref_count);
  int8->n_layers = architecture->n_layers;
  int8->layers = g_new0 (AeInt8Layer, int8->n_layers);
  return int8;
}

gboolean
ae_int8_suits (const AeLayer * layer)
{
  return (strcmp (layer->ops->name, "conv") == 0
      || strcmp (layer->ops->name, "deconv") == 0)
      && (guint64) layer->in.c * layer->kernel * layer->kernel
      <= AE_INT8_MAX_PRODUCTS;
}

AeInt8Layer *
ae_int8_add_layer (AeInt8 * int8, const AeArchitecture * architecture,
    guint i_layer)
{
  const AeLayer *layer = &architecture->layers[i_layer];
  AeInt8Layer *to = &int8->layers[i_layer];

  g_return_val_if_fail (ae_int8_suits (layer) && to->weights == NULL, NULL);
  to->weights = g_new0 (gint8, layer->params[AE_PARAM_WEIGHT].size);
  to->scale = g_new0 (float, layer->out.c);
  to->step = g_new0 (float, layer->in.c);
  return to;
}

gsize
ae_int8_kernel_offset (const AeLayer * layer, guint i_out, guint i_in)
{
  gboolean is_deconv = strcmp (layer->ops->name, "deconv") == 0;
  gsize i = is_deconv ? (gsize) i_in * layer->out.c + i_out
      : (gsize) i_out * layer->in.c + i_in;

  return i * layer->kernel * layer->kernel;
}

void
ae_int8_round_layer (AeInt8 * int8, const AeArchitecture * architecture,
    guint i_layer, const float *step, guint8 zero, const float *weights)
{
  const AeLayer *layer = &architecture->layers[i_layer];
  AeInt8Layer *to = ae_int8_add_layer (int8, architecture, i_layer);
  const float *from = weights + layer->params[AE_PARAM_WEIGHT].offset;
  guint n = layer->kernel * layer->kernel;

  to->zero = zero;
  memcpy (to->step, step, layer->in.c * sizeof (float));
  for (guint o = 0; o < layer->out.c; o++) {
    float most = 0.0f;

    for (guint c = 0; c < layer->in.c; c++) {
      gsize at = ae_int8_kernel_offset (layer, o, c);

      for (guint j = 0; j < n; j++)
        most = MAX (most, fabsf (from[at + j] * step[c]));
    }
    to->scale[o] = CLAMP (most / 127.0f, AE_INT8_MIN_STEP, AE_INT8_MAX_STEP);
    for (guint c = 0; c < layer->in.c; c++) {
      gsize at = ae_int8_kernel_offset (layer, o, c);

      for (guint j = 0; j < n; j++)
        to->weights[at + j] = (gint8) CLAMP (rintf (from[at + j] * step[c]
                / to->scale[o]), -127.0f, 127.0f);
    }
  }
}

AeInt8 *
ae_int8_without (const AeInt8 * int8, const AeArchitecture * architecture,
    guint i_layer)
{
  AeInt8 *without = ae_int8_new (architecture);

  for (guint i = 0; i < int8->n_layers; i++) {
    const AeInt8Layer *from = &int8->layers[i];
    const AeLayer *layer = &architecture->layers[i];
    AeInt8Layer *to;

    if (from->weights == NULL || i == i_layer)
      continue;
    to = ae_int8_add_layer (without, architecture, i);
    memcpy (to->weights, from->weights, layer->params[AE_PARAM_WEIGHT].size);
    memcpy (to->scale, from->scale, layer->out.c * sizeof (float));
    memcpy (to->step, from->step, layer->in.c * sizeof (float));
    to->zero = from->zero;
  }
  return without;
}

AeInt8 *
ae_int8_ref (AeInt8 * int8)
{
  g_atomic_ref_count_inc (&int8->ref_count);
  return int8;
}

void
ae_int8_unref (AeInt8 * int8)
{
  if (int8 == NULL || !g_atomic_ref_count_dec (&int8->ref_count))
    return;
  for (guint i = 0; i < int8->n_layers; i++) {
    g_free (int8->layers[i].weights);
    g_free (int8->layers[i].scale);
    g_free (int8->layers[i].step);
  }
  g_free (int8->layers);
  g_free (int8);
}
