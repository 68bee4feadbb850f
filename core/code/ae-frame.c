/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-frame.h"

#include <string.h>

#include "ae-error.h"
#include "ae-frame-private.h"

/* A slice is begun with what should fill this much of it. */
#define TARGET_BYTES (AE_SLICE_MAX_BYTES * 7 / 8)

/* Wider pictures are cut into columns, so that a slice has several rows, from
 * which its contexts learn more than from a long single one. */
#define COLUMN_POSITIONS 96

#define FIRST_BYTES_PER_POSITION 4.0

struct _AeFrameEncoder
{
  const AeSymbolModel *model;
  AeSliceCoder *coder;
  double position_bytes[2];     /* expected, of K and of H */

  /* of the frame in work */
  const AeFrameHeader *header;
  const AeLatents *latents, *reference;
  const guint8 *blocks;
  GByteArray *payload;
  GArray *sizes;                /* of guint16, one a slice */
};

AeFrameEncoder *
ae_frame_encoder_new (const AeSymbolModel * model)
{
  AeFrameEncoder *encoder = g_new0 (AeFrameEncoder, 1);

  encoder->model = model;
  encoder->coder = ae_slice_coder_new (model);
  encoder->position_bytes[0] = encoder->position_bytes[1] =
      FIRST_BYTES_PER_POSITION;
  encoder->payload = g_byte_array_new ();
  encoder->sizes = g_array_new (FALSE, FALSE, sizeof (guint16));
  return encoder;
}

void
ae_frame_encoder_free (AeFrameEncoder * encoder)
{
  if (encoder == NULL)
    return;
  ae_slice_coder_free (encoder->coder);
  g_byte_array_unref (encoder->payload);
  g_array_unref (encoder->sizes);
  g_free (encoder);
}

/* Returns: whether the rectangle fits into a slice, which is added then. */
static gboolean
try_slice (AeFrameEncoder * encoder, const AeRect * rect)
{
  double *expected = &encoder->position_bytes[encoder->reference != NULL];
  guint start = encoder->payload->len;
  gsize size_bytes;
  guint16 size;

  g_byte_array_set_size (encoder->payload, start + AE_SLICE_MAX_BYTES);
  size_bytes = ae_slice_encode (encoder->coder, encoder->header->grade,
      encoder->latents, encoder->reference,
      encoder->blocks, rect,
      encoder->payload->data + start, AE_SLICE_MAX_BYTES);
  *expected = (double) size_bytes / (rect->w * rect->h);
  if (size_bytes > AE_SLICE_MAX_BYTES) {
    g_byte_array_set_size (encoder->payload, start);
    return FALSE;
  }
  g_byte_array_set_size (encoder->payload, start + (guint) size_bytes);
  size = (guint16) size_bytes;
  g_array_append_val (encoder->sizes, size);
  return TRUE;
}

/* How many rows should fit. */
static guint
guess_rows (const AeFrameEncoder * encoder, const AeRect * rect)
{
  double expected = encoder->position_bytes[encoder->reference != NULL];

  return (guint) CLAMP (TARGET_BYTES / (expected * rect->w), 1, rect->h);
}

/* Whether a row is so much too long that trying it would be a waste. */
static gboolean
is_too_long (const AeFrameEncoder * encoder, const AeRect * row)
{
  double expected = encoder->position_bytes[encoder->reference != NULL];

  return row->w > 1 && expected * row->w > AE_SLICE_MAX_BYTES * 9 / 8;
}

static void cut (AeFrameEncoder * encoder, const AeRect * rect);

static void
cut_row (AeFrameEncoder * encoder, const AeRect * row)
{
  AeRect half = *row;

  half.w /= 2;
  cut (encoder, &half);
  half.x += half.w;
  half.w = row->w - half.w;
  cut (encoder, &half);
}

/* Cuts @rect into slices from the top, and a row that does not fit in halves.
 * One position always fits, with at most 34 bits for each of 256 planes. */
static void
cut (AeFrameEncoder * encoder, const AeRect * rect)
{
  AeRect left = *rect;

  while (left.h > 0) {
    AeRect part = left;
    gboolean fits = FALSE;

    part.h = guess_rows (encoder, &left);
    while (!is_too_long (encoder, &part)
        && !(fits = try_slice (encoder, &part)) && part.h > 1)
      part.h = MIN (part.h - 1, guess_rows (encoder, &part));
    if (!fits)
      cut_row (encoder, &part);
    left.y += part.h;
    left.h -= part.h;
  }
}

static void
cut_columns (AeFrameEncoder * encoder)
{
  guint w = encoder->latents->w;
  guint n_columns = (w + COLUMN_POSITIONS - 1) / COLUMN_POSITIONS;

  for (guint i = 0; i < n_columns; i++) {
    AeRect column = { w * i / n_columns, 0, 0, encoder->latents->h };

    column.w = w * (i + 1) / n_columns - column.x;
    cut (encoder, &column);
  }
}

static gboolean
check_shape (const AeFrameHeader * header, const AeLatents * latents,
    GError ** error)
{
  guint w = ae_frame_grid_side (header, header->width);
  guint h = ae_frame_grid_side (header, header->height);

  if (latents->n_planes == header->n_planes && latents->h == h
      && latents->w == w)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
      "frame: latents of %u planes of %ux%u, expected %u of %ux%u",
      latents->n_planes, latents->w, latents->h, header->n_planes, w, h);
  return FALSE;
}

/* The header is read back, so that what a reader would refuse is never written.
 * Its CRC is the start of the slices' ones. */
static gboolean
append_part (const AeFrameHeader * header, const guint16 * sizes,
    guint n_slices, guint8 * payload, GByteArray * out, GError ** error)
{
  guint8 *slice = payload;
  guint start = out->len;
  AeFrameHeader written;

  ae_frame_header_write (header, sizes, n_slices, out);
  if (!ae_frame_header_parse (out->data + start, out->len - start, &written,
          error)) {
    g_byte_array_set_size (out, start);
    return FALSE;
  }
  for (guint i = 0; i < n_slices; slice += sizes[i++])
    ae_slice_seal (slice, sizes[i], written.crc);
  g_byte_array_append (out, payload, (guint) written.payload_bytes);
  return TRUE;
}

/* Returns: how many of @n slices a part of @part_bytes takes, at least one. */
static guint
fill_part (const guint16 * sizes, guint n, guint part_bytes)
{
  guint size_bytes = AE_FRAME_MIN_HEADER_BYTES, i = 0;

  if (part_bytes == 0)
    return n;
  while (i < n && (i == 0 || size_bytes + 2 + sizes[i] <= part_bytes))
    size_bytes += 2u + sizes[i++];
  return i;
}

static gboolean
append (AeFrameEncoder * encoder, guint part_bytes, GByteArray * out,
    GError ** error)
{
  const guint16 *sizes = (const guint16 *) (gconstpointer) encoder->sizes->data;
  guint8 *payload = encoder->payload->data;
  guint left = encoder->sizes->len, start = out->len;
  AeFrameHeader header = *encoder->header;

  do {
    guint n = fill_part (sizes, left, part_bytes);

    header.has_more = n < left;
    if (!append_part (&header, sizes, n, payload, out, error)) {
      g_byte_array_set_size (out, start);
      return FALSE;
    }
    left -= n;
    for (; n > 0; n--)
      payload += *sizes++;
  } while (left > 0);
  return TRUE;
}

gboolean
ae_frame_encode (AeFrameEncoder * encoder, const AeFrameHeader * header,
    const AeLatents * latents, const AeLatents * reference,
    const guint8 * blocks, guint part_bytes, GByteArray * out, GError ** error)
{
  g_return_val_if_fail (header->type != AE_FRAME_WEIGHTS, FALSE);
  g_return_val_if_fail ((header->type == AE_FRAME_SKIP) == (latents == NULL),
      FALSE);
  g_return_val_if_fail ((header->type == AE_FRAME_PREDICTED)
      == (reference != NULL && blocks != NULL), FALSE);
  g_byte_array_set_size (encoder->payload, 0);
  g_array_set_size (encoder->sizes, 0);
  encoder->header = header;
  if (latents != NULL) {
    if (!check_shape (header, latents, error)
        || (reference != NULL && !check_shape (header, reference, error)))
      return FALSE;
    encoder->latents = latents;
    encoder->reference = reference;
    encoder->blocks = blocks;
    cut_columns (encoder);
  }
  if (encoder->sizes->len > AE_FRAME_MAX_SLICES) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "frame: %u slices, expected at most %u",
        encoder->sizes->len, AE_FRAME_MAX_SLICES);
    return FALSE;
  }
  return append (encoder, part_bytes, out, error);
}

/* Slices never tell a position twice, so that the work for a frame has a bound.
 * Returns: whether all of @rect was missing; it no longer is, then. */
static gboolean
claim (guint8 * missing, guint grid_w, const AeRect * rect)
{
  for (guint y = rect->y; y < rect->y + rect->h; y++) {
    if (memchr (missing + (gsize) y * grid_w + rect->x, 0, rect->w) != NULL)
      return FALSE;
  }
  for (guint y = rect->y; y < rect->y + rect->h; y++)
    memset (missing + (gsize) y * grid_w + rect->x, 0, rect->w);
  return TRUE;
}

static void
give_back (guint8 * missing, guint grid_w, const AeRect * rect)
{
  for (guint y = rect->y; y < rect->y + rect->h; y++)
    memset (missing + (gsize) y * grid_w + rect->x, 1, rect->w);
}

static gboolean
decode_slice (AeSliceCoder * coder, const AeFrameHeader * header,
    const guint8 * slice, gsize size_bytes, AeLatents * latents,
    guint8 * missing, GError ** error)
{
  AeSliceHead head;

  if (!ae_slice_read_head (slice, size_bytes, header->crc, latents->h,
          latents->w, &head, error))
    return FALSE;
  if (head.is_predicted != (header->type == AE_FRAME_PREDICTED)) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "slice: of the other kind than a frame of type %u has", header->type);
    return FALSE;
  }
  if (!claim (missing, latents->w, &head.rect)) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "slice: %ux%u positions at %u, %u that another slice told",
        head.rect.w, head.rect.h, head.rect.x, head.rect.y);
    return FALSE;
  }
  if (!ae_slice_decode (coder, header->grade, &head, latents, error)) {
    give_back (missing, latents->w, &head.rect);
    return FALSE;
  }
  return TRUE;
}

static gsize
count_missing (const guint8 * missing, gsize n)
{
  gsize sum = 0;

  for (gsize i = 0; i < n; i++)
    sum += missing[i];
  return sum;
}

gboolean
ae_frame_decode (AeSliceCoder * coder, const AeFrameHeader * header,
    const guint8 * payload, gsize size_bytes,
    AeLatents * latents, guint8 * missing,
    AeFrameReport * report, GError ** first_damage, GError ** error)
{
  gsize at = 0;

  *report = (AeFrameReport) {
  .n_slices = header->n_slices};
  if (!check_shape (header, latents, error))
    return FALSE;
  report->n_positions = ae_latents_n_positions (latents);
  if (header->type == AE_FRAME_SKIP)
    memset (missing, 0, report->n_positions);
  for (guint i = 0; i < header->n_slices; i++) {
    gsize slice_bytes = ae_frame_slice_bytes (header, i);
    gsize there = MIN (slice_bytes, size_bytes - at);

    if (!decode_slice (coder, header, payload + at, there, latents, missing,
            report->n_damaged == 0 ? first_damage : NULL))
      report->n_damaged++;
    at += there;
  }
  report->n_missing = count_missing (missing, report->n_positions);
  return TRUE;
}
