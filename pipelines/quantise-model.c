/* Adds integers to a denoising model; pipelines/quantise-model runs it.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>
#include <math.h>
#include <stdlib.h>

#include "ae-calibration.h"
#include "ae-error.h"
#include "ae-model.h"
#include "ae-plan.h"
#include "noisy-patches.h"
#include "picture-set.h"

#define PATCH 64
#define BATCH 16
#define REPORT_PATCH 128
#define N_PATCHES 64

static gchar *option_output, *option_validate;
static gint option_patches = 4096, option_seed = 1;
static gdouble option_tolerance = 0.05;
static gchar **option_arguments;

static const GOptionEntry entries[] = {
  {"output", 'o', 0, G_OPTION_ARG_FILENAME, &option_output,
      "Model file to write", "FILE"},
  {"validate", 'v', 0, G_OPTION_ARG_FILENAME, &option_validate,
      "Pictures to compare floats and integers on, which must not be among "
        "those given", "FOLDER"},
  {"tolerance", 0, 0, G_OPTION_ARG_DOUBLE, &option_tolerance,
      "PSNR that may be lost at any noise level, on the pictures given "
        "(default: 0.05)", "DB"},
  {"patches", 0, 0, G_OPTION_ARG_INT, &option_patches,
      "Noisy patches to look at (default: 4096)", "N"},
  {"seed", 0, 0, G_OPTION_ARG_INT, &option_seed,
      "Seed of patches and noise (default: 1)", "N"},
  {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_arguments,
      NULL, "MODEL PICTURE or FOLDER ..."},
  G_OPTION_ENTRY_NULL
};

/* Runs the model on patches like those it was trained on. */
static AeInt8 *
calibrate (const AeModel * model, const AePictureSet * pictures,
    GError ** error)
{
  g_autoptr (AeTape) tape = ae_tape_new (model->architecture);
  g_autoptr (AeCalibration) calibration =
      ae_calibration_new (model->architecture);
  AeNoisyPatches patches = { pictures, PATCH, 1 };
  float input[PATCH * PATCH], target[PATCH * PATCH], given = 0.0f;
  float weights[BATCH];
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  g_auto (AeTensor) condition = AE_TENSOR_INIT;
  AeRng rng;

  ae_rng_init (&rng, (guint64) option_seed);
  ae_tensor_resize (&in, 1, PATCH, PATCH, BATCH);
  ae_tensor_resize (&condition, 1, 1, 1, BATCH);
  for (gint n = 0; n < option_patches; n += BATCH) {
    for (guint i = 0; i < BATCH; i++) {
      AeSample sample = { input, target, &given, NULL, 1.0f };

      ae_noisy_patches_sample (&patches, &rng, &sample);
      condition.data[i] = given;
      weights[i] = sample.weight;
      for (guint p = 0; p < PATCH * PATCH; p++)
        in.data[(gsize) p * BATCH + i] = input[p];
    }
    ae_tape_forward (tape, model->weights->data, &in, &condition);
    ae_calibration_add (calibration, tape, weights);
  }
  return ae_calibration_finish (calibration, model->weights, error);
}

static const struct
{
  AeCorruptionKind kind;
  float level;
} levels[] = {
  {AE_CORRUPTION_GAUSSIAN, 0.5f}, {AE_CORRUPTION_GAUSSIAN, 1},
  {AE_CORRUPTION_GAUSSIAN, 2}, {AE_CORRUPTION_GAUSSIAN, 5},
  {AE_CORRUPTION_GAUSSIAN, 10}, {AE_CORRUPTION_GAUSSIAN, 25},
  {AE_CORRUPTION_GAUSSIAN, 50}, {AE_CORRUPTION_GAUSSIAN, 75},
  {AE_CORRUPTION_POISSON_GAUSSIAN, 2}, {AE_CORRUPTION_POISSON_GAUSSIAN, 5},
  {AE_CORRUPTION_POISSON_GAUSSIAN, 10}, {AE_CORRUPTION_POISSON_GAUSSIAN, 15},
  {AE_CORRUPTION_POISSON_GAUSSIAN, 25},
};

#define N_LEVELS G_N_ELEMENTS (levels)

/* PSNR in dB of some patches of @set. */
typedef struct
{
  double db[N_LEVELS][N_PATCHES];
} Quality;

static double
psnr (AePlan * plan, const float *noisy, const float *clean,
    const AeTensor * condition, float *out)
{
  AePlane from = { (float *) noisy, REPORT_PATCH };
  AePlane to = { out, REPORT_PATCH };
  double sum = 0.0;

  ae_plan_run (plan, &from, condition, &to);
  for (guint i = 0; i < REPORT_PATCH * REPORT_PATCH; i++) {
    double d = (double) CLAMP (out[i], 0.0f, 1.0f) - (double) clean[i];

    sum += d * d;
  }
  return -10.0 * log10 (sum / (REPORT_PATCH * REPORT_PATCH));
}

/* @int8: NULL for floats alone */
static gboolean
measure (const AePictureSet * set, const AeModel * model, AeInt8 * int8,
    Quality * quality, GError ** error)
{
  const gsize n = REPORT_PATCH * REPORT_PATCH;
  g_autofree float *clean = g_new (float, n);
  g_autofree float *noisy = g_new (float, n);
  g_autofree float *out = g_new (float, n);
  g_auto (AeTensor) condition = AE_TENSOR_INIT;
  g_autoptr (AePlan) plan = ae_plan_new_int8 (model->architecture,
      model->weights, int8, REPORT_PATCH, REPORT_PATCH, 0, error);
  AeRng rng;

  if (plan == NULL)
    return FALSE;
  ae_tensor_resize (&condition, 1, 1, 1, 1);
  for (guint i = 0; i < N_LEVELS; i++) {
    ae_rng_init (&rng, 1000);
    for (guint j = 0; j < N_PATCHES; j++) {
      const AePicture *picture = ae_picture_set_luma (set, j);

      ae_picture_crop (picture, &rng, REPORT_PATCH, clean);
      condition.data[0] = ae_noisy_patch (levels[i].kind, levels[i].level,
          picture->mean, &rng, clean, noisy, REPORT_PATCH);
      quality->db[i][j] = psnr (plan, noisy, clean, &condition, out);
    }
  }
  return TRUE;
}

static double
mean_of (const double db[N_PATCHES])
{
  double sum = 0.0;

  for (guint i = 0; i < N_PATCHES; i++)
    sum += db[i];
  return sum / N_PATCHES;
}

/* Returns: what is lost at the level that loses most. */
static double
loss (const Quality * in_floats, const Quality * in_integers)
{
  double most = 0.0;

  for (guint i = 0; i < N_LEVELS; i++)
    most = MAX (most, mean_of (in_floats->db[i])
        - mean_of (in_integers->db[i]));
  return most;
}

/* What each layer alone loses. */
static gboolean
measure_layers (const AePictureSet * set, const AeModel * model,
    const AeInt8 * int8, const Quality * in_floats, double *losses,
    GError ** error)
{
  for (guint i = 0; i < int8->n_layers; i++) {
    g_autoptr (AeInt8) alone = ae_int8_ref ((AeInt8 *) int8);
    Quality quality;

    losses[i] = -1.0;
    if (int8->layers[i].weights == NULL)
      continue;
    for (guint j = 0; j < int8->n_layers; j++) {
      AeInt8 *fewer;

      if (j == i || int8->layers[j].weights == NULL)
        continue;
      fewer = ae_int8_without (alone, model->architecture, j);
      ae_int8_unref (alone);
      alone = fewer;
    }
    if (!measure (set, model, alone, &quality, error))
      return FALSE;
    losses[i] = loss (in_floats, &quality);
  }
  return TRUE;
}

/* Leaves the layers that lose most in floats until all others together are
 * within tolerance. */
static AeInt8 *
choose_layers (const AePictureSet * set, const AeModel * model, AeInt8 * all,
    GError ** error)
{
  g_autofree double *losses = g_new (double, all->n_layers);
  g_autoptr (AeInt8) int8 = ae_int8_ref (all);
  Quality in_floats, quality;

  if (!measure (set, model, NULL, &in_floats, error)
      || !measure_layers (set, model, all, &in_floats, losses, error))
    return NULL;
  for (;;) {
    guint worst = 0;
    AeInt8 *fewer;

    if (!measure (set, model, int8, &quality, error))
      return NULL;
    g_print ("%.3f dB lost at most\n", loss (&in_floats, &quality));
    if (loss (&in_floats, &quality) <= option_tolerance)
      return g_steal_pointer (&int8);
    for (guint i = 0; i < all->n_layers; i++)
      worst = losses[i] > losses[worst] ? i : worst;
    if (losses[worst] < 0.0)
      break;
    g_print ("%s in column %u stays float: alone it loses %.3f dB\n",
        model->architecture->layers[worst].ops->name,
        model->architecture->layers[worst].column, losses[worst]);
    losses[worst] = -1.0;
    fewer = ae_int8_without (int8, model->architecture, worst);
    ae_int8_unref (int8);
    int8 = fewer;
  }
  g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
      "no layer can be run in integers within %g dB", option_tolerance);
  return NULL;
}

static gboolean
report (const AeModel * model, AeInt8 * int8, GError ** error)
{
  const gchar *paths[] = { option_validate, NULL };
  g_autoptr (AePictureSet) set = ae_picture_set_new (paths, REPORT_PATCH,
      error);
  Quality a, b;

  if (set == NULL || !measure (set, model, NULL, &a, error)
      || !measure (set, model, int8, &b, error))
    return FALSE;
  g_print ("%-17s %5s  %8s %8s %8s %8s\n", "PSNR, dB", "", "float", "int8",
      "mean", "worst");
  for (guint i = 0; i < N_LEVELS; i++) {
    double worst = 0.0;

    for (guint j = 0; j < N_PATCHES; j++)
      worst = MIN (worst, b.db[i][j] - a.db[i][j]);
    g_print ("%-17s %5g  %8.3f %8.3f %+8.3f %+8.3f\n",
        ae_corruption_name (levels[i].kind), (double) levels[i].level,
        mean_of (a.db[i]), mean_of (b.db[i]),
        mean_of (b.db[i]) - mean_of (a.db[i]), worst);
  }
  return TRUE;
}

static AeModel *
load (const gchar * name, GError ** error)
{
  g_autofree gchar *path = ae_model_find (name, error);
  g_autoptr (AeModel) model = path ? ae_model_load (path, error) : NULL;
  const AeArchitecture *architecture = model ? model->architecture : NULL;

  if (model == NULL)
    return NULL;
  if (architecture->input.c != 1 || architecture->input.h != 0
      || architecture->output.c != 1 || architecture->n_given > 1) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "%s: not a denoiser of one plane of any size", path);
    return NULL;
  }
  if (!ae_noisy_patches_fit (architecture, PATCH)
      || !ae_noisy_patches_fit (architecture, REPORT_PATCH)) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "%s: \"%s\", which takes sides that are multiples of %u, does not make "
        "%ux%u of %ux%u", path, architecture->text, architecture->multiple,
        PATCH, PATCH, PATCH, PATCH);
    return NULL;
  }
  return g_steal_pointer (&model);
}

static gboolean
quantise (GError ** error)
{
  g_autoptr (AeModel) model = load (option_arguments[0], error);
  g_autoptr (AePictureSet) pictures = NULL;
  g_autoptr (AeInt8) all = NULL;
  g_autoptr (AeInt8) int8 = NULL;
  g_autoptr (AeModel) quantised = NULL;

  if (model == NULL)
    return FALSE;
  pictures = ae_picture_set_new ((const gchar * const *) option_arguments + 1,
      REPORT_PATCH, error);
  if (pictures == NULL)
    return FALSE;
  all = calibrate (model, pictures, error);
  int8 = all ? choose_layers (pictures, model, all, error) : NULL;
  if (int8 == NULL || (option_validate && !report (model, int8, error)))
    return FALSE;
  quantised = ae_model_new_int8 (model, int8);
  return ae_model_save (quantised, option_output, error);
}

static gboolean
check_options (GError ** error)
{
  if (option_arguments == NULL || option_arguments[1] == NULL
      || option_output == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "a model, pictures and -o FILE are needed; see --help");
  else if (option_patches < 1 || !(option_tolerance >= 0.0))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--patches and --tolerance take positive numbers");
  else
    return TRUE;
  return FALSE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context =
      g_option_context_new ("- add integers to a denoising model");
  g_autoptr (GError) error = NULL;

  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)
      || !check_options (&error) || !quantise (&error)) {
    g_printerr ("quantise-model: %s\n", error->message);
    return EXIT_FAILURE;
  }
  g_print ("wrote %s\n", option_output);
  return EXIT_SUCCESS;
}
