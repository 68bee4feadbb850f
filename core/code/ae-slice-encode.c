/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <zlib.h>

#include "ae-slice-private.h"
#include "ae-varint.h"

#define HEAD_MAX_BYTES (1 + 4 * AE_VARINT_MAX_BYTES)

static void
put_blocks (AeSliceCoder * coder)
{
  for (guint y = 0; y < coder->h; y++) {
    for (guint x = 0; x < coder->w; x++) {
      gsize i = ae_slice_row (coder, y) + x;
      guint block = coder->blocks[i];

      ae_rans_put_bit (&coder->encoder, ae_slice_held_bit (coder, i),
          block == AE_BLOCK_HELD);
      if (block != AE_BLOCK_HELD)
        ae_rans_put_bit (&coder->encoder, &coder->bits.intra,
            block == AE_BLOCK_INTRA);
    }
  }
}

/* With nothing to predict from, the values are the residuals. */
static void
copy_residuals (AeSliceCoder * coder, const gint16 * values, gsize start)
{
  for (gsize i = start; i < start + coder->w; i++)
    coder->residuals[i] = values[i];
}

/* @residuals hold the reference. Without branches, so that the loop becomes vector
 * code. */
static void
subtract_reference (AeSliceCoder * coder, const gint16 * values, gsize start)
{
  const guint8 *blocks = coder->blocks + start;
  gint16 *residuals = coder->residuals + start;

  for (gsize i = 0; i < coder->w; i++) {
    gint16 told = blocks[i] == AE_BLOCK_HELD ? 0 : -1;
    gint16 changed = blocks[i] == AE_BLOCK_CHANGED ? -1 : 0;

    residuals[i] = (gint16) ((values[start + i] & told)
        - (residuals[i] & changed));
  }
}

/* @residuals hold the reference where a block is changed. */
static void
subtract_prediction (AeSliceCoder * coder, const gint16 * weights,
    const gint16 * values, gsize start)
{
  gint16 *residuals = coder->residuals;

  for (gsize i = start; i < start + coder->w; i++) {
    gint predicted = residuals[i];

    if (coder->blocks[i] == AE_BLOCK_INTRA)
      predicted = ae_slice_predict (weights, values + i, coder->blocks + i,
          coder->stride);
    residuals[i] = coder->blocks[i] == AE_BLOCK_HELD ? 0
        : (gint16) (values[i] - predicted);
  }
}

/* Fills residuals and magnitudes of a plane. Returns: whether all are zero. */
static gboolean
make_residuals (AeSliceCoder * coder, guint i_plane, const AeLatents * latents,
    const AeLatents * reference, const AeRect * rect)
{
  const AePlaneModel *plane = &coder->model->planes[i_plane];
  gint16 *values = coder->values + i_plane * coder->plane;
  guint8 *magnitudes = coder->magnitudes + i_plane * coder->plane;
  guint any = 0;

  ae_slice_load_values (coder, latents, i_plane, rect, values);
  if (reference != NULL)
    ae_slice_load_values (coder, reference, i_plane, rect, coder->residuals);
  ae_slice_clear_magnitudes (coder, i_plane);
  for (guint y = 0; y < rect->h; y++) {
    gsize start = ae_slice_row (coder, y);

    if (reference == NULL && !ae_slice_has_weights (plane))
      copy_residuals (coder, values, start);
    else if (!ae_slice_has_weights (plane))
      subtract_reference (coder, values, start);
    else
      subtract_prediction (coder, plane->weights, values, start);
    for (gsize i = start; i < start + rect->w; i++) {
      magnitudes[i] = (guint8) MIN (ABS (coder->residuals[i]),
          AE_SYMBOLS_MAX_MAGNITUDE);
      any |= magnitudes[i];
    }
  }
  return any == 0;
}

static void
put_row (AeSliceCoder * coder, const AeContextMap * const maps[AE_N_KINDS],
    guint i_plane, guint y)
{
  const AeTable *tables = ae_tables ();
  const guint8 *classes = ae_symbols_near_classes ();
  gsize start = ae_slice_row (coder, y);
  const guint8 *blocks = coder->blocks + start;
  const gint16 *residuals = coder->residuals + start;
  const guint8 *magnitudes = coder->magnitudes + i_plane * coder->plane + start;

  for (guint x = 0; x < coder->w; x++) {
    guint near;

    if (blocks[x] == AE_BLOCK_HELD)
      continue;
    near =
        ae_slice_near_class (classes, coder->near[x],
        magnitudes[(gssize) x - 1]);
    ae_table_put (&tables[(*maps[blocks[x]])[coder->earlier[x]][near]],
        &coder->encoder, residuals[x]);
  }
}

static void
put_plane (AeSliceCoder * coder, guint grade, guint i_plane)
{
  const AeContextMap *const maps[AE_N_KINDS] = {
    ae_symbol_model_map (coder->model, grade, AE_KIND_INTRA, i_plane),
    ae_symbol_model_map (coder->model, grade, AE_KIND_CHANGED, i_plane)
  };

  ae_rans_reserve (&coder->encoder,
      (gsize) coder->h * coder->w * AE_RESIDUAL_MAX_SYMBOLS);
  for (guint y = 0; y < coder->h; y++) {
    ae_slice_prepare_row (coder, i_plane, y);
    put_row (coder, maps, i_plane, y);
  }
}

static guint
write_head (guint8 * head, gboolean is_predicted, const AeRect * rect)
{
  guint n = 0;

  head[n++] = is_predicted ? AE_SLICE_FLAG_PREDICTED : 0;
  n += ae_varint_write (head + n, rect->x);
  n += ae_varint_write (head + n, rect->y);
  n += ae_varint_write (head + n, rect->w);
  n += ae_varint_write (head + n, rect->h);
  return n;
}

/* Both users of the encoder are programs, whose sizes are not hostile. */
static void
begin_encoder (AeSliceCoder * coder, const AeLatents * latents,
    const guint8 * blocks, const AeRect * rect)
{
  if (!ae_slice_begin (coder, rect))
    g_error ("no memory for a slice of %ux%u", rect->w, rect->h);
  ae_slice_load_blocks (coder, blocks, latents->w, rect);
}

gsize
ae_slice_encode (AeSliceCoder * coder, guint grade, const AeLatents * latents,
    const AeLatents * reference, const guint8 * blocks,
    const AeRect * rect, guint8 * out, gsize capacity)
{
  guint8 head[HEAD_MAX_BYTES];
  guint n_head = write_head (head, reference != NULL, rect);
  gboolean is_empty = FALSE;
  gsize n_other = n_head + AE_SLICE_CRC_BYTES, n_coded;

  begin_encoder (coder, latents, blocks, rect);
  ae_rans_reserve (&coder->encoder,
      2 * (gsize) rect->w * rect->h + latents->n_planes);
  if (reference != NULL)
    put_blocks (coder);
  for (guint p = 0; p < latents->n_planes; p++) {
    AeRansBit *bit = &coder->bits.empty[is_empty];

    is_empty = make_residuals (coder, p, latents, reference, rect);
    ae_rans_reserve (&coder->encoder, 1);
    ae_rans_put_bit (&coder->encoder, bit, is_empty);
    if (!is_empty)
      put_plane (coder, grade, p);
  }
  n_coded = ae_rans_finish (&coder->encoder, out + n_head,
      capacity > n_other ? capacity - n_other : 0);
  if (n_other + n_coded <= capacity)
    memcpy (out, head, n_head);
  return n_other + n_coded;
}

void
ae_slice_count (AeSliceCoder * coder, const AeLatents * latents,
    const AeLatents * reference, const guint8 * blocks,
    const AeRect * rect, AeSymbolCount * counts)
{
  const guint8 *classes = ae_symbols_near_classes ();

  begin_encoder (coder, latents, blocks, rect);
  for (guint p = 0; p < latents->n_planes; p++) {
    const guint8 *magnitudes = coder->magnitudes + p * coder->plane;

    if (make_residuals (coder, p, latents, reference, rect))
      continue;
    for (guint y = 0; y < rect->h; y++) {
      gsize start = ae_slice_row (coder, y);

      ae_slice_prepare_row (coder, p, y);
      for (guint x = 0; x < rect->w; x++) {
        guint block = coder->blocks[start + x];
        gsize i = block * latents->n_planes + p;

        if (block == AE_BLOCK_HELD)
          continue;
        i = (i * AE_SYMBOLS_N_EARLIER +
            coder->earlier[x]) * AE_SYMBOLS_N_NEAR +
            ae_slice_near_class (classes, coder->near[x],
            magnitudes[start + x - 1]);
        ae_symbol_count_add (&counts[i], coder->residuals[start + x]);
      }
    }
  }
}

static guint8 *
crc_place (guint8 * slice, gsize size_bytes)
{
  return slice + size_bytes - AE_SLICE_CRC_BYTES;
}

void
ae_slice_seal (guint8 * slice, gsize size_bytes, guint32 header_crc)
{
  guint32 crc = GUINT32_TO_LE ((guint32) crc32_z (header_crc, slice,
          size_bytes - AE_SLICE_CRC_BYTES));

  memcpy (crc_place (slice, size_bytes), &crc, sizeof crc);
}
