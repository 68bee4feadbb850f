/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-regulariser.h"
#include "ae-contractive.h"
#include "ae-error.h"

#include <math.h>

static gboolean
check_factor (const gchar * name, float value, GError ** error)
{
  if (isfinite (value) && value >= 0.0f)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
      "%s is %g, expected 0 or more", name, (double) value);
  return FALSE;
}

static gboolean
check_sparsity (const AeRegulariser * r, const AeArchitecture * architecture,
    GError ** error)
{
  const AeLayer *last = &architecture->layers[architecture->n_encoder - 1];

  if (r->sparsity == 0.0f)
    return TRUE;
  if (last->activation != AE_ACTIVATION_SIGMOID) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "a target activity needs a sigmoid code, the encoder ends with %s %s",
        last->ops->name, ae_activation_name (last->activation));
    return FALSE;
  }
  if (!(r->sparsity_target > 0.0f && r->sparsity_target < 1.0f)
      || !(r->sparsity_memory >= 0.0f && r->sparsity_memory < 1.0f)) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "target activity %g and memory %g, expected numbers between 0 and 1",
        (double) r->sparsity_target, (double) r->sparsity_memory);
    return FALSE;
  }
  return TRUE;
}

gboolean
ae_regulariser_check (const AeRegulariser * r,
    const AeArchitecture * architecture, GError ** error)
{
  const struct
  {
    const gchar *name;
    float value;
  } factors[] = {
    {"code L1", r->code_l1}, {"sparsity", r->sparsity},
    {"contractive", r->contractive}, {"KL", r->kl}, {"L2", r->l2},
    {"L1", r->l1}, {"Frobenius", r->frobenius},
  };

  for (guint i = 0; i < G_N_ELEMENTS (factors); i++) {
    if (!check_factor (factors[i].name, factors[i].value, error))
      return FALSE;
  }
  if (r->contractive > 0.0f) {
    g_autoptr (AeContractive) contractive =
        ae_contractive_new ((AeArchitecture *) architecture, error);

    if (contractive == NULL)
      return FALSE;
  }
  return check_sparsity (r, architecture, error);
}

double
ae_code_l1 (const AeTensor * code, float scale, AeTensor * grad)
{
  double sum = 0.0;

  for (gsize i = 0; i < ae_tensor_size (code); i++) {
    float h = code->data[i];

    sum += (double) fabsf (h);
    grad->data[i] += scale * (float) ((h > 0.0f) - (h < 0.0f));
  }
  return sum;
}

void
ae_code_add_activity (const AeTensor * code, double *sums)
{
  gsize n = ae_tensor_size (code) / code->c;

  for (guint c = 0; c < code->c; c++) {
    for (gsize i = 0; i < n; i++)
      sums[c] += (double) code->data[c * n + i];
  }
}

static double
inside (double activity)
{
  return CLAMP (activity, 1e-6, 1.0 - 1e-6);
}

double
ae_code_sparsity (const double *activity, guint n, float target)
{
  double rho = (double) target, sum = 0.0;

  for (guint i = 0; i < n; i++) {
    double a = inside (activity[i]);

    sum += rho * log (rho / a) + (1.0 - rho) * log ((1.0 - rho) / (1.0 - a));
  }
  return sum;
}

void
ae_code_sparsity_backward (const AeTensor * code, const double *activity,
    float target, float scale, AeTensor * grad)
{
  gsize n = ae_tensor_size (code) / code->c, n_positions = n / code->n;
  double rho = (double) target;

  for (guint c = 0; c < code->c; c++) {
    double a = inside (activity[c]);
    float g = scale / (float) n_positions
        * (float) ((1.0 - rho) / (1.0 - a) - rho / a);

    for (gsize i = 0; i < n; i++)
      grad->data[c * n + i] += g;
  }
}

/* Of one matrix: l2 |W|_F^2 + l1 |W|_1 + frobenius |W|_F. */
static double
matrix_prior (const AeRegulariser * r, gsize n, const float *w, float *grad)
{
  double squares = 0.0, magnitudes = 0.0, norm;
  float over_norm;

  for (gsize i = 0; i < n; i++) {
    squares += (double) w[i] * (double) w[i];
    magnitudes += (double) fabsf (w[i]);
  }
  norm = sqrt (squares);
  over_norm = norm > 0.0 ? (float) (1.0 / norm) : 0.0f;
  for (gsize i = 0; i < n; i++)
    grad[i] += 2.0f * r->l2 * w[i]
        + r->l1 * (float) ((w[i] > 0.0f) - (w[i] < 0.0f))
        + r->frobenius * over_norm * w[i];
  return (double) r->l2 * squares + (double) r->l1 * magnitudes
      + (double) r->frobenius * norm;
}

double
ae_weight_prior (const AeRegulariser * r, const AeArchitecture * architecture,
    guint n_frozen, const float *weights, float *grad)
{
  double sum = 0.0;

  if (r->l2 == 0.0f && r->l1 == 0.0f && r->frobenius == 0.0f)
    return 0.0;
  for (guint i = n_frozen; i < architecture->n_layers; i++) {
    const AeParam *weight = &architecture->layers[i].params[AE_PARAM_WEIGHT];

    if (weight->rank > 1)
      sum += matrix_prior (r, ae_param_n_stored (weight),
          weights + weight->offset, grad + weight->offset);
  }
  return sum;
}
