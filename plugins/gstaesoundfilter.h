/* Filters of spectra on sound of one format. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-spectral-filter.h"
#include "gstaesamples.h"

G_BEGIN_DECLS

/* The rates that are taken, for the delay of resampling grows at low ones. */
#define GST_AE_MIN_RATE 8000
#define GST_AE_MAX_RATE 96000

/**
 * GstAeSoundFilter: filters at work on the channels of a stream of one format.
 *
 * A filter hears a copy at its own rate. What it takes away is brought to the
 * rate of the stream and taken from the samples themselves, so that these are
 * never resampled. What lies above the filter's band, or is lost on the way to
 * its rate, is attenuated as the top of that band is.
 */
typedef struct _GstAeSoundFilter GstAeSoundFilter;

/**
 * gst_ae_sound_filter_new:
 * @filters: (transfer none): one for each channel; they outlive it
 * @info: interleaved, of %GST_AE_AUDIO_FORMATS, %GST_AE_MIN_RATE to
 *   %GST_AE_MAX_RATE, at most %GST_AE_MAX_CHANNELS
 */
GstAeSoundFilter *gst_ae_sound_filter_new (AeSpectralFilter * const *filters,
    const GstAudioInfo * info) G_GNUC_WARN_UNUSED_RESULT;

void gst_ae_sound_filter_free (GstAeSoundFilter * filter);      /* NULL is a no-op */

/* Returns: by how many samples the input has to be ahead of the output. */
guint gst_ae_sound_filter_latency (const GstAeSoundFilter * filter);

/* Whether samples that are not finite stay as they are; not at first. */
void gst_ae_sound_filter_set_raw (GstAeSoundFilter * filter, gboolean raw);

/* Forgets the stream, in the filters of spectra too. */
void gst_ae_sound_filter_reset (GstAeSoundFilter * filter);

/* The next @n samples of all channels. @samples: (nullable): NULL is silence.
 * What is not finite counts as silence. */
void gst_ae_sound_filter_push (GstAeSoundFilter * filter,
    gconstpointer samples, gsize n);

/* Filters, in place, the @n samples after those filtered last; the samples up to
 * the latency after them have been pushed. Those of which nothing is taken away
 * stay as they are, to the bit. What is not finite becomes silence, unless it is
 * left raw. @samples: (nullable): NULL leaves them out. */
void gst_ae_sound_filter_pull (GstAeSoundFilter * filter,
    gpointer samples, gsize n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstAeSoundFilter, gst_ae_sound_filter_free)

G_END_DECLS
