/* A training of a codec's model from its first step to its last. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "latent-trainer.h"

G_BEGIN_DECLS

/**
 * AeLatentRun:
 * @minutes: how long, if @n_steps is negative
 * @rate: peak of the learning rate, from which it falls by half a cosine
 * @report_steps: between calls of @finish
 * @finish: writes and judges what there is so far
 */
typedef struct
{
  double minutes;
  gint64 n_steps;
  float rate;
  guint report_steps;
  gboolean (*finish) (gconstpointer data, const AeLatentTrainer * trainer,
      guint64 n_steps, GError ** error);
  gconstpointer data;
} AeLatentRun;

gboolean ae_latent_run (AeLatentTrainer * trainer, const AeLatentRun * run,
    GError ** error);

G_END_DECLS
