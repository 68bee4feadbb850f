/* Activation functions. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-layer.h"

#include <float.h>
#include <math.h>

#define LEAKY_SLOPE 0.1f

/* A sigmoid that rounds to 0 or 1 would lose its gradient, and the cross
 * entropy its bound. */
#define SIGMOID_MIN FLT_MIN
#define SIGMOID_MAX (1.0f - 0.5f * FLT_EPSILON)

static const gchar *const names[AE_N_ACTIVATIONS] = {
  "linear", "relu", "leaky", "sigmoid", "tanh", "softplus"
};

const gchar *
ae_activation_name (AeActivation activation)
{
  g_return_val_if_fail (activation < AE_N_ACTIVATIONS, NULL);
  return names[activation];
}

gboolean
ae_activation_is_straight (AeActivation activation)
{
  return activation == AE_ACTIVATION_LINEAR || activation == AE_ACTIVATION_RELU
      || activation == AE_ACTIVATION_LEAKY;
}

float
ae_activation_slope (AeActivation activation)
{
  return activation == AE_ACTIVATION_RELU ? 0.0f
      : activation == AE_ACTIVATION_LEAKY ? LEAKY_SLOPE : 1.0f;
}

void
ae_activation_forward (AeActivation activation, float *x, gsize n)
{
  switch (activation) {
    case AE_ACTIVATION_RELU:
      for (gsize i = 0; i < n; i++)
        x[i] = x[i] > 0.0f ? x[i] : 0.0f;
      break;
    case AE_ACTIVATION_LEAKY:
      for (gsize i = 0; i < n; i++)
        x[i] = x[i] > 0.0f ? x[i] : LEAKY_SLOPE * x[i];
      break;
    case AE_ACTIVATION_SIGMOID:
      for (gsize i = 0; i < n; i++)
        x[i] = fminf (fmaxf (1.0f / (1.0f + expf (-x[i])), SIGMOID_MIN),
            SIGMOID_MAX);
      break;
    case AE_ACTIVATION_TANH:
      for (gsize i = 0; i < n; i++)
        x[i] = tanhf (x[i]);
      break;
    case AE_ACTIVATION_SOFTPLUS:
      /* log (1 + e^x), written so that e^x cannot overflow */
      for (gsize i = 0; i < n; i++)
        x[i] = fmaxf (x[i], 0.0f) + log1pf (expf (-fabsf (x[i])));
      break;
    case AE_ACTIVATION_LINEAR:
    case AE_N_ACTIVATIONS:
      break;
  }
}

void
ae_activation_backward (AeActivation activation, const float *y, float *grad,
    gsize n)
{
  switch (activation) {
    case AE_ACTIVATION_RELU:
      for (gsize i = 0; i < n; i++)
        grad[i] = y[i] > 0.0f ? grad[i] : 0.0f;
      break;
    case AE_ACTIVATION_LEAKY:
      for (gsize i = 0; i < n; i++)
        grad[i] = y[i] > 0.0f ? grad[i] : LEAKY_SLOPE * grad[i];
      break;
    case AE_ACTIVATION_SIGMOID:
      for (gsize i = 0; i < n; i++)
        grad[i] *= y[i] * (1.0f - y[i]);
      break;
    case AE_ACTIVATION_TANH:
      for (gsize i = 0; i < n; i++)
        grad[i] *= 1.0f - y[i] * y[i];
      break;
    case AE_ACTIVATION_SOFTPLUS:
      /* sigmoid (x) = 1 - e^-y */
      for (gsize i = 0; i < n; i++)
        grad[i] *= -expm1f (-y[i]);
      break;
    case AE_ACTIVATION_LINEAR:
    case AE_N_ACTIVATIONS:
      break;
  }
}

void
ae_activation_curve (AeActivation activation, const float *y, float *x, gsize n)
{
  switch (activation) {
    case AE_ACTIVATION_SIGMOID:
      for (gsize i = 0; i < n; i++)
        x[i] *= y[i] * (1.0f - y[i]) * (1.0f - 2.0f * y[i]);
      break;
    case AE_ACTIVATION_TANH:
      for (gsize i = 0; i < n; i++)
        x[i] *= -2.0f * y[i] * (1.0f - y[i] * y[i]);
      break;
    case AE_ACTIVATION_SOFTPLUS:
      /* s (1 - s), s = sigmoid (x) = 1 - e^-y */
      for (gsize i = 0; i < n; i++)
        x[i] *= -expm1f (-y[i]) * expf (-y[i]);
      break;
    case AE_ACTIVATION_RELU:
    case AE_ACTIVATION_LEAKY:
    case AE_ACTIVATION_LINEAR:
    case AE_N_ACTIVATIONS:
      for (gsize i = 0; i < n; i++)
        x[i] = 0.0f;
      break;
  }
}
