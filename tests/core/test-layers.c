/* Every layer's gradient against finite differences, and batches
 * against single samples. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-tape.h"
#include "ae-weights.h"

typedef struct
{
  const gchar *text;
  AeShape input;
  guint h, w;                   /* size to run at, where input gives none */
} Case;

/* Activations without kinks, so that differences are smooth. */
static const Case cases[] = {
  {"dense 5 tanh | dense 12", {3, 2, 2}, 2, 2},
  {"dense 7 sigmoid, dense 4 softplus | dense 7 tanh, dense 6", {6, 1, 1}, 1,
      1},
  {"conv 1x1 3 tanh | conv 1x1 2", {2, 0, 0}, 5, 4},
  {"conv 3x3 5 tanh | conv 3x3 2", {2, 0, 0}, 7, 6},
  {"conv 5x5 9 softplus | conv 5x5 1", {1, 0, 0}, 6, 9},
  {"conv 3x3/2 4 tanh | deconv 2x2*2 3", {2, 0, 0}, 6, 8},
  {"conv 5x5/2 4 tanh | deconv 5x5*2 3 tanh", {1, 0, 0}, 8, 6},
  {"conv 5x5/3 4 tanh | deconv 4x4*3 2", {1, 0, 0}, 9, 6},
  {"conv 2x2/2 4 | deconv 4x4*2 3", {2, 0, 0}, 6, 4},
  {"conv 3x3/2 10 | deconv 3x3*2 11", {3, 0, 0}, 4, 4},
  {"unshuffle 2, conv 3x3 8 tanh | conv 3x3 4, shuffle 2", {1, 0, 0}, 6, 8},
  {"unshuffle 3, conv 1x1 5 sigmoid | conv 3x3 9, shuffle 3", {1, 0, 0}, 6,
      3},
  {"save a, conv 3x3 4 tanh | conv 3x3 2, add a", {2, 0, 0}, 5, 5},
  {"conv 3x3 3 tanh, save a, conv 3x3/2 4 tanh | deconv 2x2*2 5, concat a, "
        "conv 3x3 2", {2, 0, 0}, 6, 6},
  {"save a, given 1, conv 3x3 4 tanh | conv 3x3 1, modulate, add a", {1, 0,
          0}, 5,
      4},
  {"given 3, conv 3x3 4 tanh | given 3, conv 3x3 2", {2, 0, 0}, 4, 4},
  {"conv 3x3/2 4 tanh, save b, dense 3 | dense 36 tanh, dense 8", {1, 6, 6},
      6,
      6},
  {"conv 3x3 4 tanh, pool max 2 | upsample 2, conv 3x3 2", {2, 0, 0}, 6, 8},
  {"conv 3x3 4 tanh, pool avg 3, conv 3x3 3 | upsample 3, conv 3x3 1", {1, 0,
          0}, 6,
      9},
  {"conv 3x3 4 tanh, dropout 0.25 | conv 3x3 2, dropout 0.5", {1, 0, 0}, 4,
      4},
  {"conv 3x3 6, norm tanh | conv 3x3 3, norm", {1, 0, 0}, 5, 4},
  {"dense 9 tanh, norm, dense 4 | dense 6", {6, 1, 1}, 1, 1},
  {"dense 9 tanh, gaussian 4 | dense 9 tanh, dense 6", {6, 1, 1}, 1, 1},
  {"conv 3x3/2 4 tanh, gaussian 3 | deconv 2x2*2 4 tanh, conv 3x3 1", {1, 0,
          0}, 4,
      6},
  {"given 3, dense 5 tanh, gaussian 2 | given 3, dense 4", {2, 1, 1}, 1, 1},
  {"dense 9 tanh, dense 4 tanh | tied tanh, tied", {6, 1, 1}, 1, 1},
  {"conv 3x3 4 tanh, conv 5x5/2 3 sigmoid | tied tanh, tied", {2, 0, 0}, 6,
      8},
  {"conv 5x5/3 4 tanh, conv 2x2/2 5, norm | tied tanh, tied", {1, 0, 0}, 6,
      6},
  {"conv 3x3/2 4 tanh, dense 5 | tied tanh, tied", {1, 6, 4}, 6, 4},
  {"causal 3 2 tanh, conv 1x1 4 | causal 2 3", {3, 0, 0}, 1, 9},
  {"save a, norm, conv 1x1 5 tanh, causal 3 4 tanh, conv 1x1 2, add a", {2, 0,
          0}, 2, 5},
};

/* A model with random weights, biases too, and random input. */
typedef struct
{
  AeArchitecture *architecture;
  AeTape *tape;
  float *weights, *grad;
  AeTensor in, condition, direction, grad_in;
  gboolean random;              /* dropout and gaussian draw, the same each time */
} Net;

/* Of the stochastic code's divergence in what is differentiated. */
#define KL_SCALE 0.7f

static void
fill (AeTensor * t, AeRng * rng)
{
  ae_rng_fill_normal (rng, t->data, ae_tensor_size (t));
}

static void
net_init (Net * net, const Case * c, guint n, AeRng * rng)
{
  GError *error = NULL;

  memset (net, 0, sizeof *net);
  net->architecture = ae_architecture_parse (c->text, &c->input, &error);
  fail_unless (net->architecture != NULL, "%s: %s", c->text,
      error ? error->message : "");
  net->tape = ae_tape_new (net->architecture);
  net->weights = g_new (float, net->architecture->n_weights);
  net->grad = g_new0 (float, net->architecture->n_weights);
  for (gsize i = 0; i < net->architecture->n_weights; i++)
    net->weights[i] = 0.4f * ae_rng_normal (rng);
  ae_tensor_resize (&net->in, c->input.c, c->h, c->w, n);
  fill (&net->in, rng);
  ae_tensor_resize (&net->condition, net->architecture->n_given, 2, 3, n);
  fill (&net->condition, rng);
}

static void
net_clear (Net * net)
{
  ae_tensor_clear (&net->in);
  ae_tensor_clear (&net->condition);
  ae_tensor_clear (&net->direction);
  ae_tensor_clear (&net->grad_in);
  g_free (net->weights);
  g_free (net->grad);
  ae_tape_free (net->tape);
  ae_architecture_unref (net->architecture);
}

static const AeTensor *
net_forward (Net * net)
{
  AeRng rng;
  const AeTensor *out;

  ae_rng_init (&rng, 13);
  ae_tape_set_random (net->tape, net->random ? &rng : NULL);
  out = ae_tape_forward (net->tape, net->weights, &net->in,
      net->architecture->n_given ? &net->condition : NULL);
  ae_tape_set_random (net->tape, NULL);
  return out;
}

static void
net_backward (Net * net)
{
  const AeTapeGradients gradients = { &net->direction, NULL, KL_SCALE, 0 };

  ae_tape_backward_from (net->tape, net->weights, &gradients, net->grad,
      &net->grad_in);
}

/* The function whose gradient is checked: output times a fixed direction, and
 * the divergence. */
static double
net_value (Net * net)
{
  const AeTensor *out = net_forward (net);
  double sum = (double) KL_SCALE * ae_tape_kl (net->tape);

  for (gsize i = 0; i < ae_tensor_size (out); i++)
    sum += (double) out->data[i] * (double) net->direction.data[i];
  return sum;
}

/* Compares the analytic derivative along a random direction of @x[@n] with the
 * central difference. */
static void
check_direction (Net * net, const gchar * what, float *x, const float *grad,
    gsize n, AeRng * rng)
{
  g_autofree float *d = g_new (float, n);
  g_autofree float *x0 = g_memdup2 (x, n * sizeof (float));
  const double eps = 2e-3;
  double analytic = 0.0, numeric, scale = 1e-3;

  ae_rng_fill_normal (rng, d, n);
  for (gsize i = 0; i < n; i++) {
    analytic += (double) grad[i] * (double) d[i];
    scale += fabs ((double) grad[i] * (double) d[i]);
  }
  for (gsize i = 0; i < n; i++)
    x[i] = (float) ((double) x0[i] + eps * (double) d[i]);
  numeric = net_value (net);
  for (gsize i = 0; i < n; i++)
    x[i] = (float) ((double) x0[i] - eps * (double) d[i]);
  numeric = (numeric - net_value (net)) / (2.0 * eps);
  memcpy (x, x0, n * sizeof (float));
  fail_unless (fabs (numeric - analytic) < 4e-3 * scale,
      "%s, %s: analytic %g, numeric %g", net->architecture->text,
      what, analytic, numeric);
}

static void
check_gradients (const Case * c, guint n)
{
  AeRng rng;
  Net net;

  ae_rng_init (&rng, 7);
  net_init (&net, c, n, &rng);
  net.random = TRUE;
  ae_tensor_resize_like (&net.direction, net_forward (&net));
  fill (&net.direction, &rng);
  net_value (&net);
  net_backward (&net);
  for (guint i = 0; i < net.architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &net.architecture->layers[i].params[j];

      if (ae_param_n_stored (param) > 0) {
        g_autofree gchar *name =
            ae_architecture_param_name (net.architecture, i, j);

        check_direction (&net, name, net.weights + param->offset,
            net.grad + param->offset, param->size, &rng);
      }
    }
  }
  check_direction (&net, "input", net.in.data, net.grad_in.data,
      ae_tensor_size (&net.in), &rng);
  net_clear (&net);
}

GST_START_TEST (test_gradients_equal_finite_differences)
{
  check_gradients (&cases[__i__], 1);
}

GST_END_TEST;

GST_START_TEST (test_gradients_of_a_batch_equal_finite_differences)
{
  check_gradients (&cases[__i__], 16);
}

GST_END_TEST;

/* Sample @i of a batch. */
static void
take_sample (const AeTensor * batch, guint i, AeTensor * one)
{
  ae_tensor_resize (one, batch->c, batch->h, batch->w, 1);
  for (gsize p = 0; p < ae_tensor_size (one); p++)
    one->data[p] = batch->data[p * batch->n + i];
}

static void
check_near (const gchar * what, float found, float expected, float tolerance)
{
  if (!(fabsf (found - expected) < tolerance * (1.0f + fabsf (expected))))
    ck_abort_msg ("%s: %g, expected %g", what, (double) found,
        (double) expected);
}

/* Lanes go through the kernels, single samples through the plain loops. */
GST_START_TEST (test_batches_equal_the_plain_loops)
{
  const Case *c = &cases[__i__];
  AeRng rng;
  Net batch, one;

  ae_rng_init (&rng, 11);
  net_init (&batch, c, 32, &rng);
  net_init (&one, c, 1, &rng);
  memcpy (one.weights, batch.weights,
      batch.architecture->n_weights * sizeof (float));
  ae_tensor_resize_like (&batch.direction, net_forward (&batch));
  fill (&batch.direction, &rng);
  net_backward (&batch);
  for (guint i = 0; i < 32; i++) {
    const AeTensor *out, *out_batch = net_forward (&batch);

    take_sample (&batch.in, i, &one.in);
    if (one.architecture->n_given)
      take_sample (&batch.condition, i, &one.condition);
    take_sample (&batch.direction, i, &one.direction);
    out = net_forward (&one);
    net_backward (&one);
    for (gsize p = 0; p < ae_tensor_size (out); p++)
      check_near ("output", out_batch->data[p * 32 + i], out->data[p], 1e-4f);
    for (gsize p = 0; p < ae_tensor_size (&one.grad_in); p++)
      check_near ("gradient of the input", batch.grad_in.data[p * 32 + i],
          one.grad_in.data[p], 1e-4f);
  }
  for (gsize p = 0; p < one.architecture->n_weights; p++)
    check_near ("gradient", batch.grad[p], one.grad[p], 2e-3f);
  net_clear (&batch);
  net_clear (&one);
}

GST_END_TEST;

GST_START_TEST (test_activation_gradients_equal_finite_differences)
{
  const float xs[] = { -5.0f, -1.3f, -0.2f, 0.3f, 1.0f, 4.0f };
  AeActivation activation = __i__;

  for (guint i = 0; i < G_N_ELEMENTS (xs); i++) {
    const float eps = 1e-2f;
    float y = xs[i], plus = xs[i] + eps, minus = xs[i] - eps, grad = 2.0f;

    ae_activation_forward (activation, &y, 1);
    ae_activation_forward (activation, &plus, 1);
    ae_activation_forward (activation, &minus, 1);
    ae_activation_backward (activation, &y, &grad, 1);
    fail_unless (fabsf (grad - 2.0f * (plus - minus) / (2.0f * eps)) <
        2e-3f, "%s at %g", ae_activation_name (activation), (double) xs[i]);
  }
}

GST_END_TEST;

GST_START_TEST (test_activation_curvature_equals_finite_differences)
{
  const float xs[] = { -5.0f, -1.3f, -0.2f, 0.3f, 1.0f, 4.0f };
  AeActivation activation = __i__;

  for (guint i = 0; i < G_N_ELEMENTS (xs); i++) {
    const float eps = 1e-2f;
    float y = xs[i], curve = 2.0f;
    float at[2] = { xs[i] - eps, xs[i] + eps }, slope[2] = { 1.0f, 1.0f };

    ae_activation_forward (activation, &y, 1);
    ae_activation_forward (activation, at, 2);
    ae_activation_backward (activation, at, slope, 2);
    ae_activation_curve (activation, &y, &curve, 1);
    fail_unless (fabsf (curve - 2.0f * (slope[1] - slope[0]) / (2.0f * eps))
        < 2e-3f, "%s at %g", ae_activation_name (activation), (double) xs[i]);
  }
}

GST_END_TEST;

static Suite *
layers_suite (void)
{
  Suite *suite = suite_create ("layers");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_gradients_equal_finite_differences, 0,
      G_N_ELEMENTS (cases));
  tcase_add_loop_test (tcase,
      test_gradients_of_a_batch_equal_finite_differences, 0,
      G_N_ELEMENTS (cases));
  tcase_add_loop_test (tcase, test_batches_equal_the_plain_loops, 0,
      G_N_ELEMENTS (cases));
  tcase_add_loop_test (tcase,
      test_activation_gradients_equal_finite_differences, 0, AE_N_ACTIVATIONS);
  tcase_add_loop_test (tcase,
      test_activation_curvature_equals_finite_differences, 0, AE_N_ACTIVATIONS);
  return suite;
}

GST_CHECK_MAIN (layers);
