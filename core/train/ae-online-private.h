/* The inside of training on a stream. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-checkpoint.h"
#include "ae-gate.h"
#include "ae-online.h"
#include "ae-report.h"
#include "ae-reservoir.h"

G_BEGIN_DECLS

struct _AeOnline
{
  AeOnlineConfig config;
  AeModel *start;
  AeSlot *slot;
  AeOnlineFunc func;
  gpointer data;
  AePatches patches;            /* unless config has another material */
  AeMaterial material;
  AeReservoir *pieces, *held_out;
  gint n_dropped;               /* atomic */
  gint cancelled;               /* atomic: no judgement is to be ended */
  GThread *thread;

  /* of the stream's thread */
  float *offered;
  guint64 n_offered, hash;

  /* of the worker */
  AeTrainer *trainer;
  AeGate *gate;
  AeTrainerState *good;         /* of the last judgement */
  AeStreamPosition position, good_position;     /* of the last step, of good */
  float rate_scale;
  guint64 published_at, judged_at;
  guint64 n_made;               /* steps since it started */
  double turn_us;               /* running mean, of a step and all around it */
  gboolean is_better;           /* best is not where training started */
  gboolean unsaved;             /* good is not in the checkpoint */
  gint64 saved_at;              /* in us of the monotonic clock */
  AeReporter *reporter;         /* NULL without a slot */
  gint64 reported_us;

  GMutex lock;
  GCond changed;
  gboolean quit, flushing;
  gboolean stream_ended;        /* the worker is to write a checkpoint */
  guint budget;                 /* steps that the stream waits for */
  AeStreamPosition at;          /* of the stream */
  AeStreamPosition resumed;     /* where training went on */
  AeModel *best;
  AeOnlineStats stats;
};

void ae_online_notify (AeOnline * online, AeOnlineEvent event,
    const GError * error);

/* Back to the last good state, at half the rate. */
void ae_online_trip (AeOnline * online);

/* Judges the weights on what is held out. */
void ae_online_evaluate (AeOnline * online);

/* Whether it diverged too often, or max_steps have been made. */
gboolean ae_online_has_ended (const AeOnline * online);

/* Follows what is offered, so that another stream can be told from this one. */
void ae_online_hash (AeOnline * online, const float *piece);

/**
 * ae_online_next_frame:
 * @is_other: (out): not the stream that the checkpoint was made on
 *
 * With steps_per_frame, of the stream's thread and under the lock: a frame has
 * been offered. Returns: how many steps it waits for. Frames that the checkpoint
 * has seen wait for none: they fill the reservoirs as they did then.
 */
guint ae_online_next_frame (AeOnline * online, gboolean * is_other);

/* The worker takes a step, under the lock. */
void ae_online_follow_stream (AeOnline * online);

/* The next frame is the first of another stream. */
void ae_online_forget_position (AeOnline * online);

/* Goes on from config.checkpoint, if it is there. Errors: those of
 * ae_checkpoint_load(), AE_ERROR_SHAPE for another architecture and
 * AE_ERROR_UNSUPPORTED for another objective. */
gboolean ae_online_resume (AeOnline * online, GError ** error);

/* Writes what was good at the last judgement, if it has not been written;
 * ae_online_save_if_due() does so when it is time. */
void ae_online_save (AeOnline * online);
void ae_online_save_if_due (AeOnline * online);

G_END_DECLS
