/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-patches.h"

#include <string.h>

#define HELD_OUT_EVERY 8
/* A place that is trained on gives several of them. */
#define PAIRS_HELD_OUT_EVERY 4
#define MIN_PATCHES 32

static gsize
n_values (const AePatches * patches)
{
  const AeShape *shape = &patches->shape;

  return (gsize) shape->c * shape->h * shape->w;
}

static gboolean
is_pair (const AePatches * patches)
{
  return patches->objective.kind == AE_OBJECTIVE_TEMPORAL;
}

/* A piece is x, the mean of other frames for temporal, the noise level. */
static gsize
piece_size (const AePatches * patches)
{
  return (is_pair (patches) ? 2 : 1) * n_values (patches) + 1;
}

void
ae_patches_pack (const AePatches * patches, const AePatch * patch, float *piece)
{
  gsize n = n_values (patches);

  memcpy (piece, patch->x, n * sizeof (float));
  if (is_pair (patches))
    memcpy (piece + n, patch->others, n * sizeof (float));
  piece[piece_size (patches) - 1] = patch->noise;
}

static AePatch
unpack (const AePatches * patches, const float *piece)
{
  return (AePatch) {
  patches->shape, piece,
        is_pair (patches) ? piece + n_values (patches) : NULL,
        piece[piece_size (patches) - 1], 0};
}

static void
draw (gpointer data, AeReservoir * pieces, AeRng * rng, AeSample * sample)
{
  const AePatches *patches = data;
  g_autofree float *piece = g_new (float, piece_size (patches));
  AePatch patch;

  ae_reservoir_draw (pieces, rng, piece);
  patch = unpack (patches, piece);
  ae_objective_fill (&patches->objective, &patch, rng, patches->n_given,
      sample);
}

static void
judge (gpointer data, AeReservoir * held_out, guint i, AeRng * rng,
    AeSample * sample)
{
  const AePatches *patches = data;
  g_autofree float *piece = g_new (float, piece_size (patches));
  AePatch patch;

  ae_reservoir_get (held_out, i, piece);
  patch = unpack (patches, piece);
  ae_objective_fill_judged (&patches->objective, &patch, rng,
      patches->n_given, sample);
}

static void
show (gpointer data, AeReservoir * held_out, guint i, AeRng * rng,
    AeSample * sample, float *x)
{
  const AePatches *patches = data;
  g_autofree float *piece = g_new (float, piece_size (patches));
  AeObjective objective = patches->objective;
  AePatch patch;

  ae_reservoir_get (held_out, i, piece);
  patch = unpack (patches, piece);
  memcpy (x, patch.x, n_values (patches) * sizeof (float));
  /* what is rehearsed is not what came */
  objective.rehearsal = 0.0f;
  ae_objective_fill (&objective, &patch, rng, patches->n_given, sample);
}

AeMaterial
ae_patches_material (AePatches * patches)
{
  return (AeMaterial) {
  .what = ae_objective_name (patches->objective.kind),.piece_size =
        piece_size (patches),.n_hashed =
        patches->shape.w,.held_out_every =
        is_pair (patches) ? PAIRS_HELD_OUT_EVERY : HELD_OUT_EVERY,.n_min =
        MIN_PATCHES,.flat = 0.5f,.data = patches,.draw = draw,.judge =
        judge,.show = show,};
}
