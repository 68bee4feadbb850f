/* The two halves of a codec's model. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-model.h"

G_BEGIN_DECLS

/**
 * AeLatentParts: encoder and decoder as architectures of their own, over the
 * weights of the whole: the encoder's begin at 0.
 */
typedef struct
{
  AeArchitecture *encoder, *decoder;
  gsize decoder_offset;         /* floats from the start of the weights */
  guint n_planes;               /* of the code */
} AeLatentParts;

#define AE_LATENT_PARTS_INIT { NULL, NULL, 0, 0 }

/* Errors: AE_ERROR_SHAPE for a model that is no codec for @n_channels channels,
 * or has a condition of more than one channel. */
gboolean ae_latent_parts_init (AeLatentParts * parts,
    const AeArchitecture * whole, guint n_channels, GError ** error);

void ae_latent_parts_clear (AeLatentParts * parts);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AeLatentParts, ae_latent_parts_clear)

G_END_DECLS
