/* What is learned from stretches of sound. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-material.h"

G_BEGIN_DECLS

/* Frames of a sample: a second and a half. */
#define GST_AE_SOUND_FRAMES 150

/**
 * GstAeSoundObjective:
 * @GST_AE_SOUND_RECONSTRUCT: to leave the stream as it is
 * @GST_AE_SOUND_DENOISE: to take noise from speech
 * @GST_AE_SOUND_AUTOENCODE: the shape of its spectra through a narrow code:
 *   ae_audio_shape_next()
 */
typedef enum
{
  GST_AE_SOUND_RECONSTRUCT,
  GST_AE_SOUND_DENOISE,
  GST_AE_SOUND_AUTOENCODE
} GstAeSoundObjective;

/**
 * GstAeSoundContent: what a stream is of.
 * @GST_AE_SOUND_MIXED: speech in noise, which is learned from the pauses
 * @GST_AE_SOUND_NOISE: noise alone
 * @GST_AE_SOUND_SPEECH: speech without noise
 */
typedef enum
{
  GST_AE_SOUND_MIXED,
  GST_AE_SOUND_NOISE,
  GST_AE_SOUND_SPEECH
} GstAeSoundContent;

/**
 * GstAeSoundMaterial: mixtures of what the stream is of, and of recordings. A part
 * of the samples has nothing of the stream but speech and noises that are made,
 * so that the model does not forget these.
 */
typedef struct _GstAeSoundMaterial GstAeSoundMaterial;

/**
 * gst_ae_sound_material_new:
 * @speech_location, @noise_location: (nullable): recordings, or folders of them,
 *   which the worker loads; NULL: the shipped speech, and noises that are made
 */
GstAeSoundMaterial *gst_ae_sound_material_new (GstAeSoundObjective objective,
    GstAeSoundContent content, const gchar * speech_location,
    const gchar * noise_location) G_GNUC_WARN_UNUSED_RESULT;

void gst_ae_sound_material_free (GstAeSoundMaterial * material);        /* NULL is a no-op */

/* Returns: @material for a training, which ends before it is freed. */
AeMaterial gst_ae_sound_material_get (GstAeSoundMaterial * material);

G_END_DECLS
