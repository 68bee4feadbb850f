/* How fast the kernels are. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <time.h>

#include "ae-tensor.h"
#include "kernels-tests.h"

#define N_BATCHES 30
#define BATCH_US 300.0
#define WIDTH 640
#define ROW (WIDTH + 5 * AE_GROUP)      /* an odd number of cache lines */
#define MOST_CHANNELS 64
#define GROUPS 3                /* tiles of Winograd's worked on together */

/* Memory for the largest call, used again by all: rows as they lie in a plan,
 * in whole cache lines. */
typedef struct
{
  float in[4 * MOST_CHANNELS * ROW];
  float out[4 * MOST_CHANNELS * ROW];
  float weights[MOST_CHANNELS * MOST_CHANNELS * 9];
  float bias[MOST_CHANNELS];
  gint32 offset[MOST_CHANNELS * 9];
  const AeKernels *kernels;
  guint c, m, n_taps;
} Bench;

typedef void (*BenchFunc) (Bench * bench);

/* Returns: microseconds this thread has had a processor. */
static double
thread_us (void)
{
  struct timespec t;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  return (double) t.tv_sec * 1e6 + (double) t.tv_nsec * 1e-3;
}

static double
time_batch (Bench * bench, BenchFunc func, guint n_calls)
{
  double start = thread_us ();

  for (guint i = 0; i < n_calls; i++)
    func (bench);
  return thread_us () - start;
}

/* Returns: the microseconds of one call, in the best of a few batches. */
static double
time_calls (Bench * bench, BenchFunc func)
{
  guint n_calls = 1;
  double best = G_MAXDOUBLE;

  while (time_batch (bench, func, n_calls) < BATCH_US)
    n_calls *= 2;
  for (guint i = 0; i < N_BATCHES; i++)
    best = MIN (best, time_batch (bench, func, n_calls));
  return best / n_calls;
}

static void
direct (Bench * b)
{
  b->kernels->taps_forward (b->m, WIDTH / AE_GROUP, b->n_taps, b->weights,
      b->bias, b->in, b->offset, AE_GROUP, b->out, ROW, AE_GROUP);
}

static void
gradient (Bench * b)
{
  b->kernels->taps_grad_weights (b->m, 1, WIDTH / AE_GROUP, b->n_taps, b->out,
      ROW, 0, AE_GROUP, b->in, b->offset, 0, AE_GROUP, b->weights);
}

#define SAMPLES_OF_BATCH 128

/* A dense layer. */
static void
dense (Bench * b)
{
  b->kernels->gemm (b->m, SAMPLES_OF_BATCH, b->c, b->weights, b->c, 1, b->in,
      SAMPLES_OF_BATCH, 1, b->out, SAMPLES_OF_BATCH,
      b->in + b->c * SAMPLES_OF_BATCH);
}

/* One of the 36 products. */
static void
product (Bench * b)
{
  b->kernels->taps_forward (b->m, GROUPS, b->c, b->weights, NULL, b->in,
      b->offset, AE_GROUP, b->out, (36 * GROUPS | 1) * AE_GROUP, AE_GROUP);
}

static void
transform_in (Bench * b)
{
  for (guint c = 0; c < b->c; c++) {
    const float *rows[6];

    for (guint i = 0; i < 6; i++)
      rows[i] = b->in + (i * b->c + c) * ROW;
    b->kernels->winograd_in (GROUPS, rows, b->out
        + c * (36 * GROUPS | 1) * AE_GROUP, GROUPS * AE_GROUP);
  }
}

static void
transform_out (Bench * b)
{
  for (guint c = 0; c < b->c; c++) {
    float *rows[4];

    for (guint i = 0; i < 4; i++)
      rows[i] = b->in + (i * b->c + c) * ROW;
    b->kernels->winograd_out (GROUPS, b->out
        + c * (36 * GROUPS | 1) * AE_GROUP,
        GROUPS * AE_GROUP, 0.5f, 0.0f, rows);
  }
}

static void
split (Bench * b)
{
  b->kernels->row_split (2, WIDTH / 2, b->in, b->out, ROW);
}

static void
join (Bench * b)
{
  b->kernels->row_join (2, WIDTH / 2, b->in, ROW, b->out);
}

static void
add (Bench * b)
{
  b->kernels->row_add (WIDTH, b->in, b->out);
}

static void
add_relu (Bench * b)
{
  b->kernels->row_add_leak (WIDTH, 0.0f, b->in, b->out);
}

static void
relu (Bench * b)
{
  b->kernels->row_leak (WIDTH, 0.0f, b->out);
}

static void
scale (Bench * b)
{
  b->kernels->row_scale (WIDTH, 1.0f, b->out);
}

static void
pool_max (Bench * b)
{
  b->kernels->row_pool (2, FALSE, FALSE, WIDTH / 2, b->in, b->out);
}

static void
pool_average (Bench * b)
{
  b->kernels->row_pool (2, TRUE, TRUE, WIDTH / 2, b->in, b->out);
}

static void
norm (Bench * b)
{
  b->kernels->row_norm (b->c, WIDTH / AE_GROUP, ROW, 1e-5f, b->bias, b->bias,
      b->out);
}

static void
int8_sums (Bench * b)
{
  const AeInt8Taps taps = { b->m, b->n_taps, (const guint32 *) b->weights,
    (const gint32 *) b->in, b->bias
  };

  b->kernels->int8_taps_to_floats (&taps, WIDTH / AE_GROUP, 0.0f, b->in,
      b->offset, b->out, ROW);
}

static void
int8_bytes (Bench * b)
{
  const AeInt8Bytes bytes = { 0, 0.0f, b->bias };

  b->kernels->int8_floats_to_bytes (b->m, WIDTH / AE_GROUP, &bytes, b->in,
      ROW, b->out, ROW);
}

/* Taps of a 3x3 kernel over three rows of @c channels. */
static void
set_shape (Bench * b, guint c, guint m, guint kernel, gint32 channel_step)
{
  AeRng rng;

  ae_rng_init (&rng, 1);
  b->c = c;
  b->m = m;
  b->n_taps = c * kernel * kernel;
  for (guint t = 0; t < b->n_taps; t++)
    b->offset[t] = (gint32) (t / (kernel * kernel)) * channel_step
        + (gint32) (t / kernel % kernel * c * ROW + t % kernel);
  ae_rng_fill_normal (&rng, b->in, G_N_ELEMENTS (b->in));
  ae_rng_fill_normal (&rng, b->out, G_N_ELEMENTS (b->out));
  ae_rng_fill_normal (&rng, b->weights, G_N_ELEMENTS (b->weights));
  ae_rng_fill_normal (&rng, b->bias, G_N_ELEMENTS (b->bias));
}

typedef struct
{
  const gchar *name, *unit;
  BenchFunc func;
  guint c, m, kernel;           /* input and output channels */
  double work;                  /* of one call: operations or bytes */
} Line;

#define SUMS(c, m, kernel) (2.0 * (c) * (m) * (kernel) * (kernel) * WIDTH)
#define PRODUCTS(c, m) (2.0 * (c) * (m) * GROUPS * AE_GROUP)
#define FLOATS(n) (4.0 * (n))
#define SAMPLES(c) FLOATS ((c) * 52.0 * GROUPS * AE_GROUP)

/* Row operations count what they read and write, transforms the 16 samples and
 * 36 positions of their tiles. */
static const Line lines[] = {
  {"taps 3x3 24 -> 48", "GFLOP/s", direct, 24, 48, 3, SUMS (24, 48, 3)},
  {"taps 3x3 8 -> 5", "GFLOP/s", direct, 8, 5, 3, SUMS (8, 5, 3)},
  {"taps 1x1 64 -> 48", "GFLOP/s", direct, 64, 48, 1, SUMS (64, 48, 1)},
  {"weight gradient 3x3 16 -> 16", "GFLOP/s", gradient, 16, 16, 3,
      SUMS (16, 16, 3)},
  {"dense 256 -> 128, 128 samples", "GFLOP/s", dense, 256, 128, 1,
      2.0 * 256 * 128 * SAMPLES_OF_BATCH},
  {"Winograd product 24 -> 24", "GFLOP/s", product, 24, 24, 1,
      PRODUCTS (24, 24)},
  {"Winograd product 48 -> 48", "GFLOP/s", product, 48, 48, 1,
      PRODUCTS (48, 48)},
  {"Winograd product 64 -> 64", "GFLOP/s", product, 64, 64, 1,
      PRODUCTS (64, 64)},
  {"Winograd in, 1", "GB/s", transform_in, 1, 1, 1, SAMPLES (1)},
  {"Winograd out, 1", "GB/s", transform_out, 1, 1, 1, SAMPLES (1)},
  {"Winograd in, 24", "GB/s", transform_in, 24, 24, 1, SAMPLES (24)},
  {"Winograd out, 24", "GB/s", transform_out, 24, 24, 1, SAMPLES (24)},
  {"row split", "GB/s", split, 1, 1, 1, FLOATS (2 * WIDTH)},
  {"row join", "GB/s", join, 1, 1, 1, FLOATS (2 * WIDTH)},
  {"row add", "GB/s", add, 1, 1, 1, FLOATS (3 * WIDTH)},
  {"row add, relu", "GB/s", add_relu, 1, 1, 1, FLOATS (3 * WIDTH)},
  {"row relu", "GB/s", relu, 1, 1, 1, FLOATS (2 * WIDTH)},
  {"row scale", "GB/s", scale, 1, 1, 1, FLOATS (2 * WIDTH)},
  {"row pool, max 2", "GB/s", pool_max, 1, 1, 1, FLOATS (2 * WIDTH)},
  {"row pool, average 2", "GB/s", pool_average, 1, 1, 1,
      FLOATS (1.5 * WIDTH)},
  {"norm, 24", "GB/s", norm, 24, 24, 1, FLOATS (2 * 24 * WIDTH)},
  {"int8 taps 3x3 4 x 12 -> 48", "GOP/s", int8_sums, 12, 48, 3,
      4 * SUMS (12, 48, 3)},
  {"int8 floats to bytes, 48", "GB/s", int8_bytes, 12, 48, 1,
      FLOATS (1.25 * 48 * WIDTH)},
};

static void
bench_line (Bench * bench, const Line * line)
{
  gboolean is_product = line->func == product;

  set_shape (bench, line->c, line->m, line->kernel,
      is_product ? (36 * GROUPS | 1) * AE_GROUP : ROW);
  printf ("%-30s %8s", line->name, line->unit);
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    bench->kernels = ae_kernels_for_level (level);
    if (bench->kernels)
      printf (" %8.1f", line->work / 1e3 / time_calls (bench, line->func));
  }
  printf ("\n");
}

void
kernels_bench (void)
{
  Bench *bench = ae_aligned_try_alloc0 (sizeof (Bench));

  printf ("%-39s", "");
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    if (ae_kernels_for_level (level))
      printf (" %8s", ae_cpu_level_name (level));
  }
  printf ("\n");
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    bench_line (bench, &lines[i]);
  ae_aligned_free (bench);
}
