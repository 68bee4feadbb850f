/* Judges, and publishes what is better. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-online-private.h"

#include <math.h>

/* A loss so many times the first, and this much more, is no fluctuation. */
#define DIVERGED 10.0
#define DIVERGED_BY 0.01

/* From one try to the next nearer to the start, and the last but the start. */
#define NEARER 0.75f
#define NEAREST 0.05f

/* The held-out pieces as the gate's samples. */
static void
held_out_sample (gpointer data, guint i, AeRng * rng, AeSample * sample)
{
  AeOnline *online = data;

  online->material.judge (online->material.data, online->held_out, i, rng,
      sample);
}

/* Back to the last good state, at half the rate. */
void
ae_online_trip (AeOnline * online)
{
  ae_trainer_restore (online->trainer, online->good);
  online->rate_scale *= 0.5f;
  g_mutex_lock (&online->lock);
  online->stats.n_trips++;
  online->stats.frozen = online->stats.n_trips >= AE_ONLINE_MAX_TRIPS;
  g_mutex_unlock (&online->lock);
  ae_online_notify (online, AE_ONLINE_DIVERGED, NULL);
}

/* Returns: (transfer full): what is published of @weights. */
static AeModel *
finish_model (AeOnline * online, AeWeights * weights)
{
  AeModel *model = ae_model_new (online->start->architecture, weights,
      online->start->metadata, NULL);
  AeModel *finished;

  if (online->config.finish == NULL)
    return model;
  finished = online->config.finish (model, online->held_out,
      online->material.piece_size, &online->config.patch);
  ae_model_unref (model);
  return finished;
}

static void
publish (AeOnline * online, AeWeights * weights)
{
  g_autoptr (AeModel) model = finish_model (online, weights);
  AeModel *before;
  guint64 generation = 0;

  if (online->slot && online->config.publish != AE_PUBLISH_NEVER)
    generation = ae_slot_publish (online->slot, online, model);
  g_mutex_lock (&online->lock);
  before = online->best;
  online->best = ae_model_ref (model);
  online->stats.generation = generation;
  g_mutex_unlock (&online->lock);
  ae_model_unref (before);
  online->is_better = TRUE;
  online->published_at = ae_trainer_n_steps (online->trainer);
  ae_online_notify (online, AE_ONLINE_PUBLISHED, NULL);
}

static gboolean
is_better (const AeOnline * online, const AeGateVerdict * verdict)
{
  guint64 step = ae_trainer_n_steps (online->trainer);

  if (online->config.publish != AE_PUBLISH_INTERVAL)
    return verdict->gain > 2.0 * verdict->deviation;
  return verdict->gain >= 0.0
      && step >= online->published_at + online->config.publish_every;
}

static guint
n_judged (const AeOnline * online)
{
  guint n_held = ae_reservoir_n_held (online->held_out);

  return n_held > 0 && online->material.n_judged > 0
      ? online->material.n_judged : n_held;
}

/* A sample of what is not to be forgotten, for the gate. */
static void
remembered_sample (gpointer data, guint i, AeRng * rng, AeSample * sample)
{
  AeOnline *online = data;

  online->material.remember (online->material.data, online->held_out, i, rng,
      sample);
}

/* Returns: (transfer full): weights between those of the start, 0, and @weights,
 * 1. */
static AeWeights *
go_part_of_the_way (const AeOnline * online, AeWeights * weights, float part)
{
  const AeWeights *start = online->start->weights;
  g_autofree float *between = NULL;

  if (part == 1.0f)
    return ae_weights_ref (weights);
  between = g_new (float, start->n);
  for (gsize i = 0; i < start->n; i++)
    between[i] = start->data[i] + part * (weights->data[i] - start->data[i]);
  return ae_weights_new_copy (between, start->n, NULL);
}

/* Goes back from @weights towards the start until nothing is forgotten: on that
 * way what was learned is lost more slowly than what was forgotten comes back
 * (Wortsman et al. 2022). Returns: (transfer full): NULL when cancelled. */
static AeWeights *
remember (AeOnline * online, AeWeights * weights)
{
  float part = online->material.furthest;
  double gain;

  for (;;) {
    g_autoptr (AeWeights) nearer = go_part_of_the_way (online, weights, part);

    /* the stream goes on meanwhile, and changes what is held out */
    if (!ae_gate_compare (online->gate, nearer, online->start->weights,
            online->material.n_remembered, remembered_sample, online,
            &online->cancelled, &gain))
      return NULL;
    if (gain >= -online->material.forgets_db || part == 0.0f)
      return g_steal_pointer (&nearer);
    part = part > NEAREST ? NEARER * part : 0.0f;
  }
}

static gboolean
judge (AeOnline * online, AeWeights * weights, AeGateVerdict * verdict)
{
  return ae_gate_judge (online->gate, weights, n_judged (online),
      held_out_sample, online, &online->cancelled, verdict);
}

/* Returns: %FALSE when cancelled. */
static gboolean
remember_and_judge (AeOnline * online, AeWeights ** weights,
    AeGateVerdict * verdict)
{
  g_autoptr (AeWeights) all = *weights;

  *weights = remember (online, all);
  return *weights && (*weights == all || judge (online, *weights, verdict));
}

static gboolean
has_diverged (const AeGateVerdict * verdict)
{
  return !isfinite (verdict->candidate)
      || verdict->candidate > DIVERGED * verdict->first + DIVERGED_BY;
}

void
ae_online_evaluate (AeOnline * online)
{
  g_autoptr (AeWeights) weights = ae_trainer_weights (online->trainer, NULL);
  AeGateVerdict verdict;

  if (weights && !judge (online, weights, &verdict))
    return;
  if (weights == NULL || has_diverged (&verdict)) {
    ae_online_trip (online);
    return;
  }
  /* after that: what goes back towards the start looks well again */
  if (online->material.remember && !online->config.from_random
      && !remember_and_judge (online, &weights, &verdict))
    return;
  ae_trainer_state_free (online->good);
  online->good = ae_trainer_state (online->trainer);
  online->good_position = online->position;
  online->judged_at = online->good->n_steps;
  online->unsaved = TRUE;
  g_mutex_lock (&online->lock);
  online->stats.held_out = verdict.candidate;
  online->stats.psnr = verdict.psnr;
  g_mutex_unlock (&online->lock);
  if (is_better (online, &verdict)) {
    ae_gate_accept (online->gate, weights);
    verdict.best = verdict.candidate;
    g_mutex_lock (&online->lock);
    online->stats.published = verdict.best;
    g_mutex_unlock (&online->lock);
    publish (online, weights);
  } else {
    g_mutex_lock (&online->lock);
    online->stats.published = verdict.best;
    g_mutex_unlock (&online->lock);
  }
  ae_online_notify (online, AE_ONLINE_EVALUATED, NULL);
}
