/* Losses of an output y for a target t, d being y - t. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-tensor.h"

G_BEGIN_DECLS typedef enum
{
  AE_LOSS_MSE,                  /* d^2 */
  AE_LOSS_L1,                   /* |d| */
  AE_LOSS_CHARBONNIER,          /* sqrt (d^2 + 1e-6) (Charbonnier et al. 1994) */
  AE_LOSS_BCE,                  /* -t log y - (1 - t) log (1 - y), y and t in
                                 * 0..1: in nats, of a Bernoulli decoder */
  AE_N_LOSSES
} AeLossKind;

/* Returns: (transfer none): `mse`, `l1`, `charbonnier`, `bce`. */
const gchar *ae_loss_name (AeLossKind kind);

/**
 * ae_loss:
 * @out, @target: [c][h][w][n]
 * @mask: (nullable): a factor of the loss at each place; same shape
 * @sample_weight: (nullable): @n factors, one for each sample
 * @grad: (out): gradient of the result with respect to @out; takes its shape
 *
 * Returns: the sum over samples of weight times the mean over positions, as a
 *   double; divide by the number of samples for a mean. Not finite if an input
 *   is not.
 */
double ae_loss (AeLossKind kind, const AeTensor * out, const AeTensor * target,
    const AeTensor * mask, const float *sample_weight, AeTensor * grad);

G_END_DECLS
