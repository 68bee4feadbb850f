/* How alike are two sounds? SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-audio-quality.h"

#include <math.h>
#include <string.h>

#define STOI_RATE 10000
#define FRAME 256               /* samples at STOI_RATE; half overlapping */
#define HOP (FRAME / 2)
#define FFT 512
#define N_BANDS 15              /* thirds of octaves */
#define LOWEST_HZ 150.0         /* centre of the lowest band */
#define SEGMENT 30              /* frames */
#define SILENCE_DB 40.0
#define CLIP_DB 15.0            /* beta is its negative */
#define TINY 1e-16

#define LSD_FLOOR 1e-6          /* 60 dB */

double
ae_audio_quality_si_sdr_db (const float *reference, const float *test, gsize n)
{
  double mean_r = 0.0, mean_t = 0.0, rr = 0.0, rt = 0.0, error = 0.0, gain;

  for (gsize i = 0; i < n; i++) {
    mean_r += (double) reference[i] / (double) n;
    mean_t += (double) test[i] / (double) n;
  }
  for (gsize i = 0; i < n; i++) {
    const double r = (double) reference[i] - mean_r;

    rr += r * r;
    rt += r * ((double) test[i] - mean_t);
  }
  gain = rr > 0.0 ? rt / rr : 0.0;
  for (gsize i = 0; i < n; i++) {
    const double e = gain * ((double) reference[i] - mean_r)
        - ((double) test[i] - mean_t);

    error += e * e;
  }
  return CLAMP (10.0 * log10 ((gain * gain * rr + 1e-30) / (error + 1e-30)),
      -AE_SI_SDR_EQUAL_DB, AE_SI_SDR_EQUAL_DB);
}

/* Resampling to 10 kHz with the filter that the authors' programs have from
 * Octave: a Kaiser window of 60 dB. */

/* The modified Bessel function of the first kind and order 0. */
static double
bessel_i0 (double x)
{
  double sum = 1.0, term = 1.0;

  for (guint k = 1; term > 1e-17 * sum; k++) {
    term *= (0.5 * x / k) * (0.5 * x / k);
    sum += term;
  }
  return sum;
}

static guint
greatest_divisor (guint a, guint b)
{
  return b == 0 ? a : greatest_divisor (b, a % b);
}

/* [2 @half + 1] taps at @up times the rate, that add up to @up. */
static double *
make_taps (guint up, guint down, gsize * half)
{
  const double cutoff = 0.5 / MAX (up, down), rejection_db = 60.0;
  const double beta = 0.1102 * (rejection_db - 8.7);
  const gsize l = (gsize) ceil ((rejection_db - 8.0) / (2.8714 * cutoff));
  double *taps = g_new (double, 2 * l + 1);
  double sum = 0.0;

  for (gsize i = 0; i <= 2 * l; i++) {
    const double t = (double) i - (double) l, x = t / (double) l;
    const double angle = 2.0 * G_PI * cutoff * t;

    taps[i] = (i == l ? 1.0 : sin (angle) / angle) *
        bessel_i0 (beta * sqrt (1.0 - x * x));
    sum += taps[i];
  }
  for (gsize i = 0; i <= 2 * l; i++)
    taps[i] *= up / sum;
  *half = l;
  return taps;
}

/* Returns: (transfer full): @n_out samples at 10 kHz. */
static double *
resample (const float *in, gsize n, guint rate_hz, gsize * n_out)
{
  const guint divisor = greatest_divisor (STOI_RATE, rate_hz);
  const gsize up = STOI_RATE / divisor, down = rate_hz / divisor;
  double *out;
  g_autofree double *taps = NULL;
  gsize half;

  *n_out = (n * up + down - 1) / down;
  out = g_new (double, *n_out);
  if (up == down) {
    for (gsize i = 0; i < n; i++)
      out[i] = (double) in[i];
    return out;
  }
  taps = make_taps ((guint) up, (guint) down, &half);
  for (gsize i = 0; i < *n_out; i++) {
    const gsize centre = i * down + half;       /* tap of sample 0 */
    const gsize first = i * down > half ? (i * down - half + up - 1) / up : 0;
    const gsize last = MIN ((i * down + half) / up, n - 1);

    out[i] = 0.0;
    for (gsize j = first; j <= last; j++)
      out[i] += taps[centre - j * up] * (double) in[j];
  }
  return out;
}

/* Frames and bands */

static gsize
n_frames_of (gsize n)
{
  return n > FRAME ? (n - FRAME - 1) / HOP + 1 : 0;
}

/* MATLAB's hanning (FRAME): without the zeros at its ends. */
static void
make_window (double window[FRAME])
{
  for (guint i = 0; i < FRAME; i++)
    window[i] = 0.5 - 0.5 * cos (2.0 * G_PI * (i + 1) / (FRAME + 1));
}

static void
windowed (const double window[FRAME], const double *x, double out[FRAME])
{
  for (guint i = 0; i < FRAME; i++)
    out[i] = window[i] * x[i];
}

/* Adds up again what frames of @x are loud enough, and the same ones of @y.
 * Returns: how many samples are left of them. */
static gsize
leave_out_silence (double *x, double *y, gsize n)
{
  const gsize n_frames = n_frames_of (n);
  g_autofree double *level_db = g_new (double, n_frames + 1);
  g_autofree double *sum_x = g_new0 (double, n + FRAME);
  g_autofree double *sum_y = g_new0 (double, n + FRAME);
  double window[FRAME], frame[FRAME], loudest_db = -G_MAXDOUBLE;
  gsize n_kept = 0;

  make_window (window);
  for (gsize f = 0; f < n_frames; f++) {
    double energy = 0.0;

    windowed (window, x + f * HOP, frame);
    for (guint i = 0; i < FRAME; i++)
      energy += frame[i] * frame[i];
    level_db[f] = 20.0 * log10 (sqrt (energy) + TINY);
    loudest_db = MAX (loudest_db, level_db[f]);
  }
  for (gsize f = 0; f < n_frames; f++) {
    if (level_db[f] <= loudest_db - SILENCE_DB)
      continue;
    for (guint i = 0; i < FRAME; i++) {
      sum_x[n_kept * HOP + i] += window[i] * x[f * HOP + i];
      sum_y[n_kept * HOP + i] += window[i] * y[f * HOP + i];
    }
    n_kept++;
  }
  memcpy (x, sum_x, n * sizeof (double));
  memcpy (y, sum_y, n * sizeof (double));
  return n_kept > 0 ? (n_kept - 1) * HOP + FRAME : 0;
}

/* The bin nearest to 150 Hz times 2^(@sixths / 6). */
static guint
edge_bin (gint sixths)
{
  const double hz = LOWEST_HZ * pow (2.0, sixths / 6.0);

  return (guint) floor (hz * FFT / STOI_RATE + 0.5);
}

/* Returns: (transfer full): [frame][band] magnitudes of @x[@n]. */
static double *
make_bands (const double *x, gsize n)
{
  const gsize n_frames = n_frames_of (n);
  double *bands = g_new0 (double, (n_frames + 1) * N_BANDS);
  double window[FRAME], frame[FRAME], cosine[FFT], sine[FFT];

  make_window (window);
  for (guint i = 0; i < FFT; i++) {
    cosine[i] = cos (2.0 * G_PI * i / FFT);
    sine[i] = sin (2.0 * G_PI * i / FFT);
  }
  for (gsize f = 0; f < n_frames; f++) {
    windowed (window, x + f * HOP, frame);
    for (gint b = 0; b < N_BANDS; b++) {
      double power = 0.0;

      for (guint k = edge_bin (2 * b - 1); k < edge_bin (2 * b + 1); k++) {
        double re = 0.0, im = 0.0;

        for (guint i = 0; i < FRAME; i++) {
          re += frame[i] * cosine[(k * i) % FFT];
          im += frame[i] * sine[(k * i) % FFT];
        }
        power += re * re + im * im;
      }
      bands[f * N_BANDS + (gsize) b] = sqrt (power);
    }
  }
  return bands;
}

/* Takes the mean of @n numbers, @stride apart, from each, and scales them to a
 * norm of 1. */
static void
normalise (double *x, guint n, guint stride)
{
  double mean = 0.0, norm = 0.0;

  for (guint i = 0; i < n; i++)
    mean += x[i * stride] / n;
  for (guint i = 0; i < n; i++) {
    x[i * stride] -= mean;
    norm += x[i * stride] * x[i * stride];
  }
  norm = sqrt (norm) + TINY;
  for (guint i = 0; i < n; i++)
    x[i * stride] /= norm;
}

static double
dot (const double *x, const double *y, guint n)
{
  double sum = 0.0;

  for (guint i = 0; i < n; i++)
    sum += x[i] * y[i];
  return sum;
}

/* Of one segment, [frame][band]: Taal et al. 2011, equations 3 to 5, mean of
 * the bands. */
static double
segment_stoi (const double *x, const double *y)
{
  const double clip = 1.0 + pow (10.0, CLIP_DB / 20.0);
  double sum = 0.0;

  for (guint b = 0; b < N_BANDS; b++) {
    double a[SEGMENT], c[SEGMENT], power_x = 0.0, power_y = 0.0, gain;

    for (guint i = 0; i < SEGMENT; i++) {
      a[i] = x[i * N_BANDS + b];
      c[i] = y[i * N_BANDS + b];
      power_x += a[i] * a[i];
      power_y += c[i] * c[i];
    }
    gain = sqrt (power_x) / (sqrt (power_y) + TINY);
    for (guint i = 0; i < SEGMENT; i++)
      c[i] = MIN (gain * c[i], clip * a[i]);
    normalise (a, SEGMENT, 1);
    normalise (c, SEGMENT, 1);
    sum += dot (a, c, SEGMENT);
  }
  return sum / N_BANDS;
}

/* Jensen and Taal 2016, equations 4 to 8: rows, then columns. */
static double
segment_estoi (const double *x, const double *y)
{
  double a[SEGMENT * N_BANDS], c[SEGMENT * N_BANDS];

  memcpy (a, x, sizeof a);
  memcpy (c, y, sizeof c);
  for (guint b = 0; b < N_BANDS; b++) {
    normalise (a + b, SEGMENT, N_BANDS);
    normalise (c + b, SEGMENT, N_BANDS);
  }
  for (guint i = 0; i < SEGMENT; i++) {
    normalise (a + i * N_BANDS, N_BANDS, 1);
    normalise (c + i * N_BANDS, N_BANDS, 1);
  }
  return dot (a, c, SEGMENT * N_BANDS) / SEGMENT;
}

gboolean
ae_audio_quality_stoi (const float *reference, const float *test, gsize n,
    guint rate_hz, double *stoi, double *estoi)
{
  g_autofree double *x = NULL;
  g_autofree double *y = NULL;
  g_autofree double *bands_x = NULL;
  g_autofree double *bands_y = NULL;
  gsize n_samples, n_frames, n_segments;

  g_return_val_if_fail (rate_hz > 0, FALSE);
  if (n == 0)
    return FALSE;
  x = resample (reference, n, rate_hz, &n_samples);
  y = resample (test, n, rate_hz, &n_samples);
  n_samples = leave_out_silence (x, y, n_samples);
  n_frames = n_frames_of (n_samples);
  if (n_frames < SEGMENT)
    return FALSE;
  bands_x = make_bands (x, n_samples);
  bands_y = make_bands (y, n_samples);
  n_segments = n_frames - SEGMENT + 1;
  *stoi = *estoi = 0.0;
  for (gsize s = 0; s < n_segments; s++) {
    const double *a = bands_x + s * N_BANDS, *b = bands_y + s * N_BANDS;

    *stoi += segment_stoi (a, b) / (double) n_segments;
    *estoi += segment_estoi (a, b) / (double) n_segments;
  }
  return TRUE;
}

/* Log-spectral distance */

/* Powers of the frequencies of @x[@size], [@size / 2 + 1]. */
static void
frame_powers (const double *x, guint size, const double *cosine, double *powers)
{
  for (guint k = 0; k <= size / 2; k++) {
    double re = 0.0, im = 0.0;

    for (guint i = 0, at = 0; i < size; i++) {
      re += x[i] * cosine[at];
      im += x[i] * cosine[at + 3 * size / 4];
      at += k;
      if (at >= size)
        at -= size;
    }
    powers[k] = re * re + im * im;
  }
}

/* Returns: (transfer full): [frame][bin] powers. */
static double *
make_powers (const float *x, guint size, gsize n_frames)
{
  const guint n_bins = size / 2 + 1;
  /* three quarters of a turn more, for the sines */
  g_autofree double *cosine = g_new (double, 2 * size);
  g_autofree double *frame = g_new (double, size);
  double *powers = g_new (double, n_frames * n_bins);

  for (guint i = 0; i < 2 * size; i++)
    cosine[i] = cos (2.0 * G_PI * i / size);
  for (gsize f = 0; f < n_frames; f++) {
    for (guint i = 0; i < size; i++)
      frame[i] = (double) x[f * (size / 2) + i] * (0.5 - 0.5 * cosine[i]);
    frame_powers (frame, size, cosine, powers + f * n_bins);
  }
  return powers;
}

double
ae_audio_quality_lsd_db (const float *reference, const float *test, gsize n,
    guint rate_hz)
{
  /* a quarter of the frame is a whole number, so that cosines make sines */
  const guint size = MAX (4 * ((rate_hz * 8 + 500) / 1000), 4);
  const guint n_bins = size / 2 + 1;
  const gsize n_frames = n < size ? 0 : (n - size) / (size / 2) + 1;
  g_autofree double *a = make_powers (reference, size, n_frames);
  g_autofree double *b = make_powers (test, size, n_frames);
  double floor_power = 0.0, sum = 0.0;

  for (gsize i = 0; i < n_frames * n_bins; i++)
    floor_power = MAX (floor_power, LSD_FLOOR * a[i]);
  if (floor_power == 0.0)
    return -1.0;
  for (gsize f = 0; f < n_frames; f++) {
    double squares = 0.0;

    for (gsize i = f * n_bins; i < (f + 1) * n_bins; i++) {
      const double difference_db = 10.0 * log10 (MAX (a[i], floor_power) /
          MAX (b[i], floor_power));

      squares += difference_db * difference_db;
    }
    sum += sqrt (squares / n_bins);
  }
  return sum / (double) n_frames;
}
