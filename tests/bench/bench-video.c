/* Times the video core, and judges the noise estimate on gray pictures. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   bench-video WIDTH:FILE...
 *
 * FILE holds the rows of one or more clean pictures, a byte a sample, such as
 *   ffmpeg -i in.jpg -vf scale=iw/2:-2,format=gray -f rawvideo out.gray
 * makes. Each is corrupted, rounded and clipped to 8 bits, and its noise
 * estimated.
 */
#include <math.h>
#include <string.h>

#include "ae-corruption.h"
#include "ae-noise-level.h"
#include "ae-plane.h"
#include "ae-quality.h"

#define WIDTH 1280
#define HEIGHT 720
#define RUNS 20

typedef struct
{
  guint8 *bytes;
  float *a, *b;
  AePixels pixels;
} Planes;

typedef void (*Job) (Planes * planes);

static void
run_to_floats (Planes * planes)
{
  ae_pixels_to_floats (&planes->pixels, planes->a, WIDTH);
}

static void
run_from_floats (Planes * planes)
{
  ae_pixels_from_floats (&planes->pixels, planes->a, WIDTH);
}

static void
run_gaussian (Planes * planes)
{
  AeRng rng;

  ae_rng_init (&rng, 1);
  ae_corrupt_plane (AE_CORRUPTION_GAUSSIAN, 25.0f, &rng, planes->b, WIDTH,
      HEIGHT, WIDTH);
}

static void
run_noise_level (Planes * planes)
{
  ae_noise_level_estimate (planes->a, WIDTH, HEIGHT, WIDTH);
}

static void
run_mse (Planes * planes)
{
  ae_quality_mse (planes->a, WIDTH, planes->b, WIDTH, WIDTH, HEIGHT);
}

static void
run_ssim (Planes * planes)
{
  ae_quality_ssim (planes->a, WIDTH, planes->b, WIDTH, WIDTH, HEIGHT);
}

/* Prints the fastest of some runs: the others were interrupted. */
static void
time_jobs (void)
{
  static const struct
  {
    const gchar *name;
    Job job;
  } jobs[] = {
    {"bytes to floats", run_to_floats},
    {"bytes from floats", run_from_floats},
    {"gaussian noise", run_gaussian},
    {"noise level", run_noise_level},
    {"mse", run_mse},
    {"ssim", run_ssim},
  };
  const gsize n = WIDTH * HEIGHT;
  Planes planes = { g_new (guint8, n), g_new (float, n), g_new0 (float, n),
    {NULL, WIDTH, HEIGHT, WIDTH, 1, 8, 0, FALSE}
  };
  AeRng rng;

  ae_rng_init (&rng, 1);
  for (gsize i = 0; i < n; i++)
    planes.bytes[i] = (guint8) (64 + ae_rng_below (&rng, 128));
  planes.pixels.data = planes.bytes;
  g_print ("one %dx%d plane, one thread\n", WIDTH, HEIGHT);
  for (guint i = 0; i < G_N_ELEMENTS (jobs); i++) {
    gint64 best_us = G_MAXINT64;

    for (guint run = 0; run < RUNS; run++) {
      const gint64 start_us = g_get_monotonic_time ();

      jobs[i].job (&planes);
      best_us = MIN (best_us, g_get_monotonic_time () - start_us);
    }
    g_print ("  %-18s %7.3f ms\n", jobs[i].name, (double) best_us / 1000);
  }
  g_free (planes.bytes);
  g_free (planes.a);
  g_free (planes.b);
}

typedef struct
{
  guint n;
  double sum, low, high;
  gchar *low_name, *high_name;
} Summary;

static void
summary_add (Summary * summary, double value, const gchar * name)
{
  if (summary->n == 0 || value < summary->low) {
    summary->low = value;
    g_free (summary->low_name);
    summary->low_name = g_path_get_basename (name);
  }
  if (summary->n == 0 || value > summary->high) {
    summary->high = value;
    g_free (summary->high_name);
    summary->high_name = g_path_get_basename (name);
  }
  summary->sum += value;
  summary->n++;
}

/* The deviation that @kind has at @level, on average over the plane. */
static double
true_level (AeCorruptionKind kind, float level, const float *plane, gsize n)
{
  double mean = 0;

  if (kind != AE_CORRUPTION_POISSON_GAUSSIAN)
    return (double) level;
  for (gsize i = 0; i < n; i++)
    mean += (double) plane[i] / (double) n;
  return (double) level *sqrt (1.7 * mean + 0.15);
}

static const float levels[] = { 0, 1, 2, 5, 10, 15, 25, 50 };

static void
judge_file (const gchar * name, guint width, AeCorruptionKind kind,
    Summary * summaries)
{
  g_autofree gchar *bytes = NULL;
  g_autofree float *clean = NULL, *noisy = NULL;
  AePixels pixels = { NULL, (gint) width, 0, (gint) width, 1, 8, 0, FALSE };
  gsize n;
  guint height;

  if (!g_file_get_contents (name, &bytes, &n, NULL))
    g_error ("cannot read %s", name);
  height = (guint) (n / width);
  pixels.data = (guint8 *) bytes;
  pixels.height = (gint) height;
  clean = g_new (float, n);
  noisy = g_new (float, n);
  ae_pixels_to_floats (&pixels, clean, width);
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++) {
    double estimate, expected = true_level (kind, levels[i], clean, n);
    AeRng rng;

    ae_rng_init (&rng, i + 1);
    memcpy (noisy, clean, n * sizeof (float));
    ae_corrupt_plane (kind, levels[i], &rng, noisy, width, height, width);
    ae_pixels_from_floats (&pixels, noisy, width);
    ae_pixels_to_floats (&pixels, noisy, width);
    estimate = (double) ae_noise_level_estimate (noisy, width, height, width);
    summary_add (&summaries[i], expected > 0 ? estimate / expected : estimate,
        name);
  }
}

static void
judge (AeCorruptionKind kind, char **files, int n_files)
{
  Summary summaries[G_N_ELEMENTS (levels)] = { {0} };

  for (int i = 0; i < n_files; i++) {
    gchar *name;
    const guint64 width = g_ascii_strtoull (files[i], &name, 10);

    if (width < 1 || width > 65535 || *name != ':')
      g_error ("%s: expected WIDTH:FILE", files[i]);
    judge_file (name + 1, (guint) width, kind, summaries);
  }
  g_print ("%s noise, estimate / level (at 0: the estimate), %d pictures\n",
      ae_corruption_name (kind), n_files);
  for (guint i = 0; i < G_N_ELEMENTS (levels); i++) {
    Summary *s = &summaries[i];

    g_print ("  %3g: mean %.3f, %.3f (%s) to %.3f (%s)\n", (double) levels[i],
        s->sum / s->n, s->low, s->low_name, s->high, s->high_name);
    g_free (s->low_name);
    g_free (s->high_name);
  }
}

int
main (int argc, char **argv)
{
  time_jobs ();
  if (argc > 1) {
    judge (AE_CORRUPTION_GAUSSIAN, argv + 1, argc - 1);
    judge (AE_CORRUPTION_POISSON_GAUSSIAN, argv + 1, argc - 1);
  }
  return 0;
}
