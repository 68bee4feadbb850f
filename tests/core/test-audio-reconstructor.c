/* Sound through an autoencoder: outputs, scores of a machine. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "machine-sound.h"

#include "ae-audio-reconstructor.h"
#include "ae-error.h"

enum
{ BLOCK = AE_AUDIO_BLOCK * AE_STFT_HOP };

#define N_STEPS 300

static AeModel *trained;        /* of a whole machine */

static void
train (void)
{
  trained = machine_model (N_STEPS);
}

static void
drop (void)
{
  ae_model_unref (trained);
}

static AeAudioReconstructor *
reconstructor_of (AeModel * model)
{
  AeAudioReconstructor *r = ae_audio_reconstructor_new ();

  fail_unless (ae_audio_reconstructor_set_model (r, model, NULL));
  return r;
}

static AeAnomalyScore
add_block (AeAudioReconstructor * r, Machine * machine, MachineState state)
{
  float samples[BLOCK];
  AeAnomalyScore score;

  machine_run (machine, state, samples, BLOCK);
  ae_spectral_filter_process (ae_audio_reconstructor_filter (r), samples,
      NULL, NULL, BLOCK);
  ae_audio_reconstructor_take_score (r, &score);
  return score;
}

/* The chance that one of @high is over one of @low. */
static double
roc_area (const double *low, guint n_low, const double *high, guint n_high)
{
  double won = 0.0;

  for (guint i = 0; i < n_low; i++) {
    for (guint j = 0; j < n_high; j++)
      won += low[i] < high[j] ? 1.0 : low[i] == high[j] ? 0.5 : 0.0;
  }
  return won / (n_low * n_high);
}

GST_START_TEST (test_a_machine_with_a_defect_is_told_from_a_whole_one)
{
  enum
  { N_LEARN = 100, N_WHOLE = 300, N_DEFECT = 60 };

  for (guint state = MACHINE_RATTLES; state < MACHINE_N_STATES; state++) {
    g_autoptr (AeAudioReconstructor) r = reconstructor_of (trained);
    Machine machine = machine_new (7);
    double whole[N_WHOLE], defect[N_DEFECT], area;
    guint n_false = 0, n_found = 0, first = N_DEFECT;

    for (guint i = 0; i < N_LEARN; i++)
      add_block (r, &machine, MACHINE_WHOLE);
    for (guint i = 0; i < N_WHOLE; i++) {
      AeAnomalyScore score;

      machine.gain = i < N_WHOLE / 2 ? 1.0f : 0.5f;     /* the microphone's */
      score = add_block (r, &machine, MACHINE_WHOLE);
      whole[i] = score.score;
      n_false += score.anomalous;
    }
    for (guint i = 0; i < N_DEFECT; i++) {
      AeAnomalyScore score = add_block (r, &machine, state);

      defect[i] = score.score;
      n_found += score.anomalous;
      if (score.anomalous)
        first = MIN (first, i);
    }
    area = roc_area (whole, N_WHOLE, defect, N_DEFECT);
    GST_INFO ("defect %u: ROC area %g, %u of %u false, %u of %u found", state,
        area, n_false, N_WHOLE, n_found, N_DEFECT);
    fail_unless (area > 0.98, "defect %u: ROC area %g", state, area);
    fail_unless (n_false * 100 < N_WHOLE, "%u of %u flagged", n_false, N_WHOLE);
    fail_unless (n_found * 10 > N_DEFECT * 9, "%u of %u found", n_found,
        N_DEFECT);
    fail_unless (first <= 3, "defect %u found after %u blocks", state, first);
    machine_clear (&machine);
  }
}

GST_END_TEST;

/* Energy over the second half of @n samples. */
static double
energy (const float *x, gsize n)
{
  double sum = 0.0;

  for (gsize i = n / 2; i < n; i++)
    sum += (double) x[i] * (double) x[i];
  return sum;
}

GST_START_TEST (test_input_is_reconstruction_and_residual)
{
  enum
  { N = 2 * AE_AUDIO_RATE };
  g_autofree float *in = g_new (float, N), *out = g_new (float, 3 * N);
  Machine machine = machine_new (3);
  double of_sum = 0.0;

  machine_run (&machine, MACHINE_WHOLE, in, N);
  machine_clear (&machine);
  for (guint i = 0; i < 3; i++) {
    g_autoptr (AeAudioReconstructor) r = reconstructor_of (trained);

    ae_audio_reconstructor_set_output (r, (AeAudioOutput) i);
    ae_spectral_filter_process (ae_audio_reconstructor_filter (r), in,
        out + i * N, NULL, N);
  }
  fail_unless (memcmp (out + AE_SPECTRAL_FILTER_DELAY, in,
          (N - AE_SPECTRAL_FILTER_DELAY) * sizeof (float)) == 0);
  for (guint i = N / 2; i < N; i++) {
    const double d = (double) (out[i] - out[N + i] - out[2 * N + i]);

    of_sum += d * d;
  }
  fail_unless (of_sum < 1e-9 * energy (in, N));
  /* most of it is known */
  fail_unless (energy (out + 2 * N, N) < 0.3 * energy (in, N), "%g of %g",
      energy (out + 2 * N, N), energy (in, N));
  fail_unless (energy (out + N, N) > 0.5 * energy (in, N));
}

GST_END_TEST;

GST_START_TEST (test_another_model_is_no_anomaly)
{
  g_autoptr (AeModel) rough = machine_model (60);
  g_autoptr (AeAudioReconstructor) r = reconstructor_of (rough);
  Machine machine = machine_new (7);
  guint n_false = 0;

  for (guint i = 0; i < 150; i++)
    add_block (r, &machine, MACHINE_WHOLE);
  fail_unless (ae_audio_reconstructor_set_model (r, trained, NULL));
  for (guint i = 0; i < 50; i++)
    n_false += add_block (r, &machine, MACHINE_WHOLE).anomalous;
  fail_unless (n_false <= 1, "%u flagged", n_false);
  fail_unless (add_block (r, &machine, MACHINE_WHINES).anomalous);
  machine_clear (&machine);
}

GST_END_TEST;

GST_START_TEST (test_digital_silence_is_neither_scored_nor_learned)
{
  g_autoptr (AeAudioReconstructor) r = reconstructor_of (trained);
  Machine machine = machine_new (7);
  const float silence[BLOCK] = { 0.0f };
  AeAnomalyScore score;
  guint64 n;

  for (guint i = 0; i < 100; i++)
    fail_unless ((add_block (r, &machine, MACHINE_WHOLE).score < 0.0)
        == (i < 30));
  n = ae_audio_reconstructor_take_score (r, &score);
  fail_unless_equals_uint64 (n, 100);
  fail_unless (score.score >= 0.0);
  for (guint i = 0; i < 20; i++)
    ae_spectral_filter_process (ae_audio_reconstructor_filter (r), silence,
        NULL, NULL, BLOCK);
  fail_unless_equals_uint64 (ae_audio_reconstructor_take_score (r, &score), n);
  fail_unless (score.score < 0.0 && !score.anomalous);
  machine_clear (&machine);
}

GST_END_TEST;

GST_START_TEST (test_what_was_said_before_a_reset_is_forgotten)
{
  g_autoptr (AeAudioReconstructor) r = reconstructor_of (trained);
  Machine machine = machine_new (7);
  AeAnomalyScore score;

  for (guint i = 0; i < 40; i++)
    add_block (r, &machine, MACHINE_WHOLE);
  ae_spectral_filter_reset (ae_audio_reconstructor_filter (r));
  ae_audio_reconstructor_take_score (r, &score);
  fail_unless (score.score < 0.0 && score.threshold < 0.0);
  fail_unless (add_block (r, &machine, MACHINE_WHOLE).score >= 0.0);
  machine_clear (&machine);
}

GST_END_TEST;

GST_START_TEST (test_models_of_other_shapes_are_refused)
{
  static const gchar *const texts[] = {
    "conv 1x1 8 relu | conv 1x1 160", "conv 3x3 8 relu | conv 1x1 161"
  };
  static const gint codes[] = { AE_ERROR_SHAPE, AE_ERROR_UNSUPPORTED };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (AeModel) model = machine_random_model (texts[i]);
    g_autoptr (AeAudioReconstructor) r = reconstructor_of (trained);
    g_autoptr (GError) error = NULL;

    fail_if (ae_audio_reconstructor_set_model (r, model, &error));
    fail_unless (g_error_matches (error, AE_ERROR, codes[i]), "%s",
        error->message);
  }
}

GST_END_TEST;

static Suite *
audio_reconstructor_suite (void)
{
  Suite *suite = suite_create ("audio reconstructor");
  TCase *tcase = tcase_create ("scores");

  suite_add_tcase (suite, tcase);
  tcase_add_unchecked_fixture (tcase, train, drop);
  tcase_add_test (tcase, test_a_machine_with_a_defect_is_told_from_a_whole_one);
  tcase_add_test (tcase, test_input_is_reconstruction_and_residual);
  tcase_add_test (tcase, test_another_model_is_no_anomaly);
  tcase_add_test (tcase, test_digital_silence_is_neither_scored_nor_learned);
  tcase_add_test (tcase, test_what_was_said_before_a_reset_is_forgotten);
  tcase_add_test (tcase, test_models_of_other_shapes_are_refused);
  return suite;
}

GST_CHECK_MAIN (audio_reconstructor);
