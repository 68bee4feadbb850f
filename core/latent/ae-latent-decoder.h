/* Frames of the latent stream to pictures. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-latent-model.h"
#include "ae-latent-picture.h"

G_BEGIN_DECLS

/* What a decoder has met. */
typedef struct
{
  guint64 n_frames;
  guint64 n_bad_slices;         /* refused: CRC, cut short, or no encoder's */
  guint64 n_missing;            /* positions of frames that no slice told */
  guint64 n_lost_references;    /* frames whose reference was not there */
} AeLatentStats;

/**
 * AeLatentDecoder: keeps the latents of the picture before. Damage is hidden by
 * what they were.
 */
typedef struct _AeLatentDecoder AeLatentDecoder;

/* @model: (transfer none) */
AeLatentDecoder *ae_latent_decoder_new (AeLatentModel * model,
    guint n_threads) G_GNUC_WARN_UNUSED_RESULT;
void ae_latent_decoder_free (AeLatentDecoder * decoder);        /* NULL is a no-op */

/* From now on frames are of @model: (transfer none). The stats stay. */
void ae_latent_decoder_set_model (AeLatentDecoder * decoder,
    AeLatentModel * model);

/**
 * ae_latent_decoder_read:
 * @data: a frame, or a part of one; it may be cut short
 * @header: of @data, its type K, H or S
 *
 * Errors: AE_ERROR_NOT_FOUND for a frame of another model, AE_ERROR_CORRUPT,
 * AE_ERROR_LIMIT. Damage within the frame is none: it is in the stats.
 */
gboolean ae_latent_decoder_read (AeLatentDecoder * decoder,
    const guint8 * data, gsize size_bytes, const AeFrameHeader * header,
    GError ** error);

/* Returns: whether a part of the frame that was read last is still to come. */
gboolean ae_latent_decoder_wants_more (const AeLatentDecoder * decoder);

/* The frame that was read last is over, be it that some of it did not come. */
void ae_latent_decoder_end_frame (AeLatentDecoder * decoder);

/* What there is to see of the frame that ended.
 * @AE_SIGHT_NONE: nothing yet: parts of the picture have never been told
 * @AE_SIGHT_DAMAGED: some of it is not as it was sent */
typedef enum
{
  AE_SIGHT_NONE,
  AE_SIGHT_DAMAGED,
  AE_SIGHT_WHOLE
} AeSight;

AeSight ae_latent_decoder_sight (const AeLatentDecoder * decoder);

/* Makes the picture of the frame that ended. @picture: of its size.
 * Errors: those of ae_plan_new_of_model(). */
gboolean ae_latent_decoder_write (AeLatentDecoder * decoder,
    const AePicture * picture, GError ** error);

/* As if nothing had been read; the stats stay. */
void ae_latent_decoder_forget (AeLatentDecoder * decoder);

const AeLatentStats *ae_latent_decoder_stats (const AeLatentDecoder * decoder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeLatentDecoder, ae_latent_decoder_free)

G_END_DECLS
