/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <zlib.h>

#include "ae-error.h"
#include "ae-slice-private.h"
#include "ae-varint.h"

static gboolean
read_rect (const guint8 * slice, gsize end, gsize * at, AeRect * rect)
{
  guint32 *const fields[] = { &rect->x, &rect->y, &rect->w, &rect->h };

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    guint n = ae_varint_read (slice + *at, end - *at, fields[i]);

    if (n == 0)
      return FALSE;
    *at += n;
  }
  return TRUE;
}

static gboolean
check_crc (const guint8 * slice, gsize size_bytes, guint32 header_crc,
    GError ** error)
{
  gsize end = size_bytes - AE_SLICE_CRC_BYTES;
  guint32 expected, found = (guint32) crc32_z (header_crc, slice, end);

  memcpy (&expected, slice + end, sizeof expected);
  expected = GUINT32_FROM_LE (expected);
  if (found == expected)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
      "slice: the CRC of %" G_GSIZE_FORMAT
      " bytes is %08x, expected %08x", size_bytes, found, expected);
  return FALSE;
}

gboolean
ae_slice_read_head (const guint8 * slice, gsize size_bytes,
    guint32 header_crc, guint h, guint w, AeSliceHead * head, GError ** error)
{
  AeRect *rect = &head->rect;
  gsize end = size_bytes - AE_SLICE_CRC_BYTES, at = 1;

  if (size_bytes < 1 + 4 + AE_RANS_STATE_BYTES + AE_SLICE_CRC_BYTES) {
    g_set_error (error, AE_ERROR, AE_ERROR_TRUNCATED,
        "slice: %" G_GSIZE_FORMAT " bytes, expected %d and more",
        size_bytes, 1 + 4 + AE_RANS_STATE_BYTES + AE_SLICE_CRC_BYTES);
    return FALSE;
  }
  if (!check_crc (slice, size_bytes, header_crc, error))
    return FALSE;
  if (slice[0] > AE_SLICE_FLAG_PREDICTED || !read_rect (slice, end, &at, rect)) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "slice: kind %u and no rectangle of whole numbers, expected kind 0 or 1"
        " and a rectangle", slice[0]);
    return FALSE;
  }
  if (rect->w < 1 || rect->h < 1 || rect->x >= w || rect->y >= h
      || rect->w > w - rect->x || rect->h > h - rect->y) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "slice: %ux%u positions at %u, %u, expected some within %ux%u",
        rect->w, rect->h, rect->x, rect->y, w, h);
    return FALSE;
  }
  head->is_predicted = slice[0] == AE_SLICE_FLAG_PREDICTED;
  head->coded = slice + at;
  head->coded_bytes = end - at;
  return TRUE;
}

static void
take_blocks (AeSliceCoder * coder)
{
  for (guint y = 0; y < coder->h; y++) {
    for (guint x = 0; x < coder->w; x++) {
      gsize i = ae_slice_row (coder, y) + x;

      if (ae_rans_take_bit (&coder->decoder, ae_slice_held_bit (coder, i)))
        coder->blocks[i] = AE_BLOCK_HELD;
      else
        coder->blocks[i] =
            ae_rans_take_bit (&coder->decoder, &coder->bits.intra)
            ? AE_BLOCK_INTRA : AE_BLOCK_CHANGED;
    }
  }
}

/* Returns: whether all values are within their limits. @values holds the
 * reference where the slice is predicted. */
static gboolean
take_row (AeSliceCoder * coder, const AeContextMap * const maps[AE_N_KINDS],
    guint i_plane, guint y, gboolean is_empty)
{
  const gint16 *weights = coder->model->planes[i_plane].weights;
  const gboolean is_weighted =
      ae_slice_has_weights (&coder->model->planes[i_plane]);
  const AeTable *tables = ae_tables ();
  const guint8 *classes = ae_symbols_near_classes ();
  gsize start = ae_slice_row (coder, y);
  const guint8 *blocks = coder->blocks + start;
  gint16 *values = coder->values + i_plane * coder->plane + start;
  guint8 *magnitudes = coder->magnitudes + i_plane * coder->plane + start;
  AeRansDecoder decoder = coder->decoder;
  guint magnitude = 0, n_bad = 0;

  for (guint x = 0; x < coder->w; x++) {
    gint value = values[x], residual = 0;

    if (blocks[x] == AE_BLOCK_HELD) {
      magnitude = 0;
      continue;
    }
    if (!is_empty) {
      guint near = ae_slice_near_class (classes, coder->near[x], magnitude);

      residual =
          ae_table_take (&tables
          [(*maps[blocks[x]])[coder->earlier[x]][near]], &decoder);
      magnitude = MIN ((guint) ABS (residual), AE_SYMBOLS_MAX_MAGNITUDE);
      magnitudes[x] = (guint8) magnitude;
    }
    if (blocks[x] == AE_BLOCK_INTRA)
      value =
          is_weighted ? ae_slice_predict (weights, values + x, blocks + x,
          coder->stride) : 0;
    value += residual;
    n_bad += value < -AE_VALUE_MAX || value > AE_VALUE_MAX;
    values[x] = (gint16) value;
  }
  coder->decoder = decoder;
  return n_bad == 0;
}

static gboolean
take_plane (AeSliceCoder * coder, guint grade, guint i_plane, gboolean is_empty)
{
  const AeContextMap *const maps[AE_N_KINDS] = {
    ae_symbol_model_map (coder->model, grade, AE_KIND_INTRA, i_plane),
    ae_symbol_model_map (coder->model, grade, AE_KIND_CHANGED, i_plane)
  };

  ae_slice_clear_magnitudes (coder, i_plane);
  for (guint y = 0; y < coder->h; y++) {
    if (!is_empty)
      ae_slice_prepare_row (coder, i_plane, y);
    if (!take_row (coder, maps, i_plane, y, is_empty)
        || coder->decoder.failed)
      return FALSE;
  }
  return TRUE;
}

static gboolean
take_planes (AeSliceCoder * coder, guint grade, const AeSliceHead * head,
    const AeLatents * latents)
{
  gboolean is_empty = FALSE;

  ae_rans_start (&coder->decoder, head->coded, head->coded_bytes);
  if (head->is_predicted)
    take_blocks (coder);
  else
    ae_slice_load_blocks (coder, NULL, latents->w, &head->rect);
  for (guint p = 0; p < latents->n_planes && !coder->decoder.failed; p++) {
    ae_slice_load_values (coder, latents, p, &head->rect,
        coder->values + p * coder->plane);
    is_empty = (gboolean) ae_rans_take_bit (&coder->decoder,
        &coder->bits.empty[is_empty]);
    if (!take_plane (coder, grade, p, is_empty))
      return FALSE;
  }
  return ae_rans_ends_well (&coder->decoder);
}

static void
store_values (const AeSliceCoder * coder, guint grade, const AeRect * rect,
    AeLatents * latents)
{
  for (guint y = 0; y < rect->h; y++) {
    const guint8 *blocks = coder->blocks + ae_slice_row (coder, y);
    gsize start = (gsize) (rect->y + y) * latents->w + rect->x;

    for (guint x = 0; x < rect->w; x++) {
      if (blocks[x] != AE_BLOCK_HELD)
        latents->grades[start + x] = (guint8) grade;
      if (blocks[x] == AE_BLOCK_INTRA)
        latents->sound[start + x] = 1;
    }
  }
  for (guint p = 0; p < latents->n_planes; p++) {
    const gint16 *values = coder->values + p * coder->plane;

    for (guint y = 0; y < rect->h; y++)
      memcpy (latents->data + ((gsize) p * latents->h + rect->y + y)
          * latents->w + rect->x, values + ae_slice_row (coder, y),
          rect->w * sizeof *values);
  }
}

gboolean
ae_slice_decode (AeSliceCoder * coder, guint grade, const AeSliceHead * head,
    AeLatents * latents, GError ** error)
{
  const AeRect *rect = &head->rect;

  if (!ae_slice_begin (coder, rect)) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "slice: no memory for %ux%u positions", rect->w, rect->h);
    return FALSE;
  }
  if (!take_planes (coder, grade, head, latents)) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "slice: %" G_GSIZE_FORMAT
        " bytes for %ux%u positions at %u, %u are " "no encoder's",
        head->coded_bytes, rect->w, rect->h, rect->x, rect->y);
    return FALSE;
  }
  store_values (coder, grade, rect, latents);
  return TRUE;
}
