/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-spectral-filter.h"

#include <math.h>
#include <string.h>

#define LOUDEST 1e4f            /* samples over it are no sound */

struct _AeSpectralFilter
{
  const AeSpectralFilterOps *ops;
  gpointer data;
  guint at;                     /* samples of the hop under way */
  float window[AE_STFT_WINDOW]; /* input of the frame, the last hop under way */
  float overlap[AE_STFT_WINDOW];        /* what is removed, under synthesis */
  float removed[AE_STFT_HOP];   /* while the hop under way comes in */
  float past[AE_SPECTRAL_FILTER_DELAY]; /* input as it was, a ring */
  guint i_past;
};

/* The delay is a window: a hop comes out while the second one after it comes
 * in. */
G_STATIC_ASSERT (AE_SPECTRAL_FILTER_DELAY == 2 * AE_STFT_HOP);
G_STATIC_ASSERT (AE_STFT_WINDOW == 2 * AE_STFT_HOP);

AeSpectralFilter *
ae_spectral_filter_new (const AeSpectralFilterOps * ops, gpointer data)
{
  AeSpectralFilter *filter = g_new0 (AeSpectralFilter, 1);

  filter->ops = ops;
  filter->data = data;
  return filter;
}

void
ae_spectral_filter_free (AeSpectralFilter * filter)
{
  g_free (filter);
}

void
ae_spectral_filter_reset (AeSpectralFilter * filter)
{
  filter->ops->reset (filter->data);
  memset (filter->window, 0, sizeof filter->window);
  memset (filter->overlap, 0, sizeof filter->overlap);
  memset (filter->removed, 0, sizeof filter->removed);
  memset (filter->past, 0, sizeof filter->past);
  filter->at = filter->i_past = 0;
}

/* The hop under way is complete, and with it a frame. */
static void
next_hop (AeSpectralFilter * filter)
{
  const gsize size_bytes = AE_STFT_HOP * sizeof (float);
  AeSpectrum spectrum;

  ae_stft_analyse (filter->window, &spectrum);
  filter->ops->frame (filter->data, &spectrum);
  ae_stft_synthesise (&spectrum, filter->overlap);
  memcpy (filter->removed, filter->overlap, size_bytes);
  memcpy (filter->overlap, filter->overlap + AE_STFT_HOP, size_bytes);
  memset (filter->overlap + AE_STFT_HOP, 0, size_bytes);
  memcpy (filter->window, filter->window + AE_STFT_HOP, size_bytes);
  filter->at = 0;
}

static inline float
sound (float x)
{
  return isfinite (x) ? fminf (fmaxf (x, -LOUDEST), LOUDEST) : 0.0f;
}

void
ae_spectral_filter_process (AeSpectralFilter * filter, const float *in,
    float *out, float *removed, gsize n)
{
  for (gsize i = 0; i < n; i++) {
    float x = in[i], part = filter->removed[filter->at];

    if (removed)
      removed[i] = part;
    if (out)
      out[i] = filter->past[filter->i_past] - part;
    filter->past[filter->i_past] = x;
    filter->i_past = (filter->i_past + 1) % AE_SPECTRAL_FILTER_DELAY;
    filter->window[AE_STFT_HOP + filter->at] = sound (x);
    if (++filter->at == AE_STFT_HOP)
      next_hop (filter);
  }
}
