/* Which quality keeps to a bit rate. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-symbols.h"

G_BEGIN_DECLS

/**
 * AeLatentRate: what was spent, and what for; a plain struct, zero to begin
 * with. The two rates may change between frames.
 */
typedef struct
{
  double bits_a_second, frames_a_second;

  guint grade;                  /* of the last try */
  guint n_tries;                /* of the frame in work */
  gboolean is_key;              /* the frame in work */
  gboolean has_keys;            /* a key frame was sent */
  double debt_bits;             /* spent beyond the rate so far */
  double frame_bits;            /* about what a frame of that grade takes */
} AeLatentRate;

/* Returns: the grade to try the next frame with. */
guint ae_latent_rate_begin (AeLatentRate * rate, gboolean is_key);

/* The frame would have @size_bits. Returns: whether rate->grade, which changes
 * then, is to be tried instead. */
gboolean ae_latent_rate_try_again (AeLatentRate * rate, double size_bits);

/* The frame was sent. */
void ae_latent_rate_end (AeLatentRate * rate, double size_bits);

G_END_DECLS
