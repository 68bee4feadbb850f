/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "theory-codes.h"

#include <math.h>

#include "ae-contractive.h"

#define RELU "dense 256 relu | dense 64"
#define TIED "dense 256 relu | tied"
#define SIGMOID "dense 256 sigmoid | dense 64"

const CodeCase theory_code_cases[] = {
  {.name = "none",.text = RELU},
  {.name = "L1 on the code",.text = TIED,.regulariser = {.code_l1 = 1.0f}},
  {.name = "KL to an activity of 0.05",.text = SIGMOID,
        .regulariser = {.sparsity = 10.0f,.sparsity_target = 0.05f,
          .sparsity_memory = 0.9f}},
  {.name = "contractive",.text = SIGMOID,.regulariser = {.contractive = 1.0f}},
  {.name = "Gaussian noise",.text = RELU,.objective = {AE_OBJECTIVE_DENOISE,
          AE_CORRUPTION_GAUSSIAN, 128.0f, 128.0f}},
  {.name = "masking noise",.text = RELU,.objective = {AE_OBJECTIVE_DENOISE,
          AE_CORRUPTION_MASKING, 0.3f, 0.3f}},
  {.name = "dropout of the code",.text =
        "dense 256 relu, dropout 0.5 | dense 64"},
  {.name = "L2 on the weights",.text = RELU,.regulariser = {.l2 = 0.001f}},
  {.name = "L1 on the weights",.text = RELU,.regulariser = {.l1 = 0.002f}},
  {.name = "Frobenius norm of the weights",.text = RELU,
      .regulariser = {.frobenius = 0.02f}},
  {.name = "stochastic code",.text =
        "dense 256 relu, gaussian 256 | dense 64",.regulariser = {.kl = 0.3f}},
};

const guint theory_n_code_cases = G_N_ELEMENTS (theory_code_cases);

TheoryModel
theory_code_train (const CodeCase * code_case, const TheoryData * data,
    guint n_steps)
{
  TheoryTask task = theory_task (code_case->text, data, 128, n_steps, 0.003f);

  task.config.regulariser = code_case->regulariser;
  task.objective = code_case->objective;
  return theory_train (&task, NULL);
}

static double
noise_gain (const TheoryModel * model, const TheoryData * data)
{
  gsize n = data->n * theory_size (&data->shape);
  TheoryData noisy = *data;
  g_autofree float *x = theory_corrupt (data, AE_CORRUPTION_GAUSSIAN, 5.0f, 17);
  g_autofree float *out = theory_run (model, data);
  g_autofree float *out_noisy = NULL;

  noisy.x = x;
  out_noisy = theory_run (model, &noisy);
  return theory_mse (out, out_noisy, n) / theory_mse (data->x, x, n);
}

static double
jacobian (const TheoryModel * model, const TheoryData * data)
{
  g_autoptr (AeContractive) contractive =
      ae_contractive_new (model->architecture, NULL);
  g_autoptr (AeTape) tape = ae_tape_new (model->architecture);
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  guint n = MIN (data->n, 256);
  gsize size = theory_size (&data->shape);
  AeRng rng;

  if (contractive == NULL)
    return 0.0;
  ae_rng_init (&rng, 5);
  ae_tensor_resize (&in, data->shape.c, data->shape.h, data->shape.w, n);
  for (gsize p = 0; p < size; p++) {
    for (guint i = 0; i < n; i++)
      in.data[p * n + i] = data->x[i * size + p];
  }
  ae_tape_forward (tape, model->weights->data, &in, NULL);
  return ae_contractive_run (contractive, tape, model->weights->data,
      model->architecture->n_encoder > 1 ? 50 : 0, &rng, 0.0f, NULL) / n;
}

CodeFigures
theory_code_figures (const TheoryModel * model, const TheoryData * held_out)
{
  const AeShape *code_shape =
      &model->architecture->layers[model->architecture->n_encoder - 1].out;
  g_autofree float *code = theory_encode (model, held_out);
  gsize n = held_out->n * theory_size (code_shape);
  CodeFigures figures = { 0 };
  float largest = 0.0f;

  figures.error = theory_error (model, held_out);
  figures.noise_gain = noise_gain (model, held_out);
  figures.jacobian = jacobian (model, held_out);
  for (gsize i = 0; i < n; i++) {
    figures.activity += (double) code[i] / (double) n;
    largest = MAX (largest, fabsf (code[i]));
  }
  for (gsize i = 0; i < n; i++)
    figures.density += (fabsf (code[i]) > 0.01f * largest) / (double) n;
  return figures;
}

TheoryData
theory_whole_patches (guint size, guint n, TheoryPart part, guint64 seed)
{
  guint d = size * size;
  float *x = theory_patches_load (size, n, part, seed);
  TheoryData data = { x, n, {1, size, size}, NULL };
  double squares = 0.0;

  for (guint i = 0; i < n; i++) {
    float mean = 0.0f;

    for (guint j = 0; j < d; j++)
      mean += x[i * d + j] / (float) d;
    for (guint j = 0; j < d; j++) {
      x[i * d + j] -= mean;
      squares += (double) x[i * d + j] * (double) x[i * d + j];
    }
  }
  for (gsize i = 0; i < (gsize) n * d; i++)
    x[i] /= (float) sqrt (squares / ((double) n * d));
  return data;
}
