/* The bound and the likelihood of a variational autoencoder, on a model whose
 * likelihood has a closed form. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-vae.h"
#include "ae-weights.h"

/* x = a z + b + s noise, one number z: x is normal, of mean b and covariance
 * a a' + s^2 (probabilistic PCA; Tipping and Bishop 1999). The encoder is
 * linear, so that it can hold the true posterior, N (m (x - b), v) with
 * v = s^2 / (s^2 + |a|^2), m = a / (s^2 + |a|^2). */
enum
{ D = 3 };
static const double slope[D] = { 0.8, -0.5, 0.3 }, offset[D] =
    { 0.1, 0.2, -0.3 };
static const double noise = 0.4;

typedef struct
{
  AeArchitecture *architecture;
  AeTape *tape;
  float *weights;
  AeTensor x;
  AeLikelihood likelihood;
} Model;

static double
length2 (void)
{
  return slope[0] * slope[0] + slope[1] * slope[1] + slope[2] * slope[2];
}

/* @wrong: how far the encoder is from the truth. */
static void
model_init (Model * m, double wrong)
{
  const AeShape input = { D, 1, 1 };
  double over = 1.0 / (noise * noise + length2 ());
  const AeParam *encoder, *decoder;
  float *w;

  memset (m, 0, sizeof *m);
  m->architecture = ae_architecture_parse ("gaussian 1 | dense 3", &input,
      NULL);
  m->tape = ae_tape_new (m->architecture);
  m->weights = w = g_new0 (float, m->architecture->n_weights);
  m->likelihood = (AeLikelihood) {
  AE_LIKELIHOOD_NORMAL, noise};
  encoder = m->architecture->layers[0].params;
  decoder = m->architecture->layers[1].params;
  for (guint i = 0; i < D; i++) {
    /* the first row is the mean, the second the logarithm of the variance */
    w[encoder[AE_PARAM_WEIGHT].offset + i] = (float) (slope[i] * over);
    w[encoder[AE_PARAM_BIAS].offset] -= (float) (slope[i] * offset[i] * over);
    w[decoder[AE_PARAM_WEIGHT].offset + i] = (float) slope[i];
    w[decoder[AE_PARAM_BIAS].offset + i] = (float) offset[i];
  }
  w[encoder[AE_PARAM_BIAS].offset] += (float) wrong;
  w[encoder[AE_PARAM_BIAS].offset + 1] =
      (float) (log (noise * noise * over) + wrong);
  ae_tensor_resize (&m->x, D, 1, 1, 1);
  m->x.data[0] = 0.9f;
  m->x.data[1] = -0.4f;
  m->x.data[2] = 0.5f;
}

static void
model_clear (Model * m)
{
  ae_tensor_clear (&m->x);
  g_free (m->weights);
  ae_tape_free (m->tape);
  ae_architecture_unref (m->architecture);
}

/* By the determinant and the inverse of a a' + s^2 (Sherman and Morrison). */
static double
exact_log_likelihood (const Model * m)
{
  double along = 0.0, square = 0.0, n2 = length2 ();

  for (guint i = 0; i < D; i++) {
    double d = (double) m->x.data[i] - offset[i];

    along += slope[i] * d;
    square += d * d;
  }
  square = (square - along * along / (noise * noise + n2)) / (noise * noise);
  return -0.5 * (square + D * log (2.0 * G_PI)
      + (D - 1) * log (noise * noise) + log (noise * noise + n2));
}

GST_START_TEST (test_bound_of_the_true_posterior_is_the_likelihood)
{
  Model m;
  AeElbo elbo;
  AeRng rng;
  double exact;

  ae_rng_init (&rng, 1);
  model_init (&m, 0.0);
  exact = exact_log_likelihood (&m);
  ae_vae_elbo (m.tape, m.weights, &m.x, NULL, &m.likelihood, 20000, &rng,
      &elbo);
  fail_unless (fabs (elbo.log_likelihood - elbo.kl - exact) < 0.02,
      "ELBO %g, exact %g", elbo.log_likelihood - elbo.kl, exact);
  /* every weight is p (x) then, so that one draw is enough */
  for (guint i = 0; i < 10; i++)
    fail_unless (fabs (ae_vae_log_likelihood (m.tape, m.weights, &m.x, NULL,
                &m.likelihood, 1, &rng) - exact) < 1e-4);
  model_clear (&m);
}

GST_END_TEST;

/* Mean of @n_repeats estimates with @k draws. */
static double
mean_estimate (Model * m, guint k, guint n_repeats, AeRng * rng)
{
  double sum = 0.0;

  for (guint i = 0; i < n_repeats; i++)
    sum += ae_vae_log_likelihood (m->tape, m->weights, &m->x, NULL,
        &m->likelihood, k, rng);
  return sum / n_repeats;
}

GST_START_TEST (test_estimate_rises_from_the_bound_to_the_likelihood)
{
  Model m;
  AeElbo elbo;
  AeRng rng;
  double exact, bound, one, few, many;

  ae_rng_init (&rng, 2);
  model_init (&m, 0.5);
  exact = exact_log_likelihood (&m);
  ae_vae_elbo (m.tape, m.weights, &m.x, NULL, &m.likelihood, 20000, &rng,
      &elbo);
  bound = elbo.log_likelihood - elbo.kl;
  one = mean_estimate (&m, 1, 20000, &rng);
  few = mean_estimate (&m, 5, 4000, &rng);
  many = mean_estimate (&m, 5000, 4, &rng);
  fail_unless (bound < exact - 0.2, "bound %g, exact %g", bound, exact);
  fail_unless (fabs (one - bound) < 0.04, "k = 1: %g, bound %g", one, bound);
  fail_unless (few > bound + 0.1 && few < exact, "k = 5: %g", few);
  fail_unless (fabs (many - exact) < 0.03, "k = 5000: %g, exact %g", many,
      exact);
  model_clear (&m);
}

GST_END_TEST;

/* Analytic divergence against the mean of log q - log p over draws. */
GST_START_TEST (test_divergence_equals_monte_carlo)
{
  enum
  { N = 100000 };
  const AeShape input = { 4, 1, 1 };
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse ("gaussian 2 | dense 4", &input, NULL);
  g_autoptr (AeTape) tape = ae_tape_new (architecture);
  g_autoptr (AeWeights) weights = NULL;
  g_auto (AeTensor) x = AE_TENSOR_INIT;
  const AeTensor *q;
  double analytic, sum = 0.0;
  AeRng rng;

  ae_rng_init (&rng, 3);
  weights = ae_weights_new_random (architecture, &rng);
  ae_tensor_resize (&x, 4, 1, 1, 1);
  ae_rng_fill_normal (&rng, x.data, 4);
  ae_tape_encode (tape, weights->data, &x, NULL);
  analytic = ae_tape_kl (tape);
  q = ae_tape_gaussian (tape);
  for (guint i = 0; i < N; i++) {
    for (guint j = 0; j < 2; j++) {
      double e = (double) ae_rng_normal (&rng);
      double log_variance = (double) q->data[2 + j];
      double z = (double) q->data[j] + exp (0.5 * log_variance) * e;

      sum += -0.5 * (e * e + log_variance) + 0.5 * z * z;
    }
  }
  fail_unless (analytic > 0.1);
  fail_unless (fabs (sum / N - analytic) < 0.03 * (1.0 + analytic),
      "analytic %g, Monte Carlo %g", analytic, sum / N);
}

GST_END_TEST;

GST_START_TEST (test_draws_have_the_temperature_and_arcs_keep_their_length)
{
  g_auto (AeTensor) code = AE_TENSOR_INIT;
  const float from[3] = { 1.0f, 0.0f, 0.0f }, to[3] = { 0.0f, 2.0f, 0.0f };
  float at[3];
  double sum = 0.0, squares = 0.0;
  gsize n;
  AeRng rng;

  ae_rng_init (&rng, 4);
  ae_tensor_resize (&code, 8, 1, 1, 4000);
  n = ae_tensor_size (&code);
  ae_vae_draw_prior (&code, 0.5f, &rng);
  for (gsize i = 0; i < n; i++) {
    sum += (double) code.data[i];
    squares += (double) code.data[i] * (double) code.data[i];
  }
  fail_unless (fabs (sum / (double) n) < 0.01);
  fail_unless (fabs (sqrt (squares / (double) n) - 0.5) < 0.01);

  ae_vae_interpolate (from, to, 3, 0.0f, at);
  fail_unless (memcmp (at, from, sizeof at) == 0);
  ae_vae_interpolate (from, to, 3, 1.0f, at);
  fail_unless (fabsf (at[1] - 2.0f) < 1e-6f && fabsf (at[0]) < 1e-6f);
  ae_vae_interpolate (from, to, 3, 0.5f, at);
  fail_unless (fabsf (at[0] - sqrtf (0.5f)) < 1e-5f
      && fabsf (at[1] - 2.0f * sqrtf (0.5f)) < 1e-5f);
  /* the same direction, and no direction */
  ae_vae_interpolate (from, from, 3, 0.3f, at);
  fail_unless (fabsf (at[0] - 1.0f) < 1e-5f);
  ae_vae_interpolate ((float[3]) { 0 }, to, 3, 0.25f, at);
  fail_unless (fabsf (at[1] - 0.5f) < 1e-5f);
}

GST_END_TEST;

static Suite *
vae_suite (void)
{
  Suite *suite = suite_create ("vae");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_bound_of_the_true_posterior_is_the_likelihood);
  tcase_add_test (tcase, test_estimate_rises_from_the_bound_to_the_likelihood);
  tcase_add_test (tcase, test_divergence_equals_monte_carlo);
  tcase_add_test (tcase,
      test_draws_have_the_temperature_and_arcs_keep_their_length);
  return suite;
}

GST_CHECK_MAIN (vae);
