/* Sums over taps: the inner loops of every convolution. Compiled once for each
 * instruction set. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "int8.h"
#include "rows.h"
#include "training.h"
#include "winograd.h"

/* FORWARD_M x FORWARD_V: accumulators of the forward
 * sum, channels x vectors of positions; with half the channels there is room
 * for WIDE_V vectors. GRAD_M x GRAD_T: accumulators of the
 * weight gradient, channels x taps. Each fits the register file. */
#if defined (__AVX512F__)
#define FORWARD_M 8
#define FORWARD_V 3
#define GRAD_M 4
#define GRAD_T 6
#elif defined (__AVX2__)
#define FORWARD_M 4
#define FORWARD_V 3
#define GRAD_M 4
#define GRAD_T 3
#else
#define FORWARD_M 4
#define FORWARD_V 2
#define GRAD_M 4
#define GRAD_T 2
#endif

#define WIDE_V (2 * FORWARD_V)

extern const AeKernels AE_KERNEL_NAME (ae_kernels_);

/* Taps that are summed before the next positions come: what they read of the
 * input stays in the first cache for all channels. */
#define TAPS_BLOCK 256

/* @n_v vectors of up to @n_m channels; vector v begins at in[v_in[v]] and goes
 * to out[v_out[v]], or with @add is added to what is there. */
INLINE void
forward_tile (const guint n_m, const guint n_v, guint m, guint n_taps,
    const float *weights, const float *bias, gboolean add, const float *in,
    const gint32 * tap_offset, const gsize * v_in, float *out,
    gsize out_stride, const gsize * v_out)
{
  Vector sum[FORWARD_M][WIDE_V];

  UNROLL for (guint i = 0; i < n_m; i++) {
    float b = bias && i < m ? bias[i] : 0.0f;

    UNROLL for (guint v = 0; v < n_v; v++)
      sum[i][v] = (Vector) {
      0}
    +b;
  }
  if (add) {
    UNROLL for (guint i = 0; i < n_m; i++) {
      UNROLL for (guint v = 0; v < n_v; v++)
        sum[i][v] = LOAD (out + (i < m ? i : 0) * out_stride + v_out[v]);
    }
  }
  for (guint t = 0; t < n_taps; t++) {
    const float *x = in + tap_offset[t];
    const float *w = weights + (gsize) t * AE_BLOCK;
    Vector value[WIDE_V];

    UNROLL for (guint v = 0; v < n_v; v++)
      value[v] = LOAD (x + v_in[v]);
    UNROLL for (guint i = 0; i < n_m; i++) {
      UNROLL for (guint v = 0; v < n_v; v++)
        sum[i][v] += value[v] * w[i];
    }
  }
  UNROLL for (guint i = 0; i < n_m; i++) {
    if (i < m) {
      UNROLL for (guint v = 0; v < n_v; v++)
        STORE (out + i * out_stride + v_out[v], sum[i][v]);
    }
  }
}

/* All channels of @n_v vectors. @n_taps of @n_all_taps, by which blocks of
 * packed weights lie apart. */
INLINE void
forward_vectors (const guint n_v, guint m, guint n_taps, guint n_all_taps,
    const float *weights, const float *bias, gboolean add, const float *in,
    const gint32 * tap_offset, const gsize * v_in, float *out,
    gsize out_stride, const gsize * v_out)
{
  for (guint i = 0; i < m; i += FORWARD_M) {
    /* packed blocks hold AE_BLOCK channels, a tile may be a part of one */
    const float *w = weights + (gsize) (i / AE_BLOCK) * n_all_taps * AE_BLOCK
        + i % AE_BLOCK;
    const float *b = bias ? bias + i : NULL;

    if (n_v <= FORWARD_V && m - i > FORWARD_M / 2)
      forward_tile (FORWARD_M, n_v, m - i, n_taps, w, b, add, in, tap_offset,
          v_in, out + i * out_stride, out_stride, v_out);
    else
      forward_tile (FORWARD_M / 2, n_v, m - i, n_taps, w, b, add, in,
          tap_offset, v_in, out + i * out_stride, out_stride, v_out);
  }
}

#define FORWARD_CASE(n_v) \
  case n_v: \
    forward_vectors (n_v, m, n, n_taps, w, bias, t > 0, in, tap_offset + t, \
        v_in, out, out_stride, v_out); \
    break

static void
taps_forward (guint m, guint n_groups, guint n_taps, const float *weights,
    const float *bias, const float *in, const gint32 * tap_offset,
    gsize in_step, float *out, gsize out_stride, gsize out_step)
{
  const guint n_vectors = n_groups * VECTORS_PER_GROUP;
  const guint n_most = m > FORWARD_M / 2 ? FORWARD_V : WIDE_V;
  guint t = 0;

  /* without any tap, there is still the bias */
  do {
    const guint n = MIN (n_taps - t, TAPS_BLOCK);
    const float *w = weights + (gsize) t * AE_BLOCK;

    for (guint j = 0, n_next; j < n_vectors; j += n_next) {
      gsize v_in[WIDE_V], v_out[WIDE_V];

      for (guint v = 0; v < WIDE_V; v++) {
        gsize group = (j + v) / VECTORS_PER_GROUP;
        gsize lane = (j + v) % VECTORS_PER_GROUP * LANES;

        v_in[v] = group * in_step + lane;
        v_out[v] = group * out_step + lane;
      }
      n_next = next_vectors (n_vectors - j, n_most);
      switch (n_next) {
          FORWARD_CASE (1);
          FORWARD_CASE (2);
          FORWARD_CASE (3);
#if WIDE_V > 4
          FORWARD_CASE (4);
          FORWARD_CASE (5);
#endif
        default:
          forward_vectors (WIDE_V, m, n, n_taps, w, bias, t > 0, in,
              tap_offset + t, v_in, out, out_stride, v_out);
      }
    }
    t += TAPS_BLOCK;
  } while (t < n_taps);
}

/* Channels and taps past the last ones repeat it, and are not stored. */
static void
taps_grad_weights (guint m, guint n_rows, guint n_groups, guint n_taps,
    const float *grad_out, gsize out_stride, gsize out_row_step,
    gsize out_step, const float *in, const gint32 * tap_offset,
    gsize in_row_step, gsize in_step, float *grad)
{
  for (guint i = 0; i < m; i += GRAD_M) {
    for (guint t = 0; t < n_taps; t += GRAD_T) {
      const float *g[GRAD_M], *x[GRAD_T];
      Vector sum[GRAD_M][GRAD_T];

      UNROLL for (guint a = 0; a < GRAD_M; a++) {
        g[a] = grad_out + MIN (i + a, m - 1) * out_stride;
        UNROLL for (guint b = 0; b < GRAD_T; b++)
          sum[a][b] = (Vector) {
          0};
      }
      UNROLL for (guint b = 0; b < GRAD_T; b++)
        x[b] = in + tap_offset[MIN (t + b, n_taps - 1)];

      for (guint row = 0; row < n_rows; row++) {
        for (guint group = 0; group < n_groups; group++) {
          gsize at_g = row * out_row_step + group * out_step;
          gsize at_x = row * in_row_step + group * in_step;

          UNROLL for (guint v = 0; v < VECTORS_PER_GROUP; v++) {
            Vector value[GRAD_T];

            UNROLL for (guint b = 0; b < GRAD_T; b++)
              value[b] = LOAD (x[b] + at_x + v * LANES);
            UNROLL for (guint a = 0; a < GRAD_M; a++) {
              Vector ga = LOAD (g[a] + at_g + v * LANES);

              UNROLL for (guint b = 0; b < GRAD_T; b++)
                sum[a][b] += ga * value[b];
            }
          }
        }
      }
      UNROLL for (guint a = 0; a < GRAD_M; a++) {
        UNROLL for (guint b = 0; b < GRAD_T; b++) {
          if (i + a < m && t + b < n_taps) {
            float total = 0.0f;

            for (guint lane = 0; lane < LANES; lane++)
              total += sum[a][b][lane];
            grad[(gsize) (i + a) * n_taps + t + b] += total;
          }
        }
      }
    }
  }
}

const AeKernels AE_KERNEL_NAME (ae_kernels_) = {
  .taps_forward = taps_forward,
  .taps_grad_weights = taps_grad_weights,
  .gemm = AE_KERNEL_NAME (ae_gemm_),
  .gemv = AE_KERNEL_NAME (ae_gemv_),
  .gemv_bytes = AE_KERNEL_NAME (ae_gemv_bytes_),
  .adam = AE_KERNEL_NAME (ae_adam_),
  .sum_squares = AE_KERNEL_NAME (ae_sum_squares_),
  .winograd_in = AE_KERNEL_NAME (ae_winograd_in_),
  .winograd_out = AE_KERNEL_NAME (ae_winograd_out_),
  .int8_taps_to_floats = AE_KERNEL_NAME (ae_int8_taps_to_floats_),
  .int8_taps_to_bytes = AE_KERNEL_NAME (ae_int8_taps_to_bytes_),
  .int8_floats_to_bytes = AE_KERNEL_NAME (ae_int8_floats_to_bytes_),
  .row_split = ae_row_split,
  .row_join = ae_row_join,
  .row_add = ae_row_add,
  .row_add_leak = ae_row_add_leak,
  .row_leak = ae_row_leak,
  .row_scale = ae_row_scale,
  .row_pool = ae_row_pool,
  .row_norm = ae_row_norm,
};
