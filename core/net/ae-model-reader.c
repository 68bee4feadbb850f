/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-model-reader.h"
#include "ae-model.h"
#include "ae-model-header.h"

#include <math.h>
#include <string.h>

static const gchar *const dtype_names[AE_N_DTYPES] = { "F32", "F16", "I8" };
static const guint dtype_bytes[AE_N_DTYPES] = { 4, 2, 1 };

static gboolean
read_dtype (const AeModelReader * reader, JsonObject * object,
    AeModelEntry * entry, GError ** error)
{
  const gchar *dtype =
      ae_model_header_get_string (json_object_get_member (object, "dtype"));

  if (dtype == NULL)
    return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        "tensor %s has no dtype", entry->name);
  for (entry->dtype = 0; entry->dtype < AE_N_DTYPES; entry->dtype++) {
    if (strcmp (dtype, dtype_names[entry->dtype]) == 0)
      return TRUE;
  }
  return ae_model_fail (error, AE_ERROR_UNSUPPORTED, reader->where,
      "tensor %s has dtype %s, expected F32, F16 or I8", entry->name, dtype);
}

static gboolean
read_shape (const AeModelReader * reader, JsonObject * object,
    AeModelEntry * entry, guint64 * n, GError ** error)
{
  JsonArray *shape = ae_model_header_get_array (object, "shape");

  if (shape == NULL)
    return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        "tensor %s has no shape", entry->name);
  entry->rank = json_array_get_length (shape);
  if (entry->rank < 1 || entry->rank > 4)
    return ae_model_fail (error, AE_ERROR_SHAPE, reader->where,
        "tensor %s has %u dimensions, expected 1 to 4",
        entry->name, entry->rank);
  *n = 1;
  for (guint i = 0; i < entry->rank; i++) {
    gint64 *size = &entry->shape[i];

    if (!ae_model_header_get_integer
        (json_array_get_element (shape, i), size) || *size < 1)
      return ae_model_fail (error, AE_ERROR_SHAPE, reader->where,
          "tensor %s: dimension %u of its shape is not a whole number from 1 on",
          entry->name, i);
    if (!g_uint64_checked_mul (n, *n, (guint64) * size)
        || *n > AE_ARCHITECTURE_MAX_WEIGHTS)
      return ae_model_fail (error, AE_ERROR_LIMIT, reader->where,
          "tensor %s has more than %u elements",
          entry->name, AE_ARCHITECTURE_MAX_WEIGHTS);
  }
  return TRUE;
}

static gboolean
read_offsets (const AeModelReader * reader, JsonObject * object, guint64 n,
    AeModelEntry * entry, GError ** error)
{
  JsonArray *offsets = ae_model_header_get_array (object, "data_offsets");
  guint64 n_bytes = n * dtype_bytes[entry->dtype];
  gint64 begin, end;

  if (offsets == NULL || json_array_get_length (offsets) != 2
      || !ae_model_header_get_integer (json_array_get_element (offsets, 0),
          &begin)
      || !ae_model_header_get_integer (json_array_get_element (offsets, 1),
          &end))
    return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        "tensor %s: data_offsets are not two whole numbers", entry->name);
  if (begin < 0 || end < begin || (guint64) end > reader->size_bytes)
    return ae_model_fail (error, end > begin
        && begin >=
        0 ? AE_ERROR_TRUNCATED : AE_ERROR_CORRUPT,
        reader->where,
        "tensor %s: data_offsets %" G_GINT64_FORMAT " to %"
        G_GINT64_FORMAT ", the file holds %" G_GSIZE_FORMAT
        " bytes of data", entry->name, begin, end, reader->size_bytes);
  if ((guint64) (end - begin) != n_bytes)
    return ae_model_fail (error, AE_ERROR_SHAPE, reader->where,
        "tensor %s: data_offsets span %" G_GINT64_FORMAT
        " bytes, its shape " "needs %" G_GUINT64_FORMAT,
        entry->name, end - begin, n_bytes);
  entry->begin = (guint64) begin;
  entry->end = (guint64) end;
  return TRUE;
}

static gboolean
read_entry (AeModelReader * reader, const gchar * name, JsonNode * node,
    GError ** error)
{
  AeModelEntry entry = {.name = name };
  JsonObject *object;
  guint64 n = 0;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        "header entry %s is not an object", name);
  object = json_node_get_object (node);
  if (!read_dtype (reader, object, &entry, error)
      || !read_shape (reader, object, &entry, &n, error)
      || !read_offsets (reader, object, n, &entry, error))
    return FALSE;
  if (json_object_get_size (object) != 3)
    return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        "tensor %s has keys other than dtype, shape and data_offsets", name);
  g_array_append_val (reader->entries, entry);
  return TRUE;
}

static gint
compare_begin (gconstpointer a, gconstpointer b)
{
  const AeModelEntry *x = a, *y = b;

  return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static gboolean
read_entries (AeModelReader * reader, GError ** error)
{
  g_autoptr (GList) names = json_object_get_members (reader->root);
  guint64 at = 0;

  for (GList * l = names; l; l = l->next) {
    if (strcmp (l->data, AE_MODEL_METADATA) != 0
        && !read_entry (reader, l->data,
            json_object_get_member (reader->root, l->data), error))
      return FALSE;
  }
  g_array_sort (reader->entries, compare_begin);
  for (guint i = 0; i < reader->entries->len; i++) {
    const AeModelEntry *entry =
        &g_array_index (reader->entries, AeModelEntry, i);

    if (entry->begin != at)
      return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
          "tensor %s begins at byte %" G_GUINT64_FORMAT
          " of the data, the one " "before it ends at %"
          G_GUINT64_FORMAT ": %s", entry->name,
          entry->begin, at,
          entry->begin < at ? "they overlap" : "there is a hole");
    at = entry->end;
  }
  if (at != reader->size_bytes)
    return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        "%" G_GSIZE_FORMAT
        " bytes of data, the tensors use %"
        G_GUINT64_FORMAT, reader->size_bytes, at);
  return TRUE;
}

const gchar *
ae_model_reader_string (const AeModelReader * reader, const gchar * key)
{
  JsonNode *node = json_object_get_member (reader->root, AE_MODEL_METADATA);

  return node && JSON_NODE_HOLDS_OBJECT (node)
      ?
      ae_model_header_get_string (json_object_get_member (json_node_get_object
          (node), key)) : NULL;
}

/* IEEE 754 binary16. */
static float
half_to_float (guint16 half)
{
  guint exponent = (half >> 10) & 31, fraction = half & 1023;
  float value;

  if (exponent == 31)
    value = fraction ? NAN : INFINITY;
  else if (exponent == 0)
    value = ldexpf ((float) fraction, -24);
  else
    value = ldexpf ((float) (fraction + 1024), (int) exponent - 25);
  return half & 0x8000 ? -value : value;
}

gboolean
ae_model_reader_copy (const AeModelReader * reader,
    const AeModelEntry * entry, gsize n, float *out, GError ** error)
{
  const guint8 *data = reader->data + entry->begin;

  for (gsize i = 0; i < n; i++) {
    if (entry->dtype == AE_DTYPE_F16) {
      guint16 bits;

      memcpy (&bits, data + 2 * i, sizeof bits);
      out[i] = half_to_float (GUINT16_FROM_LE (bits));
    } else {
      guint32 bits;

      memcpy (&bits, data + 4 * i, sizeof bits);
      bits = GUINT32_FROM_LE (bits);
      memcpy (out + i, &bits, sizeof bits);
    }
    if (!isfinite (out[i]))
      return ae_model_fail (error, AE_ERROR_NOT_FINITE, reader->where,
          "tensor %s: element %" G_GSIZE_FORMAT " is %g",
          entry->name, i, (double) out[i]);
  }
  return TRUE;
}

AeModelEntry *
ae_model_reader_find (const AeModelReader * reader, const gchar * name)
{
  for (guint i = 0; i < reader->entries->len; i++) {
    AeModelEntry *entry = &g_array_index (reader->entries, AeModelEntry, i);

    if (strcmp (entry->name, name) == 0)
      return entry;
  }
  return NULL;
}

/* The tensor @name of @param's shape, of integers or of floats. */
const AeModelEntry *
ae_model_reader_take (const AeModelReader * reader, const AeParam * param,
    const gchar * name, gboolean is_int8, GError ** error)
{
  AeModelEntry *entry = ae_model_reader_find (reader, name);
  gboolean fits;

  if (entry == NULL) {
    ae_model_fail (error, AE_ERROR_NOT_FOUND, reader->where,
        "tensor %s is missing", name);
    return NULL;
  }
  if ((entry->dtype == AE_DTYPE_I8) != is_int8) {
    ae_model_fail (error, AE_ERROR_UNSUPPORTED, reader->where,
        "tensor %s has dtype %s, expected %s", name,
        dtype_names[entry->dtype], is_int8 ? "I8" : "F32 or F16");
    return NULL;
  }
  fits = entry->rank == param->rank;
  for (guint j = 0; fits && j < param->rank; j++)
    fits = entry->shape[j] == param->shape[j];
  if (!fits) {
    ae_model_fail (error, AE_ERROR_SHAPE, reader->where,
        "tensor %s has %u dimensions beginning with %"
        G_GINT64_FORMAT
        ", the architecture needs %u: %ux%ux%ux%u", name,
        entry->rank, entry->shape[0], param->rank,
        param->shape[0], param->shape[1], param->shape[2], param->shape[3]);
    return NULL;
  }
  entry->used = TRUE;
  return entry;
}

gboolean
ae_model_reader_check_all_used (const AeModelReader * reader, GError ** error)
{
  for (guint i = 0; i < reader->entries->len; i++) {
    const AeModelEntry *entry =
        &g_array_index (reader->entries, AeModelEntry, i);

    if (!entry->used)
      return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
          "tensor %s does not belong to the architecture", entry->name);
  }
  return TRUE;
}

static gboolean
read_header_size (const guint8 * bytes, gsize size_bytes, const gchar * where,
    gsize * header_bytes, GError ** error)
{
  guint64 stated;

  if (size_bytes < 8)
    return ae_model_fail (error, AE_ERROR_TRUNCATED, where, "%" G_GSIZE_FORMAT
        " bytes, a model has at least the 8 of its header's length",
        size_bytes);
  memcpy (&stated, bytes, sizeof stated);
  stated = GUINT64_FROM_LE (stated);
  if (stated > AE_MODEL_MAX_HEADER_BYTES)
    return ae_model_fail (error, AE_ERROR_LIMIT, where, "a header of %"
        G_GUINT64_FORMAT
        " bytes, at most %u are allowed: not a safetensors "
        "file?", stated, AE_MODEL_MAX_HEADER_BYTES);
  if (stated > size_bytes - 8)
    return ae_model_fail (error, AE_ERROR_TRUNCATED, where,
        "the header promises %" G_GUINT64_FORMAT " bytes, %"
        G_GSIZE_FORMAT " are left", stated, size_bytes - 8);
  *header_bytes = (gsize) stated;
  return TRUE;
}

gboolean
ae_model_reader_open (AeModelReader * reader, const guint8 * bytes,
    gsize size_bytes, const gchar * where, GError ** error)
{
  gsize header_bytes = 0;

  *reader = (AeModelReader) {
  .where = where};
  if (!read_header_size (bytes, size_bytes, where, &header_bytes, error))
    return FALSE;
  reader->data = bytes + 8 + header_bytes;
  reader->size_bytes = size_bytes - 8 - header_bytes;
  reader->root = ae_model_header_parse ((const gchar *) bytes + 8,
      header_bytes, where, error);
  if (reader->root == NULL)
    return FALSE;
  reader->entries = g_array_new (FALSE, FALSE, sizeof (AeModelEntry));
  return read_entries (reader, error);
}

void
ae_model_reader_clear (AeModelReader * reader)
{
  g_clear_pointer (&reader->entries, g_array_unref);
  g_clear_pointer (&reader->root, json_object_unref);
}
