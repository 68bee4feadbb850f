/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-symbol-fit.h"

#include <math.h>
#include <string.h>

#include "ae-slice.h"

#define N_CONTEXTS (AE_SYMBOLS_N_EARLIER * AE_SYMBOLS_N_NEAR)

/* Contexts are counted in parts of the grid as large as slices often are. */
#define PART_ROWS 6
#define PART_COLUMNS 96

/* A prediction that takes less than this share of the variance away is not
 * worth what it takes to decode. */
#define LEAST_GAIN 0.1

/* A parent that adds less than this to the correlation is left out. */
#define LEAST_CORRELATION 0.01

/* A few large magnitudes shall not decide what is near to what. */
#define MAX_MAGNITUDE 15

static gint
value_at (const AeLatents * latents, guint p, guint y, guint x)
{
  return latents->data[((gsize) p * latents->h + y) * latents->w + x];
}

static gboolean
solve (double a[3][3], double b[3])
{
  for (guint i = 0; i < 3; i++) {
    if (a[i][i] < 1e-9)
      return FALSE;
    for (guint j = i + 1; j < 3; j++) {
      double factor = a[j][i] / a[i][i];

      for (guint k = i; k < 3; k++)
        a[j][k] -= factor * a[i][k];
      b[j] -= factor * b[i];
    }
  }
  for (guint i = 3; i-- > 0;) {
    for (guint k = i + 1; k < 3; k++)
      b[i] -= a[i][k] * b[k];
    b[i] /= a[i][i];
  }
  return TRUE;
}

/* The value above and to the left where there is one, else 0: what has no rows,
 * such as sound, is predicted from W alone. */
static gint
value_before (const AeLatents * latents, guint p, guint y, guint x, guint up)
{
  return up > y ? 0 : value_at (latents, p, y - up, x);
}

/* Adds the products of neighbours W, N and NW and of the value, divided by the
 * plane's variance in this frame, so that frames of every level count alike. */
static double
add_products (const AeLatents * latents, guint p, double a[3][3], double b[3])
{
  double products[4][4] = { 0 };
  double variance;

  for (guint y = latents->h > 1; y < latents->h; y++) {
    for (guint x = 1; x < latents->w; x++) {
      double v[4] = {
        value_at (latents, p, y, x - 1), value_before (latents, p, y, x, 1),
        value_before (latents, p, y, x - 1, 1), value_at (latents, p, y, x)
      };

      for (guint i = 0; i < 4; i++) {
        for (guint j = i; j < 4; j++)
          products[i][j] += v[i] * v[j];
      }
    }
  }
  variance = products[3][3] + 1;
  for (guint i = 0; i < 3; i++) {
    for (guint j = 0; j < 3; j++)
      a[i][j] += products[MIN (i, j)][MAX (i, j)] / variance;
    b[i] += products[i][3] / variance;
  }
  return products[3][3] / variance;
}

static void
fit_weights (const AeSymbolSample * samples, guint n_samples, guint p,
    AePlaneModel * plane)
{
  double a[3][3] = { 0 }, b[3] = { 0 }, weights[3];
  double energy = 0, gain = 0;

  for (guint i = 0; i < n_samples; i++)
    energy += add_products (samples[i].latents, p, a, b);
  for (guint i = 0; i < 3; i++)
    a[i][i] += 1e-6 * (energy + 1e-6);
  memcpy (weights, b, sizeof b);
  if (!solve (a, weights))
    return;
  for (guint i = 0; i < 3; i++)
    gain += weights[i] * b[i];
  for (guint i = 0; i < 3 && gain > LEAST_GAIN * energy; i++)
    plane->weights[i] = (gint16) CLAMP (lrint (256 * weights[i]),
        -AE_SYMBOLS_MAX_WEIGHT, AE_SYMBOLS_MAX_WEIGHT);
}

static guint
residual_magnitude (const AeLatents * latents, const AePlaneModel * plane,
    guint p, guint y, guint x)
{
  gint predicted = 0;

  if (x > 0 && (y > 0 || latents->h == 1))
    predicted = plane->weights[0] * value_at (latents, p, y, x - 1)
        + plane->weights[1] * value_before (latents, p, y, x, 1)
        + plane->weights[2] * value_before (latents, p, y, x - 1, 1);
  return (guint) MIN (ABS (value_at (latents, p, y, x)
          - ((predicted + 128) >> 8)), MAX_MAGNITUDE);
}

/* Adds to means [n] and products [n][n] of the planes' magnitudes. */
static void
add_magnitudes (const AeLatents * latents, const AePlaneModel * planes,
    double *means, double *products)
{
  guint n = latents->n_planes;
  g_autofree float *m = g_new (float, n);

  for (guint y = 0; y < latents->h; y++) {
    for (guint x = 0; x < latents->w; x++) {
      for (guint p = 0; p < n; p++)
        m[p] = (float) residual_magnitude (latents, &planes[p], p, y, x);
      for (guint p = 0; p < n; p++) {
        means[p] += (double) m[p];
        for (guint q = 0; q <= p && m[p] > 0; q++)
          products[p * n + q] += (double) (m[p] * m[q]);
      }
    }
  }
}

/* Greedily, what makes the sum of the parents tell most of plane @p. */
static void
choose_parents (const double *covariance, guint n, guint p, guint8 * parents)
{
  double with_sum = 0, sum_sum = 0, best = 0;

  for (guint k = 0; k < AE_SYMBOLS_N_PARENTS; k++) {
    double found = best + LEAST_CORRELATION, found_with = 0, found_sum = 0;
    guint i_found = AE_SYMBOLS_NO_PARENT;

    for (guint q = 0; q < p; q++) {
      double with = with_sum + covariance[p * n + q];
      double sum = sum_sum + covariance[q * n + q], correlation;

      if (memchr (parents, (gint) q, k) != NULL)
        continue;
      for (guint i = 0; i < k; i++)
        sum += 2 * covariance[MAX (q, parents[i]) * n + MIN (q, parents[i])];
      correlation = with / sqrt (sum * covariance[p * n + p] + 1e-30);
      if (correlation > found) {
        found = correlation;
        found_with = with;
        found_sum = sum;
        i_found = q;
      }
    }
    parents[k] = (guint8) i_found;
    if (i_found == AE_SYMBOLS_NO_PARENT) {
      memset (parents + k, AE_SYMBOLS_NO_PARENT, AE_SYMBOLS_N_PARENTS - k);
      return;
    }
    best = found;
    with_sum = found_with;
    sum_sum = found_sum;
  }
}

static void
fit_planes (const AeSymbolSample * samples, guint n_samples,
    AeSymbolModel * model)
{
  guint n = model->n_planes;
  g_autofree double *means = g_new0 (double, n);
  g_autofree double *products = g_new0 (double, (gsize) n * n);
  double n_positions = 0;

  for (guint p = 0; p < n; p++)
    fit_weights (samples, n_samples, p, &model->planes[p]);
  for (guint i = 0; i < n_samples; i++) {
    add_magnitudes (samples[i].latents, model->planes, means, products);
    n_positions += (double) ae_latents_n_positions (samples[i].latents);
  }
  for (guint p = 0; p < n; p++) {
    for (guint q = 0; q <= p; q++)
      products[p * n + q] -= means[p] * means[q] / n_positions;
  }
  for (guint p = 0; p < n; p++)
    choose_parents (products, n, p, model->planes[p].parents);
}

static void
count (AeSliceCoder * coder, const AeSymbolSample * sample,
    AeSymbolCount * counts)
{
  const AeLatents *latents = sample->latents;
  AeRect part;

  for (part.y = 0; part.y < latents->h; part.y += PART_ROWS) {
    for (part.x = 0; part.x < latents->w; part.x += PART_COLUMNS) {
      part.h = MIN (PART_ROWS, latents->h - part.y);
      part.w = MIN (PART_COLUMNS, latents->w - part.x);
      ae_slice_count (coder, latents, sample->reference, sample->blocks, &part,
          counts);
    }
  }
}

/* @counts: [AE_N_KINDS][n_planes][contexts]; @maps: what they were, alike. */
static void
fit_maps (const AeSymbolCount * counts, gsize n, guint16 * maps)
{
  for (gsize i = 0; i < n; i++)
    maps[i] = (guint16) ae_symbol_count_fit (&counts[i], maps[i]);
}

/* All levels together, into the one set that @model has. What changed blocks
 * met is fitted from what intra ones met. */
static void
fit_common (const AeSymbolCount * counts, AeSymbolModel * model)
{
  gsize n = (gsize) model->n_planes * N_CONTEXTS;
  guint16 *maps = &model->maps[0][0][0];

  fit_maps (counts, n, maps);
  memcpy (maps + n, maps, n * sizeof *maps);
  fit_maps (counts + n, n, maps + n);
}

/* Each level that has samples gets a set; the others that of the level below,
 * or of the lowest. */
static void
assign_sets (const gboolean * has_samples, AeSymbolModel * model)
{
  model->n_sets = 0;
  for (guint level = 0; level < AE_SYMBOLS_N_LEVELS; level++) {
    model->n_sets += has_samples[level] ? 1 : 0;
    model->level_sets[level] = (guint8) (MAX (model->n_sets, 1) - 1);
  }
}

AeSymbolModel *
ae_symbol_fit (const AeSymbolSample * samples, guint n_samples)
{
  guint n_planes = samples[0].latents->n_planes;
  gsize n = (gsize) AE_N_KINDS * n_planes * N_CONTEXTS;
  g_autoptr (AeSymbolModel) model = ae_symbol_model_new (n_planes);
  g_autoptr (AeSliceCoder) coder = NULL;
  g_autofree AeSymbolCount *counts =
      g_new0 (AeSymbolCount, n * AE_SYMBOLS_N_LEVELS);
  g_autofree AeSymbolCount *all = g_new0 (AeSymbolCount, n);
  gboolean has_samples[AE_SYMBOLS_N_LEVELS] = { FALSE };

  g_return_val_if_fail (n_samples > 0, NULL);
  fit_planes (samples, n_samples, model);
  coder = ae_slice_coder_new (model);
  for (guint i = 0; i < n_samples; i++) {
    count (coder, &samples[i], counts + n * samples[i].level);
    has_samples[samples[i].level] = TRUE;
  }
  for (gsize i = 0; i < n * AE_SYMBOLS_N_LEVELS; i++) {
    all[i % n].n_zero += counts[i].n_zero;
    all[i % n].n_other += counts[i].n_other;
    all[i % n].sum_magnitudes += counts[i].sum_magnitudes;
  }
  fit_common (all, model);
  assign_sets (has_samples, model);
  model->maps = g_renew (AeContextMap, model->maps,
      (gsize) model->n_sets * AE_N_KINDS * n_planes);
  for (guint set = model->n_sets; set-- > 0;)
    memmove (model->maps + (gsize) set * AE_N_KINDS * n_planes, model->maps,
        AE_N_KINDS * n_planes * sizeof *model->maps);
  for (guint level = 0; level < AE_SYMBOLS_N_LEVELS; level++) {
    if (has_samples[level])
      fit_maps (counts + n * level, n, &model->maps[(gsize)
              model->level_sets[level] * AE_N_KINDS * n_planes][0][0]);
  }
  return g_steal_pointer (&model);
}
