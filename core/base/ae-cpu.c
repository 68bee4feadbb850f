/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-cpu.h"

static const gchar *const level_names[AE_N_CPU_LEVELS] =
    { "c", "avx2", "avx512", "vnni" };

static AeCpuLevel
detect (void)
{
#if defined (__x86_64__)
  __builtin_cpu_init ();
  if (__builtin_cpu_supports ("avx512f") && __builtin_cpu_supports ("avx512bw")
      && __builtin_cpu_supports ("avx512dq")
      && __builtin_cpu_supports ("avx512vl"))
    return __builtin_cpu_supports ("avx512vnni") ? AE_CPU_VNNI : AE_CPU_AVX512;
  if (__builtin_cpu_supports ("avx2") && __builtin_cpu_supports ("fma"))
    return AE_CPU_AVX2;
#endif
  return AE_CPU_C;
}

static AeCpuLevel
choose (void)
{
  AeCpuLevel level = detect ();
  const gchar *wanted = g_getenv ("AE_CPU");

  if (wanted == NULL)
    return level;
  for (guint i = 0; i < AE_N_CPU_LEVELS; i++) {
    if (g_ascii_strcasecmp (wanted, level_names[i]) == 0) {
      if (i <= level)
        return i;
      g_warning ("AE_CPU=%s: this processor supports %s at most", wanted,
          level_names[level]);
      return level;
    }
  }
  g_warning ("AE_CPU=%s is not known, expected c, avx2, avx512 or vnni",
      wanted);
  return level;
}

AeCpuLevel
ae_cpu_level (void)
{
  static gsize chosen;          /* level + 1 once known */

  if (g_once_init_enter (&chosen))
    g_once_init_leave (&chosen, (gsize) choose () + 1);
  return (AeCpuLevel) (chosen - 1);
}

const gchar *
ae_cpu_level_name (AeCpuLevel level)
{
  g_return_val_if_fail (level < AE_N_CPU_LEVELS, NULL);
  return level_names[level];
}

guint
ae_cpu_n_processors (void)
{
  return MAX (g_get_num_processors (), 1);
}
