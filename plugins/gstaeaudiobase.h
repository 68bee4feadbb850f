/* Elements whose samples come out once what follows was heard. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/audio/gstaudiofilter.h>

#include "ae-spectral-filter.h"

G_BEGIN_DECLS

#define GST_TYPE_AE_AUDIO_BASE (gst_ae_audio_base_get_type ())
G_DECLARE_DERIVABLE_TYPE (GstAeAudioBase, gst_ae_audio_base, GST,
    AE_AUDIO_BASE, GstAudioFilter)

/**
 * GstAeAudioBaseClass: filters of spectra on each channel of a stream.
 * @prepare: gives a filter for each of @n_channels, which stay until the next
 *   call or stop; before stop is chained up they are still in use
 * @update: before each buffer: follows properties and slots; posts what is wrong
 *   when it returns %FALSE
 * @finish: (nullable): sees each buffer before it is pushed
 *
 * A sample comes out less than 30 ms later, which the latency query tells
 * exactly, under its own timestamp; what is left comes out at the end of the
 * stream, and before a discontinuity, a gap event, a new segment and new caps.
 * Buffers marked as gaps pass as they are.
 */
struct _GstAeAudioBaseClass
{
  GstAudioFilterClass parent_class;

  gboolean (*prepare) (GstAeAudioBase * self, guint n_channels,
      AeSpectralFilter ** filters, GError ** error);
  gboolean (*update) (GstAeAudioBase * self);
  void (*finish) (GstAeAudioBase * self, GstBuffer * buffer);
};

/* Whether samples that are not finite stay as they are, of update. */
void gst_ae_audio_base_set_raw (GstAeAudioBase * self, gboolean raw);

G_END_DECLS
