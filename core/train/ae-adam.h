/* Adam and AdamW. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

typedef struct
{
  float beta1, beta2;           /* decay of the first and second moment */
  float epsilon;
  float weight_decay;           /* decoupled (Loshchilov and Hutter 2019) */
} AeAdamConfig;

#define AE_ADAM_CONFIG_DEFAULT { 0.9f, 0.99f, 1e-8f, 0.0f }

/**
 * ae_adam_step:
 * @step: 1 for the first
 * @moment1, @moment2: @n floats of state, zero before the first step
 *
 * Updates @weights[@n] in place (Kingma and Ba 2015, algorithm 1).
 */
void ae_adam_step (const AeAdamConfig * config, guint64 step,
    float learning_rate, gsize n, const float *grad, float *moment1,
    float *moment2, float *weights);

G_END_DECLS
