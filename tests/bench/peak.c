/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "peak.h"
#include "vector.h"

#define CHAINS 12               /* hide the latency, and fit the registers */
#define ROUNDS 200000

double AE_KERNEL_NAME (ae_peak_) (void)
{
  const Vector factor = (Vector) { 0 } +0.5f;
  Vector sum[CHAINS] = { {0} };

  for (guint i = 0; i < ROUNDS; i++) {
    UNROLL for (guint j = 0; j < CHAINS; j++) {
      sum[j] = sum[j] * factor + factor;
      /* the compiler may not think the loop through */
      __asm__ volatile ("":"+x" (sum[j]));
    }
  }
  return 2.0 * LANES * CHAINS * ROUNDS;
}
