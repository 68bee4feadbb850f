/* Learns a dictionary from a stream of samples. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-dictionary.h"

G_BEGIN_DECLS

/**
 * AeDictionaryLearner: online dictionary learning (Mairal, Bach, Ponce and
 * Sapiro, 2009) of the objective of #AeDictionary, atoms at most of length 1.
 *
 * Each batch is coded with the dictionary so far and added to the running sums
 * A of s s' and B of s x', which forget the earliest batches as section 3.4.3
 * of the paper has it. Then each atom in turn goes to its minimum given the
 * others. On one machine, what a run gives depends on the samples, their order
 * and the seed alone.
 */
typedef struct _AeDictionaryLearner AeDictionaryLearner;

/**
 * ae_dictionary_learner_new:
 * @lambda, @gamma: at least 0; as in #AeDictionary
 * @seed: of the choice of samples that atoms start from
 *
 * Returns: (transfer full): a learner that has seen nothing.
 */
AeDictionaryLearner *ae_dictionary_learner_new (guint n_atoms, guint n_dims,
    float lambda, float gamma, guint64 seed) G_GNUC_WARN_UNUSED_RESULT;

/* NULL is a no-op. */
void ae_dictionary_learner_free (AeDictionaryLearner * learner);

/**
 * ae_dictionary_learner_step:
 * @x: [n][n_dims] one batch, @n at least 1
 *
 * The atoms start as samples of the first batch, and an atom that no code has
 * used is replaced by a sample of this one. Errors: %AE_ERROR_NOT_FINITE, and
 * %AE_ERROR_SHAPE without samples; the learner is then as it was. Samples whose
 * squares are beyond single precision spoil the running sums: from then on
 * every step gives %AE_ERROR_NOT_FINITE, and the dictionary stays.
 */
gboolean ae_dictionary_learner_step (AeDictionaryLearner * learner,
    const float *x, guint n, GError ** error);

/**
 * ae_dictionary_learner_dictionary:
 *
 * Returns: (transfer full) (nullable): a copy of what has been learned; NULL
 * before the first step.
 */
AeDictionary *ae_dictionary_learner_dictionary (const AeDictionaryLearner *
    learner) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeDictionaryLearner, ae_dictionary_learner_free)

G_END_DECLS
