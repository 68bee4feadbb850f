/* Training on a stream goes on where a file ends. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-online-private.h"
#include "ae-file.h"

#include <string.h>

/* FNV-1a, a word at a time. */
#define HASH_BEGIN G_GUINT64_CONSTANT (0xcbf29ce484222325)
#define HASH_FACTOR G_GUINT64_CONSTANT (0x100000001b3)

void
ae_online_hash (AeOnline * online, const float *piece)
{
  guint64 hash = online->n_offered > 0 ? online->hash : HASH_BEGIN;

  for (guint i = 0; i < online->material.n_hashed; i++) {
    guint32 bits;

    memcpy (&bits, piece + i, sizeof bits);
    hash = (hash ^ bits) * HASH_FACTOR;
  }
  online->hash = hash;
}

guint
ae_online_next_frame (AeOnline * online, gboolean * is_other)
{
  AeStreamPosition *at = &online->at;
  const AeStreamPosition *resumed = &online->resumed;

  at->n_frames++;
  at->n_patches = online->n_offered;
  at->hash = online->hash;
  *is_other = FALSE;
  if (at->n_frames > resumed->n_frames)
    return online->config.steps_per_frame;
  if (at->n_frames < resumed->n_frames)
    return 0;
  *is_other = at->n_patches != resumed->n_patches || at->hash != resumed->hash;
  return (guint) resumed->n_steps_left;
}

void
ae_online_follow_stream (AeOnline * online)
{
  online->position = online->at;
  online->position.n_steps_left = online->budget > 0 ? online->budget - 1 : 0;
  if (online->config.steps_per_frame == 0)
    online->position.n_patches = ae_reservoir_n_seen (online->pieces)
        + ae_reservoir_n_seen (online->held_out);
}

void
ae_online_forget_position (AeOnline * online)
{
  g_mutex_lock (&online->lock);
  online->at.n_frames = online->resumed.n_frames = 0;
  g_mutex_unlock (&online->lock);
  online->unsaved |= online->good_position.n_frames > 0;
  online->position.n_frames = online->position.n_steps_left = 0;
  online->good_position.n_frames = online->good_position.n_steps_left = 0;
}

/* What has to be the same for a training to go on. */
static gchar *
describe_objective (const AeOnline * online)
{
  const AeTrainerConfig *trainer = &online->config.trainer;

  return g_strdup_printf ("%s, %s, %s", online->material.what,
      trainer->loss_func ? "own" : ae_loss_name (trainer->loss),
      ae_optimiser_name (trainer->optimiser.kind));
}

static gchar *
describe_schedule (const AeSchedule * schedule)
{
  return g_strdup_printf ("%s, peak %g, %" G_GUINT64_FORMAT " steps, %"
      G_GUINT64_FORMAT " of warm-up", ae_schedule_name (schedule->kind),
      (double) schedule->peak, schedule->n_steps, schedule->n_warmup);
}

static void
take_up (AeOnline * online, const AeCheckpoint * checkpoint)
{
  ae_trainer_restore (online->trainer, checkpoint->state);
  online->rate_scale = checkpoint->rate_scale;
  online->published_at = checkpoint->published_at;
  online->judged_at = checkpoint->state->n_steps;
  online->stats.step = checkpoint->state->n_steps;
  /* one that had ended is given another chance */
  online->stats.n_trips = checkpoint->n_trips % AE_ONLINE_MAX_TRIPS;
  online->is_better = checkpoint->is_better;
  if (checkpoint->is_better) {
    ae_model_unref (online->best);
    online->best = ae_model_ref (checkpoint->model);
    ae_gate_accept (online->gate, checkpoint->model->weights);
  }
  ae_gate_set_first (online->gate, checkpoint->first);
  online->position = checkpoint->position;
  if (online->config.steps_per_frame == 0)
    online->position.n_frames = online->position.n_steps_left = 0;
  online->resumed = online->good_position = online->position;
}

gboolean
ae_online_resume (AeOnline * online, GError ** error)
{
  const gchar *path = online->config.checkpoint;
  g_autofree gchar *objective = describe_objective (online);
  g_autoptr (AeCheckpoint) checkpoint = NULL;

  if (path == NULL)
    return TRUE;
  ae_file_remove_partial (path);
  if (!online->config.resume || !g_file_test (path, G_FILE_TEST_EXISTS))
    return TRUE;
  checkpoint = ae_checkpoint_load (path, error);
  if (checkpoint == NULL
      || !ae_checkpoint_check (checkpoint, online->start->architecture,
          objective, path, error))
    return FALSE;
  take_up (online, checkpoint);
  return TRUE;
}

void
ae_online_save (AeOnline * online)
{
  g_autofree gchar *objective = describe_objective (online);
  g_autofree gchar *schedule = describe_schedule (&online->config.schedule);
  g_autoptr (GError) error = NULL;
  AeCheckpoint checkpoint = {
    .model = online->best,.is_better = online->is_better,.published_at =
        online->published_at,.objective = objective,.schedule =
        schedule,.state = online->good,.first =
        ae_gate_first (online->gate),.rate_scale =
        online->rate_scale,.n_trips = online->stats.n_trips,.position =
        online->good_position
  };

  if (online->config.checkpoint == NULL || !online->unsaved)
    return;
  online->saved_at = g_get_monotonic_time ();
  if (ae_checkpoint_save (&checkpoint, online->config.checkpoint, &error))
    online->unsaved = FALSE;
  else
    ae_online_notify (online, AE_ONLINE_NOT_SAVED, error);
}

void
ae_online_save_if_due (AeOnline * online)
{
  gint64 since = g_get_monotonic_time () - online->saved_at;

  if (since >= (gint64) online->config.checkpoint_seconds * G_USEC_PER_SEC)
    ae_online_save (online);
}
