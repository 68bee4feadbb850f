/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-optimiser.h"
#include "ae-kernels.h"
#include "ae-muon.h"

#include <math.h>

const gchar *
ae_optimiser_name (AeOptimiserKind kind)
{
  static const gchar *const names[AE_N_OPTIMISERS] = {
    "sgd", "adam", "adamw", "muon"
  };

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

/* A matrix of a row for each output of a dense layer or a convolution (each
 * input of a transposed one). A kernel of one channel is none. */
static gboolean
is_matrix (const AeParam * param)
{
  return ae_param_n_stored (param) > 0 && param->rank >= 2
      && param->shape[1] > 1;
}

static guint
n_columns (const AeParam * param)
{
  return (guint) (param->size / param->shape[0]);
}

/* The matrices of Muon: its direction in place of Adam's. */
static void
muon_step (const AeOptimiserConfig * config, float rate, const AeParam * param,
    const float *grad, float *moment, float *scratch, float *weights)
{
  const float keep = 1.0f - rate * config->weight_decay;

  for (gsize i = 0; i < param->size; i++)
    weights[i] *= keep;
  ae_muon_step (config->beta1, rate, param->shape[0], n_columns (param), grad,
      moment, scratch, weights);
}

gsize
ae_optimiser_scratch_size (const AeOptimiserConfig * config,
    const AeArchitecture * architecture)
{
  gsize largest = 0;

  for (guint i = 0; i < architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &architecture->layers[i].params[j];

      if (config->kind == AE_OPTIMISER_MUON && is_matrix (param))
        largest = MAX (largest, ae_muon_scratch_size (param->shape[0],
                n_columns (param)));
    }
  }
  return largest;
}

void
ae_optimiser_step_model (const AeOptimiserConfig * config, guint64 step,
    float learning_rate, const AeArchitecture * architecture, guint n_frozen,
    const float *grad, float *moment1, float *moment2, float *scratch,
    float *weights)
{
  float vector_rate = learning_rate;

  if (config->kind == AE_OPTIMISER_MUON)
    vector_rate *= AE_MUON_VECTOR_RATE;
  for (guint i = n_frozen; i < architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &architecture->layers[i].params[j];
      const gsize at = param->offset;

      if (config->kind == AE_OPTIMISER_MUON && is_matrix (param))
        muon_step (config, learning_rate, param, grad + at, moment1 + at,
            scratch, weights + at);
      else
        ae_optimiser_step (config, step, vector_rate, ae_param_n_stored (param),
            grad + at, moment1 + at, moment2 + at, weights + at);
    }
  }
}
