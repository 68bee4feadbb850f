/* Trains a speech codec's model; pipelines/train-audio-codec runs it. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ae-error.h"
#include "ae-latent-model.h"
#include "ae-pca.h"
#include "ae-quantise.h"
#include "latent-fit.h"
#include "latent-run.h"
#include "latent-start.h"
#include "model-facts.h"
#include "sound-fit.h"
#include "sound-packets.h"

#define BLOCK(label, width, distance) \
    "save " label ", causal 3 " distance " relu, conv 1x1 " width ", add " \
    label " relu"
#define DEFAULT_ARCHITECTURE \
    "save x, conv 1x1 192 relu, " BLOCK ("a", "192", "1") ", " \
    BLOCK ("b", "192", "2") ", concat x, conv 1x1 56 | " \
    "save z, conv 1x1 256 relu, " BLOCK ("c", "256", "1") ", " \
    BLOCK ("d", "256", "2") ", concat z, conv 1x1 322"

#define N_LEVELS AE_SYMBOLS_N_LEVELS

/* Steps of the coarsest and the finest level, features varying by about 0.5. */
#define COARSEST 1.2
#define FINEST 0.14

#define FIT_SEED 1000           /* of the samples that tables are fitted to */
#define HELD_OUT 6              /* recordings, of those held out, to report on */
#define PCA_SAMPLES 64          /* samples that the components are found from */

static gchar *option_architecture, *option_init, *option_output;
static gchar **option_speech, **option_held_out;
static gint option_steps = -1, option_batch = 16, option_packets = 100;
static gint option_threads, option_seed = 1, option_report = 500;
static gdouble option_minutes = 40.0, option_rate = 1e-3;
static gdouble option_bit_worth = (gdouble) AE_QUANTISE_BIT_WORTH;

static const GOptionEntry entries[] = {
  {"speech", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_speech,
        "Recordings of a voice, or of a group of voices; give as many as you have",
      "FOLDER"},
  {"held-out", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_held_out,
      "Speech to report on, of voices that are not trained on", "FOLDER"},
  {"output", 'o', 0, G_OPTION_ARG_FILENAME, &option_output,
      "Model file to write (default: my-latent-audio.safetensors)", "FILE"},
  {"minutes", 'm', 0, G_OPTION_ARG_DOUBLE, &option_minutes,
      "How long to train (default: 40)", "M"},
  {"steps", 's', 0, G_OPTION_ARG_INT, &option_steps,
      "Steps to train instead of a time; 0 to fit and judge alone", "N"},
  {"init", 'i', 0, G_OPTION_ARG_FILENAME, &option_init,
      "Start from this model instead of the principal components", "FILE"},
  {"architecture", 'a', 0, G_OPTION_ARG_STRING, &option_architecture,
      "Architecture text, see docs/architecture-text.md", "TEXT"},
  {"batch", 0, 0, G_OPTION_ARG_INT, &option_batch,
      "Samples in a step, a multiple of 16 (default: 16)", "N"},
  {"packets", 0, 0, G_OPTION_ARG_INT, &option_packets,
      "Length of a sample in packets of 20 ms (default: 100)", "N"},
  {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &option_rate,
      "Peak of the learning rate (default: 0.001)", "R"},
  {"bit-worth", 0, 0, G_OPTION_ARG_DOUBLE, &option_bit_worth,
      "What a bit is worth when values are rounded in training, in squared "
        "steps (default: 0.1)", "W"},
  {"seed", 0, 0, G_OPTION_ARG_INT, &option_seed,
      "Seed of weights and samples (default: 1)", "N"},
  {"threads", 't', 0, G_OPTION_ARG_INT, &option_threads,
      "Threads (default: one per processor)", "N"},
  {"report-every", 0, 0, G_OPTION_ARG_INT, &option_report,
        "Steps between reports, each of which writes the model (default: 500)",
      "N"},
  G_OPTION_ENTRY_NULL
};

/* A training under way. */
typedef struct
{
  AeModel *model;               /* that it starts from */
  guint n_planes;
  float base[N_LEVELS];
  float *steps;                 /* [N_LEVELS][n_planes] */
  const AeLatentSource *source;
  AeSoundSet *held_out;         /* or NULL */
} Training;

static void
draw (const AeLatentSource * source, AeRng * rng, float *sample)
{
  ae_sound_packets_draw (source->data, rng, source->w, sample);
}

/* Returns: (transfer full) (nullable): the principal components of packets. */
static AePca *
find_components (const AeLatentSource * source, guint n_planes, GError ** error)
{
  const guint n = AE_SOUND_FEATURES, n_rows = PCA_SAMPLES * source->w;
  g_autofree float *sample = g_new (float, n * source->w);
  g_autofree float *rows = g_new (float, (gsize) n_rows * n);
  AeRng rng;

  ae_rng_init (&rng, (guint64) option_seed);
  for (guint i = 0; i < n_rows; i++) {
    if (i % source->w == 0)
      source->draw (source, &rng, sample);
    for (guint c = 0; c < n; c++)
      rows[(gsize) i * n + c] = sample[c * source->w + i % source->w];
  }
  return ae_pca_new (rows, n_rows, n, n_planes, error);
}

static AeModel *
start_with_components (AeArchitecture * architecture,
    const AeLatentSource * source, guint n_planes, GError ** error)
{
  g_autoptr (AePca) pca = find_components (source, n_planes, error);
  const guint n = AE_SOUND_FEATURES;
  g_autofree float *bias = g_new0 (float, n_planes);
  g_autofree float *columns = g_new (float, n * n_planes);
  const float *rows, *mean;

  if (pca == NULL)
    return NULL;
  if (ae_pca_n_components (pca) < n_planes) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "the speech has %u principal components, expected %u",
        ae_pca_n_components (pca), n_planes);
    return NULL;
  }
  rows = ae_pca_components (pca);
  mean = ae_pca_mean (pca);
  for (guint p = 0; p < n_planes; p++) {
    for (guint c = 0; c < n; c++) {
      bias[p] -= rows[p * n + c] * mean[c];
      columns[c * n_planes + p] = rows[p * n + c];
    }
  }
  return ae_latent_start (architecture, (guint64) option_seed, &(AeLatentLinear) {
      n, n_planes, rows, bias, columns, mean}
      , error);
}

static gboolean
start (Training * training, GError ** error)
{
  const AeShape input = { AE_SOUND_FEATURES, 0, 0 };
  g_autoptr (AeArchitecture) architecture = ae_latent_start_read (option_init,
      option_architecture ? option_architecture : DEFAULT_ARCHITECTURE, &input,
      &training->model, error);

  if (architecture == NULL)
    return FALSE;
  training->n_planes = architecture->layers[architecture->n_encoder - 1].out.c;
  training->steps = g_new (float, N_LEVELS * training->n_planes);
  for (guint level = 0; level < N_LEVELS; level++) {
    training->base[level] = (float) (COARSEST * pow (FINEST / COARSEST,
            level / (N_LEVELS - 1.0)));
    for (guint p = 0; p < training->n_planes; p++)
      training->steps[level * training->n_planes + p] = training->base[level];
  }
  if (option_init)
    return ae_latent_start_steps (training->model, training->steps, error);
  training->model = start_with_components (architecture, training->source,
      training->n_planes, error);
  return training->model != NULL;
}

/* Returns: (transfer full) (nullable): the model with what there is to say of it. */
static AeModel *
describe (const Training * training, AeWeights * weights, guint64 n_steps,
    GError ** error)
{
  g_autoptr (GHashTable) metadata = NULL;
  const gchar *before =
      g_hash_table_lookup (training->model->metadata, "steps");

  if (before)
    n_steps += g_ascii_strtoull (before, NULL, 10);
  metadata = ae_model_facts ("latent-audio", "audio", n_steps);
  g_hash_table_insert (metadata, (gpointer) "rate", g_strdup ("16000"));
  return ae_model_new (training->model->architecture, weights, metadata, error);
}

/* Prints what a second of held-out speech takes at each level, in kbit/s, its
 * STOI, ESTOI and log-spectral distance. */
static gboolean
report (const Training * training, const AeModel * model, GError ** error)
{
  g_autoptr (AeLatentModel) codec = ae_latent_model_new (model, error);
  AeSoundPoint points[N_LEVELS] = { 0 };
  AeRng rng;

  if (codec == NULL)
    return FALSE;
  ae_rng_init (&rng, FIT_SEED);
  for (guint i = 0; i < HELD_OUT; i++) {
    guint group = i % ae_sound_set_n_groups (training->held_out);

    if (!ae_sound_judge (codec, ae_sound_set_choose (training->held_out, group,
                &rng), points, error))
      return FALSE;
  }
  g_print ("  held out:");
  for (guint level = 0; level < N_LEVELS; level++) {
    const AeSoundPoint *p = &points[level];
    double n = MAX (p->n, 1);

    g_print (" %.2f:%.3f:%.3f:%.2f", p->bits / MAX (p->seconds, 1e-9) / 1000,
        p->stoi / n, p->estoi / n, p->lsd_db / n);
  }
  g_print ("\n");
  return TRUE;
}

/* Fits the tables anew to the running average, writes the model and judges it. */
static gboolean
finish (gconstpointer data, const AeLatentTrainer * trainer, guint64 n_steps,
    GError ** error)
{
  const Training *training = data;
  g_autofree float *steps = g_new (float, N_LEVELS * training->n_planes);
  g_autoptr (AeWeights) weights =
      ae_latent_trainer_weights (trainer, steps, error);
  g_autoptr (AeModel) model = NULL;
  g_autoptr (AeModel) packed = NULL;
  g_autoptr (AeSymbolModel) symbols = NULL;

  if (weights == NULL)
    return FALSE;
  model = describe (training, weights, n_steps, error);
  if (model == NULL)
    return FALSE;
  symbols =
      ae_latent_fit_model (model, steps, ae_latent_trainer_symbols (trainer),
      (float) option_bit_worth, training->source, FIT_SEED, error);
  if (symbols == NULL
      || !ae_sound_fit (model, steps, symbols, training->source, FIT_SEED,
          error))
    return FALSE;
  packed = ae_latent_model_pack (model, symbols, steps);
  if (!ae_model_save (packed, option_output, error))
    return FALSE;
  return training->held_out == NULL || report (training, packed, error);
}

static gboolean
train (Training * training, GError ** error)
{
  const AeLatentTrainerConfig config = {
    .source = training->source,.batch = (guint) option_batch,.n_threads =
        (guint) option_threads,.seed = (guint64) option_seed,.bit_worth =
        (float) option_bit_worth,.ema = 0.999f
  };
  const AeLatentRun run = {
    .minutes = option_minutes,.n_steps = option_steps,.rate =
        (float) option_rate,.report_steps = (guint) option_report,.finish =
        finish,.data = training
  };
  g_autoptr (AeLatentTrainer) trainer = NULL;
  AeSymbolModel *symbols;

  if (!start (training, error))
    return FALSE;
  g_print ("%s\n%" G_GSIZE_FORMAT
      " weights, %.1f million products per second\n",
      training->model->architecture->text,
      training->model->architecture->n_weights,
      ae_architecture_macs_per_pixel (training->model->architecture) * 5e-5);
  symbols =
      ae_latent_fit_model (training->model, training->steps, NULL, 0.0f,
      training->source, FIT_SEED, error);
  if (symbols == NULL)
    return FALSE;
  trainer = ae_latent_trainer_new (training->model, training->steps,
      training->base, symbols, &config, error);
  return trainer != NULL && ae_latent_run (trainer, &run, error);
}

static gboolean
check_options (GError ** error)
{
  if (option_speech == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "no --speech given; see --help");
  else if (option_batch < 16 || option_batch % 16 != 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--batch %d is not a multiple of 16", option_batch);
  else if (option_packets < 10 || option_packets > 1000)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--packets %d is not in 10 ... 1000", option_packets);
  else if (option_report < 1 || option_threads < 0 || !(option_minutes > 0.0)
      || !(option_rate > 0.0) || !(option_bit_worth >= 0.0))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--minutes, --report-every, --threads, --rate and --bit-worth take "
        "positive numbers");
  else
    return TRUE;
  return FALSE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context =
      g_option_context_new ("- train a speech codec's model");
  g_autoptr (AeSoundSet) speech = NULL;
  g_autoptr (AeSoundSet) held_out = NULL;
  g_autoptr (GError) error = NULL;
  AeLatentSource source;
  Training training = {.source = &source };
  gboolean ok = FALSE;

  setvbuf (stdout, NULL, _IOLBF, 0);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_main_entries (context, ae_model_facts_entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)
      || !check_options (&error)
      || (speech = ae_sound_set_load ((const gchar * const *) option_speech,
              &error)) == NULL || (option_held_out
          && (held_out = ae_sound_set_load ((const gchar * const *)
                  option_held_out, &error)) == NULL))
    goto out;
  if (option_output == NULL)
    option_output = g_strdup ("my-latent-audio" AE_MODEL_EXTENSION);
  source = (AeLatentSource) {
  .c = AE_SOUND_FEATURES,.h = 1,.w = (guint) option_packets,.n_places =
        (guint) option_packets,.n_judged = AE_SOUND_FEATURES,.draw =
        draw,.data = speech};
  training.held_out = held_out;
  g_print ("%.0f s of speech\n", ae_sound_set_seconds (speech));
  ok = train (&training, &error);
  ae_model_unref (training.model);
  g_free (training.steps);

out:
  if (ok)
    g_print ("wrote %s\n", option_output);
  else
    g_printerr ("train-audio-codec: %s\n", error->message);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
