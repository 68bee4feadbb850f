/* Trains on a stream while it plays. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The stream's thread offers patches and never waits (unless it wants to); one
 * worker thread trains on a uniform sample of all that was offered, judges what
 * it has learned on patches that it does not train on, and publishes what is
 * better. */
#pragma once

#include "ae-objective.h"
#include "ae-schedule.h"
#include "ae-slot.h"
#include "ae-trainer.h"

G_BEGIN_DECLS

/**
 * AePublish: when the slot gets a new model.
 * @AE_PUBLISH_NEVER: never
 * @AE_PUBLISH_IMPROVED: when it is better on the held-out patches than the one
 *   published before, by more than the scatter of the difference explains
 * @AE_PUBLISH_INTERVAL: the same, but at most so often; and it only has to be no
 *   worse
 */
typedef enum
{
  AE_PUBLISH_NEVER,
  AE_PUBLISH_IMPROVED,
  AE_PUBLISH_INTERVAL
} AePublish;

/**
 * AeOnlineConfig:
 * @patch: shape of a patch; for colorize 3 channels, else those of the model
 * @reservoir_bytes: bound of the memory for patches
 * @max_steps: 0 = no end
 * @evaluate_every: steps from one judgement to the next
 * @publish_every: of AE_PUBLISH_INTERVAL: steps between publications
 * @cpu_share: 0..1 of one processor's time that the worker takes
 * @steps_per_frame: how many steps ae_online_end_frame() waits for; 0: none,
 *   the worker is on its own and sleeps as @cpu_share says
 * @from_random: the weights are no model yet: the first to be published has to
 *   be better than doing nothing
 */
typedef struct
{
  AeShape patch;
  AeObjective objective;
  AeTrainerConfig trainer;
  AeSchedule schedule;
  gsize reservoir_bytes;
  guint64 max_steps;
  guint evaluate_every, publish_every;
  AePublish publish;
  double cpu_share;
  guint steps_per_frame;
  gboolean from_random;
} AeOnlineConfig;

/**
 * AeOnlineStats:
 * @loss: running mean of the objective and its parts
 * @held_out, @published: mean loss on the held-out patches, of what is being
 *   trained and of what is published; negative while unknown
 * @psnr: of what is being trained against the held-out targets, in dB
 * @rate: learning rate
 * @n_dropped: patches lost because the worker had the reservoir
 * @n_trips: how often training diverged
 * @frozen: it diverged too often; training has ended
 */
typedef struct
{
  guint64 step, n_seen, n_held, n_dropped, generation;
  AeTrainerLoss loss;
  double held_out, published, psnr;
  double rate, steps_per_second;
  guint n_trips;
  gboolean frozen, finished;
} AeOnlineStats;

typedef enum
{
  AE_ONLINE_EVALUATED,
  AE_ONLINE_PUBLISHED,
  AE_ONLINE_DIVERGED,
  AE_ONLINE_FINISHED
} AeOnlineEvent;

/* Called from the worker's thread, without a lock. */
typedef void (*AeOnlineFunc) (gpointer data, AeOnlineEvent event,
    const AeOnlineStats * stats);

typedef struct _AeOnline AeOnline;

/**
 * ae_online_new:
 * @model: where training starts
 * @slot: (nullable) (transfer none): where to publish
 *
 * Starts the worker. Errors: those of ae_trainer_new() and ae_slot_claim().
 */
AeOnline *ae_online_new (AeModel * model, const AeOnlineConfig * config,
    AeSlot * slot, AeOnlineFunc func, gpointer data, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Stops the worker, within the time of a step, and leaves the slot. NULL is a no-op. */
void ae_online_free (AeOnline * online);

/* Offers a patch, which is copied when it is kept. */
void ae_online_offer (AeOnline * online, const AePatch * patch);

/**
 * ae_online_end_frame:
 *
 * With steps_per_frame, waits until they are done. Returns: %FALSE when the
 * wait was cancelled.
 */
gboolean ae_online_end_frame (AeOnline * online);

/* While @flushing, nothing waits. */
void ae_online_set_flushing (AeOnline * online, gboolean flushing);

void ae_online_get_stats (AeOnline * online, AeOnlineStats * stats);

/* Returns: (transfer full): the best model so far: what is published, or would
 * be. */
AeModel *ae_online_model (AeOnline * online) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeOnline, ae_online_free)

G_END_DECLS
