/* Recordings of any format that GStreamer decodes. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/audio/audio.h>

#include "ae-sound-set.h"

G_BEGIN_DECLS

/**
 * gst_ae_sound_files_add:
 * @path: a recording, or a folder of recordings, which become one group
 * @cancelled: atomic; 1: stop within a few tenths of a second
 *
 * Pauses of digital silence over 0.1 s are taken out. What a folder has besides
 * recordings is left out, and what a recording has after 10 minutes.
 * Errors: AE_ERROR_NOT_FOUND when there is none; AE_ERROR_IO from GStreamer, or
 * when it gives nothing for 30 s; AE_ERROR_LIMIT when @set would have more than 2
 * hours; any when cancelled.
 */
gboolean gst_ae_sound_files_add (AeSoundSet * set, const gchar * path,
    const gint * cancelled, GError ** error);

/* The same, but all that a folder has, recordings and folders of them, become
 * groups of their own. */
gboolean gst_ae_sound_files_add_each (AeSoundSet * set, const gchar * path,
    const gint * cancelled, GError ** error);

G_END_DECLS
