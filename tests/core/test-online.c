/* Training on a stream: learning, the gate, divergence, waiting. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-error.h"
#include "ae-gate.h"
#include "waves.h"

/* What the worker reports, in the order in which it does. */
typedef struct
{
  GMutex lock;
  guint n[AE_ONLINE_N_EVENTS];
  gint64 finished_us;           /* when, by the monotonic clock */
} Log;

static void
take_note (gpointer data, AeOnlineEvent event, const AeOnlineStats * stats,
    const GError * error)
{
  Log *log = data;

  g_mutex_lock (&log->lock);
  log->n[event]++;
  if (event == AE_ONLINE_FINISHED)
    log->finished_us = g_get_monotonic_time ();
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
  for (guint i = 0; i < 1000 && stats.step < 20; i++) {
    g_usleep (20000);
    ae_online_get_stats (online, &stats);
  }
  fail_unless (stats.step >= 20);
}

GST_END_TEST;

/* A number that is to be doubled, and one that is to stay about as it is. */
static void
draw_double (gpointer data, AeReservoir * pieces, AeRng * rng,
    AeSample * sample)
{
  sample->input[0] = ae_rng_normal (rng);
  sample->target[0] = 2.0f * sample->input[0];
}

static void
judge_double (gpointer data, AeReservoir * held_out, guint i, AeRng * rng,
    AeSample * sample)
{
  draw_double (data, held_out, rng, sample);
}

static void
remember_same (gpointer data, AeReservoir * held_out, guint i, AeRng * rng,
    AeSample * sample)
{
  sample->input[0] = ae_rng_normal (rng);
  sample->target[0] = sample->input[0] + 0.1f * ae_rng_normal (rng);
}

static gboolean
is_prepared (gpointer data, const gint * cancelled, GError ** error)
{
  if (data)
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FOUND, "nothing to learn from");
  return data == NULL;
}

static AeOnlineConfig
doubling (AeMaterial * material)
{
  AeOnlineConfig config = waves_config ();

  *material = (AeMaterial) {
  .what = "double",.piece_size = 1,.n_hashed = 1,.held_out_every = 2,.n_min =
        4,.n_judged = 64,.n_remembered = 64,.furthest = 0.4f,.prepare =
        is_prepared,.draw = draw_double,.judge = judge_double};
  config.patch = (AeShape) {
  1, 1, 1};
  config.material = material;
  config.steps_per_frame = 4;
  config.max_steps = 200;
  return config;
}

/* Also tells when the first was drawn. */
static void
draw_timed (gpointer data, AeReservoir * pieces, AeRng * rng, AeSample * sample)
{
  gint64 *first_us = data;

  if (*first_us == 0)
    *first_us = g_get_monotonic_time ();
  draw_double (NULL, pieces, rng, sample);
}

static void
offer_numbers (AeOnline * online, guint n)
{
  for (guint i = 0; i < n; i++) {
    float piece = (float) i;

    ae_online_offer_piece (online, &piece);
  }
  ae_online_end_frame (online);
}

static void
wait_for_finish (AeOnline * online)
{
  AeOnlineStats stats;

  do {
    g_usleep (1000);
    ae_online_get_stats (online, &stats);
  } while (!stats.finished);
}

/* Most of the time goes into judgements and rests. Timed where the work is done: on
 * a busy machine this thread may sleep long. */
GST_START_TEST (test_the_rate_of_steps_is_that_of_the_clock)
{
  g_autoptr (AeModel) start = waves_model (WAVES_TEXT);
  gint64 first_us = 0;
  AeMaterial material;
  AeOnlineConfig config = doubling (&material);
  g_autoptr (AeOnline) online = NULL;
  AeOnlineStats stats;
  double rate;
  Log log = {.n = {0}
  };

  material.prepare = NULL;
  material.draw = draw_timed;
  material.data = &first_us;
  material.n_judged = 2000;
  config.steps_per_frame = 0;
  config.cpu_share = 0.5;
  config.evaluate_every = 2;
  config.max_steps = 40;
  online = ae_online_new (start, &config, NULL, take_note, &log, NULL);
  offer_numbers (online, 100);
  wait_for_finish (online);
  ae_online_get_stats (online, &stats);
  ae_online_free (g_steal_pointer (&online));
  rate = 40e6 / (double) (log.finished_us - first_us);
  fail_unless (stats.steps_per_second > 0.8 * rate
      && stats.steps_per_second < 1.25 * rate, "%g steps/s of %g",
      stats.steps_per_second, rate);
}

GST_END_TEST;

static void
take_long (gpointer data, AeOnlineEvent event, const AeOnlineStats * stats,
    const GError * error)
{
  if (event == AE_ONLINE_EVALUATED)
    g_usleep (50000);
  take_note (data, event, stats, error);
}

/* A rest would be of ten seconds. */
GST_START_TEST (test_after_the_last_step_there_is_no_rest)
{
  g_autoptr (AeModel) start = waves_model (WAVES_TEXT);
  AeMaterial material;
  AeOnlineConfig config = doubling (&material);
  g_autoptr (AeOnline) online = NULL;
  gint64 begin = g_get_monotonic_time ();
  Log log = {.n = {0}
  };

  config.steps_per_frame = 0;
  config.cpu_share = 0.005;
  config.max_steps = 1;
  online = ae_online_new (start, &config, NULL, take_long, &log, NULL);
  offer_numbers (online, 100);
  wait_for_finish (online);
  ae_online_free (g_steal_pointer (&online));
  fail_unless_equals_int (log.n[AE_ONLINE_EVALUATED], 1);
  fail_unless (log.finished_us - begin < 5 * G_USEC_PER_SEC);
}

GST_END_TEST;

/* Of the model, which begins with 1. */
static float
published_factor (const AeOnlineConfig * config)
{
  const AeShape input = { 1, 0, 0 };
  g_autoptr (AeArchitecture) a =
      ae_architecture_parse ("conv 1x1 1 | conv 1x1 1", &input, NULL);
  gsize first = a->layers[0].params[AE_PARAM_WEIGHT].offset;
  gsize second = a->layers[1].params[AE_PARAM_WEIGHT].offset;
  g_autofree float *weights = g_new0 (float, a->n_weights);
  g_autoptr (AeWeights) start = NULL;
  g_autoptr (AeModel) model = NULL;
  g_autoptr (AeModel) best = NULL;
  g_autoptr (AeOnline) online = NULL;

  weights[first] = weights[second] = 1.0f;
  start = ae_weights_new_copy (weights, a->n_weights, NULL);
  model = ae_model_new (a, start, NULL, NULL);
  online = ae_online_new (model, config, NULL, NULL, NULL, NULL);
  for (guint i = 0; i < 60; i++) {
    float piece = (float) i;

    ae_online_offer_piece (online, &piece);
    ae_online_end_frame (online);
  }
  best = ae_online_model (online);
  return best->weights->data[first] * best->weights->data[second];
}

/* 20 dB at the start; the factor 1.05 costs 1 dB. */
GST_START_TEST (test_what_is_published_has_forgotten_no_more_than_it_may)
{
  AeMaterial material;
  AeOnlineConfig config = doubling (&material);
  float factor = published_factor (&config);

  fail_unless (factor > 1.8f, "%g", (double) factor);
  material.remember = remember_same;
  material.forgets_db = 1.0;
  factor = published_factor (&config);
  fail_unless (factor > 1.02f && factor < 1.06f, "%g", (double) factor);
}

GST_END_TEST;

/* Each time they are made, noisier than what may be forgotten explains. */
static void
remember_noisier (gpointer data, AeReservoir * held_out, guint i, AeRng * rng,
    AeSample * sample)
{
  static guint n_made;
  float noise = 0.1f * powf (1.2f, (float) (n_made++ / 64));

  sample->input[0] = ae_rng_normal (rng);
  sample->target[0] = sample->input[0] + noise * ae_rng_normal (rng);
}

/* A live stream goes on while it is judged. */
GST_START_TEST (test_what_changes_meanwhile_is_not_taken_for_forgotten)
{
  AeMaterial material;
  AeOnlineConfig config = doubling (&material);
  float factor;

  material.remember = remember_noisier;
  material.forgets_db = 1.0;
  factor = published_factor (&config);
  fail_unless (factor > 1.02f, "%g", (double) factor);
}

GST_END_TEST;

static void
sample_another (gpointer data, guint i, AeRng * rng, AeSample * sample)
{
  guint *n_made = data;

  sample->input[0] = 1.0f;
  sample->target[0] = (float) ++ * n_made;
}

GST_START_TEST (test_weights_are_compared_on_the_same_samples)
{
  AeMaterial material;
  AeOnlineConfig config = doubling (&material);
  g_autoptr (AeModel) model = waves_model ("conv 1x1 1");
  g_autoptr (AeGate) gate = NULL;
  gint cancelled = FALSE;
  guint n_made = 0;
  double gain = 1.0;

  config.trainer.height = config.trainer.width = 1;
  gate = ae_gate_new (model->architecture, &config.trainer, NULL, NULL, 0.0f);
  fail_unless (ae_gate_compare (gate, model->weights, model->weights, 40,
          sample_another, &n_made, &cancelled, &gain));
  fail_unless (gain == 0.0 && n_made >= 40, "%g dB", gain);
}

GST_END_TEST;

/* However well it would do part of the way back. */
GST_START_TEST (test_what_diverges_is_noticed_where_nothing_is_forgotten)
{
  g_autoptr (AeModel) start = waves_model (WAVES_TEXT);
  AeMaterial material;
  AeOnlineConfig config = doubling (&material);
  g_autoptr (AeOnline) online = NULL;
  AeOnlineStats stats;
  Log log = {.n = {0}
  };

  material.remember = remember_same;
  material.forgets_db = 1.0;
  config.schedule.peak = 300.0f;
  config.trainer.ema = 0.0f;
  config.max_steps = 0;
  online = ae_online_new (start, &config, NULL, take_note, &log, NULL);
  for (guint i = 0; i < 400; i++) {
    float piece = (float) i;

    ae_online_offer_piece (online, &piece);
    ae_online_end_frame (online);
  }
  ae_online_get_stats (online, &stats);
  fail_unless (stats.frozen, "%u trips", stats.n_trips);
  fail_unless_equals_int (log.n[AE_ONLINE_DIVERGED], 5);
}

GST_END_TEST;

static void
judge_same (gpointer data, AeReservoir * held_out, guint i, AeRng * rng,
    AeSample * sample)
{
  sample->input[0] = sample->target[0] = 0.1f * ae_rng_normal (rng);
}

/* A model that always makes 0, and learns nothing. */
GST_START_TEST (test_the_first_that_is_published_beats_what_is_flat)
{
  const AeShape input = { 1, 0, 0 };
  g_autoptr (AeArchitecture) a =
      ae_architecture_parse ("conv 1x1 1 | conv 1x1 1", &input, NULL);
  g_autofree float *zeros = g_new0 (float, a->n_weights);
  g_autoptr (AeWeights) weights =
      ae_weights_new_copy (zeros, a->n_weights, NULL);
  g_autoptr (AeModel) start = ae_model_new (a, weights, NULL, NULL);

  for (guint i = 0; i < 2; i++) {
    AeMaterial material;
    AeOnlineConfig config = doubling (&material);
    g_autoptr (AeOnline) online = NULL;
    Log log = {.n = {0}
    };

    material.judge = judge_same;
    material.flat = 0.5f * (float) i;
    config.from_random = TRUE;
    config.schedule.peak = 0.0f;
    online = ae_online_new (start, &config, NULL, take_note, &log, NULL);
    for (guint j = 0; j < 60; j++) {
      float piece = (float) j;

      ae_online_offer_piece (online, &piece);
      ae_online_end_frame (online);
    }
    ae_online_free (g_steal_pointer (&online));
    fail_unless (log.n[AE_ONLINE_EVALUATED] > 0);
    fail_unless_equals_int (log.n[AE_ONLINE_PUBLISHED], i);
  }
}

GST_END_TEST;

GST_START_TEST (test_without_what_it_takes_there_is_no_training)
{
  g_autoptr (AeModel) start = waves_model (WAVES_TEXT);
  AeMaterial material;
  AeOnlineConfig config = doubling (&material);
  g_autoptr (AeOnline) online = NULL;
  AeOnlineStats stats;
  Log log = {.n = {0}
  };

  material.data = &material;
  online = ae_online_new (start, &config, NULL, take_note, &log, NULL);
  for (guint i = 0; i < 20; i++) {
    float piece = 1.0f;

    ae_online_offer_piece (online, &piece);
    fail_unless (ae_online_end_frame (online));
  }
  ae_online_get_stats (online, &stats);
  fail_unless (stats.frozen && stats.step == 0);
  fail_unless_equals_int (log.n[AE_ONLINE_NOT_PREPARED], 1);
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
  tcase_add_test (tcase, test_after_the_last_step_there_is_no_rest);
  tcase_add_test (tcase,
      test_what_is_published_has_forgotten_no_more_than_it_may);
  tcase_add_test (tcase,
      test_what_changes_meanwhile_is_not_taken_for_forgotten);
  tcase_add_test (tcase, test_weights_are_compared_on_the_same_samples);
  tcase_add_test (tcase,
      test_what_diverges_is_noticed_where_nothing_is_forgotten);
  tcase_add_test (tcase, test_the_first_that_is_published_beats_what_is_flat);
  tcase_add_test (tcase, test_without_what_it_takes_there_is_no_training);
  return suite;
}

GST_CHECK_MAIN (online);
