/* What a codec's model is trained on. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-rng.h"

G_BEGIN_DECLS

/**
 * AeLatentSource:
 * @c, @h, @w: of a sample
 * @n_places: of a sample: what bits and errors are told for one of
 * @weights: (nullable): [c] what a squared error of a channel counts; NULL: 1
 * @n_judged: the first channels, whose error is reported
 * @draw: makes a sample [c][h][w] from the random numbers and @data alone;
 *   called from several threads at once
 */
typedef struct _AeLatentSource AeLatentSource;
struct _AeLatentSource
{
  guint c, h, w, n_places;
  const float *weights;
  guint n_judged;
  void (*draw) (const AeLatentSource * source, AeRng * rng, float *sample);
  gconstpointer data;
};

G_END_DECLS
