/* The row operations of one instruction set. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vector.h"

#define ae_row_split AE_KERNEL_NAME (ae_row_split_)
#define ae_row_join AE_KERNEL_NAME (ae_row_join_)
#define ae_row_add AE_KERNEL_NAME (ae_row_add_)
#define ae_row_add_leak AE_KERNEL_NAME (ae_row_add_leak_)
#define ae_row_leak AE_KERNEL_NAME (ae_row_leak_)
#define ae_row_scale AE_KERNEL_NAME (ae_row_scale_)
#define ae_row_pool AE_KERNEL_NAME (ae_row_pool_)
#define ae_row_norm AE_KERNEL_NAME (ae_row_norm_)

void ae_row_split (guint step, gsize n,
    const float *in, float *out, gsize out_stride);
void ae_row_join (guint step, gsize n,
    const float *in, gsize in_stride, float *out);
void ae_row_add (gsize n, const float *in,
    float *out);
void ae_row_add_leak (gsize n, float slope, const float *in,
    float *out);
void ae_row_leak (gsize n, float slope, float *row);
void ae_row_scale (gsize n, float factor, float *row);
void ae_row_pool (guint step, gboolean average,
    gboolean first, gsize n, const float *in, float *out);
void ae_row_norm (guint n_channels, guint n_groups,
    gsize stride, float epsilon, const float *gain, const float *bias,
    float *rows);
