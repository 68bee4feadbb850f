/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-sparse-code.h"
#include "ae-error.h"
#include "ae-varint.h"

#include <string.h>

#define BYTES_PER_VALUE 4

G_STATIC_ASSERT (sizeof (float) == BYTES_PER_VALUE);

static gboolean
is_zero (float value)
{
  guint32 bits;

  memcpy (&bits, &value, sizeof bits);
  return bits == 0;
}

static guint
count_zeros (const float *values, guint n)
{
  guint i = 0;

  while (i < n && is_zero (values[i]))
    i++;
  return i;
}

static guint
count_stored (const float *values, guint n)
{
  guint i = 0;

  while (i < n && !is_zero (values[i]))
    i++;
  return i;
}

static void
put_varint (GByteArray * out, guint32 value)
{
  guint8 bytes[AE_VARINT_MAX_BYTES];
  guint n = ae_varint_write (bytes, value);

  g_byte_array_append (out, bytes, n);
}

static void
put_values (GByteArray * out, const float *values, guint n)
{
  for (guint i = 0; i < n; i++) {
    guint32 bits;

    memcpy (&bits, &values[i], sizeof bits);
    bits = GUINT32_TO_LE (bits);
    g_byte_array_append (out, (const guint8 *) &bits, sizeof bits);
  }
}

static guint
count_runs (const float *values, guint n)
{
  guint n_runs = 0;

  for (guint i = 0; i < n; i++)
    n_runs += !is_zero (values[i]) && (i == 0 || is_zero (values[i - 1]));
  return n_runs;
}

GBytes *
ae_sparse_code_encode (const float *values, guint n)
{
  GByteArray *out;
  guint i = 0, n_runs;

  g_return_val_if_fail (n <= AE_SPARSE_CODE_MAX_VALUES, NULL);
  out = g_byte_array_new ();
  n_runs = count_runs (values, n);
  put_varint (out, n);
  put_varint (out, n_runs);
  while (n_runs-- > 0) {
    guint n_zeros = count_zeros (values + i, n - i);
    guint n_stored = count_stored (values + i + n_zeros, n - i - n_zeros);

    put_varint (out, n_zeros);
    put_varint (out, n_stored);
    put_values (out, values + i + n_zeros, n_stored);
    i += n_zeros + n_stored;
  }
  return g_byte_array_free_to_bytes (out);
}

typedef struct
{
  const guint8 *data;
  gsize size_bytes, at;
} Reader;

static gboolean
get_varint (Reader * reader, const gchar * what, guint32 * value,
    GError ** error)
{
  gsize start = reader->at;
  guint64 sum = 0;

  for (guint i = 0; i < AE_VARINT_MAX_BYTES; i++) {
    guint8 byte;

    if (reader->at == reader->size_bytes) {
      g_set_error (error, AE_ERROR, AE_ERROR_TRUNCATED,
          "sparse code: %" G_GSIZE_FORMAT " bytes end within the %s at byte %"
          G_GSIZE_FORMAT, reader->size_bytes, what, start);
      return FALSE;
    }
    byte = reader->data[reader->at++];
    sum |= (guint64) (byte & 0x7f) << (7 * i);
    if (byte & 0x80)
      continue;
    if (sum > G_MAXUINT32 || (i > 0 && byte == 0))
      break;
    *value = (guint32) sum;
    return TRUE;
  }
  g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
      "sparse code: the %s at byte %" G_GSIZE_FORMAT " is no varint of at most"
      " 32 bits in its shortest form", what, start);
  return FALSE;
}

static gboolean
get_n_values (Reader * reader, guint * n, GError ** error)
{
  if (!get_varint (reader, "number of values", n, error))
    return FALSE;
  if (*n > AE_SPARSE_CODE_MAX_VALUES) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "sparse code: the header promises %u values, expected at most %u", *n,
        AE_SPARSE_CODE_MAX_VALUES);
    return FALSE;
  }
  return TRUE;
}

gboolean
ae_sparse_code_n_values (const guint8 * data, gsize size_bytes, guint * n,
    GError ** error)
{
  Reader reader = { data, size_bytes, 0 };

  return get_n_values (&reader, n, error);
}

/* Reads the stored values of a run. Neither they nor the zeros before them may
 * reach over n_left values. */
static gboolean
get_values (Reader * reader, float *values, guint n_stored, GError ** error)
{
  gsize left = reader->size_bytes - reader->at;

  if (left / BYTES_PER_VALUE < n_stored) {
    g_set_error (error, AE_ERROR, AE_ERROR_TRUNCATED,
        "sparse code: %" G_GSIZE_FORMAT " bytes are left at byte %"
        G_GSIZE_FORMAT ", expected %u values of %u bytes", left, reader->at,
        n_stored, BYTES_PER_VALUE);
    return FALSE;
  }
  for (guint i = 0; i < n_stored; i++) {
    guint32 bits;

    memcpy (&bits, reader->data + reader->at, sizeof bits);
    bits = GUINT32_FROM_LE (bits);
    if (bits == 0) {
      g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
          "sparse code: a zero is stored at byte %" G_GSIZE_FORMAT
          ", expected other values only", reader->at);
      return FALSE;
    }
    memcpy (&values[i], &bits, sizeof bits);
    reader->at += BYTES_PER_VALUE;
  }
  return TRUE;
}

/* Reads one run to values[*i] on, of n in all. */
static gboolean
get_run (Reader * reader, float *values, guint n, guint * i, GError ** error)
{
  gsize start = reader->at;
  guint n_zeros, n_stored;

  if (!get_varint (reader, "number of zeros", &n_zeros, error)
      || !get_varint (reader, "number of stored values", &n_stored, error))
    return FALSE;
  if (n_zeros > n - *i || n_stored > n - *i - n_zeros) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "sparse code: the run at byte %" G_GSIZE_FORMAT " has %u zeros and %u "
        "values, where %u of %u are left", start, n_zeros, n_stored, n - *i, n);
    return FALSE;
  }
  if (n_stored == 0 || (n_zeros == 0 && *i > 0)) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "sparse code: the run at byte %" G_GSIZE_FORMAT " has %u zeros and %u "
        "values, expected both, or values alone in the first", start, n_zeros,
        n_stored);
    return FALSE;
  }
  memset (values + *i, 0, n_zeros * sizeof *values);
  *i += n_zeros;
  if (!get_values (reader, values + *i, n_stored, error))
    return FALSE;
  *i += n_stored;
  return TRUE;
}

gboolean
ae_sparse_code_decode (const guint8 * data, gsize size_bytes, float *values,
    guint n, GError ** error)
{
  Reader reader = { data, size_bytes, 0 };
  guint n_promised, n_runs, i = 0;

  if (!get_n_values (&reader, &n_promised, error))
    return FALSE;
  if (n_promised != n) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "sparse code: the header promises %u values, expected %u", n_promised,
        n);
    return FALSE;
  }
  if (!get_varint (&reader, "number of runs", &n_runs, error))
    return FALSE;
  while (n_runs-- > 0) {
    if (!get_run (&reader, values, n, &i, error))
      return FALSE;
  }
  if (reader.at != size_bytes) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "sparse code: %" G_GSIZE_FORMAT " bytes, expected the end after %"
        G_GSIZE_FORMAT, size_bytes, reader.at);
    return FALSE;
  }
  memset (values + i, 0, (n - i) * sizeof *values);
  return TRUE;
}
