/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "theory-linear.h"

#include "ae-pca.h"

static AePca *
new_pca (const TheoryData * data, guint n_code)
{
  return ae_pca_new (data->x, data->n, (guint) theory_size (&data->shape),
      n_code, NULL);
}

static double
pca_error (const AePca * pca, const TheoryData * data)
{
  gsize size = theory_size (&data->shape);
  g_autofree float *code = g_new (float, data->n * ae_pca_n_components (pca));
  g_autofree float *out = g_new (float, data->n * size);

  ae_pca_project (pca, data->x, data->n, code);
  ae_pca_reconstruct (pca, code, data->n, out);
  return theory_mse (out, data->x, data->n * size);
}

double
theory_pca_error (const TheoryData * data, const TheoryData * held_out,
    guint n_code)
{
  g_autoptr (AePca) pca = new_pca (data, n_code);

  return pca_error (pca, held_out);
}

LinearFigures
theory_linear (const TheoryData * data, const TheoryData * held_out,
    guint n_code, guint n_steps, float rate)
{
  guint d = (guint) theory_size (&data->shape);
  g_autofree gchar *text = g_strdup_printf ("dense %u | dense %u", n_code, d);
  TheoryTask task = theory_task (text, data, 512, n_steps, rate);
  g_autoptr (AePca) pca = new_pca (data, n_code);
  g_autofree float *span = g_new (float, (gsize) n_code * d);
  g_auto (TheoryModel) model = { 0 };
  LinearFigures figures = { 0 };
  const float *decoder;

  model = theory_train (&task, NULL);
  decoder = model.weights->data
      + model.architecture->layers[1].params[AE_PARAM_WEIGHT].offset;
  for (guint i = 0; i < d; i++) {
    for (guint k = 0; k < n_code; k++)
      span[k * d + i] = decoder[i * n_code + k];
  }
  ae_pca_largest_angle (span, ae_pca_components (pca), n_code, d,
      &figures.angle, NULL);
  figures.error = theory_error (&model, held_out);
  figures.pca_error = pca_error (pca, held_out);
  return figures;
}
