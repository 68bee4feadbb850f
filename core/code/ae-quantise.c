/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-quantise.h"

#include <math.h>
#include <string.h>

/* What a table takes for a residual of 0, of 1, and for each further one. */
typedef struct
{
  float zero, one, more;        /* bits */
} Cost;

struct _AeQuantiser
{
  const AeSymbolModel *model;
  Cost costs[AE_TABLES_N];
  guint8 *magnitudes;           /* [n_planes][h + 1][w + 2], zeros around */
  gsize capacity;
};

/* One plane in work. */
typedef struct
{
  const AeQuantiser *quantiser;
  const AeQuantise *work;
  const gint16 *weights;        /* of its prediction */
  gboolean has_weights;
  const guint16 *maps[AE_N_KINDS];      /* [AE_QUANTISE_N_CONTEXTS]: tables */
  const float *code;
  const gint16 *reference;      /* may be NULL */
  gint16 *values;
  float *slopes;                /* may be NULL */
  AeSymbolCount *counts;        /* may be NULL */
  guint8 *magnitudes;           /* of position (0, 0) */
  const guint8 *parents[AE_SYMBOLS_N_PARENTS];  /* likewise */
  guint n_parents, stride;
  float inverse;                /* of the step */
} Plane;

AeQuantiser *
ae_quantiser_new (const AeSymbolModel * model)
{
  AeQuantiser *quantiser = g_new0 (AeQuantiser, 1);

  quantiser->model = model;
  for (guint i = 0; i < AE_TABLES_N; i++) {
    double zero = ae_tables_zero (i / AE_TABLES_N_DECAY)
        / (double) AE_RANS_TOTAL;
    double decay = ae_tables_decay (i % AE_TABLES_N_DECAY) / 256.0;

    quantiser->costs[i] = (Cost) {
    (float) -log2 (zero), (float) (1 - log2 ((1 - zero) * (1 - decay))),
          (float) -log2 (decay)};
  }
  return quantiser;
}

void
ae_quantiser_free (AeQuantiser * quantiser)
{
  if (quantiser == NULL)
    return;
  g_free (quantiser->magnitudes);
  g_free (quantiser);
}

static AeBlock
block_at (const Plane * plane, guint y, guint x)
{
  const AeQuantise *work = plane->work;

  return work->blocks ? work->blocks[(gsize) y * work->w + x] : AE_BLOCK_INTRA;
}

/* docs/bitstream.md, section 9.1. */
static guint
context_at (const Plane * plane, gsize at)
{
  const guint8 *m = plane->magnitudes + at, *above = m - plane->stride;
  guint near = 2u * m[-1] + 2u * above[0] + above[-1] + above[1];
  guint earlier = 0;

  for (guint i = 0; i < plane->n_parents; i++)
    earlier += plane->parents[i][at];
  return ae_symbols_earlier_classes ()[MIN (earlier, AE_SYMBOLS_MAX_EARLIER)]
      * AE_SYMBOLS_N_NEAR
      + ae_symbols_near_classes ()[MIN (near, AE_SYMBOLS_MAX_NEAR)];
}

/* Section 9.2: the weights that the neighbours W, N and NW have here. */
static void
weights_at (const Plane * plane, guint y, guint x, gint weights[3])
{
  const gint16 *all = plane->weights;
  gboolean has_w = x > 0 && block_at (plane, y, x - 1) == AE_BLOCK_INTRA;
  gboolean has_n = y > 0 && block_at (plane, y - 1, x) == AE_BLOCK_INTRA;
  gboolean has_all = has_w && has_n
      && block_at (plane, y - 1, x - 1) == AE_BLOCK_INTRA;
  gint sum = all[0] + all[1] + all[2];

  weights[0] = has_all ? all[0] : has_w ? sum : 0;
  weights[1] = has_all ? all[1] : has_n && !has_w ? sum : 0;
  weights[2] = has_all ? all[2] : 0;
}

static gint
predict (const gint weights[3], const gint16 * values, guint w)
{
  gint sum = 0;

  if (weights[0] != 0)
    sum += weights[0] * values[-1];
  if (weights[1] != 0)
    sum += weights[1] * values[-(gssize) w];
  if (weights[2] != 0)
    sum += weights[2] * values[-(gssize) w - 1];
  return CLAMP ((sum + 128) >> 8, -AE_VALUE_MAX, AE_VALUE_MAX);
}

static float
cost_of (const Cost * cost, guint magnitude)
{
  return magnitude == 0 ? cost->zero
      : cost->one + (float) (magnitude - 1) * cost->more;
}

/* @m, the integer nearest to @a, or one less. */
static guint
choose (const Cost * cost, float a, guint m, float bit_worth)
{
  float off = a - (float) m;
  float gain = bit_worth * (cost_of (cost, m) - cost_of (cost, m - 1));

  return (off + 1) * (off + 1) < off * off + gain ? m - 1 : m;
}

static void
add_slope (const Plane * plane, gsize i, const gint weights[3], float slope)
{
  float *slopes = plane->slopes + i;
  gsize w = plane->work->w;

  *slopes += slope;
  if (weights[0] != 0)
    *(slopes - 1) -= slope * (float) weights[0] / 256;
  if (weights[1] != 0)
    *(slopes - w) -= slope * (float) weights[1] / 256;
  if (weights[2] != 0)
    *(slopes - w - 1) -= slope * (float) weights[2] / 256;
}

static double
round_one (const Plane * plane, guint y, guint x, AeBlock block)
{
  const AeQuantise *work = plane->work;
  gsize i = (gsize) y * work->w + x, at = (gsize) y *plane->stride + x;
  gboolean traces = plane->slopes != NULL || plane->counts != NULL;
  gint weights[3] = { 0 }, predicted = 0;
  float residual, a;
  guint context, m;
  const Cost *cost;

  if (block == AE_BLOCK_CHANGED) {
    predicted = plane->reference[i];
  } else if (plane->has_weights) {
    weights_at (plane, y, x, weights);
    predicted = predict (weights, plane->values + i, work->w);
  }
  residual = plane->code[i] * plane->inverse - (float) predicted;
  a = fabsf (residual);
  m = (guint) (MIN (a, (float) AE_RESIDUAL_MAX) + 0.5f);
  if (m == 0 && !traces) {
    plane->values[i] = (gint16) predicted;
    return 0;
  }
  context = context_at (plane, at);
  cost = &plane->quantiser->costs[plane->maps[block][context]];
  if (m > 0 && work->bit_worth > 0)
    m = choose (cost, a, m, work->bit_worth);
  plane->magnitudes[at] = (guint8) MIN (m, AE_SYMBOLS_MAX_MAGNITUDE);
  plane->values[i] = (gint16) CLAMP (predicted
      + (residual < 0 ? -(gint) m : (gint) m), -AE_VALUE_MAX, AE_VALUE_MAX);
  if (!traces)
    return 0;
  if (plane->slopes) {
    float slope = a < 1 ? cost->one - cost->zero : cost->more;

    add_slope (plane, i, weights, residual < 0 ? -slope : slope);
  }
  if (plane->counts && block == AE_BLOCK_INTRA)
    ae_symbol_count_add (&plane->counts[context], (gint) m);
  return (double) cost_of (cost, m);
}

static double
round_plane (const Plane * plane)
{
  const AeQuantise *work = plane->work;
  double bits = 0;

  for (guint y = 0; y < work->h; y++) {
    for (guint x = 0; x < work->w; x++) {
      AeBlock block = block_at (plane, y, x);
      gsize i = (gsize) y * work->w + x;

      if (block == AE_BLOCK_HELD)
        plane->values[i] = plane->reference[i];
      else
        bits += round_one (plane, y, x, block);
    }
  }
  return bits;
}

static void
begin_plane (const AeQuantiser * quantiser, const AeQuantise * work, guint p,
    gsize padded, Plane * plane)
{
  const AeSymbolModel *model = quantiser->model;
  const AePlaneModel *of = &model->planes[p];
  gsize n = (gsize) work->h * work->w, first = work->w + 3;

  memset (plane, 0, sizeof *plane);
  plane->quantiser = quantiser;
  plane->work = work;
  plane->weights = of->weights;
  plane->has_weights = of->weights[0] || of->weights[1] || of->weights[2];
  plane->code = work->code + p * n;
  plane->values = work->values + p * n;
  if (work->reference)
    plane->reference = work->reference + p * n;
  if (work->slopes)
    plane->slopes = work->slopes + p * n;
  if (work->counts)
    plane->counts = work->counts + (gsize) p *AE_QUANTISE_N_CONTEXTS;
  plane->magnitudes = quantiser->magnitudes + p * padded + first;
  plane->stride = work->w + 2;
  plane->inverse = 1.0f / work->steps[p];
  for (guint kind = 0; kind < AE_N_KINDS; kind++)
    plane->maps[kind] = &(*ae_symbol_model_map (model, work->grade, kind,
            p))[0][0];
  for (guint i = 0; i < AE_SYMBOLS_N_PARENTS; i++) {
    if (of->parents[i] != AE_SYMBOLS_NO_PARENT)
      plane->parents[plane->n_parents++] = quantiser->magnitudes
          + of->parents[i] * padded + first;
  }
}

double
ae_quantiser_run (AeQuantiser * quantiser, const AeQuantise * work)
{
  guint n_planes = quantiser->model->n_planes;
  gsize padded = (gsize) (work->h + 1) * (work->w + 2);
  double bits = 0;

  if (n_planes * padded > quantiser->capacity) {
    quantiser->capacity = n_planes * padded;
    g_free (quantiser->magnitudes);
    quantiser->magnitudes = g_malloc (quantiser->capacity);
  }
  memset (quantiser->magnitudes, 0, n_planes * padded);
  if (work->slopes)
    memset (work->slopes, 0, sizeof (float) * n_planes * work->h * work->w);
  for (guint p = 0; p < n_planes; p++) {
    Plane plane;

    begin_plane (quantiser, work, p, padded, &plane);
    bits += round_plane (&plane);
  }
  return bits;
}
