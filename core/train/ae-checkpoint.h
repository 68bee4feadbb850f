/* A training kept in a file. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-model-extras.h"
#include "ae-trainer.h"

G_BEGIN_DECLS

/**
 * AeStreamPosition: where in the stream a training is, and what has come of it.
 * @n_frames: frames of the stream that have been offered whole; 0 where no
 *   frame waits for its steps
 * @n_steps_left: steps of the last of these frames that have not been made
 * @n_patches: patches offered, and @hash: of their first rows
 */
typedef struct
{
  guint64 n_frames, n_steps_left;
  guint64 n_patches, hash;
} AeStreamPosition;

/**
 * AeCheckpoint: all that a training on a stream goes on from.
 * @model: the best so far, which is what the file is to other readers
 * @is_better: whether @model is better than where training started
 * @published_at: the step of which @model is
 * @objective: what is learned and how, a text; a training goes on with the same
 * @schedule: of the learning rate, a text; for readers
 * @state: of the trainer at the last judgement
 * @first: the loss that later ones are compared with; see AeGateVerdict
 * @rate_scale: of the learning rate, after @n_trips divergences
 */
typedef struct
{
  AeModel *model;
  gboolean is_better;
  guint64 published_at;
  gchar *objective, *schedule;
  AeTrainerState *state;
  double first;
  float rate_scale;
  guint n_trips;
  AeStreamPosition position;
} AeCheckpoint;

/**
 * ae_checkpoint_save:
 *
 * Writes a model file with the state of its training (docs/model-file.md,
 * section 11), as ae_model_save() does. Errors: AE_ERROR_IO.
 */
gboolean ae_checkpoint_save (const AeCheckpoint * checkpoint,
    const gchar * path, GError ** error);

/**
 * ae_checkpoint_load:
 *
 * Trusts nothing in the file. Errors: those of ae_model_load(); AE_ERROR_NOT_FOUND
 * for a model without a checkpoint.
 *
 * Returns: (transfer full) (nullable): the checkpoint.
 */
AeCheckpoint *ae_checkpoint_load (const gchar * path, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

/* The same from @size_bytes in memory; @where stands for the path in errors. */
AeCheckpoint *ae_checkpoint_load_bytes (const guint8 * bytes, gsize size_bytes,
    const gchar * where, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * ae_checkpoint_check:
 * @objective: of the training that is to go on
 * @where: stands for the file in errors
 *
 * Errors: AE_ERROR_SHAPE for the training of another architecture or input,
 * AE_ERROR_UNSUPPORTED for that of another objective.
 */
gboolean ae_checkpoint_check (const AeCheckpoint * checkpoint,
    const AeArchitecture * architecture, const gchar * objective,
    const gchar * where, GError ** error);

void ae_checkpoint_free (AeCheckpoint * checkpoint);    /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeCheckpoint, ae_checkpoint_free)

G_END_DECLS
