/* The Winograd kernels of one instruction set. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "vector.h"

void AE_KERNEL_NAME (ae_winograd_in_) (guint n_groups,
    const float *const rows[6], float *out, gsize out_stride);
void AE_KERNEL_NAME (ae_winograd_out_) (guint n_groups, const float *in,
    gsize in_stride, float bias, float slope, float *const rows[4]);
