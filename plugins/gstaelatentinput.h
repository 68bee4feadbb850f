/* Frames as an encoder of latents reads them. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

#include "ae-latent-encoder.h"

G_BEGIN_DECLS

/**
 * GstAeLatentInput: makes 4:2:0 of other formats, and removes noise.
 */
typedef struct _GstAeLatentInput GstAeLatentInput;

/**
 * gst_ae_latent_input_new:
 * @info: of the frames
 * @denoiser: (transfer none) (nullable): as gst_ae_model_load_filter() gives them
 * @gate: (transfer none) (nullable): as gst_ae_denoiser_new() takes it
 *
 * Errors: those of gst_ae_denoiser_new(); AE_ERROR_UNSUPPORTED.
 */
GstAeLatentInput *gst_ae_latent_input_new (const GstVideoInfo * info,
    AeModel * denoiser, AeModel * gate, guint n_threads, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

void gst_ae_latent_input_free (GstAeLatentInput * input);       /* NULL is a no-op */

/* What @encoder reads: of the size of the frames. */
const GstVideoInfo *gst_ae_latent_input_info (const GstAeLatentInput * input);

/* The next frame has nothing to do with those before. */
void gst_ae_latent_input_forget (GstAeLatentInput * input);

/* Gives the frame in @buffer to @encoder. Returns: %FALSE if it cannot be
 * mapped. */
gboolean gst_ae_latent_input_read (GstAeLatentInput * input,
    GstBuffer * buffer, AeLatentEncoder * encoder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstAeLatentInput, gst_ae_latent_input_free)

G_END_DECLS
