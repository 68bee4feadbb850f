/* Sound to frames of the latent stream. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-latent-model.h"
#include "ae-sound-features.h"
#include "ae-sound-frame.h"

G_BEGIN_DECLS

#define AE_SOUND_RATE 16000

/* How a frame is to be coded.
 * @is_key: without a reference
 * @is_whole: with a whole header, from which a reader can begin
 * @tells_silence: packets of silence alone are told as such */
typedef struct
{
  gboolean is_key, is_whole, tells_silence;
  guint grade;                  /* under AE_SYMBOLS_N_GRADES */
} AeSoundChoice;

/**
 * AeSoundEncoder: one stream. Keeps what the decoder has of the packet before.
 * Allocates nothing for a frame but what it grows by.
 */
typedef struct _AeSoundEncoder AeSoundEncoder;

/* @model: (transfer none): of AE_LAYOUT_SOUND. Errors: AE_ERROR_UNSUPPORTED. */
AeSoundEncoder *ae_sound_encoder_new (AeLatentModel * model, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

void ae_sound_encoder_free (AeSoundEncoder * encoder);  /* NULL is a no-op */

/* What comes next has nothing to do with what was; its first frame says so, and
 * is a key frame. */
void ae_sound_encoder_begin (AeSoundEncoder * encoder);

/**
 * ae_sound_encoder_read:
 * @samples: @n mono samples at %AE_SOUND_RATE, 1 to
 *   %AE_SOUND_FRAME_MAX_PACKETS packets of them; of a last packet that is not
 *   full the rest is trimmed. What is not finite is silence
 *
 * Finds the latents of the next frame.
 */
void ae_sound_encoder_read (AeSoundEncoder * encoder, const float *samples,
    gsize n);

/**
 * ae_sound_encoder_write:
 * @out: (inout): the frame is appended
 *
 * Codes the frame that was read last; may be tried with several choices.
 * Errors: those of ae_sound_frame_write().
 */
gboolean ae_sound_encoder_write (AeSoundEncoder * encoder,
    const AeSoundChoice * choice, GByteArray * out, GError ** error);

/* The frame that was written last goes to the decoder: the next one refers to
 * it. Returns: (transfer none): what it was. */
const AeSoundFrame *ae_sound_encoder_accept (AeSoundEncoder * encoder);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeSoundEncoder, ae_sound_encoder_free)

G_END_DECLS
