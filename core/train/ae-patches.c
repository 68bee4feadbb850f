/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-patches.h"

#include <string.h>

#define HELD_OUT_EVERY 8
/* A place that is trained on gives several of them. */
#define PAIRS_HELD_OUT_EVERY 4
#define MIN_PATCHES 32

/* How much a sample of what is not to be forgotten counts. The target is near
 * from the beginning on, and so its slope small. */
#define REHEARSAL_WEIGHT 3.0f

/* To be judged by, and how much they may lose: more than by chance. */
#define N_REMEMBERED 48
#define FORGETS_DB 0.03

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

/* A piece is x, for temporal the mean of other frames and how their noise goes
 * together, the noise level. */
static gsize
piece_size (const AePatches * patches)
{
  return is_pair (patches) ? 2 * n_values (patches) + 2
      : n_values (patches) + 1;
}

void
ae_patches_pack (const AePatches * patches, const AePatch * patch, float *piece)
{
  gsize n = n_values (patches);

  memcpy (piece, patch->x, n * sizeof (float));
  if (is_pair (patches)) {
    memcpy (piece + n, patch->others, n * sizeof (float));
    piece[2 * n] = patch->together;
  }
  piece[piece_size (patches) - 1] = patch->noise;
}

static AePatch
unpack (const AePatches * patches, const float *piece)
{
  const float *others = is_pair (patches) ? piece + n_values (patches) : NULL;

  return (AePatch) {
  patches->shape, piece, others, piece[piece_size (patches) - 1],
        others ? others[n_values (patches)] : 1.0f, 0};
}

/* What comes of the input is the anchor's to say, not the leaves'. */
static void
rehearse (const AePatches * patches, const AePatch * patch, AeRng * rng,
    AeSample * sample)
{
  ae_objective_fill_imagined (patch, rng, patches->n_given, sample);
  memset (sample->mask, 0, n_values (patches) * sizeof (float));
  sample->weight = REHEARSAL_WEIGHT;
}

static void
draw (gpointer data, AeReservoir * pieces, AeRng * rng, AeSample * sample)
{
  const AePatches *patches = data;
  g_autofree float *piece = g_new (float, piece_size (patches));
  AePatch patch;

  ae_reservoir_draw (pieces, rng, piece);
  patch = unpack (patches, piece);
  if (ae_rng_uniform (rng) < patches->rehearsal) {
    rehearse (patches, &patch, rng, sample);
    return;
  }
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
  AePatch patch;

  ae_reservoir_get (held_out, i, piece);
  patch = unpack (patches, piece);
  memcpy (x, patch.x, n_values (patches) * sizeof (float));
  ae_objective_fill (&patches->objective, &patch, rng, patches->n_given,
      sample);
}

/* Noise of a place that is held out, if there are many another one each time. */
static void
remember (gpointer data, AeReservoir * held_out, guint i, AeRng * rng,
    AeSample * sample)
{
  const AePatches *patches = data;
  g_autofree float *piece = g_new (float, piece_size (patches));
  AePatch patch;

  ae_reservoir_get (held_out, i % ae_reservoir_n_held (held_out), piece);
  patch = unpack (patches, piece);
  ae_objective_fill_imagined (&patch, rng, patches->n_given, sample);
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
        judge,.show = show,.remember =
        patches->rehearsal > 0.0f ? remember : NULL,.n_remembered =
        N_REMEMBERED,.furthest = 1.0f,.forgets_db = FORGETS_DB};
}
