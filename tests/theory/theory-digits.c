/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "theory-digits.h"

#include "ae-pretrain.h"

const DigitCase theory_deep_cases[2] = {
  {"three dense layers, relu",
      "dense 256 relu, dense 128 relu, dense 10 | dense 128 relu, "
        "dense 256 relu, dense 400 sigmoid"},
  {"three dense layers, sigmoid",
      "dense 256 sigmoid, dense 128 sigmoid, dense 10 | dense 128 sigmoid, "
        "dense 256 sigmoid, dense 400 sigmoid"},
};

#define DECODER " | dense 400, shuffle 5, conv 3x3 16 relu, upsample 2, " \
    "conv 3x3 8 relu, upsample 2, conv 3x3 1 sigmoid"

const DigitCase theory_conv_cases[3] = {
  {"convolutions, maximum pooling",
      "conv 3x3 8 relu, pool max 2, conv 3x3 16 relu, pool max 2, dense 10"
        DECODER},
  {"convolutions, average pooling",
      "conv 3x3 8 relu, pool avg 2, conv 3x3 16 relu, pool avg 2, dense 10"
        DECODER},
  {"strides and transposed convolutions",
      "conv 3x3/2 8 relu, conv 3x3/2 16 relu, dense 10 | dense 400, "
        "shuffle 5, deconv 4x4*2 16 relu, deconv 4x4*2 1 sigmoid"},
};

TheoryData
theory_digit_data (const TheoryDigits * digits, gboolean labelled)
{
  return (TheoryData) {
    digits->pixels, digits->n, {
    1, DIGIT_SIDE, DIGIT_SIDE}
  , labelled ? digits->labels : NULL};
}

/* The trainer's samples of @data, an AeSampleFunc. */
static void
digit_sample (gpointer user_data, AeRng * rng, AeSample * sample)
{
  const TheoryData *data = user_data;
  const AeObjective reconstruct = { AE_OBJECTIVE_RECONSTRUCT, 0, 0.0f, 0.0f };
  guint i = ae_rng_below (rng, data->n);
  const AePatch patch = { data->shape, data->x + (gsize) i * DIGIT_SIZE, NULL,
    0.0f, 1.0f, 0
  };

  ae_objective_fill (&reconstruct, &patch, rng, 0, sample);
}

TheoryModel
theory_pretrained (const gchar * text, const TheoryData * data, guint n_steps,
    guint n_fine)
{
  TheoryTask task = theory_task (text, data, 64, n_fine, 0.003f);
  AeSchedule schedule = { AE_SCHEDULE_COSINE, 0.003f, n_steps, n_steps / 10 };
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse (text, &data->shape, NULL);
  g_autoptr (AeWeights) random = NULL;
  g_autoptr (AeWeights) pretrained = NULL;
  AeRng rng;

  ae_rng_init (&rng, 1);
  random = ae_weights_new_random (architecture, &rng);
  pretrained = ae_pretrain_greedy (architecture, random, &task.config,
      &schedule, digit_sample, (gpointer) data, NULL);
  return theory_train (&task, pretrained);
}

/* The greatest of the outputs is the answer. */
static double
accuracy (const TheoryModel * model, const TheoryData * test)
{
  g_autofree float *out = theory_run (model, test);
  guint n_right = 0;

  for (guint i = 0; i < test->n; i++) {
    const float *row = out + i * N_DIGIT_CLASSES;
    guint best = 0;

    for (guint k = 1; k < N_DIGIT_CLASSES; k++) {
      if (row[k] > row[best])
        best = k;
    }
    n_right += best == test->labels[i];
  }
  return 100.0 * n_right / test->n;
}

#define PROBE_ENCODER "conv 3x3/2 16 relu, conv 3x3/2 32 relu, dense 64 relu | "

ProbeFigures
theory_probe (const TheoryDigits * train, const TheoryDigits * test,
    guint n_labels, guint n_steps)
{
  const gchar *head = PROBE_ENCODER "dense 10 sigmoid";
  TheoryData all = theory_digit_data (train, FALSE);
  TheoryData few = theory_digit_data (train, TRUE);
  TheoryData held_out = theory_digit_data (test, TRUE);
  TheoryTask task = theory_task (PROBE_ENCODER "dense 800, shuffle 5, "
      "deconv 4x4*2 16 relu, deconv 4x4*2 1 sigmoid", &all, 64, n_steps,
      0.003f);
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse (head, &all.shape, NULL);
  g_auto (TheoryModel) autoencoder = { 0 };
  double right[3];
  AeRng rng;

  few.n = n_labels;
  task.objective = (AeObjective) {
  AE_OBJECTIVE_DENOISE, AE_CORRUPTION_MASKING, 0.5f, 0.5f};
  autoencoder = theory_train (&task, NULL);
  ae_rng_init (&rng, 1);
  for (guint i = 0; i < 3; i++) {
    guint n_encoder = architecture->n_encoder;
    g_autoptr (AeWeights) start = i == 2 ? NULL
        : ae_weights_new_transfer (architecture, &rng,
        autoencoder.architecture, autoencoder.weights, n_encoder, NULL);
    g_auto (TheoryModel) classifier = { 0 };
    TheoryTask probe = theory_task (head, &few, 64, 400,
        i == 0 ? 0.01f : 0.003f);

    probe.classes = N_DIGIT_CLASSES;
    probe.config.loss = AE_LOSS_BCE;
    probe.config.n_frozen = i == 0 ? n_encoder : 0;
    classifier = theory_train (&probe, start);
    right[i] = accuracy (&classifier, &held_out);
  }
  return (ProbeFigures) {
  right[0], right[1], right[2]};
}

#define PATCH 12

DenoiseFigures
theory_denoise (AeCorruptionKind kind, float level, guint n_steps)
{
  enum
  { N = 8000, N_HELD_OUT = 1000 };
  g_autofree float *x = theory_patches_load (PATCH, N, THEORY_TRAIN, 1);
  g_autofree float *y =
      theory_patches_load (PATCH, N_HELD_OUT, THEORY_OTHER_PHOTOS, 2);
  TheoryData train = { x, N, {1, PATCH, PATCH}, NULL };
  TheoryData held_out = { y, N_HELD_OUT, {1, PATCH, PATCH}, NULL };
  g_autofree float *corrupted = theory_corrupt (&held_out, kind, level, 3);
  gsize n = (gsize) N_HELD_OUT * PATCH * PATCH;
  TheoryData noisy = held_out;
  double error[2];

  noisy.x = corrupted;
  for (guint i = 0; i < 2; i++) {
    TheoryTask task = theory_task ("dense 200 relu | dense 144", &train, 64,
        n_steps, 0.003f);
    g_auto (TheoryModel) model = { 0 };
    g_autofree float *out = NULL;

    if (i == 1)
      task.objective = (AeObjective) {
      AE_OBJECTIVE_DENOISE, kind, level, level};
    model = theory_train (&task, NULL);
    out = theory_run (&model, &noisy);
    error[i] = theory_mse (out, y, n);
  }
  return (DenoiseFigures) {
  theory_mse (corrupted, y, n), error[0], error[1]};
}

#define COLOUR 32

static ColourFigures
colour_figures (const TheoryModel * model, const double *mean, TheoryPart part)
{
  enum
  { N = 500 };
  g_autofree float *x = theory_colour_patches_load (COLOUR, N, part, 2);
  TheoryData data = { x, N, {3, COLOUR, COLOUR}, NULL };
  g_autofree float *out = theory_run (model, &data);
  const gsize plane = COLOUR * COLOUR;
  ColourFigures sum = { 0.0, 0.0, 0.0 };

  for (gsize i = 0; i < N * 2 * plane; i++) {
    gsize sample = i / (2 * plane), c = i / plane % 2;
    double chroma = (double) x[(sample * 3 + 1 + c) * plane + i % plane];
    double d = (double) out[i] - chroma;

    sum.model += d * d;
    sum.mean += (mean[c] - chroma) * (mean[c] - chroma);
    sum.grey += (0.5 - chroma) * (0.5 - chroma);
  }
  sum.model /= N * 2.0 * (double) plane;
  sum.mean /= N * 2.0 * (double) plane;
  sum.grey /= N * 2.0 * (double) plane;
  return sum;
}

void
theory_colorize (guint n_steps, TheoryModel * model, ColourFigures * places,
    ColourFigures * photos)
{
  enum
  { N = 4000 };
  const gsize plane = COLOUR * COLOUR;
  g_autofree float *x = theory_colour_patches_load (COLOUR, N, THEORY_TRAIN, 1);
  TheoryData data = { x, N, {3, COLOUR, COLOUR}, NULL };
  TheoryTask task = theory_task ("conv 3x3/2 16 relu, conv 3x3/2 32 relu, "
      "conv 3x3/2 64 relu | upsample 2, conv 3x3 32 relu, upsample 2, "
      "conv 3x3 16 relu, upsample 2, conv 3x3 2", &data, 32, n_steps, 0.003f);
  double mean[2] = { 0.0, 0.0 };

  task.objective.kind = AE_OBJECTIVE_COLORIZE;
  *model = theory_train (&task, NULL);
  for (gsize i = 0; i < N * 2 * plane; i++)
    mean[i / plane % 2] += (double)
        x[(i / (2 * plane) * 3 + 1 + i / plane % 2) * plane + i % plane]
        / (double) (N * plane);
  *places = colour_figures (model, mean, THEORY_OTHER_PLACES);
  *photos = colour_figures (model, mean, THEORY_OTHER_PHOTOS);
}
