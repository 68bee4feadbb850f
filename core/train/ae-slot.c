/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-slot.h"
#include "ae-error.h"
#include "ae-report.h"

#include <string.h>

struct _AeSlot
{
  gchar *name;
  guint n_refs;                 /* under the lock of all slots */

  GMutex lock;
  gconstpointer owner;
  AeModel *model;
  guint64 generation;
  AeReport *report;
};

static GMutex slots_lock;
static GHashTable *slots;       /* name -> AeSlot, not owned */

AeSlot *
ae_slot_get (const gchar * name)
{
  AeSlot *slot;

  g_return_val_if_fail (name != NULL, NULL);
  g_mutex_lock (&slots_lock);
  if (slots == NULL)
    slots = g_hash_table_new (g_str_hash, g_str_equal);
  slot = g_hash_table_lookup (slots, name);
  if (slot == NULL) {
    slot = g_new0 (AeSlot, 1);
    slot->name = g_strdup (name);
    g_mutex_init (&slot->lock);
    g_hash_table_insert (slots, slot->name, slot);
  }
  slot->n_refs++;
  g_mutex_unlock (&slots_lock);
  return slot;
}

AeSlot *
ae_slot_ref (AeSlot * slot)
{
  g_mutex_lock (&slots_lock);
  slot->n_refs++;
  g_mutex_unlock (&slots_lock);
  return slot;
}

void
ae_slot_unref (AeSlot * slot)
{
  if (slot == NULL)
    return;
  g_mutex_lock (&slots_lock);
  if (--slot->n_refs > 0) {
    g_mutex_unlock (&slots_lock);
    return;
  }
  g_hash_table_remove (slots, slot->name);
  if (g_hash_table_size (slots) == 0)
    g_clear_pointer (&slots, g_hash_table_unref);
  g_mutex_unlock (&slots_lock);
  ae_model_unref (slot->model);
  ae_report_unref (slot->report);
  g_mutex_clear (&slot->lock);
  g_free (slot->name);
  g_free (slot);
}

const gchar *
ae_slot_name (const AeSlot * slot)
{
  return slot->name;
}

static gboolean
same_architecture (const AeArchitecture * a, const AeArchitecture * b)
{
  return strcmp (a->text, b->text) == 0
      && memcmp (&a->input, &b->input, sizeof a->input) == 0;
}

gboolean
ae_slot_claim (AeSlot * slot, gconstpointer owner,
    const AeArchitecture * architecture, GError ** error)
{
  gboolean ok = FALSE;

  g_mutex_lock (&slot->lock);
  if (slot->owner != NULL && slot->owner != owner) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "slot \"%s\" has a trainer already, expected one for each slot",
        slot->name);
  } else if (slot->model != NULL
      && !same_architecture (slot->model->architecture, architecture)) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "slot \"%s\" holds a model \"%s\", found \"%s\", expected the same",
        slot->name, slot->model->architecture->text, architecture->text);
  } else {
    slot->owner = owner;
    ok = TRUE;
  }
  g_mutex_unlock (&slot->lock);
  return ok;
}

void
ae_slot_release (AeSlot * slot, gconstpointer owner)
{
  g_mutex_lock (&slot->lock);
  if (slot->owner == owner)
    slot->owner = NULL;
  g_mutex_unlock (&slot->lock);
}

guint64
ae_slot_publish (AeSlot * slot, gconstpointer owner, AeModel * model)
{
  AeModel *before = NULL;
  guint64 generation;

  g_mutex_lock (&slot->lock);
  if (slot->owner == owner) {
    before = slot->model;
    slot->model = ae_model_ref (model);
    slot->generation++;
  }
  generation = slot->generation;
  g_mutex_unlock (&slot->lock);
  ae_model_unref (before);
  return generation;
}

AeModel *
ae_slot_poll (AeSlot * slot, guint64 * generation)
{
  AeModel *model = NULL;

  /* a trainer of low priority may have it: then what is new comes a frame later */
  if (!g_mutex_trylock (&slot->lock))
    return NULL;
  if (slot->model != NULL && slot->generation != *generation) {
    model = ae_model_ref (slot->model);
    *generation = slot->generation;
  }
  g_mutex_unlock (&slot->lock);
  return model;
}

gboolean
ae_slot_is_claimed (AeSlot * slot)
{
  gboolean claimed;

  g_mutex_lock (&slot->lock);
  claimed = slot->owner != NULL;
  g_mutex_unlock (&slot->lock);
  return claimed;
}

void
ae_slot_report (AeSlot * slot, gconstpointer owner, AeReport * report)
{
  AeReport *before = NULL;

  g_mutex_lock (&slot->lock);
  if (slot->owner == owner) {
    before = slot->report;
    slot->report = ae_report_ref (report);
  }
  g_mutex_unlock (&slot->lock);
  ae_report_unref (before);
}

AeReport *
ae_slot_get_report (AeSlot * slot)
{
  AeReport *report;

  g_mutex_lock (&slot->lock);
  report = slot->report ? ae_report_ref (slot->report) : NULL;
  g_mutex_unlock (&slot->lock);
  return report;
}
