/* Fits the tables of a codec to its model. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-latent-model.h"

G_BEGIN_DECLS

/* Writes patch @i to @samples [input channels][height][width]. */
typedef void (*AeLatentPatchFunc) (gpointer data, guint i, float *samples);

/* Returns: whether @model is one for ae_latent_model_new() whose latents are fewer
 * than its samples. */
gboolean ae_latent_is_codec (const AeModel * model);

/**
 * ae_latent_fit:
 * @model: as ae_latent_model_new() takes it
 * @n: of the patches, at least 1
 * @func: called with @data
 *
 * Fits a context model to the latents of patches; those of U and V get the tables of
 * Y where the model is of one plane. The steps are those that @model has. Errors:
 * those of ae_latent_model_new() and ae_plan_new_of_model().
 *
 * Returns: (transfer full) (nullable): @model with both in its metadata.
 */
AeModel *ae_latent_fit (const AeModel * model, guint n, guint height,
    guint width, AeLatentPatchFunc func, gpointer data, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
