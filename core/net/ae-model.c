/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-model.h"
#include "ae-error.h"

#include <string.h>

AeModel *
ae_model_new (AeArchitecture * architecture, AeWeights * weights,
    GHashTable * metadata, GError ** error)
{
  AeModel *model;
  GHashTableIter iter;
  gpointer key, value;

  if (weights->n != architecture->n_weights) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "%" G_GSIZE_FORMAT " weights, the architecture has %"
        G_GSIZE_FORMAT, weights->n, architecture->n_weights);
    return NULL;
  }
  model = g_new0 (AeModel, 1);
  g_atomic_ref_count_init (&model->ref_count);
  model->architecture = ae_architecture_ref (architecture);
  model->weights = ae_weights_ref (weights);
  model->metadata = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      g_free);
  if (metadata) {
    g_hash_table_iter_init (&iter, metadata);
    while (g_hash_table_iter_next (&iter, &key, &value))
      g_hash_table_insert (model->metadata, g_utf8_make_valid (key, -1),
          g_utf8_make_valid (value, -1));
  }
  return model;
}

AeModel *
ae_model_new_int8 (const AeModel * model, AeInt8 * int8)
{
  AeModel *quantised = ae_model_new (model->architecture, model->weights,
      model->metadata, NULL);

  quantised->int8 = ae_int8_ref (int8);
  return quantised;
}

AeModel *
ae_model_ref (AeModel * model)
{
  g_atomic_ref_count_inc (&model->ref_count);
  return model;
}

void
ae_model_unref (AeModel * model)
{
  if (model == NULL || !g_atomic_ref_count_dec (&model->ref_count))
    return;
  ae_architecture_unref (model->architecture);
  ae_weights_unref (model->weights);
  ae_int8_unref (model->int8);
  g_hash_table_unref (model->metadata);
  g_free (model);
}

/* docs/model-file.md, section 7. */
gchar *
ae_model_fingerprint (const AeModel * model)
{
  const AeArchitecture *architecture = model->architecture;
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree gchar *head = g_strdup_printf ("%s\n%ux%ux%u\n",
      architecture->text,
      architecture->input.c,
      architecture->input.h,
      architecture->input.w);

  g_checksum_update (checksum, (const guchar *) head, -1);
  for (guint i = 0; i < architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &architecture->layers[i].params[j];

      for (gsize k = 0; k < ae_param_n_stored (param); k++) {
        guint32 bits;

        memcpy (&bits, model->weights->data + param->offset + k, sizeof bits);
        bits = GUINT32_TO_LE (bits);
        g_checksum_update (checksum, (const guchar *) &bits, sizeof bits);
      }
    }
  }
  return g_strdup (g_checksum_get_string (checksum));
}

static gchar **search_path;

void
ae_model_set_search_path (const gchar * const *directories)
{
  g_strfreev (search_path);
  search_path = g_strdupv ((gchar **) directories);
}

static gchar *
find_in (const gchar * const *directories, const gchar * file,
    GString * looked_at)
{
  for (guint i = 0; directories && directories[i]; i++) {
    g_autofree gchar *path = g_build_filename (directories[i], file, NULL);

    if (directories[i][0] == '\0')
      continue;
    if (g_file_test (path, G_FILE_TEST_EXISTS))
      return g_steal_pointer (&path);
    g_string_append_printf (looked_at, "%s %s", looked_at->len ? "," : "",
        path);
  }
  return NULL;
}

/* Looks for @file; @kind and @name stand for it in errors. */
static gchar *
find (const gchar * file, const gchar * kind, const gchar * name,
    GError ** error)
{
  g_autoptr (GString) looked_at = g_string_new (NULL);
  const gchar *variable = g_getenv ("AE_MODEL_PATH");
  g_auto (GStrv) user = variable ? g_strsplit (variable, ":", -1) : NULL;
  gchar *path = find_in ((const gchar * const *) user, file, looked_at);

  if (path == NULL)
    path = find_in ((const gchar * const *) search_path, file, looked_at);
  if (path == NULL)
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FOUND,
        "there is no %s \"%s\"; looked for%s; AE_MODEL_PATH can name more "
        "directories", kind, name, looked_at->len ? looked_at->str
        : " nothing");
  return path;
}

gchar *
ae_model_find (const gchar * name, GError ** error)
{
  g_autofree gchar *file = g_strconcat (name, AE_MODEL_EXTENSION, NULL);

  if (strchr (name, '/') || g_str_has_suffix (name, AE_MODEL_EXTENSION)) {
    if (g_file_test (name, G_FILE_TEST_EXISTS))
      return g_strdup (name);
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FOUND,
        "there is no model file %s", name);
    return NULL;
  }
  return find (file, "model", name, error);
}

gchar *
ae_model_find_beside (const gchar * name, GError ** error)
{
  return find (name, "file or folder", name, error);
}
