/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model-facts.h"

static gchar *option_name, *option_licence, *option_data;

const GOptionEntry ae_model_facts_entries[] = {
  {"name", 0, 0, G_OPTION_ARG_STRING, &option_name,
      "Name to store in the model file", "TEXT"},
  {"licence", 0, 0, G_OPTION_ARG_STRING, &option_licence,
      "Licence to store in the model file", "TEXT"},
  {"data", 0, 0, G_OPTION_ARG_STRING, &option_data,
      "What it was trained on, to store in the model file", "TEXT"},
  G_OPTION_ENTRY_NULL
};

static void
insert (GHashTable * facts, const gchar * key, const gchar * value)
{
  if (value)
    g_hash_table_insert (facts, (gpointer) key, g_strdup (value));
}

GHashTable *
ae_model_facts (const gchar * task, const gchar * media, guint64 n_steps)
{
  GHashTable *facts = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      g_free);

  insert (facts, "task", task);
  insert (facts, "media", media);
  g_hash_table_insert (facts, (gpointer) "steps",
      g_strdup_printf ("%" G_GUINT64_FORMAT, n_steps));
  insert (facts, "name", option_name);
  insert (facts, "licence", option_licence);
  insert (facts, "data", option_data);
  return facts;
}
