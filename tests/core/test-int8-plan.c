/* Plans of integers against the same integers, one layer after the other.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "ae-error.h"
#include "ae-plan.h"
#include "ae-tape.h"

typedef struct
{
  const gchar *text;
  guint c;                      /* of the input */
  guint skip;                   /* every so many-th convolution stays float */
} Case;

static const Case cases[] = {
  {"conv 3x3 8 relu, conv 5x5 9, conv 1x1 16 relu, conv 3x3 3", 3, 0},
  {"conv 3x3/2 8 leaky, conv 3x3 16 leaky, save a, conv 3x3/2 12 leaky | "
        "deconv 2x2*2 16, add a leaky, conv 3x3 9 leaky, deconv 2x2*2 8 leaky, "
        "conv 3x3 3", 3, 0},
  {"conv 3x3 5 leaky, conv 5x5 7 tanh, conv 3x3 6 softplus, conv 3x3 1", 1, 0},
  {"conv 3x3 8 relu, conv 5x5/2 10 relu, conv 5x5/3 17 relu, "
        "upsample 3, conv 2x2/2 6 relu, upsample 4, conv 3x3 3", 2, 0},
  {"conv 3x3/2 8 relu, conv 5x5/2 12 relu | deconv 4x4*2 9 relu, "
        "deconv 2x2*2 3 sigmoid", 3, 0},
  {"conv 5x5/3 7 relu | deconv 5x5*3 6 relu, deconv 3x3 5, conv 3x3 2", 2, 0},
  {"save in, conv 3x3 8 relu, save a, conv 3x3/2 8 relu, save b, "
        "conv 3x3/2 12 relu, deconv 4x4*2 8, add b relu, conv 3x3 8, "
        "deconv 5x5*2 8, concat a, conv 3x3 1, add in", 1, 0},
  {"unshuffle 2, save in, given 1, conv 3x3 24 relu, conv 3x3 24 relu, "
        "save half, conv 3x3/2 48 relu, conv 3x3 48 relu | deconv 2x2*2 24, "
        "add half relu, conv 3x3 24 relu, conv 3x3 4, modulate, add in, "
        "shuffle 2", 1, 0},
  {"conv 3x3 4 relu, pool max 2, conv 3x3 9 relu, pool avg 2, conv 3x3 6 | "
        "upsample 2, conv 3x3 8 relu, upsample 2, norm, conv 5x5 2", 2, 0},
  /* floats and integers in turns, Winograd's among the floats, which round
   * otherwise: now and then to another byte */
  {"conv 3x3 16 relu, conv 3x3 32 relu, conv 3x3 32 relu, conv 3x3 32 relu, "
        "conv 3x3 1", 1, 2},
};

static const guint sizes[][2] = {
  {1, 1}, {2, 3}, {7, 5}, {16, 16}, {33, 17}, {64, 48}, {131, 70}, {257, 1},
  {1, 100},
};

/* A model with a picture. */
typedef struct
{
  AeArchitecture *architecture;
  AeWeights *weights;
  AeInt8 *int8;
  AeTensor in, condition;
  AeTensor out, expected;
} Fixture;

static gboolean
is_convolution (const AeLayer * layer)
{
  return strcmp (layer->ops->name, "conv") == 0
      || strcmp (layer->ops->name, "deconv") == 0;
}

/* Steps that cover about what layer @i reads, saturating a little. */
static void
add_layer (Fixture * f, const AeTensor * in, guint i, AeRng * rng)
{
  g_autofree float *step = g_new (float, in->c);
  gsize n = (gsize) in->h * in->w;
  guint8 zero = 0;

  for (gsize j = 0; j < n * in->c; j++)
    zero = in->data[j] < 0.0f ? 100 : zero;
  for (guint c = 0; c < in->c; c++) {
    float most = 1e-3f;

    for (gsize j = 0; j < n; j++)
      most = MAX (most, fabsf (in->data[c * n + j]));
    step[c] = most * (0.8f + 0.4f * ae_rng_uniform (rng)) / (float) (255
        - zero);
  }
  ae_int8_round_layer (f->int8, f->architecture, i, step, zero,
      f->weights->data);
}

static void
fixture_init (Fixture * f, const Case * test, guint width, guint height)
{
  AeShape input = { test->c, 0, 0 };
  g_autoptr (AeTape) tape = NULL;
  guint m, n_convolutions = 0;
  AeRng rng;

  memset (f, 0, sizeof *f);
  ae_rng_init (&rng, width * 1000 + height);
  f->architecture = ae_architecture_parse (test->text, &input, NULL);
  fail_unless (f->architecture != NULL, "%s", test->text);
  m = f->architecture->multiple;
  f->weights = ae_weights_new_random (f->architecture, &rng);
  for (guint i = 0; i < f->architecture->n_layers; i++) {
    const AeParam *bias = &f->architecture->layers[i].params[AE_PARAM_BIAS];

    for (gsize j = 0; j < bias->size; j++)
      f->weights->data[bias->offset + j] = ae_rng_uniform (&rng) - 0.5f;
  }
  ae_tensor_resize (&f->in, test->c, (height + m - 1) / m * m,
      (width + m - 1) / m * m, 1);
  for (guint c = 0; c < test->c; c++) {
    for (guint y = 0; y < f->in.h; y++) {
      float *row = ae_tensor_row (&f->in, c, y);

      for (guint x = 0; x < f->in.w; x++)
        row[x] = y >= height ? row[(gint) x - (gint) f->in.w]
            : x >= width ? row[x - 1] : ae_rng_uniform (&rng);
    }
  }
  ae_tensor_resize (&f->condition, 1, 1, 1, 1);
  f->condition.data[0] = 0.7f;
  tape = ae_tape_new (f->architecture);
  ae_tape_forward (tape, f->weights->data, &f->in, &f->condition);
  f->int8 = ae_int8_new (f->architecture);
  for (guint i = 0; i < f->architecture->n_layers; i++) {
    if (is_convolution (&f->architecture->layers[i])
        && (test->skip == 0 || ++n_convolutions % test->skip != 0))
      add_layer (f, ae_tape_input (tape, i), i, &rng);
  }
}

static void
fixture_clear (Fixture * f)
{
  ae_tensor_clear (&f->in);
  ae_tensor_clear (&f->condition);
  ae_tensor_clear (&f->out);
  ae_tensor_clear (&f->expected);
  ae_int8_unref (f->int8);
  ae_weights_unref (f->weights);
  ae_architecture_unref (f->architecture);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)
/* Bytes less their zero; docs/model-file.md, section 6. */
     static void to_integers (const AeTensor * in, const AeInt8Layer * int8,
    gint32 * out)
{
  gsize n = (gsize) in->h * in->w;

  for (gsize i = 0; i < in->c * n; i++) {
    float value = rintf (in->data[i] * (1.0f / int8->step[i / n]));

    out[i] = (gint32) CLAMP (value, (float) -int8->zero,
        (float) (255 - int8->zero));
  }
}

/* Output position @y gets input position @in times kernel position @k. */
static gboolean
is_tap (const AeLayer * layer, gboolean up, guint y, guint k, guint size,
    guint * in)
{
  gint s = (gint) layer->stride, at;

  if (up) {
    at = (gint) y + (gint) ae_deconv_pad (layer) - (gint) k;
    if (at < 0 || at % s != 0)
      return FALSE;
    at /= s;
  } else {
    at = (gint) y *s + (gint) k - (gint) ae_conv_pad (layer);
  }
  *in = (guint) at;
  return at >= 0 && at < (gint) size;
}

static gint32
sum_at (const AeLayer * layer, const AeInt8Layer * int8, const AeTensor * in,
    const gint32 * integers, guint o, guint y, guint x)
{
  gboolean up = strcmp (layer->ops->name, "deconv") == 0;
  guint k = layer->kernel, y_in, x_in;
  gint32 sum = 0;

  for (guint ky = 0; ky < k; ky++) {
    for (guint kx = 0; kx < k; kx++) {
      if (!is_tap (layer, up, y, ky, in->h, &y_in)
          || !is_tap (layer, up, x, kx, in->w, &x_in))
        continue;
      for (guint c = 0; c < in->c; c++) {
        gsize kernel = up ? (gsize) c * layer->out.c + o
            : (gsize) o * in->c + c;

        sum += int8->weights[(kernel * k + ky) * k + kx]
            * integers[((gsize) c * in->h + y_in) * in->w + x_in];
      }
    }
  }
  return sum;
}

static void
run_integers (const Fixture * f, guint i, const AeTensor * in, AeTensor * out)
{
  const AeLayer *layer = &f->architecture->layers[i];
  const AeInt8Layer *int8 = &f->int8->layers[i];
  const float *bias = f->weights->data + layer->params[AE_PARAM_BIAS].offset;
  g_autofree gint32 *integers = g_new (gint32, ae_tensor_size (in));

  to_integers (in, int8, integers);
  for (guint o = 0; o < out->c; o++) {
    gint32 first = (gint32) rint ((double) bias[o] / (double) int8->scale[o]);

    for (guint y = 0; y < out->h; y++) {
      for (guint x = 0; x < out->w; x++)
        ae_tensor_row (out, o, y)[x] = (float) (first + sum_at (layer, int8,
                in, integers, o, y, x)) * int8->scale[o];
    }
  }
}

/* Makes f->expected. */
static void
run_layers (Fixture * f)
{
  guint n = f->architecture->n_layers;
  g_autofree AeTensor *values = g_new0 (AeTensor, n);
  AeTensor scratch = AE_TENSOR_INIT, kept = AE_TENSOR_INIT;

  for (guint i = 0; i < n; i++) {
    const AeLayer *layer = &f->architecture->layers[i];
    const AeTensor *in = i > 0 ? &values[i - 1] : &f->in;
    AeLayerPass pass = {.layer = layer,.in = in,.out = &values[i],
      .weight = f->weights->data + layer->params[AE_PARAM_WEIGHT].offset,
      .bias = f->weights->data + layer->params[AE_PARAM_BIAS].offset,
      .saved = layer->i_saved >= 0 ? &values[layer->i_saved] : NULL,
      .condition = &f->condition,.kept = &kept,.scratch = &scratch
    };
    guint h, w;

    ae_layer_out_size (layer, in->h, in->w, &h, &w);
    ae_tensor_resize (&values[i], layer->out.c, h, w, 1);
    if (f->int8->layers[i].weights)
      run_integers (f, i, in, &values[i]);
    else if (layer->ops->forward)
      layer->ops->forward (&pass);
    else
      ae_tensor_copy (&values[i], in);
    ae_activation_forward (layer->activation, values[i].data,
        ae_tensor_size (&values[i]));
  }
  ae_tensor_copy (&f->expected, &values[n - 1]);
  for (guint i = 0; i < n; i++)
    ae_tensor_clear (&values[i]);
  ae_tensor_clear (&scratch);
  ae_tensor_clear (&kept);
}

/* Makes f->out of a frame that the plan has to extend. */
static void
run_plan (Fixture * f, AePlan * plan, guint width, guint height)
{
  const guint c_out = f->architecture->output.c;
  g_autofree AePlane *in = g_new0 (AePlane, f->in.c);
  g_autofree AePlane *out = g_new0 (AePlane, c_out);

  ae_tensor_resize (&f->out, c_out, height, width, 1);
  for (guint c = 0; c < f->in.c; c++)
    in[c] = (AePlane) {
    ae_tensor_row (&f->in, c, 0), f->in.w};
  for (guint c = 0; c < c_out; c++)
    out[c] = (AePlane) {
    ae_tensor_row (&f->out, c, 0), width};
  ae_plan_run (plan, in, f->architecture->n_given ? &f->condition : NULL, out);
}

/* Returns: the largest difference, relative to the largest sample. */
static double
difference (const Fixture * f)
{
  double most = 0.0, largest = 1e-30;

  for (guint c = 0; c < f->out.c; c++) {
    for (guint y = 0; y < f->out.h; y++) {
      for (guint x = 0; x < f->out.w; x++) {
        double e = (double) ae_tensor_row (&f->expected, c, y)[x];
        double d = fabs ((double) ae_tensor_row (&f->out, c, y)[x] - e);

        most = d <= most ? most : d;
        largest = MAX (largest, fabs (e));
      }
    }
  }
  return most / largest;
}

static AePlan *
plan_of (const Fixture * f, guint width, guint height, guint n_threads)
{
  GError *error = NULL;
  AePlan *plan = ae_plan_new_int8 (f->architecture, f->weights, f->int8,
      width, height, n_threads, &error);

  g_assert_no_error (error);
  return plan;
}

static void
compare (const Case * test, guint width, guint height, double tolerance)
{
  g_auto (Fixture) f = { 0 };
  g_auto (AeTensor) first = AE_TENSOR_INIT;

  fixture_init (&f, test, width, height);
  run_layers (&f);
  for (guint n_threads = 1; n_threads <= 3; n_threads++) {
    g_autoptr (AePlan) plan = plan_of (&f, width, height, n_threads);

    /* a second run must not see what the first one left behind */
    for (guint run = 0; run < 2; run++) {
      double d;

      run_plan (&f, plan, width, height);
      d = difference (&f);
      fail_unless (d <= tolerance,
          "%s: %ux%u, %u threads, run %u: differs by %g", test->text, width,
          height, n_threads, run, d);
    }
    if (n_threads == 1)
      ae_tensor_copy (&first, &f.out);
    fail_unless (memcmp (first.data, f.out.data, ae_tensor_size (&first)
            * sizeof (float)) == 0, "%s: %ux%u, %u threads: not the bits of 1",
        test->text, width, height, n_threads);
  }
}

GST_START_TEST (test_plan_equals_the_integers_for_any_size_and_threads)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    compare (&cases[__i__], sizes[i][0], sizes[i][1],
        cases[__i__].skip ? 5e-3 : 1e-6);
}

GST_END_TEST;

GST_START_TEST (test_plan_equals_the_integers_over_many_tiles)
{
  compare (&cases[6], 640, 90, 1e-6);
}

GST_END_TEST;

GST_START_TEST (test_plan_of_integers_refuses_other_weights)
{
  g_auto (Fixture) f = { 0 };
  g_autoptr (AePlan) plan = NULL;
  g_autoptr (GError) error = NULL;

  fixture_init (&f, &cases[0], 40, 30);
  plan = plan_of (&f, 40, 30, 1);
  run_layers (&f);
  fail_if (ae_plan_set_weights (plan, f.weights, &error));
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_UNSUPPORTED));
  run_plan (&f, plan, 40, 30);
  fail_unless (difference (&f) < 1e-6);
}

GST_END_TEST;

static Suite *
int8_plan_suite (void)
{
  Suite *suite = suite_create ("int8-plan");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_set_timeout (tcase, 120);
  tcase_add_loop_test (tcase,
      test_plan_equals_the_integers_for_any_size_and_threads, 0,
      G_N_ELEMENTS (cases));
  tcase_add_test (tcase, test_plan_equals_the_integers_over_many_tiles);
  tcase_add_test (tcase, test_plan_of_integers_refuses_other_weights);
  return suite;
}

GST_CHECK_MAIN (int8_plan);
