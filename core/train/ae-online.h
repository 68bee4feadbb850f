/* Trains on a stream while it plays. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * The stream's thread offers pieces of it, such as patches of pictures, and never
 * waits (unless it wants to); one worker thread trains on a uniform sample of all
 * that was offered, judges what it has learned on pieces that it does not train
 * on, and publishes what is better. */
#pragma once

#include "ae-gate.h"
#include "ae-patches.h"
#include "ae-schedule.h"
#include "ae-slot.h"
#include "ae-trainer.h"

G_BEGIN_DECLS

/* Divergences after which training ends. */
#define AE_ONLINE_MAX_TRIPS 5

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

/* Changes the weights in training, from the worker's thread. */
typedef void (*AeOnlineMixFunc) (gpointer data, guint64 n_steps,
    float *weights);

/* Returns: (transfer full): @model, with what its readers need beside the weights,
 * found by the pieces of @piece_size floats in @held_out. From the worker's
 * thread. */
typedef AeModel *(*AeOnlineFinishFunc) (AeModel * model,
    AeReservoir * held_out, gsize piece_size, const AeShape * patch);

/**
 * AeOnlineConfig:
 * @patch: shape of a patch; for colorize 3 channels, else those of the model.
 *   With @material, that of the model's input
 * @material: (nullable): what to train on instead of patches by @objective
 * @score: (nullable): as of ae_gate_new()
 * @score_name: (nullable): of what is told then, or `psnr`; a literal
 * @reservoir_bytes: bound of the memory for patches
 * @max_steps: 0 = no end
 * @evaluate_every: steps from one judgement to the next
 * @publish_every: of AE_PUBLISH_INTERVAL: steps between publications
 * @cpu_share: 0..1 of one processor's time that the worker takes
 * @steps_per_frame: how many steps ae_online_end_frame() waits for; 0: none,
 *   the worker is on its own and sleeps as @cpu_share says
 * @checkpoint: (nullable): file to write the training to: after a judgement,
 *   and at its end, the end of the stream, and when it is stopped
 * @checkpoint_seconds: least time from one to the next
 * @resume: go on where @checkpoint ends, if it is there
 * @mix: (nullable): called every @mix_every steps, with the data of
 *   ae_online_new()
 * @finish: (nullable): called with what is to be published
 * @from_random: the weights are no model yet: the first to be published has to
 *   be better than doing nothing
 */
typedef struct
{
  AeShape patch;
  AeObjective objective;
  const AeMaterial *material;
  AeGateScoreFunc score;
  const gchar *score_name;
  AeTrainerConfig trainer;
  AeSchedule schedule;
  gsize reservoir_bytes;
  guint64 max_steps;
  guint evaluate_every, publish_every;
  AePublish publish;
  double cpu_share;
  guint steps_per_frame;
  const gchar *checkpoint;
  guint checkpoint_seconds;
  gboolean resume;
  AeOnlineMixFunc mix;
  guint mix_every;
  AeOnlineFinishFunc finish;
  gboolean from_random;
} AeOnlineConfig;

/**
 * AeOnlineStats:
 * @loss: running mean of the objective and its parts
 * @held_out, @published: mean loss on the held-out patches, of what is being
 *   trained and of what is published; negative while unknown
 * @psnr: of what is being trained against the held-out targets, in dB; with
 *   AeOnlineConfig.score, that
 * @score_name: what @psnr is, AeOnlineConfig.score_name
 * @rate: learning rate
 * @steps_per_second: running mean by the clock, with judgements and rests, but
 *   without waits for the stream; 0 while unknown
 * @n_dropped: patches lost because the worker had the reservoir
 * @n_trips: how often training diverged
 * @frozen: it diverged too often, or was not prepared; training has ended
 */
typedef struct
{
  guint64 step, n_seen, n_held, n_dropped, generation;
  AeTrainerLoss loss;
  double held_out, published, psnr;
  const gchar *score_name;
  double rate, steps_per_second;
  guint n_trips;
  gboolean frozen, finished;
} AeOnlineStats;

/**
 * AeOnlineEvent:
 * @AE_ONLINE_NOT_SAVED: a checkpoint could not be written; training goes on
 * @AE_ONLINE_NOT_PREPARED: what training takes besides the stream cannot be had:
 *   there will be none
 * @AE_ONLINE_OTHER_STREAM: what was passed over, up to where the checkpoint
 *   ends, is not what it was made on
 */
typedef enum
{
  AE_ONLINE_EVALUATED,
  AE_ONLINE_PUBLISHED,
  AE_ONLINE_DIVERGED,
  AE_ONLINE_NOT_SAVED,
  AE_ONLINE_NOT_PREPARED,
  AE_ONLINE_OTHER_STREAM,
  AE_ONLINE_FINISHED
} AeOnlineEvent;

#define AE_ONLINE_N_EVENTS (AE_ONLINE_FINISHED + 1)

/* Called from the worker's thread, AE_ONLINE_OTHER_STREAM from the stream's,
 * without a lock. @error: of AE_ONLINE_NOT_SAVED and AE_ONLINE_NOT_PREPARED,
 * else NULL. */
typedef void (*AeOnlineFunc) (gpointer data, AeOnlineEvent event,
    const AeOnlineStats * stats, const GError * error);

typedef struct _AeOnline AeOnline;

/**
 * ae_online_new:
 * @model: where training starts
 * @slot: (nullable) (transfer none): where to publish
 *
 * Starts the worker. With config->resume and a checkpoint, training goes on from
 * there. With steps_per_frame and the same stream from its beginning, no step is
 * made until it is where the checkpoint was made; from there on training gives
 * the weights that it would have given without the interruption.
 *
 * Errors: those of ae_trainer_new(), ae_slot_claim() and ae_checkpoint_load();
 * AE_ERROR_SHAPE and AE_ERROR_UNSUPPORTED when the checkpoint is of another
 * architecture or objective. The file is then left as it is.
 */
AeOnline *ae_online_new (AeModel * model, const AeOnlineConfig * config,
    AeSlot * slot, AeOnlineFunc func, gpointer data, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* Stops the worker, within the time of a step, and leaves the slot. NULL is a no-op. */
void ae_online_free (AeOnline * online);

/* Whether patches of place @i_place are judged by, see AePatch. */
gboolean ae_online_holds_out (const AeOnline * online, guint64 i_place);

/* Offers a patch, which is copied when it is kept. */
void ae_online_offer (AeOnline * online, const AePatch * patch);

/* The same for AeOnlineConfig.material. @piece: its piece_size floats */
void ae_online_offer_piece (AeOnline * online, const float *piece);

/**
 * ae_online_end_frame:
 *
 * With steps_per_frame, waits until they are done. Returns: %FALSE when the
 * wait was cancelled.
 */
gboolean ae_online_end_frame (AeOnline * online);

/* The stream has ended: what was learned from it is judged and written to the
 * checkpoint, which is waited for, for less than a second. What is offered from
 * now on, here or after another start, is another stream. */
void ae_online_end_stream (AeOnline * online);

/* While @flushing, nothing waits. */
void ae_online_set_flushing (AeOnline * online, gboolean flushing);

void ae_online_get_stats (AeOnline * online, AeOnlineStats * stats);

/* Returns: (transfer full): the best model so far: what is published, or would
 * be. */
AeModel *ae_online_model (AeOnline * online) G_GNUC_WARN_UNUSED_RESULT;

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeOnline, ae_online_free)

G_END_DECLS
