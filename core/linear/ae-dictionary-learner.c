/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-dictionary-learner.h"
#include "ae-error.h"
#include "ae-gemm.h"
#include "ae-rng.h"
#include "ae-rows.h"
#include "ae-sparse-coding.h"

#include <math.h>
#include <string.h>

#define CODE_SWEEPS 100
#define CODE_TOLERANCE 1e-3f    /* of the duality gap */
#define ATOM_NOISE 0.01f        /* keeps atoms from equal samples apart */
#define UNUSED 1e-6             /* of the mean use of an atom */

struct _AeDictionaryLearner
{
  guint n_atoms, n_dims;
  float lambda, gamma;
  AeRng rng;
  guint64 n_steps;
  double n_seen;                /* batches that A and B hold, less those forgotten */
  float *a;                     /* [n_atoms][n_atoms] */
  float *b;                     /* [n_atoms][n_dims] */
  AeDictionary *dictionary;     /* NULL before the first step */
};

AeDictionaryLearner *
ae_dictionary_learner_new (guint n_atoms, guint n_dims, float lambda,
    float gamma, guint64 seed)
{
  AeDictionaryLearner *learner;

  g_return_val_if_fail (n_atoms > 0 && n_dims > 0, NULL);
  g_return_val_if_fail (lambda >= 0 && gamma >= 0, NULL);
  learner = g_new0 (AeDictionaryLearner, 1);
  learner->n_atoms = n_atoms;
  learner->n_dims = n_dims;
  learner->lambda = lambda;
  learner->gamma = gamma;
  ae_rng_init (&learner->rng, seed);
  learner->a = g_new0 (float, (gsize) n_atoms * n_atoms);
  learner->b = g_new0 (float, (gsize) n_atoms * n_dims);
  return learner;
}

void
ae_dictionary_learner_free (AeDictionaryLearner * learner)
{
  if (learner == NULL)
    return;
  g_free (learner->a);
  g_free (learner->b);
  ae_dictionary_free (learner->dictionary);
  g_free (learner);
}

static float
length_of (const float *v, guint n)
{
  float sum = 0;

  for (guint i = 0; i < n; i++)
    sum += v[i] * v[i];
  return sqrtf (sum);
}

/* atom [n_dims]: the sample, a little blurred by noise, at length 1. */
static void
atom_from_sample (AeDictionaryLearner * learner, const float *sample,
    float *atom)
{
  guint n_dims = learner->n_dims;
  float noise = ATOM_NOISE / sqrtf ((float) n_dims), length;

  length = length_of (sample, n_dims);
  for (guint j = 0; j < n_dims; j++)
    atom[j] = (length > 0 ? sample[j] / length : 0)
        + noise * ae_rng_normal (&learner->rng);
  length = length_of (atom, n_dims);
  for (guint j = 0; j < n_dims; j++)
    atom[j] /= length;
}

/* atoms [n_atoms][n_dims]: samples in random order, none twice before all were
 * taken (Fisher and Yates). */
static void
atoms_from_batch (AeDictionaryLearner * learner, const float *x, guint n,
    float *atoms)
{
  g_autofree guint *order = g_new (guint, n);

  for (guint i = 0; i < n; i++)
    order[i] = i;
  for (guint i = 0; i < learner->n_atoms; i++) {
    guint at = i % n;
    guint other = at + ae_rng_below (&learner->rng, n - at);
    guint taken = order[other];

    order[other] = order[at];
    order[at] = taken;
    atom_from_sample (learner, x + (gsize) taken * learner->n_dims,
        atoms + (gsize) i * learner->n_dims);
  }
}

/* A = beta A + S'S / n, B = beta B + S'X / n: beta under 1 forgets. */
static void
accumulate (AeDictionaryLearner * learner, const float *x,
    const float *codes, guint n)
{
  guint n_atoms = learner->n_atoms, n_dims = learner->n_dims;
  double eta = n, t = (double) learner->n_steps + 1;
  double theta = t < eta ? t * eta : eta * eta + t - eta;
  float beta = (float) ((theta + 1 - eta) / (theta + 1));

  ae_gemm (TRUE, FALSE, n_atoms, n_atoms, n, 1.0f / (float) n, codes, n_atoms,
      codes, n_atoms, beta, learner->a, n_atoms);
  ae_gemm (TRUE, FALSE, n_atoms, n_dims, n, 1.0f / (float) n, codes, n_atoms,
      x, n_dims, beta, learner->b, n_dims);
  learner->n_seen = (double) beta *learner->n_seen + 1;
}

/* The atom's minimum given the others: w = (b - sum of a_i w_i over the other
 * atoms) / (a + gamma), brought back to length 1 if longer. */
static void
update_atom (AeDictionaryLearner * learner, guint i, float *atoms)
{
  guint n_atoms = learner->n_atoms, n_dims = learner->n_dims;
  const float *a = learner->a + (gsize) i * n_atoms;
  const float *b = learner->b + (gsize) i * n_dims;
  float weight = a[i] + learner->gamma * (float) learner->n_seen;
  g_autofree float *others = g_new (float, n_dims);
  float *atom = atoms + (gsize) i * n_dims;
  float length;

  ae_gemm (FALSE, FALSE, 1, n_dims, n_atoms, 1.0f, a, n_atoms, atoms, n_dims,
      0.0f, others, n_dims);
  for (guint j = 0; j < n_dims; j++)
    atom[j] = (b[j] - (others[j] - a[i] * atom[j])) / weight;
  length = length_of (atom, n_dims);
  for (guint j = 0; length > 1 && j < n_dims; j++)
    atom[j] /= length;
}

static void
update_atoms (AeDictionaryLearner * learner, const float *x, guint n,
    float *atoms)
{
  guint n_atoms = learner->n_atoms, n_dims = learner->n_dims;
  double use = 0;

  for (guint i = 0; i < n_atoms; i++)
    use += (double) learner->a[(gsize) i * n_atoms + i];
  for (guint i = 0; i < n_atoms; i++) {
    if ((double) learner->a[(gsize) i * n_atoms + i] > UNUSED * use / n_atoms)
      update_atom (learner, i, atoms);
    else {
      guint taken = ae_rng_below (&learner->rng, n);

      atom_from_sample (learner, x + (gsize) taken * n_dims,
          atoms + (gsize) i * n_dims);
    }
  }
}

gboolean
ae_dictionary_learner_step (AeDictionaryLearner * learner, const float *x,
    guint n, GError ** error)
{
  guint n_atoms = learner->n_atoms, n_dims = learner->n_dims;
  gsize size = (gsize) n_atoms * n_dims;
  g_autofree float *atoms = g_new (float, size);
  g_autofree float *codes = g_new0 (float, (gsize) n * n_atoms);
  g_autoptr (AeDictionary) before = NULL;
  AeDictionary *after;

  if (n < 1) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "dictionary learning: no samples, expected at least 1");
    return FALSE;
  }
  if (!ae_rows_all_finite (x, n, n_dims, "dictionary learning", error))
    return FALSE;
  if (learner->dictionary != NULL)
    memcpy (atoms, ae_dictionary_atoms (learner->dictionary),
        size * sizeof *atoms);
  else
    atoms_from_batch (learner, x, n, atoms);
  before = ae_dictionary_new (atoms, n_atoms, n_dims, error);
  if (before == NULL || !ae_sparse_coding_l1 (before, AE_SPARSE_DESCENT,
          learner->lambda, CODE_SWEEPS, CODE_TOLERANCE, x, n, codes, NULL,
          error))
    return FALSE;
  accumulate (learner, x, codes, n);
  update_atoms (learner, x, n, atoms);
  after = ae_dictionary_new (atoms, n_atoms, n_dims, error);
  if (after == NULL)
    return FALSE;
  ae_dictionary_free (learner->dictionary);
  learner->dictionary = after;
  learner->n_steps++;
  return TRUE;
}

AeDictionary *
ae_dictionary_learner_dictionary (const AeDictionaryLearner * learner)
{
  if (learner->dictionary == NULL)
    return NULL;
  return ae_dictionary_new (ae_dictionary_atoms (learner->dictionary),
      learner->n_atoms, learner->n_dims, NULL);
}
