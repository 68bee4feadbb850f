/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-optimiser.h"
#include "ae-kernels.h"

#include <math.h>

const gchar *
ae_optimiser_name (AeOptimiserKind kind)
{
  static const gchar *const names[AE_N_OPTIMISERS] = { "sgd", "adam", "adamw" };

  g_return_val_if_fail ((guint) kind < AE_N_OPTIMISERS, NULL);
  return names[kind];
}

static void
sgd_step (const AeOptimiserConfig * config, float rate, gsize n,
    const float *grad, float *moment, float *weights)
{
  for (gsize i = 0; i < n; i++) {
    float g = grad[i] + config->weight_decay * weights[i];

    moment[i] = config->beta1 * moment[i] + g;
    weights[i] -= rate * moment[i];
  }
}

static AeAdam
adam_factors (const AeOptimiserConfig * config, guint64 step, float rate)
{
  gboolean coupled = config->kind == AE_OPTIMISER_ADAM;
  double b1 = (double) config->beta1, b2 = (double) config->beta2;

  return (AeAdam) {
  .beta1 = config->beta1,.beta2 = config->beta2,.rate = rate,.correct1 =
        1.0f / (float) (1.0 - pow (b1, (double) step)),.correct2 =
        1.0f / (float) (1.0 - pow (b2, (double) step)),.epsilon =
        config->epsilon,.coupled_decay =
        coupled ? config->weight_decay : 0.0f,.keep =
        coupled ? 1.0f : 1.0f - rate * config->weight_decay,};
}

void
ae_optimiser_step (const AeOptimiserConfig * config, guint64 step,
    float learning_rate, gsize n, const float *grad, float *moment1,
    float *moment2, float *weights)
{
  AeAdam adam;

  if (config->kind == AE_OPTIMISER_SGD) {
    sgd_step (config, learning_rate, n, grad, moment1, weights);
    return;
  }
  adam = adam_factors (config, step, learning_rate);
  ae_kernels ()->adam (&adam, n, grad, moment1, moment2, weights);
}
