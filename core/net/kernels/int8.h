/* The kernels on bytes of one instruction set. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vector.h"

void AE_KERNEL_NAME (ae_int8_taps_to_floats_) (const AeInt8Taps * taps,
    guint n_groups, float slope, const float *in, const gint32 * tap_offset,
    float *out, gsize out_stride);
void AE_KERNEL_NAME (ae_int8_taps_to_bytes_) (const AeInt8Taps * taps,
    guint n_groups, const AeInt8Bytes * bytes, const float *in,
    const gint32 * tap_offset, float *out, gsize out_stride);
void AE_KERNEL_NAME (ae_int8_floats_to_bytes_) (guint c, guint n_groups,
    const AeInt8Bytes * bytes, const float *in, gsize in_stride, float *out,
    gsize out_stride);
