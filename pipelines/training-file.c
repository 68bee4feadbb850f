/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training-file.h"
#include "ae-checkpoint.h"
#include "ae-error.h"
#include "ae-file.h"

#include <string.h>

/* What a file says of its schedule, around the seconds that training took. */
#define SCHEDULE "cosine, "
#define SECONDS " seconds"
#define MAX_SECONDS (366.0 * 24.0 * 3600.0)

gboolean
ae_training_file_save (const gchar * path, const AeTrainer * trainer,
    AeModel * model, const gchar * objective, double seconds, GError ** error)
{
  g_autofree gchar *schedule = g_strdup_printf (SCHEDULE "%.0f" SECONDS,
      CLAMP (seconds, 0.0, MAX_SECONDS));
  AeCheckpoint checkpoint = {
    .model = model,
    .is_better = TRUE,
    .published_at = ae_trainer_n_steps (trainer),
    .objective = (gchar *) objective,
    .schedule = schedule,
    .rate_scale = 1.0f,
  };
  gboolean ok;

  if (path == NULL)
    return TRUE;
  checkpoint.state = ae_trainer_state (trainer);
  ok = ae_checkpoint_save (&checkpoint, path, error);
  ae_trainer_state_free (checkpoint.state);
  return ok;
}

static gboolean
parse_seconds (const gchar * schedule, const gchar * path, double *seconds,
    GError ** error)
{
  const gboolean is_ours = g_str_has_prefix (schedule, SCHEDULE)
      && g_str_has_suffix (schedule, SECONDS);
  gchar *end = NULL;

  *seconds = is_ours ? g_ascii_strtod (schedule + strlen (SCHEDULE), &end)
      : -1.0;
  if (*seconds >= 0.0 && *seconds <= MAX_SECONDS
      && end > schedule + strlen (SCHEDULE) && strcmp (end, SECONDS) == 0)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
      "%s: the schedule is \"%s\"; expected \"%sN%s\", N in 0 ... %.0f", path,
      schedule, SCHEDULE, SECONDS, MAX_SECONDS);
  return FALSE;
}

gboolean
ae_training_file_go_on (const gchar * path, AeTrainer * trainer,
    const AeArchitecture * architecture, const gchar * objective,
    double *seconds, GError ** error)
{
  g_autoptr (AeCheckpoint) checkpoint = NULL;

  if (path == NULL)
    return TRUE;
  ae_file_remove_partial (path);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  checkpoint = ae_checkpoint_load (path, error);
  if (checkpoint == NULL
      || !ae_checkpoint_check (checkpoint, architecture, objective, path, error)
      || !parse_seconds (checkpoint->schedule, path, seconds, error))
    return FALSE;
  ae_trainer_restore (trainer, checkpoint->state);
  g_print ("going on from step %" G_GUINT64_FORMAT " of %s\n",
      ae_trainer_n_steps (trainer), path);
  return TRUE;
}
