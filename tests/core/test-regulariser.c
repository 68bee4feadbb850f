/* The terms of the objective: gradients against finite differences, the
 * Jacobian's norm against differences of the code, priors against the closed
 * forms of linear regression. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-contractive.h"
#include "ae-error.h"
#include "ae-trainer.h"

#define BATCH 16

typedef struct
{
  const gchar *text;
  AeShape input;
  AeLossKind loss;
  AeRegulariser regulariser;
} Case;

static const Case cases[] = {
  {"dense 4 tanh | dense 6", {6, 1, 1}, AE_LOSS_MSE, {.code_l1 = 0.5f}},
  {"dense 4 sigmoid | dense 6", {6, 1, 1}, AE_LOSS_MSE,
      {.sparsity = 0.7f,.sparsity_target = 0.1f}},
  {"conv 3x3 4 sigmoid | conv 3x3 2", {2, 4, 4}, AE_LOSS_MSE,
      {.sparsity = 0.7f,.sparsity_target = 0.1f}},
  {"dense 4 sigmoid | dense 6", {6, 1, 1}, AE_LOSS_MSE, {.contractive = 0.8f}},
  {"dense 4 sigmoid | tied sigmoid", {6, 1, 1}, AE_LOSS_BCE,
      {.contractive = 0.8f}},
  {"dense 5 tanh, dense 3 softplus | dense 6", {6, 1, 1}, AE_LOSS_MSE,
      {.contractive = 0.8f}},
  {"dense 5 tanh, dense 7 sigmoid | dense 6", {6, 1, 1}, AE_LOSS_MSE,
      {.contractive = 0.8f,.contractive_probes = 2}},
  {"unshuffle 2, conv 3x3 3 sigmoid, deconv 2x2*2 2, conv 3x3/2 3 tanh | "
        "upsample 2, conv 3x3 2, conv 3x3/2 4, shuffle 2", {1, 4, 4},
      AE_LOSS_MSE, {.contractive = 0.2f}},
  {"dense 6 tanh, gaussian 3 | dense 6 tanh, dense 6 sigmoid", {6, 1, 1},
      AE_LOSS_BCE, {.kl = 0.6f}},
  {"dense 8 tanh, dropout 0.3, dense 3 | dense 6", {6, 1, 1}, AE_LOSS_MSE,
      {.l2 = 0.1f,.l1 = 0.05f,.frobenius = 0.2f}},
  {"dense 4 sigmoid, dense 5 sigmoid | tied tanh, tied", {6, 1, 1},
      AE_LOSS_MSE, {.code_l1 = 0.3f,.sparsity = 0.2f,.sparsity_target =
            0.2f,.contractive = 0.3f,.l2 = 0.01f}},
};

static void
random_sample (gpointer data, AeRng * rng, AeSample * sample)
{
  const AeArchitecture *architecture = data;
  const AeShape *in = &architecture->input;
  guint n = in->c * in->h * in->w;

  for (guint i = 0; i < n; i++)
    sample->input[i] = ae_rng_uniform (rng);
  memcpy (sample->target, sample->input, n * sizeof (float));
}

static AeArchitecture *
parse (const gchar * text, const AeShape * input)
{
  GError *error = NULL;
  AeArchitecture *architecture = ae_architecture_parse (text, input, &error);

  fail_unless (architecture != NULL, "%s", error ? error->message : "");
  return architecture;
}

/* One step of plain gradient descent from @weights, with the same samples and
 * noise each time. Returns the objective before it; @after: (nullable). */
static double
descend (const Case * c, AeArchitecture * architecture, const float *weights,
    float rate, float *after)
{
  AeTrainerConfig config = AE_TRAINER_CONFIG_DEFAULT;
  g_autoptr (AeWeights) start =
      ae_weights_new_copy (weights, architecture->n_weights, NULL);
  g_autoptr (AeWeights) end = NULL;
  g_autoptr (AeTrainer) trainer = NULL;
  AeTrainerLoss loss;
  GError *error = NULL;

  config.batch = BATCH;
  config.shard = BATCH / 2;
  config.n_threads = 1;
  config.loss = c->loss;
  config.regulariser = c->regulariser;
  config.optimiser = (AeOptimiserConfig) {
  .kind = AE_OPTIMISER_SGD};
  config.clip_norm = config.ema = 0.0f;
  trainer = ae_trainer_new (architecture, start, &config, &error);
  fail_unless (trainer != NULL, "%s", error ? error->message : "");
  fail_unless (ae_trainer_step (trainer, random_sample, architecture, rate,
          &loss, NULL));
  fail_unless (fabs (loss.loss + loss.code_l1 + loss.sparsity
          + loss.contractive + loss.kl + loss.prior - loss.total) < 1e-9);
  end = ae_trainer_weights (trainer, NULL);
  if (after)
    memcpy (after, end->data, end->n * sizeof (float));
  return loss.total;
}

GST_START_TEST (test_gradient_of_the_objective_equals_finite_differences)
{
  const Case *c = &cases[__i__];
  const float rate = 0.5f, eps = 3e-3f;
  g_autoptr (AeArchitecture) architecture = parse (c->text, &c->input);
  gsize n = architecture->n_weights;
  g_autofree float *w = g_new0 (float, n);
  g_autofree float *after = g_new0 (float, n);
  g_autofree float *moved = g_new0 (float, n);
  AeRng rng;

  ae_rng_init (&rng, 4);
  for (guint i = 0; i < architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &architecture->layers[i].params[j];

      for (gsize k = 0; k < ae_param_n_stored (param); k++)
        w[param->offset + k] = 0.5f * ae_rng_normal (&rng);
    }
  }
  descend (c, architecture, w, rate, after);
  for (guint round = 0; round < 8; round++) {
    g_autofree float *d = g_new0 (float, n);
    double analytic = 0.0, numeric, scale = 1e-3;

    for (gsize k = 0; k < n; k++) {
      double gradient = ((double) w[k] - (double) after[k]) / (double) rate;

      if (w[k] != 0.0f)
        d[k] = ae_rng_normal (&rng);
      analytic += gradient * (double) d[k];
      scale += fabs (gradient * (double) d[k]);
    }
    for (gsize k = 0; k < n; k++)
      moved[k] = w[k] + eps * d[k];
    numeric = descend (c, architecture, moved, 0.0f, NULL);
    for (gsize k = 0; k < n; k++)
      moved[k] = w[k] - eps * d[k];
    numeric -= descend (c, architecture, moved, 0.0f, NULL);
    numeric /= 2.0 * (double) eps;
    fail_unless (fabs (numeric - analytic) < 5e-3 * scale,
        "%s: analytic %g, numeric %g", c->text, analytic, numeric);
  }
}

GST_END_TEST;

/* |J|_F^2 by differences of the code. */
static double
numeric_jacobian (AeTape * tape, const float *weights, AeTensor * in)
{
  const float eps = 1e-2f;
  double sum = 0.0;

  for (gsize i = 0; i < ae_tensor_size (in); i++) {
    float kept = in->data[i];
    g_autofree float *plus = NULL;
    const AeTensor *code;

    in->data[i] = kept + eps;
    code = ae_tape_encode (tape, weights, in, NULL);
    plus = g_memdup2 (code->data, ae_tensor_size (code) * sizeof (float));
    in->data[i] = kept - eps;
    code = ae_tape_encode (tape, weights, in, NULL);
    for (gsize j = 0; j < ae_tensor_size (code); j++) {
      double d = ((double) plus[j] - (double) code->data[j])
          / (2.0 * (double) eps);

      sum += d * d;
    }
    in->data[i] = kept;
  }
  ae_tape_encode (tape, weights, in, NULL);
  return sum;
}

GST_START_TEST (test_jacobian_norm_equals_differences_of_the_code)
{
  static const struct
  {
    const gchar *text;
    AeShape input;
  } encoders[] = {
    {"dense 5 sigmoid | dense 8", {8, 1, 1}},
    {"dense 7 tanh, dense 5 sigmoid | dense 8", {8, 1, 1}},
    {"conv 3x3/2 3 tanh, unshuffle 2, dense 4 softplus | dense 9", {1, 4, 4}},
  };
  g_autoptr (AeArchitecture) architecture = parse (encoders[__i__].text,
      &encoders[__i__].input);
  g_autoptr (AeTape) tape = ae_tape_new (architecture);
  g_autoptr (AeContractive) contractive =
      ae_contractive_new (architecture, NULL);
  g_autoptr (AeWeights) weights = NULL;
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  double numeric, exact, estimate;
  AeRng rng;

  ae_rng_init (&rng, 2);
  weights = ae_weights_new_random (architecture, &rng);
  ae_tensor_resize (&in, architecture->input.c, architecture->input.h,
      architecture->input.w, 1);
  ae_rng_fill_normal (&rng, in.data, ae_tensor_size (&in));
  numeric = numeric_jacobian (tape, weights->data, &in);
  exact = ae_contractive_run (contractive, tape, weights->data, 0, NULL, 0.0f,
      NULL);
  fail_unless (fabs (exact - numeric) < 2e-3 * numeric, "%g, %g", exact,
      numeric);
  /* the deviation of one probe's estimate is under its mean */
  estimate = ae_contractive_run (contractive, tape, weights->data, 4000, &rng,
      0.0f, NULL);
  fail_unless (fabs (estimate - exact) < 0.06 * exact, "%g, %g", estimate,
      exact);
}

GST_END_TEST;

/* The same sum by the closed form of one layer and by that of two, the second
 * of which does nothing. */
GST_START_TEST (test_closed_form_equals_the_sum_over_the_code)
{
  const AeShape input = { 6, 1, 1 };
  g_autoptr (AeArchitecture) one = parse ("dense 5 sigmoid | dense 6", &input);
  g_autoptr (AeArchitecture) two =
      parse ("dense 5 sigmoid, shuffle 1 | dense 6", &input);
  g_autoptr (AeContractive) a = ae_contractive_new (one, NULL);
  g_autoptr (AeContractive) b = ae_contractive_new (two, NULL);
  g_autoptr (AeTape) tape_a = ae_tape_new (one);
  g_autoptr (AeTape) tape_b = ae_tape_new (two);
  g_autoptr (AeWeights) weights = NULL;
  g_autofree float *grad_a = g_new0 (float, one->n_weights);
  g_autofree float *grad_b = g_new0 (float, one->n_weights);
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  double sum_a, sum_b, moved = 0.0;
  AeRng rng;

  ae_rng_init (&rng, 8);
  weights = ae_weights_new_random (one, &rng);
  ae_tensor_resize (&in, 6, 1, 1, 16);
  ae_rng_fill_normal (&rng, in.data, ae_tensor_size (&in));
  ae_tape_forward (tape_a, weights->data, &in, NULL);
  ae_tape_forward (tape_b, weights->data, &in, NULL);
  sum_a = ae_contractive_run (a, tape_a, weights->data, 0, NULL, 0.5f, grad_a);
  sum_b = ae_contractive_run (b, tape_b, weights->data, 0, NULL, 0.5f, grad_b);
  fail_unless (fabs (sum_a - sum_b) < 1e-5 * sum_a);
  for (gsize i = 0; i < one->n_weights; i++) {
    fail_unless (fabsf (grad_a[i] - grad_b[i])
        < 1e-4f * (1.0f + fabsf (grad_a[i])));
    moved += fabs ((double) grad_a[i]);
  }
  fail_unless (moved > 0.1);
}

GST_END_TEST;

/* y = w x + noise in 4 dimensions. X'X / n is the identity, up to rounding, so
 * that all three estimates have a closed form. */
enum
{ N_DIMS = 4, N_SAMPLES = 64 };

typedef struct
{
  float x[N_SAMPLES][N_DIMS], y[N_SAMPLES];
  double least_squares[N_DIMS];
} Regression;

static void
make_regression (Regression * r)
{
  static const float true_w[N_DIMS] = { 1.5f, -0.8f, 0.05f, 0.4f };
  AeRng rng;

  ae_rng_init (&rng, 21);
  memset (r, 0, sizeof *r);
  for (guint i = 0; i < N_SAMPLES; i++) {
    r->y[i] = 0.3f * ae_rng_normal (&rng);
    for (guint j = 0; j < N_DIMS; j++) {
      /* rows of a Hadamard matrix */
      r->x[i][j] = (__builtin_popcount (i & (j + 1)) & 1) ? -1.0f : 1.0f;
      r->y[i] += true_w[j] * r->x[i][j];
    }
  }
  for (guint i = 0; i < N_SAMPLES; i++) {
    for (guint j = 0; j < N_DIMS; j++)
      r->least_squares[j] += (double) r->x[i][j] * (double) r->y[i]
          / N_SAMPLES;
  }
}

/* All samples in each batch, so that descent is not stochastic: the batch is a
 * multiple of their number, and each is drawn in turn. */
static void
regression_sample (gpointer data, AeRng * rng, AeSample * sample)
{
  static gint next;
  const Regression *r = data;
  guint i = (guint) g_atomic_int_add (&next, 1) % N_SAMPLES;

  memcpy (sample->input, r->x[i], sizeof r->x[i]);
  sample->target[0] = r->y[i];
}

static void
fit (Regression * r, const AeRegulariser * regulariser, float *w)
{
  const AeShape input = { N_DIMS, 1, 1 };
  g_autoptr (AeArchitecture) architecture = parse ("dense 1", &input);
  g_autofree float *zeros = g_new0 (float, architecture->n_weights);
  g_autoptr (AeWeights) start = NULL;
  g_autoptr (AeWeights) end = NULL;
  g_autoptr (AeTrainer) trainer = NULL;
  AeTrainerConfig config = AE_TRAINER_CONFIG_DEFAULT;

  zeros[0] = 0.1f;              /* the norm has no slope at zero */
  start = ae_weights_new_copy (zeros, architecture->n_weights, NULL);
  config.batch = N_SAMPLES;
  config.n_threads = 1;
  config.regulariser = *regulariser;
  config.optimiser = (AeOptimiserConfig) {
  .kind = AE_OPTIMISER_SGD};
  config.clip_norm = config.ema = 0.0f;
  trainer = ae_trainer_new (architecture, start, &config, NULL);
  for (guint i = 0; i < 1500; i++)
    fail_unless (ae_trainer_step (trainer, regression_sample, r,
            i < 1000 ? 0.05f : 0.001f, NULL, NULL));
  end = ae_trainer_weights (trainer, NULL);
  memcpy (w, end->data, N_DIMS * sizeof (float));
}

/* With noise of variance s^2 and a prior exp (-c R (w)), the maximum a
 * posteriori minimises sum (y - w x)^2 / 2 s^2 + c R (w): the objective here
 * with a factor of 2 s^2 c / n before R. For X'X / n = I the minimum has a
 * closed form in the least squares solution v. */
GST_START_TEST (test_weight_priors_give_the_maximum_a_posteriori)
{
  const AeRegulariser priors[] = {
    {.l2 = 0.5f}, {.l1 = 0.4f}, {.frobenius = 0.6f}, {.l1 = 0.0f}
  };
  const AeRegulariser *prior = &priors[__i__];
  Regression r;
  float w[N_DIMS];
  double length = 0.0;

  make_regression (&r);
  fit (&r, prior, w);
  for (guint j = 0; j < N_DIMS; j++)
    length += r.least_squares[j] * r.least_squares[j];
  length = sqrt (length);
  for (guint j = 0; j < N_DIMS; j++) {
    double v = r.least_squares[j], map = v;

    if (prior->l2 > 0.0f)       /* normal: ridge regression */
      map = v / (1.0 + (double) prior->l2);
    else if (prior->l1 > 0.0f)  /* Laplace: the lasso */
      map = copysign (MAX (fabs (v) - 0.5 * (double) prior->l1, 0.0), v);
    else if (prior->frobenius > 0.0f)
      map = v * MAX (1.0 - 0.5 * (double) prior->frobenius / length, 0.0);
    fail_unless (fabs (map - (double) w[j]) < 2e-3, "%d: weight %u is %g, "
        "expected %g", __i__, j, (double) w[j], map);
    /* the priors matter here */
    fail_unless (__i__ == 3 || fabs (v) < 0.15 || fabs (map - v) > 0.03);
  }
}

GST_END_TEST;

GST_START_TEST (test_impossible_regularisers_are_refused)
{
  static const struct
  {
    const gchar *text;
    AeRegulariser regulariser;
    AeError code;
    const gchar *message;
  } bad[] = {
    {"dense 3 relu | dense 6", {.sparsity = 1.0f,.sparsity_target = 0.1f},
        AE_ERROR_UNSUPPORTED, "sigmoid code, the encoder ends with dense relu"},
    {"dense 3 sigmoid | dense 6", {.sparsity = 1.0f}, AE_ERROR_LIMIT,
        "target activity 0"},
    {"dense 3 sigmoid | dense 6", {.l2 = -1.0f}, AE_ERROR_LIMIT, "L2 is -1"},
    {"dense 3 sigmoid | dense 6", {.kl = INFINITY}, AE_ERROR_LIMIT,
        "KL is inf"},
    {"dense 3, norm | dense 6", {.contractive = 1.0f}, AE_ERROR_UNSUPPORTED,
        "column 10: found norm in the encoder"},
  };
  const AeShape input = { 6, 1, 1 };
  g_autoptr (AeArchitecture) architecture = parse (bad[__i__].text, &input);
  g_autoptr (GError) error = NULL;

  fail_if (ae_regulariser_check (&bad[__i__].regulariser, architecture,
          &error));
  fail_unless (g_error_matches (error, AE_ERROR, (gint) bad[__i__].code));
  fail_unless (strstr (error->message, bad[__i__].message) != NULL, "%s",
      error->message);
}

GST_END_TEST;

/* The weight that two layers share has the sum of the gradients that an
 * encoder's and a decoder's own weights have. */
GST_START_TEST (test_gradient_of_tied_weights_is_the_sum_of_both_uses)
{
  enum
  { IN = 6, CODE = 4, N = 16 };
  const AeShape input = { IN, 1, 1 };
  g_autoptr (AeArchitecture) tied = parse ("dense 4 tanh | tied", &input);
  g_autoptr (AeArchitecture) free_ = parse ("dense 4 tanh | dense 6", &input);
  g_autoptr (AeTape) tape_tied = ae_tape_new (tied);
  g_autoptr (AeTape) tape_free = ae_tape_new (free_);
  g_autoptr (AeWeights) w_tied = NULL;
  g_autofree float *w_free = g_new0 (float, free_->n_weights);
  g_autofree float *grad_tied = g_new0 (float, tied->n_weights);
  g_autofree float *grad_free = g_new0 (float, free_->n_weights);
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  g_auto (AeTensor) grad = AE_TENSOR_INIT;
  const AeTensor *a, *b;
  const AeParam *decoder = &free_->layers[1].params[AE_PARAM_WEIGHT];
  AeRng rng;

  ae_rng_init (&rng, 6);
  w_tied = ae_weights_new_random (tied, &rng);
  memcpy (w_free, w_tied->data, IN * CODE * sizeof (float));
  for (guint i = 0; i < IN; i++) {
    for (guint j = 0; j < CODE; j++)
      w_free[decoder->offset + i * CODE + j] = w_tied->data[j * IN + i];
  }
  ae_tensor_resize (&in, IN, 1, 1, N);
  ae_rng_fill_normal (&rng, in.data, IN * N);
  a = ae_tape_forward (tape_tied, w_tied->data, &in, NULL);
  b = ae_tape_forward (tape_free, w_free, &in, NULL);
  for (guint i = 0; i < IN * N; i++)
    fail_unless (fabsf (a->data[i] - b->data[i]) < 1e-5f);
  ae_tensor_resize (&grad, IN, 1, 1, N);
  ae_rng_fill_normal (&rng, grad.data, IN * N);
  ae_tape_backward (tape_tied, w_tied->data, &grad, grad_tied, NULL);
  ae_tape_backward (tape_free, w_free, &grad, grad_free, NULL);
  for (guint i = 0; i < IN; i++) {
    for (guint j = 0; j < CODE; j++) {
      float sum = grad_free[j * IN + i]
          + grad_free[decoder->offset + i * CODE + j];

      fail_unless (fabsf (sum - grad_tied[j * IN + i]) < 1e-4f);
    }
  }
}

GST_END_TEST;

static Suite *
regulariser_suite (void)
{
  Suite *suite = suite_create ("regulariser");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase,
      test_gradient_of_the_objective_equals_finite_differences, 0,
      G_N_ELEMENTS (cases));
  tcase_add_loop_test (tcase, test_jacobian_norm_equals_differences_of_the_code,
      0, 3);
  tcase_add_test (tcase, test_closed_form_equals_the_sum_over_the_code);
  tcase_add_loop_test (tcase,
      test_weight_priors_give_the_maximum_a_posteriori, 0, 4);
  tcase_add_loop_test (tcase, test_impossible_regularisers_are_refused, 0, 5);
  tcase_add_test (tcase, test_gradient_of_tied_weights_is_the_sum_of_both_uses);
  return suite;
}

GST_CHECK_MAIN (regulariser);
