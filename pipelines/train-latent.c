/* Trains a codec's model on pictures; pipelines/train-latent runs it. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ae-error.h"
#include "ae-latent-dct.h"
#include "ae-latent-model.h"
#include "ae-quantise.h"
#include "latent-fit.h"
#include "latent-parts.h"
#include "latent-run.h"
#include "latent-start.h"
#include "model-facts.h"

#define DEFAULT_ARCHITECTURE \
    "unshuffle 4, save x, conv 3x3 64 relu, save a, conv 3x3 64 relu, " \
    "conv 3x3 64, add a relu, conv 3x3 64 relu, concat x, conv 1x1 64 | " \
    "save z, given 1, conv 3x3 64 relu, save b, conv 3x3 64 relu, " \
    "conv 3x3 64, add b relu, conv 3x3 64 relu, concat z, conv 1x1 96, " \
    "shuffle 4"

#define N_LEVELS AE_SYMBOLS_N_LEVELS

/* Steps of the coarsest and the finest level, of a sample of 0..1. */
#define COARSEST (140 / 255.0)
#define FINEST (7 / 255.0)

/* The context model learns little from smaller pictures. */
#define MIN_SIDE 160

#define FIT_SEED 1000           /* of the patches that tables are fitted to */
#define MAX_FIT_PATCH 256       /* pixels a side of these */

/* Low frequencies of Y, U and V that the code begins with. */
#define CHROMA_PLANES 6

static gchar *option_architecture, *option_init, *option_output;
static gchar *option_validate, *option_curves;
static gint option_steps = -1, option_batch = 16, option_patch = 128;
static gint option_threads, option_seed = 1, option_report = 2000;
static gdouble option_minutes = 60.0, option_rate = 1e-3;
static gdouble option_bit_worth = (gdouble) AE_QUANTISE_BIT_WORTH;
static gdouble option_chroma = 0.3;
static gchar **option_pictures;

static const GOptionEntry entries[] = {
  {"output", 'o', 0, G_OPTION_ARG_FILENAME, &option_output,
      "Model file to write (default: my-latent-video.safetensors)", "FILE"},
  {"minutes", 'm', 0, G_OPTION_ARG_DOUBLE, &option_minutes,
      "How long to train (default: 60)", "M"},
  {"steps", 's', 0, G_OPTION_ARG_INT, &option_steps,
      "Steps to train instead of a time; 0 to fit and judge alone", "N"},
  {"init", 'i', 0, G_OPTION_ARG_FILENAME, &option_init,
      "Start from this model instead of the cosine transform", "FILE"},
  {"validate", 'v', 0, G_OPTION_ARG_FILENAME, &option_validate,
        "Pictures to report on, which must not be among those trained on",
      "FOLDER"},
  {"curves", 0, 0, G_OPTION_ARG_FILENAME, &option_curves,
      "Write what each of these takes at each level: picture, level, bits per "
        "pixel, PSNR of Y, U and V", "FILE"},
  {"architecture", 'a', 0, G_OPTION_ARG_STRING, &option_architecture,
      "Architecture text, see docs/architecture-text.md", "TEXT"},
  {"batch", 0, 0, G_OPTION_ARG_INT, &option_batch,
      "Patches in a step, a multiple of 16 (default: 16)", "N"},
  {"patch", 0, 0, G_OPTION_ARG_INT, &option_patch,
      "Height and width of a patch, a multiple of 8 (default: 128)", "N"},
  {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &option_rate,
      "Peak of the learning rate (default: 0.001)", "R"},
  {"bit-worth", 0, 0, G_OPTION_ARG_DOUBLE, &option_bit_worth,
      "What a bit is worth when values are rounded in training, in squared "
        "steps (default: 0.1)", "W"},
  {"chroma", 0, 0, G_OPTION_ARG_DOUBLE, &option_chroma,
        "What a squared error of U or V counts beside one of Y (default: 0.3)",
      "W"},
  {"seed", 0, 0, G_OPTION_ARG_INT, &option_seed,
      "Seed of weights and patches (default: 1)", "N"},
  {"threads", 't', 0, G_OPTION_ARG_INT, &option_threads,
      "Threads (default: one per processor)", "N"},
  {"report-every", 0, 0, G_OPTION_ARG_INT, &option_report,
        "Steps between reports, each of which writes the model (default: 2000)",
      "N"},
  {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_pictures,
      NULL, "PICTURE or FOLDER ..."},
  G_OPTION_ENTRY_NULL
};

/* What training starts from. */
typedef struct
{
  AeModel *model;
  float base[N_LEVELS];
  float *steps;                 /* [N_LEVELS][n_planes] */
  guint n_planes;
} Start;

static void
start_clear (Start * start)
{
  ae_model_unref (start->model);
  g_free (start->steps);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Start, start_clear)
/* Which plane of the cosine transform code plane @p begins as: the lowest
 * frequencies of Y, then of U, then of V. */
     static guint dct_plane (guint p, guint n_planes)
{
  guint n_luma = n_planes - 2 * CHROMA_PLANES;

  if (p < n_luma)
    return p;
  return 64 + (p - n_luma) / CHROMA_PLANES * 16 + (p - n_luma) % CHROMA_PLANES;
}

/* The cosine transform, its planes in the order of the code. */
static AeModel *
init_dct (AeArchitecture * architecture, guint n_planes, GError ** error)
{
  g_autoptr (AeModel) dct = ae_latent_dct_model ();
  const AeLayer *encoder = &dct->architecture->layers[1];
  const AeLayer *decoder = &dct->architecture->layers[2];
  const float *data = dct->weights->data;
  g_autofree float *rows = NULL;
  g_autofree float *bias = NULL;
  g_autofree float *columns = NULL;
  const guint n = AE_LATENT_DCT_PLANES;

  if (n_planes <= 2 * CHROMA_PLANES || n_planes > 64 + 2 * CHROMA_PLANES) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "\"%s\" makes %u planes, expected %u to %u to begin with the cosine "
        "transform", architecture->text, n_planes, 2 * CHROMA_PLANES + 1,
        64 + 2 * CHROMA_PLANES);
    return NULL;
  }
  rows = g_new (float, n_planes * n);
  bias = g_new (float, n_planes);
  columns = g_new (float, n * n_planes);
  for (guint p = 0; p < n_planes; p++) {
    guint row = dct_plane (p, n_planes);

    memcpy (rows + p * n, data + encoder->params[AE_PARAM_WEIGHT].offset
        + row * n, n * sizeof (float));
    bias[p] = data[encoder->params[AE_PARAM_BIAS].offset + row];
    for (guint c = 0; c < n; c++)
      columns[c * n_planes + p] = data[decoder->params[AE_PARAM_WEIGHT].offset
          + c * n + row];
  }
  return ae_latent_start (architecture, (guint64) option_seed, &(AeLatentLinear) {
      n, n_planes, rows, bias, columns,
        data + decoder->params[AE_PARAM_BIAS].offset}
      , error);
}

/* The steps that weigh rate and distortion alike in the cosine transform. */
static void
default_steps (Start * start)
{
  for (guint level = 0; level < N_LEVELS; level++) {
    for (guint p = 0; p < start->n_planes; p++)
      start->steps[level * start->n_planes + p] = start->base[level]
          * (dct_plane (p, start->n_planes) < 64 ? 1.0f
          : 1.0f / sqrtf ((float) option_chroma));
  }
}

static gboolean
start_init (Start * start, GError ** error)
{
  const AeShape input = { AE_I420_PLANES, 0, 0 };
  g_autoptr (AeArchitecture) architecture = ae_latent_start_read (option_init,
      option_architecture ? option_architecture : DEFAULT_ARCHITECTURE, &input,
      &start->model, error);
  g_auto (AeLatentParts) parts = AE_LATENT_PARTS_INIT;

  if (architecture == NULL
      || !ae_latent_parts_init (&parts, architecture, AE_I420_PLANES, error))
    return FALSE;
  start->n_planes = parts.n_planes;
  start->steps = g_new (float, N_LEVELS * parts.n_planes);
  for (guint level = 0; level < N_LEVELS; level++)
    start->base[level] = (float) (COARSEST * pow (FINEST / COARSEST,
            level / (N_LEVELS - 1.0)));
  if (option_init)
    return ae_latent_start_steps (start->model, start->steps, error);
  start->model = init_dct (architecture, parts.n_planes, error);
  default_steps (start);
  return start->model != NULL;
}

/* Returns: (transfer full) (nullable): the model with what there is to say of it. */
static AeModel *
describe (const Start * start, AeWeights * weights, guint64 n_steps,
    GError ** error)
{
  g_autoptr (GHashTable) metadata = ae_model_facts ("latent-video", "video",
      n_steps);

  return ae_model_new (start->model->architecture, weights, metadata, error);
}

/* Prints the mean of what the pictures take at each level. */
static gboolean
report (const AeModel * model, const AeLatentPictures * held_out,
    GError ** error)
{
  g_autoptr (AeLatentModel) codec = ae_latent_model_new (model, error);
  guint n = ae_latent_pictures_n (held_out);
  g_autoptr (GString) curves = g_string_new (NULL);
  AeLatentPoint mean[N_LEVELS] = { 0 };

  if (codec == NULL)
    return FALSE;
  for (guint i = 0; i < n; i++) {
    AeLatentPoint points[N_LEVELS];

    if (!ae_latent_judge (codec, ae_latent_pictures_nth (held_out, i), points,
            error))
      return FALSE;
    for (guint level = 0; level < N_LEVELS; level++) {
      const AeLatentPoint *p = &points[level];

      mean[level].bits_per_pixel += p->bits_per_pixel / n;
      mean[level].psnr[0] += p->psnr[0] / n;
      g_string_append_printf (curves, "%u %u %.5f %.3f %.3f %.3f\n", i, level,
          p->bits_per_pixel, p->psnr[0], p->psnr[1], p->psnr[2]);
    }
  }
  for (guint level = 0; level < N_LEVELS; level++)
    g_print (" %.3f:%.2f", mean[level].bits_per_pixel, mean[level].psnr[0]);
  g_print ("\n");
  return option_curves == NULL
      || g_file_set_contents (option_curves, curves->str, -1, error);
}

/* What finish() needs beside the trainer. */
typedef struct
{
  const Start *start;
  const AeLatentSource *fit_source;
  const AeLatentPictures *held_out;
} Finish;

/* Fits the tables anew to the running average, writes the model and judges it. */
static gboolean
finish (gconstpointer data, const AeLatentTrainer * trainer, guint64 n_steps,
    GError ** error)
{
  const Finish *this = data;
  g_autofree float *steps = g_new (float, N_LEVELS * this->start->n_planes);
  g_autoptr (AeWeights) weights =
      ae_latent_trainer_weights (trainer, steps, error);
  g_autoptr (AeModel) model = NULL;
  g_autoptr (AeModel) packed = NULL;
  g_autoptr (AeSymbolModel) symbols = NULL;

  if (weights == NULL)
    return FALSE;
  model = describe (this->start, weights, n_steps, error);
  if (model == NULL)
    return FALSE;
  symbols =
      ae_latent_fit_model (model, steps, ae_latent_trainer_symbols (trainer),
      (float) option_bit_worth, this->fit_source, FIT_SEED, error);
  if (symbols == NULL)
    return FALSE;
  packed = ae_latent_model_pack (model, symbols, steps);
  if (!ae_model_save (packed, option_output, error))
    return FALSE;
  if (this->held_out) {
    g_print ("  held out:");
    return report (packed, this->held_out, error);
  }
  return TRUE;
}

static void
draw_patch (const AeLatentSource * source, AeRng * rng, float *patch)
{
  ae_latent_pictures_crop (source->data, rng, 2 * source->w, patch);
}

/* Patches of @size pixels a side. */
static AeLatentSource
patches (const AeLatentPictures * pictures, guint size, const float *weights)
{
  return (AeLatentSource) {
  .c = AE_I420_PLANES,.h = size / 2,.w = size / 2,.n_places =
        size * size,.weights = weights,.n_judged = 4,.draw =
        draw_patch,.data = pictures};
}

static gboolean
train (const AeLatentPictures * pictures, const AeLatentPictures * held_out,
    GError ** error)
{
  const float chroma = (float) option_chroma;
  const float weights[AE_I420_PLANES] = { 1, 1, 1, 1, chroma, chroma };
  const AeLatentSource source =
      patches (pictures, (guint) option_patch, weights);
  const AeLatentSource fit_source = patches (pictures,
      MIN (ae_latent_pictures_min_side (pictures), MAX_FIT_PATCH) / 8 * 8,
      weights);
  const AeLatentTrainerConfig config = {
    .source = &source,.batch = (guint) option_batch,.n_threads =
        (guint) option_threads,.seed = (guint64) option_seed,.bit_worth =
        (float) option_bit_worth,.ema = 0.999f
  };
  g_auto (Start) start = {.model = NULL };
  const Finish finishing = { &start, &fit_source, held_out };
  const AeLatentRun run = {
    .minutes = option_minutes,.n_steps = option_steps,.rate =
        (float) option_rate,.report_steps = (guint) option_report,.finish =
        finish,.data = &finishing
  };
  g_autoptr (AeLatentTrainer) trainer = NULL;
  AeSymbolModel *symbols;

  if (!start_init (&start, error))
    return FALSE;
  g_print ("%s\n%" G_GSIZE_FORMAT " weights, %.2f kMAC per pixel\n",
      start.model->architecture->text, start.model->architecture->n_weights,
      ae_architecture_macs_per_pixel (start.model->architecture) / 4000.0);
  symbols =
      ae_latent_fit_model (start.model, start.steps, NULL, 0.0f, &fit_source,
      FIT_SEED, error);
  if (symbols == NULL)
    return FALSE;
  trainer = ae_latent_trainer_new (start.model, start.steps, start.base,
      symbols, &config, error);
  return trainer != NULL && ae_latent_run (trainer, &run, error);
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
  else if (option_patch < 32 || option_patch > 512 || option_patch % 8 != 0)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--patch %d is not a multiple of 8 in 32 ... 512", option_patch);
  else if (option_report < 1 || option_threads < 0 || !(option_minutes > 0.0)
      || !(option_rate > 0.0) || !(option_chroma > 0.0)
      || !(option_bit_worth >= 0.0))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--minutes, --report-every, --threads, --rate, --chroma and --bit-worth "
        "take positive numbers");
  else
    return TRUE;
  return FALSE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context =
      g_option_context_new ("- train a codec's model on pictures");
  g_autoptr (AeLatentPictures) pictures = NULL;
  g_autoptr (AeLatentPictures) held_out = NULL;
  g_autoptr (GError) error = NULL;
  const gchar *validate_paths[] = { NULL, NULL };

  setvbuf (stdout, NULL, _IOLBF, 0);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_main_entries (context, ae_model_facts_entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)
      || !check_options (&error))
    goto failed;
  if (option_output == NULL)
    option_output = g_strdup ("my-latent-video" AE_MODEL_EXTENSION);
  pictures = ae_latent_pictures_new ((const gchar * const *) option_pictures,
      (guint) MAX (option_patch, MIN_SIDE), 1, &error);
  if (pictures == NULL)
    goto failed;
  if (option_validate) {
    validate_paths[0] = option_validate;
    held_out = ae_latent_pictures_new (validate_paths, 16, 0, &error);
    if (held_out == NULL)
      goto failed;
  }
  if (!train (pictures, held_out, &error))
    goto failed;
  g_print ("wrote %s\n", option_output);
  return EXIT_SUCCESS;

failed:
  g_printerr ("train-latent: %s\n", error->message);
  return EXIT_FAILURE;
}
