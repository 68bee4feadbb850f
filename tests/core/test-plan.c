/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <errno.h>
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
  {"pool max 2, conv 3x3 9 relu, pool avg 3, conv 3x3 16 | upsample 3, "
        "conv 3x3 8, upsample 2, conv 5x5 2", 2, 0},
  {"upsample 4, conv 3x3/2 5 leaky, pool avg 2", 3, 0},
  {"save in, conv 3x3 8 relu, save a, pool max 2, save b, conv 3x3 12 relu, "
        "pool avg 2, save c, conv 3x3 12, add c, dropout 0.5, upsample 2, "
        "save d, conv 3x3 8, add b relu, concat d, upsample 2, concat a, "
        "conv 3x3 1, add in", 1, 0},
  {"norm relu, save a, conv 3x3 17, save b, norm leaky, save c, "
        "conv 3x3 17 relu, norm, add b relu, norm tanh, concat c, concat a, "
        "pool max 2, norm, upsample 2, norm, conv 3x3 1", 3, 0},
  {"save a, dropout 0.1, norm, unshuffle 2, norm, conv 3x3 5, shuffle 1, "
        "modulate, norm, upsample 2, conv 1x1 3, add a", 3, 1},
  {"conv 3x3/2 8 relu, conv 5x5/2 9 relu, gaussian 5 | conv 3x3 9, "
        "tied relu, tied", 3, 0},
  {"conv 4x4/2 6 tanh, save a, conv 1x1/2 4, conv 6x6/3 7 | tied, tied relu, "
        "add a, tied sigmoid, norm", 1, 0},
  {"conv 3x3 16 relu, conv 3x3 16 | tied, tied softplus", 2, 0},
  {"save a, gaussian 3 | norm, concat a", 2, 0},
  {"conv 3x3 8, shuffle 2, conv 3x3 3", 1, 0},
};

/* All cases but the last one have outputs as large as their inputs. */
#define N_SAME_SIZE (G_N_ELEMENTS (cases) - 1)

static const guint sizes[][2] = {
  {1, 1}, {2, 3}, {7, 5}, {16, 16}, {33, 17}, {64, 48}, {131, 70}, {320, 180},
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

/* Random weights, biases and gains too. */
static AeWeights *
random_weights (const AeArchitecture * architecture, AeRng * rng)
{
  g_autoptr (AeWeights) he = ae_weights_new_random (architecture, rng);
  g_autofree float *data = g_new (float, he->n + 1);    /* n may be 0 */

  memcpy (data, he->data, he->n * sizeof (float));
  for (guint i = 0; i < architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &architecture->layers[i].params[j];

      if (param->rank == 1)
        ae_rng_fill_normal (rng, data + param->offset, param->size);
    }
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

/* As far as tiles go, 320x180 has the same in fewer pixels: the sanitizers, and all
 * but the best instruction set, leave this out. */
static const guint many_tiles[] = { 1, 5, 12, 13 };

static gboolean
has_time (void)
{
#ifdef __SANITIZE_ADDRESS__
  return FALSE;
#else
  return g_getenv ("AE_CPU") == NULL;
#endif
}

GST_START_TEST (test_plan_equals_the_tape_over_many_tiles)
{
  compare (&cases[many_tiles[__i__]], 640, 360);
}

GST_END_TEST;

/* One of the cases with all that is needed to run it. */
typedef struct
{
  AeArchitecture *architecture;
  AeWeights *weights;
  Picture in, out;
  AeRng rng;
} Fixture;

static Fixture
fixture_new (const Case * test, guint width, guint height)
{
  Fixture f;

  ae_rng_init (&f.rng, 7);
  f.architecture = parse (test);
  f.weights = random_weights (f.architecture, &f.rng);
  f.in = picture_new (test->c, height, width);
  f.out = picture_new (f.architecture->output.c, height, width);
  picture_fill (&f.in, &f.rng);
  return f;
}

static void
fixture_clear (Fixture * f)
{
  picture_clear (&f->in);
  picture_clear (&f->out);
  ae_weights_unref (f->weights);
  ae_architecture_unref (f->architecture);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Fixture, fixture_clear)
     static AePlan *plan_of (const Fixture * f, guint n_threads)
{
  GError *error = NULL;
  AePlan *plan = ae_plan_new (f->architecture, f->weights, f->in.w, f->in.h,
      n_threads, &error);

  fail_unless (plan != NULL, "%s", error ? error->message : "");
  return plan;
}

GST_START_TEST (test_output_may_take_the_place_of_the_input)
{
  g_auto (Fixture) f = fixture_new (&cases[1], 333, 123);
  g_autoptr (AePlan) plan = plan_of (&f, 2);

  ae_plan_run (plan, f.in.planes, NULL, f.out.planes);
  ae_plan_run (plan, f.in.planes, NULL, f.in.planes);
  for (guint y = 0; y < f.in.h; y++)
    fail_unless (memcmp (sample (&f.in, 0, y, 0), sample (&f.out, 0, y, 0),
            f.in.w * sizeof (float)) == 0);
}

GST_END_TEST;

GST_START_TEST (test_samples_between_the_rows_are_left_alone)
{
  g_auto (Fixture) f = fixture_new (&cases[1], 333, 123);
  g_autoptr (AePlan) plan = plan_of (&f, 2);

  for (guint y = 0; y < f.out.h; y++)
    *sample (&f.out, 0, y, f.out.w) = 42.0f;
  ae_plan_run (plan, f.in.planes, NULL, f.out.planes);
  for (guint y = 0; y < f.out.h; y++)
    fail_unless (*sample (&f.out, 0, y, f.out.w) == 42.0f);
}

GST_END_TEST;

GST_START_TEST (test_new_weights_are_those_of_a_new_plan)
{
  g_auto (Fixture) f = fixture_new (&cases[3], 70, 50);
  g_auto (Picture) expected = picture_new (f.out.c, f.out.h, f.out.w);
  g_autoptr (AePlan) plan = plan_of (&f, 1);
  g_autoptr (AePlan) other = NULL;
  float few[2] = { 1.0f, 2.0f };
  g_autoptr (AeWeights) wrong = ae_weights_new_copy (few, 2, NULL);
  g_autoptr (GError) error = NULL;

  ae_plan_run (plan, f.in.planes, NULL, f.out.planes);
  ae_weights_unref (f.weights);
  f.weights = random_weights (f.architecture, &f.rng);
  other = plan_of (&f, 1);
  ae_plan_run (other, f.in.planes, NULL, expected.planes);

  fail_unless (ae_plan_set_weights (plan, f.weights, NULL));
  /* a refusal leaves the plan as it is */
  fail_if (ae_plan_set_weights (plan, wrong, &error));
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_SHAPE));
  ae_plan_run (plan, f.in.planes, NULL, f.out.planes);
  fail_unless (memcmp (f.out.data, expected.data, (gsize) f.out.c * f.out.h
          * f.out.planes[0].stride * sizeof (float)) == 0);
}

GST_END_TEST;

#if defined (__GLIBC__) && !defined (__SANITIZE_ADDRESS__)
#define COUNTS_ALLOCATIONS 1

/* Every allocation of the process passes here, and counts while this is set. */
static gint counting, n_allocations;

extern void *__libc_malloc (size_t size);
extern void *__libc_calloc (size_t n, size_t size);
extern void *__libc_realloc (void *memory, size_t size);
extern void *__libc_memalign (size_t alignment, size_t size);

static void
count_allocation (void)
{
  if (g_atomic_int_get (&counting))
    g_atomic_int_inc (&n_allocations);
}

void *
malloc (size_t size)
{
  count_allocation ();
  return __libc_malloc (size);
}

void *
calloc (size_t n, size_t size)
{
  count_allocation ();
  return __libc_calloc (n, size);
}

void *
realloc (void *memory, size_t size)
{
  count_allocation ();
  return __libc_realloc (memory, size);
}

int
posix_memalign (void **memory, size_t alignment, size_t size)
{
  count_allocation ();
  *memory = __libc_memalign (alignment, size);
  return *memory ? 0 : ENOMEM;
}

/* Of a second run: threads may still be starting in the first one. */
static gint
allocations_of_a_run (AePlan * plan, const Fixture * f,
    const AeTensor * condition)
{
  ae_plan_run (plan, f->in.planes, condition, f->out.planes);
  g_atomic_int_set (&n_allocations, 0);
  g_atomic_int_set (&counting, 1);
  ae_plan_run (plan, f->in.planes, condition, f->out.planes);
  g_atomic_int_set (&counting, 0);
  return g_atomic_int_get (&n_allocations);
}

GST_START_TEST (test_a_run_allocates_nothing)
{
  gpointer probe;

  g_atomic_int_set (&counting, 1);
  probe = ae_aligned_try_alloc0 (64);
  g_atomic_int_set (&counting, 0);
  ae_aligned_free (probe);
  fail_unless_equals_int (n_allocations, 1);

  for (guint i = 0; i < N_SAME_SIZE; i++) {
    g_auto (Fixture) f = fixture_new (&cases[i], 150, 70);
    g_auto (AeTensor) condition = AE_TENSOR_INIT;
    g_autoptr (AePlan) plan = plan_of (&f, 2);

    fill_condition (&condition, f.architecture, cases[i].grid, &f.rng);
    fail_unless_equals_int (allocations_of_a_run (plan, &f, &condition), 0);
  }
}

GST_END_TEST;
#endif

GST_START_TEST (test_fixed_size_model_runs_frames_of_that_size_alone)
{
  AeShape input = { 1, 4, 6 };
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse ("dense 5 tanh | dense 7", &input, NULL);
  g_autoptr (AeTape) tape = ae_tape_new (architecture);
  g_autoptr (AeWeights) weights = NULL;
  g_autoptr (AePlan) plan = NULL;
  g_autoptr (GError) error = NULL;
  g_auto (AeTensor) condition = AE_TENSOR_INIT;
  g_auto (AeTensor) extended = AE_TENSOR_INIT;
  g_auto (Picture) in = picture_new (1, 4, 6);
  g_auto (Picture) out = picture_new (7, 1, 1);
  AeRng rng;

  ae_rng_init (&rng, 5);
  weights = random_weights (architecture, &rng);
  picture_fill (&in, &rng);
  plan = ae_plan_new (architecture, weights, 6, 4, 2, NULL);
  ae_plan_run (plan, in.planes, NULL, out.planes);
  fail_unless (difference (&out, run_tape (tape, architecture, weights, &in,
              &condition, &extended)) < 1e-5);

  fail_unless (ae_plan_new (architecture, weights, 4, 6, 2, &error) == NULL);
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_SHAPE));
}

GST_END_TEST;

GST_START_TEST (test_sizes_out_of_range_are_refused)
{
  g_auto (Fixture) f = fixture_new (&cases[0], 1, 1);
  static const guint wrong[][2] = { {0, 5}, {5, 0}, {16385, 1}, {1, 16385} };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (ae_plan_new (f.architecture, f.weights, wrong[i][0],
            wrong[i][1], 1, &error) == NULL);
    fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_LIMIT));
  }
}

GST_END_TEST;

GST_START_TEST (test_memory_is_bounded_for_full_hd)
{
  for (guint i = 0; i < N_SAME_SIZE; i++) {
    g_autoptr (AeArchitecture) architecture = parse (&cases[i]);
    AeRng rng;

    ae_rng_init (&rng, 1);
    g_autoptr (AeWeights) weights = random_weights (architecture, &rng);
    g_autoptr (AePlan) plan = ae_plan_new (architecture, weights, 1920, 1080,
        2, NULL);

    fail_unless (ae_plan_memory_bytes (plan) < 64 << 20, "%s: %"
        G_GSIZE_FORMAT " bytes", cases[i].text, ae_plan_memory_bytes (plan));
  }
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
  if (has_time ())
    tcase_add_loop_test (tcase, test_plan_equals_the_tape_over_many_tiles, 0,
        G_N_ELEMENTS (many_tiles));
  tcase_add_test (tcase, test_output_may_take_the_place_of_the_input);
  tcase_add_test (tcase, test_samples_between_the_rows_are_left_alone);
  tcase_add_test (tcase, test_new_weights_are_those_of_a_new_plan);
#ifdef COUNTS_ALLOCATIONS
  tcase_add_test (tcase, test_a_run_allocates_nothing);
#endif
  tcase_add_test (tcase, test_fixed_size_model_runs_frames_of_that_size_alone);
  tcase_add_test (tcase, test_sizes_out_of_range_are_refused);
  tcase_add_test (tcase, test_memory_is_bounded_for_full_hd);
  return suite;
}

GST_CHECK_MAIN (plan);
