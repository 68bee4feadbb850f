/* Seeded random numbers whose state can be stored. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AeRng: xoshiro256++ (Blackman and Vigna, 2019). A plain struct: a copy is a
 * checkpoint, and the four words are its whole state. The same seed gives the
 * same integers everywhere.
 */
typedef struct
{
  guint64 s[4];
} AeRng;

/* Fills the state from @seed by splitmix64; every seed is good. */
void ae_rng_init (AeRng * rng, guint64 seed);

/* Returns: number @i of the seeds that belong to @seed: those of neighbouring
 * seeds are far apart. */
guint64 ae_rng_seed_of (guint64 seed, guint64 i);

/* Returns: 64 uniform bits. */
guint64 ae_rng_u64 (AeRng * rng);

/* Returns: a uniform integer in [0, @bound), @bound at least 1, without bias. */
guint32 ae_rng_below (AeRng * rng, guint32 bound);

/* Returns: a uniform number in [0, 1), in steps of 2^-24. */
float ae_rng_uniform (AeRng * rng);

/* Returns: a uniform number in [@low, @high). */
float ae_rng_range (AeRng * rng, float low, float high);

/* Returns: a standard normal number (Box and Muller, 1958). */
float ae_rng_normal (AeRng * rng);

/* Fills @out[@n] with standard normal numbers, two for each pair of uniforms. */
void ae_rng_fill_normal (AeRng * rng, float *out, gsize n);

/* Returns: a Poisson number of mean @lambda >= 0; exact under 30, the rounded
 * normal approximation from there on. */
guint32 ae_rng_poisson (AeRng * rng, float lambda);

G_END_DECLS
