/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-packet.h"

#include "ae-latents.h"

/* The residuals of the planes so far, as contexts of those after them. */
typedef struct
{
  const AeSymbolModel *model;
  guint8 magnitudes[AE_LATENTS_MAX_PLANES];
} Past;

static guint
context_of (const Past * past, guint p)
{
  const AePlaneModel *plane = &past->model->planes[p];
  guint earlier = 0;

  for (guint i = 0; i < AE_SYMBOLS_N_PARENTS; i++) {
    if (plane->parents[i] != AE_SYMBOLS_NO_PARENT)
      earlier += past->magnitudes[plane->parents[i]];
  }
  return ae_symbols_earlier_classes ()[MIN (earlier, AE_SYMBOLS_MAX_EARLIER)];
}

static void
remember (Past * past, guint p, gint residual)
{
  past->magnitudes[p] = (guint8) MIN (ABS (residual), AE_SYMBOLS_MAX_MAGNITUDE);
}

static const AeTable *
table_of (const Past * past, guint grade, const gint16 * reference, guint p)
{
  const AeContextMap *map = ae_symbol_model_map (past->model, grade,
      reference ? AE_KIND_CHANGED : AE_KIND_INTRA, p);

  return &ae_tables ()[(*map)[context_of (past, p)][0]];
}

void
ae_packet_predict (const AeSymbolModel * model, const gint16 * values,
    gint16 * reference)
{
  for (guint p = 0; p < model->n_planes; p++) {
    gint predicted = (model->planes[p].weights[0] * values[p] + 128) >> 8;

    reference[p] = (gint16) CLAMP (predicted, -AE_VALUE_MAX, AE_VALUE_MAX);
  }
}

void
ae_packet_put (const AeSymbolModel * model, guint grade,
    const gint16 * values, const gint16 * reference, AeRansEncoder * symbols)
{
  Past past = {.model = model };

  for (guint p = 0; p < model->n_planes; p++) {
    gint residual = values[p] - (reference ? reference[p] : 0);

    ae_table_put (table_of (&past, grade, reference, p), symbols, residual);
    remember (&past, p, residual);
  }
}

static guint
take_bits (AeNumber * number, guint n_bits)
{
  guint freq = 1u << (AE_RANS_BITS - n_bits);
  guint value = ae_number_slot (number) / freq;

  ae_number_take (number, value * freq, freq);
  return value;
}

/* Returns: more than any residual for what no encoder makes. */
static gint
take_rest (AeNumber * number)
{
  guint n_bits = take_bits (number, AE_TABLES_LENGTH_BITS);

  if (n_bits > AE_RANS_BITS)
    return 4 * AE_VALUE_MAX;
  return n_bits == 0 ? 0 : (gint) ((1u << n_bits) - 1 + take_bits (number,
          n_bits));
}

static gint
take (AeNumber * number, const AeTable * table)
{
  AeTableSymbol symbol = ae_table_find (table, (gint) ae_number_slot (number));

  ae_number_take (number, symbol.start, symbol.freq);
  if (symbol.magnitude == table->escape)
    symbol.magnitude += take_rest (number);
  return symbol.is_negative ? -symbol.magnitude : symbol.magnitude;
}

gboolean
ae_packet_take (const AeSymbolModel * model, guint grade,
    const gint16 * reference, AeNumber * number, gint16 * values)
{
  Past past = {.model = model };

  for (guint p = 0; p < model->n_planes; p++) {
    gint residual = take (number, table_of (&past, grade, reference, p));
    gint value = (reference ? reference[p] : 0) + residual;

    if (ABS (value) > AE_VALUE_MAX)
      return FALSE;
    remember (&past, p, residual);
    values[p] = (gint16) value;
  }
  return TRUE;
}

void
ae_packet_count (const AeSymbolModel * model, const gint16 * values,
    const gint16 * reference, AeSymbolCount * counts)
{
  Past past = {.model = model };

  for (guint p = 0; p < model->n_planes; p++) {
    gint residual = values[p] - (reference ? reference[p] : 0);

    ae_symbol_count_add (&counts[p * AE_SYMBOLS_N_EARLIER
            + context_of (&past, p)], residual);
    remember (&past, p, residual);
  }
}
