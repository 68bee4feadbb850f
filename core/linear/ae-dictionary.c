/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-dictionary.h"
#include "ae-gemm.h"
#include "ae-rng.h"
#include "ae-rows.h"

#include <math.h>
#include <string.h>

#define POWER_ITERATIONS 200
#define POWER_TOLERANCE 1e-5
#define CURVATURE_MARGIN 1.02

struct _AeDictionary
{
  guint n_atoms, n_dims;
  float *atoms;                 /* [n_atoms][n_dims] */
  float *gram;                  /* [n_atoms][n_atoms] */
  float curvature;
};

static double
sum_of_squares (const float *x, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += (double) x[i] * (double) x[i];
  return sum;
}

/* v, w [n_atoms]: v becomes G v / |v| over and over, the length of which grows
 * to the largest eigenvalue. */
static float
find_curvature (const float *gram, guint n_atoms)
{
  g_autofree float *v = g_new (float, n_atoms);
  g_autofree float *w = g_new (float, n_atoms);
  double found = 0, before;
  AeRng rng;

  ae_rng_init (&rng, 1);
  ae_rng_fill_normal (&rng, v, n_atoms);
  for (guint i = 0; i < POWER_ITERATIONS; i++) {
    double length = sqrt (sum_of_squares (v, n_atoms));

    if (length <= 0)
      break;
    for (guint j = 0; j < n_atoms; j++)
      v[j] /= (float) length;
    ae_gemm (FALSE, FALSE, 1, n_atoms, n_atoms, 1.0f, v, n_atoms, gram,
        n_atoms, 0.0f, w, n_atoms);
    before = found;
    found = sqrt (sum_of_squares (w, n_atoms));
    if (fabs (found - before) <= POWER_TOLERANCE * found)
      break;
    memcpy (v, w, n_atoms * sizeof *v);
  }
  return (float) (found * CURVATURE_MARGIN);
}

AeDictionary *
ae_dictionary_new (const float *atoms, guint n_atoms, guint n_dims,
    GError ** error)
{
  AeDictionary *dictionary;
  gsize size = (gsize) n_atoms * n_dims;

  g_return_val_if_fail (atoms != NULL && n_atoms > 0 && n_dims > 0, NULL);
  if (!ae_rows_all_finite (atoms, n_atoms, n_dims, "dictionary", error))
    return NULL;
  dictionary = g_new0 (AeDictionary, 1);
  dictionary->n_atoms = n_atoms;
  dictionary->n_dims = n_dims;
  dictionary->atoms = g_memdup2 (atoms, size * sizeof *atoms);
  dictionary->gram = g_new (float, (gsize) n_atoms * n_atoms);
  ae_gemm (FALSE, TRUE, n_atoms, n_atoms, n_dims, 1.0f, atoms, n_dims, atoms,
      n_dims, 0.0f, dictionary->gram, n_atoms);
  dictionary->curvature = find_curvature (dictionary->gram, n_atoms);
  return dictionary;
}

void
ae_dictionary_free (AeDictionary * dictionary)
{
  if (dictionary == NULL)
    return;
  g_free (dictionary->atoms);
  g_free (dictionary->gram);
  g_free (dictionary);
}

guint
ae_dictionary_n_atoms (const AeDictionary * dictionary)
{
  return dictionary->n_atoms;
}

guint
ae_dictionary_n_dims (const AeDictionary * dictionary)
{
  return dictionary->n_dims;
}

const float *
ae_dictionary_atoms (const AeDictionary * dictionary)
{
  return dictionary->atoms;
}

const float *
ae_dictionary_gram (const AeDictionary * dictionary)
{
  return dictionary->gram;
}

float
ae_dictionary_curvature (const AeDictionary * dictionary)
{
  return dictionary->curvature;
}

void
ae_dictionary_reconstruct (const AeDictionary * dictionary,
    const float *codes, guint n, float *x)
{
  guint n_atoms = dictionary->n_atoms, n_dims = dictionary->n_dims;

  ae_gemm (FALSE, FALSE, n, n_dims, n_atoms, 1.0f, codes, n_atoms,
      dictionary->atoms, n_dims, 0.0f, x, n_dims);
}

double
ae_dictionary_objective (const AeDictionary * dictionary, const float *x,
    const float *codes, guint n, double lambda, double gamma)
{
  guint n_atoms = dictionary->n_atoms, n_dims = dictionary->n_dims;
  g_autofree float *rest = g_new (float, (gsize) n * n_dims);
  double sum = 0;

  ae_dictionary_reconstruct (dictionary, codes, n, rest);
  for (gsize i = 0; i < (gsize) n * n_dims; i++)
    rest[i] = x[i] - rest[i];
  sum = sum_of_squares (rest, (gsize) n * n_dims);
  for (gsize i = 0; i < (gsize) n * n_atoms; i++)
    sum += lambda * (double) fabsf (codes[i]);
  return sum / n + gamma * sum_of_squares (dictionary->atoms,
      (gsize) n_atoms * n_dims);
}
