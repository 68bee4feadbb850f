/* SPDX-License-Identifier: LGPL-2.1-or-later */
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
  guint grid;                   /* of the condition, hc = wc; 0: none */
} Case;

static const Case cases[] = {
  {"conv 3x3 8 relu, conv 5x5 9 leaky, conv 1x1 16 tanh, conv 3x3 3", 3, 0},
  {"unshuffle 2, conv 3x3 12 relu, conv 3x3 17 relu, conv 3x3 4, shuffle 2", 1,
      0},
  {"conv 3x3/2 8 relu, conv 5x5/2 8 relu | deconv 4x4*2 8 relu, "
        "deconv 2x2*2 3 sigmoid", 3, 0},
  {"conv 5x5/2 8 softplus, conv 3x3 8 | deconv 3x3*2 5 relu, "
        "deconv 5x5 6, conv 3x3 1", 1, 0},
  {"conv 5x5/3 7 relu | deconv 5x5*3 2", 2, 0},
  {"save in, conv 3x3 8 relu, save a, conv 3x3/2 8 relu, save b, "
        "conv 3x3/2 12 relu, deconv 4x4*2 8, add b relu, conv 3x3 8, "
        "deconv 5x5*2 8, concat a, conv 3x3 1, add in", 1, 0},
  {"unshuffle 4, save a, conv 3x3 16 relu, save b, conv 3x3 16 relu, add b, "
        "add a, conv 3x3 16, shuffle 4", 1, 0},
  {"unshuffle 2, save in, given 1, conv 3x3 9 relu, conv 3x3 4, modulate, "
        "add in, shuffle 2", 1, 1},
  {"conv 3x3/2 6 relu, given 2, conv 3x3 8 relu, modulate, "
        "deconv 4x4*2 3, modulate", 3, 5},
  {"save a, add a, concat a, modulate", 2, 3},
  {"conv 3x3 8, shuffle 2, conv 3x3 3", 1, 0},
};

static const guint sizes[][2] = {
  {1, 1}, {2, 3}, {7, 5}, {16, 16}, {33, 17}, {64, 48}, {131, 70}, {640, 360},
  {257, 1}, {1, 300},
};

/* Planes of samples with rows a little apart, so that strides matter. */
typedef struct
{
  AePlane *planes;
  float *data;
  guint c, h, w;
} Picture;

static Picture
picture_new (guint c, guint h, guint w)
{
  Picture p = { g_new (AePlane, c), NULL, c, h, w };
  gsize stride = w + 3;

  p.data = g_new0 (float, c * h * stride);
  for (guint i = 0; i < c; i++)
    p.planes[i] = (AePlane) {
    p.data + i * h * stride, stride};
  return p;
}

static void
picture_clear (Picture * p)
{
  g_free (p->planes);
  g_free (p->data);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Picture, picture_clear)
     static float *sample (const Picture * p, guint c, guint y, guint x)
{
  return p->planes[c].data + y * p->planes[c].stride + x;
}

static void
picture_fill (Picture * p, AeRng * rng)
{
  for (guint c = 0; c < p->c; c++) {
    for (guint y = 0; y < p->h; y++)
      ae_rng_fill_normal (rng, sample (p, c, y, 0), p->w);
  }
}

static AeArchitecture *
parse (const Case * test)
{
  AeShape input = { test->c, 0, 0 };
  GError *error = NULL;
  AeArchitecture *architecture =
      ae_architecture_parse (test->text, &input, &error);

  fail_unless (architecture != NULL, "%s: %s", test->text,
      error ? error->message : "");
  return architecture;
}

/* Random weights, biases too. */
static AeWeights *
random_weights (const AeArchitecture * architecture, AeRng * rng)
{
  g_autoptr (AeWeights) he = ae_weights_new_random (architecture, rng);
  g_autofree float *data = g_memdup2 (he->data, he->n * sizeof (float));

  for (guint i = 0; i < architecture->n_layers; i++) {
    const AeParam *bias = &architecture->layers[i].params[AE_PARAM_BIAS];

    ae_rng_fill_normal (rng, data + bias->offset, bias->size);
  }
  return ae_weights_new_copy (data, he->n, NULL);
}

static void
fill_condition (AeTensor * condition, const AeArchitecture * architecture,
    guint grid, AeRng * rng)
{
  if (grid == 0)
    return;
  ae_tensor_resize (condition, architecture->n_given, grid, grid, 1);
  ae_rng_fill_normal (rng, condition->data, ae_tensor_size (condition));
}

/* @in, extended to a multiple, through the tape. */
static const AeTensor *
run_tape (AeTape * tape, const AeArchitecture * architecture,
    const AeWeights * weights, const Picture * in, const AeTensor * condition,
    AeTensor * extended)
{
  guint m = architecture->multiple;

  ae_tensor_resize (extended, in->c, (in->h + m - 1) / m * m,
      (in->w + m - 1) / m * m, 1);
  for (guint c = 0; c < in->c; c++) {
    for (guint y = 0; y < extended->h; y++) {
      for (guint x = 0; x < extended->w; x++)
        ae_tensor_row (extended, c, y)[x] =
            *sample (in, c, MIN (y, in->h - 1), MIN (x, in->w - 1));
    }
  }
  return ae_tape_forward (tape, weights->data, extended,
      condition->c ? condition : NULL);
}

/* Largest difference, relative to the largest sample. */
static double
difference (const Picture * out, const AeTensor * expected)
{
  double most = 0, largest = 1e-30;

  for (guint c = 0; c < out->c; c++) {
    for (guint y = 0; y < out->h; y++) {
      for (guint x = 0; x < out->w; x++) {
        double e = (double) ae_tensor_row (expected, c, y)[x];
        double d = fabs ((double) *sample (out, c, y, x) - e);

        /* not MAX, which would drop a NaN */
        if (!(d <= most))
          most = d;
        largest = MAX (largest, fabs (e));
      }
    }
  }
  return most / largest;
}

static void
compare (const Case * test, guint width, guint height)
{
  g_autoptr (AeArchitecture) architecture = parse (test);
  g_autoptr (AeTape) tape = ae_tape_new (architecture);
  g_autoptr (AeWeights) weights = NULL;
  g_auto (AeTensor) condition = AE_TENSOR_INIT;
  g_auto (AeTensor) extended = AE_TENSOR_INIT;
  g_auto (Picture) in = picture_new (test->c, height, width);
  const AeTensor *expected;
  AeRng rng;

  ae_rng_init (&rng, width * 1000 + height);
  weights = random_weights (architecture, &rng);
  fill_condition (&condition, architecture, test->grid, &rng);
  picture_fill (&in, &rng);
  expected = run_tape (tape, architecture, weights, &in, &condition, &extended);
  {
    guint scale_w = expected->w / extended.w, scale_h = scale_w;
    g_auto (Picture) out = picture_new (architecture->output.c,
        height * scale_h, width * scale_w);
    g_auto (Picture) again = picture_new (architecture->output.c,
        height * scale_h, width * scale_w);

    for (guint n_threads = 1; n_threads <= 3; n_threads++) {
      GError *error = NULL;
      g_autoptr (AePlan) plan = ae_plan_new (architecture, weights, width,
          height, n_threads, &error);
      Picture *to = n_threads == 1 ? &out : &again;
      double d;

      fail_unless (plan != NULL, "%s: %s", test->text,
          error ? error->message : "");
      /* a second run must not see what the first one left behind */
      for (guint run = 0; run < 2; run++) {
        ae_plan_run (plan, in.planes, test->grid ? &condition : NULL,
            to->planes);
        d = difference (to, expected);
        fail_unless (d < 1e-4, "%s: %ux%u, %u threads, run %u: differs by %g",
            test->text, width, height, n_threads, run, d);
      }
      if (n_threads > 1)
        fail_unless (memcmp (out.data, again.data, (gsize) out.c * out.h
                * out.planes[0].stride * sizeof (float)) == 0,
            "%s: %ux%u, %u threads: not the bits of 1 thread", test->text,
            width, height, n_threads);
    }
  }
}

GST_START_TEST (test_plan_equals_the_tape_for_any_size_and_threads)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    compare (&cases[__i__], sizes[i][0], sizes[i][1]);
}

GST_END_TEST;

static Suite *
plan_suite (void)
{
  Suite *suite = suite_create ("plan");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase,
      test_plan_equals_the_tape_for_any_size_and_threads, 0,
      G_N_ELEMENTS (cases));
  return suite;
}

GST_CHECK_MAIN (plan);
