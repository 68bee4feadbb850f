/* Stretches of sound, to train on. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-online.h"
#include "gstaesamples.h"

G_BEGIN_DECLS

/* Samples of a stretch, a second at 16 kHz. */
#define GST_AE_STRETCH 16000

/**
 * GstAeStretches: brings a stream to 16 kHz and one channel, of several each in
 * turn, and offers what is wanted of it, a second at a time. Digital silence is
 * left out.
 */
typedef struct _GstAeStretches GstAeStretches;

/* @pauses: only what is hardly louder than the quietest of the last seconds */
GstAeStretches *gst_ae_stretches_new (gboolean pauses)
    G_GNUC_WARN_UNUSED_RESULT;

void gst_ae_stretches_free (GstAeStretches * stretches);        /* NULL is a no-op */

/* What follows is in another format. */
void gst_ae_stretches_set_info (GstAeStretches * stretches,
    const GstAudioInfo * info);

/* What follows does not follow what came before. */
void gst_ae_stretches_reset (GstAeStretches * stretches);

/* Offers stretches of @samples, @n of each channel, to @online, and ends a frame
 * there with each second. What is not finite counts as silence. */
void gst_ae_stretches_take (GstAeStretches * stretches,
    gconstpointer samples, gsize n, AeOnline * online);

G_END_DECLS
