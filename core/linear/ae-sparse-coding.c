/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-sparse-coding.h"
#include "ae-error.h"
#include "ae-gemm.h"
#include "ae-rows.h"

#include <math.h>
#include <string.h>

#define ROWS_PER_BLOCK 256
#define ITERATIONS_PER_CHECK 8
#define SWEEPS_PER_CHECK 10
#define L0_TOLERANCE 1e-6f
#define RANK_TOLERANCE 1e-10

/* One block of samples at work. With G = W'W and c = W'x nothing depends on
 * n_dims any more: |x - W s|^2 = |x|^2 - 2 s'c + s'G s. */
typedef struct
{
  const AeDictionary *dictionary;
  guint n, n_atoms;
  float lambda;
  double *energy;               /* [n] |x|^2 */
  float *c;                     /* [n][n_atoms] */
  float *q;                     /* [n][n_atoms] G s, or G z */
  float *z;                     /* [n][n_atoms] s, and the momentum */
  float *t;                     /* [n] age of the momentum */
} Block;

static void
block_init (Block * b, const AeDictionary * dictionary, float lambda, guint n)
{
  gsize n_rows = MIN (n, ROWS_PER_BLOCK);
  gsize size = n_rows * ae_dictionary_n_atoms (dictionary);

  b->dictionary = dictionary;
  b->n_atoms = ae_dictionary_n_atoms (dictionary);
  b->lambda = lambda;
  b->energy = g_new (double, n_rows);
  b->c = g_new (float, size);
  b->q = g_new (float, size);
  b->z = g_new (float, size);
  b->t = g_new (float, n_rows);
}

static void
block_clear (Block * b)
{
  g_free (b->energy);
  g_free (b->c);
  g_free (b->q);
  g_free (b->z);
  g_free (b->t);
}

static void
block_load (Block * b, const float *x, guint n)
{
  guint n_dims = ae_dictionary_n_dims (b->dictionary);

  b->n = n;
  for (gsize i = 0; i < n; i++) {
    b->energy[i] = 0;
    for (guint j = 0; j < n_dims; j++)
      b->energy[i] += (double) x[i * n_dims + j] * (double) x[i * n_dims + j];
  }
  ae_gemm (FALSE, TRUE, n, b->n_atoms, n_dims, 1.0f, x, n_dims,
      ae_dictionary_atoms (b->dictionary), n_dims, 0.0f, b->c, b->n_atoms);
}

/* q = G s for all rows of the block */
static void
block_multiply (Block * b, const float *s)
{
  ae_gemm (FALSE, FALSE, b->n, b->n_atoms, b->n_atoms, 1.0f, s, b->n_atoms,
      ae_dictionary_gram (b->dictionary), b->n_atoms, 0.0f, b->q, b->n_atoms);
}

/* The objective of row i at s, given q = G s, and its distance from the dual
 * objective theta'x - |theta|^2 / 4 at theta = 2 scale (x - W s), where scale
 * brings all of |W'theta| to lambda at most. */
static double
row_gap (const Block * b, guint i, const float *s, double *objective)
{
  const float *c = b->c + (gsize) i * b->n_atoms;
  const float *q = b->q + (gsize) i * b->n_atoms;
  double sc = 0, sq = 0, l1 = 0, error, scale = 1;
  float steepest = 0;

  for (guint j = 0; j < b->n_atoms; j++) {
    sc += (double) (s[j] * c[j]);
    sq += (double) (s[j] * q[j]);
    l1 += (double) fabsf (s[j]);
    steepest = MAX (steepest, fabsf (c[j] - q[j]));
  }
  if (2 * steepest > b->lambda)
    scale = (double) (b->lambda / (2 * steepest));
  error = MAX (b->energy[i] - 2 * sc + sq, 0);
  *objective = error + (double) b->lambda * l1;
  return *objective - 2 * scale * (b->energy[i] - sc)
      + scale * scale * error;
}

static inline float
shrink (float v, float threshold)
{
  return v > threshold ? v - threshold : v < -threshold ? v + threshold : 0;
}

/* s, z [n_atoms] of one row, given q = G z: s is the gradient step from z,
 * shrunk; z is s and the momentum. Returns the new age of the momentum. */
static float
fista_row (guint n_atoms, float step, float threshold, const float *c,
    const float *q, float *z, float *s, float t)
{
  float uphill = 0, t_next, momentum;

  for (guint j = 0; j < n_atoms; j++) {
    float next = shrink (z[j] - step * (q[j] - c[j]), threshold);

    uphill += (z[j] - next) * (next - s[j]);
    z[j] = next - s[j];
    s[j] = next;
  }
  if (uphill > 0)
    t = 1;
  t_next = (1 + sqrtf (1 + 4 * t * t)) / 2;
  momentum = (t - 1) / t_next;
  for (guint j = 0; j < n_atoms; j++)
    z[j] = s[j] + momentum * z[j];
  return t_next;
}

static void
gradient_step (Block * b, AeSparseMethod method, float *s)
{
  float curvature = MAX (ae_dictionary_curvature (b->dictionary), G_MINFLOAT);

  block_multiply (b, b->z);
  for (guint i = 0; i < b->n; i++) {
    gsize row = (gsize) i * b->n_atoms;
    float t = fista_row (b->n_atoms, 1 / curvature,
        b->lambda / (2 * curvature), b->c + row, b->q + row, b->z + row,
        s + row, b->t[i]);

    b->t[i] = method == AE_SPARSE_FISTA ? t : 1;
  }
}

static double
block_gap (Block * b, const float *s, double *objective)
{
  double gap = 0, objective_i;

  block_multiply (b, s);
  *objective = 0;
  for (guint i = 0; i < b->n; i++) {
    gap += row_gap (b, i, s + (gsize) i * b->n_atoms, &objective_i);
    *objective += objective_i;
  }
  return gap;
}

/* Returns the sum of the gaps. */
static double
gradient_steps (Block * b, AeSparseMethod method, guint max_iterations,
    double tolerance, float *s)
{
  double gap = 0, objective;

  memcpy (b->z, s, (gsize) b->n * b->n_atoms * sizeof *s);
  for (guint i = 0; i < b->n; i++)
    b->t[i] = 1;
  for (guint i = 1; i <= max_iterations; i++) {
    gradient_step (b, method, s);
    if (i % ITERATIONS_PER_CHECK != 0 && i < max_iterations)
      continue;
    gap = block_gap (b, s, &objective);
    if (gap <= tolerance * objective)
      break;
  }
  return gap;
}

/* Brings each number of the code to its minimum in turn, those that are not
 * zero or all of them. Returns the largest move, in units of the error. */
static float
sweep (Block * b, guint i, float *s, gboolean all)
{
  guint n_atoms = b->n_atoms;
  const float *gram = ae_dictionary_gram (b->dictionary);
  const float *c = b->c + (gsize) i * n_atoms;
  float *q = b->q + (gsize) i * n_atoms;
  float largest = 0;

  for (guint j = 0; j < n_atoms; j++) {
    const float *g = gram + (gsize) j * n_atoms;
    float move;

    if ((!all && s[j] == 0) || g[j] <= 0)
      continue;
    move = shrink (c[j] - q[j] + g[j] * s[j], b->lambda / 2) / g[j] - s[j];
    if (move == 0)
      continue;
    s[j] += move;
    for (guint k = 0; k < n_atoms; k++)
      q[k] += move * g[k];
    largest = MAX (largest, move * move * g[j]);
  }
  return largest;
}

static double
descend_row (Block * b, guint i, guint max_iterations, double tolerance,
    float *s)
{
  double gap = 0, objective;

  for (guint n_sweeps = 0; n_sweeps < max_iterations; n_sweeps++) {
    sweep (b, i, s, TRUE);
    gap = row_gap (b, i, s, &objective);
    if (gap <= tolerance * objective)
      break;
    for (guint k = 1; k < SWEEPS_PER_CHECK; k++) {
      if ((double) sweep (b, i, s, FALSE) <= tolerance * 0.1 * gap)
        break;
    }
  }
  return gap;
}

static double
descend (Block * b, guint max_iterations, double tolerance, float *s)
{
  double gap = 0;

  block_multiply (b, s);
  for (guint i = 0; i < b->n; i++)
    gap += descend_row (b, i, max_iterations, tolerance,
        s + (gsize) i * b->n_atoms);
  return gap;
}

static gboolean
check_finite (const AeDictionary * dictionary, const float *x,
    const float *codes, guint n, GError ** error)
{
  return ae_rows_all_finite (x, n, ae_dictionary_n_dims (dictionary),
      "samples to code", error)
      && ae_rows_all_finite (codes, n, ae_dictionary_n_atoms (dictionary),
      "codes to start from", error);
}

gboolean
ae_sparse_coding_l1 (const AeDictionary * dictionary, AeSparseMethod method,
    float lambda, guint max_iterations, float tolerance, const float *x,
    guint n, float *codes, double *gap, GError ** error)
{
  guint n_dims = ae_dictionary_n_dims (dictionary);
  double gaps = 0;
  Block b;

  g_return_val_if_fail (lambda >= 0 && tolerance >= 0, FALSE);
  if (!check_finite (dictionary, x, codes, n, error))
    return FALSE;
  block_init (&b, dictionary, lambda, n);
  for (guint i = 0; i < n; i += ROWS_PER_BLOCK) {
    float *s = codes + (gsize) i * b.n_atoms;

    block_load (&b, x + (gsize) i * n_dims, MIN (n - i, ROWS_PER_BLOCK));
    if (method == AE_SPARSE_DESCENT)
      gaps += descend (&b, max_iterations, (double) tolerance, s);
    else
      gaps += gradient_steps (&b, method, max_iterations, (double) tolerance,
          s);
  }
  block_clear (&b);
  if (gap != NULL)
    *gap = n > 0 ? gaps / n : 0;
  return TRUE;
}

/* Returns the k-th largest of a[n], k from 0; reorders a (Hoare, 1961). */
static float
select_largest (float *a, guint n, guint k)
{
  gint low = 0, high = (gint) n - 1, target = (gint) k;

  while (low < high) {
    float pivot = a[low + (high - low) / 2];
    gint i = low, j = high;

    while (i <= j) {
      while (a[i] > pivot)
        i++;
      while (a[j] < pivot)
        j--;
      if (i <= j) {
        float t = a[i];

        a[i++] = a[j];
        a[j--] = t;
      }
    }
    if (target <= j)
      high = j;
    else if (target >= i)
      low = i;
    else
      break;
  }
  return a[k];
}

/* Keeps the k numbers of v largest in magnitude; of equal ones, the first. */
static void
keep_largest (float *v, float *scratch, guint n, guint k)
{
  guint n_over = 0;
  float least;

  if (k == n)
    return;
  for (guint j = 0; j < n; j++)
    scratch[j] = fabsf (v[j]);
  least = select_largest (scratch, n, k);
  /* Exactly k or fewer are over the (k + 1)-th largest; equals fill up. */
  for (guint j = 0; j < n; j++)
    n_over += fabsf (v[j]) > least;
  for (guint j = 0; j < n; j++) {
    if (fabsf (v[j]) > least)
      continue;
    if (fabsf (v[j]) == least && n_over < k)
      n_over++;
    else
      v[j] = 0;
  }
}

/* Returns whether a code still moves. */
static gboolean
hard_step (Block * b, guint n_nonzero, float *s)
{
  float step = 1 / MAX (ae_dictionary_curvature (b->dictionary), G_MINFLOAT);
  gboolean moves = FALSE;

  block_multiply (b, s);
  for (guint i = 0; i < b->n; i++) {
    gsize row = (gsize) i * b->n_atoms;
    float move = 0, length = 0;

    for (guint j = 0; j < b->n_atoms; j++)
      b->z[row + j] = s[row + j] + step * (b->c[row + j] - b->q[row + j]);
    keep_largest (b->z + row, b->q + row, b->n_atoms, n_nonzero);
    for (guint j = 0; j < b->n_atoms; j++) {
      float d = b->z[row + j] - s[row + j];

      move += d * d;
      length += b->z[row + j] * b->z[row + j];
    }
    moves |= move > L0_TOLERANCE * L0_TOLERANCE * length;
    memcpy (s + row, b->z + row, b->n_atoms * sizeof *s);
  }
  return moves;
}

gboolean
ae_sparse_coding_l0 (const AeDictionary * dictionary, guint n_nonzero,
    guint max_iterations, const float *x, guint n, float *codes,
    GError ** error)
{
  guint n_dims = ae_dictionary_n_dims (dictionary);
  Block b;

  if (n_nonzero > ae_dictionary_n_atoms (dictionary)) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "sparse coding: %u numbers to keep, expected at most %u, the atoms",
        n_nonzero, ae_dictionary_n_atoms (dictionary));
    return FALSE;
  }
  if (!check_finite (dictionary, x, codes, n, error))
    return FALSE;
  block_init (&b, dictionary, 0, n);
  for (guint i = 0; i < n; i += ROWS_PER_BLOCK) {
    block_load (&b, x + (gsize) i * n_dims, MIN (n - i, ROWS_PER_BLOCK));
    for (guint k = 0; k < max_iterations; k++) {
      if (!hard_step (&b, n_nonzero, codes + (gsize) i * b.n_atoms))
        break;
    }
  }
  block_clear (&b);
  return TRUE;
}

/* out [n_a][n_b] = mean over the samples of a b' */
static double *
mean_of_products (const float *a, guint n_a, const float *b, guint n_b, guint n)
{
  double *out = g_new (double, (gsize) n_a * n_b);
  g_autofree double *a_wide = g_new (double, (gsize) n * n_a);
  g_autofree double *b_wide = g_new (double, (gsize) n * n_b);

  for (gsize i = 0; i < (gsize) n * n_a; i++)
    a_wide[i] = (double) a[i];
  for (gsize i = 0; i < (gsize) n * n_b; i++)
    b_wide[i] = (double) b[i];
  ae_gemm_double (TRUE, FALSE, n_a, n_b, n, 1.0 / n, a_wide, n_a, b_wide,
      n_b, 0.0, out, n_b);
  return out;
}

gboolean
ae_sparse_coding_fit_encoder (const float *x, guint n, guint n_dims,
    const float *codes, guint n_atoms, double ridge, float *v, GError ** error)
{
  g_autofree double *axes = NULL, *sx = NULL, *turned = NULL, *values = NULL;

  g_return_val_if_fail (ridge >= 0, FALSE);
  if (n < 1) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "encoder: no samples, expected at least 1");
    return FALSE;
  }
  if (!ae_rows_all_finite (x, n, n_dims, "samples of the encoder", error)
      || !ae_rows_all_finite (codes, n, n_atoms, "codes of the encoder", error))
    return FALSE;
  axes = mean_of_products (x, n_dims, x, n_dims, n);
  sx = mean_of_products (codes, n_atoms, x, n_dims, n);
  values = g_new (double, n_dims);
  if (!ae_eigen_symmetric (n_dims, axes, values, error))
    return FALSE;
  /* V = sx E' diag (1 / (values + ridge)) E, the rows of E being the axes. */
  turned = g_new (double, (gsize) n_atoms * n_dims);
  ae_gemm_double (FALSE, TRUE, n_atoms, n_dims, n_dims, 1.0, sx, n_dims, axes,
      n_dims, 0.0, turned, n_dims);
  for (gsize i = 0; i < (gsize) n_atoms * n_dims; i++) {
    double value = values[i % n_dims];

    turned[i] = value > RANK_TOLERANCE * values[0]
        ? turned[i] / (value + ridge) : 0;
  }
  ae_gemm_double (FALSE, FALSE, n_atoms, n_dims, n_dims, 1.0, turned, n_dims,
      axes, n_dims, 0.0, sx, n_dims);
  for (gsize i = 0; i < (gsize) n_atoms * n_dims; i++)
    v[i] = (float) sx[i];
  return TRUE;
}
