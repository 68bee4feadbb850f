/* Beginning a training: with a model, or a linear transform. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-model.h"

G_BEGIN_DECLS

/**
 * AeLatentLinear: a transform and its inverse.
 * @n: numbers that are transformed; @n_planes: what they become
 * @rows: [n_planes][n]; @bias: [n_planes]
 * @columns: [n][n_planes]; @inverse_bias: [n]
 */
typedef struct
{
  guint n, n_planes;
  const float *rows, *bias;
  const float *columns, *inverse_bias;
} AeLatentLinear;

/**
 * ae_latent_start:
 * @architecture: its encoder ends in "conv 1x1", behind a "concat" of what is
 *   transformed, and the decoder's last convolution is a 1x1 behind one of the
 *   code
 *
 * Errors: AE_ERROR_UNSUPPORTED for other architectures.
 *
 * Returns: (transfer full) (nullable): a model that does what @linear does: all
 *   else is random, and counts nothing yet.
 */
AeModel *ae_latent_start (AeArchitecture * architecture, guint64 seed,
    const AeLatentLinear * linear, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ae_latent_start_read:
 * @path: (nullable): model to go on from
 * @text: else the architecture to begin with, of @input
 * @model: (out): that of @path, else NULL
 *
 * Returns: (transfer full) (nullable): the architecture.
 */
AeArchitecture *ae_latent_start_read (const gchar * path, const gchar * text,
    const AeShape * input, AeModel ** model, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* @steps: (out): [AE_SYMBOLS_N_LEVELS][planes]: those of the codec @model */
gboolean ae_latent_start_steps (AeModel * model, float *steps,
    GError ** error);

G_END_DECLS
