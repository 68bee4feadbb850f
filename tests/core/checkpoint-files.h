/* Checkpoints of trainings on waves, in a folder of each test's own. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "waves.h"
#include <glib/gstdio.h>
#include <string.h>

#include "ae-checkpoint.h"
#include "ae-error.h"

static gchar *directory, *path, *other_path;

static guint n_events[AE_ONLINE_N_EVENTS];

static inline void
setup (void)
{
  directory = g_dir_make_tmp ("ae-checkpoint-XXXXXX", NULL);
  path = g_build_filename (directory, "a.safetensors", NULL);
  other_path = g_build_filename (directory, "b.safetensors", NULL);
  memset (n_events, 0, sizeof n_events);
}

static inline void
teardown (void)
{
  g_remove (path);
  g_remove (other_path);
  fail_unless (g_rmdir (directory) == 0);
  g_free (directory);
  g_free (path);
  g_free (other_path);
}

static inline void
count_event (gpointer data, AeOnlineEvent event, const AeOnlineStats * stats,
    const GError * error)
{
  fail_unless ((error != NULL) == (event == AE_ONLINE_NOT_SAVED));
  n_events[event]++;
}

static inline AeOnline *
start (const AeOnlineConfig * config)
{
  g_autoptr (AeModel) model = waves_model (WAVES_TEXT);
  g_autoptr (GError) error = NULL;
  AeOnline *online = ae_online_new (model, config, NULL, count_event, NULL,
      &error);

  fail_unless (online != NULL, "%s", error ? error->message : "");
  return online;
}

/* Trains on the stream of waves from its beginning up to @max_steps. */
static inline void
train (AeOnlineConfig config, const gchar * checkpoint, guint64 max_steps)
{
  g_autoptr (AeOnline) online = NULL;

  config.checkpoint = checkpoint;
  config.max_steps = max_steps;
  online = start (&config);
  waves_play (online, 10000);
}

static inline AeCheckpoint *
load (const gchar * file)
{
  g_autoptr (GError) error = NULL;
  AeCheckpoint *checkpoint = ae_checkpoint_load (file, &error);

  fail_unless (checkpoint != NULL, "%s", error ? error->message : "");
  return checkpoint;
}
