/* Denoises sound of one format. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaesounddenoiser.h"

#include <math.h>
#include <string.h>

/* Samples that are worked on at a time. */
#define CHUNK 1024
#define MAX_MODEL_CHUNK (CHUNK * AE_AUDIO_RATE / GST_AE_MIN_RATE + 2)

/* Louder samples, 24 dB over full scale, are held to this for the model. */
#define MAX_SAMPLE 16.0f

/* Kaiser windows of 96 taps at the lower rate, of 64 where that is under 16 kHz:
 * together with the model less than 30 ms. */
#define RESAMPLER_QUALITY 6
#define RESAMPLER_QUALITY_LOW 4

/* What the model tells of each channel, as streams at its rate. */
enum
{
  REMOVED,                      /* the noise */
  LOW,                          /* what the model heard */
  DROP,                         /* share to take from what it did not hear */
  MAX_PLANES
};

/* Follows how much is left of the top of the model's band. */
typedef struct
{
  float before[4], after[4];    /* the latest samples */
  float power_before, power_after;
} Top;

typedef struct
{
  AeAudioDenoiser *model;
  Top top;
  float in[CHUNK];
  float resampled[MAX_MODEL_CHUNK];
  float planes[MAX_PLANES][MAX_MODEL_CHUNK];
  GArray *results[MAX_PLANES];  /* (element-type float): at the stream's rate */
} Channel;

struct _GstAeSoundDenoiser
{
  GstAudioInfo info;
  guint n_channels, n_planes;
  Channel *channels;
  GstAudioResampler *down, *up; /* NULL at the model's rate */
  guint latency;                /* samples */
  guint n_early;                /* results to come of before the stream */
  float strength;
};

/* Exact filters: interpolated ones are off by a part of a sample, with which
 * the noise would not be taken from where it is. */
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
make_resamplers (GstAeSoundDenoiser * d)
{
  const gint rate = GST_AUDIO_INFO_RATE (&d->info);

  g_clear_pointer (&d->down, gst_audio_resampler_free);
  g_clear_pointer (&d->up, gst_audio_resampler_free);
  if (rate == AE_AUDIO_RATE)
    return;
  d->down = new_resampler (d->n_channels, rate, AE_AUDIO_RATE);
  d->up = new_resampler (d->n_channels * d->n_planes, AE_AUDIO_RATE, rate);
}

/* What is resampled to a time needs half of the filter after it, and one sample
 * more between two of them. */
static guint
find_latency (const GstAeSoundDenoiser * d)
{
  const guint64 rate = (guint64) GST_AUDIO_INFO_RATE (&d->info);
  guint64 model = AE_AUDIO_DENOISER_DELAY;

  if (d->down == NULL)
    return (guint) model;
  model += gst_audio_resampler_get_max_latency (d->up) + 1;
  return (guint) ((model * rate + AE_AUDIO_RATE - 1) / AE_AUDIO_RATE +
      gst_audio_resampler_get_max_latency (d->down));
}

GstAeSoundDenoiser *
gst_ae_sound_denoiser_new (AeModel * model, const GstAudioInfo * info,
    GError ** error)
{
  GstAeSoundDenoiser *d = g_new0 (GstAeSoundDenoiser, 1);

  d->info = *info;
  d->strength = 1.0f;
  d->n_channels = (guint) GST_AUDIO_INFO_CHANNELS (info);
  d->n_planes = GST_AUDIO_INFO_RATE (info) == AE_AUDIO_RATE ? 1 : MAX_PLANES;
  d->channels = g_new0 (Channel, d->n_channels);
  for (guint c = 0; c < d->n_channels; c++) {
    for (guint p = 0; p < d->n_planes; p++)
      d->channels[c].results[p] =
          g_array_sized_new (FALSE, FALSE, sizeof (float), CHUNK);
    d->channels[c].model = ae_audio_denoiser_new (model, error);
    if (d->channels[c].model == NULL) {
      gst_ae_sound_denoiser_free (d);
      return NULL;
    }
  }
  gst_ae_sound_denoiser_reset (d);
  d->latency = find_latency (d);
  return d;
}

void
gst_ae_sound_denoiser_free (GstAeSoundDenoiser * d)
{
  if (d == NULL)
    return;
  for (guint c = 0; c < d->n_channels; c++) {
    ae_audio_denoiser_free (d->channels[c].model);
    for (guint p = 0; p < d->n_planes; p++)
      g_clear_pointer (&d->channels[c].results[p], g_array_unref);
  }
  g_free (d->channels);
  g_clear_pointer (&d->down, gst_audio_resampler_free);
  g_clear_pointer (&d->up, gst_audio_resampler_free);
  g_free (d);
}

guint
gst_ae_sound_denoiser_latency (const GstAeSoundDenoiser * d)
{
  return d->latency;
}

gboolean
gst_ae_sound_denoiser_set_model (GstAeSoundDenoiser * d, AeModel * model,
    GError ** error)
{
  for (guint c = 0; c < d->n_channels; c++) {
    if (!ae_audio_denoiser_set_model (d->channels[c].model, model, error))
      return FALSE;
  }
  return TRUE;
}

void
gst_ae_sound_denoiser_set_strength (GstAeSoundDenoiser * d, float strength)
{
  d->strength = strength;
  for (guint c = 0; c < d->n_channels; c++)
    ae_audio_denoiser_set_strength (d->channels[c].model, strength);
}

void
gst_ae_sound_denoiser_reset (GstAeSoundDenoiser * d)
{
  for (guint c = 0; c < d->n_channels; c++) {
    Channel *channel = &d->channels[c];

    ae_audio_denoiser_reset (channel->model);
    memset (&channel->top, 0, sizeof channel->top);
    for (guint p = 0; p < d->n_planes; p++)
      g_array_set_size (channel->results[p], 0);
  }
  make_resamplers (d);
  d->n_early = AE_AUDIO_DENOISER_DELAY;
}

/* Input */

static void
read_channel (GstAeSoundDenoiser * d, guint i_channel, const guint8 * samples,
    gsize n)
{
  float *in = d->channels[i_channel].in;

  if (samples == NULL) {
    memset (in, 0, n * sizeof (float));
    return;
  }
  gst_ae_samples_to_floats (GST_AUDIO_INFO_FORMAT (&d->info),
      samples + i_channel * (guint) GST_AUDIO_INFO_BPS (&d->info),
      d->n_channels, in, n);
  for (gsize i = 0; i < n; i++)
    in[i] = isfinite (in[i]) ? CLAMP (in[i], -MAX_SAMPLE, MAX_SAMPLE) : 0.0f;
}

/* Returns: how many samples the model gets for @n of the stream. */
static gsize
resample_input (GstAeSoundDenoiser * d, gsize n)
{
  gpointer in[GST_AE_MAX_CHANNELS], out[GST_AE_MAX_CHANNELS];
  gsize n_model = n;

  for (guint c = 0; c < d->n_channels; c++) {
    in[c] = d->channels[c].in;
    out[c] = d->channels[c].resampled;
  }
  if (d->down != NULL) {
    n_model = gst_audio_resampler_get_out_frames (d->down, n);
    gst_audio_resampler_resample (d->down, in, n, out, n_model);
  } else {
    for (guint c = 0; c < d->n_channels; c++)
      memcpy (out[c], in[c], n * sizeof (float));
  }
  return n_model;
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
run_model (GstAeSoundDenoiser * d, Channel * channel, gsize n)
{
  float *removed = channel->planes[REMOVED], *out = channel->resampled;

  ae_audio_denoiser_process (channel->model, channel->resampled, out, removed,
      n);
  for (gsize i = 0; d->n_planes == MAX_PLANES && i < n; i++) {
    const float low = out[i] + removed[i];

    channel->planes[LOW][i] = low;
    channel->planes[DROP][i] = follow_top (&channel->top, low, out[i]);
  }
}

/* Brings what the model told of @n samples to the rate of the stream. */
static void
resample_results (GstAeSoundDenoiser * d, gsize n)
{
  gpointer in[GST_AE_MAX_CHANNELS * MAX_PLANES];
  gpointer out[GST_AE_MAX_CHANNELS * MAX_PLANES];
  const gsize n_early = MIN (n, d->n_early);
  const gsize n_out = d->up == NULL ? n - n_early :
      gst_audio_resampler_get_out_frames (d->up, n - n_early);

  d->n_early -= (guint) n_early;
  if (n == n_early)
    return;
  for (guint c = 0; c < d->n_channels; c++) {
    for (guint p = 0; p < d->n_planes; p++) {
      GArray *results = d->channels[c].results[p];
      const guint i = c * d->n_planes + p, size = results->len;

      g_array_set_size (results, size + (guint) n_out);
      in[i] = d->channels[c].planes[p] + n_early;
      out[i] = &g_array_index (results, float, size);
      if (d->up == NULL)
        memcpy (out[i], in[i], n_out * sizeof (float));
    }
  }
  if (d->up != NULL)
    gst_audio_resampler_resample (d->up, in, n - n_early, out, n_out);
}

void
gst_ae_sound_denoiser_push (GstAeSoundDenoiser * d, gconstpointer samples,
    gsize n)
{
  const guint8 *bytes = samples;

  while (n > 0) {
    const gsize size = MIN (n, CHUNK);
    gsize n_model;

    for (guint c = 0; c < d->n_channels; c++)
      read_channel (d, c, bytes, size);
    n_model = resample_input (d, size);
    for (guint c = 0; c < d->n_channels; c++)
      run_model (d, &d->channels[c], n_model);
    resample_results (d, n_model);
    if (bytes != NULL)
      bytes += size * (gsize) GST_AUDIO_INFO_BPF (&d->info);
    n -= size;
  }
}

/* Output */

#define RESULT(channel, p, i) \
    g_array_index ((channel)->results[p], float, i)

static void
clean (const GstAeSoundDenoiser * d, const Channel * channel, guint i_result,
    float *x, gsize n)
{
  for (guint i = 0; i < n; i++) {
    const guint r = i_result + i;
    float removed = RESULT (channel, REMOVED, r);

    if (!isfinite (x[i]) && d->strength > 0.0f)
      x[i] = 0.0f;
    if (d->n_planes == MAX_PLANES && RESULT (channel, DROP, r) > 0.0f) {
      const float drop = MIN (RESULT (channel, DROP, r), 1.0f);
      const float heard = CLAMP (x[i], -MAX_SAMPLE, MAX_SAMPLE);

      removed += drop * (heard - RESULT (channel, LOW, r));
    }
    if (removed != 0.0f)
      x[i] -= removed;
  }
}

void
gst_ae_sound_denoiser_pull (GstAeSoundDenoiser * d, gpointer samples, gsize n)
{
  const GstAudioFormat format = GST_AUDIO_INFO_FORMAT (&d->info);
  const gsize bpf = (gsize) GST_AUDIO_INFO_BPF (&d->info);

  g_return_if_fail (n <= d->channels[0].results[REMOVED]->len);

  for (guint c = 0; c < d->n_channels; c++) {
    Channel *channel = &d->channels[c];
    guint8 *bytes = samples;

    if (bytes != NULL)
      bytes += c * (guint) GST_AUDIO_INFO_BPS (&d->info);
    for (gsize start = 0; samples != NULL && start < n; start += CHUNK) {
      const gsize size = MIN (n - start, CHUNK);
      guint8 *first = bytes + start * bpf;

      gst_ae_samples_to_floats (format, first, d->n_channels, channel->in,
          size);
      clean (d, channel, (guint) start, channel->in, size);
      gst_ae_samples_from_floats (format, first, d->n_channels, channel->in,
          size);
    }
    for (guint p = 0; n > 0 && p < d->n_planes; p++)
      g_array_remove_range (channel->results[p], 0, (guint) n);
  }
}
