/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sound-set.h"
#include "gstaesoundfiles.h"

AeSoundSet *
ae_sound_set_load (const gchar * const *paths, GError ** error)
{
  static const gint never = 0;
  g_autoptr (AeSoundSet) set = ae_sound_set_new ();

  for (guint i = 0; paths[i]; i++) {
    if (!gst_ae_sound_files_add (set, paths[i], &never, error))
      return NULL;
  }
  return g_steal_pointer (&set);
}
