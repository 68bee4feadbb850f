/* Trains a model that removes noise from speech; pipelines/train-audio-denoiser runs it.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ae-audio-denoiser.h"
#include "ae-audio-features.h"
#include "ae-audio-loss.h"
#include "ae-audio-quality.h"
#include "ae-error.h"
#include "ae-schedule.h"
#include "model-facts.h"
#include "ae-noisy-speech.h"
#include "sound-set.h"
#include "training-file.h"

#define BLOCK(label, distance) \
    "save " label ", norm, conv 1x1 192 relu, causal 3 " distance " relu, " \
    "conv 1x1 192, add " label
#define DEFAULT_ARCHITECTURE \
    "conv 1x1 192, " BLOCK ("a", "1") ", " BLOCK ("b", "2") ", " \
    BLOCK ("c", "4") ", " BLOCK ("d", "8") ", " BLOCK ("e", "16") ", " \
    BLOCK ("f", "32") " | " BLOCK ("g", "1") ", " BLOCK ("h", "2") ", " \
    BLOCK ("i", "4") ", " BLOCK ("j", "8") ", " BLOCK ("k", "16") ", " \
    BLOCK ("l", "32") ", norm, conv 1x1 161 sigmoid"

#define OBJECTIVE "mask"
#define MADE_GROUPS 4

static gchar *option_architecture, *option_init, *option_output;
static gchar *option_checkpoint;
static gchar **option_speech, **option_noise;
static gchar **option_held_out_speech, **option_held_out_noise;
static gint option_steps, option_batch = 16, option_shard = 4;
static gint option_frames = 300, option_threads, option_seed = 1;
static gint option_made = 1500;
static gdouble option_minutes = 60.0, option_rate = 2e-3, option_report = 5.0;

static const GOptionEntry entries[] = {
  {"speech", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_speech,
        "Recordings of a voice, or of a group of voices; give as many as you have",
      "FOLDER"},
  {"noise", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_noise,
      "Recordings of a kind of noise; give as many as you have", "FOLDER"},
  {"made-noises", 0, 0, G_OPTION_ARG_INT, &option_made,
      "Noises to make: four groups more (default: 1500)", "N"},
  {"held-out-speech", 0, 0, G_OPTION_ARG_FILENAME_ARRAY,
        &option_held_out_speech,
      "Speech to report on, of voices that are not trained on", "FOLDER"},
  {"held-out-noise", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &option_held_out_noise,
      "Noise to report on", "FOLDER"},
  {"output", 'o', 0, G_OPTION_ARG_FILENAME, &option_output,
      "Model file to write (default: my-audio-denoiser.safetensors)", "FILE"},
  {"checkpoint", 'c', 0, G_OPTION_ARG_FILENAME, &option_checkpoint,
      "Write the state of the training here with every report, and go on from "
        "it if it is there", "FILE"},
  {"minutes", 'm', 0, G_OPTION_ARG_DOUBLE, &option_minutes,
      "How long to train (default: 60)", "M"},
  {"steps", 's', 0, G_OPTION_ARG_INT, &option_steps,
        "Steps to train instead of a time, for a result that can be repeated",
      "N"},
  {"init", 'i', 0, G_OPTION_ARG_FILENAME, &option_init,
      "Start from this model instead of random weights", "FILE"},
  {"architecture", 'a', 0, G_OPTION_ARG_STRING, &option_architecture,
      "Architecture text, see docs/architecture-text.md", "TEXT"},
  {"batch", 0, 0, G_OPTION_ARG_INT, &option_batch,
      "Samples in a step (default: 16)", "N"},
  {"shard", 0, 0, G_OPTION_ARG_INT, &option_shard,
      "Samples worked on together, a divisor of the batch (default: 4)", "N"},
  {"frames", 0, 0, G_OPTION_ARG_INT, &option_frames,
      "Length of a sample in frames of 10 ms (default: 300)", "N"},
  {"rate", 0, 0, G_OPTION_ARG_DOUBLE, &option_rate,
      "Peak of the learning rate (default: 0.002)", "R"},
  {"seed", 0, 0, G_OPTION_ARG_INT, &option_seed,
      "Seed of weights and samples (default: 1)", "N"},
  {"threads", 't', 0, G_OPTION_ARG_INT, &option_threads,
      "Threads (default: one per processor)", "N"},
  {"report-every", 0, 0, G_OPTION_ARG_DOUBLE, &option_report,
        "Minutes between reports, each of which writes the model (default: 5)",
      "M"},
  G_OPTION_ENTRY_NULL
};

/* The report: mixtures of 3 s of noise and 5 s of speech in it. */
enum
{
  N_MIXTURES = 48,
  N_BEFORE = 3 * AE_AUDIO_RATE,
  N_SAMPLES = 8 * AE_AUDIO_RATE
};

typedef struct
{
  double si_sdr_db, stoi, estoi;        /* means over the mixtures */
} Scores;

static void
add_scores (const float *clean, const float *test, Scores * scores)
{
  gsize n = N_SAMPLES - N_BEFORE;
  double stoi = 0.0, estoi = 0.0;

  ae_audio_quality_stoi (clean + N_BEFORE, test + N_BEFORE, n, AE_AUDIO_RATE,
      &stoi, &estoi);
  scores->si_sdr_db += ae_audio_quality_si_sdr_db (clean + N_BEFORE,
      test + N_BEFORE, n) / N_MIXTURES;
  scores->stoi += stoi / N_MIXTURES;
  scores->estoi += estoi / N_MIXTURES;
}

static gboolean
report (const AeNoisySpeech * held_out, AeModel * model, GError ** error)
{
  static const float snr_db[] = { 0.0f, 5.0f, 10.0f, 15.0f };
  const gsize n = N_SAMPLES + AE_AUDIO_DENOISER_DELAY;
  g_autoptr (AeAudioDenoiser) denoiser = ae_audio_denoiser_new (model, error);
  g_autofree float *noisy = g_new0 (float, n);
  g_autofree float *clean = g_new (float, N_SAMPLES);
  g_autofree float *out = g_new (float, n);
  Scores before = { 0.0, 0.0, 0.0 }, after = before;
  AeRng rng;

  if (denoiser == NULL)
    return FALSE;
  ae_rng_init (&rng, 1000);
  for (guint i = 0; i < N_MIXTURES; i++) {
    ae_noisy_speech_plain (held_out, &rng,
        snr_db[i % G_N_ELEMENTS (snr_db)], N_BEFORE, N_SAMPLES, noisy, clean);
    ae_audio_denoiser_reset (denoiser);
    ae_audio_denoiser_process (denoiser, noisy, out, NULL, n);
    add_scores (clean, noisy, &before);
    add_scores (clean, out + AE_AUDIO_DENOISER_DELAY, &after);
  }
  g_print ("  SI-SDR %.2f -> %.2f dB, STOI %.3f -> %.3f, ESTOI %.3f -> %.3f\n",
      before.si_sdr_db, after.si_sdr_db, before.stoi, after.stoi,
      before.estoi, after.estoi);
  return TRUE;
}

static AeModel *
first_model (GError ** error)
{
  g_autoptr (AeArchitecture) architecture = NULL;
  g_autoptr (AeWeights) weights = NULL;
  AeShape any = { AE_AUDIO_FEATURES, 0, 0 };
  AeRng rng;

  if (option_init)
    return ae_model_load (option_init, error);
  architecture = ae_architecture_parse (option_architecture
      ? option_architecture : DEFAULT_ARCHITECTURE, &any, error);
  if (architecture == NULL)
    return NULL;
  ae_rng_init (&rng, (guint64) option_seed);
  weights = ae_weights_new_random (architecture, &rng);
  return ae_model_new (architecture, weights, NULL, error);
}

static gboolean
check_model (const AeArchitecture * a, GError ** error)
{
  const guint frames = (guint) option_frames;
  guint h, w;

  if (a->input.c == AE_AUDIO_FEATURES && a->input.h == 0
      && a->output.c == AE_STFT_BINS && a->n_given == 0) {
    if (ae_architecture_out_size (a, 1, frames, &h, &w) && h == 1
        && w == frames)
      return TRUE;
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "the model \"%s\" does not make 1x%u of 1x%u; expected one that keeps "
        "the size", a->text, frames, frames);
    return FALSE;
  }
  g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
      "the model \"%s\" has %u input, %u output and %u given channels; expected "
      "%u, %u and none, and any size", a->text, a->input.c, a->output.c,
      a->n_given, AE_AUDIO_FEATURES, AE_STFT_BINS);
  return FALSE;
}

/* A training under way. */
typedef struct
{
  AeModel *first;
  AeTrainer *trainer;
  AeNoisySpeech mixer, held_out;
  double seconds_before;        /* of the checkpoint that it goes on from */
  gint64 begin_us;
} Training;

static double
seconds (const Training * training)
{
  return training->seconds_before
      + (double) (g_get_monotonic_time () - training->begin_us) / 1e6;
}

/* 0 at the beginning, 1 at the end. */
static double
progress (const Training * training)
{
  if (option_steps > 0)
    return (double) ae_trainer_n_steps (training->trainer) / option_steps;
  return seconds (training) / (60.0 * option_minutes);
}

static AeModel *
current_model (const Training * training, GError ** error)
{
  g_autoptr (AeWeights) weights = ae_trainer_weights (training->trainer, error);
  g_autoptr (GHashTable) metadata = ae_model_facts ("denoise", "audio",
      ae_trainer_n_steps (training->trainer));

  if (weights == NULL)
    return NULL;
  g_hash_table_insert (metadata, (gpointer) "rate", g_strdup ("16000"));
  return ae_model_new (training->first->architecture, weights, metadata, error);
}

static gboolean
write_and_report (Training * training, double loss, GError ** error)
{
  g_autoptr (AeModel) model = current_model (training, error);

  if (model == NULL || !ae_model_save (model, option_output, error)
      || !ae_training_file_save (option_checkpoint, training->trainer, model,
          OBJECTIVE, seconds (training), error))
    return FALSE;
  g_print ("step %" G_GUINT64_FORMAT ", %.0f s, loss %.5f",
      ae_trainer_n_steps (training->trainer), seconds (training), loss);
  if (training->held_out.speech)
    return report (&training->held_out, model, error);
  g_print ("\n");
  return TRUE;
}

/* An AeSampleFunc. */
static void
draw_sample (gpointer data, AeRng * rng, AeSample * sample)
{
  ae_noisy_speech_sample (data, rng, sample->input, sample->target);
}

static gboolean
run (Training * training, GError ** error)
{
  /* of parts of the whole, since steps may not be known before */
  const AeSchedule schedule = { AE_SCHEDULE_COSINE, (float) option_rate, 10000,
    200
  };
  double mean_loss = 0.0, next = option_report * 60.0;
  guint n = 0;

  training->begin_us = g_get_monotonic_time ();
  while (progress (training) < 1.0) {
    g_autoptr (GError) reason = NULL;
    AeTrainerLoss loss;

    if (!ae_trainer_step (training->trainer, draw_sample, &training->mixer,
            ae_schedule_rate (&schedule,
                (guint64) (10000.0 * progress (training))), &loss, &reason)) {
      g_printerr ("left out: %s\n", reason->message);
      continue;
    }
    mean_loss += (loss.total - mean_loss) / MIN (++n, 300);
    if (seconds (training) >= next + training->seconds_before) {
      if (!write_and_report (training, mean_loss, error))
        return FALSE;
      next = seconds (training) - training->seconds_before
          + option_report * 60.0;
    }
  }
  return write_and_report (training, mean_loss, error);
}

static gboolean
train (Training * training, GError ** error)
{
  AeTrainerConfig config = AE_TRAINER_CONFIG_DEFAULT;
  const AeArchitecture *a;

  training->first = first_model (error);
  if (training->first == NULL
      || !check_model (training->first->architecture, error))
    return FALSE;
  a = training->first->architecture;
  config.height = 1;
  config.width = training->mixer.n_frames;
  config.batch = (guint) option_batch;
  config.shard = (guint) option_shard;
  config.seed = (guint64) option_seed;
  config.n_threads = (guint) option_threads;
  config.loss_func = ae_audio_loss;
  config.target_channels = AE_AUDIO_TARGET;
  training->trainer = ae_trainer_new (training->first->architecture,
      training->first->weights, &config, error);
  if (training->trainer == NULL
      || !ae_training_file_go_on (option_checkpoint, training->trainer, a,
          OBJECTIVE, &training->seconds_before, error))
    return FALSE;
  g_print ("%s\n%" G_GSIZE_FORMAT " weights, %.1f million products per second, "
      "%.0f s of speech, %.0f s of noise\n", a->text, a->n_weights,
      ae_architecture_macs_per_pixel (a) / 1e4,
      ae_sound_set_seconds (training->mixer.speech),
      ae_sound_set_seconds (training->mixer.noise));
  return run (training, error);
}

static gboolean
check_options (GError ** error)
{
  if (option_speech == NULL || option_noise == NULL)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "no --speech or no --noise given; see --help");
  else if ((option_held_out_speech == NULL) != (option_held_out_noise == NULL))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--held-out-speech and --held-out-noise go together");
  else if (option_frames < 10 || option_frames > 6000)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--frames %d is not in 10 ... 6000", option_frames);
  else if (option_batch < 1 || option_shard < 1 || option_made < 0
      || option_steps < 0 || option_threads < 0 || !(option_report > 0.0)
      || !(option_minutes > 0.0) || !(option_rate > 0.0))
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--batch, --shard, --made-noises, --steps, --minutes, --report-every, "
        "--threads and --rate take positive numbers");
  else
    return TRUE;
  return FALSE;
}

static AeSoundSet *
load (gchar ** paths, GError ** error)
{
  return ae_sound_set_load ((const gchar * const *) paths, error);
}

int
main (int argc, char **argv)
{
  g_autoptr (GOptionContext) context =
      g_option_context_new ("- train a model that removes noise from speech");
  g_autoptr (AeSoundSet) speech = NULL;
  g_autoptr (AeSoundSet) noise = NULL;
  g_autoptr (AeSoundSet) held_out_speech = NULL;
  g_autoptr (AeSoundSet) held_out_noise = NULL;
  g_autoptr (GError) error = NULL;
  Training training = { 0 };
  gboolean ok = FALSE;

  setvbuf (stdout, NULL, _IOLBF, 0);
  g_option_context_add_main_entries (context, entries, NULL);
  g_option_context_add_main_entries (context, ae_model_facts_entries, NULL);
  g_option_context_add_group (context, gst_init_get_option_group ());
  if (!g_option_context_parse (context, &argc, &argv, &error)
      || !check_options (&error)
      || (speech = load (option_speech, &error)) == NULL
      || (noise = load (option_noise, &error)) == NULL
      || (option_held_out_speech
          && ((held_out_speech = load (option_held_out_speech, &error)) == NULL
              || (held_out_noise = load (option_held_out_noise,
                      &error)) == NULL)))
    goto out;
  if (option_output == NULL)
    option_output = g_strdup ("my-audio-denoiser" AE_MODEL_EXTENSION);
  for (guint i = 0; option_made > 0 && i < MADE_GROUPS; i++)
    ae_sound_set_take (noise,
        ae_made_noises ((guint) option_made / MADE_GROUPS + 1,
            (guint64) option_seed * MADE_GROUPS + i));
  training.mixer = (AeNoisySpeech) {
  .speech = speech,.noise = noise,.n_frames = (guint) option_frames};
  training.held_out = (AeNoisySpeech) {
  .speech = held_out_speech,.noise = held_out_noise};
  ok = train (&training, &error);
  ae_trainer_free (training.trainer);
  ae_model_unref (training.first);

out:
  if (ok)
    g_print ("wrote %s\n", option_output);
  else
    g_printerr ("train-audio-denoiser: %s\n", error->message);
  return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
