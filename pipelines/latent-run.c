/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "latent-run.h"
#include "ae-schedule.h"

#include <math.h>

#define N_LEVELS AE_SYMBOLS_N_LEVELS
#define WARM_STEPS 200

static void
print_loss (const AeLatentRun * run, const AeLatentLoss * sum, guint64 step,
    double seconds, guint n)
{
  g_print ("step %" G_GUINT64_FORMAT " of %" G_GINT64_FORMAT
      ", %.0f s, objective %.4f, trained on:", step, MAX (run->n_steps, 0),
      seconds, sum->objective / n);
  for (guint level = 0; level < N_LEVELS; level++)
    g_print (" %.3f:%.2f", sum->bits[level] / sum->places[level],
        -10 * log10 (sum->error[level] / sum->places[level]));
  g_print ("\n");
}

static void
add_loss (AeLatentLoss * sum, const AeLatentLoss * loss)
{
  sum->objective += loss->objective;
  for (guint level = 0; level < N_LEVELS; level++) {
    sum->bits[level] += loss->bits[level];
    sum->error[level] += loss->error[level];
    sum->places[level] += loss->places[level];
  }
}

/* The learning rate at @seconds of a training of so many minutes, or at @step of
 * so many: half a cosine, so that it ends when the time does. */
static float
rate_at (const AeLatentRun * run, guint64 step, double seconds)
{
  const guint n_parts = 10000;
  AeSchedule schedule = { AE_SCHEDULE_COSINE, run->rate, n_parts, 0 };
  double share = run->n_steps >= 0 ? (double) step
      / (double) MAX (run->n_steps, 1) : seconds / (60 * run->minutes);
  float warm = MIN (1.0f, (float) (step + 1) / WARM_STEPS);

  return warm * ae_schedule_rate (&schedule,
      (guint64) (n_parts * MIN (share, 1.0)));
}

static gboolean
is_done (const AeLatentRun * run, guint64 step, double seconds)
{
  return run->n_steps >= 0 ? step >= (guint64) run->n_steps
      : seconds >= 60 * run->minutes;
}

gboolean
ae_latent_run (AeLatentTrainer * trainer, const AeLatentRun * run,
    GError ** error)
{
  gint64 begin_us = g_get_monotonic_time ();
  AeLatentLoss sum = { 0 };
  guint64 step = 0;
  guint n = 0;

  while (TRUE) {
    double seconds = (double) (g_get_monotonic_time () - begin_us) / 1e6;
    gboolean done = is_done (run, step, seconds);
    AeLatentLoss loss;

    if (done || (step > 0 && step % run->report_steps == 0)) {
      if (n > 0)
        print_loss (run, &sum, step, seconds, n);
      if (!run->finish (run->data, trainer, step, error))
        return FALSE;
      sum = (AeLatentLoss) {
      0};
      n = 0;
    }
    if (done)
      return TRUE;
    if (!ae_latent_trainer_step (trainer, rate_at (run, step, seconds), &loss,
            error))
      return FALSE;
    add_loss (&sum, &loss);
    step++;
    n++;
  }
}
