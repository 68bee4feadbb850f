/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-online-private.h"
#include "ae-cpu.h"
#include "ae-pace.h"

#include <math.h>
#include <string.h>

#ifdef __linux__
#include <sys/resource.h>
#endif

#define N_HELD_OUT 64
/* Least memory, in pieces. */
#define MIN_HELD 32

/* A checkpoint that takes longer does not hold up the end of the stream. */
#define MAX_WAIT_US (900 * G_TIME_SPAN_MILLISECOND)

/* Between two reports to the slot. */
#define REPORT_US (G_USEC_PER_SEC / 2)

/* Share of samples that keep what the model knew, where it knew something. */
#define REHEARSAL 0.25f

/* Of the running means, in steps. */
#define MEAN_STEPS 50

gboolean
ae_online_holds_out (const AeOnline * online, guint64 i_place)
{
  return i_place % online->material.held_out_every == 0;
}

static void
offer (AeOnline * online, const float *piece, guint64 i_place)
{
  AeReservoir *reservoir = ae_online_holds_out (online, i_place)
      ? online->held_out : online->pieces;

  if (online->config.steps_per_frame > 0)
    ae_online_hash (online, piece);
  online->n_offered++;
  /* the worker may have been put off the processor while it has the lock */
  if (online->config.steps_per_frame > 0)
    ae_reservoir_add (reservoir, piece);
  else if (!ae_reservoir_try_add (reservoir, piece))
    g_atomic_int_inc (&online->n_dropped);
}

void
ae_online_offer_piece (AeOnline * online, const float *piece)
{
  offer (online, piece, online->n_offered);
}

void
ae_online_offer (AeOnline * online, const AePatch * patch)
{
  ae_patches_pack (&online->patches, patch, online->offered);
  offer (online, online->offered, patch->i_place);
}

/* An AeSampleFunc on the reservoir. */
static void
draw_sample (gpointer data, AeRng * rng, AeSample * sample)
{
  AeOnline *online = data;

  online->material.draw (online->material.data, online->pieces, rng, sample);
}

/* A held-out piece as training sees those it has, an AeReportFunc. */
static void
report_sample (gpointer data, guint i, AeRng * rng, AeSample * sample, float *x)
{
  AeOnline *online = data;

  online->material.show (online->material.data, online->held_out, i, rng,
      sample, x);
}

/* Shows in the slot how it is going. */
static void
report (AeOnline * online)
{
  g_autoptr (AeWeights) weights = NULL;
  g_autoptr (AeReport) made = NULL;
  AeOnlineStats stats;

  if (online->reporter == NULL)
    return;
  weights = ae_trainer_weights (online->trainer, NULL);
  if (weights == NULL)
    return;
  ae_online_get_stats (online, &stats);
  made = ae_reporter_make (online->reporter, &stats, weights,
      online->material.show ? ae_reservoir_n_held (online->held_out) : 0,
      report_sample, online);
  ae_slot_report (online->slot, online, made);
  online->reported_us = g_get_monotonic_time ();
}

void
ae_online_notify (AeOnline * online, AeOnlineEvent event, const GError * error)
{
  AeOnlineStats stats;

  ae_online_get_stats (online, &stats);
  if (online->func)
    online->func (online->data, event, &stats, error);
}

static void
follow (double *mean, double value, guint64 n)
{
  *mean += (value - *mean) / (double) MIN (n, MEAN_STEPS);
}

static void
follow_loss (AeTrainerLoss * mean, const AeTrainerLoss * loss, guint64 n)
{
  follow (&mean->total, loss->total, n);
  follow (&mean->loss, loss->loss, n);
  follow (&mean->code_l1, loss->code_l1, n);
  follow (&mean->sparsity, loss->sparsity, n);
  follow (&mean->contractive, loss->contractive, n);
  follow (&mean->kl, loss->kl, n);
  follow (&mean->prior, loss->prior, n);
}

/* The moments of the optimiser stay each trainer's own. */
static void
mix (AeOnline * online)
{
  AeTrainerState *state = ae_trainer_state (online->trainer);

  online->config.mix (online->data, state->n_steps, state->weights);
  ae_trainer_restore (online->trainer, state);
  ae_trainer_state_free (state);
}

/* One step, and what is due after it. */
static void
step (AeOnline * online)
{
  guint64 n = ae_trainer_n_steps (online->trainer);
  float rate = online->rate_scale
      * ae_schedule_rate (&online->config.schedule, n);
  AeTrainerLoss loss;

  if (!ae_trainer_step (online->trainer, draw_sample, online, rate, &loss,
          NULL)) {
    ae_online_trip (online);
    return;
  }
  n = ae_trainer_n_steps (online->trainer);
  online->n_made++;
  g_mutex_lock (&online->lock);
  online->stats.step = n;
  online->stats.rate = (double) rate;
  follow_loss (&online->stats.loss, &loss, online->n_made);
  g_mutex_unlock (&online->lock);
  if (online->config.mix && n % online->config.mix_every == 0)
    mix (online);
  if (n % online->config.evaluate_every == 0 || n == online->config.max_steps) {
    ae_online_evaluate (online);
    ae_online_save_if_due (online);
    report (online);
  } else if (g_get_monotonic_time () >= online->reported_us + REPORT_US) {
    report (online);
  }
}

gboolean
ae_online_has_ended (const AeOnline * online)
{
  return online->stats.frozen || online->stats.finished;
}

/* Under the lock. */
static gboolean
may_step (AeOnline * online)
{
  return !ae_online_has_ended (online)
      && (online->config.steps_per_frame == 0 || online->budget > 0)
      && ae_reservoir_n_held (online->held_out) > 0
      && ae_reservoir_n_held (online->pieces) >= online->material.n_min;
}

static gboolean
has_made_all (const AeOnline * online)
{
  return online->config.max_steps > 0
      && ae_trainer_n_steps (online->trainer) >= online->config.max_steps;
}

static void
rest (AeOnline * online, const AePace * pace)
{
  gint64 end = g_get_monotonic_time ()
      + ae_pace_rest_us (pace, online->config.cpu_share,
      ae_cpu_n_processors ());

  g_mutex_lock (&online->lock);
  while (!online->quit && !online->stream_ended
      && g_cond_wait_until (&online->changed, &online->lock, end));
  g_mutex_unlock (&online->lock);
}

/* A step, what is due after it, and the rest, unless the stream waits for the next
 * step or there is none. */
static void
work_a_turn (AeOnline * online)
{
  const gint64 begin = g_get_monotonic_time ();

  if (online->config.steps_per_frame > 0) {
    step (online);
  } else {
    AePace pace;

    ae_pace_begin (&pace);
    step (online);
    ae_pace_end (&pace);
    if (!has_made_all (online))
      rest (online, &pace);
  }
  /* the mean of times: that of their inverses would be that of the short ones */
  follow (&online->turn_us, (double) (g_get_monotonic_time () - begin),
      MAX (online->n_made, 1));
  g_mutex_lock (&online->lock);
  online->stats.steps_per_second = 1e6 / MAX (online->turn_us, 1.0);
  g_mutex_unlock (&online->lock);
}

static void
finish_if_due (AeOnline * online)
{
  if (has_made_all (online)) {
    g_mutex_lock (&online->lock);
    online->stats.finished = TRUE;
    g_mutex_unlock (&online->lock);
    ae_online_save (online);
    report (online);
    ae_online_notify (online, AE_ONLINE_FINISHED, NULL);
  }
}

/* What was learned to the end of the stream is judged and written. A training
 * that ended before it goes on where it ended, if it is let. */
static void
end_stream (AeOnline * online)
{
  if (!ae_online_has_ended (online)) {
    ae_online_forget_position (online);
    if (ae_trainer_n_steps (online->trainer) > online->judged_at)
      ae_online_evaluate (online);
  }
  ae_online_save (online);
}

/* The end of the stream, if it has come. Under the lock. */
static gboolean
end_stream_if_due (AeOnline * online)
{
  if (!online->stream_ended)
    return FALSE;
  g_mutex_unlock (&online->lock);
  end_stream (online);
  g_mutex_lock (&online->lock);
  online->stream_ended = FALSE;
  g_cond_broadcast (&online->changed);
  return TRUE;
}

/* What training takes besides the stream. Without it there is none. */
static void
prepare (AeOnline * online)
{
  g_autoptr (GError) error = NULL;

  if (online->material.prepare == NULL
      || online->material.prepare (online->material.data, &online->cancelled,
          &error))
    return;
  g_mutex_lock (&online->lock);
  online->stats.frozen = TRUE;
  g_mutex_unlock (&online->lock);
  if (error && !g_atomic_int_get (&online->cancelled))
    ae_online_notify (online, AE_ONLINE_NOT_PREPARED, error);
}

static gpointer
work (gpointer data)
{
  AeOnline *online = data;

  /* threads that this starts are others' later, and begin as it is */
  prepare (online);
#ifdef __linux__
  /* of this thread alone: whoever plays comes first, unless it waits for this */
  if (online->config.steps_per_frame == 0)
    setpriority (PRIO_PROCESS, 0, 19);
#endif
  finish_if_due (online);
  g_mutex_lock (&online->lock);
  while (!online->quit) {
    if (end_stream_if_due (online))
      continue;
    if (!may_step (online)) {
      /* the stream does not wait for what cannot be */
      online->budget = 0;
      g_cond_broadcast (&online->changed);
      g_cond_wait (&online->changed, &online->lock);
      continue;
    }
    ae_online_follow_stream (online);
    g_mutex_unlock (&online->lock);
    work_a_turn (online);
    finish_if_due (online);
    g_mutex_lock (&online->lock);
    if (online->budget > 0 && --online->budget == 0)
      g_cond_broadcast (&online->changed);
  }
  end_stream_if_due (online);
  g_mutex_unlock (&online->lock);
  ae_online_save (online);
  return NULL;
}

gboolean
ae_online_end_frame (AeOnline * online)
{
  gboolean done, is_other;

  if (online->config.steps_per_frame == 0) {
    /* whoever has the lock is awake */
    if (g_mutex_trylock (&online->lock)) {
      g_cond_broadcast (&online->changed);
      g_mutex_unlock (&online->lock);
    }
    return TRUE;
  }
  g_mutex_lock (&online->lock);
  online->budget = ae_online_next_frame (online, &is_other);
  g_cond_broadcast (&online->changed);
  while (online->budget > 0 && !online->flushing && !online->quit)
    g_cond_wait (&online->changed, &online->lock);
  done = online->budget == 0;
  g_mutex_unlock (&online->lock);
  if (is_other)
    ae_online_notify (online, AE_ONLINE_OTHER_STREAM, NULL);
  return done;
}

void
ae_online_end_stream (AeOnline * online)
{
  gint64 end = g_get_monotonic_time () + MAX_WAIT_US;
  gboolean is_other;

  if (online->config.checkpoint == NULL)
    return;
  g_mutex_lock (&online->lock);
  is_other = online->at.n_frames < online->resumed.n_frames;
  online->stream_ended = TRUE;
  g_cond_broadcast (&online->changed);
  while (online->stream_ended && !online->flushing && !online->quit
      && g_cond_wait_until (&online->changed, &online->lock, end));
  g_mutex_unlock (&online->lock);
  if (is_other)
    ae_online_notify (online, AE_ONLINE_OTHER_STREAM, NULL);
}

void
ae_online_set_flushing (AeOnline * online, gboolean flushing)
{
  g_mutex_lock (&online->lock);
  online->flushing = flushing;
  g_cond_broadcast (&online->changed);
  g_mutex_unlock (&online->lock);
}

void
ae_online_get_stats (AeOnline * online, AeOnlineStats * stats)
{
  g_mutex_lock (&online->lock);
  *stats = online->stats;
  g_mutex_unlock (&online->lock);
  stats->n_seen = ae_reservoir_n_seen (online->pieces)
      + ae_reservoir_n_seen (online->held_out);
  stats->n_dropped = (guint64) g_atomic_int_get (&online->n_dropped);
  stats->n_held = ae_reservoir_n_held (online->pieces)
      + ae_reservoir_n_held (online->held_out);
}

AeModel *
ae_online_model (AeOnline * online)
{
  AeModel *model;

  g_mutex_lock (&online->lock);
  model = ae_model_ref (online->best);
  g_mutex_unlock (&online->lock);
  return model;
}

static void
make_reservoirs (AeOnline * online)
{
  gsize size = online->material.piece_size, held_out_bytes;

  held_out_bytes = N_HELD_OUT * size * sizeof (float);
  held_out_bytes = MIN (held_out_bytes, online->config.reservoir_bytes / 4);
  online->pieces = ae_reservoir_new (size,
      MAX (online->config.reservoir_bytes - held_out_bytes,
          MIN_HELD * size * sizeof (float)), online->config.trainer.seed);
  online->held_out = ae_reservoir_new (size, held_out_bytes,
      online->config.trainer.seed + 1);
}

/* An empty slot gets what was published before the checkpoint. */
static gboolean
claim_slot (AeOnline * online, AeSlot * slot, GError ** error)
{
  g_autoptr (AeModel) published = NULL;
  guint64 generation = 0;

  if (!ae_slot_claim (slot, online, online->start->architecture, error))
    return FALSE;
  online->slot = ae_slot_ref (slot);
  online->reporter = ae_reporter_new (online->start->architecture,
      &online->config.patch, online->config.objective.kind);
  published = ae_slot_poll (slot, &generation);
  if (published == NULL && online->is_better
      && online->config.publish != AE_PUBLISH_NEVER)
    online->stats.generation = ae_slot_publish (slot, online, online->best);
  return TRUE;
}

/* What training is of: the configuration's, or patches. */
static void
choose_material (AeOnline * online)
{
  const AeOnlineConfig *config = &online->config;
  AeTrainerConfig *trainer = &online->config.trainer;
  gboolean is_temporal = config->objective.kind == AE_OBJECTIVE_TEMPORAL;

  trainer->height = config->patch.h;
  trainer->width = config->patch.w;
  if (config->material) {
    online->material = *config->material;
    trainer->masked = trainer->anchor_func != NULL;
  } else {
    online->patches = (AePatches) {
    config->patch, config->objective, online->start->architecture->n_given,
          0.0f};
    trainer->masked = ae_objective_is_masked (config->objective.kind);
    if (is_temporal && !config->from_random)
      online->patches.rehearsal = REHEARSAL;
    online->material = ae_patches_material (&online->patches);
  }
  /* what moves, and what else is rehearsed, is to be left as the model has it */
  if ((config->material ? trainer->masked : is_temporal)
      && !config->from_random)
    trainer->anchor = online->start->weights;
  online->offered = g_new (float, online->material.piece_size);
  make_reservoirs (online);
}

AeOnline *
ae_online_new (AeModel * model, const AeOnlineConfig * config, AeSlot * slot,
    AeOnlineFunc func, gpointer data, GError ** error)
{
  g_autoptr (AeOnline) online = g_new0 (AeOnline, 1);
  AeWeights *best = config->from_random ? NULL : model->weights;

  g_mutex_init (&online->lock);
  g_cond_init (&online->changed);
  online->config = *config;
  online->config.checkpoint = g_strdup (config->checkpoint);
  online->start = ae_model_ref (model);
  online->best = ae_model_ref (model);
  online->func = func;
  online->data = data;
  online->rate_scale = 1.0f;
  online->stats.held_out = online->stats.published = -1.0;
  online->stats.score_name = config->score_name ? config->score_name : "psnr";
  choose_material (online);
  online->trainer = ae_trainer_new (model->architecture, model->weights,
      &online->config.trainer, error);
  if (online->trainer == NULL)
    return NULL;
  online->gate = ae_gate_new (model->architecture, &online->config.trainer,
      config->score, best, online->material.flat);
  if (!ae_online_resume (online, error))
    return NULL;
  online->good = ae_trainer_state (online->trainer);
  online->saved_at = g_get_monotonic_time ();
  if (slot && !claim_slot (online, slot, error))
    return NULL;
  online->thread = g_thread_new ("ae-train", work, online);
  return g_steal_pointer (&online);
}

void
ae_online_free (AeOnline * online)
{
  if (online == NULL)
    return;
  if (online->thread) {
    g_atomic_int_set (&online->cancelled, TRUE);
    g_mutex_lock (&online->lock);
    online->quit = TRUE;
    g_cond_broadcast (&online->changed);
    g_mutex_unlock (&online->lock);
    g_thread_join (online->thread);
  }
  if (online->slot)
    ae_slot_release (online->slot, online);
  ae_slot_unref (online->slot);
  ae_reporter_free (online->reporter);
  ae_gate_free (online->gate);
  ae_trainer_state_free (online->good);
  ae_trainer_free (online->trainer);
  ae_reservoir_free (online->pieces);
  ae_reservoir_free (online->held_out);
  ae_model_unref (online->start);
  ae_model_unref (online->best);
  g_free (online->offered);
  g_free ((gchar *) online->config.checkpoint);
  g_mutex_clear (&online->lock);
  g_cond_clear (&online->changed);
  g_free (online);
}
