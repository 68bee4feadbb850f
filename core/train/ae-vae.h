/* Variational autoencoders: the bound, the likelihood, samples. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A model with a `gaussian` code. Trained with AeRegulariser.kl, it maximises
 *
 *   ELBO = E log p(x|z) - KL (q(z|x) || N (0, 1)),   z drawn from q(z|x),
 *
 * which is at most log p(x) (Kingma and Welling 2014; Rezende, Mohamed and
 * Wierstra 2014). A model with `given` in encoder and decoder has all of it
 * given the condition (Sohn, Lee and Yan 2015). */
#pragma once

#include "ae-tape.h"

G_BEGIN_DECLS

/**
 * AeLikelihood: p(x|z) of the decoder's output y.
 * @AE_LIKELIHOOD_BERNOULLI: x is 0 or 1 (or between), 1 with probability y
 * @AE_LIKELIHOOD_NORMAL: x is normal around y, with one deviation
 */
typedef enum
{
  AE_LIKELIHOOD_BERNOULLI,
  AE_LIKELIHOOD_NORMAL
} AeLikelihoodKind;

typedef struct
{
  AeLikelihoodKind kind;
  double deviation;             /* of the normal one */
} AeLikelihood;

/* The parts of the bound, in nats a sample: ELBO = log_likelihood - kl. */
typedef struct
{
  double log_likelihood, kl;
} AeElbo;

/**
 * ae_vae_elbo:
 * @tape: of an architecture with a stochastic code
 * @x: [c][h][w][n]
 * @condition: (nullable): [n_given][hc][wc][n]
 * @n_draws: codes drawn for each sample, at least 1
 * @elbo: (out): mean over the samples
 *
 * The divergence is analytic, the likelihood an average over the draws.
 */
void ae_vae_elbo (AeTape * tape, const float *weights, const AeTensor * x,
    const AeTensor * condition, const AeLikelihood * likelihood,
    guint n_draws, AeRng * rng, AeElbo * elbo);

/**
 * ae_vae_log_likelihood:
 * @tape: of an architecture with a stochastic code, whose decoder stands alone
 * @x: [c][h][w][1] one sample
 * @n_draws: k, at least 1; memory does not depend on it
 *
 * Returns: log of the mean over k codes z from q(z|x) of p(x|z) p(z) / q(z|x),
 *   in nats: an estimate of log p(x) whose mean rises to it with k, and is the
 *   ELBO for k = 1 (Burda, Grosse and Salakhutdinov 2016, equation 8).
 */
double ae_vae_log_likelihood (AeTape * tape, const float *weights,
    const AeTensor * x, const AeTensor * condition,
    const AeLikelihood * likelihood, guint n_draws, AeRng * rng);

/* @code, which has its shape, becomes draws from the prior: normal, of
 * deviation @temperature. */
void ae_vae_draw_prior (AeTensor * code, float temperature, AeRng * rng);

/**
 * ae_vae_interpolate:
 * @share: 0 = @from ... 1 = @to
 *
 * @code[@n] becomes the point on the arc between two codes, so that it stays as
 * long as codes from the prior are (White 2016); on a straight line where they
 * point the same way.
 */
void ae_vae_interpolate (const float *from, const float *to, gsize n,
    float share, float *code);

G_END_DECLS
