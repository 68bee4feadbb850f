/* Dictionary learning: on data made from a known dictionary, and the properties
 * that define it. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-dictionary-learner.h"
#include "ae-error.h"
#include "ae-sparse-coding.h"
#include "sparse-samples.h"

enum
{ DIMS = 20, ATOMS = 32, N = 300 };

/* Several passes over the samples in batches of 50. */
static AeDictionary *
learn (const float *x, guint n, guint n_passes, float lambda, float gamma,
    guint64 seed)
{
  g_autoptr (AeDictionaryLearner) learner = ae_dictionary_learner_new (ATOMS,
      DIMS, lambda, gamma, seed);
  g_autoptr (GError) error = NULL;

  for (guint pass = 0; pass < n_passes; pass++) {
    for (guint i = 0; i < n; i += 50) {
      fail_unless (ae_dictionary_learner_step (learner, x + i * DIMS, 50,
              &error));
    }
  }
  return ae_dictionary_learner_dictionary (learner);
}

static float
largest_cosine (const float *atom, const AeDictionary * learned)
{
  float best = 0;

  for (guint i = 0; i < ATOMS; i++) {
    const float *w = ae_dictionary_atoms (learned) + i * DIMS;
    float product = 0, length2 = 0;

    for (guint j = 0; j < DIMS; j++) {
      product += w[j] * atom[j];
      length2 += w[j] * w[j];
    }
    best = MAX (best, fabsf (product) / sqrtf (length2));
  }
  return best;
}

GST_START_TEST (test_learner_recovers_the_atoms_that_made_the_data)
{
  g_autoptr (AeDictionary) truth = NULL;
  g_autoptr (AeDictionary) learned = NULL;
  g_autoptr (AeDictionary) untrained = NULL;
  g_autofree float *x = NULL;
  guint n_found = 0, n_chance = 0;
  AeRng rng;

  ae_rng_init (&rng, 6);
  truth = random_dictionary (ATOMS, DIMS, &rng);
  untrained = random_dictionary (ATOMS, DIMS, &rng);
  x = make_samples (truth, 5000, 3, 0.02f, &rng, NULL);
  learned = learn (x, 5000, 4, 0.5f, 0, 1);
  for (guint i = 0; i < ATOMS; i++) {
    const float *atom = ae_dictionary_atoms (truth) + i * DIMS;

    n_found += largest_cosine (atom, learned) > 0.97f;
    n_chance += largest_cosine (atom, untrained) > 0.97f;
  }
  fail_unless (n_found >= ATOMS * 9 / 10, "%u of %u atoms found", n_found,
      ATOMS);
  fail_unless_equals_int (n_chance, 0);
}

GST_END_TEST;

static double
squared_norm (const AeDictionary * dictionary)
{
  double sum = 0;

  for (guint i = 0; i < ATOMS * DIMS; i++)
    sum += (double) (ae_dictionary_atoms (dictionary)[i]
        * ae_dictionary_atoms (dictionary)[i]);
  return sum;
}

GST_START_TEST (test_gamma_shrinks_the_atoms_and_each_is_at_most_of_length_1)
{
  g_autoptr (AeDictionary) truth = NULL;
  g_autofree float *x = NULL;
  const float gammas[] = { 0, 0.01f, 0.03f, 0.1f };
  double before = G_MAXDOUBLE;
  AeRng rng;

  ae_rng_init (&rng, 7);
  truth = random_dictionary (ATOMS, DIMS, &rng);
  x = make_samples (truth, 1000, 3, 0.02f, &rng, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (gammas); i++) {
    g_autoptr (AeDictionary) learned = learn (x, 1000, 3, 0.1f, gammas[i], 1);
    double now = squared_norm (learned);

    for (guint a = 0; a < ATOMS; a++)
      fail_unless (ae_dictionary_gram (learned)[a * ATOMS + a] < 1.0001f);
    fail_unless (now < before * 0.98, "gamma %g: %g after %g",
        (double) gammas[i], now, before);
    before = now;
  }
}

GST_END_TEST;

GST_START_TEST (test_learning_lowers_the_objective_on_other_samples)
{
  g_autoptr (AeDictionary) truth = NULL;
  g_autofree float *x = NULL;
  double objectives[3];
  AeRng rng;

  ae_rng_init (&rng, 8);
  truth = random_dictionary (ATOMS, DIMS, &rng);
  x = make_samples (truth, 2000 + N, 3, 0.02f, &rng, NULL);
  for (guint i = 0; i < 3; i++) {
    g_autoptr (AeDictionary) learned = learn (x, i == 0 ? 50 : 1000 * i, 1,
        0.2f, 0, 1);
    g_autofree float *codes = g_new0 (float, N * ATOMS);

    fail_unless (ae_sparse_coding_l1 (learned, AE_SPARSE_DESCENT, 0.2f, 1000,
            1e-4f, x + 2000 * DIMS, N, codes, NULL, NULL));
    objectives[i] = ae_dictionary_objective (learned, x + 2000 * DIMS, codes,
        N, 0.2, 0);
  }
  fail_unless (objectives[1] < 0.9 * objectives[0], "%g %g %g", objectives[0],
      objectives[1], objectives[2]);
  fail_unless (objectives[2] < 0.98 * objectives[1]);
}

GST_END_TEST;

GST_START_TEST (test_same_seed_gives_the_same_dictionary)
{
  g_autoptr (AeDictionary) truth = NULL;
  g_autoptr (AeDictionary) a = NULL;
  g_autoptr (AeDictionary) b = NULL;
  g_autoptr (AeDictionary) other = NULL;
  g_autofree float *x = NULL;
  AeRng rng;

  ae_rng_init (&rng, 9);
  truth = random_dictionary (ATOMS, DIMS, &rng);
  x = make_samples (truth, 500, 3, 0.02f, &rng, NULL);
  a = learn (x, 500, 2, 0.2f, 0, 1);
  b = learn (x, 500, 2, 0.2f, 0, 1);
  other = learn (x, 500, 2, 0.2f, 0, 2);
  fail_unless (memcmp (ae_dictionary_atoms (a), ae_dictionary_atoms (b),
          ATOMS * DIMS * sizeof (float)) == 0);
  fail_if (memcmp (ae_dictionary_atoms (a), ae_dictionary_atoms (other),
          ATOMS * DIMS * sizeof (float)) == 0);
}

GST_END_TEST;

/* The first batch lies on one line, so that all atoms but one start useless. */
GST_START_TEST (test_atoms_that_no_code_uses_are_replaced_from_the_data)
{
  g_autoptr (AeDictionaryLearner) learner = ae_dictionary_learner_new (ATOMS,
      DIMS, 0.5f, 0, 1);
  g_autoptr (AeDictionary) truth = NULL;
  g_autoptr (AeDictionary) learned = NULL;
  g_autoptr (GError) error = NULL;
  g_autofree float *x = NULL;
  float line[50 * DIMS];
  guint n_found = 0;
  AeRng rng;

  ae_rng_init (&rng, 10);
  truth = random_dictionary (ATOMS, DIMS, &rng);
  x = make_samples (truth, 4000, 3, 0.02f, &rng, NULL);
  for (guint i = 0; i < 50 * DIMS; i++)
    line[i] = x[i % DIMS];
  fail_unless (ae_dictionary_learner_step (learner, line, 50, &error));
  for (guint i = 0; i < 16000; i += 50)
    fail_unless (ae_dictionary_learner_step (learner, x + (i % 4000) * DIMS,
            50, &error));
  learned = ae_dictionary_learner_dictionary (learner);
  for (guint i = 0; i < ATOMS; i++)
    n_found += largest_cosine (ae_dictionary_atoms (truth) + i * DIMS,
        learned) > 0.97f;
  fail_unless (n_found >= ATOMS * 8 / 10, "%u of %u atoms found", n_found,
      ATOMS);
}

GST_END_TEST;

GST_START_TEST (test_samples_that_are_not_finite_are_refused)
{
  g_autoptr (AeDictionaryLearner) learner = ae_dictionary_learner_new (2, 2,
      0.1f, 0, 1);
  g_autoptr (GError) error = NULL;
  float x[2] = { 1, NAN };

  fail_if (ae_dictionary_learner_step (learner, x, 1, &error));
  g_assert_error (error, AE_ERROR, AE_ERROR_NOT_FINITE);
  g_clear_error (&error);
  fail_if (ae_dictionary_learner_step (learner, x, 0, &error));
  g_assert_error (error, AE_ERROR, AE_ERROR_SHAPE);
  fail_unless (ae_dictionary_learner_dictionary (learner) == NULL);
}

GST_END_TEST;

static Suite *
dictionary_learner_suite (void)
{
  Suite *suite = suite_create ("dictionary-learner");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_learner_recovers_the_atoms_that_made_the_data);
  tcase_add_test (tcase,
      test_gamma_shrinks_the_atoms_and_each_is_at_most_of_length_1);
  tcase_add_test (tcase, test_learning_lowers_the_objective_on_other_samples);
  tcase_add_test (tcase, test_same_seed_gives_the_same_dictionary);
  tcase_add_test (tcase,
      test_atoms_that_no_code_uses_are_replaced_from_the_data);
  tcase_add_test (tcase, test_samples_that_are_not_finite_are_refused);
  return suite;
}

GST_CHECK_MAIN (dictionary_learner);
