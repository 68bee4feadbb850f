/* Sums of bytes on every instruction set against plain integers.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "kernels-tests.h"
#include "ae-rng.h"

#define N_SHAPES 60
#define MOST_M 24
#define MOST_TAPS 50
#define MOST_GROUPS 5
#define N_IN 4000               /* 32-bit elements */
#define N_OUT (MOST_M * MOST_GROUPS * AE_GROUP)

/* One random call of the kernels. */
typedef struct
{
  AeRng rng;
  guint m, n_taps, n_groups;
  guint8 in[N_IN][4];
  gint8 weights[MOST_M][MOST_TAPS][4];
  gint8 packed[MOST_M * MOST_TAPS][4];
  gint32 tap_offset[MOST_TAPS];
  gint32 bias[MOST_M];
  float scale[MOST_M], factor[MOST_M];
  AeInt8Taps taps;
  AeInt8Bytes bytes;
  float out[N_OUT], expected[N_OUT];
} Call;

static guint
draw (AeRng * rng, guint least, guint most)
{
  return least + (guint) (ae_rng_uniform (rng) * (float) (most - least + 1))
      % (most - least + 1);
}

static void
make_weights (Call * call)
{
  memset (call->packed, 0, sizeof call->packed);
  for (guint i = 0; i < call->m; i++) {
    gsize block = (gsize) i / AE_BLOCK * call->n_taps;

    for (guint t = 0; t < call->n_taps; t++) {
      for (guint j = 0; j < 4; j++)
        call->weights[i][t][j] = (gint8) ((gint) draw (&call->rng, 0, 255)
            - 128);
      memcpy (call->packed[(block + t) * AE_BLOCK + i % AE_BLOCK],
          call->weights[i][t], 4);
    }
  }
}

static const float slopes[] = { 0.0f, 0.1f, 1.0f };

static void
call_init (Call * call, guint seed)
{
  AeRng *rng = &call->rng;

  memset (call, 0, sizeof *call);
  ae_rng_init (rng, seed);
  call->m = draw (rng, 1, MOST_M);
  call->n_taps = draw (rng, 1, MOST_TAPS);
  call->n_groups = draw (rng, 1, MOST_GROUPS);
  for (guint i = 0; i < N_IN; i++) {
    for (guint j = 0; j < 4; j++)
      /* the extremes often, for sums that must not saturate */
      call->in[i][j] = (guint8) (seed % 3 ? draw (rng, 0, 255) : 255);
  }
  make_weights (call);
  for (guint t = 0; t < call->n_taps; t++)
    call->tap_offset[t] = (gint32) draw (rng, 0,
        N_IN - call->n_groups * AE_GROUP) - N_IN / 2;
  for (guint i = 0; i < call->m; i++) {
    call->bias[i] = (gint32) draw (rng, 0, 200000) - 100000;
    call->scale[i] = ae_rng_uniform (rng) * 1e-3f;
    call->factor[i] = ae_rng_uniform (rng) * 10.0f;
  }
  call->taps = (AeInt8Taps) {
  call->m, call->n_taps, (const guint32 *) call->packed, call->bias,
        call->scale};
  call->bytes.zero = (gint) (seed % 2 ? draw (rng, 0, 255) : 0);
  call->bytes.slope = slopes[seed / 2 % G_N_ELEMENTS (slopes)];
  call->bytes.factor = call->factor;
}

static float
plain_sum (const Call * call, guint i, guint position)
{
  gint32 sum = call->bias[i];

  for (guint t = 0; t < call->n_taps; t++) {
    for (guint j = 0; j < 4; j++)
      sum += call->weights[i][t][j] * call->in[(gint) position + N_IN / 2
          + call->tap_offset[t]][j];
  }
  return (float) sum *call->scale[i];
}

static float
leak (float slope, float x)
{
  return x > 0.0f ? x : slope * x;
}

static guint8
plain_byte (const Call * call, float x, guint i)
{
  float value = rintf (x * call->factor[i]) + (float) call->bytes.zero;

  return (guint8) CLAMP (value, 0.0f, 255.0f);
}

static void
assert_equal (const Call * call, gsize n_bytes, AeCpuLevel level,
    const gchar * what)
{
  fail_unless (memcmp (call->out, call->expected, n_bytes) == 0,
      "%s, %s: %u channels, %u taps, %u groups, zero %d, slope %g",
      ae_cpu_level_name (level), what, call->m, call->n_taps,
      call->n_groups, call->bytes.zero, (double) call->bytes.slope);
}

GST_START_TEST (test_sums_of_bytes_are_exact_on_every_instruction_set)
{
  g_autofree Call *call = g_new (Call, 1);

  call_init (call, (guint) __i__);
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);
    guint n = call->n_groups * AE_GROUP;

    for (guint j = 0; kernels && j < G_N_ELEMENTS (slopes); j++) {
      for (guint i = 0; i < call->m; i++) {
        for (guint p = 0; p < n; p++) {
          float x = plain_sum (call, i, p);

          call->expected[i * n + p] = leak (slopes[j], x);
        }
      }
      kernels->int8_taps_to_floats (&call->taps, call->n_groups,
          slopes[j],
          (const float *) call->in + N_IN / 2, call->tap_offset, call->out, n);
      assert_equal (call, call->m * n * sizeof (float), level, "floats");
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_sums_become_bytes_on_every_instruction_set)
{
  g_autofree Call *call = g_new (Call, 1);

  call_init (call, (guint) __i__);
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);
    guint n = call->n_groups * AE_GROUP, whole = call->m / 4 * 4;

    if (kernels == NULL)
      continue;
    for (guint i = 0; i < whole; i++) {
      for (guint p = 0; p < n; p++)
        ((guint8 *) call->expected)[(i / 4 * n + p) * 4 + i % 4] =
            plain_byte (call, leak (call->bytes.slope, plain_sum (call, i, p)),
            i);
    }
    kernels->int8_taps_to_bytes (&call->taps, call->n_groups, &call->bytes,
        (const float *) call->in + N_IN / 2, call->tap_offset, call->out, n);
    assert_equal (call, whole * n, level, "bytes");
  }
}

GST_END_TEST;

GST_START_TEST (test_samples_become_bytes_on_every_instruction_set)
{
  static const float odd[] = { NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 0.5f,
    1.5f, 2.5f, 254.5f, 255.5f, -0.0f, -0.5f
  };
  g_autofree Call *call = g_new (Call, 1);
  g_autofree float *in = g_new (float, N_OUT);

  call_init (call, (guint) __i__);
  ae_rng_fill_normal (&call->rng, in, N_OUT);
  for (guint i = 0; i < call->m; i++)
    call->factor[i] = i % 3 ? 100.0f * call->scale[i] : 1.0f;
  for (guint i = 0; i < N_OUT; i++)
    in[i] = i % 7 ? in[i] * 200.0f : odd[i / 7 % G_N_ELEMENTS (odd)];
  for (AeCpuLevel level = 0; level < AE_N_CPU_LEVELS; level++) {
    const AeKernels *kernels = ae_kernels_for_level (level);
    guint n = call->n_groups * AE_GROUP, whole = call->m / 4 * 4;

    if (kernels == NULL)
      continue;
    for (guint i = 0; i < whole; i++) {
      for (guint p = 0; p < n; p++)
        ((guint8 *) call->expected)[(i / 4 * n + p) * 4 + i % 4] =
            isnan (in[i * n + p]) ? 255 : plain_byte (call, in[i * n + p], i);
    }
    kernels->int8_floats_to_bytes (call->m, call->n_groups, &call->bytes,
        in, n, call->out, n);
    assert_equal (call, whole * n, level, "samples");
  }
}

GST_END_TEST;

TCase *
kernels_int8_tests (void)
{
  TCase *tcase = tcase_create ("int8");

  tcase_add_loop_test (tcase,
      test_sums_of_bytes_are_exact_on_every_instruction_set, 0, N_SHAPES);
  tcase_add_loop_test (tcase, test_sums_become_bytes_on_every_instruction_set,
      0, N_SHAPES);
  tcase_add_loop_test (tcase,
      test_samples_become_bytes_on_every_instruction_set, 0, N_SHAPES);
  return tcase;
}
