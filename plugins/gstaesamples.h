/* The samples of a sound buffer, as the core sees them. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/audio/audio.h>

G_BEGIN_DECLS

#define GST_AE_MAX_CHANNELS 8

/* The formats that the elements accept. */
#define GST_AE_AUDIO_FORMATS "{ " GST_AUDIO_NE (F32) ", " \
    GST_AUDIO_NE (S16) " }"

/**
 * gst_ae_samples_to_floats:
 * @samples: of GST_AUDIO_FORMAT_F32 or GST_AUDIO_FORMAT_S16, the first one of
 *   a channel
 * @stride: from one sample of the channel to the next one, in samples
 *
 * Reads @n samples. Full scale is 1.
 */
void gst_ae_samples_to_floats (GstAudioFormat format, gconstpointer samples,
    gsize stride, float *out, gsize n);

/* The inverse; what does not fit the format is clipped and rounded to it. */
void gst_ae_samples_from_floats (GstAudioFormat format, gpointer samples,
    gsize stride, const float *in, gsize n);

/* Returns: the first sample of a channel in a mapped buffer. @stride: (out) */
gpointer gst_ae_samples_of_channel (const GstAudioBuffer * buffer,
    guint i_channel, gsize * stride);

G_END_DECLS
