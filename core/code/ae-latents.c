/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-latents.h"

#include <zlib.h>

#include "ae-error.h"

gboolean
ae_latents_resize (AeLatents * latents, guint n_planes, guint h, guint w,
    GError ** error)
{
  ae_latents_clear (latents);
  if (n_planes < 1 || n_planes > AE_LATENTS_MAX_PLANES
      || h < 1 || h > AE_LATENTS_MAX_SIDE || w < 1 || w > AE_LATENTS_MAX_SIDE
      || (guint64) n_planes * h * w > AE_LATENTS_MAX_VALUES) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "latents: %u planes of %ux%u, expected 1 to %u of sides up to %u, "
        "together at most %u values", n_planes, w, h,
        AE_LATENTS_MAX_PLANES, AE_LATENTS_MAX_SIDE, AE_LATENTS_MAX_VALUES);
    return FALSE;
  }
  latents->data = g_try_malloc0_n ((gsize) n_planes * h * w,
      sizeof *latents->data);
  latents->grades = g_try_malloc0_n (h, w);
  latents->sound = g_try_malloc0_n (h, w);
  if (latents->data == NULL || latents->grades == NULL
      || latents->sound == NULL) {
    ae_latents_clear (latents);
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "latents: no memory for %u planes of %ux%u", n_planes, w, h);
    return FALSE;
  }
  latents->n_planes = n_planes;
  latents->h = h;
  latents->w = w;
  return TRUE;
}

void
ae_latents_clear (AeLatents * latents)
{
  if (latents == NULL)
    return;
  g_free (latents->data);
  g_free (latents->grades);
  g_free (latents->sound);
  *latents = (AeLatents) AE_LATENTS_INIT;
}

guint32
ae_latents_crc (const AeLatents * latents)
{
  gsize n = latents->n_planes * ae_latents_n_positions (latents);
  uLong crc = crc32_z (0, NULL, 0);

  for (gsize i = 0; i < n; i++) {
    guint16 value = GUINT16_TO_LE ((guint16) latents->data[i]);

    crc = crc32_z (crc, (const Bytef *) &value, sizeof value);
  }
  return (guint32) crc;
}
