/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-muon.h"
#include "ae-gemm.h"

#include <math.h>
#include <string.h>

/* A moment of a smaller norm comes of units that no longer answer, and could not
 * be scaled up in single precision. */
#define TINY 1e-30

/* The iteration works on the side that makes its square products small. */
typedef struct
{
  guint rows, columns;          /* rows <= columns */
  float *x, *product;           /* [rows][columns] */
  float *gram, *factor;         /* [rows][rows] */
} Iteration;

static Iteration
iteration_init (guint rows, guint columns, float *scratch)
{
  const guint small = MIN (rows, columns), large = MAX (rows, columns);
  const gsize n = (gsize) small * large, n_gram = (gsize) small *small;

  return (Iteration) {
  .rows = small,.columns = large,.x = scratch,.product =
        scratch + n,.gram = scratch + 2 * n,.factor = scratch + 2 * n + n_gram};
}

gsize
ae_muon_scratch_size (guint rows, guint columns)
{
  const gsize small = MIN (rows, columns), large = MAX (rows, columns);

  return 2 * small * (large + small);
}

/* x = (a + b X X^T + c (X X^T)^2) x for X of norm at most 1. */
static void
bring_singular_values_to_one (Iteration * it)
{
  const float a = 3.4445f, b = -4.7750f, c = 2.0315f;
  const guint r = it->rows, k = it->columns;

  for (guint i = 0; i < 5; i++) {
    float *next = it->product;

    ae_gemm (FALSE, TRUE, r, r, k, 1.0f, it->x, k, it->x, k, 0.0f, it->gram, r);
    memcpy (it->factor, it->gram, (gsize) r * r * sizeof (float));
    ae_gemm (FALSE, FALSE, r, r, r, c, it->gram, r, it->gram, r, b,
        it->factor, r);
    memcpy (next, it->x, (gsize) r * k * sizeof (float));
    ae_gemm (FALSE, FALSE, r, k, r, 1.0f, it->factor, r, it->x, k, a, next, k);
    it->product = it->x;
    it->x = next;
  }
}

void
ae_muon_step (float beta, float rate, guint rows, guint columns,
    const float *grad, float *moment, float *scratch, float *weights)
{
  const gsize n = (gsize) rows * columns;
  const gboolean turned = rows > columns;
  Iteration it = iteration_init (rows, columns, scratch);
  double square = 0.0;
  float scale;

  for (gsize i = 0; i < n; i++) {
    float ahead;

    moment[i] = beta * moment[i] + (1.0f - beta) * grad[i];
    ahead = beta * moment[i] + (1.0f - beta) * grad[i];
    square += (double) ahead *(double) ahead;
    it.x[turned ? i % columns * rows + i / columns : i] = ahead;
  }
  if (square < TINY * TINY)
    return;
  scale = (float) (1.0 / sqrt (square));
  for (gsize i = 0; i < n; i++)
    it.x[i] *= scale;
  bring_singular_values_to_one (&it);
  scale = rate * sqrtf ((float) rows / (float) columns);
  for (gsize i = 0; i < n; i++)
    weights[i] -= scale * it.x[turned ? i % columns * rows + i / columns : i];
}
