/* What training on a stream keeps of it, and the samples it makes of that. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-reservoir.h"
#include "ae-trainer.h"

G_BEGIN_DECLS

/**
 * AeMaterial: pieces of a stream, such as patches of pictures or stretches of
 * sound, and how they become samples. All functions get @data, which outlives
 * the training.
 * @what: what is learned; a checkpoint goes on only where this is the same
 * @piece_size: floats in a piece
 * @n_hashed: so many of them, the first, tell one piece from another
 * @held_out_every: one piece in so many is held out to judge by
 * @n_min: fewer pieces than this are no sample of a stream
 * @n_judged: samples to judge by; 0: one of each piece held out
 * @draw: makes a sample to train on, of @pieces and @rng; from several threads at
 *   once
 * @judge: makes the @i-th sample to judge by, of the pieces held out
 * @show: (nullable): makes a sample of piece @i, and copies what it was made of
 *   to @x, for those who watch
 */
typedef struct
{
  const gchar *what;
  gsize piece_size;
  guint n_hashed;
  guint held_out_every, n_min, n_judged;
  gpointer data;

  void (*draw) (gpointer data, AeReservoir * pieces, AeRng * rng,
      AeSample * sample);
  void (*judge) (gpointer data, AeReservoir * held_out, guint i, AeRng * rng,
      AeSample * sample);
  void (*show) (gpointer data, AeReservoir * held_out, guint i, AeRng * rng,
      AeSample * sample, float *x);
} AeMaterial;

G_END_DECLS
