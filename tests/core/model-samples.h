/* Models, and a directory to keep them in. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <string.h>

#include "ae-error.h"
#include "ae-model.h"

/* Of one test: tcase_add_checked_fixture (tcase, make_directory,
 * remove_directory). */
static gchar *directory;

static inline void
make_directory (void)
{
  directory = g_dir_make_tmp ("ae-model-XXXXXX", NULL);
  fail_unless (directory != NULL);
}

static inline guint
n_files (void)
{
  g_autoptr (GDir) dir = g_dir_open (directory, 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  return n;
}

static inline void
remove_directory (void)
{
  GDir *dir = g_dir_open (directory, 0, NULL);
  const gchar *name;

  while ((name = g_dir_read_name (dir)) != NULL) {
    g_autofree gchar *path = g_build_filename (directory, name, NULL);

    g_remove (path);
  }
  g_dir_close (dir);
  fail_unless (g_rmdir (directory) == 0);
  g_clear_pointer (&directory, g_free);
}

static inline gchar *
path_of (const gchar * name)
{
  return g_build_filename (directory, name, NULL);
}

static inline AeModel *
make_model (const gchar * text, guint c, guint seed, GHashTable * metadata)
{
  const AeShape input = { c, 0, 0 };
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse (text, &input, NULL);
  g_autoptr (AeWeights) weights = NULL;
  AeRng rng;

  ae_rng_init (&rng, seed);
  weights = ae_weights_new_random (architecture, &rng);
  return ae_model_new (architecture, weights, metadata, NULL);
}

static inline void
assert_equal_models (const AeModel * a, const AeModel * b)
{
  GHashTableIter iter;
  gpointer key, value;

  fail_unless_equals_string (a->architecture->text, b->architecture->text);
  fail_unless_equals_uint64 (a->weights->n, b->weights->n);
  fail_unless (memcmp (a->weights->data, b->weights->data,
          a->weights->n * sizeof (float)) == 0);
  fail_unless_equals_int (g_hash_table_size (a->metadata),
      g_hash_table_size (b->metadata));
  g_hash_table_iter_init (&iter, a->metadata);
  while (g_hash_table_iter_next (&iter, &key, &value))
    fail_unless_equals_string (value, g_hash_table_lookup (b->metadata, key));
}

static inline AeModel *
load (const gchar * path)
{
  g_autoptr (GError) error = NULL;
  AeModel *model = ae_model_load (path, &error);

  g_assert_no_error (error);
  return model;
}
