/* Answers the questions of ./run about our engine, a line each on stdin, its
 * words separated by tabs. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   net THREADS CHANNELS TEXT    ms a 640x360 frame, MACs a pixel
 *   model THREADS MODEL          ms a 1280x720 frame
 *   train BATCH C H W TEXT       ms a step of Adam on batches of CxHxW
 *   core                         instruction set of our kernels, of OpenBLAS
 *   peak THREADS                 GFLOP/s of multiply-adds
 *   convert                      ms, 720p I420 -> floats -> I420
 *   first MODEL                  ms to load, to plan, to run the first frame
 *   memory MODEL                 bytes of a 1080p plan, of one more thread
 *   growth MODEL                 bytes in use more after 500 frames than after 5
 *
 * Times are medians of about a fifth of a second. With the argument "int8" nets
 * are run in integers.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ae-cpu.h"
#include "ae-gemm.h"
#include "ae-model.h"
#include "ae-plan.h"
#include "ae-plane.h"
#include "ae-trainer.h"
#include "peak.h"

#define WIDTH 640
#define HEIGHT 360
#define HD_WIDTH 1280
#define HD_HEIGHT 720
#define MIN_RUNS 3
#define MIN_US (G_USEC_PER_SEC / 5)

typedef void (*Job) (gpointer data);

static void
fail_if (const GError * error)
{
  if (error) {
    fprintf (stderr, "bench-engine: %s\n", error->message);
    exit (1);
  }
}

static gboolean in_integers;

static gint
compare_times (gconstpointer a, gconstpointer b)
{
  gint64 x = *(const gint64 *) a, y = *(const gint64 *) b;

  return (x > y) - (x < y);
}

static double
ms_since (gint64 start)
{
  return (double) (g_get_monotonic_time () - start) / 1e3;
}

/* Returns: the median of @job's milliseconds, the first run left out. */
static double
time_job (Job job, gpointer data)
{
  g_autoptr (GArray) times = g_array_new (FALSE, FALSE, sizeof (gint64));
  gint64 total = 0;

  job (data);
  while (times->len < MIN_RUNS || total < MIN_US) {
    gint64 start = g_get_monotonic_time (), us;

    job (data);
    us = g_get_monotonic_time () - start;
    total += us;
    g_array_append_val (times, us);
  }
  g_array_sort (times, compare_times);
  return (double) g_array_index (times, gint64, times->len / 2) / 1e3;
}

static float *
random_floats (gsize n)
{
  float *samples = g_new (float, n);
  AeRng rng;

  ae_rng_init (&rng, 1);
  for (gsize i = 0; i < n; i++)
    samples[i] = ae_rng_uniform (&rng);
  return samples;
}

/* A plan and the frame it runs on. */
typedef struct
{
  AePlan *plan;
  float *samples;
  AePlane *in, *out;
  AeTensor condition;
} Frames;

static void
frames_init (Frames * frames, const AeModel * model, guint width, guint height,
    guint n_threads)
{
  const AeArchitecture *architecture = model->architecture;
  guint n_in = architecture->input.c, n_out = architecture->output.c;
  gsize n = (gsize) width * height;
  GError *error = NULL;

  *frames = (Frames) {
  .condition = AE_TENSOR_INIT};
  frames->plan = ae_plan_new_of_model (model, AE_PRECISION_AUTO, width, height,
      n_threads, &error);
  fail_if (error);
  frames->samples = random_floats ((n_in + n_out) * n);
  frames->in = g_new (AePlane, n_in + n_out);
  frames->out = frames->in + n_in;
  for (guint i = 0; i < n_in + n_out; i++)
    frames->in[i] = (AePlane) {
    frames->samples + i * n, width};
  if (architecture->n_given > 0)
    ae_tensor_resize (&frames->condition, architecture->n_given, 1, 1, 1);
}

static void
frames_clear (Frames * frames)
{
  ae_plan_free (frames->plan);
  g_free (frames->samples);
  g_free (frames->in);
  ae_tensor_clear (&frames->condition);
}

static void
run_frame (gpointer data)
{
  Frames *frames = data;

  ae_plan_run (frames->plan, frames->in, &frames->condition, frames->out);
}

static guint
number (const gchar * word)
{
  return (guint) g_ascii_strtoull (word, NULL, 10);
}

/* @model with all that can be integers; the time does not depend on how large
 * they are. */
static AeModel *
round_model (const AeModel * model)
{
  g_autoptr (AeInt8) int8 = ae_int8_new (model->architecture);
  g_autofree float *step = NULL;
  guint n_most = 0;

  for (guint i = 0; i < model->architecture->n_layers; i++)
    n_most = MAX (n_most, model->architecture->layers[i].in.c);
  step = g_new (float, n_most);
  for (guint c = 0; c < n_most; c++)
    step[c] = 1.0f / 64.0f;
  for (guint i = 0; i < model->architecture->n_layers; i++) {
    if (ae_int8_suits (&model->architecture->layers[i]))
      ae_int8_round_layer (int8, model->architecture, i, step, 0,
          model->weights->data);
  }
  return ae_model_new_int8 (model, int8);
}

static AeModel *
random_model (const gchar * text, guint n_channels)
{
  AeShape input = { n_channels, 0, 0 };
  GError *error = NULL;
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse (text, &input, &error);
  g_autoptr (AeWeights) weights = NULL;
  g_autoptr (AeModel) model = NULL;
  AeRng rng;

  fail_if (error);
  ae_rng_init (&rng, 1);
  weights = ae_weights_new_random (architecture, &rng);
  model = ae_model_new (architecture, weights, NULL, &error);
  fail_if (error);
  return in_integers ? round_model (model) : g_steal_pointer (&model);
}

static void
answer_net (gchar ** words)
{
  g_autoptr (AeModel) model = random_model (words[3], number (words[2]));
  Frames frames;

  frames_init (&frames, model, WIDTH, HEIGHT, number (words[1]));
  printf ("%f %f\n", time_job (run_frame, &frames),
      ae_architecture_macs_per_pixel (model->architecture));
  frames_clear (&frames);
}

static AeModel *
load_model (const gchar * path)
{
  GError *error = NULL;
  AeModel *model = ae_model_load (path, &error);

  fail_if (error);
  return model;
}

static void
answer_model (gchar ** words)
{
  g_autoptr (AeModel) model = load_model (words[2]);
  Frames frames;

  frames_init (&frames, model, HD_WIDTH, HD_HEIGHT, number (words[1]));
  printf ("%f\n", time_job (run_frame, &frames));
  frames_clear (&frames);
}

typedef struct
{
  AeTrainer *trainer;
  float *samples;               /* [batch][n_in], target and input */
  gsize n_in;
  guint batch, i_next;
} Training;

static void
draw (gpointer data, AeRng * rng, AeSample * sample)
{
  Training *training = data;
  const float *from = training->samples
      + training->i_next++ % training->batch * training->n_in;

  memcpy (sample->input, from, training->n_in * sizeof (float));
  memcpy (sample->target, from, training->n_in * sizeof (float));
}

static void
run_step (gpointer data)
{
  Training *training = data;
  GError *error = NULL;

  if (!ae_trainer_step (training->trainer, draw, training, 1e-3f, NULL, &error))
    fail_if (error);
}

static void
answer_train (gchar ** words)
{
  AeShape shape = { number (words[2]), number (words[3]), number (words[4]) };
  AeTrainerConfig config = AE_TRAINER_CONFIG_DEFAULT;
  Training training = { 0 };
  GError *error = NULL;
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse (words[5], &shape, &error);
  g_autoptr (AeWeights) weights = NULL;
  AeRng rng;

  fail_if (error);
  ae_rng_init (&rng, 1);
  weights = ae_weights_new_random (architecture, &rng);
  config.batch = config.shard = training.batch = number (words[1]);
  config.n_threads = 1;
  config.clip_norm = config.ema = 0.0f; /* as in the PyTorch step */
  training.n_in = (gsize) shape.c * shape.h * shape.w;
  training.samples = random_floats (training.batch * training.n_in);
  training.trainer = ae_trainer_new (architecture, weights, &config, &error);
  fail_if (error);
  printf ("%f\n", time_job (run_step, &training));
  ae_trainer_free (training.trainer);
  g_free (training.samples);
}

static double (*const peaks[AE_N_CPU_LEVELS]) (void) = {
  [AE_CPU_C] = ae_peak_c,
#if defined (__x86_64__)
  [AE_CPU_AVX2] = ae_peak_avx2,
  [AE_CPU_AVX512] = ae_peak_avx512,
  [AE_CPU_VNNI] = ae_peak_vnni,
#endif
};

static void
run_peak_job (gpointer data, guint i_job, guint i_worker)
{
  peaks[ae_cpu_level ()]();
}

static void
run_peak (gpointer data)
{
  AeWorkerPool *pool = data;

  ae_worker_pool_run (pool, ae_worker_pool_n_threads (pool), run_peak_job,
      NULL);
}

static void
answer_peak (gchar ** words)
{
  guint n_threads = number (words[1]);
  g_autoptr (AeWorkerPool) pool = ae_worker_pool_new (n_threads);
  double flop = n_threads * peaks[ae_cpu_level ()]();

  printf ("%f\n", flop / time_job (run_peak, pool) / 1e6);
}

static void
answer_core (gchar ** words)
{
  printf ("%s %s\n", ae_cpu_level_name (ae_cpu_level ()), ae_gemm_core_name ());
}

#define N_PLANES 3

/* A 720p picture in I420. */
typedef struct
{
  AePixels pixels[N_PLANES];
  float *floats;
} Picture;

static void
run_convert (gpointer data)
{
  Picture *picture = data;

  for (guint i = 0; i < N_PLANES; i++) {
    AePixels *pixels = &picture->pixels[i];

    ae_pixels_to_floats (pixels, picture->floats, (gsize) pixels->width);
    ae_pixels_from_floats (pixels, picture->floats, (gsize) pixels->width);
  }
}

static void
answer_convert (gchar ** words)
{
  const gint width = HD_WIDTH, height = HD_HEIGHT;
  g_autofree guint8 *bytes = g_malloc0 ((gsize) width * height * 3 / 2);
  g_autofree float *floats = g_new (float, width * height);
  Picture picture = {.floats = floats };
  guint8 *plane = bytes;

  for (guint i = 0; i < N_PLANES; i++) {
    gint w = i > 0 ? width / 2 : width, h = i > 0 ? height / 2 : height;

    picture.pixels[i] = (AePixels) {
    plane, w, h, w, 1, 8, 0, FALSE};
    plane += w * h;
  }
  printf ("%f\n", time_job (run_convert, &picture));
}

static void
answer_first (gchar ** words)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr (AeModel) model = load_model (words[1]);
  double loaded = ms_since (start), planned;
  Frames frames;

  start = g_get_monotonic_time ();
  frames_init (&frames, model, WIDTH, HEIGHT, 1);
  planned = ms_since (start);
  start = g_get_monotonic_time ();
  run_frame (&frames);
  printf ("%f %f %f\n", loaded, planned, ms_since (start));
  frames_clear (&frames);
}

static void
answer_memory (gchar ** words)
{
  g_autoptr (AeModel) model = load_model (words[1]);
  gsize bytes[2];

  for (guint i = 0; i < 2; i++) {
    Frames frames;

    frames_init (&frames, model, 1920, 1080, i + 1);
    bytes[i] = ae_plan_memory_bytes (frames.plan);
    frames_clear (&frames);
  }
  printf ("%" G_GSIZE_FORMAT " %" G_GSSIZE_FORMAT "\n", bytes[0],
      (gssize) (bytes[1] - bytes[0]));
}

static gssize
bytes_in_use (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return (gssize) (info.uordblks + info.hblkhd);
}

static void
answer_growth (gchar ** words)
{
  g_autoptr (AeModel) model = load_model (words[1]);
  gssize before = 0;
  Frames frames;

  frames_init (&frames, model, WIDTH / 4, HEIGHT / 4, 2);
  for (guint i = 0; i < 505; i++) {
    if (i == 5)
      before = bytes_in_use ();
    run_frame (&frames);
  }
  printf ("%" G_GSSIZE_FORMAT "\n", bytes_in_use () - before);
  frames_clear (&frames);
}

static const struct
{
  const gchar *name;
  guint n_words;
  void (*answer) (gchar ** words);
} questions[] = {
  {"net", 4, answer_net},
  {"model", 3, answer_model},
  {"train", 6, answer_train},
  {"core", 1, answer_core},
  {"peak", 2, answer_peak},
  {"convert", 1, answer_convert},
  {"first", 2, answer_first},
  {"memory", 2, answer_memory},
  {"growth", 2, answer_growth},
};

int
main (int argc, char **argv)
{
  char line[8192];

  in_integers = argc == 2 && strcmp (argv[1], "int8") == 0;
  while (fgets (line, sizeof line, stdin)) {
    g_auto (GStrv) words = g_strsplit (g_strchomp (line), "\t", -1);
    guint i = 0;

    while (i < G_N_ELEMENTS (questions)
        && (g_strcmp0 (words[0], questions[i].name) != 0
            || g_strv_length (words) != questions[i].n_words))
      i++;
    if (i == G_N_ELEMENTS (questions)) {
      fprintf (stderr, "bench-engine: no such question: %s\n", line);
      return 1;
    }
    questions[i].answer (words);
    fflush (stdout);
  }
  return 0;
}
