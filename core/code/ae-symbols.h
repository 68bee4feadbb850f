/* Which table codes a latent: the context model and its fit. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-latents.h"
#include "ae-tables.h"

G_BEGIN_DECLS

/* docs/bitstream.md, section 9. */
#define AE_SYMBOLS_N_LEVELS 10
#define AE_SYMBOLS_GRADES_PER_LEVEL 8   /* steps of quality between two levels */
#define AE_SYMBOLS_N_GRADES \
    ((AE_SYMBOLS_N_LEVELS - 1) * AE_SYMBOLS_GRADES_PER_LEVEL + 1)
#define AE_SYMBOLS_N_PARENTS 4
#define AE_SYMBOLS_NO_PARENT 255
#define AE_SYMBOLS_MAX_MAGNITUDE 255    /* of a residual, as a context */
#define AE_SYMBOLS_N_NEAR 12    /* classes of what is around a residual */
#define AE_SYMBOLS_N_EARLIER 8  /* classes of what is in planes before its own */
#define AE_SYMBOLS_MAX_NEAR 80  /* sums from here on are one class */
#define AE_SYMBOLS_MAX_EARLIER 28
#define AE_SYMBOLS_MAX_WEIGHT 1024

/* Where the prediction of a value comes from. */
typedef enum
{
  AE_KIND_INTRA,                /* from its neighbours */
  AE_KIND_CHANGED,              /* from the reference */
  AE_N_KINDS
} AeKind;

typedef guint16 AeContextMap[AE_SYMBOLS_N_EARLIER][AE_SYMBOLS_N_NEAR];

/* A plane's: earlier planes or AE_SYMBOLS_NO_PARENT; 256 times the weights of
 * the neighbours W, N and NW in an intra prediction. */
typedef struct
{
  guint8 parents[AE_SYMBOLS_N_PARENTS];
  gint16 weights[3];
} AePlaneModel;

/**
 * AeSymbolModel: immutable once made; goes with the weights of a model.
 */
typedef struct
{
  guint n_planes, n_sets;
  guint8 level_sets[AE_SYMBOLS_N_LEVELS];       /* the set of each level */
  AePlaneModel *planes;         /* [n_planes] */
  AeContextMap *maps;           /* [n_sets][AE_N_KINDS][n_planes]: tables */
} AeSymbolModel;

/**
 * ae_symbol_model_new:
 * @n_planes: 1 to AE_LATENTS_MAX_PLANES
 *
 * Returns: (transfer full): a model with one set, no parents but the plane
 *   before, no weights, and the tables that larger neighbours suggest.
 */
AeSymbolModel *ae_symbol_model_new (guint n_planes) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: (transfer full): the bytes of docs/bitstream.md, section 9. */
GBytes *ae_symbol_model_to_bytes (const AeSymbolModel * model)
    G_GNUC_WARN_UNUSED_RESULT;

/**
 * ae_symbol_model_from_bytes:
 *
 * Trusts nothing in @data. Errors: AE_ERROR_TRUNCATED, AE_ERROR_CORRUPT,
 * AE_ERROR_UNSUPPORTED.
 *
 * Returns: (transfer full) (nullable): the model.
 */
AeSymbolModel *ae_symbol_model_from_bytes (const guint8 * data,
    gsize size_bytes, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

void ae_symbol_model_free (AeSymbolModel * model);      /* NULL is a no-op */

static inline const AeContextMap *
ae_symbol_model_map (const AeSymbolModel * model, guint grade, AeKind kind,
    guint i_plane)
{
  guint level = grade / AE_SYMBOLS_GRADES_PER_LEVEL;

  return &model->maps[(model->level_sets[level] * AE_N_KINDS
          + (guint) kind) * model->n_planes + i_plane];
}

/* Returns: (transfer none): the class of a sum of neighbours, 0 to
 * AE_SYMBOLS_MAX_NEAR, and of one of earlier planes, 0 to
 * AE_SYMBOLS_MAX_EARLIER. Thread-safe. */
const guint8 *ae_symbols_near_classes (void);
const guint8 *ae_symbols_earlier_classes (void);

/**
 * AeSymbolCount: what a context has met. Residuals of a context are added up,
 * and the table that codes them shortest follows from the three sums.
 */
typedef struct
{
  guint64 n_zero, n_other, sum_magnitudes;
} AeSymbolCount;

static inline void
ae_symbol_count_add (AeSymbolCount * count, gint residual)
{
  count->n_zero += residual == 0;
  count->n_other += residual != 0;
  count->sum_magnitudes += (guint64) ABS (residual);
}

/* Returns: the best table for @count; a context that met little leans towards
 * @before, the table it had. */
guint ae_symbol_count_fit (const AeSymbolCount * count, guint before);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeSymbolModel, ae_symbol_model_free)

G_END_DECLS
