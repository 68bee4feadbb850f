/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-optimiser.h"

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

/* @coupled: weight decay as part of the gradient, @decay: as a factor. */
static void
adam_step (const AeOptimiserConfig * config, guint64 step, float rate,
    float coupled, float decay, gsize n, const float *grad, float *moment1,
    float *moment2, float *weights)
{
  float b1 = config->beta1, b2 = config->beta2;
  float correct1 = 1.0f / (float) (1.0 - pow ((double) b1, (double) step));
  float correct2 = 1.0f / (float) (1.0 - pow ((double) b2, (double) step));

  for (gsize i = 0; i < n; i++) {
    float g = grad[i] + coupled * weights[i];
    float m1 = moment1[i] = b1 * moment1[i] + (1.0f - b1) * g;
    float m2 = moment2[i] = b2 * moment2[i] + (1.0f - b2) * g * g;

    weights[i] = decay * weights[i] - rate * (m1 * correct1)
        / (sqrtf (m2 * correct2) + config->epsilon);
  }
}

void
ae_optimiser_step (const AeOptimiserConfig * config, guint64 step,
    float learning_rate, gsize n, const float *grad, float *moment1,
    float *moment2, float *weights)
{
  switch (config->kind) {
    case AE_OPTIMISER_SGD:
      sgd_step (config, learning_rate, n, grad, moment1, weights);
      break;
    case AE_OPTIMISER_ADAM:
      adam_step (config, step, learning_rate, config->weight_decay, 1.0f, n,
          grad, moment1, moment2, weights);
      break;
    case AE_OPTIMISER_ADAMW:
      adam_step (config, step, learning_rate, 0.0f,
          1.0f - learning_rate * config->weight_decay, n, grad, moment1,
          moment2, weights);
      break;
    case AE_N_OPTIMISERS:
      g_return_if_reached ();
  }
}
