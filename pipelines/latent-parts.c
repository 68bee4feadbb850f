/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "latent-parts.h"
#include "ae-error.h"

#include <string.h>

static gboolean
check (const AeArchitecture * whole, guint n_channels, GError ** error)
{
  if (whole->input.c == n_channels && whole->input.h == 0
      && whole->output.c == n_channels && whole->n_given <= 1
      && ae_architecture_decodes_alone (whole))
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
      "the model \"%s\" has %u input, %u output and %u given channels; a codec "
      "has %u, %u and at most 1, takes any size and decodes the code alone",
      whole->text, whole->input.c, whole->output.c, whole->n_given,
      n_channels, n_channels);
  return FALSE;
}

/* Where the decoder's first parameter is. */
static gsize
decoder_offset (const AeArchitecture * whole)
{
  for (guint i = whole->n_encoder; i < whole->n_layers; i++) {
    const AeParam *param = &whole->layers[i].params[AE_PARAM_WEIGHT];

    if (param->size > 0)
      return param->offset;
  }
  return whole->n_weights;
}

gboolean
ae_latent_parts_init (AeLatentParts * parts, const AeArchitecture * whole,
    guint n_channels, GError ** error)
{
  const AeShape input = { n_channels, 0, 0 };
  AeShape code = { 0, 0, 0 };
  g_auto (GStrv) texts = NULL;

  *parts = (AeLatentParts) {
  0};
  if (!check (whole, n_channels, error))
    return FALSE;
  texts = g_strsplit (whole->text, " | ", 2);
  code.c = whole->layers[whole->n_encoder - 1].out.c;
  parts->n_planes = code.c;
  parts->decoder_offset = decoder_offset (whole);
  parts->encoder = ae_architecture_parse (texts[0], &input, error);
  if (parts->encoder == NULL)
    return FALSE;
  parts->decoder = ae_architecture_parse (texts[1], &code, error);
  return parts->decoder != NULL;
}

void
ae_latent_parts_clear (AeLatentParts * parts)
{
  if (parts->encoder)
    ae_architecture_unref (parts->encoder);
  if (parts->decoder)
    ae_architecture_unref (parts->decoder);
  parts->encoder = parts->decoder = NULL;
}
