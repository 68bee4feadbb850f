/* The inner loops, one object for each instruction set. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-cpu.h"

G_BEGIN_DECLS

/* Positions are worked on in groups of 16 floats, on every instruction set. */
#define AE_GROUP 16

/* Output channels are worked on in blocks of 8; packed weights are
 * [block][tap][8], zero where there is no such channel. */
#define AE_BLOCK 8

/* Sums over taps of bytes. Four channels of a position are four bytes, which
 * take the place of one float: rows are [channel / 4][position][4 bytes], and a
 * tap is the products of four unsigned bytes with four signed ones.
 * @weights: packed, [ceil (m / 8)][n_taps][8] of four signed bytes
 * @bias: what a sum begins with; @scale: what it is multiplied by; both of @m
 *   channels, and zeros up to a multiple of 8 */
typedef struct
{
  guint m, n_taps;
  const guint32 *weights;
  const gint32 *bias;
  const float *scale;
} AeInt8Taps;

/* How samples become bytes: round (x * factor) + zero, 0 to 255; halves are
 * rounded to even.
 * @factor: of each channel, and zeros up to a multiple of 8
 * @zero: the byte of a sample of 0
 * @slope: what int8_taps_to_bytes() multiplies negative sums by before, see
 *   winograd_out */
typedef struct
{
  gint zero;
  float slope;
  const float *factor;
} AeInt8Bytes;

/**
 * AeAdam: factors of one step of Adam.
 * @rate: of learning
 * @correct1, @correct2: of the moments, for their start at zero
 * @coupled_decay: weight decay as a part of the gradient
 * @keep: what is kept of each weight, less than 1 with decay outside of the
 *   gradient
 */
typedef struct
{
  float beta1, beta2;
  float rate, correct1, correct2, epsilon;
  float coupled_decay, keep;
} AeAdam;

typedef struct
{
  /**
   * taps_forward: a sum over taps, which serves convolutions of every kind.
   * @m: output channels
   * @n_groups: groups of 16 positions
   * @n_taps: products in each sum
   * @weights: packed, [ceil (m / 8)][n_taps][8]
   * @bias: (nullable): @m floats
   * @in: taken at in[tap_offset[t] + g * in_step + 0..15] for tap t, group g
   * @out: out[i * out_stride + g * out_step + 0..15] for channel i
   *
   * out[i][p] = bias[i] + sum over t of w[t][i] * in[tap_offset[t] + p]
   * No alignment is required.
   */
  void (*taps_forward) (guint m, guint n_groups, guint n_taps,
      const float *weights, const float *bias, const float *in,
      const gint32 * tap_offset, gsize in_step, float *out, gsize out_stride,
      gsize out_step);

  /**
   * taps_grad_weights: the gradient of taps_forward's weights over @n_rows
   * rows, added to @grad[i * n_taps + t] (not packed):
   * grad[i][t] += sum over rows y, groups g, positions p of
   *     grad_out[i * out_stride + y * out_row_step + g * out_step + p]
   *     * in[tap_offset[t] + y * in_row_step + g * in_step + p]
   */
  void (*taps_grad_weights) (guint m, guint n_rows, guint n_groups,
      guint n_taps, const float *grad_out, gsize out_stride,
      gsize out_row_step, gsize out_step, const float *in,
      const gint32 * tap_offset, gsize in_row_step, gsize in_step,
      float *grad);

  /**
   * gemm: c[i * c_row + j] += sum over t of
   *     a[i * a_row + t * a_column] * b[t * b_row + j * b_column]
   * for @m rows i, @n columns j and @k products t. Of the two steps of a, and
   * of b, one is 1.
   * @scratch: ae_kernels_gemm_scratch (n) floats
   */
  void (*gemm) (guint m, guint n, guint k, const float *a, gsize a_row,
      gsize a_column, const float *b, gsize b_row, gsize b_column, float *c,
      gsize c_row, float *scratch);

  /* gemv: y[i] = bias[i] + sum over @k products of w[i][t] * x[t] for @m rows.
   * @packed: by ae_kernels_gemv_pack() */
  void (*gemv) (guint m, guint k, const float *packed, const float *bias,
      const float *x, float *y);

  /* The same of a matrix of bytes, row i of which counts @scale[i] times, and of
   * @x rounded to a 32767th of its greatest one, or to less fine steps where sums
   * of so many products would exceed 2^31.
   * @packed, @scale: by ae_kernels_gemv_pack_bytes()
   * @shorts: scratch for ae_kernels_gemv_columns (k) numbers */
  void (*gemv_bytes) (guint m, guint k, const gint8 * packed,
      const float *scale, const float *bias, const float *x, gint16 * shorts,
      float *y);

  /* Updates the moments and weights, each of @n floats. */
  void (*adam) (const AeAdam * adam, gsize n, const float *grad,
      float *moment1, float *moment2, float *weights);

  /* Returns: the sum of x[i]^2, in doubles. */
  double (*sum_squares) (gsize n, const float *x);

  /**
   * winograd_in: input transform of F(4x4, 3x3) for one channel.
   * @n_groups: groups of 16 tiles; tile t begins at column 4 t
   * @rows: the six rows of the tiles, 64 * @n_groups + 16 floats of each read
   * @out: out[k * out_stride + t], k = 0 ... 35
   */
  void (*winograd_in) (guint n_groups, const float *const rows[6], float *out,
      gsize out_stride);

  /**
   * winograd_out: output transform for one channel.
   * @in: in[k * in_stride + t], k = 0 ... 35
   * @slope: 0 to 1, what negative results are multiplied by: 0 for relu, 1
   *   where nothing follows
   * @rows: four rows of 64 * @n_groups floats
   */
  void (*winograd_out) (guint n_groups, const float *in, gsize in_stride,
      float bias, float slope, float *const rows[4]);

  /**
   * int8_taps_to_floats: as taps_forward, of bytes. The result is the same to
   * the last bit on every instruction set; so are the next two.
   * @slope: as above
   * @in: bytes; @tap_offset counts in positions
   * @out: out[i * out_stride + p]
   */
  void (*int8_taps_to_floats) (const AeInt8Taps * taps, guint n_groups,
      float slope, const float *in, const gint32 * tap_offset, float *out,
      gsize out_stride);

  /* As int8_taps_to_floats and then floats_to_bytes; @out: bytes, of m channels
   * rounded up to a multiple of four, those past the last one arbitrary. */
  void (*int8_taps_to_bytes) (const AeInt8Taps * taps, guint n_groups,
      const AeInt8Bytes * bytes, const float *in, const gint32 * tap_offset,
      float *out, gsize out_stride);

  /* Rows of @c channels to bytes, likewise. */
  void (*int8_floats_to_bytes) (guint c, guint n_groups,
      const AeInt8Bytes * bytes, const float *in, gsize in_stride, float *out,
      gsize out_stride);

  /**
   * row_split: every @step-th float of @in to a row of its own:
   * out[j * out_stride + x] = in[x * step + j], x = 0 ... n - 1
   */
  void (*row_split) (guint step, gsize n, const float *in, float *out,
      gsize out_stride);

  /* row_join: its inverse; an @in_stride of 0 repeats each float. */
  void (*row_join) (guint step, gsize n, const float *in, gsize in_stride,
      float *out);

  /* out[x] += in[x]; row_add_leak multiplies what becomes negative by @slope */
  void (*row_add) (gsize n, const float *in, float *out);
  void (*row_add_leak) (gsize n, float slope, const float *in, float *out);

  void (*row_leak) (gsize n, float slope, float *row);
  void (*row_scale) (gsize n, float factor, float *row);

  /**
   * row_pool: out[x] = the sum (@average) or the largest of in[x * step + j],
   * j = 0 ... step - 1, and, but for the @first row, of out[x]
   */
  void (*row_pool) (guint step, gboolean average, gboolean first, gsize n,
      const float *in, float *out);

  /**
   * row_norm: in place, for each of 16 * @n_groups positions x:
   * rows[c * stride + x] less its mean over the channels, divided by the root
   * of its variance plus @epsilon, times gain[c], plus bias[c]
   */
  void (*row_norm) (guint n_channels, guint n_groups, gsize stride,
      float epsilon, const float *gain, const float *bias, float *rows);
} AeKernels;

/* Returns: (transfer none): the kernels of ae_cpu_level(). */
const AeKernels *ae_kernels (void);

/* Returns: (transfer none) (nullable): those of @level, NULL where they were
 * not built or the processor lacks it; for tests and benchmarks. */
const AeKernels *ae_kernels_for_level (AeCpuLevel level);

/* Rows and columns of a that gemm works on at a time. */
#define AE_GEMM_BLOCK_M 128
#define AE_GEMM_BLOCK_K 128

gsize ae_kernels_gemm_scratch (guint n);

/* Rows that gemv works on at a time: packed weights are [block][k][rows], zero
 * where there is no such row. */
#define AE_GEMV_ROWS 64

/* Returns: numbers in the packed form of a matrix [m][k]. */
gsize ae_kernels_gemv_size (guint m, guint k);
void ae_kernels_gemv_pack (guint m, guint k, const float *weights,
    float *packed);

/* Columns of a packed matrix of bytes that has @k: with zeros to whole groups. */
guint ae_kernels_gemv_columns (guint k);

/* The same in bytes, in pairs of columns: [block][columns / 2][rows][2], which are
 * ae_kernels_gemv_size (m, ae_kernels_gemv_columns (k)). Their products with
 * @scale[m] are the weights, rounded to a 127th of the greatest one of their
 * row. */
void ae_kernels_gemv_pack_bytes (guint m, guint k, const float *weights,
    gint8 * packed, float *scale);

/* Returns: floats in the packed form of weights [m][n_taps]. */
gsize ae_kernels_packed_size (guint m, guint n_taps);
void ae_kernels_pack (guint m, guint n_taps, const float *weights,
    float *packed);

/**
 * ae_kernels_winograd_pack:
 * @weights: [m][c][3][3]
 * @packed: 36 times ae_kernels_packed_size (m, c) floats: the transformed
 *   kernels, position k as packed weights of m channels and c taps
 *
 * A 3x3 convolution of stride 1 is then: winograd_in for each input channel,
 * taps_forward over channels for each of the 36 positions, winograd_out for
 * each output channel.
 */
void ae_kernels_winograd_pack (guint m, guint c, const float *weights,
    float *packed);

G_END_DECLS
