/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "theory-vae.h"

#include <math.h>
#include <string.h>

#include "ae-tape.h"

const gchar theory_vae_text[] =
    "dense 256 relu, dense 256 relu, gaussian 20 | dense 256 relu, "
    "dense 256 relu, dense 400 sigmoid";
const gchar theory_cvae_text[] =
    "dense 256 relu, given 10, dense 256 relu, gaussian 20 | given 10, "
    "dense 256 relu, dense 256 relu, dense 400 sigmoid";

static const AeLikelihood bernoulli = { AE_LIKELIHOOD_BERNOULLI, 0.0 };

TheoryData
theory_binary_digits (TheoryDigits * digits, gboolean labelled)
{
  for (gsize i = 0; i < (gsize) digits->n * DIGIT_SIZE; i++)
    digits->pixels[i] = digits->pixels[i] > 0.5f ? 1.0f : 0.0f;
  return (TheoryData) {
    digits->pixels, digits->n, {
    1, DIGIT_SIDE, DIGIT_SIDE}
  , labelled ? digits->labels : NULL};
}

TheoryModel
theory_vae_train (const gchar * text, const TheoryData * data, float beta,
    guint n_steps)
{
  TheoryTask task = theory_task (text, data, 64, n_steps, 0.003f);

  task.config.loss = AE_LOSS_BCE;
  task.config.regulariser.kl = beta;
  return theory_train (&task, NULL);
}

/* Digit @i of @data as a batch of one, and its class as the condition. */
static void
take_digit (const TheoryData * data, guint i, AeTensor * x,
    AeTensor * condition)
{
  ae_tensor_resize (x, 1, DIGIT_SIDE, DIGIT_SIDE, 1);
  memcpy (x->data, data->x + (gsize) i * DIGIT_SIZE,
      DIGIT_SIZE * sizeof (float));
  ae_tensor_resize (condition, N_DIGIT_CLASSES, 1, 1, 1);
  ae_tensor_zero (condition);
  if (data->labels)
    condition->data[data->labels[i]] = 1.0f;
}

VaeFigures
theory_vae_figures (const TheoryModel * model, const TheoryData * held_out,
    guint n, guint n_draws)
{
  g_autoptr (AeTape) tape = ae_tape_new (model->architecture);
  g_auto (AeTensor) x = AE_TENSOR_INIT;
  g_auto (AeTensor) condition = AE_TENSOR_INIT;
  const float *weights = model->weights->data;
  gboolean conditional = model->architecture->n_given > 0;
  VaeFigures mean = { 0.0, 0.0, 0.0 };
  AeRng rng;

  ae_rng_init (&rng, 1);
  for (guint i = 0; i < n; i++) {
    AeElbo elbo;

    take_digit (held_out, i, &x, &condition);
    ae_vae_elbo (tape, weights, &x, conditional ? &condition : NULL,
        &bernoulli, 10, &rng, &elbo);
    mean.elbo += (elbo.log_likelihood - elbo.kl) / n;
    mean.kl += elbo.kl / n;
    mean.log_likelihood += ae_vae_log_likelihood (tape, weights, &x,
        conditional ? &condition : NULL, &bernoulli, n_draws, &rng) / n;
  }
  return mean;
}

double
theory_independent_pixels (const TheoryData * data, const TheoryData * held_out)
{
  /* one more of each than were seen */
  static double ones[N_DIGIT_CLASSES][DIGIT_SIZE], n[N_DIGIT_CLASSES];
  double sum = 0.0;

  for (guint k = 0; k < N_DIGIT_CLASSES; k++) {
    n[k] = 2.0;
    for (guint p = 0; p < DIGIT_SIZE; p++)
      ones[k][p] = 1.0;
  }
  for (guint i = 0; i < data->n; i++) {
    guint k = data->labels ? data->labels[i] : 0;

    n[k]++;
    for (guint p = 0; p < DIGIT_SIZE; p++)
      ones[k][p] += (double) data->x[(gsize) i * DIGIT_SIZE + p];
  }
  for (guint i = 0; i < held_out->n; i++) {
    guint k = data->labels ? held_out->labels[i] : 0;

    for (guint p = 0; p < DIGIT_SIZE; p++) {
      double one = ones[k][p] / n[k];

      sum += held_out->x[(gsize) i * DIGIT_SIZE + p] > 0.5f ? log (one)
          : log1p (-one);
    }
  }
  return sum / held_out->n;
}

/* The decoder's pictures of @code [c][1][1][n], class i % 10 for picture i. */
static float *
decode (const TheoryModel * model, const AeTensor * code)
{
  g_autoptr (AeTape) tape = ae_tape_new (model->architecture);
  g_auto (AeTensor) condition = AE_TENSOR_INIT;
  float *pictures = g_new (float, (gsize) code->n * DIGIT_SIZE);
  const AeTensor *out;

  ae_tensor_resize (&condition, N_DIGIT_CLASSES, 1, 1, code->n);
  ae_tensor_zero (&condition);
  for (guint i = 0; i < code->n; i++)
    condition.data[(gsize) (i % N_DIGIT_CLASSES) * code->n + i] = 1.0f;
  out = ae_tape_decode (tape, model->weights->data, code,
      model->architecture->n_given > 0 ? &condition : NULL);
  for (guint i = 0; i < code->n; i++) {
    for (guint p = 0; p < DIGIT_SIZE; p++)
      pictures[(gsize) i * DIGIT_SIZE + p] = out->data[(gsize) p * code->n + i];
  }
  return pictures;
}

static guint
code_size (const TheoryModel * model)
{
  return model->architecture->layers[model->architecture->n_encoder - 1].out.c;
}

float *
theory_vae_draw (const TheoryModel * model, guint n, guint64 seed)
{
  g_auto (AeTensor) code = AE_TENSOR_INIT;
  AeRng rng;

  ae_rng_init (&rng, seed);
  ae_tensor_resize (&code, code_size (model), 1, 1, n);
  ae_vae_draw_prior (&code, 1.0f, &rng);
  return decode (model, &code);
}

float *
theory_vae_interpolate (const TheoryModel * model, const TheoryData * data,
    guint from, guint to, guint n)
{
  g_auto (AeTensor) code = AE_TENSOR_INIT;
  guint size = code_size (model);
  TheoryData ends[2] = { *data, *data };
  g_autofree float *a = NULL;
  g_autofree float *b = NULL;
  g_autofree float *between = g_new (float, size);

  ends[0].x += (gsize) from *DIGIT_SIZE;
  ends[1].x += (gsize) to *DIGIT_SIZE;
  ends[0].n = ends[1].n = 1;
  a = theory_encode (model, &ends[0]);
  b = theory_encode (model, &ends[1]);
  ae_tensor_resize (&code, size, 1, 1, n);
  for (guint i = 0; i < n; i++) {
    ae_vae_interpolate (a, b, size, (float) i / (float) (n - 1), between);
    for (guint j = 0; j < size; j++)
      code.data[(gsize) j * n + i] = between[j];
  }
  return decode (model, &code);
}
