/* Which instruction sets this process may use. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Ordered: each level includes those before it. */
typedef enum
{
  AE_CPU_C,                     /* what the compiler's baseline allows */
  AE_CPU_AVX2,                  /* AVX2 and FMA */
  AE_CPU_AVX512,                /* AVX-512 F, BW, DQ, VL */
  AE_CPU_VNNI,                  /* and its VNNI: products of bytes */
  AE_N_CPU_LEVELS
} AeCpuLevel;

/**
 * ae_cpu_level:
 *
 * Returns: the highest level that the processor and the operating system
 *   support, or the lower one named by the environment variable `AE_CPU`
 *   (`c`, `avx2`, `avx512`, `vnni`). Read once, on first use. Thread-safe.
 */
AeCpuLevel ae_cpu_level (void);

/* Returns: (transfer none): `c`, `avx2`, `avx512` or `vnni`. */
const gchar *ae_cpu_level_name (AeCpuLevel level);

/* Returns: the number of processors this process may run on, at least 1. */
guint ae_cpu_n_processors (void);

G_END_DECLS
