/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-adam.h"

#include <math.h>

void
ae_adam_step (const AeAdamConfig * config, guint64 step, float learning_rate,
    gsize n, const float *grad, float *moment1, float *moment2, float *weights)
{
  float b1 = config->beta1, b2 = config->beta2;
  float correct1 = 1.0f / (float) (1.0 - pow ((double) b1, (double) step));
  float correct2 = 1.0f / (float) (1.0 - pow ((double) b2, (double) step));
  float decay = 1.0f - learning_rate * config->weight_decay;

  for (gsize i = 0; i < n; i++) {
    float g = grad[i];
    float m1 = moment1[i] = b1 * moment1[i] + (1.0f - b1) * g;
    float m2 = moment2[i] = b2 * moment2[i] + (1.0f - b2) * g * g;

    weights[i] = decay * weights[i] - learning_rate * (m1 * correct1)
        / (sqrtf (m2 * correct2) + config->epsilon);
  }
}
