/* Denoises video frames of one format. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-plan.h"
#include "gstaeframe.h"

G_BEGIN_DECLS

#define GST_AE_MAX_NOISE_LEVEL 75.0f

typedef enum
{
  GST_AE_CHROMA_NONE,
  GST_AE_CHROMA_FULL
} GstAeChroma;

/**
 * GstAeDenoiserSettings: how one frame is denoised.
 * @strength: 0..1: how much of the difference that the model makes is applied
 * @noise_level: sigma of each component of the frame on the 8-bit scale;
 *   negative: estimated
 */
typedef struct
{
  gfloat strength;
  gfloat noise_level;
  GstAeChroma chroma;
} GstAeDenoiserSettings;

/**
 * GstAeDenoiser: a model prepared for frames of one format and size, and the
 * noise levels and averages followed over these frames.
 */
typedef struct _GstAeDenoiser GstAeDenoiser;

/**
 * gst_ae_denoiser_new:
 * @model: (transfer none): as gst_ae_model_load_filter() gives them
 * @gate: (transfer none) (nullable): averages frames before @model denoises them,
 *   where they show the same; of gst_ae_temporal_load_gate()
 * @n_threads: 0 = one per processor
 *
 * Errors: those of ae_plan_new_of_model(); AE_ERROR_LIMIT when memory does not suffice.
 */
GstAeDenoiser *gst_ae_denoiser_new (AeModel * model, AeModel * gate,
    const GstVideoInfo * info, guint n_threads, AePrecision precision, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

void gst_ae_denoiser_free (GstAeDenoiser * denoiser);   /* NULL is a no-op */

/* Takes the weights of @model, between two frames. Returns: %FALSE when it has
 * another architecture, or when it or the one before has integers; a new
 * denoiser is then needed. */
gboolean gst_ae_denoiser_set_model (GstAeDenoiser * denoiser, AeModel * model);

/* Forgets the past, as before the first frame: what the noise was, and the average
 * of frames. */
void gst_ae_denoiser_forget (GstAeDenoiser * denoiser);

/**
 * gst_ae_denoiser_run:
 * @frame: mapped for reading and writing; denoised in place. Components with
 *   hardly any noise stay as they are, bit by bit
 *
 * Allocates nothing.
 */
void gst_ae_denoiser_run (GstAeDenoiser * denoiser,
    const GstAeDenoiserSettings * settings, GstVideoFrame * frame);

/* Returns: the noise level of luma or lightness estimated last, on the scale of
 * GstAeDenoiserSettings.noise_level; negative when there was none. */
float gst_ae_denoiser_estimate (const GstAeDenoiser * denoiser);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstAeDenoiser, gst_ae_denoiser_free)

G_END_DECLS
