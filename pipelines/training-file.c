/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "training-file.h"
#include "ae-checkpoint.h"
#include "ae-error.h"
#include "ae-file.h"

#include <string.h>

gboolean
ae_training_file_save (const gchar * path, const AeTrainer * trainer,
    AeModel * model, const gchar * objective, double seconds, GError ** error)
{
  g_autofree gchar *schedule = g_strdup_printf ("cosine, %.0f seconds",
      seconds);
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

gboolean
ae_training_file_go_on (const gchar * path, AeTrainer * trainer,
    const gchar * architecture_text, const gchar * objective, double *seconds,
    GError ** error)
{
  g_autoptr (AeCheckpoint) checkpoint = NULL;
  const gchar *found, *comma;

  if (path == NULL)
    return TRUE;
  ae_file_remove_partial (path);
  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  checkpoint = ae_checkpoint_load (path, error);
  if (checkpoint == NULL)
    return FALSE;
  found = checkpoint->model->architecture->text;
  if (strcmp (checkpoint->objective, objective) != 0
      || strcmp (found, architecture_text) != 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "%s: a training of \"%s\": %s; expected \"%s\": %s", path, found,
        checkpoint->objective, architecture_text, objective);
    return FALSE;
  }
  ae_trainer_restore (trainer, checkpoint->state);
  comma = strchr (checkpoint->schedule, ',');
  *seconds = comma ? g_ascii_strtod (comma + 1, NULL) : 0.0;
  g_print ("going on from step %" G_GUINT64_FORMAT " of %s\n",
      ae_trainer_n_steps (trainer), path);
  return TRUE;
}
