/* Filters of spectra on sound of one format. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaesoundfilter.h"

#include <math.h>
#include <string.h>

/* Samples that are worked on at a time. */
#define CHUNK 1024
#define MAX_HEARD_CHUNK (CHUNK * AE_AUDIO_RATE / GST_AE_MIN_RATE + 2)

/* Louder samples, 24 dB over full scale, are held to this for the filter. */
#define MAX_SAMPLE 16.0f

/* Kaiser windows of 96 taps at the lower rate, of 64 where that is under 16 kHz:
 * together with the filter less than 30 ms. */
#define RESAMPLER_QUALITY 6
#define RESAMPLER_QUALITY_LOW 4

/* What the filter tells of each channel, as streams at its rate. */
enum
{
  REMOVED,
  LOW,                          /* what the filter heard */
  DROP,                         /* share to take from what it did not hear */
  MAX_PLANES
};

/* Follows how much is left of the top of the filter's band. */
typedef struct
{
  float before[4], after[4];    /* the latest samples */
  float power_before, power_after;
} Top;

typedef struct
{
  AeSpectralFilter *filter;
  Top top;
  float in[CHUNK];
  float resampled[MAX_HEARD_CHUNK];
  float planes[MAX_PLANES][MAX_HEARD_CHUNK];
  GArray *results[MAX_PLANES];  /* (element-type float): at the stream's rate */
} Channel;

struct _GstAeSoundFilter
{
  GstAudioInfo info;
  guint n_channels, n_planes;
  Channel *channels;
  GstAudioResampler *down, *up; /* NULL at the filter's rate */
  guint latency;                /* samples */
  guint n_early;                /* results to come of before the stream */
  gboolean raw;
};

/* Exact filters: interpolated ones are off by a part of a sample, with which
 * a part would not be taken from where it is. */
static GstAudioResampler *
new_resampler (guint n_streams, gint in_rate, gint out_rate)
{
  GstStructure *options = gst_structure_new_empty ("options");
  const guint quality = MIN (in_rate, out_rate) < AE_AUDIO_RATE ?
      RESAMPLER_QUALITY_LOW : RESAMPLER_QUALITY;
  GstAudioResampler *resampler;

  gst_audio_resampler_options_set_quality (GST_AUDIO_RESAMPLER_METHOD_KAISER,
      quality, in_rate, out_rate, options);
  gst_structure_set (options, GST_AUDIO_RESAMPLER_OPT_FILTER_MODE,
      GST_TYPE_AUDIO_RESAMPLER_FILTER_MODE,
      GST_AUDIO_RESAMPLER_FILTER_MODE_FULL,
      GST_AUDIO_RESAMPLER_OPT_FILTER_INTERPOLATION,
      GST_TYPE_AUDIO_RESAMPLER_FILTER_INTERPOLATION,
      GST_AUDIO_RESAMPLER_FILTER_INTERPOLATION_NONE, NULL);
  resampler = gst_audio_resampler_new (GST_AUDIO_RESAMPLER_METHOD_KAISER,
      GST_AUDIO_RESAMPLER_FLAG_NON_INTERLEAVED_IN |
      GST_AUDIO_RESAMPLER_FLAG_NON_INTERLEAVED_OUT, GST_AUDIO_FORMAT_F32,
      (gint) n_streams, in_rate, out_rate, options);
  gst_structure_free (options);
  return resampler;
}

/* New ones, as gst_audio_resampler_reset() keeps the phase. */
static void
make_resamplers (GstAeSoundFilter * self)
{
  const gint rate = GST_AUDIO_INFO_RATE (&self->info);

  g_clear_pointer (&self->down, gst_audio_resampler_free);
  g_clear_pointer (&self->up, gst_audio_resampler_free);
  if (rate == AE_AUDIO_RATE)
    return;
  self->down = new_resampler (self->n_channels, rate, AE_AUDIO_RATE);
  self->up =
      new_resampler (self->n_channels * self->n_planes, AE_AUDIO_RATE, rate);
}

/* What is resampled to a time needs half of the filter after it, and one sample
 * more between two of them. */
static guint
find_latency (const GstAeSoundFilter * self)
{
  const guint64 rate = (guint64) GST_AUDIO_INFO_RATE (&self->info);
  guint64 filter = AE_SPECTRAL_FILTER_DELAY;

  if (self->down == NULL)
    return (guint) filter;
  filter += gst_audio_resampler_get_max_latency (self->up) + 1;
  return (guint) ((filter * rate + AE_AUDIO_RATE - 1) / AE_AUDIO_RATE +
      gst_audio_resampler_get_max_latency (self->down));
}

GstAeSoundFilter *
gst_ae_sound_filter_new (AeSpectralFilter * const *filters,
    const GstAudioInfo * info)
{
  GstAeSoundFilter *self = g_new0 (GstAeSoundFilter, 1);

  self->info = *info;
  self->n_channels = (guint) GST_AUDIO_INFO_CHANNELS (info);
  self->n_planes = GST_AUDIO_INFO_RATE (info) == AE_AUDIO_RATE ? 1 : MAX_PLANES;
  self->channels = g_new0 (Channel, self->n_channels);
  for (guint c = 0; c < self->n_channels; c++) {
    self->channels[c].filter = filters[c];
    for (guint p = 0; p < self->n_planes; p++)
      self->channels[c].results[p] =
          g_array_sized_new (FALSE, FALSE, sizeof (float), CHUNK);
  }
  gst_ae_sound_filter_reset (self);
  self->latency = find_latency (self);
  return self;
}

void
gst_ae_sound_filter_free (GstAeSoundFilter * self)
{
  if (self == NULL)
    return;
  for (guint c = 0; c < self->n_channels; c++) {
    for (guint p = 0; p < self->n_planes; p++)
      g_clear_pointer (&self->channels[c].results[p], g_array_unref);
  }
  g_free (self->channels);
  g_clear_pointer (&self->down, gst_audio_resampler_free);
  g_clear_pointer (&self->up, gst_audio_resampler_free);
  g_free (self);
}

guint
gst_ae_sound_filter_latency (const GstAeSoundFilter * self)
{
  return self->latency;
}

void
gst_ae_sound_filter_set_raw (GstAeSoundFilter * self, gboolean raw)
{
  self->raw = raw;
}

void
gst_ae_sound_filter_reset (GstAeSoundFilter * self)
{
  for (guint c = 0; c < self->n_channels; c++) {
    Channel *channel = &self->channels[c];

    ae_spectral_filter_reset (channel->filter);
    memset (&channel->top, 0, sizeof channel->top);
    for (guint p = 0; p < self->n_planes; p++)
      g_array_set_size (channel->results[p], 0);
  }
  make_resamplers (self);
  self->n_early = AE_SPECTRAL_FILTER_DELAY;
}

/* Input */

static void
read_channel (GstAeSoundFilter * self, guint i_channel, const guint8 * samples,
    gsize n)
{
  float *in = self->channels[i_channel].in;

  if (samples == NULL) {
    memset (in, 0, n * sizeof (float));
    return;
  }
  gst_ae_samples_to_floats (GST_AUDIO_INFO_FORMAT (&self->info),
      samples + i_channel * (guint) GST_AUDIO_INFO_BPS (&self->info),
      self->n_channels, in, n);
  for (gsize i = 0; i < n; i++)
    in[i] = isfinite (in[i]) ? CLAMP (in[i], -MAX_SAMPLE, MAX_SAMPLE) : 0.0f;
}

/* Returns: how many samples the filter gets for @n of the stream. */
static gsize
resample_input (GstAeSoundFilter * self, gsize n)
{
  gpointer in[GST_AE_MAX_CHANNELS], out[GST_AE_MAX_CHANNELS];
  gsize n_heard = n;

  for (guint c = 0; c < self->n_channels; c++) {
    in[c] = self->channels[c].in;
    out[c] = self->channels[c].resampled;
  }
  if (self->down != NULL) {
    n_heard = gst_audio_resampler_get_out_frames (self->down, n);
    gst_audio_resampler_resample (self->down, in, n, out, n_heard);
  } else {
    for (guint c = 0; c < self->n_channels; c++)
      memcpy (out[c], in[c], n * sizeof (float));
  }
  return n_heard;
}

/* The fourth difference leaves little of what lies below 3 kHz. */
static float
high_pass (float last[4], float x)
{
  const float y = x - 4.0f * last[0] + 6.0f * last[1] - 4.0f * last[2]
      + last[3];

  memmove (last + 1, last, 3 * sizeof (float));
  last[0] = x;
  return y;
}

/* Returns: the share by which the top of the band was lowered, exactly 0 where
 * nothing was removed. */
static float
follow_top (Top * top, float before, float after)
{
  const float step = 1.0f / (0.01f * AE_AUDIO_RATE), little = 1e-12f;
  const float b = high_pass (top->before, before);
  const float a = high_pass (top->after, after);

  top->power_before += step * (b * b - top->power_before);
  top->power_after += step * (a * a - top->power_after);
  if (top->power_after >= top->power_before)
    return 0.0f;
  return 1.0f - sqrtf ((top->power_after + little) /
      (top->power_before + little));
}

static void
run_filter (GstAeSoundFilter * self, Channel * channel, gsize n)
{
  float *removed = channel->planes[REMOVED], *out = channel->resampled;

  ae_spectral_filter_process (channel->filter, channel->resampled, out,
      removed, n);
  for (gsize i = 0; self->n_planes == MAX_PLANES && i < n; i++) {
    const float low = out[i] + removed[i];

    channel->planes[LOW][i] = low;
    channel->planes[DROP][i] = follow_top (&channel->top, low, out[i]);
  }
}

/* Brings what the filter told of @n samples to the rate of the stream. */
static void
resample_results (GstAeSoundFilter * self, gsize n)
{
  gpointer in[GST_AE_MAX_CHANNELS * MAX_PLANES];
  gpointer out[GST_AE_MAX_CHANNELS * MAX_PLANES];
  const gsize n_early = MIN (n, self->n_early);
  const gsize n_out = self->up == NULL ? n - n_early :
      gst_audio_resampler_get_out_frames (self->up, n - n_early);

  self->n_early -= (guint) n_early;
  if (n == n_early)
    return;
  for (guint c = 0; c < self->n_channels; c++) {
    for (guint p = 0; p < self->n_planes; p++) {
      GArray *results = self->channels[c].results[p];
      const guint i = c * self->n_planes + p, size = results->len;

      g_array_set_size (results, size + (guint) n_out);
      in[i] = self->channels[c].planes[p] + n_early;
      out[i] = &g_array_index (results, float, size);
      if (self->up == NULL)
        memcpy (out[i], in[i], n_out * sizeof (float));
    }
  }
  if (self->up != NULL)
    gst_audio_resampler_resample (self->up, in, n - n_early, out, n_out);
}

void
gst_ae_sound_filter_push (GstAeSoundFilter * self, gconstpointer samples,
    gsize n)
{
  const guint8 *bytes = samples;

  while (n > 0) {
    const gsize size = MIN (n, CHUNK);
    gsize n_heard;

    for (guint c = 0; c < self->n_channels; c++)
      read_channel (self, c, bytes, size);
    n_heard = resample_input (self, size);
    for (guint c = 0; c < self->n_channels; c++)
      run_filter (self, &self->channels[c], n_heard);
    resample_results (self, n_heard);
    if (bytes != NULL)
      bytes += size * (gsize) GST_AUDIO_INFO_BPF (&self->info);
    n -= size;
  }
}

/* Output */

#define RESULT(channel, p, i) \
    g_array_index ((channel)->results[p], float, i)

static void
clean (const GstAeSoundFilter * self, const Channel * channel, guint i_result,
    float *x, gsize n)
{
  for (guint i = 0; i < n; i++) {
    const guint r = i_result + i;
    float removed = RESULT (channel, REMOVED, r);

    if (!isfinite (x[i]) && !self->raw)
      x[i] = 0.0f;
    if (self->n_planes == MAX_PLANES && RESULT (channel, DROP, r) > 0.0f) {
      const float drop = MIN (RESULT (channel, DROP, r), 1.0f);
      const float heard = CLAMP (x[i], -MAX_SAMPLE, MAX_SAMPLE);

      removed += drop * (heard - RESULT (channel, LOW, r));
    }
    if (removed != 0.0f)
      x[i] -= removed;
  }
}

void
gst_ae_sound_filter_pull (GstAeSoundFilter * self, gpointer samples, gsize n)
{
  const GstAudioFormat format = GST_AUDIO_INFO_FORMAT (&self->info);
  const gsize bpf = (gsize) GST_AUDIO_INFO_BPF (&self->info);

  g_return_if_fail (n <= self->channels[0].results[REMOVED]->len);

  for (guint c = 0; c < self->n_channels; c++) {
    Channel *channel = &self->channels[c];
    guint8 *bytes = samples;

    if (bytes != NULL)
      bytes += c * (guint) GST_AUDIO_INFO_BPS (&self->info);
    for (gsize start = 0; samples != NULL && start < n; start += CHUNK) {
      const gsize size = MIN (n - start, CHUNK);
      guint8 *first = bytes + start * bpf;

      gst_ae_samples_to_floats (format, first, self->n_channels, channel->in,
          size);
      clean (self, channel, (guint) start, channel->in, size);
      gst_ae_samples_from_floats (format, first, self->n_channels, channel->in,
          size);
    }
    for (guint p = 0; n > 0 && p < self->n_planes; p++)
      g_array_remove_range (channel->results[p], 0, (guint) n);
  }
}
