/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-symbols.h"

#include <math.h>
#include <string.h>

#include "ae-bytes.h"
#include "ae-error.h"

#define FORMAT 1
#define HEAD_BYTES (4 + AE_SYMBOLS_N_LEVELS)
#define PLANE_BYTES (AE_SYMBOLS_N_PARENTS + 3 * 2)
#define MAP_ENTRIES (AE_SYMBOLS_N_EARLIER * AE_SYMBOLS_N_NEAR)
#define MAP_BYTES (2 * MAP_ENTRIES)

/* How many residuals the table a context had before counts for. */
#define PRIOR_RESIDUALS 4.0

/* The least sum of each class. */
static const guint8 near_bounds[AE_SYMBOLS_N_NEAR] = {
  0, 1, 2, 3, 5, 7, 10, 15, 22, 33, 50, AE_SYMBOLS_MAX_NEAR
};

static const guint8 earlier_bounds[AE_SYMBOLS_N_EARLIER] = {
  0, 1, 2, 3, 5, 9, 16, AE_SYMBOLS_MAX_EARLIER
};

static void
fill_classes (guint8 * classes, const guint8 * bounds, guint n)
{
  for (guint i = 0; i < n; i++) {
    for (guint sum = bounds[i]; sum <= bounds[n - 1]; sum++)
      classes[sum] = (guint8) i;
  }
}

const guint8 *
ae_symbols_near_classes (void)
{
  static guint8 classes[AE_SYMBOLS_MAX_NEAR + 1];
  static gsize done = 0;

  if (g_once_init_enter (&done)) {
    fill_classes (classes, near_bounds, AE_SYMBOLS_N_NEAR);
    g_once_init_leave (&done, 1);
  }
  return classes;
}

const guint8 *
ae_symbols_earlier_classes (void)
{
  static guint8 classes[AE_SYMBOLS_MAX_EARLIER + 1];
  static gsize done = 0;

  if (g_once_init_enter (&done)) {
    fill_classes (classes, earlier_bounds, AE_SYMBOLS_N_EARLIER);
    g_once_init_leave (&done, 1);
  }
  return classes;
}

/* The bits, to a constant, that zero z takes for zeros and others. */
static double
zero_bits (guint z, double n_zero, double n_other)
{
  double p = ae_tables_zero (z) / (double) AE_RANS_TOTAL;

  return -n_zero * log2 (p) - n_other * log2 (1 - p);
}

static double
decay_bits (guint d, double n_other, double sum_magnitudes)
{
  double q = ae_tables_decay (d) / 256.0;

  return -n_other * log2 (1 - q) - (sum_magnitudes - n_other) * log2 (q);
}

static guint
fit (double n_zero, double n_other, double sum_magnitudes)
{
  guint zero = 0, decay = 0;

  for (guint z = 1; z < AE_TABLES_N_ZERO; z++) {
    if (zero_bits (z, n_zero, n_other) < zero_bits (zero, n_zero, n_other))
      zero = z;
  }
  for (guint d = 1; d < AE_TABLES_N_DECAY; d++) {
    if (decay_bits (d, n_other, sum_magnitudes)
        < decay_bits (decay, n_other, sum_magnitudes))
      decay = d;
  }
  return zero * AE_TABLES_N_DECAY + decay;
}

guint
ae_symbol_count_fit (const AeSymbolCount * count, guint before)
{
  double p = ae_tables_zero (before / AE_TABLES_N_DECAY)
      / (double) AE_RANS_TOTAL;
  double q = ae_tables_decay (before % AE_TABLES_N_DECAY) / 256.0;
  double prior_other = PRIOR_RESIDUALS * (1 - p);

  return fit ((double) count->n_zero + PRIOR_RESIDUALS * p,
      (double) count->n_other + prior_other,
      (double) count->sum_magnitudes + prior_other / (1 - q));
}

static AeSymbolModel *
symbol_model_alloc (guint n_planes, guint n_sets)
{
  AeSymbolModel *model = g_new0 (AeSymbolModel, 1);

  model->n_planes = n_planes;
  model->n_sets = n_sets;
  model->planes = g_new0 (AePlaneModel, n_planes);
  model->maps = g_new0 (AeContextMap, (gsize) n_sets * AE_N_KINDS * n_planes);
  return model;
}

/* As though magnitudes were geometric, of a mean between what is around (a sum
 * of weight 6) and what is in the plane before (0.1 makes a start). */
static guint
guess_table (guint near, guint earlier)
{
  double mean = 0.1 + 0.8 * (near_bounds[near] / 6.0)
      + 0.15 * earlier_bounds[earlier];
  double p_zero = 1 / (1 + mean);

  return fit (p_zero, 1 - p_zero, mean);
}

AeSymbolModel *
ae_symbol_model_new (guint n_planes)
{
  AeSymbolModel *model;
  gsize n_maps;

  g_return_val_if_fail (n_planes >= 1 && n_planes <= AE_LATENTS_MAX_PLANES,
      NULL);
  model = symbol_model_alloc (n_planes, 1);
  n_maps = (gsize) model->n_sets * AE_N_KINDS * n_planes;
  for (guint p = 0; p < n_planes; p++) {
    memset (model->planes[p].parents, AE_SYMBOLS_NO_PARENT,
        AE_SYMBOLS_N_PARENTS);
    if (p > 0)
      model->planes[p].parents[0] = (guint8) (p - 1);
  }
  for (guint e = 0; e < AE_SYMBOLS_N_EARLIER; e++) {
    for (guint n = 0; n < AE_SYMBOLS_N_NEAR; n++) {
      guint table = guess_table (n, e);

      for (gsize i = 0; i < n_maps; i++)
        model->maps[i][e][n] = (guint16) table;
    }
  }
  return model;
}

void
ae_symbol_model_free (AeSymbolModel * model)
{
  if (model == NULL)
    return;
  g_free (model->planes);
  g_free (model->maps);
  g_free (model);
}

static guint8 *
put_u16 (guint8 * at, guint value)
{
  ae_bytes_put_u16 (at, value);
  return at + 2;
}

static gsize
model_bytes (guint n_planes, guint n_sets)
{
  return HEAD_BYTES + (gsize) n_planes *PLANE_BYTES
      + (gsize) n_sets *AE_N_KINDS * n_planes * MAP_BYTES;
}

GBytes *
ae_symbol_model_to_bytes (const AeSymbolModel * model)
{
  gsize size_bytes = model_bytes (model->n_planes, model->n_sets);
  guint8 *bytes = g_malloc (size_bytes), *at = bytes;
  const guint16 *entries = &model->maps[0][0][0];
  gsize n_entries = (gsize) model->n_sets * AE_N_KINDS * model->n_planes
      * MAP_ENTRIES;

  *at++ = FORMAT;
  at = put_u16 (at, model->n_planes);
  *at++ = (guint8) model->n_sets;
  memcpy (at, model->level_sets, AE_SYMBOLS_N_LEVELS);
  at += AE_SYMBOLS_N_LEVELS;
  for (guint p = 0; p < model->n_planes; p++) {
    memcpy (at, model->planes[p].parents, AE_SYMBOLS_N_PARENTS);
    at += AE_SYMBOLS_N_PARENTS;
    for (guint i = 0; i < 3; i++)
      at = put_u16 (at, (guint16) model->planes[p].weights[i]);
  }
  for (gsize i = 0; i < n_entries; i++)
    at = put_u16 (at, entries[i]);
  return g_bytes_new_take (bytes, size_bytes);
}

static gboolean
check_head (const guint8 * data, gsize size_bytes, GError ** error)
{
  guint n_planes, n_sets;

  if (size_bytes < HEAD_BYTES) {
    g_set_error (error, AE_ERROR, AE_ERROR_TRUNCATED, "symbol model: %"
        G_GSIZE_FORMAT " bytes, expected %d and more", size_bytes, HEAD_BYTES);
    return FALSE;
  }
  if (data[0] != FORMAT) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "symbol model: format %u, expected %u", data[0], FORMAT);
    return FALSE;
  }
  n_planes = ae_bytes_get_u16 (data + 1);
  n_sets = data[3];
  if (n_planes < 1 || n_planes > AE_LATENTS_MAX_PLANES
      || n_sets < 1 || n_sets > AE_SYMBOLS_N_LEVELS) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "symbol model: %u planes and %u sets, expected 1 to %u and 1 to %u",
        n_planes, n_sets, AE_LATENTS_MAX_PLANES, AE_SYMBOLS_N_LEVELS);
    return FALSE;
  }
  if (size_bytes != model_bytes (n_planes, n_sets)) {
    g_set_error (error, AE_ERROR,
        size_bytes < model_bytes (n_planes,
            n_sets) ? AE_ERROR_TRUNCATED :
        AE_ERROR_CORRUPT,
        "symbol model: %" G_GSIZE_FORMAT " bytes, expected " "%"
        G_GSIZE_FORMAT " for %u planes and %u sets", size_bytes,
        model_bytes (n_planes, n_sets), n_planes, n_sets);
    return FALSE;
  }
  for (guint i = 0; i < AE_SYMBOLS_N_LEVELS; i++) {
    if (data[4 + i] >= n_sets) {
      g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
          "symbol model: level %u has set %u of %u", i, data[4 + i], n_sets);
      return FALSE;
    }
  }
  return TRUE;
}

static gboolean
get_plane (const guint8 * at, guint i_plane, AePlaneModel * plane,
    GError ** error)
{
  memcpy (plane->parents, at, AE_SYMBOLS_N_PARENTS);
  for (guint i = 0; i < AE_SYMBOLS_N_PARENTS; i++) {
    if (at[i] >= i_plane && at[i] != AE_SYMBOLS_NO_PARENT) {
      g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
          "symbol model: plane %u has the parent %u, expected an earlier plane "
          "or %u for none", i_plane, at[i], AE_SYMBOLS_NO_PARENT);
      return FALSE;
    }
  }
  for (guint i = 0; i < 3; i++) {
    gint weight = (gint16) ae_bytes_get_u16 (at + AE_SYMBOLS_N_PARENTS + 2 * i);

    if (ABS (weight) > AE_SYMBOLS_MAX_WEIGHT) {
      g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
          "symbol model: plane %u has the weight %d, expected %d to %d",
          i_plane, weight, -AE_SYMBOLS_MAX_WEIGHT, AE_SYMBOLS_MAX_WEIGHT);
      return FALSE;
    }
    plane->weights[i] = (gint16) weight;
  }
  return TRUE;
}

static gboolean
get_maps (const guint8 * at, AeSymbolModel * model, GError ** error)
{
  guint16 *entries = &model->maps[0][0][0];
  gsize n_entries = (gsize) model->n_sets * AE_N_KINDS * model->n_planes
      * MAP_ENTRIES;

  for (gsize i = 0; i < n_entries; i++) {
    guint table = ae_bytes_get_u16 (at + 2 * i);

    if (table >= AE_TABLES_N) {
      g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
          "symbol model: context %" G_GSIZE_FORMAT
          " has table %u of %u", i, table, AE_TABLES_N);
      return FALSE;
    }
    entries[i] = (guint16) table;
  }
  return TRUE;
}

AeSymbolModel *
ae_symbol_model_from_bytes (const guint8 * data, gsize size_bytes,
    GError ** error)
{
  g_autoptr (AeSymbolModel) model = NULL;

  if (!check_head (data, size_bytes, error))
    return NULL;
  model = symbol_model_alloc (ae_bytes_get_u16 (data + 1), data[3]);
  memcpy (model->level_sets, data + 4, AE_SYMBOLS_N_LEVELS);
  data += HEAD_BYTES;
  for (guint p = 0; p < model->n_planes; p++, data += PLANE_BYTES) {
    if (!get_plane (data, p, &model->planes[p], error))
      return NULL;
  }
  if (!get_maps (data, model, error))
    return NULL;
  return g_steal_pointer (&model);
}
