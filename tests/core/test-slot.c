/* Slots: who may publish, and what readers see. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "ae-error.h"
#include "ae-slot.h"

/* All weights are @value. */
static AeModel *
new_model (const gchar * text, float value)
{
  const AeShape input = { 4, 1, 1 };
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse (text, &input, NULL);
  g_autofree float *data = g_new (float, architecture->n_weights);
  g_autoptr (AeWeights) weights = NULL;

  for (gsize i = 0; i < architecture->n_weights; i++)
    data[i] = value;
  weights = ae_weights_new_copy (data, architecture->n_weights, NULL);
  return ae_model_new (architecture, weights, NULL, NULL);
}

#define SMALL "dense 2 | dense 4"

GST_START_TEST (test_readers_get_each_model_once)
{
  g_autoptr (AeSlot) slot = ae_slot_get ("a");
  g_autoptr (AeSlot) same = ae_slot_get ("a");
  g_autoptr (AeSlot) other = ae_slot_get ("b");
  g_autoptr (AeModel) one = new_model (SMALL, 1.0f);
  g_autoptr (AeModel) two = new_model (SMALL, 2.0f);
  guint64 early = 0, late = 0;
  AeModel *got;

  fail_unless (slot == same && slot != other);
  fail_unless (ae_slot_poll (slot, &early) == NULL);
  fail_unless (ae_slot_claim (slot, &one, one->architecture, NULL));
  fail_unless_equals_uint64 (ae_slot_publish (slot, &one, one), 1);
  got = ae_slot_poll (slot, &early);
  fail_unless (got == one && early == 1);
  ae_model_unref (got);
  fail_unless (ae_slot_poll (slot, &early) == NULL);
  fail_unless_equals_uint64 (ae_slot_publish (slot, &one, two), 2);
  got = ae_slot_poll (slot, &early);
  fail_unless (got == two);
  ae_model_unref (got);
  /* one that comes later finds the newest */
  got = ae_slot_poll (same, &late);
  fail_unless (got == two && late == 2);
  ae_model_unref (got);
  fail_unless (ae_slot_poll (other, &late) == NULL);
}

GST_END_TEST;

GST_START_TEST (test_a_slot_has_one_trainer_and_one_architecture)
{
  g_autoptr (AeSlot) slot = ae_slot_get ("a");
  g_autoptr (AeModel) one = new_model (SMALL, 1.0f);
  g_autoptr (AeModel) large = new_model ("dense 3 | dense 4", 1.0f);
  g_autoptr (GError) error = NULL;
  guint64 generation = 0;

  fail_unless (ae_slot_claim (slot, &one, one->architecture, NULL));
  fail_if (ae_slot_claim (slot, &large, one->architecture, &error));
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_UNSUPPORTED));
  fail_unless (strstr (error->message, "\"a\"") != NULL);
  g_clear_error (&error);
  ae_slot_publish (slot, &one, one);
  /* who is not the trainer changes nothing */
  ae_slot_release (slot, &large);
  ae_slot_publish (slot, &large, large);
  ae_slot_release (slot, &one);
  fail_if (ae_slot_claim (slot, &large, large->architecture, &error));
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_SHAPE));
  /* another trainer of the same architecture goes on */
  fail_unless (ae_slot_claim (slot, &large, one->architecture, NULL));
  {
    g_autoptr (AeModel) got = ae_slot_poll (slot, &generation);

    fail_unless (got == one && generation == 1);
  }
  ae_slot_release (slot, &large);
}

GST_END_TEST;

GST_START_TEST (test_a_slot_that_nobody_holds_forgets_its_model)
{
  g_autoptr (AeModel) one = new_model (SMALL, 1.0f);
  guint64 generation = 0;
  AeSlot *slot = ae_slot_get ("a");

  fail_unless (ae_slot_claim (slot, &one, one->architecture, NULL));
  ae_slot_publish (slot, &one, one);
  ae_slot_release (slot, &one);
  ae_slot_unref (slot);
  slot = ae_slot_get ("a");
  fail_unless (ae_slot_poll (slot, &generation) == NULL);
  ae_slot_unref (slot);
}

GST_END_TEST;

static gint stop;
static gint n_watching;         /* readers that have seen a model */

/* Every model that is seen is whole, and never older than the last. */
static gpointer
read_models (gpointer data)
{
  g_autoptr (AeSlot) slot = ae_slot_get ("stress");
  guint64 generation = 0, last = 0;
  guint n_seen = 0;

  while (!g_atomic_int_get (&stop)) {
    g_autoptr (AeModel) model = ae_slot_poll (slot, &generation);

    if (model == NULL)
      continue;
    if (n_seen++ == 0)
      g_atomic_int_inc (&n_watching);
    if (generation <= last)
      return GINT_TO_POINTER (-1);
    last = generation;
    for (gsize i = 0; i < model->weights->n; i++) {
      if (model->weights->data[i] != model->weights->data[0])
        return GINT_TO_POINTER (-1);
    }
  }
  return GINT_TO_POINTER ((gint) n_seen);
}

GST_START_TEST (test_readers_never_see_a_part_of_a_model)
{
  enum
  { N_READERS = 3, N_MODELS = 2000 };
  g_autoptr (AeSlot) slot = ae_slot_get ("stress");
  GThread *readers[N_READERS];
  gint owner;

  for (guint i = 0; i < N_READERS; i++)
    readers[i] = g_thread_new ("reader", read_models, NULL);
  for (guint i = 0; i < N_MODELS; i++) {
    g_autoptr (AeModel) model = new_model (SMALL, (float) i);

    if (i == 0)
      fail_unless (ae_slot_claim (slot, &owner, model->architecture, NULL));
    fail_unless_equals_uint64 (ae_slot_publish (slot, &owner, model), i + 1);
    /* on a busy machine a thread may begin late */
    while (g_atomic_int_get (&n_watching) < N_READERS)
      g_usleep (100);
  }
  g_atomic_int_set (&stop, 1);
  for (guint i = 0; i < N_READERS; i++)
    fail_unless (GPOINTER_TO_INT (g_thread_join (readers[i])) > 0);
}

GST_END_TEST;

static Suite *
slot_suite (void)
{
  Suite *suite = suite_create ("slot");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_readers_get_each_model_once);
  tcase_add_test (tcase, test_a_slot_has_one_trainer_and_one_architecture);
  tcase_add_test (tcase, test_a_slot_that_nobody_holds_forgets_its_model);
  tcase_add_test (tcase, test_readers_never_see_a_part_of_a_model);
  return suite;
}

GST_CHECK_MAIN (slot);
