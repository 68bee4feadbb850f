/* The training kernels of one instruction set. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vector.h"

void AE_KERNEL_NAME (ae_gemm_) (guint m, guint n, guint k, const float *a,
    gsize a_row, gsize a_column, const float *b, gsize b_row, gsize b_column,
    float *c, gsize c_row, float *scratch);
void AE_KERNEL_NAME (ae_gemv_) (guint m, guint k, const float *packed,
    const float *bias, const float *x, float *y);
void AE_KERNEL_NAME (ae_gemv_bytes_) (guint m, guint k, const gint8 * packed,
    const float *scale, const float *bias, const float *x, gint16 * shorts,
    float *y);
void AE_KERNEL_NAME (ae_adam_) (const AeAdam * adam, gsize n,
    const float *grad, float *moment1, float *moment2, float *weights);
double AE_KERNEL_NAME (ae_sum_squares_) (gsize n, const float *x);
