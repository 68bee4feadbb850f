/* One function for each instruction set. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-cpu.h"

/* @name followed by each level: an array [AE_N_CPU_LEVELS] of functions. */
#if defined (__x86_64__)
#define AE_OF_LEVELS(name) { \
  [AE_CPU_C] = name##_c, [AE_CPU_AVX2] = name##_avx2, \
  [AE_CPU_AVX512] = name##_avx512, [AE_CPU_VNNI] = name##_vnni }
#else
#define AE_OF_LEVELS(name) { [AE_CPU_C] = name##_c }
#endif
