/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-reservoir.h"

#include <string.h>

struct _AeReservoir
{
  GMutex lock;
  AeRng rng;
  gsize patch_size;
  guint n_max, n_held;
  guint64 n_seen;
  float *patches;               /* [n_max][patch_size] */
};

AeReservoir *
ae_reservoir_new (gsize patch_size, gsize max_bytes, guint64 seed)
{
  AeReservoir *reservoir;

  g_return_val_if_fail (patch_size > 0, NULL);
  reservoir = g_new0 (AeReservoir, 1);
  g_mutex_init (&reservoir->lock);
  ae_rng_init (&reservoir->rng, seed);
  reservoir->patch_size = patch_size;
  reservoir->n_max = (guint) CLAMP (max_bytes / (patch_size * sizeof (float)),
      1, G_MAXUINT32);
  reservoir->patches = g_malloc_n (reservoir->n_max,
      patch_size * sizeof (float));
  return reservoir;
}

/* The patch to overwrite by the next one offered; n_max when it is not kept. */
static guint
choose_place (AeReservoir * reservoir)
{
  guint64 place;

  if (reservoir->n_held < reservoir->n_max)
    return reservoir->n_held++;
  place = ae_rng_u64 (&reservoir->rng) % reservoir->n_seen;
  return (guint) MIN (place, reservoir->n_max);
}

/* Under the lock. */
static void
add (AeReservoir * reservoir, const float *patch)
{
  guint place;

  reservoir->n_seen++;
  place = choose_place (reservoir);
  if (place < reservoir->n_max)
    memcpy (reservoir->patches + place * reservoir->patch_size, patch,
        reservoir->patch_size * sizeof (float));
}

void
ae_reservoir_add (AeReservoir * reservoir, const float *patch)
{
  g_mutex_lock (&reservoir->lock);
  add (reservoir, patch);
  g_mutex_unlock (&reservoir->lock);
}

gboolean
ae_reservoir_try_add (AeReservoir * reservoir, const float *patch)
{
  if (!g_mutex_trylock (&reservoir->lock))
    return FALSE;
  add (reservoir, patch);
  g_mutex_unlock (&reservoir->lock);
  return TRUE;
}

gboolean
ae_reservoir_draw (AeReservoir * reservoir, AeRng * rng, float *patch)
{
  gboolean any;

  g_mutex_lock (&reservoir->lock);
  any = reservoir->n_held > 0;
  if (any)
    memcpy (patch, reservoir->patches + reservoir->patch_size
        * ae_rng_below (rng, reservoir->n_held),
        reservoir->patch_size * sizeof (float));
  g_mutex_unlock (&reservoir->lock);
  return any;
}

void
ae_reservoir_get (AeReservoir * reservoir, guint i, float *patch)
{
  g_mutex_lock (&reservoir->lock);
  if (i < reservoir->n_held)
    memcpy (patch, reservoir->patches + i * reservoir->patch_size,
        reservoir->patch_size * sizeof (float));
  g_mutex_unlock (&reservoir->lock);
}

guint64
ae_reservoir_n_seen (AeReservoir * reservoir)
{
  guint64 n;

  g_mutex_lock (&reservoir->lock);
  n = reservoir->n_seen;
  g_mutex_unlock (&reservoir->lock);
  return n;
}

guint
ae_reservoir_n_held (AeReservoir * reservoir)
{
  guint n;

  g_mutex_lock (&reservoir->lock);
  n = reservoir->n_held;
  g_mutex_unlock (&reservoir->lock);
  return n;
}

void
ae_reservoir_free (AeReservoir * reservoir)
{
  if (reservoir == NULL)
    return;
  g_free (reservoir->patches);
  g_mutex_clear (&reservoir->lock);
  g_free (reservoir);
}
