/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <zlib.h>

#include "ae-bytes.h"
#include "ae-error.h"
#include "ae-frame-private.h"

static const guint8 sync_word[AE_FRAME_SYNC_BYTES] = { 0xf5, 'A', 'E', 'L' };

/* Where the fields are. */
enum
{
  AT_MAJOR = 4,
  AT_MINOR = 5,
  AT_HEADER_BYTES = 6,
  AT_TYPE = 8,
  AT_MEDIA = 9,
  AT_LEVEL = 10,
  AT_SCALE = 11,
  AT_WIDTH = 12,
  AT_HEIGHT = 14,
  AT_PLANES = 16,
  AT_SLICES = 18,
  AT_RATE_N = 20,
  AT_RATE_D = 24,
  AT_NUMBER = 28,
  AT_REFERENCE = 32,
  AT_FINGERPRINT = 36,
  AT_PAYLOAD_BYTES = 44,
  AT_MATRIX = 48,
  AT_FLAGS = 49,
  AT_FINE = 50
};

#define FLAG_FULL_RANGE 1
#define FLAG_MORE 2

gboolean
ae_frame_has_sync (const guint8 * data, gsize size_bytes)
{
  return size_bytes == 0
      || memcmp (data, sync_word, MIN (size_bytes, AE_FRAME_SYNC_BYTES)) == 0;
}

gsize
ae_frame_find_sync (const guint8 * data, gsize n, gsize start)
{
  while (start < n && !ae_frame_has_sync (data + start, n - start))
    start++;
  return start;
}

gboolean
ae_frame_check_envelope (const guint8 * data, gsize size_bytes,
    gsize least_bytes, gsize * header_bytes, guint32 * crc, GError ** error)
{
  guint32 found;

  if (!ae_frame_has_sync (data, size_bytes)) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "frame: no sync word at its start");
    return FALSE;
  }
  *header_bytes = AE_FRAME_LENGTH_BYTES;
  if (size_bytes >= AE_FRAME_LENGTH_BYTES)
    *header_bytes = ae_bytes_get_u16 (data + AT_HEADER_BYTES);
  if (*header_bytes < least_bytes && size_bytes >= AE_FRAME_LENGTH_BYTES) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "frame: a header of %" G_GSIZE_FORMAT " bytes, expected %"
        G_GSIZE_FORMAT " and more", *header_bytes, least_bytes);
    return FALSE;
  }
  if (size_bytes < *header_bytes) {
    g_set_error (error, AE_ERROR, AE_ERROR_TRUNCATED,
        "frame: %" G_GSIZE_FORMAT " bytes of a header of %"
        G_GSIZE_FORMAT, size_bytes, *header_bytes);
    return FALSE;
  }
  *crc = ae_bytes_get_u32 (data + *header_bytes - AE_FRAME_CRC_BYTES);
  found = (guint32) crc32_z (0, data, *header_bytes - AE_FRAME_CRC_BYTES);
  if (found != *crc) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "frame: the CRC of the header is %08x, expected %08x", found, *crc);
    return FALSE;
  }
  return TRUE;
}

void
ae_frame_put_envelope (guint8 * header, guint header_bytes)
{
  memcpy (header, sync_word, sizeof sync_word);
  header[AT_MAJOR] = AE_FRAME_MAJOR;
  header[AT_MINOR] = AE_FRAME_MINOR;
  ae_bytes_put_u16 (header + AT_HEADER_BYTES, header_bytes);
}

static gboolean
check_version (const guint8 * data, GError ** error)
{
  if (data[AT_MAJOR] != AE_FRAME_MAJOR) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "frame: version %u.%u, expected %u.x", data[AT_MAJOR],
        data[AT_MINOR], AE_FRAME_MAJOR);
    return FALSE;
  }
  if (data[AT_TYPE] > AE_FRAME_WEIGHTS || data[AT_MEDIA] != AE_MEDIA_VIDEO) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "frame: type %u of media kind %u, expected 0 to %u of %u",
        data[AT_TYPE], data[AT_MEDIA], AE_FRAME_WEIGHTS, AE_MEDIA_VIDEO);
    return FALSE;
  }
  return TRUE;
}

static void
get_fields (const guint8 * data, AeFrameHeader * header)
{
  header->minor = data[AT_MINOR];
  header->type = data[AT_TYPE];
  header->media = data[AT_MEDIA];
  header->grade = AE_SYMBOLS_N_GRADES;
  if (data[AT_FINE] < AE_SYMBOLS_GRADES_PER_LEVEL)
    header->grade = data[AT_LEVEL] * AE_SYMBOLS_GRADES_PER_LEVEL
        + data[AT_FINE];
  header->scale_log2 = data[AT_SCALE];
  header->width = ae_bytes_get_u16 (data + AT_WIDTH);
  header->height = ae_bytes_get_u16 (data + AT_HEIGHT);
  header->n_planes = ae_bytes_get_u16 (data + AT_PLANES);
  header->n_slices = ae_bytes_get_u16 (data + AT_SLICES);
  header->rate_n = ae_bytes_get_u32 (data + AT_RATE_N);
  header->rate_d = ae_bytes_get_u32 (data + AT_RATE_D);
  header->number = ae_bytes_get_u32 (data + AT_NUMBER);
  header->reference = ae_bytes_get_u32 (data + AT_REFERENCE);
  memcpy (header->fingerprint, data + AT_FINGERPRINT,
      AE_FRAME_FINGERPRINT_BYTES);
  header->payload_bytes = ae_bytes_get_u32 (data + AT_PAYLOAD_BYTES);
  header->matrix = data[AT_MATRIX];
  header->full_range = (data[AT_FLAGS] & FLAG_FULL_RANGE) != 0;
  header->has_more = (data[AT_FLAGS] & FLAG_MORE) != 0;
  header->slice_sizes = data + AE_FRAME_FIXED_BYTES;
}

static gboolean
check_fields (const AeFrameHeader * header, GError ** error)
{
  if (header->width < 1 || header->width > AE_FRAME_MAX_SIDE
      || header->height < 1 || header->height > AE_FRAME_MAX_SIDE
      || header->scale_log2 > AE_FRAME_MAX_SCALE_LOG2
      || header->n_planes < 1 || header->n_planes > AE_LATENTS_MAX_PLANES
      || (guint64) header->n_planes * ae_frame_grid_side (header, header->width)
      * ae_frame_grid_side (header, header->height) > AE_LATENTS_MAX_VALUES) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "frame: %ux%u pixels as %u planes at 1/2^%u, expected sides of 1 to %u,"
        " 1 to %u planes at 1/2^0 to 1/2^%u, and at most %u latents",
        header->width, header->height, header->n_planes,
        header->scale_log2, AE_FRAME_MAX_SIDE,
        AE_LATENTS_MAX_PLANES, AE_FRAME_MAX_SCALE_LOG2, AE_LATENTS_MAX_VALUES);
    return FALSE;
  }
  if (header->grade >= AE_SYMBOLS_N_GRADES || header->rate_d == 0
      || header->rate_n > G_MAXINT32 || header->rate_d > G_MAXINT32) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "frame: quality %u eighths at %u/%u frames a second, expected 0 to %u and"
        " a fraction of numbers up to %d", header->grade,
        header->rate_n, header->rate_d, AE_SYMBOLS_N_GRADES - 1, G_MAXINT32);
    return FALSE;
  }
  return TRUE;
}

static gboolean
check_payload (const AeFrameHeader * header, GError ** error)
{
  guint n_most = header->type == AE_FRAME_KEY
      || header->type == AE_FRAME_PREDICTED ? AE_FRAME_MAX_SLICES : 0;
  gsize sum = 0;

  if (header->n_slices > n_most
      || header->header_bytes <
      AE_FRAME_MIN_HEADER_BYTES + 2 * (gsize) header->n_slices) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "frame: %u slices in a header of %" G_GSIZE_FORMAT
        " bytes, expected " "at most %u that it has room for",
        header->n_slices, header->header_bytes, n_most);
    return FALSE;
  }
  for (guint i = 0; i < header->n_slices; i++) {
    guint size_bytes = ae_frame_slice_bytes (header, i);

    if (size_bytes < 1 || size_bytes > AE_SLICE_MAX_BYTES) {
      g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
          "frame: slice %u of %u bytes, expected 1 to %u", i,
          size_bytes, AE_SLICE_MAX_BYTES);
      return FALSE;
    }
    sum += size_bytes;
  }
  if (header->type == AE_FRAME_WEIGHTS ?
      header->payload_bytes > AE_FRAME_MAX_PAYLOAD_BYTES
      : header->payload_bytes != sum) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "frame: %" G_GSIZE_FORMAT " bytes of payload, %"
        G_GSIZE_FORMAT " of slices", header->payload_bytes, sum);
    return FALSE;
  }
  return TRUE;
}

gboolean
ae_frame_header_parse (const guint8 * data, gsize size_bytes,
    AeFrameHeader * header, GError ** error)
{
  *header = (AeFrameHeader) {
  0};
  if (!ae_frame_check_envelope (data, size_bytes, AE_FRAME_MIN_HEADER_BYTES,
          &header->header_bytes, &header->crc, error)
      || !check_version (data, error))
    return FALSE;
  get_fields (data, header);
  return check_fields (header, error) && check_payload (header, error);
}

void
ae_frame_header_write (const AeFrameHeader * header, const guint16 * sizes,
    guint n_slices, GByteArray * out)
{
  gsize n = AE_FRAME_MIN_HEADER_BYTES + 2 * (gsize) n_slices;
  guint start = out->len;
  gsize payload_bytes = 0;
  guint8 *at;

  g_byte_array_set_size (out, start + (guint) n);
  at = out->data + start;
  memset (at, 0, n);
  for (guint i = 0; i < n_slices; i++) {
    ae_bytes_put_u16 (at + AE_FRAME_FIXED_BYTES + 2 * i, sizes[i]);
    payload_bytes += sizes[i];
  }
  ae_frame_put_envelope (at, (guint) n);
  at[AT_TYPE] = (guint8) header->type;
  at[AT_MEDIA] = (guint8) header->media;
  at[AT_LEVEL] = (guint8) (header->grade / AE_SYMBOLS_GRADES_PER_LEVEL);
  at[AT_FINE] = (guint8) (header->grade % AE_SYMBOLS_GRADES_PER_LEVEL);
  at[AT_SCALE] = (guint8) header->scale_log2;
  ae_bytes_put_u16 (at + AT_WIDTH, header->width);
  ae_bytes_put_u16 (at + AT_HEIGHT, header->height);
  ae_bytes_put_u16 (at + AT_PLANES, header->n_planes);
  ae_bytes_put_u16 (at + AT_SLICES, n_slices);
  ae_bytes_put_u32 (at + AT_RATE_N, header->rate_n);
  ae_bytes_put_u32 (at + AT_RATE_D, header->rate_d);
  ae_bytes_put_u32 (at + AT_NUMBER, header->number);
  ae_bytes_put_u32 (at + AT_REFERENCE, header->reference);
  memcpy (at + AT_FINGERPRINT, header->fingerprint, AE_FRAME_FINGERPRINT_BYTES);
  ae_bytes_put_u32 (at + AT_PAYLOAD_BYTES, (guint32) payload_bytes);
  at[AT_MATRIX] = (guint8) header->matrix;
  at[AT_FLAGS] = (guint8) ((header->full_range ? FLAG_FULL_RANGE : 0)
      | (header->has_more ? FLAG_MORE : 0));
  ae_bytes_put_u32 (at + n - AE_FRAME_CRC_BYTES,
      (guint32) crc32_z (0, at, n - AE_FRAME_CRC_BYTES));
}
