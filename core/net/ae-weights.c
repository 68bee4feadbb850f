/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-weights.h"
#include "ae-error.h"
#include "ae-layer-text.h"

#include <math.h>
#include <string.h>

/* A layer whose result corrects what a skip connection carries starts small,
 * so that training begins near the identity (Zhang et al. 2019, Fixup). */
#define CORRECTION_SCALE 0.1f

static gboolean
check_finite (const float *data, gsize n, GError ** error)
{
  for (gsize i = 0; i < n; i++) {
    if (!isfinite (data[i])) {
      g_set_error (error, AE_ERROR, AE_ERROR_NOT_FINITE,
          "weight %" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " is %g", i, n,
          (double) data[i]);
      return FALSE;
    }
  }
  return TRUE;
}

AeWeights *
ae_weights_new_take (float *data, gsize n, GError ** error)
{
  AeWeights *weights;

  if (!check_finite (data, n, error))
    return NULL;
  weights = g_new0 (AeWeights, 1);
  g_atomic_ref_count_init (&weights->ref_count);
  weights->n = n;
  weights->data = data;
  return weights;
}

static float *
alloc_floats (gsize n)
{
  float *data = ae_aligned_try_alloc0 (n * sizeof (float));

  if (data == NULL)
    g_error ("no memory for %" G_GSIZE_FORMAT " weights", n);
  return data;
}

AeWeights *
ae_weights_new_copy (const float *data, gsize n, GError ** error)
{
  float *copy = alloc_floats (n);
  AeWeights *weights;

  if (n > 0)
    memcpy (copy, data, n * sizeof (float));
  weights = ae_weights_new_take (copy, n, error);
  if (weights == NULL)
    ae_aligned_free (copy);
  return weights;
}

/* Standard deviation of a layer's first weights: 2 / n_in before an activation
 * that halves the variance, 2 / (n_in + n_out) elsewhere; n_in and n_out are
 * the weights that meet in one output and leave one input. */
static float
deviation (const AeLayer * layer, const AeLayer * next)
{
  const AeParam *weight = &layer->params[AE_PARAM_WEIGHT];
  gboolean is_matrix = weight->rank == 2;
  double size = (double) weight->size;
  double n_in = is_matrix ? weight->shape[1] : size / layer->out.c;
  double n_out = is_matrix ? weight->shape[0] : size / layer->in.c;
  gboolean halves = layer->activation == AE_ACTIVATION_RELU
      || layer->activation == AE_ACTIVATION_LEAKY
      || layer->activation == AE_ACTIVATION_SOFTPLUS;
  double variance;

  if (layer->ops->arguments == AE_ARGUMENTS_KERNEL_UP)
    n_in /= layer->stride * layer->stride;
  if (layer->ops->arguments == AE_ARGUMENTS_KERNEL_DOWN)
    n_out /= layer->stride * layer->stride;
  variance = halves ? 2.0 / n_in : 2.0 / (n_in + n_out);
  return (float) sqrt (variance)
      * (next && strcmp (next->ops->name, "modulate") == 0
      ? CORRECTION_SCALE : 1.0f);
}

AeWeights *
ae_weights_new_random (const AeArchitecture * architecture, AeRng * rng)
{
  float *data = alloc_floats (architecture->n_weights);

  for (guint i = 0; i < architecture->n_layers; i++) {
    const AeLayer *layer = &architecture->layers[i];
    const AeParam *weight = &layer->params[AE_PARAM_WEIGHT];
    float scale;

    if (ae_param_n_stored (weight) == 0)
      continue;
    if (weight->rank == 1) {
      for (gsize j = 0; j < weight->size; j++)
        data[weight->offset + j] = 1.0f;
      continue;
    }
    scale = deviation (layer, i + 1 < architecture->n_layers ? layer + 1
        : NULL);
    ae_rng_fill_normal (rng, data + weight->offset, weight->size);
    for (gsize j = 0; j < weight->size; j++)
      data[weight->offset + j] *= scale;
  }
  return ae_weights_new_take (data, architecture->n_weights, NULL);
}

static gboolean
alike (const AeLayer * a, const AeLayer * b)
{
  g_autoptr (GString) text_a = g_string_new (NULL);
  g_autoptr (GString) text_b = g_string_new (NULL);

  ae_layer_print (a, text_a);
  ae_layer_print (b, text_b);
  return g_string_equal (text_a, text_b)
      && memcmp (&a->in, &b->in, sizeof (AeShape)) == 0;
}

static gboolean
begin_alike (const AeArchitecture * a, const AeArchitecture * b, guint n_layers)
{
  if (n_layers > a->n_layers || n_layers > b->n_layers)
    return FALSE;
  for (guint i = 0; i < n_layers; i++) {
    if (!alike (&a->layers[i], &b->layers[i]))
      return FALSE;
  }
  return TRUE;
}

static void
copy_layer (const AeLayer * to, float *data, const AeLayer * from,
    const float *from_data)
{
  for (guint i = 0; i < AE_N_PARAMS; i++)
    memcpy (data + to->params[i].offset, from_data + from->params[i].offset,
        ae_param_n_stored (&to->params[i]) * sizeof (float));
}

AeWeights *
ae_weights_new_transfer (const AeArchitecture * architecture, AeRng * rng,
    const AeArchitecture * from_architecture, const AeWeights * from,
    guint n_layers, GError ** error)
{
  AeWeights *weights;

  if (!begin_alike (architecture, from_architecture, n_layers)) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "the first %u layers of \"%s\" and \"%s\" are not alike", n_layers,
        from_architecture->text, architecture->text);
    return NULL;
  }
  weights = ae_weights_new_random (architecture, rng);
  for (guint i = 0; i < n_layers; i++)
    copy_layer (&architecture->layers[i], weights->data,
        &from_architecture->layers[i], from->data);
  return weights;
}

/* Whether @layer, behind @before, can be made the identity. */
static gboolean
can_pass (const AeLayer * layer, const AeLayer * before)
{
  return strcmp (layer->ops->name, "conv") == 0 && layer->stride == 1
      && layer->kernel % 2 == 1 && layer->in.c == layer->out.c
      && (layer->activation == AE_ACTIVATION_LINEAR
      || (layer->activation == AE_ACTIVATION_RELU && before
          && before->activation == AE_ACTIVATION_RELU));
}

static void
make_identity (const AeLayer * layer, float *data)
{
  const AeParam *weight = &layer->params[AE_PARAM_WEIGHT];
  const guint n_taps = layer->kernel * layer->kernel;

  for (guint c = 0; c < layer->out.c; c++)
    data[weight->offset + ((gsize) c * layer->in.c + c) * n_taps +
        n_taps / 2] = 1.0f;
}

AeWeights *
ae_weights_new_deeper (const AeArchitecture * architecture,
    const AeArchitecture * from_architecture, const AeWeights * from,
    GError ** error)
{
  float *data = alloc_floats (architecture->n_weights);
  guint i_from = 0;

  for (guint i = 0; i < architecture->n_layers; i++) {
    const AeLayer *layer = &architecture->layers[i];

    if (i_from < from_architecture->n_layers
        && alike (layer, &from_architecture->layers[i_from])) {
      copy_layer (layer, data, &from_architecture->layers[i_from++],
          from->data);
    } else if (can_pass (layer, i > 0 ? layer - 1 : NULL)) {
      make_identity (layer, data);
    } else {
      g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
          "column %u of \"%s\": neither the next layer of \"%s\" nor a "
          "convolution that can begin as the identity", layer->column,
          architecture->text, from_architecture->text);
      goto failed;
    }
  }
  if (i_from == from_architecture->n_layers)
    return ae_weights_new_take (data, architecture->n_weights, NULL);
  g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
      "\"%s\" lacks the layer in column %u of \"%s\"", architecture->text,
      from_architecture->layers[i_from].column, from_architecture->text);

failed:
  ae_aligned_free (data);
  return NULL;
}

AeWeights *
ae_weights_ref (AeWeights * weights)
{
  g_atomic_ref_count_inc (&weights->ref_count);
  return weights;
}

void
ae_weights_unref (AeWeights * weights)
{
  if (weights == NULL || !g_atomic_ref_count_dec (&weights->ref_count))
    return;
  ae_aligned_free (weights->data);
  g_free (weights);
}
