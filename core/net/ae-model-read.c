/* Reading of safetensors files, which are trusted in nothing;
 * docs/model-file.md. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-model-extras.h"
#include "ae-model-header.h"
#include "ae-model-reader.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

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
read_architecture (const AeModelReader * reader, GError ** error)
{
  const gchar *version = ae_model_reader_string (reader, "format_version");
  const gchar *text = ae_model_reader_string (reader, "architecture");
  const gchar *input = ae_model_reader_string (reader, "input");
  g_autoptr (GError) reason = NULL;
  AeArchitecture *architecture;
  AeShape shape;

  if (version == NULL || text == NULL || input == NULL) {
    ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        "no %s in the header's %s: not a model of gst-autoencoder",
        version == NULL ? "format_version" : text == NULL ? "architecture"
        : "input", AE_MODEL_METADATA);
    return NULL;
  }
  if (strcmp (version, AE_MODEL_VERSION_FLOAT) != 0
      && strcmp (version, AE_MODEL_VERSION_INT8) != 0) {
    ae_model_fail (error, AE_ERROR_UNSUPPORTED, reader->where,
        "format_version \"%s\", this version reads "
        AE_MODEL_VERSION_FLOAT " and " AE_MODEL_VERSION_INT8, version);
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

static gboolean
read_param (const AeModelReader * reader, const AeParam * param,
    const gchar * name, float *out, GError ** error)
{
  const AeModelEntry *entry =
      ae_model_reader_take (reader, param, name, FALSE, error);

  return entry && ae_model_reader_copy (reader, entry, param->size, out, error);
}

static gboolean
read_weights (const AeModelReader * reader,
    const AeArchitecture * architecture, float *weights, GError ** error)
{
  for (guint i = 0; i < architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &architecture->layers[i].params[j];
      g_autofree gchar *name = ae_architecture_param_name (architecture, i, j);

      if (ae_param_n_stored (param) > 0
          && !read_param (reader, param, name, weights + param->offset, error))
        return FALSE;
    }
  }
  return TRUE;
}

/* @n positive numbers beside a layer's weight. */
static gboolean
read_steps (const AeModelReader * reader, const gchar * layer_name,
    const gchar * suffix, guint n, float *out, GError ** error)
{
  const AeParam param = {.rank = 1,.shape = {n, 1, 1, 1},.size = n };
  g_autofree gchar *name = g_strconcat (layer_name, suffix, NULL);

  if (!read_param (reader, &param, name, out, error))
    return FALSE;
  for (guint i = 0; i < n; i++) {
    if (!(out[i] >= AE_INT8_MIN_STEP && out[i] <= AE_INT8_MAX_STEP))
      return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
          "tensor %s: element %u is %g, expected %g to %g",
          name, i, (double) out[i],
          (double) AE_INT8_MIN_STEP, (double) AE_INT8_MAX_STEP);
  }
  return TRUE;
}

static gboolean
read_zero (const AeModelReader * reader, const gchar * layer_name,
    guint8 * zero, GError ** error)
{
  const AeParam param = {.rank = 1,.shape = {1, 1, 1, 1},.size = 1 };
  g_autofree gchar *name = g_strconcat (layer_name, AE_MODEL_INT8_ZERO, NULL);
  float value;

  if (!read_param (reader, &param, name, &value, error))
    return FALSE;
  if (!(value >= 0.0f && value <= 255.0f && value == floorf (value)))
    return ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
        "tensor %s is %g, expected a whole number from 0 to 255",
        name, (double) value);
  *zero = (guint8) value;
  return TRUE;
}

/* Layer @i in integers, if it is there. docs/model-file.md, section 6. */
static gboolean
read_int8_layer (const AeModelReader * reader,
    const AeArchitecture * architecture, guint i, AeInt8 * int8,
    GError ** error)
{
  const AeLayer *layer = &architecture->layers[i];
  const AeParam *param = &layer->params[AE_PARAM_WEIGHT];
  g_autofree gchar *layer_name = ae_architecture_layer_name (architecture, i);
  g_autofree gchar *name = g_strconcat (layer_name, AE_MODEL_INT8_WEIGHT, NULL);
  const AeModelEntry *entry;
  AeInt8Layer *to;

  if (ae_model_reader_find (reader, name) == NULL)
    return TRUE;
  entry = ae_model_reader_take (reader, param, name, TRUE, error);
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
read_int8 (const AeModelReader * reader, const AeArchitecture * architecture,
    GError ** error)
{
  g_autoptr (AeInt8) int8 = NULL;

  if (strcmp (ae_model_reader_string (reader, "format_version"),
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

/* Those that only whoever asks for extras reads. */
static void
pass_over_extras (const AeModelReader * reader)
{
  for (guint i = 0; i < reader->entries->len; i++) {
    AeModelEntry *entry = &g_array_index (reader->entries, AeModelEntry, i);

    entry->used |= g_str_has_prefix (entry->name, AE_MODEL_EXTRA);
  }
}

static gboolean
read_extra_row (const AeModelReader * reader, const AeModelEntry * entry,
    AeModelExtras * extras, GError ** error)
{
  g_autofree float *values = NULL;
  gsize n = (gsize) (entry->end - entry->begin) / sizeof (float);

  if (entry->dtype != AE_DTYPE_F32 || entry->rank != 1)
    return ae_model_fail (error, AE_ERROR_SHAPE, reader->where,
        "tensor %s is not F32 of one dimension", entry->name);
  values = g_try_new (float, n);
  if (values == NULL)
    return ae_model_fail (error, AE_ERROR_LIMIT, reader->where,
        "no memory for tensor %s", entry->name);
  if (!ae_model_reader_copy (reader, entry, n, values, error))
    return FALSE;
  ae_model_extras_take_row (extras, entry->name + strlen (AE_MODEL_EXTRA), n,
      g_steal_pointer (&values));
  return TRUE;
}

static gboolean
read_extras (const AeModelReader * reader, AeModelExtras * extras,
    GError ** error)
{
  JsonObject *object =
      json_object_get_object_member (reader->root, AE_MODEL_METADATA);
  g_autoptr (GList) keys = json_object_get_members (object);

  for (GList * l = keys; l; l = l->next) {
    if (g_str_has_prefix (l->data, AE_MODEL_EXTRA))
      ae_model_extras_take_string (extras,
          (const gchar *) l->data + strlen (AE_MODEL_EXTRA),
          g_strdup (ae_model_reader_string (reader, l->data)));
  }
  for (guint i = 0; i < reader->entries->len; i++) {
    const AeModelEntry *entry =
        &g_array_index (reader->entries, AeModelEntry, i);

    if (g_str_has_prefix (entry->name, AE_MODEL_EXTRA)
        && !read_extra_row (reader, entry, extras, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
is_own_key (const gchar * key)
{
  return strcmp (key, "format_version") == 0
      || strcmp (key, "architecture") == 0 || strcmp (key, "input") == 0
      || g_str_has_prefix (key, AE_MODEL_EXTRA);
}

static GHashTable *
read_metadata (const AeModelReader * reader, GError ** error)
{
  JsonObject *object =
      json_object_get_object_member (reader->root, AE_MODEL_METADATA);
  g_autoptr (GHashTable) metadata =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr (GList) keys = json_object_get_members (object);

  for (GList * l = keys; l; l = l->next) {
    const gchar *value =
        ae_model_header_get_string (json_object_get_member (object, l->data));

    if (value == NULL) {
      ae_model_fail (error, AE_ERROR_CORRUPT, reader->where,
          "%s: the value of %s is not a string",
          AE_MODEL_METADATA, (const gchar *) l->data);
      return NULL;
    }
    if (!is_own_key (l->data))
      g_hash_table_insert (metadata, g_strdup (l->data), g_strdup (value));
  }
  return g_steal_pointer (&metadata);
}

/* Before memory is taken for what an architecture says: is it all there? */
static gboolean
check_amount (const AeModelReader * reader,
    const AeArchitecture * architecture, GError ** error)
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
read_model (AeModelReader * reader, GError ** error)
{
  g_autoptr (AeArchitecture) architecture = NULL;
  g_autoptr (AeWeights) weights = NULL;
  g_autoptr (GHashTable) metadata = NULL;
  g_autoptr (GError) reason = NULL;
  AeModel *model;
  float *data;

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
  pass_over_extras (reader);
  if (reason == NULL)
    ae_model_reader_check_all_used (reader, &reason);
  if (reason) {
    g_propagate_error (error, g_steal_pointer (&reason));
    g_clear_pointer (&model, ae_model_unref);
  }
  return model;
}

AeModel *
ae_model_load_bytes_with (const guint8 * bytes, gsize size_bytes,
    const gchar * where, AeModelExtras ** extras, GError ** error)
{
  g_auto (AeModelReader) reader = {.where = where };
  g_autoptr (AeModelExtras) found = ae_model_extras_new ();
  g_autoptr (AeModel) model = NULL;

  if (!ae_model_reader_open (&reader, bytes, size_bytes, where, error))
    return NULL;
  model = read_model (&reader, error);
  if (model == NULL || (extras && !read_extras (&reader, found, error)))
    return NULL;
  if (extras)
    *extras = g_steal_pointer (&found);
  return g_steal_pointer (&model);
}

AeModel *
ae_model_load_bytes (const guint8 * bytes, gsize size_bytes,
    const gchar * where, GError ** error)
{
  return ae_model_load_bytes_with (bytes, size_bytes, where, NULL, error);
}
