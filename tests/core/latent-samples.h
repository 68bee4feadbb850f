/* Latents as pictures have them: large where something is, zero elsewhere. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <math.h>

#include "ae-latents.h"
#include "ae-rng.h"

/* Laplace numbers, whose scale falls from plane to plane and swells and ebbs
 * across the picture, so that neighbours tell of each other. */
static inline void
fill_latents (AeLatents * latents, float scale, AeRng * rng)
{
  gint16 *value = latents->data;

  for (guint p = 0; p < latents->n_planes; p++) {
    for (guint y = 0; y < latents->h; y++) {
      for (guint x = 0; x < latents->w; x++) {
        float swell = 1 + sinf (0.11f * (float) x) * sinf (0.17f * (float) y);
        float spread = scale * swell * swell / (1 + 0.3f * (float) p);
        float u = ae_rng_uniform (rng) - 0.5f;
        float sample = copysignf (spread * logf (1 - 2 * fabsf (u)), u);

        *value++ = (gint16) CLAMP (lrintf (sample), -16383, 16383);
      }
    }
  }
}
