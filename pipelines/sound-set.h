/* Recordings for a trainer. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-sound-set.h"

G_BEGIN_DECLS

/**
 * ae_sound_set_load:
 * @paths: (array zero-terminated=1): each a group, as of gst_ae_sound_files_add()
 */
AeSoundSet *ae_sound_set_load (const gchar * const *paths, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
