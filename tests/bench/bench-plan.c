/* Milliseconds a frame of the inference plan:
 * bench-plan [ARCHITECTURE [WIDTHxHEIGHT]]
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>

#include "ae-cpu.h"
#include "ae-plan.h"

#define MIN_RUNS 5
#define MIN_US (G_USEC_PER_SEC / 2)

#define UNSHUFFLED(n) "unshuffle 2, save in, conv 3x3 " #n " relu, " \
    "conv 3x3 " #n " relu, conv 3x3 " #n " relu, conv 3x3 " #n " relu, " \
    "conv 3x3 " #n " relu, conv 3x3 4, add in, shuffle 2"

static const gchar *const architectures[] = {
  UNSHUFFLED (24),
  UNSHUFFLED (32),
  UNSHUFFLED (48),
  "conv 3x3 16 relu, conv 3x3 16 relu, conv 3x3 16 relu, conv 3x3 16 relu, "
      "conv 3x3 1",
  "conv 5x5/2 32 relu, conv 5x5/2 64 relu | deconv 5x5*2 32 relu, "
      "deconv 5x5*2 1",
  "conv 3x3 16 relu, save a, conv 3x3/2 32 relu, save b, conv 3x3/2 48 relu, "
      "conv 3x3 48 relu, deconv 2x2*2 32, concat b, conv 3x3 32 relu, "
      "deconv 2x2*2 16, concat a, conv 3x3 16 relu, conv 3x3 1",
};

static const guint sizes[][2] = { {640, 360}, {1280, 720}, {1920, 1080} };

static gint
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

/* Returns: microseconds of the median and, in @best, of the fastest frame. */
static gint64
time_runs (AePlan * plan, const AePlane * in, const AeTensor * condition,
    const AePlane * out, gint64 * best)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 total = 0;

  ae_plan_run (plan, in, condition, out);
  while (times->len < MIN_RUNS || total < MIN_US) {
    gint64 start = g_get_monotonic_time (), us;

    ae_plan_run (plan, in, condition, out);
    us = g_get_monotonic_time () - start;
    total += us;
    g_array_append_val (times, us);
  }
  g_array_sort (times, compare_times);
  *best = g_array_index (times, gint64, 0);
  return g_array_index (times, gint64, times->len / 2);
}

static void
bench (const gchar * text, guint width, guint height, guint n_threads)
{
  AeShape input = { 1, 0, 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse (text, &input, &error);
  g_autoptr (AeWeights) weights = NULL;
  g_autoptr (AePlan) plan = NULL;
  g_autofree float *samples = g_new0 (float, (gsize) width * height);
  AePlane plane = { samples, width };
  g_auto (AeTensor) condition = AE_TENSOR_INIT;
  gint64 median, best;
  double macs;
  AeRng rng;

  ae_rng_init (&rng, 1);
  if (architecture) {
    weights = ae_weights_new_random (architecture, &rng);
    plan = ae_plan_new (architecture, weights, width, height, n_threads,
        &error);
  }
  if (plan == NULL) {
    fprintf (stderr, "%s\n", error->message);
    exit (1);
  }
  if (architecture->output.c != 1) {
    fprintf (stderr, "\"%s\": only one plane in and out is timed\n", text);
    exit (1);
  }
  for (gsize i = 0; i < (gsize) width * height; i++)
    samples[i] = ae_rng_uniform (&rng);
  if (architecture->n_given)
    ae_tensor_resize (&condition, architecture->n_given, 1, 1, 1);
  median = time_runs (plan, &plane, &condition, &plane, &best);
  macs = ae_architecture_macs_per_pixel (architecture) * width * height;
  printf ("%4ux%-4u %7u %9.2f %9.2f %9.1f %9.1f\n", width, height, n_threads,
      (double) median / 1e3, (double) best / 1e3, macs / (double) best / 1e3,
      (double) ae_plan_memory_bytes (plan) / 1048576.0);
}

static void
bench_architecture (const gchar * text, guint width, guint height)
{
  printf ("\n%s\n%9s %7s %9s %9s %9s %9s\n", text, "size", "threads",
      "median ms", "best ms", "GMAC/s", "MiB");
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    for (guint n_threads = 1; n_threads <= 2; n_threads++) {
      if (width == 0)
        bench (text, sizes[i][0], sizes[i][1], n_threads);
      else if (i == 0)
        bench (text, width, height, n_threads);
    }
  }
}

int
main (int argc, char **argv)
{
  guint width = 0, height = 0;

  if (argc > 2 && sscanf (argv[2], "%ux%u", &width, &height) != 2) {
    fprintf (stderr, "usage: %s [ARCHITECTURE [WIDTHxHEIGHT]]\n", argv[0]);
    return 1;
  }
  printf ("kernels: %s, GMAC/s of the best frame\n",
      ae_cpu_level_name (ae_cpu_level ()));
  for (guint i = 0; i < G_N_ELEMENTS (architectures); i++) {
    if (argc < 2)
      bench_architecture (architectures[i], 0, 0);
  }
  if (argc > 1)
    bench_architecture (argv[1], width, height);
  return 0;
}
