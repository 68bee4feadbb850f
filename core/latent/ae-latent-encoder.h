/* Pictures to frames of the latent stream. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-latent-model.h"
#include "ae-latent-picture.h"

G_BEGIN_DECLS

/* What all frames of a stream have in common. */
typedef struct
{
  guint width, height;
  guint rate_n, rate_d;         /* frames a second; 0/1 = variable */
  guint matrix;                 /* ITU-T H.273 MatrixCoefficients */
  gboolean full_range;
  guint32 first_number;         /* of the first frame */
} AeLatentFormat;

/* How a frame is to be coded. */
typedef struct
{
  gboolean is_key;
  guint grade;                  /* under AE_SYMBOLS_N_GRADES */
  guint refresh_frames;         /* tell each position anew within so many
                                 * frames; 0 = when it is worth it */
  guint part_bytes;             /* as ae_frame_encode() takes it */
} AeLatentChoice;

/* How many positions of the last frame were told in which way. */
typedef struct
{
  AeFrameType type;
  gsize n_held, n_changed, n_intra;
} AeLatentTold;

/**
 * AeLatentEncoder: keeps what the decoder has of the frame before, and tells
 * what is worth its bits. Allocates nothing for a frame but what it grows by.
 */
typedef struct _AeLatentEncoder AeLatentEncoder;

/* @model: (transfer none). Errors: those of ae_plan_new_of_model(), and
 * AE_ERROR_LIMIT. */
AeLatentEncoder *ae_latent_encoder_new (AeLatentModel * model,
    const AeLatentFormat * format, guint n_threads, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

void ae_latent_encoder_free (AeLatentEncoder * encoder);        /* NULL is a no-op */

/* Finds the latents of @picture, of the format's size. */
void ae_latent_encoder_read (AeLatentEncoder * encoder,
    const AePicture * picture);

/**
 * ae_latent_encoder_write:
 * @out: (inout): the frame, or its parts, are appended
 *
 * Codes the picture that was read last; may be tried with several choices. The
 * first frame is a key frame whatever @choice says. Errors: those of
 * ae_frame_encode().
 */
gboolean ae_latent_encoder_write (AeLatentEncoder * encoder,
    const AeLatentChoice * choice, GByteArray * out, GError ** error);

/* The frame that was written last goes to the decoder: the next one refers to
 * it. Returns: (transfer none): what it told. */
const AeLatentTold *ae_latent_encoder_accept (AeLatentEncoder * encoder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeLatentEncoder, ae_latent_encoder_free)

G_END_DECLS
