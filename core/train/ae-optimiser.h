/* SGD with momentum, Adam, AdamW and Muon. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-architecture.h"

G_BEGIN_DECLS

/**
 * AeOptimiserKind: how a gradient g moves the weights w at learning rate a.
 * @AE_OPTIMISER_SGD: m = beta1 m + g;  w -= a m (Polyak 1964)
 * @AE_OPTIMISER_ADAM: Kingma and Ba 2015, algorithm 1
 * @AE_OPTIMISER_ADAMW: Adam, and w -= a weight_decay w apart from the gradient
 *   (Loshchilov and Hutter 2019)
 * @AE_OPTIMISER_MUON: ae_muon_step() for the matrices of dense layers and
 *   convolutions, weight_decay as in AdamW; AdamW at a rate of
 *   %AE_MUON_VECTOR_RATE a for biases, gains and kernels of one channel
 *
 * In the first two weight_decay w is added to the gradient.
 */
typedef enum
{
  AE_OPTIMISER_SGD,
  AE_OPTIMISER_ADAM,
  AE_OPTIMISER_ADAMW,
  AE_OPTIMISER_MUON,
  AE_N_OPTIMISERS
} AeOptimiserKind;

#define AE_MUON_VECTOR_RATE 0.05f

/* Returns: (transfer none): `sgd`, `adam`, `adamw`, `muon`. */
const gchar *ae_optimiser_name (AeOptimiserKind kind);

/**
 * AeOptimiserConfig:
 * @beta1: decay of the first moment; the momentum of SGD
 * @beta2: decay of the second moment; not used by SGD
 */
typedef struct
{
  AeOptimiserKind kind;
  float beta1, beta2;
  float epsilon;
  float weight_decay;
} AeOptimiserConfig;

#define AE_OPTIMISER_CONFIG_DEFAULT \
    { AE_OPTIMISER_ADAMW, 0.9f, 0.99f, 1e-8f, 0.0f }

/**
 * ae_optimiser_step:
 * @step: 1 for the first
 * @moment1, @moment2: @n floats of state, zero before the first step; SGD
 *   leaves @moment2 alone
 *
 * Updates @weights[@n] in place, none of them part of a matrix.
 */
void ae_optimiser_step (const AeOptimiserConfig * config, guint64 step,
    float learning_rate, gsize n, const float *grad, float *moment1,
    float *moment2, float *weights);

/* Returns: floats that ae_optimiser_step_model() needs to work in, may be 0. */
gsize ae_optimiser_scratch_size (const AeOptimiserConfig * config,
    const AeArchitecture * architecture);

/**
 * ae_optimiser_step_model:
 * @n_frozen: the first layers, which stay as they are
 * @grad, @moment1, @moment2, @weights: architecture->n_weights floats; see
 *   ae_optimiser_step()
 * @scratch: ae_optimiser_scratch_size() floats
 */
void ae_optimiser_step_model (const AeOptimiserConfig * config, guint64 step,
    float learning_rate, const AeArchitecture * architecture, guint n_frozen,
    const float *grad, float *moment1, float *moment2, float *scratch,
    float *weights);

G_END_DECLS
