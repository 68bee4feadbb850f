/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-schedule.h"

#include <math.h>

const gchar *
ae_schedule_name (AeScheduleKind kind)
{
  static const gchar *const names[AE_N_SCHEDULES] = {
    "constant", "step", "cosine"
  };

  g_return_val_if_fail ((guint) kind < AE_N_SCHEDULES, NULL);
  return names[kind];
}

float
ae_schedule_rate (const AeSchedule * schedule, guint64 step)
{
  guint64 n_warmup = schedule->n_warmup;
  guint64 n = MAX (schedule->n_steps, n_warmup + 1) - n_warmup;
  double progress;

  if (step < n_warmup)
    return schedule->peak * (float) (step + 1) / (float) n_warmup;
  progress = MIN ((double) (step - n_warmup) / (double) n, 1.0);
  switch (schedule->kind) {
    case AE_SCHEDULE_STEP:
      return schedule->peak
          * (progress < 0.5 ? 1.0f : progress < 0.75 ? 0.1f : 0.01f);
    case AE_SCHEDULE_COSINE:
      return schedule->peak
          * (float) (0.01 + 0.99 * 0.5 * (1.0 + cos (G_PI * progress)));
    case AE_SCHEDULE_CONSTANT:
    default:
      return schedule->peak;
  }
}
