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
 * @flat: the output of no model, where the input cannot stand for it: grey, or
 *   with a loss_func, a factor that leaves all as it is
 * @n_judged: samples to judge by; 0: one of each piece held out
 * @prepare: (nullable): called once, by the worker, before anything else; may
 *   take long, but gives up soon when @cancelled is not 0 (atomic). Returns:
 *   %FALSE when it gave up, or with @error, which ends the training
 * @draw: makes a sample to train on, of @pieces and @rng; from several threads at
 *   once
 * @judge: makes the @i-th sample to judge by, of the pieces held out
 * @show: (nullable): makes a sample of piece @i, and copies what it was made of
 *   to @x, for those who watch
 * @remember: (nullable): makes the @i-th of @n_remembered samples of what the
 *   model is not to forget, of which @held_out holds some: nothing is published
 *   that scores more than @forgets_db under the model that training started from
 * @furthest: of @remember: 0..1: so far at most from the start, 0, to where
 *   training is, 1, are weights published
 */
typedef struct
{
  const gchar *what;
  gsize piece_size;
  guint n_hashed;
  guint held_out_every, n_min, n_judged, n_remembered;
  float flat, furthest;
  double forgets_db;
  gpointer data;

    gboolean (*prepare) (gpointer data, const gint * cancelled,
      GError ** error);
  void (*draw) (gpointer data, AeReservoir * pieces, AeRng * rng,
      AeSample * sample);
  void (*judge) (gpointer data, AeReservoir * held_out, guint i, AeRng * rng,
      AeSample * sample);
  void (*show) (gpointer data, AeReservoir * held_out, guint i, AeRng * rng,
      AeSample * sample, float *x);
  void (*remember) (gpointer data, AeReservoir * held_out, guint i,
      AeRng * rng, AeSample * sample);
} AeMaterial;

G_END_DECLS
