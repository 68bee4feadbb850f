/* Training on a stream: learning, the gate, divergence, waiting. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "waves.h"

/* What the worker reports, in the order in which it does. */
typedef struct
{
  GMutex lock;
  guint n[AE_ONLINE_N_EVENTS];
} Log;

static void
take_note (gpointer data, AeOnlineEvent event, const AeOnlineStats * stats,
    const GError * error)
{
  Log *log = data;

  g_mutex_lock (&log->lock);
  log->n[event]++;
  g_mutex_unlock (&log->lock);
}

GST_START_TEST (test_a_stream_is_learned_and_published_when_better)
{
  g_autoptr (AeModel) start = waves_model (WAVES_TEXT);
  g_autoptr (AeSlot) slot = ae_slot_get ("a");
  AeOnlineConfig config = waves_config ();
  g_autoptr (AeOnline) online = NULL;
  g_autoptr (AeModel) published = NULL;
  g_autoptr (AeModel) best = NULL;
  guint64 generation = 0;
  AeOnlineStats stats;
  Log log = {.n = {0}
  };

  config.steps_per_frame = 2;
  config.max_steps = 400;
  config.from_random = TRUE;
  online = ae_online_new (start, &config, slot, take_note, &log, NULL);
  fail_unless (online != NULL);
  fail_unless (waves_play (online, 1000) < 400);
  ae_online_get_stats (online, &stats);
  fail_unless (stats.finished && stats.step == 400);
  fail_unless (stats.n_seen > 1600 && stats.n_held > 500);
  published = ae_slot_poll (slot, &generation);
  best = ae_online_model (online);
  fail_unless (published != NULL && published == best);
  fail_unless_equals_uint64 (generation, stats.generation);
  fail_unless_equals_int (log.n[AE_ONLINE_PUBLISHED], generation);
  fail_unless_equals_int (log.n[AE_ONLINE_FINISHED], 1);
  fail_unless_equals_int (log.n[AE_ONLINE_DIVERGED], 0);
  /* noise of sigma 30 is 0.0138; the published model leaves less */
  fail_unless (stats.published > 0.0 && stats.published < 0.007, "%g",
      stats.published);
  fail_unless (stats.psnr > 21.5, "%g", stats.psnr);
}

GST_END_TEST;

/* A rate that spoils everything it touches. */
GST_START_TEST (test_a_bad_rate_never_lowers_what_is_published)
{
  g_autoptr (AeModel) start = waves_model (WAVES_TEXT);
  g_autoptr (AeSlot) slot = ae_slot_get ("a");
  g_autoptr (AeModel) trained = NULL;
  AeOnlineConfig config = waves_config ();
  g_autoptr (AeOnline) online = NULL;
  guint64 generation = 0;
  AeOnlineStats stats;
  Log log = {.n = {0}
  };

  config.steps_per_frame = 4;
  config.max_steps = 300;
  online = ae_online_new (start, &config, NULL, NULL, NULL, NULL);
  waves_play (online, 200);
  trained = ae_online_model (online);
  ae_online_free (g_steal_pointer (&online));

  config.schedule.peak = 30.0f;
  config.trainer.ema = 0.0f;
  config.max_steps = 0;
  online = ae_online_new (trained, &config, slot, take_note, &log, NULL);
  waves_play (online, 400);
  ae_online_get_stats (online, &stats);
  fail_unless (stats.frozen, "%u trips", stats.n_trips);
  fail_unless_equals_int (log.n[AE_ONLINE_DIVERGED], 5);
  fail_unless_equals_int (log.n[AE_ONLINE_PUBLISHED], 0);
  fail_unless (ae_slot_poll (slot, &generation) == NULL);
  /* the stream goes on, and does not wait for a trainer that has ended */
  waves_offer (online, 0, 8);
  fail_unless (ae_online_end_frame (online));
}

GST_END_TEST;

GST_START_TEST (test_waiting_streams_give_the_same_weights_each_time)
{
  g_autoptr (AeModel) start = waves_model (WAVES_TEXT);
  AeOnlineConfig config = waves_config ();
  g_autoptr (AeModel) first = NULL;

  config.steps_per_frame = 3;
  config.max_steps = 90;
  for (guint i = 0; i < 2; i++) {
    g_autoptr (AeOnline) online =
        ae_online_new (start, &config, NULL, NULL, NULL, NULL);
    g_autoptr (AeModel) model = NULL;

    waves_play (online, 100);
    model = ae_online_model (online);
    fail_if (memcmp (model->weights->data, start->weights->data,
            model->weights->n * sizeof (float)) == 0);
    if (first == NULL)
      first = g_steal_pointer (&model);
    else
      fail_unless (memcmp (model->weights->data, first->weights->data,
              first->weights->n * sizeof (float)) == 0);
  }
}

GST_END_TEST;

static gpointer
wait_for_frame (gpointer data)
{
  return GINT_TO_POINTER (ae_online_end_frame (data));
}

GST_START_TEST (test_a_flush_ends_the_wait_at_once)
{
  g_autoptr (AeModel) start = waves_model (WAVES_TEXT);
  AeOnlineConfig config = waves_config ();
  g_autoptr (AeOnline) online = NULL;
  GThread *thread;
  gint64 begin;

  config.steps_per_frame = 1000000;
  online = ae_online_new (start, &config, NULL, NULL, NULL, NULL);
  waves_offer (online, 0, 200);
  thread = g_thread_new ("stream", wait_for_frame, online);
  g_usleep (50000);
  begin = g_get_monotonic_time ();
  ae_online_set_flushing (online, TRUE);
  fail_if (GPOINTER_TO_INT (g_thread_join (thread)));
  ae_online_free (g_steal_pointer (&online));
  fail_unless (g_get_monotonic_time () - begin < G_USEC_PER_SEC);
}

GST_END_TEST;

/* On its own, the worker neither waits for frames nor holds them up. */
GST_START_TEST (test_a_live_stream_is_not_held_up)
{
  g_autoptr (AeModel) start = waves_model (WAVES_TEXT);
  AeOnlineConfig config = waves_config ();
  g_autoptr (AeOnline) online = NULL;
  AeOnlineStats stats = { 0 };
  gint64 begin;

  config.cpu_share = 0.5;
  online = ae_online_new (start, &config, NULL, NULL, NULL, NULL);
  begin = g_get_monotonic_time ();
  for (guint i = 0; i < 1000; i++) {
    waves_offer (online, i * 2, 2);
    fail_unless (ae_online_end_frame (online));
  }
  fail_unless (g_get_monotonic_time () - begin < 2 * G_USEC_PER_SEC);
  for (guint i = 0; i < 100 && stats.step < 20; i++) {
    g_usleep (20000);
    ae_online_get_stats (online, &stats);
  }
  fail_unless (stats.step >= 20);
}

GST_END_TEST;

/* Most of the time goes into judgements and rests. */
GST_START_TEST (test_the_rate_of_steps_is_that_of_the_clock)
{
  g_autoptr (AeModel) start = waves_model (WAVES_TEXT);
  AeOnlineConfig config = waves_config ();
  g_autoptr (AeOnline) online = NULL;
  AeOnlineStats stats;
  gint64 begin;
  double rate;

  config.cpu_share = 0.5;
  config.evaluate_every = 2;
  config.max_steps = 40;
  online = ae_online_new (start, &config, NULL, NULL, NULL, NULL);
  waves_offer (online, 0, 600);
  begin = g_get_monotonic_time ();
  fail_unless (ae_online_end_frame (online));
  do {
    g_usleep (500);
    ae_online_get_stats (online, &stats);
  } while (!stats.finished);
  rate = 1e6 * (double) stats.step / (double) (g_get_monotonic_time () - begin);
  fail_unless (stats.steps_per_second > 0.8 * rate
      && stats.steps_per_second < 1.25 * rate, "%g steps/s of %g",
      stats.steps_per_second, rate);
}

GST_END_TEST;

static Suite *
online_suite (void)
{
  Suite *suite = suite_create ("online");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_a_stream_is_learned_and_published_when_better);
  tcase_add_test (tcase, test_a_bad_rate_never_lowers_what_is_published);
  tcase_add_test (tcase, test_waiting_streams_give_the_same_weights_each_time);
  tcase_add_test (tcase, test_a_flush_ends_the_wait_at_once);
  tcase_add_test (tcase, test_a_live_stream_is_not_held_up);
  tcase_add_test (tcase, test_the_rate_of_steps_is_that_of_the_clock);
  return suite;
}

GST_CHECK_MAIN (online);
