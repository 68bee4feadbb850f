/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-audio-reconstructor.h"

#include <math.h>
#include <string.h>

#include "ae-audio-features.h"
#include "ae-error.h"
#include "ae-stream.h"

/* Of a shape: 0.7 dB. */
#define LEAST_DEVIATION 0.05f

/* What a model makes louder is made so by 20 dB at most. */
#define MAX_GAIN 10.0f

/* A model, and the sum of its errors in the block so far. */
typedef struct
{
  AeModel *model;
  AeStream *stream;
  float sum[AE_STFT_BINS];
} Hearing;

struct _AeAudioReconstructor
{
  Hearing now, next;            /* without a model: none yet, and none to come */
  AeAudioFeatures features;
  AeAudioOutput output;
  guint n_frames;               /* of the block */
  gboolean is_silent;           /* there was digital silence in it */
  AeAnomaly *anomaly;
  double threshold, quantile;
  AeAnomalyScore score, worst;  /* of the last block; since it was asked for */
  guint64 n_blocks;
  AeSpectralFilter *filter;
};

/* What is heard */

static void
clear_hearing (Hearing * hearing)
{
  g_clear_pointer (&hearing->model, ae_model_unref);
  g_clear_pointer (&hearing->stream, ae_stream_free);
}

static gboolean
init_hearing (Hearing * hearing, AeModel * model, GError ** error)
{
  const AeArchitecture *a = model->architecture;

  if (a->input.c != AE_STFT_BINS || a->output.c != AE_STFT_BINS
      || a->n_given > 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "the model has %u input, %u output and %u given channels, expected %u, "
        "%u and none", a->input.c, a->output.c, a->n_given, AE_STFT_BINS,
        AE_STFT_BINS);
    return FALSE;
  }
  memset (hearing, 0, sizeof *hearing);
  hearing->stream = ae_stream_new (model->architecture, model->weights,
      AE_STREAM_FLOATS, error);
  if (hearing->stream == NULL)
    return FALSE;
  hearing->model = ae_model_ref (model);
  return TRUE;
}

/* Returns: (transfer none): what the model makes of the shape of a frame. */
static const float *
hear (Hearing * hearing, const float *shape)
{
  const float *made = ae_stream_step (hearing->stream, shape);

  for (guint k = 0; k < AE_STFT_BINS; k++)
    hearing->sum[k] += made[k] - shape[k];
  return made;
}

/* The mean error of each bin in a block: noise is off this way and that. */
static void
measure (const Hearing * hearing, float *error)
{
  for (guint k = 0; k < AE_STFT_BINS; k++)
    error[k] = hearing->sum[k] / AE_AUDIO_BLOCK;
}

static void
begin_block (AeAudioReconstructor * self)
{
  memset (self->now.sum, 0, sizeof self->now.sum);
  memset (self->next.sum, 0, sizeof self->next.sum);
  self->n_frames = 0;
  self->is_silent = FALSE;
}

static void
end_block (AeAudioReconstructor * self)
{
  float before[AE_STFT_BINS], after[AE_STFT_BINS];

  if (!self->is_silent) {
    measure (&self->now, before);
    if (self->next.model != NULL) {
      measure (&self->next, after);
      ae_anomaly_change_model (self->anomaly, before, after);
      clear_hearing (&self->now);
      self->now = self->next;
      memset (&self->next, 0, sizeof self->next);
      memcpy (before, after, sizeof before);
    }
    ae_anomaly_add (self->anomaly, before, self->threshold, self->quantile,
        &self->score);
    if (ae_anomaly_is_worse (&self->score, &self->worst))
      self->worst = self->score;
    self->n_blocks++;
  } else {
    self->score = AE_ANOMALY_UNKNOWN;
  }
  begin_block (self);
}

/* Of the spectrum, leaves what is to be taken from the input. */
static void
take_part (AeAudioReconstructor * self, const float *shape, const float *made,
    AeSpectrum * spectrum)
{
  for (guint k = 0; k < AE_STFT_BINS; k++) {
    const float gain = fminf (ae_audio_shape_gain (shape[k], made[k]),
        MAX_GAIN);
    const float part = self->output == AE_AUDIO_INPUT ? 0.0f
        : self->output == AE_AUDIO_RESIDUAL ? gain : 1.0f - gain;

    spectrum->re[k] *= part;
    spectrum->im[k] *= part;
  }
}

static gboolean
is_silence (const AeSpectrum * spectrum)
{
  for (guint k = 0; k < AE_STFT_BINS; k++) {
    if (spectrum->re[k] != 0.0f || spectrum->im[k] != 0.0f)
      return FALSE;
  }
  return TRUE;
}

static void
reconstruct (gpointer data, AeSpectrum * spectrum)
{
  AeAudioReconstructor *self = data;
  float shape[AE_STFT_BINS];
  const float *made;

  self->is_silent |= is_silence (spectrum);
  ae_audio_shape_next (&self->features, spectrum, shape, 1);
  if (self->now.model == NULL) {
    memset (spectrum, 0, sizeof *spectrum);
    return;
  }
  made = hear (&self->now, shape);
  if (self->next.model != NULL)
    hear (&self->next, shape);
  take_part (self, shape, made, spectrum);
  if (++self->n_frames == AE_AUDIO_BLOCK)
    end_block (self);
}

static void
forget (gpointer data)
{
  AeAudioReconstructor *self = data;

  if (self->now.model != NULL)
    ae_stream_reset (self->now.stream);
  if (self->next.model != NULL)
    ae_stream_reset (self->next.stream);
  memset (&self->features, 0, sizeof self->features);
  self->score = self->worst = AE_ANOMALY_UNKNOWN;
  begin_block (self);
}

AeAudioReconstructor *
ae_audio_reconstructor_new (void)
{
  static const AeSpectralFilterOps ops = { reconstruct, forget };
  AeAudioReconstructor *self = g_new0 (AeAudioReconstructor, 1);

  self->anomaly = ae_anomaly_new (AE_STFT_BINS, LEAST_DEVIATION);
  self->threshold = -1.0;
  self->score = self->worst = AE_ANOMALY_UNKNOWN;
  self->quantile = 0.95;
  self->filter = ae_spectral_filter_new (&ops, self);
  return self;
}

void
ae_audio_reconstructor_free (AeAudioReconstructor * self)
{
  if (self == NULL)
    return;
  clear_hearing (&self->now);
  clear_hearing (&self->next);
  ae_anomaly_free (self->anomaly);
  ae_spectral_filter_free (self->filter);
  g_free (self);
}

gboolean
ae_audio_reconstructor_set_model (AeAudioReconstructor * self, AeModel * model,
    GError ** error)
{
  Hearing hearing;

  if (!init_hearing (&hearing, model, error))
    return FALSE;
  if (self->now.model == NULL) {
    self->now = hearing;
  } else {
    clear_hearing (&self->next);
    self->next = hearing;
  }
  begin_block (self);
  return TRUE;
}

void
ae_audio_reconstructor_set_output (AeAudioReconstructor * self,
    AeAudioOutput output)
{
  self->output = output;
}

void
ae_audio_reconstructor_set_threshold (AeAudioReconstructor * self,
    double threshold, double quantile)
{
  self->threshold = threshold;
  self->quantile = quantile;
}

guint64
ae_audio_reconstructor_take_score (AeAudioReconstructor * self,
    AeAnomalyScore * score)
{
  *score = self->worst.score >= 0.0 ? self->worst : self->score;
  self->worst = AE_ANOMALY_UNKNOWN;
  return self->n_blocks;
}

AeSpectralFilter *
ae_audio_reconstructor_filter (AeAudioReconstructor * self)
{
  return self->filter;
}
