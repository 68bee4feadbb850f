/* A codec to begin with: the cosine transform as a model. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-model.h"

G_BEGIN_DECLS

#define AE_LATENT_DCT_PLANES 96
#define AE_LATENT_DCT_TEXT "unshuffle 4, conv 1x1 96 | conv 1x1 96, shuffle 4"

/**
 * ae_latent_dct_model:
 *
 * Returns: (transfer full): a model of AE_LAYOUT_I420 whose encoder is the
 *   orthonormal cosine transform, 8x8 of Y and 4x4 of U and V, less mid-grey,
 *   and whose decoder is its inverse. Planes: 64 of Y, 16 of U, 16 of V, each in
 *   zigzag order. Training starts from it.
 */
AeModel *ae_latent_dct_model (void) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
