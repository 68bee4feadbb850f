/* What encoders and decoders of latents share. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "ae-latent-picture.h"

G_BEGIN_DECLS

/* In MP4 a sample entry of this name; a demuxer that does not know it makes
 * caps of the second kind. */
#define GST_AE_LATENT_FOURCC GST_MAKE_FOURCC ('a', 'e', 'l', 'v')
#define GST_AE_LATENT_MP4 "video/x-mp4-part"
#define GST_AE_LATENT_DEMUXED "video/x-gst-fourcc-aelv"

#define GST_AE_LATENT_DEFAULT_MODEL "latent-video"
#define GST_AE_LATENT_SOUND_MODEL "latent-audio"

/* Loads the model @name for @element; posts an error message if there is none,
 * or it is no codec of pictures or of sound, as @layout is one of them.
 * Returns: (transfer full) (nullable) */
AeLatentModel *gst_ae_latent_load_model (GstElement * element,
    const gchar * name, AeLayout layout) G_GNUC_WARN_UNUSED_RESULT;

/* Models that an encoder of this process has from a slot, for decoders of the same
 * process: no file has them yet. Thread-safe. @model: shared as often as it is
 * unshared */
void gst_ae_latent_share (AeLatentModel * model);
void gst_ae_latent_unshare (AeLatentModel * model);

/* Returns: (transfer full) (nullable): the shared model of that fingerprint. */
AeLatentModel *gst_ae_latent_find (const guint8 * fingerprint)
    G_GNUC_WARN_UNUSED_RESULT;

/* The components of @frame, 4:2:0 or grey. */
void gst_ae_latent_picture (GstVideoFrame * frame, AePicture * picture);

G_END_DECLS
