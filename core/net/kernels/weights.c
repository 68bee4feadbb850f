/* Loops over all weights of a model. Compiled once for each instruction set.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training.h"

#include <math.h>

void
AE_KERNEL_NAME (ae_adam_) (const AeAdam * adam, gsize n,
    const float *restrict grad, float *restrict moment1,
    float *restrict moment2, float *restrict weights)
{
  const AeAdam a = *adam;

  for (gsize i = 0; i < n; i++) {
    float g = grad[i] + a.coupled_decay * weights[i];
    float m1 = a.beta1 * moment1[i] + (1.0f - a.beta1) * g;
    float m2 = a.beta2 * moment2[i] + (1.0f - a.beta2) * g * g;

    moment1[i] = m1;
    moment2[i] = m2;
    weights[i] = a.keep * weights[i] - a.rate * (m1 * a.correct1)
        / (sqrtf (m2 * a.correct2) + a.epsilon);
  }
}

#define SUMS 32                 /* hide the latency, in doubles of any width */

double AE_KERNEL_NAME (ae_sum_squares_) (gsize n, const float *x)
{
  double sums[SUMS] = { 0.0 }, sum = 0.0;
  gsize n_whole = n / SUMS * SUMS;

  for (gsize i = 0; i < n_whole; i += SUMS) {
    for (guint j = 0; j < SUMS; j++)
      sums[j] += (double) x[i + j] * (double) x[i + j];
  }
  for (gsize i = n_whole; i < n; i++)
    sum += (double) x[i] * (double) x[i];
  for (guint j = 0; j < SUMS; j++)
    sum += sums[j];
  return sum;
}
