/* Recordings in memory. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-rng.h"

G_BEGIN_DECLS

/* Mono samples, 16,000 a second, full scale being -1 to 1. */
typedef struct
{
  gsize n;
  float *data;
} AeSound;

/**
 * AeSoundSet: groups of recordings, such as the recordings of one voice.
 */
typedef struct _AeSoundSet AeSoundSet;

/* Returns: (transfer full): a set without groups. */
AeSoundSet *ae_sound_set_new (void) G_GNUC_WARN_UNUSED_RESULT;

/* Adds a group. @group: (transfer full) (element-type AeSound): each data from
 * g_malloc() */
void ae_sound_set_take (AeSoundSet * set, GArray * group);

/* Returns: (transfer full): one group in @every, which @set loses; none when it
 * has fewer. */
AeSoundSet *ae_sound_set_hold_out (AeSoundSet * set, guint every)
    G_GNUC_WARN_UNUSED_RESULT;

void ae_sound_set_free (AeSoundSet * set);      /* NULL is a no-op */

guint ae_sound_set_n_groups (const AeSoundSet * set);

/* Returns: seconds of sound in all groups. */
double ae_sound_set_seconds (const AeSoundSet * set);

/* Returns: (transfer none): a recording of @group, all alike likely. */
const AeSound *ae_sound_set_choose (const AeSoundSet * set, guint group,
    AeRng * rng);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeSoundSet, ae_sound_set_free)

G_END_DECLS
