/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-stft.h"

#include <math.h>

#define N (AE_STFT_WINDOW / 2)  /* complex numbers that stand for the real ones */

typedef struct
{
  float re, im;
} Complex;

static Complex roots[N];        /* exp (-2 pi i k / N) */
static Complex half_roots[N + 1];       /* exp (-2 pi i k / 2 N) */
static float window[AE_STFT_WINDOW];

static void
fill_tables (void)
{
  for (guint i = 0; i <= N; i++) {
    double angle = -G_PI * i / N;

    half_roots[i] = (Complex) {
    (float) cos (angle), (float) sin (angle)};
    if (i < N)
      roots[i] = (Complex) {
      (float) cos (2.0 * angle), (float) sin (2.0 * angle)};
  }
  for (guint i = 0; i < AE_STFT_WINDOW; i++)
    window[i] = (float) sin (G_PI * (i + 0.5) / AE_STFT_WINDOW);
}

static void
prepare (void)
{
  static gsize is_ready = 0;

  if (g_once_init_enter (&is_ready)) {
    fill_tables ();
    g_once_init_leave (&is_ready, 1);
  }
}

static inline Complex
multiply (Complex a, Complex b)
{
  return (Complex) {
  a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

/* The transform of four numbers, which needs no products. */
static inline void
transform_four (const Complex x[4], Complex * out, guint step)
{
  Complex a = { x[0].re + x[2].re, x[0].im + x[2].im };
  Complex b = { x[0].re - x[2].re, x[0].im - x[2].im };
  Complex c = { x[1].re + x[3].re, x[1].im + x[3].im };
  Complex d = { x[1].im - x[3].im, x[3].re - x[1].re };

  out[0] = (Complex) {
  a.re + c.re, a.im + c.im};
  out[step] = (Complex) {
  b.re + d.re, b.im + d.im};
  out[2 * step] = (Complex) {
  a.re - c.re, a.im - c.im};
  out[3 * step] = (Complex) {
  b.re - d.re, b.im - d.im};
}

/* Of five. */
static inline void
transform_five (const Complex x[5], Complex * out, guint step)
{
  const float c1 = 0.309016994f, c2 = -0.809016994f;    /* of 2 and 4 pi / 5 */
  const float s1 = 0.951056516f, s2 = 0.587785252f;
  Complex a = { x[1].re + x[4].re, x[1].im + x[4].im };
  Complex b = { x[2].re + x[3].re, x[2].im + x[3].im };
  Complex c = { x[1].re - x[4].re, x[1].im - x[4].im };
  Complex d = { x[2].re - x[3].re, x[2].im - x[3].im };
  Complex near = { x[0].re + c1 * a.re + c2 * b.re,
    x[0].im + c1 * a.im + c2 * b.im
  };
  Complex far = { x[0].re + c2 * a.re + c1 * b.re,
    x[0].im + c2 * a.im + c1 * b.im
  };
  Complex p = { s1 * c.im + s2 * d.im, -s1 * c.re - s2 * d.re };
  Complex q = { s2 * c.im - s1 * d.im, s1 * d.re - s2 * c.re };

  out[0] = (Complex) {
  x[0].re + a.re + b.re, x[0].im + a.im + b.im};
  out[step] = (Complex) {
  near.re + p.re, near.im + p.im};
  out[2 * step] = (Complex) {
  far.re + q.re, far.im + q.im};
  out[3 * step] = (Complex) {
  far.re - q.re, far.im - q.im};
  out[4 * step] = (Complex) {
  near.re - p.re, near.im - p.im};
}

static inline void
transform_two (const Complex x[2], Complex * out, guint step)
{
  out[0] = (Complex) {
  x[0].re + x[1].re, x[0].im + x[1].im};
  out[step] = (Complex) {
  x[0].re - x[1].re, x[0].im - x[1].im};
}

/* The transform of in[0], in[step], ..., of @n = N / @step numbers; its parts of
 * every radix-th number are transformed first (Cooley and Tukey 1965). */
static void
transform (guint n, guint step, const Complex * in, Complex * out)
{
  guint radix = n % 4 == 0 ? 4 : n % 5 == 0 ? 5 : 2, m = n / radix;

  for (guint r = 0; r < radix && m > 1; r++)
    transform (m, step * radix, in + r * step, out + r * m);
  for (guint k = 0; k < m; k++) {
    Complex part[5];

    for (guint r = 0; r < radix; r++)
      part[r] = m == 1 ? in[r * step] :
          multiply (out[r * m + k], roots[r * k * step]);
    if (radix == 4)
      transform_four (part, out + k, m);
    else if (radix == 5)
      transform_five (part, out + k, m);
    else
      transform_two (part, out + k, m);
  }
}

/* Even samples are the real, odd ones the imaginary parts; what the two
 * transforms are is told by symmetry. */
void
ae_stft_analyse (const float *samples, AeSpectrum * spectrum)
{
  const float scale = 0.5f / sqrtf ((float) AE_STFT_WINDOW);
  Complex in[N], out[N];

  prepare ();
  for (guint i = 0; i < N; i++)
    in[i] = (Complex) {
    samples[2 * i] * window[2 * i], samples[2 * i + 1] * window[2 * i + 1]};
  transform (N, 1, in, out);
  for (guint k = 0; k < AE_STFT_BINS; k++) {
    Complex a = out[k % N], b = out[(N - k) % N];
    Complex even = { a.re + b.re, a.im - b.im };
    Complex odd = multiply ((Complex) { a.im + b.im, b.re - a.re },
        half_roots[k]);

    spectrum->re[k] = scale * (even.re + odd.re);
    spectrum->im[k] = scale * (even.im + odd.im);
  }
}

/* The same backwards; the inverse transform is that of the conjugate. */
void
ae_stft_synthesise (const AeSpectrum * spectrum, float *samples)
{
  const float scale = 1.0f / sqrtf ((float) AE_STFT_WINDOW);
  Complex in[N], out[N];

  prepare ();
  for (guint k = 0; k < N; k++) {
    Complex a = { spectrum->re[k], k > 0 ? spectrum->im[k] : 0.0f };
    Complex b = { spectrum->re[N - k], k > 0 ? -spectrum->im[N - k] : 0.0f };
    Complex even = { a.re + b.re, a.im + b.im };
    Complex odd = multiply ((Complex) { a.re - b.re, a.im - b.im },
        (Complex) { half_roots[k].re, -half_roots[k].im }
    );

    in[k] = (Complex) {
    even.re - odd.im, -(even.im + odd.re)};
  }
  transform (N, 1, in, out);
  for (guint i = 0; i < N; i++) {
    samples[2 * i] += scale * out[i].re * window[2 * i];
    samples[2 * i + 1] -= scale * out[i].im * window[2 * i + 1];
  }
}
