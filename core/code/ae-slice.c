/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-slice-private.h"

#include <string.h>

AeSliceCoder *
ae_slice_coder_new (const AeSymbolModel * model)
{
  AeSliceCoder *coder = g_new0 (AeSliceCoder, 1);

  coder->model = model;
  return coder;
}

void
ae_slice_coder_free (AeSliceCoder * coder)
{
  if (coder == NULL)
    return;
  ae_rans_encoder_clear (&coder->encoder);
  g_free (coder->magnitudes);
  g_free (coder->values);
  g_free (coder->residuals);
  g_free (coder->blocks);
  g_free (coder->near);
  g_free (coder->earlier);
  g_free (coder);
}

static gboolean
grow (gpointer * memory, gsize * capacity, gsize n, gsize size_each)
{
  if (n <= *capacity)
    return TRUE;
  g_free (*memory);
  *memory = g_try_malloc_n (n, size_each);
  *capacity = *memory == NULL ? 0 : n;
  return *memory != NULL;
}

static gboolean
grow_positions (AeSliceCoder * coder)
{
  if (coder->plane <= coder->positions_capacity)
    return TRUE;
  coder->positions_capacity = 0;
  g_free (coder->residuals);
  g_free (coder->blocks);
  g_free (coder->near);
  g_free (coder->earlier);
  coder->residuals = g_try_new (gint16, coder->plane);
  coder->blocks = g_try_new (guint8, coder->plane);
  coder->near = g_try_new (guint16, coder->plane);
  coder->earlier = g_try_new (guint8, coder->plane);
  if (coder->residuals == NULL || coder->blocks == NULL
      || coder->near == NULL || coder->earlier == NULL)
    return FALSE;
  coder->positions_capacity = coder->plane;
  return TRUE;
}

/* Every plane's magnitudes are kept, for later planes look back at them. */
gboolean
ae_slice_begin (AeSliceCoder * coder, const AeRect * rect)
{
  gsize n_values;

  coder->w = rect->w;
  coder->h = rect->h;
  coder->stride = rect->w + 2;
  coder->plane = (gsize) (rect->h + 1) * coder->stride;
  n_values = coder->plane * coder->model->n_planes;
  if (!grow_positions (coder)
      || !grow ((gpointer *) & coder->magnitudes, &coder->magnitudes_capacity,
          n_values, sizeof *coder->magnitudes)
      || !grow ((gpointer *) & coder->values, &coder->values_capacity,
          n_values, sizeof *coder->values))
    return FALSE;
  memset (coder->blocks, AE_BLOCK_HELD, coder->plane);
  coder->bits = (Bits) {
    .held = { AE_RANS_BIT_INIT, AE_RANS_BIT_INIT, AE_RANS_BIT_INIT },.intra =
        AE_RANS_BIT_INIT,.empty = { AE_RANS_BIT_INIT, AE_RANS_BIT_INIT }
  };
  return TRUE;
}

AeRansBit *
ae_slice_held_bit (AeSliceCoder * coder, gsize i)
{
  guint n_held = (coder->blocks[i - 1] == AE_BLOCK_HELD)
      + (coder->blocks[i - coder->stride] == AE_BLOCK_HELD);

  return &coder->bits.held[n_held];
}

/* What a row's contexts take from the row above and from earlier planes. */
void
ae_slice_prepare_row (AeSliceCoder * coder, guint i_plane, guint y)
{
  const AePlaneModel *plane = &coder->model->planes[i_plane];
  const guint8 *classes = ae_symbols_earlier_classes ();
  gsize start = ae_slice_row (coder, y);
  const guint8 *above = coder->magnitudes + i_plane * coder->plane + start
      - coder->stride;
  const guint8 *parents[AE_SYMBOLS_N_PARENTS];
  guint n_parents = 0;

  for (guint i = 0; i < AE_SYMBOLS_N_PARENTS; i++) {
    if (plane->parents[i] != AE_SYMBOLS_NO_PARENT)
      parents[n_parents++] =
          coder->magnitudes + plane->parents[i] * coder->plane + start;
  }
  for (guint x = 0; x < coder->w; x++)
    coder->near[x] = (guint16) (2 * above[x] + above[(gssize) x - 1]
        + above[x + 1]);
  for (guint x = 0; x < coder->w; x++) {
    guint sum = 0;

    for (guint i = 0; i < n_parents; i++)
      sum += parents[i][x];
    coder->earlier[x] = classes[MIN (sum, AE_SYMBOLS_MAX_EARLIER)];
  }
}

void
ae_slice_clear_magnitudes (AeSliceCoder * coder, guint i_plane)
{
  memset (coder->magnitudes + i_plane * coder->plane, 0, coder->plane);
}

void
ae_slice_load_blocks (AeSliceCoder * coder, const guint8 * blocks,
    guint grid_w, const AeRect * rect)
{
  for (guint y = 0; y < rect->h; y++) {
    guint8 *row = coder->blocks + ae_slice_row (coder, y);

    if (blocks == NULL)
      memset (row, AE_BLOCK_INTRA, rect->w);
    else
      memcpy (row, blocks + (gsize) (rect->y + y) * grid_w + rect->x, rect->w);
  }
}

/* The values of one plane within the rectangle, in the padded layout. */
void
ae_slice_load_values (AeSliceCoder * coder, const AeLatents * latents,
    guint i_plane, const AeRect * rect, gint16 * values)
{
  for (guint y = 0; y < rect->h; y++)
    memcpy (values + ae_slice_row (coder, y), latents->data
        + ((gsize) i_plane * latents->h + rect->y + y) * latents->w +
        rect->x, rect->w * sizeof *values);
}
