/* Most multiply-adds that this processor does, for each instruction set.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Each runs for some milliseconds, and returns how many FLOPs it did. */
double ae_peak_c (void);
double ae_peak_avx2 (void);
double ae_peak_avx512 (void);
double ae_peak_vnni (void);
