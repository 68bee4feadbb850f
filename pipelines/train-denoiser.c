/* Trains a denoising model, or the gate of its filter over time, on pictures; pipelines/train-denoiser runs it.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ae-error.h"
#include "ae-model.h"
#include "ae-schedule.h"
#include "ae-tape.h"
#include "ae-trainer.h"
#include "model-facts.h"
#include "motion-patches.h"
#include "noisy-patches.h"
#include "picture-set.h"
#include "training-file.h"

#define REPORT_PATCH 128

#define DEFAULT_ARCHITECTURE \
    "unshuffle 2, save in, given 1, conv 3x3 24 leaky, conv 3x3 24 leaky, " \
    "save half, conv 3x3/2 48 leaky, conv 3x3 48 leaky, save quarter, " \
    "conv 3x3/2 64 leaky, conv 3x3 64 leaky, conv 3x3 64 leaky | " \
    "deconv 2x2*2 48, add quarter leaky, conv 3x3 48 leaky, " \
    "deconv 2x2*2 24, add half leaky, conv 3x3 4, modulate, add in, shuffle 2"

#define GATE_ARCHITECTURE \
    "unshuffle 2, given 2, conv 3x3 12 relu, save half, " \
    "conv 3x3/2 16 relu, save quarter, conv 3x3/2 32 relu, conv 3x3 32 relu | " \
    "deconv 2x2*2 16, add quarter relu, conv 3x3 16 relu, " \
    "deconv 2x2*2 12, add half relu, conv 3x3 1 sigmoid"

static gchar *option_architecture, *option_init, *option_output;
static gchar *option_checkpoint, *option_optimiser, *option_validate;
static gint option_steps, option_batch = 32, option_patch = 64;
static gint option_threads, option_seed = 1, option_report = 1000;
static gdouble option_minutes = 30.0, option_rate = -1.0;
static gdouble option_weight_decay = -1.0;
static gboolean option_gate;
static gchar **option_pictures;
static AeOptimiserKind optimiser;

static const GOptionEntry entries[] = {
  {"output", 'o', 0, G_OPTION_ARG_FILENAME, &option_output,
      "Model file to write (default: my-denoiser.safetensors)", "FILE"},
  {"checkpoint", 'c', 0, G_OPTION_ARG_FILENAME, &option_checkpoint,
      "Write the state of the training here with every report, and go on from "
        "it if it is there; takes --steps", "FILE"},
  {"minutes", 'm', 0, G_OPTION_ARG_DOUBLE, &option_minutes,
      "How long to train (default: 30)", "M"},
  {"steps", 's', 0, G_OPTION_ARG_INT, &option_steps,
        "Steps to train instead of a time, for a result that can be repeated",
      "N"},
  {"init", 'i', 0, G_OPTION_ARG_FILENAME, &option_init,
      "Start from this model instead of random weights; --architecture may "
        "add convolutions, linear or relu behind relu, which begin as the "
        "identity", "FILE"},
  {"validate", 'v', 0, G_OPTION_ARG_FILENAME, &option_validate,
        "Pictures to report on, which must not be among those trained on",
      "FOLDER"},
  {"architecture", 'a', 0, G_OPTION_ARG_STRING, &option_architecture,
      "Architecture text, see docs/architecture-text.md", "TEXT"},
  {"batch", 0, 0, G_OPTION_ARG_INT, &option_batch,
      "Patches in a step, a multiple of 16 (default: 32)", "N"},
  {"patch", 0, 0, G_OPTION_ARG_INT, &option_patch,
      "Height and width of a patch (default: 64)", "N"},
  {"optimiser", 0, 0, G_OPTION_ARG_STRING, &option_optimiser,
      "muon or adamw (default: muon from random weights, adamw with --init or "
        "--gate)", "NAME"},
  {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &option_rate,
        "Peak of the learning rate (default: -1, 0.04 with muon, 0.002 with adamw)",
      "R"},
  {"weight-decay", 0, 0, G_OPTION_ARG_DOUBLE, &option_weight_decay,
        "A step at rate R takes R times this off each weight (default: -1, 0.02 "
        "with muon, 0 with adamw)",
      "D"},
  {"seed", 0, 0, G_OPTION_ARG_INT, &option_seed,
      "Seed of weights, patches and noise (default: 1)", "N"},
  {"threads", 't', 0, G_OPTION_ARG_INT, &option_threads,
      "Threads (default: one per processor)", "N"},
  {"report-every", 0, 0, G_OPTION_ARG_INT, &option_report,
        "Steps between reports, each of which writes the model (default: 1000)",
      "N"},
  {"gate", 0, 0, G_OPTION_ARG_NONE, &option_gate,
        "Train the gate of the filter over time instead, see docs/training.md",
      NULL},
  {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_pictures,
      NULL, "PICTURE or FOLDER ..."},
  G_OPTION_ENTRY_NULL
};

/* Mean PSNR in dB of 64 fixed patches of @set, corrupted and denoised. */
static double
validate (const AePictureSet * set, AeTape * tape, const AeWeights * weights,
    AeCorruptionKind kind, float level, double *noisy_db)
{
  enum
  { SIZE = REPORT_PATCH, N = 16, N_BATCHES = 4 };
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  g_auto (AeTensor) condition = AE_TENSOR_INIT;
  g_autofree float *clean = g_new (float, SIZE * SIZE * N);
  g_autofree float *noisy = g_new (float, SIZE * SIZE);
  double sum = 0.0;
  AeRng rng;

  ae_rng_init (&rng, 1000);
  *noisy_db = 0.0;
  ae_tensor_resize (&in, 1, SIZE, SIZE, N);
  ae_tensor_resize (&condition, 1, 1, 1, N);
  for (guint batch = 0; batch < N_BATCHES; batch++) {
    const AeTensor *out;

    for (guint i = 0; i < N; i++) {
      float *patch = clean + (gsize) i * SIZE * SIZE;
      const AePicture *picture = ae_picture_set_luma (set, batch * N + i);
      double error = 0.0;

      ae_picture_crop (picture, &rng, SIZE, patch);
      condition.data[i] = ae_noisy_patch (kind, level, picture->mean, &rng,
          patch, noisy, SIZE);
      for (guint p = 0; p < SIZE * SIZE; p++) {
        double d = (double) noisy[p] - (double) patch[p];

        in.data[(gsize) p * N + i] = noisy[p];
        error += d * d;
      }
      *noisy_db += -10.0 * log10 (error / (SIZE * SIZE));
    }
    out = ae_tape_forward (tape, weights->data, &in, &condition);
    for (guint i = 0; i < N; i++) {
      double error = 0.0;

      for (guint p = 0; p < SIZE * SIZE; p++) {
        double d = (double) CLAMP (out->data[(gsize) p * N + i], 0.0f, 1.0f)
            - (double) clean[(gsize) i * SIZE * SIZE + p];

        error += d * d;
      }
      sum += -10.0 * log10 (error / (SIZE * SIZE));
    }
  }
  *noisy_db /= N * N_BATCHES;
  return sum / (N * N_BATCHES);
}

static void
report (const AePictureSet * set, AeTape * tape, const AeWeights * weights)
{
  static const struct
  {
    AeCorruptionKind kind;
    float level;
  } rows[] = {
    {AE_CORRUPTION_GAUSSIAN, 2}, {AE_CORRUPTION_GAUSSIAN, 10},
    {AE_CORRUPTION_GAUSSIAN, 25}, {AE_CORRUPTION_GAUSSIAN, 50},
    {AE_CORRUPTION_POISSON_GAUSSIAN, 15},
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    double before;
    double after = validate (set, tape, weights, rows[i].kind, rows[i].level,
        &before);

    g_print ("  %s %g: %.2f -> %.2f dB", ae_corruption_name (rows[i].kind),
        (double) rows[i].level, before, after);
  }
  g_print ("\n");
}

/* The model --init, with the further layers of --architecture. */
static AeModel *
deeper_model (AeArchitecture * architecture, GError ** error)
{
  g_autoptr (AeModel) from = ae_model_load (option_init, error);
  g_autoptr (AeWeights) weights = NULL;

  if (from == NULL)
    return NULL;
  weights = ae_weights_new_deeper (architecture, from->architecture,
      from->weights, error);
  if (weights == NULL)
    return NULL;
  return ae_model_new (architecture, weights, NULL, error);
}

static AeModel *
first_model (GError ** error)
{
  g_autoptr (AeArchitecture) architecture = NULL;
  g_autoptr (AeWeights) weights = NULL;
  AeShape any = { option_gate ? 2 : 1, 0, 0 };
  const gchar *text = option_gate ? GATE_ARCHITECTURE : DEFAULT_ARCHITECTURE;
  AeRng rng;

  if (option_init && option_architecture == NULL)
    return ae_model_load (option_init, error);
  architecture = ae_architecture_parse (option_architecture
      ? option_architecture : text, &any, error);
  if (architecture == NULL)
    return NULL;
  if (option_init)
    return deeper_model (architecture, error);
  ae_rng_init (&rng, (guint64) option_seed);
  weights = ae_weights_new_random (architecture, &rng);
  return ae_model_new (architecture, weights, NULL, error);
}

/* Whether the samples fit it. */
static gboolean
check_model (const AeArchitecture * a, GError ** error)
{
  const guint size = 8 * a->multiple;
  guint h = 0, w = 0;

  ae_architecture_out_size (a, size, size, &h, &w);
  if (option_gate ? a->input.c != 2 || a->output.c != 1 || a->n_given != 2
      || h != size / 2 || w != h
      : a->input.c != 1 || a->output.c != 1 || a->n_given > 1
      || !ae_noisy_patches_fit (a, size)) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "the model \"%s\" has %u input, %u output and %u given channels and "
        "makes %ux%u of %ux%u; %s", a->text, a->input.c, a->output.c,
        a->n_given, w, h, size, size, option_gate
        ? "a gate has 2, 1 and 2 and halves the size"
        : "a denoiser has 1, 1 and at most 1 and keeps the size");
    return FALSE;
  }
  if (option_validate && !ae_noisy_patches_fit (a, REPORT_PATCH)) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "the model \"%s\" takes sides that are multiples of %u; --validate "
        "reports on patches of %d", a->text, a->multiple, REPORT_PATCH);
    return FALSE;
  }
  return TRUE;
}

/* A training under way. */
typedef struct
{
  AeModel *first;
  AeTrainer *trainer;
  AeTape *tape;
  AeSampleFunc func;
  gpointer data;                /* of func */
  const AePictureSet *held_out; /* or NULL */
  guint64 n_steps;
  double seconds_before;        /* of the checkpoint that it goes on from */
  gint64 begin_us;
} Training;

static AeModel *
current_model (const Training * training, GError ** error)
{
  g_autoptr (AeWeights) weights = ae_trainer_weights (training->trainer, error);
  g_autoptr (GHashTable) metadata =
      ae_model_facts (option_gate ? "temporal-gate" : "denoise", "video",
      ae_trainer_n_steps (training->trainer));

  return weights ? ae_model_new (training->first->architecture, weights,
      metadata, error) : NULL;
}

/* What has to be the same for a training to go on as if it had not stopped. */
static gchar *
describe_objective (void)
{
  return g_strdup_printf ("%s, %d steps of %d patches of %d, %s, rate %g, "
      "weight decay %g, seed %d", option_gate ? "gate" : "denoise",
      option_steps, option_batch, option_patch, ae_optimiser_name (optimiser),
      option_rate, option_weight_decay, option_seed);
}

/* Steps that fit into option_minutes, told from how long a few take, and these. */
static guint64
plan_steps (const Training * training)
{
  const guint n_probe = 20;
  gint64 begin_us = g_get_monotonic_time (), us;

  for (guint i = 0; i < n_probe; i++) {
    if (!ae_trainer_step (training->trainer, training->func, training->data,
            1e-6f, NULL, NULL))
      break;
  }
  us = MAX (g_get_monotonic_time () - begin_us, 1);
  return MAX ((guint64) (option_minutes * 60e6 / (double) us * n_probe),
      ae_trainer_n_steps (training->trainer));
}

static gboolean
write_and_report (const Training * training, double loss, GError ** error)
{
  g_autofree gchar *objective = describe_objective ();
  g_autoptr (AeModel) model = current_model (training, error);
  const double seconds = training->seconds_before
      + (double) (g_get_monotonic_time () - training->begin_us) / 1e6;

  if (model == NULL || !ae_model_save (model, option_output, error)
      || !ae_training_file_save (option_checkpoint, training->trainer, model,
          objective, seconds, error))
    return FALSE;
  g_print ("step %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
      ", %.0f s", ae_trainer_n_steps (training->trainer), training->n_steps,
      seconds);
  if (loss > 0.0)               /* a step was made */
    g_print (", loss %.5f", loss);
  if (training->held_out)
    report (training->held_out, training->tape, model->weights);
  else
    g_print ("\n");
  return TRUE;
}

static gboolean
run (Training * training, GError ** error)
{
  const AeSchedule schedule = { AE_SCHEDULE_COSINE, (float) option_rate,
    training->n_steps, MIN (500, training->n_steps / 10)
  };
  double mean_loss = 0.0;
  guint n_seen = 0;
  guint64 i;

  training->begin_us = g_get_monotonic_time ();
  while ((i = ae_trainer_n_steps (training->trainer)) < training->n_steps) {
    AeTrainerLoss loss;

    if (n_seen > 0 && i % (guint64) option_report == 0
        && !write_and_report (training, mean_loss, error))
      return FALSE;
    if (!ae_trainer_step (training->trainer, training->func, training->data,
            ae_schedule_rate (&schedule, i), &loss, error))
      return FALSE;
    mean_loss += (loss.total - mean_loss) / MIN (++n_seen, 1000);
  }
  return write_and_report (training, mean_loss, error);
}

static gboolean
train (Training * training, const AePictureSet * pictures, GError ** error)
{
  AeTrainerConfig config = AE_TRAINER_CONFIG_DEFAULT;
  AeNoisyPatches patches = { pictures, (guint) option_patch,
    (guint) option_patch / 2
  };
  AeMotionPatches motion = { pictures, (guint) option_patch };
  g_autofree gchar *objective = describe_objective ();
  const AeArchitecture *a;

  training->first = first_model (error);
  if (training->first == NULL
      || !check_model (training->first->architecture, error))
    return FALSE;
  a = training->first->architecture;
  training->func = option_gate ? ae_motion_patches_sample
      : ae_noisy_patches_sample;
  training->data = option_gate ? (gpointer) & motion : (gpointer) & patches;
  if (a->n_given == 0)
    patches.grid = 0;
  config.height = config.width = (guint) option_patch;
  config.condition_height = config.condition_width = MAX (patches.grid, 1);
  config.masked = option_gate;
  config.batch = (guint) option_batch;
  config.seed = (guint64) option_seed;
  config.n_threads = (guint) option_threads;
  config.optimiser.kind = optimiser;
  config.optimiser.weight_decay = (float) option_weight_decay;
  training->trainer = ae_trainer_new (training->first->architecture,
      training->first->weights, &config, error);
  if (training->trainer == NULL
      || !ae_training_file_go_on (option_checkpoint, training->trainer, a,
          objective, &training->seconds_before, error))
    return FALSE;
  training->tape = ae_tape_new (training->first->architecture);
  training->n_steps = option_steps > 0 ? (guint64) option_steps
      : plan_steps (training);
  g_print ("%s\n%" G_GSIZE_FORMAT " weights, %.2f kMAC per pixel, %"
      G_GUINT64_FORMAT " steps of %d patches\n", a->text, a->n_weights,
      ae_architecture_macs_per_pixel (a) / 1000.0, training->n_steps,
      option_batch);
  return run (training, error);
}

static gboolean
choose_optimiser (GError ** error)
{
  optimiser = option_init || option_gate ? AE_OPTIMISER_ADAMW
      : AE_OPTIMISER_MUON;
  if (g_strcmp0 (option_optimiser, "muon") == 0)
    optimiser = AE_OPTIMISER_MUON;
  else if (g_strcmp0 (option_optimiser, "adamw") == 0)
    optimiser = AE_OPTIMISER_ADAMW;
  else if (option_optimiser) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--optimiser \"%s\" is neither muon nor adamw", option_optimiser);
    return FALSE;
  }
  if (option_rate < 0.0)
    option_rate = optimiser == AE_OPTIMISER_MUON ? 0.04 : 2e-3;
  if (option_weight_decay < 0.0)
    option_weight_decay = optimiser == AE_OPTIMISER_MUON ? 0.02 : 0.0;
  return TRUE;
}

static gboolean
check_options (GError ** error)
{
  if (option_pictures == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "no pictures given; see --help");
  else if (option_batch < 16 || option_batch % 16 != 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--batch %d is not a multiple of 16", option_batch);
  else if (option_patch < 8 || option_patch > 512)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--patch %d is not in 8 ... 512", option_patch);
  else if (option_gate && option_validate)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--validate does not report on a --gate");
  else if (option_checkpoint && option_steps == 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--checkpoint without --steps, which says when training ends");
  else if (option_steps < 0 || option_report < 1 || option_threads < 0
      || !(option_minutes > 0.0) || !(option_rate > 0.0 || option_rate == -1.0))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--steps, --minutes, --report-every, --threads and --rate take "
        "positive numbers");
  else if (!(option_weight_decay >= 0.0 && option_weight_decay <= 10.0)
      && option_weight_decay != -1.0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--weight-decay %g is not in 0 ... 10", option_weight_decay);
  else
    return choose_optimiser (error);
  return FALSE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context =
      g_option_context_new ("- train a denoising model on pictures");
  g_autoptr (AePictureSet) pictures = NULL;
  g_autoptr (AePictureSet) held_out = NULL;
  g_autoptr (GError) error = NULL;
  const gchar *validate_paths[] = { NULL, NULL };
  Training training = { NULL };

  setvbuf (stdout, NULL, _IOLBF, 0);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_main_entries (context, ae_model_facts_entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)
      || !check_options (&error))
    goto failed;
  if (option_output == NULL)
    option_output = g_strdup ("my-denoiser" AE_MODEL_EXTENSION);
  pictures = ae_picture_set_new ((const gchar * const *) option_pictures,
      (guint) option_patch + (option_gate ? 2 * AE_MOTION_MARGIN : 0), &error);
  if (pictures == NULL)
    goto failed;
  if (option_validate) {
    validate_paths[0] = option_validate;
    held_out = ae_picture_set_new (validate_paths, REPORT_PATCH, &error);
    if (held_out == NULL)
      goto failed;
  }
  training.held_out = held_out;
  if (train (&training, pictures, &error))
    g_print ("wrote %s\n", option_output);

failed:
  ae_tape_free (training.tape);
  ae_trainer_free (training.trainer);
  ae_model_unref (training.first);
  if (error == NULL)
    return EXIT_SUCCESS;
  g_printerr ("train-denoiser: %s\n", error->message);
  return EXIT_FAILURE;
}
