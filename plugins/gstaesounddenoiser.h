/* Denoises sound of one format. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-audio-denoiser.h"
#include "gstaesamples.h"

G_BEGIN_DECLS

/* The rates that are taken, for the delay of resampling grows at low ones. */
#define GST_AE_MIN_RATE 8000
#define GST_AE_MAX_RATE 96000

/**
 * GstAeSoundDenoiser: a model at work on the channels of a stream of one format.
 *
 * The model hears a copy at its own rate. What it finds to be noise is brought
 * to the rate of the stream and taken from the samples themselves, so that these
 * are never resampled. What lies above the model's band, or is lost on the way to
 * its rate, is attenuated as the top of that band is.
 */
typedef struct _GstAeSoundDenoiser GstAeSoundDenoiser;

/**
 * gst_ae_sound_denoiser_new:
 * @info: interleaved, of %GST_AE_AUDIO_FORMATS, %GST_AE_MIN_RATE to
 *   %GST_AE_MAX_RATE, at most %GST_AE_MAX_CHANNELS
 *
 * Errors: those of ae_audio_denoiser_new().
 */
GstAeSoundDenoiser *gst_ae_sound_denoiser_new (AeModel * model,
    const GstAudioInfo * info, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

void gst_ae_sound_denoiser_free (GstAeSoundDenoiser * denoiser);        /* NULL is a no-op */

/* Returns: by how many samples the input has to be ahead of the output. */
guint gst_ae_sound_denoiser_latency (const GstAeSoundDenoiser * denoiser);

/* Takes another model, as ae_audio_denoiser_set_model() does. */
gboolean gst_ae_sound_denoiser_set_model (GstAeSoundDenoiser * denoiser,
    AeModel * model, GError ** error);

/* How much of the noise is removed, 0 to 1. */
void gst_ae_sound_denoiser_set_strength (GstAeSoundDenoiser * denoiser,
    float strength);

/* Forgets the stream. */
void gst_ae_sound_denoiser_reset (GstAeSoundDenoiser * denoiser);

/* The next @n samples of all channels. @samples: (nullable): NULL is silence.
 * What is not finite counts as silence. */
void gst_ae_sound_denoiser_push (GstAeSoundDenoiser * denoiser,
    gconstpointer samples, gsize n);

/* Denoises, in place, the @n samples after those denoised last; the samples up
 * to the latency after them have been pushed. Those in which no noise was found
 * stay as they are, to the bit. What is not finite becomes silence, unless the
 * strength is 0. @samples: (nullable): NULL leaves them out. */
void gst_ae_sound_denoiser_pull (GstAeSoundDenoiser * denoiser,
    gpointer samples, gsize n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstAeSoundDenoiser, gst_ae_sound_denoiser_free)

G_END_DECLS
