/* The inner loops, one object for each instruction set. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-cpu.h"

G_BEGIN_DECLS

/* Positions are worked on in groups of 16 floats, on every instruction set. */
#define AE_GROUP 16

/* Output channels are worked on in blocks of 8; packed weights are
 * [block][tap][8], zero where there is no such channel. */
#define AE_BLOCK 8

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
} AeKernels;

/* Returns: (transfer none): the kernels of ae_cpu_level(). */
const AeKernels *ae_kernels (void);

/* Returns: (transfer none) (nullable): those of @level, NULL where they were
 * not built or the processor lacks it; for tests and benchmarks. */
const AeKernels *ae_kernels_for_level (AeCpuLevel level);

/* Returns: floats in the packed form of weights [m][n_taps]. */
gsize ae_kernels_packed_size (guint m, guint n_taps);
void ae_kernels_pack (guint m, guint n_taps, const float *weights,
    float *packed);

G_END_DECLS
