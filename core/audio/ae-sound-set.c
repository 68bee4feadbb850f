/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-sound-set.h"

#define RATE 16000

struct _AeSoundSet
{
  GPtrArray *groups;            /* of GArray of AeSound */
};

static void
sound_clear (gpointer data)
{
  g_free (((AeSound *) data)->data);
}

AeSoundSet *
ae_sound_set_new (void)
{
  AeSoundSet *set = g_new0 (AeSoundSet, 1);

  set->groups = g_ptr_array_new_with_free_func ((GDestroyNotify)
      g_array_unref);
  return set;
}

void
ae_sound_set_take (AeSoundSet * set, GArray * group)
{
  g_array_set_clear_func (group, sound_clear);
  g_ptr_array_add (set->groups, group);
}

AeSoundSet *
ae_sound_set_hold_out (AeSoundSet * set, guint every)
{
  AeSoundSet *held_out = ae_sound_set_new ();

  for (guint i = every; i <= set->groups->len; i += every - 1)
    g_ptr_array_add (held_out->groups,
        g_ptr_array_steal_index (set->groups, i - 1));
  return held_out;
}

void
ae_sound_set_free (AeSoundSet * set)
{
  if (set == NULL)
    return;
  g_ptr_array_unref (set->groups);
  g_free (set);
}

guint
ae_sound_set_n_groups (const AeSoundSet * set)
{
  return set->groups->len;
}

double
ae_sound_set_seconds (const AeSoundSet * set)
{
  double seconds = 0.0;

  for (guint i = 0; i < set->groups->len; i++) {
    const GArray *group = set->groups->pdata[i];

    for (guint j = 0; j < group->len; j++)
      seconds += (double) g_array_index (group, AeSound, j).n / RATE;
  }
  return seconds;
}

const AeSound *
ae_sound_set_choose (const AeSoundSet * set, guint group, AeRng * rng)
{
  const GArray *sounds = set->groups->pdata[group];

  return &g_array_index (sounds, AeSound, ae_rng_below (rng, sounds->len));
}
