/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "latent-start.h"
#include "ae-error.h"
#include "ae-latent-model.h"

#include <string.h>

/* Sets @layer, which reads features and then what is transformed, to the
 * transform of the latter alone. */
static void
set_layer (const AeLayer * layer, const float *matrix, const float *bias,
    guint n, float *weights)
{
  guint n_in = layer->in.c, n_features = n_in - n;

  for (guint i = 0; i < layer->out.c; i++) {
    float *weight = weights + layer->params[AE_PARAM_WEIGHT].offset + i * n_in;

    memset (weight, 0, n_features * sizeof *weight);
    memcpy (weight + n_features, matrix + i * n, n * sizeof *weight);
    weights[layer->params[AE_PARAM_BIAS].offset + i] = bias[i];
  }
}

static gboolean
is_linear (const AeLayer * layer, guint n_out, guint n)
{
  return strcmp (layer->ops->name, "conv") == 0 && layer->kernel == 1
      && layer->activation == AE_ACTIVATION_LINEAR && layer->out.c == n_out
      && layer->in.c >= n;
}

static const AeLayer *
last_convolution (const AeArchitecture * architecture)
{
  guint i = architecture->n_layers - 1;

  while (i > architecture->n_encoder
      && strcmp (architecture->layers[i].ops->name, "shuffle") == 0)
    i--;
  return &architecture->layers[i];
}

AeModel *
ae_latent_start (AeArchitecture * architecture, guint64 seed,
    const AeLatentLinear * linear, GError ** error)
{
  const AeLayer *encoder = &architecture->layers[architecture->n_encoder - 1];
  const AeLayer *decoder = last_convolution (architecture);
  g_autoptr (AeWeights) random = NULL;
  g_autoptr (AeWeights) weights = NULL;
  g_autofree float *data = NULL;
  AeRng rng;

  if (!is_linear (encoder, linear->n_planes, linear->n)
      || !is_linear (decoder, linear->n, linear->n_planes)) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "\"%s\": to begin with a linear transform, the encoder ends in \"conv "
        "1x1\" of %u channels, behind a \"concat\" of the %u that are "
        "transformed, and the decoder in one of %u, behind one of the code",
        architecture->text, linear->n_planes, linear->n, linear->n);
    return NULL;
  }
  ae_rng_init (&rng, seed);
  random = ae_weights_new_random (architecture, &rng);
  data = g_memdup2 (random->data, random->n * sizeof (float));
  set_layer (encoder, linear->rows, linear->bias, linear->n, data);
  set_layer (decoder, linear->columns, linear->inverse_bias, linear->n_planes,
      data);
  weights = ae_weights_new_copy (data, random->n, error);
  return weights ? ae_model_new (architecture, weights, NULL, error) : NULL;
}

AeArchitecture *
ae_latent_start_read (const gchar * path, const gchar * text,
    const AeShape * input, AeModel ** model, GError ** error)
{
  if (path == NULL)
    return ae_architecture_parse (text, input, error);
  *model = ae_model_load (path, error);
  return *model ? ae_architecture_ref ((*model)->architecture) : NULL;
}

gboolean
ae_latent_start_steps (AeModel * model, float *steps, GError ** error)
{
  g_autoptr (AeLatentModel) latent = ae_latent_model_new (model, error);
  guint n_planes;

  if (latent == NULL)
    return FALSE;
  n_planes = latent->n_planes;
  for (guint level = 0; level < AE_SYMBOLS_N_LEVELS; level++)
    memcpy (steps + level * n_planes,
        ae_latent_model_steps (latent, level * AE_SYMBOLS_GRADES_PER_LEVEL),
        n_planes * sizeof (float));
  return TRUE;
}
