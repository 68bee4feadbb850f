/* Samples that are sparse sums of known atoms. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-dictionary.h"
#include "ae-rng.h"

static inline AeDictionary *
new_dictionary (const float *atoms, guint n_atoms, guint n_dims)
{
  g_autoptr (GError) error = NULL;
  AeDictionary *dictionary = ae_dictionary_new (atoms, n_atoms, n_dims, &error);

  g_assert_no_error (error);
  return dictionary;
}

/* Normal atoms of length 1. */
static inline AeDictionary *
random_dictionary (guint n_atoms, guint n_dims, AeRng * rng)
{
  g_autofree float *atoms = g_new (float, n_atoms * n_dims);

  ae_rng_fill_normal (rng, atoms, n_atoms * n_dims);
  for (guint i = 0; i < n_atoms; i++) {
    float sum = 0;

    for (guint j = 0; j < n_dims; j++)
      sum += atoms[i * n_dims + j] * atoms[i * n_dims + j];
    for (guint j = 0; j < n_dims; j++)
      atoms[i * n_dims + j] /= sqrtf (sum);
  }
  return new_dictionary (atoms, n_atoms, n_dims);
}

/* x [n][n_dims] = W s + noise, n_nonzero numbers of each s (out, optional) at
 * random places, 0.5 to 1.5 in magnitude. */
static inline float *
make_samples (const AeDictionary * dictionary, guint n, guint n_nonzero,
    float noise, AeRng * rng, float *s)
{
  guint n_atoms = ae_dictionary_n_atoms (dictionary);
  guint size = n * ae_dictionary_n_dims (dictionary);
  g_autofree float *codes = g_new0 (float, n * n_atoms);
  float *x = g_new (float, size);

  for (guint i = 0; i < n; i++) {
    for (guint k = 0; k < n_nonzero;) {
      float *at = &codes[i * n_atoms + ae_rng_below (rng, n_atoms)];

      if (*at != 0)
        continue;
      *at = ae_rng_range (rng, 0.5f, 1.5f)
          * (ae_rng_u64 (rng) & 1 ? 1.0f : -1.0f);
      k++;
    }
  }
  ae_dictionary_reconstruct (dictionary, codes, n, x);
  for (guint i = 0; i < size; i++)
    x[i] += noise * ae_rng_normal (rng);
  if (s != NULL)
    memcpy (s, codes, n * n_atoms * sizeof *s);
  return x;
}
