/* What the parts of the codec share. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-latent-model.h"
#include "ae-plan.h"

G_BEGIN_DECLS

/* Points @planes [@n] at @data [@n][@h][@w]. */
static inline void
ae_latent_point_planes (AePlane * planes, guint n, guint h, guint w,
    float *data)
{
  for (guint i = 0; i < n; i++)
    planes[i] = (AePlane) {
    data + (gsize) i *h * w, w};
}

/* Input samples a side for each latent of the encoder. */
static inline guint
ae_latent_input_scale (AeLayout layout, guint scale_log2)
{
  return 1u << (layout == AE_LAYOUT_I420 ? scale_log2 - 1 : scale_log2);
}

/**
 * ae_latent_measure_weights:
 * @scale: input samples a side for each latent
 * @weights: (out): [code channels]: how far pixels move, as the root of the sum
 *   of squares, when one latent moves by 1
 *
 * Errors: those of ae_plan_new_of_model().
 */
gboolean ae_latent_measure_weights (const AeModel * encoder,
    const AeModel * decoder, guint scale, float *weights, GError ** error);

/* Fills @model->steps, from steps [AE_SYMBOLS_N_LEVELS][n_planes] or, if these
 * are NULL, from @model->weights. */
void ae_latent_fill_steps (AeLatentModel * model, const float *levels);

G_END_DECLS
