/* Frames of the latent stream to sound. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-latent-model.h"
#include "ae-sound-features.h"
#include "ae-sound-frame.h"

G_BEGIN_DECLS

/* By how many samples sound comes out later than its packet came in: 10 ms. */
#define AE_SOUND_DECODER_DELAY AE_STFT_HOP

/* Packets that are made up when they are lost, before there is silence. */
#define AE_SOUND_MAX_CONCEALED 10

/* More packets than these are a new stream, rather than lost. */
#define AE_SOUND_MAX_LOST 25

/* What a decoder has met, in packets. */
typedef struct
{
  guint64 n_packets;            /* that were told */
  guint64 n_damaged;            /* of frames with a wrong CRC, or no encoder's */
  guint64 n_lost;               /* that did not come */
} AeSoundStats;

/**
 * AeSoundDecoder: one stream.
 */
typedef struct _AeSoundDecoder AeSoundDecoder;

/* @model: (transfer none): of AE_LAYOUT_SOUND. Errors: AE_ERROR_UNSUPPORTED. */
AeSoundDecoder *ae_sound_decoder_new (AeLatentModel * model, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

void ae_sound_decoder_free (AeSoundDecoder * decoder);  /* NULL is a no-op */

/**
 * ae_sound_decoder_read:
 * @data: a frame, which may be cut short
 * @frame: (out): what its header tells
 * @out: (element-type float) (inout): samples are appended: first what makes up
 *   for packets that the number of this one shows to be lost, then those of its
 *   packets, %AE_SOUND_DECODER_DELAY late
 * @n_before: (out) (optional): how many of these samples, the first ones, end a
 *   stream that is over, as the frame begins one
 *
 * Errors: AE_ERROR_NOT_FOUND for a frame of another model, or a short one
 * without a whole one before; AE_ERROR_CORRUPT for a damaged short one after
 * ae_sound_decoder_forget(), whose number is not known; those of
 * ae_sound_frame_parse() for what has no header; nothing comes out then. Another
 * frame that is damaged behind its header is made up for, as lost ones are.
 */
gboolean ae_sound_decoder_read (AeSoundDecoder * decoder, const guint8 * data,
    gsize size_bytes, AeSoundFrame * frame, GArray * out, guint * n_before,
    GError ** error);

/* Makes up for @n_packets that did not come. */
void ae_sound_decoder_conceal (AeSoundDecoder * decoder, guint n_packets,
    GArray * out);

/* The stream is over: the samples that are left. */
void ae_sound_decoder_drain (AeSoundDecoder * decoder, GArray * out);

/* As if nothing had been read, but for the last header; the stats stay. */
void ae_sound_decoder_forget (AeSoundDecoder * decoder);

const AeSoundStats *ae_sound_decoder_stats (const AeSoundDecoder * decoder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeSoundDecoder, ae_sound_decoder_free)

G_END_DECLS
