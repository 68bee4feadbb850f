/* Immutable weights. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-architecture.h"

G_BEGIN_DECLS

/**
 * AeWeights: all parameters of an architecture in one block, immutable once
 * made and reference counted, so that any thread may read them.
 */
typedef struct
{
  gatomicrefcount ref_count;
  gsize n;                      /* floats */
  float *data;                  /* each parameter at its AeParam.offset */
} AeWeights;

/**
 * ae_weights_new_take:
 * @data: (transfer full): @n floats from ae_aligned_try_alloc0(); taken on
 *   success, the caller's on failure
 *
 * Errors: AE_ERROR_NOT_FINITE, naming the first index that is.
 */
AeWeights *ae_weights_new_take (float *data, gsize n, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* As ae_weights_new_take(), of a copy of @data. */
AeWeights *ae_weights_new_copy (const float *data, gsize n,
    GError ** error)
  G_GNUC_WARN_UNUSED_RESULT;

/**
 * ae_weights_new_random:
 *
 * He initialisation (He et al. 2015) before relu, leaky and softplus, Glorot
 * (Glorot and Bengio 2010) elsewhere; biases zero, gains one. The same @rng state gives
 * the same weights.
 */
AeWeights *ae_weights_new_random (const AeArchitecture * architecture,
    AeRng * rng) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ae_weights_new_transfer:
 * @from: (transfer none): weights of @from_architecture
 * @n_layers: the first layers, in which both architectures are alike
 *
 * Transfer learning: the first layers as they were trained, random ones behind.
 * Errors: AE_ERROR_SHAPE when a layer is not alike.
 */
AeWeights *ae_weights_new_transfer (const AeArchitecture * architecture,
    AeRng * rng, const AeArchitecture * from_architecture,
    const AeWeights * from, guint n_layers, GError ** error)
  G_GNUC_WARN_UNUSED_RESULT;

/**
 * ae_weights_new_deeper:
 * @architecture: the layers of @from_architecture in their order, and more:
 *   convolutions of odd kernel and stride 1 that keep the number of channels,
 *   linear, or relu behind relu
 * @from: (transfer none): weights of @from_architecture
 *
 * The further layers are the identity, so that the model computes what it did
 * (Net2DeeperNet; Chen, Goodfellow and Shlens 2016).
 * Errors: AE_ERROR_SHAPE, with the layer that does not fit.
 */
AeWeights *ae_weights_new_deeper (const AeArchitecture * architecture,
    const AeArchitecture * from_architecture, const AeWeights * from,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;

AeWeights *ae_weights_ref (AeWeights * weights);
void ae_weights_unref (AeWeights * weights);       /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeWeights, ae_weights_unref)
    G_END_DECLS
