/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-pca.h"
#include "ae-error.h"
#include "ae-gemm.h"
#include "ae-rows.h"

#include <math.h>
#include <string.h>

#define RANK_TOLERANCE 1e-10    /* of the largest variance */
#define ROWS_PER_BLOCK 1024

struct _AePca
{
  guint n_dims, n_wanted, n_components;
  guint64 n_samples;
  double total_scatter;         /* sum of |x - mean|^2 over all samples */
  double *variances;            /* [n_components] */
  double *exact_mean;           /* [n_dims] */
  float *mean;                  /* [n_dims] exact_mean, rounded */
  float *components;            /* [n_components][n_dims] */
};

static void
find_mean (const float *x, gsize n, guint n_dims, double *mean)
{
  memset (mean, 0, n_dims * sizeof *mean);
  for (gsize i = 0; i < n; i++) {
    for (guint j = 0; j < n_dims; j++)
      mean[j] += (double) x[i * n_dims + j];
  }
  for (guint j = 0; j < n_dims; j++)
    mean[j] /= (double) n;
}

/* centred [n][n_dims] = x - mean */
static void
centre (const float *x, gsize n, guint n_dims, const double *mean,
    double *centred)
{
  for (gsize i = 0; i < n; i++) {
    for (guint j = 0; j < n_dims; j++)
      centred[i * n_dims + j] = (double) x[i * n_dims + j] - mean[j];
  }
}

static double
sum_of_squares (const double *x, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += x[i] * x[i];
  return sum;
}

/* scatter [n_dims][n_dims] = sum of (x - mean) (x - mean)', block by block */
static void
find_scatter (const float *x, guint n, guint n_dims, const double *mean,
    double *scatter)
{
  g_autofree double *rows = g_new (double, (gsize) ROWS_PER_BLOCK * n_dims);

  for (guint i = 0; i < n; i += ROWS_PER_BLOCK) {
    guint n_rows = MIN (n - i, ROWS_PER_BLOCK);

    centre (x + (gsize) i * n_dims, n_rows, n_dims, mean, rows);
    ae_gemm_double (TRUE, FALSE, n_dims, n_dims, n_rows, 1.0, rows, n_dims,
        rows, n_dims, i == 0 ? 0.0 : 1.0, scatter, n_dims);
  }
}

static AePca *
pca_alloc (guint n_dims, guint n_wanted, guint64 n_samples)
{
  AePca *pca = g_new0 (AePca, 1);

  pca->n_dims = n_dims;
  pca->n_wanted = n_wanted;
  pca->n_samples = n_samples;
  pca->exact_mean = g_new (double, n_dims);
  pca->mean = g_new (float, n_dims);
  return pca;
}

static guint
count_components (const double *scatters, guint n_rows, guint n_wanted)
{
  guint n = 0;

  while (n < MIN (n_rows, n_wanted) && scatters[n] > 0
      && scatters[n] >= RANK_TOLERANCE * scatters[0])
    n++;
  return n;
}

/* Stores a direction at unit length, its largest number positive. */
static void
store_component (float *component, const double *direction, guint n_dims)
{
  double length = sqrt (sum_of_squares (direction, n_dims));
  double largest = 0;

  for (guint j = 0; j < n_dims; j++) {
    if (fabs (direction[j]) > fabs (largest))
      largest = direction[j];
  }
  if (largest < 0)
    length = -length;
  for (guint j = 0; j < n_dims; j++)
    component[j] = (float) (direction[j] / length);
}

/* @directions [n_rows][n_dims] with the scatter along each, largest first. */
static void
store_components (AePca * pca, const double *directions,
    const double *scatters, guint n_rows)
{
  guint n = count_components (scatters, n_rows, pca->n_wanted);

  pca->n_components = n;
  pca->variances = g_new (double, n);
  pca->components = g_new (float, (gsize) n * pca->n_dims);
  for (guint i = 0; i < n; i++) {
    gsize row = (gsize) i * pca->n_dims;

    pca->variances[i] = scatters[i] / (double) (pca->n_samples - 1);
    store_component (pca->components + row, directions + row, pca->n_dims);
  }
  for (guint j = 0; j < pca->n_dims; j++)
    pca->mean[j] = (float) pca->exact_mean[j];
}

/* Decomposes the scatter T'T of the rows T [n_rows][n_dims] by the smaller of
 * T'T and TT': from TT' = U S^2 U' the directions are U'T, of length S. */
static gboolean
decompose_rows (AePca * pca, const double *rows, guint n_rows, GError ** error)
{
  guint n_dims = pca->n_dims, size = MIN (n_rows, n_dims);
  gboolean gram = n_rows < n_dims;
  g_autofree double *square = g_new (double, (gsize) size * size);
  g_autofree double *scatters = g_new (double, size);
  g_autofree double *directions = NULL;

  ae_gemm_double (!gram, gram, size, size, gram ? n_dims : n_rows, 1.0, rows,
      n_dims, rows, n_dims, 0.0, square, size);
  if (!ae_eigen_symmetric (size, square, scatters, error))
    return FALSE;
  if (gram) {
    directions = g_new (double, (gsize) n_rows * n_dims);
    ae_gemm_double (FALSE, FALSE, n_rows, n_dims, n_rows, 1.0, square, n_rows,
        rows, n_dims, 0.0, directions, n_dims);
  }
  store_components (pca, gram ? directions : square, scatters, size);
  return TRUE;
}

static gboolean
decompose_scatter (AePca * pca, const float *x, guint n, GError ** error)
{
  guint n_dims = pca->n_dims;
  g_autofree double *scatter = g_new (double, (gsize) n_dims * n_dims);
  g_autofree double *scatters = g_new (double, n_dims);

  find_scatter (x, n, n_dims, pca->exact_mean, scatter);
  for (guint j = 0; j < n_dims; j++)
    pca->total_scatter += scatter[(gsize) j * n_dims + j];
  if (!ae_eigen_symmetric (n_dims, scatter, scatters, error))
    return FALSE;
  store_components (pca, scatter, scatters, n_dims);
  return TRUE;
}

static gboolean
decompose_few (AePca * pca, const float *x, guint n, GError ** error)
{
  g_autofree double *rows = g_new (double, (gsize) n * pca->n_dims);

  centre (x, n, pca->n_dims, pca->exact_mean, rows);
  pca->total_scatter = sum_of_squares (rows, (gsize) n * pca->n_dims);
  return decompose_rows (pca, rows, n, error);
}

AePca *
ae_pca_new (const float *x, guint n, guint n_dims, guint n_components,
    GError ** error)
{
  g_autoptr (AePca) pca = NULL;
  gboolean ok;

  g_return_val_if_fail (x != NULL && n_dims > 0, NULL);
  if (n < 2) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "PCA: %u samples, expected at least 2", n);
    return NULL;
  }
  if (n_components < 1 || n_components > n_dims) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "PCA: %u components of %u dimensions, expected 1 to %u", n_components,
        n_dims, n_dims);
    return NULL;
  }
  if (!ae_rows_all_finite (x, n, n_dims, "PCA", error))
    return NULL;
  pca = pca_alloc (n_dims, n_components, n);
  find_mean (x, n, n_dims, pca->exact_mean);
  if (n < n_dims)
    ok = decompose_few (pca, x, n, error);
  else
    ok = decompose_scatter (pca, x, n, error);
  return ok ? g_steal_pointer (&pca) : NULL;
}

/* The rows [k + n + 1][n_dims] of Ross et al., (11): the old components scaled
 * to their scatter, the new samples about their mean, and the shift between
 * the means scaled to the scatter that it adds. */
static void
fill_update (const AePca * pca, const float *x, guint n,
    const double *new_mean, double *rows)
{
  guint n_dims = pca->n_dims, k = pca->n_components;
  double n_old = (double) pca->n_samples;
  double weight = sqrt (n_old * n / (n_old + n));
  double *shift = rows + (gsize) (k + n) * n_dims;

  for (guint i = 0; i < k; i++) {
    double scale = sqrt (pca->variances[i] * (n_old - 1));

    for (guint j = 0; j < n_dims; j++)
      rows[(gsize) i * n_dims + j] =
          scale * (double) pca->components[(gsize) i * n_dims + j];
  }
  centre (x, n, n_dims, new_mean, rows + (gsize) k * n_dims);
  for (guint j = 0; j < n_dims; j++)
    shift[j] = weight * (new_mean[j] - pca->exact_mean[j]);
}

AePca *
ae_pca_update (const AePca * pca, const float *x, guint n, GError ** error)
{
  g_autoptr (AePca) next = NULL;
  g_autofree double *rows = NULL;
  g_autofree double *new_mean = NULL;
  guint n_dims, n_rows;

  g_return_val_if_fail (pca != NULL && x != NULL, NULL);
  if (n < 1) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "PCA update: no samples, expected at least 1");
    return NULL;
  }
  n_dims = pca->n_dims;
  n_rows = pca->n_components + n + 1;
  if (!ae_rows_all_finite (x, n, n_dims, "PCA update", error))
    return NULL;
  new_mean = g_new (double, n_dims);
  rows = g_new (double, (gsize) n_rows * n_dims);
  find_mean (x, n, n_dims, new_mean);
  fill_update (pca, x, n, new_mean, rows);
  next = pca_alloc (n_dims, pca->n_wanted, pca->n_samples + n);
  next->total_scatter = pca->total_scatter
      + sum_of_squares (rows + (gsize) pca->n_components * n_dims,
      (gsize) (n + 1) * n_dims);
  for (guint j = 0; j < n_dims; j++)
    next->exact_mean[j] = pca->exact_mean[j] + (new_mean[j]
        - pca->exact_mean[j]) * n / (double) next->n_samples;
  if (!decompose_rows (next, rows, n_rows, error))
    return NULL;
  return g_steal_pointer (&next);
}

void
ae_pca_free (AePca * pca)
{
  if (pca == NULL)
    return;
  g_free (pca->variances);
  g_free (pca->exact_mean);
  g_free (pca->mean);
  g_free (pca->components);
  g_free (pca);
}

guint
ae_pca_n_dims (const AePca * pca)
{
  return pca->n_dims;
}

guint
ae_pca_n_components (const AePca * pca)
{
  return pca->n_components;
}

guint64
ae_pca_n_samples (const AePca * pca)
{
  return pca->n_samples;
}

const float *
ae_pca_mean (const AePca * pca)
{
  return pca->mean;
}

const float *
ae_pca_components (const AePca * pca)
{
  return pca->components;
}

const double *
ae_pca_variances (const AePca * pca)
{
  return pca->variances;
}

double
ae_pca_total_variance (const AePca * pca)
{
  return pca->total_scatter / (double) (pca->n_samples - 1);
}

void
ae_pca_project (const AePca * pca, const float *x, guint n, float *code)
{
  guint n_dims = pca->n_dims, k = pca->n_components;
  g_autofree float *centred = g_new (float, (gsize) ROWS_PER_BLOCK * n_dims);

  for (guint i = 0; i < n; i += ROWS_PER_BLOCK) {
    guint n_rows = MIN (n - i, ROWS_PER_BLOCK);
    const float *block = x + (gsize) i * n_dims;

    for (gsize j = 0; j < (gsize) n_rows * n_dims; j++)
      centred[j] = block[j] - pca->mean[j % n_dims];
    ae_gemm (FALSE, TRUE, n_rows, k, n_dims, 1.0f, centred, n_dims,
        pca->components, n_dims, 0.0f, code + (gsize) i * k, k);
  }
}

void
ae_pca_reconstruct (const AePca * pca, const float *code, guint n, float *x)
{
  guint n_dims = pca->n_dims, k = pca->n_components;

  for (gsize i = 0; i < n; i++)
    memcpy (x + i * n_dims, pca->mean, n_dims * sizeof *x);
  if (k > 0)
    ae_gemm (FALSE, FALSE, n, n_dims, k, 1.0f, code, k, pca->components,
        n_dims, 1.0f, x, n_dims);
}

/* row -= the part of it that lies along the rows q [k][n_dims] */
static void
take_out (double *row, const double *q, guint k, guint n_dims)
{
  for (guint i = 0; i < k; i++) {
    const double *unit = q + (gsize) i * n_dims;
    double along = 0;

    for (guint j = 0; j < n_dims; j++)
      along += row[j] * unit[j];
    for (guint j = 0; j < n_dims; j++)
      row[j] -= along * unit[j];
  }
}

/* Gram and Schmidt, twice, as once is not orthogonal enough (Björck, 1994). */
static gboolean
orthonormalise (const float *basis, guint k, guint n_dims, double *q,
    GError ** error)
{
  if (!ae_rows_all_finite (basis, k, n_dims, "basis", error))
    return FALSE;
  for (guint i = 0; i < k; i++) {
    double *row = q + (gsize) i * n_dims;
    double before, left;

    for (guint j = 0; j < n_dims; j++)
      row[j] = (double) basis[(gsize) i * n_dims + j];
    before = sqrt (sum_of_squares (row, n_dims));
    take_out (row, q, i, n_dims);
    take_out (row, q, i, n_dims);
    left = sqrt (sum_of_squares (row, n_dims));
    if (left <= 1e-6 * before) {
      g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
          "basis: %g of row %u (length %g) is not in the span of the rows "
          "before it, expected independent rows", left, i, before);
      return FALSE;
    }
    for (guint j = 0; j < n_dims; j++)
      row[j] /= left;
  }
  return TRUE;
}

/* values [k]: the squared singular values of a [k][n], largest first */
static gboolean
squared_singular_values (const double *a, guint k, guint n, double *values,
    GError ** error)
{
  g_autofree double *gram = g_new (double, (gsize) k * k);

  ae_gemm_double (FALSE, TRUE, k, k, n, 1.0, a, n, a, n, 0.0, gram, k);
  return ae_eigen_symmetric (k, gram, values, error);
}

gboolean
ae_pca_largest_angle (const float *a, const float *b, guint k, guint n_dims,
    double *degrees, GError ** error)
{
  g_autofree double *qa = g_new (double, (gsize) k * n_dims);
  g_autofree double *qb = g_new (double, (gsize) k * n_dims);
  g_autofree double *both = g_new (double, (gsize) k * k);
  g_autofree double *cosines = g_new (double, k);
  g_autofree double *sines = g_new (double, k);

  g_return_val_if_fail (k > 0, FALSE);
  if (!orthonormalise (a, k, n_dims, qa, error)
      || !orthonormalise (b, k, n_dims, qb, error))
    return FALSE;
  ae_gemm_double (FALSE, TRUE, k, k, n_dims, 1.0, qb, n_dims, qa, n_dims, 0.0,
      both, k);
  ae_gemm_double (FALSE, FALSE, k, n_dims, k, -1.0, both, k, qa, n_dims, 1.0,
      qb, n_dims);
  if (!squared_singular_values (both, k, k, cosines, error)
      || !squared_singular_values (qb, k, n_dims, sines, error))
    return FALSE;
  *degrees = atan2 (sqrt (MAX (sines[0], 0)), sqrt (MAX (cosines[k - 1], 0)))
      * 180 / G_PI;
  return TRUE;
}
