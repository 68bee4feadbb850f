/* Where the key frames of a file of latents are. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbaseparse.h>

G_BEGIN_DECLS

/**
 * GstAeKeyFrames: reads the headers of the file that a parser pulls from, as far
 * as somebody seeks, and tells the parser what it finds. Any thread may ask.
 */
typedef struct _GstAeKeyFrames GstAeKeyFrames;

/* @parse: (transfer none): outlives it */
GstAeKeyFrames *gst_ae_key_frames_new (GstBaseParse * parse)
    G_GNUC_WARN_UNUSED_RESULT;

void gst_ae_key_frames_free (GstAeKeyFrames * keys);

/* Another file. */
void gst_ae_key_frames_reset (GstAeKeyFrames * keys);

/* Returns: the time to seek to for @time: with %GST_SEEK_FLAG_KEY_UNIT that of
 * the key frame that @flags want, else @time itself. */
GstClockTime gst_ae_key_frames_aim (GstAeKeyFrames * keys, GstClockTime time,
    GstSeekFlags flags);

G_END_DECLS
