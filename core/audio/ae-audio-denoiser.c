/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-audio-denoiser.h"
#include "ae-audio-features.h"
#include "ae-error.h"
#include "ae-stream.h"

#include <math.h>
#include <string.h>

#define LOUDEST 1e4f            /* samples over it are no sound */

struct _AeAudioDenoiser
{
  AeModel *model;
  AeStream *stream;
  AeAudioFeatures features;
  float strength, floor;
  guint at;                     /* samples of the hop under way */
  float window[AE_STFT_WINDOW]; /* input of the frame, the last hop under way */
  float overlap[AE_STFT_WINDOW];        /* what is removed, under synthesis */
  float removed[AE_STFT_HOP];   /* while the hop under way comes in */
  float past[AE_AUDIO_DENOISER_DELAY];  /* input as it was, a ring */
  guint i_past;
};

/* The delay is a window: a hop comes out while the second one after it comes
 * in. */
G_STATIC_ASSERT (AE_AUDIO_DENOISER_DELAY == 2 * AE_STFT_HOP);
G_STATIC_ASSERT (AE_STFT_WINDOW == 2 * AE_STFT_HOP);

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

AeAudioDenoiser *
ae_audio_denoiser_new (AeModel * model, GError ** error)
{
  AeStream *stream = new_stream (model, error);
  AeAudioDenoiser *denoiser;

  if (stream == NULL)
    return NULL;
  denoiser = g_new0 (AeAudioDenoiser, 1);
  denoiser->model = ae_model_ref (model);
  denoiser->stream = stream;
  denoiser->strength = 1.0f;
  denoiser->floor = 0.1f;
  return denoiser;
}

void
ae_audio_denoiser_free (AeAudioDenoiser * denoiser)
{
  if (denoiser == NULL)
    return;
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
  ae_stream_reset (denoiser->stream);
  memset (&denoiser->features, 0, sizeof denoiser->features);
  memset (denoiser->window, 0, sizeof denoiser->window);
  memset (denoiser->overlap, 0, sizeof denoiser->overlap);
  memset (denoiser->removed, 0, sizeof denoiser->removed);
  memset (denoiser->past, 0, sizeof denoiser->past);
  denoiser->at = denoiser->i_past = 0;
}

/* A window is full: what of it is noise goes to the overlap. */
static void
run_frame (AeAudioDenoiser * denoiser)
{
  float features[AE_AUDIO_FEATURES];
  AeSpectrum spectrum;
  const float *mask;

  ae_stft_analyse (denoiser->window, &spectrum);
  ae_audio_features_next (&denoiser->features, &spectrum, features, 1);
  mask = ae_stream_step (denoiser->stream, features);
  for (guint k = 0; k < AE_STFT_BINS; k++) {
    float part = denoiser->strength * (1.0f - MAX (mask[k], denoiser->floor));

    spectrum.re[k] *= part;
    spectrum.im[k] *= part;
  }
  ae_stft_synthesise (&spectrum, denoiser->overlap);
}

/* The hop under way is complete. */
static void
next_hop (AeAudioDenoiser * denoiser)
{
  const gsize size_bytes = AE_STFT_HOP * sizeof (float);

  run_frame (denoiser);
  memcpy (denoiser->removed, denoiser->overlap, size_bytes);
  memcpy (denoiser->overlap, denoiser->overlap + AE_STFT_HOP, size_bytes);
  memset (denoiser->overlap + AE_STFT_HOP, 0, size_bytes);
  memcpy (denoiser->window, denoiser->window + AE_STFT_HOP, size_bytes);
  denoiser->at = 0;
}

static inline float
sound (float x)
{
  return isfinite (x) ? fminf (fmaxf (x, -LOUDEST), LOUDEST) : 0.0f;
}

void
ae_audio_denoiser_process (AeAudioDenoiser * denoiser, const float *in,
    float *out, float *removed, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    float x = in[i], noise = denoiser->removed[denoiser->at];

    if (removed)
      removed[i] = noise;
    if (out)
      out[i] = denoiser->past[denoiser->i_past] - noise;
    denoiser->past[denoiser->i_past] = x;
    denoiser->i_past = (denoiser->i_past + 1) % AE_AUDIO_DENOISER_DELAY;
    denoiser->window[AE_STFT_HOP + denoiser->at] = sound (x);
    if (++denoiser->at == AE_STFT_HOP)
      next_hop (denoiser);
  }
}
