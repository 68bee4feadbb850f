/* Muon: steps of matrices along orthogonal directions. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Returns: floats that ae_muon_step() needs to work in. */
gsize ae_muon_scratch_size (guint rows, guint columns);

/**
 * ae_muon_step:
 * @beta: decay of the moment, 0 to under 1
 * @rate: spectral norm of the step, but for the factor below: ten to twenty times
 *   a rate of Adam's
 * @grad: [@rows][@columns], of any scale
 * @moment: the same of state, zero before the first step
 * @scratch: ae_muon_scratch_size() floats
 * @weights: [@rows][@columns], updated in place
 *
 * The moment m = beta m + (1 - beta) g, a step further towards g (Nesterov),
 * with its singular values brought to about 1 (Jordan et al. 2024, "Muon"; five
 * steps of a quintic Newton-Schulz iteration with its factors, which end
 * between 0.7 and 1.2), times sqrt (rows / columns), so that no layer's output
 * moves faster than another's for its width, where rows are outputs (Bernstein
 * and Newhouse 2024, "Old optimizer, new norm").
 * Nothing moves where the gradient has been zero.
 */
void ae_muon_step (float beta, float rate, guint rows, guint columns,
    const float *grad, float *moment, float *scratch, float *weights);

G_END_DECLS
