/* Files replaced as a whole or not at all. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ae_file_replace:
 *
 * Makes @path hold @bytes: writes `.NAME.partial` beside it, syncs, renames it
 * and syncs the directory. At any moment @path holds the old content or the new
 * one; what a killed process left under that name is taken away by the next. The
 * old file's permissions are kept; a new file gets 0644 less the umask.
 *
 * Errors: AE_ERROR_IO, without the path: no regular file is at @path, another
 * process is writing it just now, or what the system says. @path is then as it
 * was, and nothing is left beside it.
 */
gboolean ae_file_replace (const gchar * path, const guint8 * bytes,
    gsize size_bytes, GError ** error);

/* Takes away what a killed ae_file_replace() of @path left, if anything. */
void ae_file_remove_partial (const gchar * path);

G_END_DECLS
