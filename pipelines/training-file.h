/* A trainer's checkpoint: written with every report, gone on from if it is there. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-model.h"
#include "ae-trainer.h"

G_BEGIN_DECLS

/**
 * ae_training_file_save:
 * @path: (nullable): nothing is written without
 * @model: that of @trainer now, which is what the file is to other readers
 * @objective: what is learned and how; a training goes on with the same
 * @seconds: that training has taken
 *
 * Errors: AE_ERROR_IO; what was there before then stays.
 */
gboolean ae_training_file_save (const gchar * path,
    const AeTrainer * trainer, AeModel * model, const gchar * objective,
    double seconds, GError ** error);

/**
 * ae_training_file_go_on:
 * @path: (nullable): without, and where no such file is, training starts anew
 * @trainer: as made for @architecture; goes on as if it had never stopped
 * @seconds: (inout): becomes those that training took before
 *
 * Errors: those of ae_checkpoint_load() and ae_checkpoint_check();
 * AE_ERROR_CORRUPT where the seconds are no number or more than a year.
 */
gboolean ae_training_file_go_on (const gchar * path, AeTrainer * trainer,
    const AeArchitecture * architecture, const gchar * objective,
    double *seconds, GError ** error);

G_END_DECLS
