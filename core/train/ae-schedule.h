/* Learning rates over a training. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AeScheduleKind: the rate after the warm-up.
 * @AE_SCHEDULE_CONSTANT: peak
 * @AE_SCHEDULE_STEP: peak, times a tenth after 1/2 and again after 3/4 of the
 *   steps
 * @AE_SCHEDULE_COSINE: half a cosine from peak down to peak / 100 (Loshchilov
 *   and Hutter 2017)
 */
typedef enum
{
  AE_SCHEDULE_CONSTANT,
  AE_SCHEDULE_STEP,
  AE_SCHEDULE_COSINE,
  AE_N_SCHEDULES
} AeScheduleKind;

/* Returns: (transfer none): `constant`, `step`, `cosine`. */
const gchar *ae_schedule_name (AeScheduleKind kind);

/**
 * AeSchedule:
 * @n_steps: of the whole training; of no effect on the constant rate
 * @n_warmup: the first steps, in which the rate rises evenly to @peak
 */
typedef struct
{
  AeScheduleKind kind;
  float peak;
  guint64 n_steps, n_warmup;
} AeSchedule;

/* Returns: the rate of step @step, 0 being the first; past the end that of the
 * end. */
float ae_schedule_rate (const AeSchedule * schedule, guint64 step);

G_END_DECLS
