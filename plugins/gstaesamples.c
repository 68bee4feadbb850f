/* The samples of a sound buffer, as the core sees them. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaesamples.h"

#include <math.h>

#define S16_SCALE 32768.0f

void
gst_ae_samples_to_floats (GstAudioFormat format, gconstpointer samples,
    gsize stride, float *out, gsize n)
{
  if (format == GST_AUDIO_FORMAT_F32) {
    const float *in = samples;

    for (gsize i = 0; i < n; i++)
      out[i] = in[i * stride];
  } else {
    const gint16 *in = samples;

    for (gsize i = 0; i < n; i++)
      out[i] = (float) in[i * stride] / S16_SCALE;
  }
}

void
gst_ae_samples_from_floats (GstAudioFormat format, gpointer samples,
    gsize stride, const float *in, gsize n)
{
  if (format == GST_AUDIO_FORMAT_F32) {
    float *out = samples;

    for (gsize i = 0; i < n; i++)
      out[i * stride] = in[i];
  } else {
    gint16 *out = samples;

    for (gsize i = 0; i < n; i++) {
      const float code = CLAMP (in[i] * S16_SCALE, -S16_SCALE,
          S16_SCALE - 1.0f);

      out[i * stride] = (gint16) lrintf (code);
    }
  }
}

gpointer
gst_ae_samples_of_channel (const GstAudioBuffer * buffer, guint i_channel,
    gsize * stride)
{
  if (GST_AUDIO_BUFFER_LAYOUT (buffer) == GST_AUDIO_LAYOUT_NON_INTERLEAVED) {
    *stride = 1;
    return GST_AUDIO_BUFFER_PLANE_DATA (buffer, i_channel);
  }
  *stride = (gsize) GST_AUDIO_BUFFER_CHANNELS (buffer);
  return (guint8 *) GST_AUDIO_BUFFER_PLANE_DATA (buffer, 0)
      + i_channel * (guint) GST_AUDIO_BUFFER_BPS (buffer);
}
