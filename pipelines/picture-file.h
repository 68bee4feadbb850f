/* Pictures from files and folders. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/* Takes one decoded picture, which is mapped for reading. */
typedef void (*AePictureFunc) (gpointer data, GstVideoFrame * frame);

/**
 * ae_picture_files_read:
 * @paths: (array zero-terminated=1): pictures, and folders of pictures; any
 *   format that GStreamer decodes
 * @format: what to convert them to: `Y444`, `RGB`
 *
 * Calls @func for each, in the order of @paths and of the names in a folder.
 * What cannot be read in a folder is left out, with a warning.
 * Errors: AE_ERROR_IO for other files; those of g_dir_open().
 */
gboolean ae_picture_files_read (const gchar * const *paths,
    const gchar * format, AePictureFunc func, gpointer data, GError ** error);

G_END_DECLS
