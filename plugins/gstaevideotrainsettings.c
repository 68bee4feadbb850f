/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaevideotrainsettings.h"

#include "ae-latent-fit.h"
#include "gstaetrainenums.h"

/* As many patches tell enough of a codec's latents. */
#define MAX_FITTED 32

static const GstAeProperty rows[] = {
#define COMMON(field) G_STRUCT_OFFSET (GstAeTrainSettings, field)
#define AT(field) G_STRUCT_OFFSET (GstAeVideoTrainSettings, field)
  {"model", "Model", "Path of the model to start from, or name of a shipped "
        "one", GST_AE_STRING, COMMON (model),.text = "denoise-video"},
  {"objective", "Objective", "What to learn", GST_AE_ENUM, AT (objective),
      gst_ae_objective_get_type,.usual = AE_OBJECTIVE_TEMPORAL},
  {"corruption", "Corruption", "Corruption of objective denoise", GST_AE_ENUM,
      AT (corruption), gst_ae_train_corruption_get_type,.usual =
        AE_CORRUPTION_GAUSSIAN},
  {"level-min", "Lowest level",
        "Lowest level of the corruption: standard "
        "deviation on the 8-bit scale, or share of the samples",
      GST_AE_FLOAT, AT (level_min),.high = 255.0},
  {"level-max", "Highest level", "Highest level of the corruption: standard "
        "deviation on the 8-bit scale, or share of the samples",
      GST_AE_FLOAT, AT (level_max),.high = 255.0,.usual = 50.0},
  {"loss", "Loss", "Loss of the reconstruction", GST_AE_ENUM, AT (loss),
        gst_ae_loss_get_type,
      .usual = AE_LOSS_MSE},
  {"beta", "Beta",
      "Factor of a stochastic code's divergence, for objective "
        "variational", GST_AE_FLOAT, AT (beta),.high = 1e6,.usual = 1.0},
  {"batch-size", "Batch size", "Patches in a step", GST_AE_UINT,
        COMMON (batch_size),
      .low = 16,.high = 4096,.usual = 16},
  {"patch-size", "Patch size", "Height and width of a patch in pixels; a model "
        "of fixed size takes its own", GST_AE_UINT, AT (patch_size),.low = 8,
      .high = 512,.usual = 64},
  {"patches-per-frame", "Patches per frame", "Patches taken from each frame",
      GST_AE_UINT, AT (patches_per_frame),.low = 1,.high = 256,.usual = 8},
#undef AT
#undef COMMON
};

/* Fewer patches do not tell whether they go the same way. */
#define MIN_PLACES 4

G_STATIC_ASSERT (G_STRUCT_OFFSET (GstAeVideoTrainSettings, common) == 0);

const GstAeProperties gst_ae_video_train_properties =
GST_AE_PROPERTIES_AND (rows, &gst_ae_train_properties);

/* Whether a patch comes out as it went in; of a dense decoder, as many numbers. */
static gboolean
keeps_patch (const AeArchitecture * architecture, guint side)
{
  guint h = architecture->input.h ? architecture->input.h : side;
  guint w = architecture->input.w ? architecture->input.w : side;
  guint64 n_in = (guint64) architecture->input.c * h * w;

  return ae_architecture_out_size (architecture, h, w, &h, &w)
      && (guint64) architecture->output.c * h * w == n_in;
}

static gboolean
check (const GstAeVideoTrainSettings * settings, const AeModel * model,
    GError ** error)
{
  const AeArchitecture *a = model->architecture;
  gboolean colorizes = settings->objective == AE_OBJECTIVE_COLORIZE;
  gboolean varies = settings->objective == GST_AE_OBJECTIVE_VARIATIONAL;
  g_autofree gchar *channels = g_strdup_printf ("%u channels in and %u out",
      a->input.c, a->output.c);
  AeOnlineConfig config;

  if (a->input.c != 1)
    return gst_ae_train_refuse (error, channels,
        "a model that takes one plane at a time");
  if (colorizes && a->output.c != 2)
    return gst_ae_train_refuse (error, channels,
        "1 and 2 to make chroma from luma");
  if (!colorizes && !keeps_patch (a, settings->patch_size))
    return gst_ae_train_refuse (error,
        "a model that changes the size of a patch",
        "one that keeps it; patch-size has to be a multiple of its strides");
  if (varies && ae_architecture_i_gaussian (a) < 0)
    return gst_ae_train_refuse (error, "objective variational and a model "
        "without a stochastic code", "an encoder that ends with gaussian N");
  if (settings->objective == AE_OBJECTIVE_TEMPORAL
      && settings->patches_per_frame < MIN_PLACES)
    return gst_ae_train_refuse (error, "objective temporal and fewer than 4 "
        "patches-per-frame", "more, to tell whether the camera moves");
  if (settings->level_min > settings->level_max)
    return gst_ae_train_refuse (error, "level-min over level-max",
        "the lower one first");
  if (a->n_given > 1)
    return gst_ae_train_refuse (error, "a model with several given channels",
        "at most one, the noise level");
  gst_ae_video_train_settings_config (settings, model, &config);
  if (config.patch.h > 512 || config.patch.w > 512)
    return gst_ae_train_refuse (error,
        "a model for inputs of more than 512x512",
        "smaller ones to train on patches");
  return gst_ae_train_settings_check (&settings->common, model, error);
}

AeModel *
gst_ae_video_train_settings_model (const GstAeVideoTrainSettings * settings,
    GError ** error)
{
  const AeShape patch = { 1, settings->patch_size, settings->patch_size };
  g_autoptr (AeModel) model =
      gst_ae_train_settings_model (&settings->common, &patch, error);

  if (model == NULL || !check (settings, model, error))
    return NULL;
  return g_steal_pointer (&model);
}

/* Pieces of patches, which begin with the patch. */
typedef struct
{
  AeReservoir *held_out;
  gsize patch_size;             /* floats */
  float *piece;
} Pieces;

/* An AeLatentPatchFunc. */
static void
give_patch (gpointer data, guint i, float *samples)
{
  Pieces *pieces = data;

  ae_reservoir_get (pieces->held_out, i, pieces->piece);
  memcpy (samples, pieces->piece, pieces->patch_size * sizeof *samples);
}

/* An AeOnlineFinishFunc: what aevideoenc codes the latents of @model with. */
static AeModel *
fit_tables (AeModel * model, AeReservoir * held_out, gsize piece_size,
    const AeShape * patch)
{
  const guint n = MIN (ae_reservoir_n_held (held_out), MAX_FITTED);
  g_autofree float *piece = g_new (float, piece_size);
  Pieces pieces = { held_out, (gsize) patch->c * patch->h * patch->w, piece };
  AeModel *fitted = n == 0 ? NULL : ae_latent_fit (model, n, patch->h,
      patch->w, give_patch, &pieces, NULL);

  return fitted ? fitted : ae_model_ref (model);
}

void
gst_ae_video_train_settings_config (const GstAeVideoTrainSettings * s,
    const AeModel * model, AeOnlineConfig * config)
{
  const AeArchitecture *a = model->architecture;
  gboolean colorizes = s->objective == AE_OBJECTIVE_COLORIZE;
  gboolean varies = s->objective == GST_AE_OBJECTIVE_VARIATIONAL;

  gst_ae_train_settings_config (&s->common, model, config);
  config->patch = (AeShape) {
  colorizes ? 3 : a->input.c, a->input.h ? a->input.h : s->patch_size,
        a->input.w ? a->input.w : s->patch_size};
  config->objective = (AeObjective) {
  varies ? AE_OBJECTIVE_RECONSTRUCT : (AeObjectiveKind) s->objective,
        (AeCorruptionKind) s->corruption, s->level_min, s->level_max};
  config->trainer.loss = (AeLossKind) s->loss;
  config->trainer.batch = (s->common.batch_size + 15) / 16 * 16;
  config->trainer.shard = 16;
  config->trainer.regulariser.kl = varies ? s->beta : 0.0f;
  if (config->patch.c == a->input.c && ae_latent_is_codec (model))
    config->finish = fit_tables;
}
