/* audio-quality: how alike two sounds are. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib.h>
#include <glib/gprintf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ae-audio-quality.h"

/* Samples by which the test may be early and late. */
#define MAX_EARLY_S 0.01
#define MAX_LATE_S 0.1

#define LOUDNESS_S 0.01         /* it is that of so long a time */

typedef struct
{
  gchar *bytes;
  const float *samples;
  gsize n;
} Sound;

static gboolean
read_sound (const gchar * path, Sound * sound, GError ** error)
{
  gsize size;

  if (!g_file_get_contents (path, &sound->bytes, &size, error))
    return FALSE;
  sound->samples = (const float *) (gpointer) sound->bytes;
  sound->n = size / sizeof (float);
  return TRUE;
}

/* Returns: by how many samples @test is late, where it is most alike. */
static gint
find_lag (const Sound * reference, const Sound * test, gint rate_hz)
{
  const gint early = (gint) (MAX_EARLY_S * rate_hz);
  const gint late = (gint) (MAX_LATE_S * rate_hz);
  const gint n = (gint) MIN (reference->n, test->n);
  double best = -G_MAXDOUBLE;
  gint lag = 0;

  for (gint l = -early; l <= late; l++) {
    double sum = 0.0;

    for (gint i = early; i < n - late; i++)
      sum += (double) reference->samples[i] * (double) test->samples[i + l];
    if (sum > best) {
      best = sum;
      lag = l;
    }
  }
  return lag;
}

/* Returns: how loud @sound is around each sample, less what it is all in all. */
static Sound
loudness_of (const Sound * sound, gint rate_hz)
{
  const gsize n = sound->n, length = (gsize) (LOUDNESS_S * rate_hz);
  float *out = g_new0 (float, n + 1);
  double sum = 0.0, mean = 0.0;

  for (gsize i = 0; i < n; i++) {
    sum += (double) (sound->samples[i] * sound->samples[i]);
    if (i >= length)
      sum -= (double) (sound->samples[i - length] * sound->samples[i - length]);
    out[i] = sqrtf ((float) MAX (sum, 0.0));
    mean += (double) out[i] / (double) n;
  }
  for (gsize i = 0; i < n; i++)
    out[i] -= (float) mean;
  return (Sound) {
  (gchar *) out, out, n};
}

/* By waveforms, or by loudness, as codecs that keep no phases want it. */
static gint
find_delay (const Sound * reference, const Sound * test, gint rate_hz,
    gboolean by_loudness)
{
  Sound a, b;
  gint lag;

  if (!by_loudness)
    return find_lag (reference, test, rate_hz);
  a = loudness_of (reference, rate_hz);
  b = loudness_of (test, rate_hz);
  lag = find_lag (&a, &b, rate_hz);
  g_free (a.bytes);
  g_free (b.bytes);
  return lag;
}

/* Prints SI-SDR, STOI, ESTOI, log-spectral distance and the lag in samples. */
static void
print_quality (const Sound * reference, const Sound * test, gint rate_hz,
    gsize skip, gboolean by_loudness)
{
  const gint lag = find_delay (reference, test, rate_hz, by_loudness);
  const gsize from = skip + (gsize) (lag < 0 ? -lag : 0);
  const gsize end = MIN (reference->n, test->n - (gsize) MAX (lag, 0));
  const float *r = reference->samples + from;
  const float *t = test->samples + (gssize) from + lag;
  const gsize n = end > from ? end - from : 0;
  double stoi = 0.0, estoi = 0.0;

  ae_audio_quality_stoi (r, t, n, (guint) rate_hz, &stoi, &estoi);
  g_print ("%.4f %.5f %.5f %.4f %d\n", ae_audio_quality_si_sdr_db (r, t, n),
      stoi, estoi, ae_audio_quality_lsd_db (r, t, n, (guint) rate_hz), lag);
}

int
main (int argc, char **argv)
{
  Sound reference = { NULL, NULL, 0 }, test = { NULL, NULL, 0 };
  g_autoptr (GError) error = NULL;
  gint rate_hz;

  if (argc < 5 || argc > 6 || (argc == 6 && strcmp (argv[5], "loudness") != 0)
      || (rate_hz = atoi (argv[1])) < 1000) {
    g_printerr ("Usage: audio-quality RATE SKIP_SECONDS REFERENCE TEST "
        "[loudness]\nRaw files of mono floats; a delay of the test is found, by "
        "waveforms or by loudness.\n");
    return 2;
  }
  if (!read_sound (argv[3], &reference, &error)
      || !read_sound (argv[4], &test, &error)) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  print_quality (&reference, &test, rate_hz,
      (gsize) (g_ascii_strtod (argv[2], NULL) * rate_hz), argc == 6);
  g_free (reference.bytes);
  g_free (test.bytes);
  return 0;
}
