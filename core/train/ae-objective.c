/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-objective.h"

#include <string.h>

const gchar *
ae_objective_name (AeObjectiveKind kind)
{
  static const gchar *const names[AE_N_OBJECTIVES] = {
    "reconstruct", "denoise", "colorize"
  };

  g_return_val_if_fail ((guint) kind < AE_N_OBJECTIVES, NULL);
  return names[kind];
}

void
ae_objective_fill (const AeObjective * objective, const AeShape * shape,
    const float *patch, AeRng * rng, AeSample * sample)
{
  gsize plane = (gsize) shape->h * shape->w;
  float level;

  if (objective->kind == AE_OBJECTIVE_COLORIZE) {
    memcpy (sample->input, patch, plane * sizeof (float));
    memcpy (sample->target, patch + plane,
        (shape->c - 1) * plane * sizeof (float));
    return;
  }
  memcpy (sample->input, patch, shape->c * plane * sizeof (float));
  memcpy (sample->target, patch, shape->c * plane * sizeof (float));
  if (objective->kind != AE_OBJECTIVE_DENOISE)
    return;
  level = objective->level_min + (objective->level_max - objective->level_min)
      * ae_rng_uniform (rng);
  for (guint c = 0; c < shape->c; c++)
    ae_corrupt_plane (objective->corruption, level, rng,
        sample->input + c * plane, shape->w, shape->h, shape->w);
}
