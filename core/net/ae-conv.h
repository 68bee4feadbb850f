/* Convolutions of every kind. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A convolution with stride S relates a small grid to a large one: the pixel
 * (y, x) of the small grid meets (S y + ky - P, S x + kx - P) of the large one.
 * Going down is a convolution, going up its transpose, and both have the same
 * weight gradient; so forward and backward passes of conv and deconv are made
 * of the same three functions. Outside of a grid is zero. */
#pragma once

#include "ae-tensor.h"

G_BEGIN_DECLS

typedef struct
{
  guint kernel, stride, pad;
} AeConvGeometry;

/* small[m][y][x] = bias[m] + sum over c, ky, kx of
 *     weight[m][c][ky][kx] * large[c][S y + ky - P][S x + kx - P] */
void ae_conv_down (const AeConvGeometry * g, const AeTensor * large,
    const float *weight, const float *bias, AeTensor * small,
    AeTensor * scratch);

/* large[m][y][x] = bias[m] + sum over c, ky, kx with y = S i + ky - P and
 *     x = S j + kx - P of weight[c][m][ky][kx] * small[c][i][j] */
void ae_conv_up (const AeConvGeometry * g, const AeTensor * small,
    const float *weight, const float *bias, AeTensor * large,
    AeTensor * scratch);

/* grad[m][c][ky][kx] += sum over y, x, samples of
 *     small[m][y][x] * large[c][S y + ky - P][S x + kx - P] */
void ae_conv_grad_weights (const AeConvGeometry * g, const AeTensor * small,
    const AeTensor * large, float *grad, AeTensor * scratch);

G_END_DECLS
