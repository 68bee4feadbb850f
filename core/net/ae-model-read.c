/* Reading of safetensors files, which are trusted in nothing;
 * docs/model-file.md. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-model.h"
#include "ae-model-header.h"

#include <json-glib/json-glib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define METADATA "__metadata__"

/* What the header says of one tensor. */
typedef enum
{
  DTYPE_F32,
  DTYPE_F16,
  DTYPE_I8,
  N_DTYPES
} Dtype;

static const gchar *const dtype_names[N_DTYPES] = { "F32", "F16", "I8" };
static const guint dtype_bytes[N_DTYPES] = { 4, 2, 1 };

typedef struct
{
  const gchar *name;
  Dtype dtype;
  guint rank;
  gint64 shape[4];
  guint64 begin, end;           /* bytes in the data */
  gboolean used;
} Entry;

typedef struct
{
  const gchar *where;
  const guint8 *data;           /* after the header */
  gsize size_bytes;
  JsonObject *root;
  GArray *entries;              /* of Entry, in the order of the data */
} Reader;

static gboolean
read_dtype (const Reader * reader, JsonObject * object, Entry * entry,
    GError ** error)
{
  const gchar *dtype =
      ae_model_header_get_string (json_object_get_member (object, "dtype"));

  if (dtype == NULL)
    return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        "tensor %s has no dtype", entry->name);
  for (entry->dtype = 0; entry->dtype < N_DTYPES; entry->dtype++) {
    if (strcmp (dtype, dtype_names[entry->dtype]) == 0)
      return TRUE;
  }
  return ae_model_fail (error, AE_ERROR_UNSUPPORTED, reader->where,
      "tensor %s has dtype %s, expected F32, F16 or I8", entry->name, dtype);
}

static gboolean
read_shape (const Reader * reader, JsonObject * object, Entry * entry,
    guint64 * n, GError ** error)
{
  JsonArray *shape = ae_model_header_get_array (object, "shape");

  if (shape == NULL)
    return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        "tensor %s has no shape", entry->name);
  entry->rank = json_array_get_length (shape);
  if (entry->rank < 1 || entry->rank > 4)
    return ae_model_fail (error, AE_ERROR_SHAPE, reader->where,
        "tensor %s has %u dimensions, expected 1 to 4", entry->name,
        entry->rank);
  *n = 1;
  for (guint i = 0; i < entry->rank; i++) {
    gint64 *size = &entry->shape[i];

    if (!ae_model_header_get_integer (json_array_get_element (shape, i), size)
        || *size < 1)
      return ae_model_fail (error, AE_ERROR_SHAPE, reader->where,
          "tensor %s: dimension %u of its shape is not a whole number from 1 on",
          entry->name, i);
    if (!g_uint64_checked_mul (n, *n, (guint64) * size)
        || *n > AE_ARCHITECTURE_MAX_WEIGHTS)
      return ae_model_fail (error, AE_ERROR_LIMIT, reader->where,
          "tensor %s has more than %u elements", entry->name,
          AE_ARCHITECTURE_MAX_WEIGHTS);
  }
  return TRUE;
}

static gboolean
read_offsets (const Reader * reader, JsonObject * object, guint64 n,
    Entry * entry, GError ** error)
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
    return ae_model_fail (error, end > begin && begin >= 0 ? AE_ERROR_TRUNCATED
        : AE_ERROR_CORRUPT, reader->where,
        "tensor %s: data_offsets %" G_GINT64_FORMAT " to %"
        G_GINT64_FORMAT ", the file holds %" G_GSIZE_FORMAT
        " bytes of data", entry->name, begin, end, reader->size_bytes);
  if ((guint64) (end - begin) != n_bytes)
    return ae_model_fail (error, AE_ERROR_SHAPE, reader->where,
        "tensor %s: data_offsets span %" G_GINT64_FORMAT
        " bytes, its shape " "needs %" G_GUINT64_FORMAT, entry->name,
        end - begin, n_bytes);
  entry->begin = (guint64) begin;
  entry->end = (guint64) end;
  return TRUE;
}

static gboolean
read_entry (Reader * reader, const gchar * name, JsonNode * node,
    GError ** error)
{
  Entry entry = {.name = name };
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
  const Entry *x = a, *y = b;

  return x->begin < y->begin ? -1 : x->begin > y->begin;
}

static gboolean
read_entries (Reader * reader, GError ** error)
{
  g_autoptr (GList) names = json_object_get_members (reader->root);
  guint64 at = 0;

  for (GList * l = names; l; l = l->next) {
    if (strcmp (l->data, METADATA) != 0
        && !read_entry (reader, l->data,
            json_object_get_member (reader->root, l->data), error))
      return FALSE;
  }
  g_array_sort (reader->entries, compare_begin);
  for (guint i = 0; i < reader->entries->len; i++) {
    const Entry *entry = &g_array_index (reader->entries, Entry, i);

    if (entry->begin != at)
      return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
          "tensor %s begins at byte %" G_GUINT64_FORMAT
          " of the data, the one " "before it ends at %"
          G_GUINT64_FORMAT ": %s", entry->name, entry->begin, at,
          entry->begin < at ? "they overlap" : "there is a hole");
    at = entry->end;
  }
  if (at != reader->size_bytes)
    return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        "%" G_GSIZE_FORMAT " bytes of data, the tensors use %"
        G_GUINT64_FORMAT, reader->size_bytes, at);
  return TRUE;
}

static const gchar *
metadata_value (const Reader * reader, const gchar * key)
{
  JsonNode *node = json_object_get_member (reader->root, METADATA);

  return node && JSON_NODE_HOLDS_OBJECT (node)
      ?
      ae_model_header_get_string (json_object_get_member (json_node_get_object
          (node), key))
      : NULL;
}

/* CxHxW, as ae_model_save() writes it. */
static gboolean
read_input (const gchar * text, AeShape * shape)
{
  g_autofree gchar *again = NULL;

  if (sscanf (text, "%7ux%7ux%7u", &shape->c, &shape->h, &shape->w) != 3)
    return FALSE;
  again = g_strdup_printf ("%ux%ux%u", shape->c, shape->h, shape->w);
  return strcmp (text, again) == 0;
}

static AeArchitecture *
read_architecture (const Reader * reader, GError ** error)
{
  const gchar *version = metadata_value (reader, "format_version");
  const gchar *text = metadata_value (reader, "architecture");
  const gchar *input = metadata_value (reader, "input");
  g_autoptr (GError) reason = NULL;
  AeArchitecture *architecture;
  AeShape shape;

  if (version == NULL || text == NULL || input == NULL) {
    ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        "no %s in the header's %s: not a model of gst-autoencoder",
        version == NULL ? "format_version" : text == NULL ? "architecture"
        : "input", METADATA);
    return NULL;
  }
  if (strcmp (version, AE_MODEL_VERSION_FLOAT) != 0
      && strcmp (version, AE_MODEL_VERSION_INT8) != 0) {
    ae_model_fail (error, AE_ERROR_UNSUPPORTED, reader->where,
        "format_version \"%s\", this version reads " AE_MODEL_VERSION_FLOAT
        " and " AE_MODEL_VERSION_INT8, version);
    return NULL;
  }
  if (!read_input (input, &shape)) {
    ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        "input \"%s\", expected CxHxW such as 1x0x0", input);
    return NULL;
  }
  architecture = ae_architecture_parse (text, &shape, &reason);
  if (architecture == NULL)
    ae_model_fail (error, (AeError) reason->code, reader->where,
        "architecture: %s", reason->message);
  return architecture;
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

static gboolean
copy_tensor (const Reader * reader, const Entry * entry, gsize n, float *out,
    GError ** error)
{
  const guint8 *data = reader->data + entry->begin;

  for (gsize i = 0; i < n; i++) {
    if (entry->dtype == DTYPE_F16) {
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

static Entry *
find_entry (const Reader * reader, const gchar * name)
{
  for (guint i = 0; i < reader->entries->len; i++) {
    Entry *entry = &g_array_index (reader->entries, Entry, i);

    if (strcmp (entry->name, name) == 0)
      return entry;
  }
  return NULL;
}

/* The tensor @name of @param's shape, of integers or of floats. */
static const Entry *
take_entry (const Reader * reader, const AeParam * param, const gchar * name,
    gboolean is_int8, GError ** error)
{
  Entry *entry = find_entry (reader, name);
  gboolean fits;

  if (entry == NULL) {
    ae_model_fail (error, AE_ERROR_NOT_FOUND, reader->where,
        "tensor %s is missing", name);
    return NULL;
  }
  if ((entry->dtype == DTYPE_I8) != is_int8) {
    ae_model_fail (error, AE_ERROR_UNSUPPORTED, reader->where,
        "tensor %s has dtype %s, expected %s", name, dtype_names[entry->dtype],
        is_int8 ? "I8" : "F32 or F16");
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

static gboolean
read_param (const Reader * reader, const AeParam * param, const gchar * name,
    float *out, GError ** error)
{
  const Entry *entry = take_entry (reader, param, name, FALSE, error);

  return entry && copy_tensor (reader, entry, param->size, out, error);
}

static gboolean
read_weights (const Reader * reader, const AeArchitecture * architecture,
    float *weights, GError ** error)
{
  for (guint i = 0; i < architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &architecture->layers[i].params[j];
      g_autofree gchar *name = ae_architecture_param_name (architecture, i, j);

      if (ae_param_n_stored (param) > 0 && !read_param (reader, param, name,
              weights + param->offset, error))
        return FALSE;
    }
  }
  return TRUE;
}

/* @n positive numbers beside a layer's weight. */
static gboolean
read_steps (const Reader * reader, const gchar * layer_name,
    const gchar * suffix, guint n, float *out, GError ** error)
{
  const AeParam param = {.rank = 1,.shape = {n, 1, 1, 1},.size = n };
  g_autofree gchar *name = g_strconcat (layer_name, suffix, NULL);

  if (!read_param (reader, &param, name, out, error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    if (!(out[i] >= AE_INT8_MIN_STEP && out[i] <= AE_INT8_MAX_STEP))
      return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
          "tensor %s: element %u is %g, expected %g to %g", name, i,
          (double) out[i], (double) AE_INT8_MIN_STEP,
          (double) AE_INT8_MAX_STEP);
  }
  return TRUE;
}

static gboolean
read_zero (const Reader * reader, const gchar * layer_name, guint8 * zero,
    GError ** error)
{
  const AeParam param = {.rank = 1,.shape = {1, 1, 1, 1},.size = 1 };
  g_autofree gchar *name = g_strconcat (layer_name, AE_MODEL_INT8_ZERO, NULL);
  float value;

  if (!read_param (reader, &param, name, &value, error))
    return FALSE;
  if (!(value >= 0.0f && value <= 255.0f && value == floorf (value)))
    return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        "tensor %s is %g, expected a whole number from 0 to 255", name,
        (double) value);
  *zero = (guint8) value;
  return TRUE;
}

/* Layer @i in integers, if it is there. docs/model-file.md, section 6. */
static gboolean
read_int8_layer (const Reader * reader, const AeArchitecture * architecture,
    guint i, AeInt8 * int8, GError ** error)
{
  const AeLayer *layer = &architecture->layers[i];
  const AeParam *param = &layer->params[AE_PARAM_WEIGHT];
  g_autofree gchar *layer_name = ae_architecture_layer_name (architecture, i);
  g_autofree gchar *name = g_strconcat (layer_name, AE_MODEL_INT8_WEIGHT, NULL);
  const Entry *entry;
  AeInt8Layer *to;

  if (find_entry (reader, name) == NULL)
    return TRUE;
  entry = take_entry (reader, param, name, TRUE, error);
  if (entry == NULL)
    return FALSE;
  to = ae_int8_add_layer (int8, architecture, i);
  memcpy (to->weights, reader->data + entry->begin, param->size);
  return read_steps (reader, layer_name, AE_MODEL_INT8_SCALE, layer->out.c,
      to->scale, error)
      && read_steps (reader, layer_name, AE_MODEL_INT8_STEP, layer->in.c,
      to->step, error)
      && read_zero (reader, layer_name, &to->zero, error);
}

/* Returns: (nullable): NULL where there are none, too. */
static AeInt8 *
read_int8 (const Reader * reader, const AeArchitecture * architecture,
    GError ** error)
{
  g_autoptr (AeInt8) int8 = NULL;

  if (strcmp (metadata_value (reader, "format_version"),
          AE_MODEL_VERSION_INT8) != 0 || architecture->input.h != 0)
    return NULL;
  int8 = ae_int8_new (architecture);
  for (guint i = 0; i < architecture->n_layers; i++) {
    if (ae_int8_suits (&architecture->layers[i])
        && !read_int8_layer (reader, architecture, i, int8, error))
      return NULL;
  }
  return g_steal_pointer (&int8);
}

static gboolean
check_all_used (const Reader * reader, GError ** error)
{
  for (guint i = 0; i < reader->entries->len; i++) {
    const Entry *entry = &g_array_index (reader->entries, Entry, i);

    if (!entry->used)
      return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
          "tensor %s does not belong to the architecture", entry->name);
  }
  return TRUE;
}

static gboolean
is_own_key (const gchar * key)
{
  return strcmp (key, "format_version") == 0
      || strcmp (key, "architecture") == 0 || strcmp (key, "input") == 0;
}

static GHashTable *
read_metadata (const Reader * reader, GError ** error)
{
  JsonObject *object = json_object_get_object_member (reader->root, METADATA);
  g_autoptr (GHashTable) metadata =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GList) keys = json_object_get_members (object);

  for (GList * l = keys; l; l = l->next) {
    const gchar *value =
        ae_model_header_get_string (json_object_get_member (object, l->data));

    if (value == NULL) {
      ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
          "%s: the value of %s is not a string", METADATA,
          (const gchar *) l->data);
      return NULL;
    }
    if (!is_own_key (l->data))
      g_hash_table_insert (metadata, g_strdup (l->data), g_strdup (value));
  }
  return g_steal_pointer (&metadata);
}

/* Before memory is taken for what an architecture says: is it all there? */
static gboolean
check_amount (const Reader * reader, const AeArchitecture * architecture,
    GError ** error)
{
  gsize n = 0;

  for (guint i = 0; i < architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++)
      n += ae_param_n_stored (&architecture->layers[i].params[j]);
  }
  if (n <= reader->size_bytes / 2)
    return TRUE;
  return ae_model_fail (error, AE_ERROR_TRUNCATED, reader->where,
      "the architecture has %" G_GSIZE_FORMAT " weights, %"
      G_GSIZE_FORMAT " bytes are too few for them", n, reader->size_bytes);
}

static AeModel *
read_model (Reader * reader, GError ** error)
{
  g_autoptr (AeArchitecture) architecture = NULL;
  g_autoptr (AeWeights) weights = NULL;
  g_autoptr (GHashTable) metadata = NULL;
  g_autoptr (GError) reason = NULL;
  AeModel *model;
  float *data;

  if (!read_entries (reader, error))
    return NULL;
  architecture = read_architecture (reader, error);
  if (architecture == NULL)
    return NULL;
  metadata = read_metadata (reader, error);
  if (metadata == NULL)
    return NULL;
  if (!check_amount (reader, architecture, error))
    return NULL;
  data = ae_aligned_try_alloc0 (architecture->n_weights * sizeof (float));
  if (data == NULL) {
    ae_model_fail (error, AE_ERROR_LIMIT, reader->where, "no memory for %"
        G_GSIZE_FORMAT " weights", architecture->n_weights);
    return NULL;
  }
  if (!read_weights (reader, architecture, data, error)
      || !(weights = ae_weights_new_take (data, architecture->n_weights,
              error))) {
    ae_aligned_free (data);
    return NULL;
  }
  model = ae_model_new (architecture, weights, metadata, error);
  model->int8 = read_int8 (reader, architecture, &reason);
  if (reason == NULL)
    check_all_used (reader, &reason);
  if (reason) {
    g_propagate_error (error, g_steal_pointer (&reason));
    g_clear_pointer (&model, ae_model_unref);
  }
  return model;
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
        " bytes, at most %u are allowed: not a safetensors " "file?",
        stated, AE_MODEL_MAX_HEADER_BYTES);
  if (stated > size_bytes - 8)
    return ae_model_fail (error, AE_ERROR_TRUNCATED, where,
        "the header promises %" G_GUINT64_FORMAT " bytes, %" G_GSIZE_FORMAT
        " are left", stated, size_bytes - 8);
  *header_bytes = (gsize) stated;
  return TRUE;
}

AeModel *
ae_model_load_bytes (const guint8 * bytes, gsize size_bytes,
    const gchar * where, GError ** error)
{
  Reader reader = {.where = where };
  gsize header_bytes = 0;
  AeModel *model;

  if (!read_header_size (bytes, size_bytes, where, &header_bytes, error))
    return NULL;
  reader.data = bytes + 8 + header_bytes;
  reader.size_bytes = size_bytes - 8 - header_bytes;
  reader.root = ae_model_header_parse ((const gchar *) bytes + 8, header_bytes,
      where, error);
  if (reader.root == NULL)
    return NULL;
  reader.entries = g_array_new (FALSE, FALSE, sizeof (Entry));
  model = read_model (&reader, error);
  g_array_unref (reader.entries);
  json_object_unref (reader.root);
  return model;
}
