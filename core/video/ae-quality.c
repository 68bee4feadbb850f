/* How alike are two pictures? SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-quality.h"

#include <math.h>
#include <string.h>

#define WINDOW 11
#define C1 (0.01f * 0.01f)
#define C2 (0.03f * 0.03f)

/* Sums of the same column modulo LANES stay apart within a row, so that the
 * compiler may add many at a time without changing the result. */
#define LANES 16

static double
row_squared_difference (const float *a, const float *b, gsize n)
{
  float lanes[LANES] = { 0 };
  double sum = 0;
  gsize i = 0;

  for (; i + LANES <= n; i += LANES) {
    for (gsize lane = 0; lane < LANES; lane++) {
      const float d = a[i + lane] - b[i + lane];

      lanes[lane] += d * d;
    }
  }
  for (; i < n; i++)
    sum += (double) ((a[i] - b[i]) * (a[i] - b[i]));
  for (gsize lane = 0; lane < LANES; lane++)
    sum += (double) lanes[lane];
  return sum;
}

double
ae_quality_mse (const float *a, gsize stride_a, const float *b, gsize stride_b,
    guint width, guint height)
{
  double sum = 0;

  g_return_val_if_fail (width > 0 && height > 0, 0);
  for (guint y = 0; y < height; y++)
    sum += row_squared_difference (a + y * stride_a, b + y * stride_b, width);
  return sum / ((double) width * height);
}

double
ae_quality_psnr_from_mse (double mse)
{
  const double equal_mse = pow (10, -AE_PSNR_EQUAL_DB / 10);

  return mse > equal_mse ? -10 * log10 (mse) : AE_PSNR_EQUAL_DB;
}

/* Weighted means under a window. SSIM needs the
 * two variances only as their sum. */
enum
{
  MEAN_A, MEAN_B, MEAN_SQUARES, MEAN_PRODUCT, N_MOMENTS
};

/* Wang et al. 2004, equation 13, from weighted means of a, b, a a + b b, a b. */
static inline float
ssim_from_moments (float mean_a, float mean_b, float squares, float product)
{
  const float mean_ab = mean_a * mean_b;
  const float mean_squares = mean_a * mean_a + mean_b * mean_b;

  return (2.0f * mean_ab + C1) * (2.0f * (product - mean_ab) + C2)
      / ((mean_squares + C1) * (squares - mean_squares + C2));
}

static double
ssim_uniform (const float *a, gsize stride_a, const float *b, gsize stride_b,
    guint width, guint height)
{
  const double n = (double) width * height;
  double moments[N_MOMENTS] = { 0 };

  for (guint y = 0; y < height; y++) {
    for (guint x = 0; x < width; x++) {
      const double va = (double) a[y * stride_a + x];
      const double vb = (double) b[y * stride_b + x];

      moments[MEAN_A] += va;
      moments[MEAN_B] += vb;
      moments[MEAN_SQUARES] += va * va + vb * vb;
      moments[MEAN_PRODUCT] += va * vb;
    }
  }
  return (double) ssim_from_moments ((float) (moments[MEAN_A] / n),
      (float) (moments[MEAN_B] / n), (float) (moments[MEAN_SQUARES] / n),
      (float) (moments[MEAN_PRODUCT] / n));
}

static void
fill_gaussian (float *weights)
{
  double sum = 0;

  for (gint i = 0; i < WINDOW; i++) {
    const double x = i - WINDOW / 2;

    weights[i] = (float) exp (-x * x / (2 * 1.5 * 1.5));
    sum += (double) weights[i];
  }
  for (gint i = 0; i < WINDOW; i++)
    weights[i] /= (float) sum;
}

/* in [N_MOMENTS][WINDOW][n]: the rows under a window, rows from the ring's
 * @first on -> out [N_MOMENTS][n] */
static void
filter_columns (const float *in, const float *weights, guint first, float *out,
    gsize n)
{
  memset (out, 0, N_MOMENTS * n * sizeof (float));
  for (guint moment = 0; moment < N_MOMENTS; moment++) {
    float *row = out + moment * n;

    for (guint tap = 0; tap < WINDOW; tap++) {
      const float *line = in + (moment * WINDOW + (first + tap) % WINDOW) * n;
      const float weight = weights[tap];

      for (gsize x = 0; x < n; x++)
        row[x] += weight * line[x];
    }
  }
}

/* a, b [n] -> ring [N_MOMENTS][WINDOW][n_out], row @i_row of each moment,
 * n_out = n - WINDOW + 1; products [n] is scratch */
static void
filter_row (const float *a, const float *b, const float *weights, float *ring,
    guint i_row, float *products, gsize n)
{
  const gsize n_out = n - WINDOW + 1;

  for (guint moment = 0; moment < N_MOMENTS; moment++) {
    float *row = ring + (moment * WINDOW + i_row) * n_out;
    const float *in = moment == MEAN_A ? a : moment == MEAN_B ? b : products;

    if (moment == MEAN_SQUARES) {
      for (gsize x = 0; x < n; x++)
        products[x] = a[x] * a[x] + b[x] * b[x];
    } else if (moment == MEAN_PRODUCT) {
      for (gsize x = 0; x < n; x++)
        products[x] = a[x] * b[x];
    }
    memset (row, 0, n_out * sizeof (float));
    for (guint tap = 0; tap < WINDOW; tap++) {
      const float weight = weights[tap];

      for (gsize x = 0; x < n_out; x++)
        row[x] += weight * in[x + tap];
    }
  }
}

/* The second factor of ssim_from_moments(). */
static inline float
contrast_from_moments (float mean_a, float mean_b, float squares, float product)
{
  return (2.0f * (product - mean_a * mean_b) + C2)
      / (squares - mean_a * mean_a - mean_b * mean_b + C2);
}

typedef float (*MomentsFunc) (float mean_a, float mean_b, float squares,
    float product);

static double
sum_moments (const float *moments, gsize n, MomentsFunc func)
{
  double sum = 0;

  for (gsize x = 0; x < n; x++)
    sum += (double) func (moments[MEAN_A * n + x], moments[MEAN_B * n + x],
        moments[MEAN_SQUARES * n + x], moments[MEAN_PRODUCT * n + x]);
  return sum;
}

/* The mean of @func over all windows; at least one fits. */
static double
mean_moments (const float *a, gsize stride_a, const float *b, gsize stride_b,
    guint width, guint height, MomentsFunc func)
{
  const gsize n_out = (gsize) width - WINDOW + 1;
  g_autofree float *ring = NULL, *products = NULL, *moments = NULL;
  float weights[WINDOW];
  double sum = 0;

  fill_gaussian (weights);
  ring = g_new (float, N_MOMENTS * WINDOW * n_out);
  products = g_new (float, width);
  moments = g_new (float, N_MOMENTS * n_out);
  for (guint y = 0; y < height; y++) {
    filter_row (a + y * stride_a, b + y * stride_b, weights, ring, y % WINDOW,
        products, width);
    if (y + 1 >= WINDOW) {
      filter_columns (ring, weights, (y + 1) % WINDOW, moments, n_out);
      sum += sum_moments (moments, n_out, func);
    }
  }
  return sum / ((double) n_out * (height - WINDOW + 1));
}

double
ae_quality_ssim (const float *a, gsize stride_a, const float *b, gsize stride_b,
    guint width, guint height)
{
  g_return_val_if_fail (width > 0 && height > 0, 1);
  if (width < WINDOW || height < WINDOW)
    return ssim_uniform (a, stride_a, b, stride_b, width, height);
  return mean_moments (a, stride_a, b, stride_b, width, height,
      ssim_from_moments);
}

/* Means of 2x2 samples, without gaps between rows. */
static float *
halve (const float *in, gsize stride, guint width, guint height)
{
  float *out = g_new (float, (gsize) (width / 2) * (height / 2));

  for (guint y = 0; y < height / 2; y++) {
    const float *above = in + 2 * y * stride, *below = above + stride;

    for (guint x = 0; x < width / 2; x++)
      out[(gsize) y * (width / 2) + x] = 0.25f * (above[2 * x]
          + above[2 * x + 1] + below[2 * x] + below[2 * x + 1]);
  }
  return out;
}

double
ae_quality_ms_ssim (const float *a, gsize stride_a, const float *b,
    gsize stride_b, guint width, guint height)
{
  static const double exponents[AE_MS_SSIM_SCALES] = {
    0.0448, 0.2856, 0.3001, 0.2363, 0.1333
  };
  g_autofree float *own_a = NULL, *own_b = NULL;
  double product = 1;

  g_return_val_if_fail (MIN (width, height) >= AE_MS_SSIM_MIN_SIDE, 0);
  for (guint i = 0; i < AE_MS_SSIM_SCALES; i++) {
    gboolean is_last = i + 1 == AE_MS_SSIM_SCALES;
    float *half_a, *half_b;

    product *= pow (MAX (mean_moments (a, stride_a, b, stride_b, width, height,
                is_last ? ssim_from_moments : contrast_from_moments), 0),
        exponents[i]);
    if (is_last)
      break;
    half_a = halve (a, stride_a, width, height);
    half_b = halve (b, stride_b, width, height);
    g_free (own_a);
    g_free (own_b);
    a = own_a = half_a;
    b = own_b = half_b;
    width /= 2;
    height /= 2;
    stride_a = stride_b = width;
  }
  return product;
}
