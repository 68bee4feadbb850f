/* The JSON header of a model file. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "ae-model-error.h"

G_BEGIN_DECLS

/**
 * ae_model_header_parse:
 * @where: what errors begin with
 *
 * Stricter than json-glib: one object, nothing after it but spaces, no key
 * twice, bounded depth and number of values. Errors: AE_ERROR_CORRUPT,
 * AE_ERROR_LIMIT.
 *
 * Returns: (transfer full) (nullable): the object; json_object_unref() it.
 */
JsonObject *ae_model_header_parse (const gchar * text, gsize size_bytes,
    const gchar * where, GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether @node is a whole number, which goes to @value. */
gboolean ae_model_header_get_integer (JsonNode * node, gint64 * value);

/* Returns: (transfer none) (nullable): the string @node; NULL where @node is
 * NULL or something else. */
const gchar *ae_model_header_get_string (JsonNode * node);

/* Returns: (transfer none) (nullable): the array @key of @object, if it is
 * one. */
JsonArray *ae_model_header_get_array (JsonObject * object, const gchar * key);

G_END_DECLS
