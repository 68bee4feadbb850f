/* Every layer against PyTorch: tests/data/make-golden-layers.py.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "ae-tape.h"
#include "../data/golden-layers.h"

/* A golden case, run forward. */
typedef struct
{
  gchar *file;
  /* of the case, in the file */
  const float *given_weights, *given_in, *given_condition, *direction;
  const float *expected_out, *expected_grad_weights, *expected_grad_in;
  AeArchitecture *architecture;
  AeTape *tape;
  float *weights;
  AeTensor in, condition;
  const AeTensor *out;
} Fixture;

static gsize
n_in (const Golden * golden)
{
  return (gsize) golden->input.c * golden->input.h * golden->input.w
      * golden->n;
}

static gsize
n_condition (const Golden * golden)
{
  return (gsize) golden->grid.c * golden->grid.h * golden->grid.w * golden->n;
}

/* Floats of a case in the file. */
static gsize
n_values (const Golden * golden)
{
  return 2 * ((gsize) golden->n_weights + n_in (golden) + golden->n_out)
      + n_condition (golden);
}

/* The next @n values. */
static const float *
take (const float **values, gsize n)
{
  const float *taken = *values;

  *values += n;
  return taken;
}

static void
load (Fixture * f, const Golden * golden)
{
  g_autofree gchar *path = g_build_filename (g_getenv ("AE_TEST_DATA"),
      "golden-layers.f32", NULL);
  gsize before = 0, all = 0, n_bytes;
  const float *values;

  for (guint i = 0; i < G_N_ELEMENTS (goldens); i++) {
    if (&goldens[i] < golden)
      before += n_values (&goldens[i]);
    all += n_values (&goldens[i]);
  }
  fail_unless (g_file_get_contents (path, &f->file, &n_bytes, NULL), "%s",
      path);
  fail_unless_equals_uint64 (n_bytes, all * sizeof (float));
  values = (const float *) (gpointer) f->file + before;
  f->given_weights = take (&values, golden->n_weights);
  f->given_in = take (&values, n_in (golden));
  f->given_condition = take (&values, n_condition (golden));
  f->direction = take (&values, golden->n_out);
  f->expected_out = take (&values, golden->n_out);
  f->expected_grad_weights = take (&values, golden->n_weights);
  f->expected_grad_in = take (&values, n_in (golden));
}

static void
set_tensor (AeTensor * t, const AeShape * shape, guint n, const float *data)
{
  ae_tensor_resize (t, shape->c, shape->h, shape->w, n);
  if (ae_tensor_size (t) > 0)
    memcpy (t->data, data, ae_tensor_size (t) * sizeof (float));
}

/* From one tensor after the other to their places. */
static void
place_weights (Fixture * f, const Golden * golden)
{
  gsize at = 0;

  f->weights = g_new0 (float, f->architecture->n_weights);
  for (guint i = 0; i < f->architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &f->architecture->layers[i].params[j];
      gsize n = ae_param_n_stored (param);

      fail_unless (at + n <= golden->n_weights, "%s", golden->text);
      if (n > 0)
        memcpy (f->weights + param->offset, f->given_weights + at,
            n * sizeof (float));
      at += n;
    }
  }
  fail_unless_equals_uint64 (at, golden->n_weights);
}

static void
fixture_init (Fixture * f, const Golden * golden)
{
  GError *error = NULL;

  load (f, golden);
  f->architecture =
      ae_architecture_parse (golden->text, &golden->input, &error);
  fail_unless (f->architecture != NULL, "%s: %s", golden->text,
      error ? error->message : "");
  fail_unless_equals_string (f->architecture->text, golden->text);
  f->tape = ae_tape_new (f->architecture);
  place_weights (f, golden);
  set_tensor (&f->in, &golden->input, golden->n, f->given_in);
  set_tensor (&f->condition, &golden->grid, golden->n, f->given_condition);
  f->out = ae_tape_forward (f->tape, f->weights, &f->in,
      golden->has_condition ? &f->condition : NULL);
}

static void
fixture_clear (Fixture * f)
{
  g_free (f->file);
  ae_tensor_clear (&f->in);
  ae_tensor_clear (&f->condition);
  g_free (f->weights);
  ae_tape_free (f->tape);
  ae_architecture_unref (f->architecture);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)
/* Relative to the largest value. */
     static void assert_close (const Golden * golden, const gchar * what,
    const float *found, const float *expected, gsize n)
{
  double largest = 0.0;

  for (gsize i = 0; i < n; i++)
    largest = MAX (largest, fabs ((double) expected[i]));
  for (gsize i = 0; i < n; i++)
    fail_unless (fabs ((double) found[i] - (double) expected[i])
        <= 1e-4 * largest, "%s: %s %" G_GSIZE_FORMAT " is %g, expected %g",
        golden->text, what, i, (double) found[i], (double) expected[i]);
}

GST_START_TEST (test_outputs_are_those_of_pytorch)
{
  const Golden *golden = &goldens[__i__];
  g_auto (Fixture) f = { 0 };

  fixture_init (&f, golden);
  fail_unless_equals_int (f.out->n, golden->n);
  fail_unless_equals_uint64 (ae_tensor_size (f.out), golden->n_out);
  assert_close (golden, "output", f.out->data, f.expected_out, golden->n_out);
  fail_unless (fabs (ae_tape_kl (f.tape) - golden->kl) <= 1e-4 * golden->kl,
      "%s: divergence %g, expected %g", golden->text, ae_tape_kl (f.tape),
      golden->kl);
}

GST_END_TEST;

GST_START_TEST (test_gradients_are_those_of_pytorch)
{
  const Golden *golden = &goldens[__i__];
  g_auto (Fixture) f = { 0 };
  g_auto (AeTensor) direction = AE_TENSOR_INIT, grad_in = AE_TENSOR_INIT;
  g_autofree float *grad = NULL;
  const AeTapeGradients gradients = {.out = &direction,.kl = KL_SCALE };
  const float *expected;

  fixture_init (&f, golden);
  expected = f.expected_grad_weights;
  grad = g_new0 (float, f.architecture->n_weights);
  set_tensor (&direction, &f.architecture->output, golden->n, f.direction);
  ae_tape_backward_from (f.tape, f.weights, &gradients, grad, &grad_in);
  assert_close (golden, "gradient of the input", grad_in.data,
      f.expected_grad_in, n_in (golden));
  for (guint i = 0; i < f.architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &f.architecture->layers[i].params[j];
      gsize n = ae_param_n_stored (param);
      g_autofree gchar *name =
          ae_architecture_param_name (f.architecture, i, j);

      assert_close (golden, name, grad + param->offset, expected, n);
      expected += n;
    }
  }
}

GST_END_TEST;

static gboolean
has_word (const gchar * text, const gchar * word)
{
  g_auto (GStrv) words = g_strsplit_set (text, " ,|", -1);

  return g_strv_contains ((const gchar * const *) words, word);
}

static void
assert_covered (const gchar * word)
{
  gboolean found = FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (goldens); i++)
    found |= has_word (goldens[i].text, word);
  fail_unless (found, "nothing in golden-layers.h has %s", word);
}

GST_START_TEST (test_every_layer_and_activation_has_golden_values)
{
  const AeLayerOps *ops;

  for (guint i = 0; (ops = ae_layer_ops_nth (i)) != NULL; i++)
    assert_covered (ops->name);
  for (guint i = AE_ACTIVATION_LINEAR + 1; i < AE_N_ACTIVATIONS; i++)
    assert_covered (ae_activation_name (i));
}

GST_END_TEST;

static Suite *
golden_layers_suite (void)
{
  Suite *suite = suite_create ("golden-layers");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_outputs_are_those_of_pytorch, 0,
      G_N_ELEMENTS (goldens));
  tcase_add_loop_test (tcase, test_gradients_are_those_of_pytorch, 0,
      G_N_ELEMENTS (goldens));
  tcase_add_test (tcase, test_every_layer_and_activation_has_golden_values);
  return suite;
}

GST_CHECK_MAIN (golden_layers);
