/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaeaudiotrainsettings.h"

#include "ae-audio-features.h"
#include "ae-audio-loss.h"
#include "ae-error.h"
#include "gstaesoundmaterial.h"
#include "gstaetrainenums.h"

/* Samples worked on together: more would not stay in the cache. */
#define SHARD 4

static const GstAeProperty rows[] = {
#define COMMON(field) G_STRUCT_OFFSET (GstAeTrainSettings, field)
#define AT(field) G_STRUCT_OFFSET (GstAeAudioTrainSettings, field)
  {"model", "Model", "Path of the model to start from, or name of a shipped "
        "one", GST_AE_STRING, COMMON (model),.text = "denoise-audio"},
  {"objective", "Objective", "What to learn", GST_AE_ENUM, AT (objective),
      gst_ae_sound_objective_get_type,.usual = GST_AE_SOUND_DENOISE},
  {"content", "Content", "What the stream is of", GST_AE_ENUM, AT (content),
      gst_ae_sound_content_get_type,.usual = GST_AE_SOUND_MIXED},
  {"speech-location", "Speech location", "Recording of speech, or folder of "
        "them, to be mixed with the stream's noise (NULL = the shipped ones)",
      GST_AE_STRING, AT (speech_location),.text = NULL},
  {"noise-location", "Noise location", "Recording of noise, or folder of them, "
        "to be mixed with the stream's speech (NULL = noises that are made)",
      GST_AE_STRING, AT (noise_location),.text = NULL},
  {"batch-size", "Batch size", "Samples of 1.5 s in a step", GST_AE_UINT,
      COMMON (batch_size),.low = SHARD,.high = 4096,.usual = 8},
#undef AT
#undef COMMON
};

G_STATIC_ASSERT (G_STRUCT_OFFSET (GstAeAudioTrainSettings, common) == 0);

const GstAeProperties gst_ae_audio_train_properties =
GST_AE_PROPERTIES_AND (rows, &gst_ae_train_properties);

/* What goes into a model. */
static guint
n_channels (const GstAeAudioTrainSettings * settings)
{
  return settings->objective == GST_AE_SOUND_AUTOENCODE ? AE_STFT_BINS
      : AE_AUDIO_FEATURES;
}

/* Frames come out as they go in: targets have as many. */
static gboolean
check_size (const AeArchitecture * architecture, GError ** error)
{
  g_autofree gchar *found = NULL;
  guint h = 1, w = GST_AE_SOUND_FRAMES;

  if (!ae_architecture_out_size (architecture, h, w, &h, &w))
    found = g_strdup_printf ("a model whose strides do not divide patches of "
        "1x%u", GST_AE_SOUND_FRAMES);
  else if (h != 1 || w != GST_AE_SOUND_FRAMES)
    found = g_strdup_printf ("a model that makes %ux%u of patches of 1x%u", h,
        w, GST_AE_SOUND_FRAMES);
  return found == NULL
      || gst_ae_train_refuse (error, found, "one that keeps their size");
}

static gboolean
check (const GstAeAudioTrainSettings * settings, const AeModel * model,
    GError ** error)
{
  const AeArchitecture *a = model->architecture;
  gboolean is_speech = settings->content == GST_AE_SOUND_SPEECH;

  if (a->input.c != n_channels (settings) || a->input.h != 0
      || a->output.c != AE_STFT_BINS || a->n_given > 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "the model has %u input, %u output and %u given channels; expected %u, "
        "%u and none, and any size", a->input.c, a->output.c, a->n_given,
        n_channels (settings), AE_STFT_BINS);
    return FALSE;
  }
  if (!check_size (a, error))
    return FALSE;
  if (settings->objective == GST_AE_SOUND_DENOISE
      && settings->noise_location && !is_speech)
    return gst_ae_train_refuse (error, "noise-location and a stream with noise "
        "of its own", "content=speech, a stream of speech without noise");
  if (settings->objective == GST_AE_SOUND_DENOISE
      && settings->speech_location && is_speech)
    return gst_ae_train_refuse (error, "speech-location and a stream of speech",
        "a stream with noise, content=noise or mixed");
  return gst_ae_train_settings_check (&settings->common, model, error);
}

AeModel *
gst_ae_audio_train_settings_model (const GstAeAudioTrainSettings * settings,
    GError ** error)
{
  const AeShape shape = { n_channels (settings), 1, GST_AE_SOUND_FRAMES };
  g_autoptr (AeModel) model =
      gst_ae_train_settings_model (&settings->common, &shape, error);

  if (model == NULL || !check (settings, model, error))
    return NULL;
  return g_steal_pointer (&model);
}

void
gst_ae_audio_train_settings_config (const GstAeAudioTrainSettings * s,
    const AeModel * model, AeOnlineConfig * config)
{
  gst_ae_train_settings_config (&s->common, model, config);
  config->patch = (AeShape) {
  n_channels (s), 1, GST_AE_SOUND_FRAMES};
  if (s->objective != GST_AE_SOUND_AUTOENCODE) {
    config->score = ae_audio_score_db;
    config->trainer.loss_func = ae_audio_loss;
    config->trainer.anchor_func = ae_audio_target_of;
    config->trainer.target_channels = AE_AUDIO_TARGET;
  }
  config->trainer.batch = (s->common.batch_size + SHARD - 1) / SHARD * SHARD;
  config->trainer.shard = SHARD;
}
