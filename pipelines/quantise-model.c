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
#define REPORT_PATCH 256
#define N_REPORT 24

static gchar *option_output, *option_validate;
static gint option_patches = 4096, option_seed = 1;
static gchar **option_arguments;

static const GOptionEntry entries[] = {
  {"output", 'o', 0, G_OPTION_ARG_FILENAME, &option_output,
      "Model file to write", "FILE"},
  {"validate", 'v', 0, G_OPTION_ARG_FILENAME, &option_validate,
      "Pictures to compare floats and integers on, which must not be among "
        "those given", "FOLDER"},
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
  AeNoisyPatches patches = { pictures, PATCH };
  float input[PATCH * PATCH], target[PATCH * PATCH], given = 0.0f;
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
      for (guint p = 0; p < PATCH * PATCH; p++)
        in.data[(gsize) p * BATCH + i] = input[p];
    }
    ae_tape_forward (tape, model->weights->data, &in, &condition);
    ae_calibration_add (calibration, tape);
  }
  return ae_calibration_finish (calibration, model->weights, error);
}

/* Square error of @plan's output for one patch. */
static double
square_error (AePlan * plan, const float *noisy, const float *clean,
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
  return sum / (REPORT_PATCH * REPORT_PATCH);
}

/* Mean PSNR of some patches by each plan; what the second loses, at most. */
static void
report_level (const AePictureSet * set, AePlan * const plans[2],
    AeCorruptionKind kind, float level)
{
  const gsize n = REPORT_PATCH * REPORT_PATCH;
  g_autofree float *clean = g_new (float, n);
  g_autofree float *noisy = g_new (float, n);
  g_autofree float *out = g_new (float, n);
  g_auto (AeTensor) condition = AE_TENSOR_INIT;
  double mean[2] = { 0.0, 0.0 }, most = -G_MAXDOUBLE;
  AeRng rng;

  ae_rng_init (&rng, 1000);
  ae_tensor_resize (&condition, 1, 1, 1, 1);
  for (guint i = 0; i < N_REPORT; i++) {
    const AePicture *picture = ae_picture_set_luma (set, i);
    double db[2];

    ae_picture_crop (picture, &rng, REPORT_PATCH, clean);
    condition.data[0] = ae_noisy_patch (kind, level, picture->mean, &rng,
        clean, noisy, REPORT_PATCH);
    for (guint j = 0; j < 2; j++) {
      db[j] = -10.0 * log10 (square_error (plans[j], noisy, clean, &condition,
              out));
      mean[j] += db[j] / N_REPORT;
    }
    most = MAX (most, db[0] - db[1]);
  }
  g_print ("%-17s %5g  %8.3f %8.3f %+8.3f %+8.3f\n", ae_corruption_name (kind),
      (double) level, mean[0], mean[1], mean[1] - mean[0], -most);
}

static gboolean
report (const AeModel * model, AeInt8 * int8, GError ** error)
{
  static const float gaussian[] = { 0.5f, 1, 2, 5, 10, 25, 50, 75 };
  static const float camera[] = { 2, 5, 10, 15, 25 };
  const gchar *paths[] = { option_validate, NULL };
  g_autoptr (AePictureSet) set = ae_picture_set_new (paths, REPORT_PATCH,
      error);
  g_autoptr (AePlan) in_floats = NULL;
  g_autoptr (AePlan) in_integers = NULL;

  if (set == NULL)
    return FALSE;
  in_floats = ae_plan_new (model->architecture, model->weights, REPORT_PATCH,
      REPORT_PATCH, 1, error);
  if (in_floats == NULL)
    return FALSE;
  in_integers = ae_plan_new_int8 (model->architecture, model->weights, int8,
      REPORT_PATCH, REPORT_PATCH, 1, error);
  if (in_integers == NULL)
    return FALSE;
  g_print ("%-17s %5s  %8s %8s %8s %8s\n", "PSNR, dB", "", "float", "int8",
      "mean", "worst");
  for (guint i = 0; i < G_N_ELEMENTS (gaussian); i++)
    report_level (set, (AePlan * const[2]) { in_floats, in_integers },
      AE_CORRUPTION_GAUSSIAN, gaussian[i]);
  for (guint i = 0; i < G_N_ELEMENTS (camera); i++)
    report_level (set, (AePlan * const[2]) { in_floats, in_integers },
      AE_CORRUPTION_POISSON_GAUSSIAN, camera[i]);
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
  return g_steal_pointer (&model);
}

static gboolean
quantise (GError ** error)
{
  g_autoptr (AeModel) model = load (option_arguments[0], error);
  g_autoptr (AePictureSet) pictures = NULL;
  g_autoptr (AeInt8) int8 = NULL;
  g_autoptr (AeModel) quantised = NULL;

  if (model == NULL)
    return FALSE;
  pictures = ae_picture_set_new ((const gchar * const *) option_arguments + 1,
      PATCH, error);
  if (pictures == NULL)
    return FALSE;
  int8 = calibrate (model, pictures, error);
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
  else if (option_patches < 1)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--patches %d is not positive", option_patches);
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
