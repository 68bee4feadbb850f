/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-audio-features.h"

#include <math.h>

#define MEMORY 150              /* frames */
#define POWER_FLOOR 1e-10f      /* as the rounding to 16 bits */
#define SCALE 0.3f              /* makes the deviation about 1 */
#define LIMIT 4.0f              /* after digital silence */

static inline float
scaled (float x)
{
  float y = SCALE * x;

  return y > -LIMIT ? MIN (y, LIMIT) : -LIMIT;
}

/* Returns: the share of this frame in the means. */
static float
take_logs (AeAudioFeatures * features, const AeSpectrum * spectrum, float *logs)
{
  float sum = 0.0f, share;

  features->n_frames = MIN (features->n_frames + 1, MEMORY);
  share = 1.0f / (float) features->n_frames;
  for (guint k = 0; k < AE_STFT_BINS; k++) {
    logs[k] = logf (spectrum->re[k] * spectrum->re[k]
        + spectrum->im[k] * spectrum->im[k] + POWER_FLOOR);
    sum += logs[k];
  }
  features->level += share * (sum / AE_STFT_BINS - features->level);
  return share;
}

void
ae_audio_features_next (AeAudioFeatures * features,
    const AeSpectrum * spectrum, float *out, gsize step)
{
  float logs[AE_STFT_BINS], share = take_logs (features, spectrum, logs);

  for (guint k = 0; k < AE_STFT_BINS; k++) {
    features->bins[k] += share * (logs[k] - features->bins[k]);
    out[k * step] = scaled (logs[k] - features->bins[k]);
    out[(AE_STFT_BINS + k) * step] = scaled (logs[k] - features->level);
  }
}

void
ae_audio_shape_next (AeAudioFeatures * features, const AeSpectrum * spectrum,
    float *out, gsize step)
{
  float logs[AE_STFT_BINS];

  take_logs (features, spectrum, logs);
  for (guint k = 0; k < AE_STFT_BINS; k++)
    out[k * step] = scaled (logs[k] - features->level);
}

float
ae_audio_shape_gain (float from, float to)
{
  return expf ((to - from) / (2.0f * SCALE));
}
