/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-audio-denoiser.h"
#include "ae-audio-features.h"
#include "ae-error.h"
#include "ae-stream.h"

#include <string.h>

struct _AeAudioDenoiser
{
  AeModel *model;
  AeStream *stream;
  AeAudioFeatures features;
  float strength, floor;
  AeSpectralFilter *filter;
};

static AeStream *
new_stream (AeModel * model, GError ** error)
{
  const AeArchitecture *a = model->architecture;

  if (a->input.c != AE_AUDIO_FEATURES || a->output.c != AE_STFT_BINS
      || a->n_given > 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "the model has %u input, %u output and %u given channels, expected %u, "
        "%u and none", a->input.c, a->output.c, a->n_given, AE_AUDIO_FEATURES,
        AE_STFT_BINS);
    return NULL;
  }
  return ae_stream_new (model->architecture, model->weights, AE_STREAM_BYTES,
      error);
}

/* Of the spectrum, what is noise. */
static void
take_noise (gpointer data, AeSpectrum * spectrum)
{
  AeAudioDenoiser *denoiser = data;
  float features[AE_AUDIO_FEATURES];
  const float *mask;

  ae_audio_features_next (&denoiser->features, spectrum, features, 1);
  mask = ae_stream_step (denoiser->stream, features);
  for (guint k = 0; k < AE_STFT_BINS; k++) {
    float part = denoiser->strength * (1.0f - MAX (mask[k], denoiser->floor));

    spectrum->re[k] *= part;
    spectrum->im[k] *= part;
  }
}

static void
forget (gpointer data)
{
  AeAudioDenoiser *denoiser = data;

  ae_stream_reset (denoiser->stream);
  memset (&denoiser->features, 0, sizeof denoiser->features);
}

AeAudioDenoiser *
ae_audio_denoiser_new (AeModel * model, GError ** error)
{
  static const AeSpectralFilterOps ops = { take_noise, forget };
  AeStream *stream = new_stream (model, error);
  AeAudioDenoiser *denoiser;

  if (stream == NULL)
    return NULL;
  denoiser = g_new0 (AeAudioDenoiser, 1);
  denoiser->model = ae_model_ref (model);
  denoiser->stream = stream;
  denoiser->strength = 1.0f;
  denoiser->floor = 0.1f;
  denoiser->filter = ae_spectral_filter_new (&ops, denoiser);
  return denoiser;
}

void
ae_audio_denoiser_free (AeAudioDenoiser * denoiser)
{
  if (denoiser == NULL)
    return;
  ae_spectral_filter_free (denoiser->filter);
  ae_stream_free (denoiser->stream);
  ae_model_unref (denoiser->model);
  g_free (denoiser);
}

gboolean
ae_audio_denoiser_set_model (AeAudioDenoiser * denoiser, AeModel * model,
    GError ** error)
{
  if (strcmp (denoiser->model->architecture->text,
          model->architecture->text) == 0) {
    ae_stream_set_weights (denoiser->stream, model->weights);
  } else {
    AeStream *stream = new_stream (model, error);

    if (stream == NULL)
      return FALSE;
    ae_stream_free (denoiser->stream);
    denoiser->stream = stream;
  }
  ae_model_ref (model);
  ae_model_unref (denoiser->model);
  denoiser->model = model;
  return TRUE;
}

void
ae_audio_denoiser_set_strength (AeAudioDenoiser * denoiser, float strength)
{
  denoiser->strength = CLAMP (strength, 0.0f, 1.0f);
}

void
ae_audio_denoiser_set_floor (AeAudioDenoiser * denoiser, float least)
{
  denoiser->floor = CLAMP (least, 0.0f, 1.0f);
}

void
ae_audio_denoiser_reset (AeAudioDenoiser * denoiser)
{
  ae_spectral_filter_reset (denoiser->filter);
}

AeSpectralFilter *
ae_audio_denoiser_filter (AeAudioDenoiser * denoiser)
{
  return denoiser->filter;
}

void
ae_audio_denoiser_process (AeAudioDenoiser * denoiser, const float *in,
    float *out, float *removed, gsize n)
{
  ae_spectral_filter_process (denoiser->filter, in, out, removed, n);
}
