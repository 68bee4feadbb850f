/* Times dictionary learning and each way to sparse codes. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   bench-dictionary SAMPLES N_DIMS N_ATOMS LAMBDA ATOMS
 *
 * SAMPLES holds rows of N_DIMS floats. A dictionary is learned from the first
 * five sixths of them and written to ATOMS; the rest is coded with it.
 * compare-dictionary.py makes the samples and sets scikit-learn beside it.
 */
#include <stdlib.h>
#include <time.h>

#include "ae-dictionary-learner.h"
#include "ae-sparse-coding.h"

enum
{ N_PASSES = 2, BATCH = 256, MAX_ITERATIONS = 3000 };

#define TOLERANCE 1e-3f

/* Of the processor, so that other work on the machine counts less. */
static double
seconds_since (clock_t start)
{
  return (double) (clock () - start) / CLOCKS_PER_SEC;
}

static AeDictionary *
learn (const float *x, guint n, guint n_dims, guint n_atoms, float lambda,
    GError ** error)
{
  g_autoptr (AeDictionaryLearner) learner = ae_dictionary_learner_new (n_atoms,
      n_dims, lambda, 0, 1);
  clock_t start = clock ();

  for (guint pass = 0; pass < N_PASSES; pass++) {
    for (guint i = 0; i + BATCH <= n; i += BATCH) {
      if (!ae_dictionary_learner_step (learner, x + (gsize) i * n_dims, BATCH,
              error))
        return NULL;
    }
  }
  g_print ("learned %u atoms from %u samples, %u passes: %.2f s\n", n_atoms,
      n, N_PASSES, seconds_since (start));
  return ae_dictionary_learner_dictionary (learner);
}

static gboolean
code (const AeDictionary * dictionary, AeSparseMethod method,
    const gchar * name, float lambda, const float *x, guint n, GError ** error)
{
  gsize size = (gsize) n * ae_dictionary_n_atoms (dictionary), n_nonzero = 0;
  g_autofree float *codes = g_new0 (float, size);
  clock_t start = clock ();
  double gap, seconds;

  if (!ae_sparse_coding_l1 (dictionary, method, lambda, MAX_ITERATIONS,
          TOLERANCE, x, n, codes, &gap, error))
    return FALSE;
  seconds = seconds_since (start);
  for (gsize i = 0; i < size; i++)
    n_nonzero += codes[i] != 0;
  g_print ("%-8s %7.3f s for %u codes: objective %.6f, gap %.2g, %.2f of %u "
      "numbers not zero\n", name, seconds, n,
      ae_dictionary_objective (dictionary, x, codes, n, (double) lambda, 0),
      gap, (double) n_nonzero / n, ae_dictionary_n_atoms (dictionary));
  return TRUE;
}

static gboolean
run (const gchar * samples, guint n_dims, guint n_atoms, float lambda,
    const gchar * atoms, GError ** error)
{
  static const gchar *const names[] = { "ISTA", "FISTA", "descent" };
  g_autofree gchar *bytes = NULL;
  g_autoptr (AeDictionary) dictionary = NULL;
  gsize size_bytes;
  guint n, n_learn;
  const float *x;

  if (!g_file_get_contents (samples, &bytes, &size_bytes, error))
    return FALSE;
  x = (const float *) bytes;
  n = (guint) (size_bytes / (n_dims * sizeof *x));
  n_learn = n / 6 * 5;
  dictionary = learn (x, n_learn, n_dims, n_atoms, lambda, error);
  if (dictionary == NULL)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    if (!code (dictionary, (AeSparseMethod) i, names[i], lambda,
            x + (gsize) n_learn * n_dims, n - n_learn, error))
      return FALSE;
  }
  return g_file_set_contents (atoms,
      (const gchar *) ae_dictionary_atoms (dictionary),
      (gssize) ((gsize) n_atoms * n_dims * sizeof *x), error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  if (argc != 6) {
    g_printerr ("usage: %s SAMPLES N_DIMS N_ATOMS LAMBDA ATOMS\n", argv[0]);
    return 2;
  }
  if (!run (argv[1], (guint) atoi (argv[2]), (guint) atoi (argv[3]),
          (float) g_ascii_strtod (argv[4], NULL), argv[5], &error)) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  return 0;
}
