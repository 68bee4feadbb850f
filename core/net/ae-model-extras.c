/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-model-extras.h"

#include <string.h>

static void
free_row (gpointer data)
{
  AeExtraRow *row = data;

  g_free (row->name);
  g_free (row->values);
  g_free (row);
}

AeModelExtras *
ae_model_extras_new (void)
{
  AeModelExtras *extras = g_new (AeModelExtras, 1);

  extras->strings = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      g_free);
  extras->rows = g_ptr_array_new_with_free_func (free_row);
  return extras;
}

void
ae_model_extras_free (AeModelExtras * extras)
{
  if (extras == NULL)
    return;
  g_hash_table_unref (extras->strings);
  g_ptr_array_unref (extras->rows);
  g_free (extras);
}

void
ae_model_extras_take_string (AeModelExtras * extras, const gchar * name,
    gchar * value)
{
  g_hash_table_insert (extras->strings, g_strdup (name), value);
}

void
ae_model_extras_take_row (AeModelExtras * extras, const gchar * name, gsize n,
    float *values)
{
  AeExtraRow *row = g_new (AeExtraRow, 1);

  row->name = g_strdup (name);
  row->n = n;
  row->values = values;
  g_ptr_array_add (extras->rows, row);
}

AeExtraRow *
ae_model_extras_row (const AeModelExtras * extras, const gchar * name)
{
  for (guint i = 0; i < extras->rows->len; i++) {
    AeExtraRow *row = g_ptr_array_index (extras->rows, i);

    if (strcmp (row->name, name) == 0)
      return row;
  }
  return NULL;
}

/* A line, which no name or value can be mistaken for part of: lengths first. */
static void
add_line (GChecksum * checksum, const gchar * name, const gchar * value)
{
  g_autofree gchar *line = g_strdup_printf ("%" G_GSIZE_FORMAT " %"
      G_GSIZE_FORMAT " %s %s\n",
      strlen (name), strlen (value),
      name, value);

  g_checksum_update (checksum, (const guchar *) line, -1);
}

static void
add_row (GChecksum * checksum, const AeExtraRow * row)
{
  g_autofree gchar *n = g_strdup_printf ("%" G_GSIZE_FORMAT, row->n);

  add_line (checksum, row->name, n);
  for (gsize i = 0; i < row->n; i++) {
    guint32 bits;

    memcpy (&bits, row->values + i, sizeof bits);
    bits = GUINT32_TO_LE (bits);
    g_checksum_update (checksum, (const guchar *) &bits, sizeof bits);
  }
}

gchar *
ae_model_extras_digest (const AeModelExtras * extras, const AeModel * model)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);
  g_autofree gchar *fingerprint = ae_model_fingerprint (model);
  g_autoptr (GList) names =
      g_list_sort (g_hash_table_get_keys (extras->strings),
      (GCompareFunc) strcmp);

  add_line (checksum, "", fingerprint);
  for (GList * l = names; l; l = l->next)
    add_line (checksum, l->data, g_hash_table_lookup (extras->strings,
            l->data));
  for (guint i = 0; i < extras->rows->len; i++)
    add_row (checksum, g_ptr_array_index (extras->rows, i));
  return g_strdup (g_checksum_get_string (checksum));
}
