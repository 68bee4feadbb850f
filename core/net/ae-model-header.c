/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-model-header.h"

#include <string.h>

#define MAX_DEPTH 8
#define MAX_VALUES 65536        /* many times what a model needs */
#define MAX_MEMBERS 4096        /* twice what one needs: keys may be chosen to
                                 * share a hash, and then cost their square */
#define MAX_MESSAGE_BYTES 1024

/* json-glib quotes parts of characters, a path may be of any bytes, and a name
 * in the file as long as the file. */
gboolean
ae_model_fail (GError ** error, AeError code, const gchar * where,
    const gchar * format, ...)
{
  g_autofree gchar *message = NULL;
  g_autofree gchar *text = NULL, *valid = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  text = g_strdup_printf ("%s: %.*s", where, MAX_MESSAGE_BYTES, message);
  valid = g_utf8_make_valid (text, -1);
  g_set_error_literal (error, AE_ERROR, code, valid);
  return FALSE;
}

/* Moves @i from the quote that opens a string to that which closes it, or to
 * @size_bytes. FALSE: an escape stands for NUL, which would end the string here
 * and make another name of it. */
static gboolean
skip_string (const gchar * text, gsize size_bytes, gsize * i)
{
  for ((*i)++; *i < size_bytes && text[*i] != '"'; (*i)++) {
    if (text[*i] != '\\')
      continue;
    if (size_bytes - *i >= 6 && memcmp (text + *i, "\\u0000", 6) == 0)
      return FALSE;
    (*i)++;
  }
  *i = MIN (*i, size_bytes);
  return TRUE;
}

/* Whether a number with a leading zero, which json-glib takes for octal, begins
 * at @i. */
static gboolean
is_octal (const gchar * text, gsize size_bytes, gsize i)
{
  return text[i] == '0' && !g_ascii_isdigit (text[i - 1])
      && i + 1 < size_bytes && g_ascii_isdigit (text[i + 1]);
}

/* A header is one object of objects, arrays, strings and decimal numbers
 * (docs/model-file.md, section 2). json-glib reads more (comments, '"' in single
 * quotes, several values ...), recurses, takes a hundred bytes for each value,
 * and keeps the last of equal keys. So what it is given is checked beforehand,
 * and the members are counted here to be compared with those it found. */
static gboolean
scan_json (const gchar * where, const gchar * text, gsize size_bytes,
    guint * n_members, GError ** error)
{
  guint depth = 0, n_values = 0;

  *n_members = 0;
  if (size_bytes == 0 || text[0] != '{')
    return ae_model_fail (error, AE_ERROR_CORRUPT, where,
        "the header does not begin with {");
  for (gsize i = 0; i < size_bytes; i++) {
    gchar c = text[i];

    if (i > 0 && depth == 0 && c != ' ')
      return ae_model_fail (error, AE_ERROR_CORRUPT, where,
          "the header goes on after its closing }");
    if (strchr ("{[:,", c) && ++n_values > MAX_VALUES)
      return ae_model_fail (error, AE_ERROR_LIMIT, where,
          "the header has more than %u values", MAX_VALUES);
    if (c == '"') {
      if (skip_string (text, size_bytes, &i))
        continue;
      return ae_model_fail (error, AE_ERROR_CORRUPT, where,
          "byte %" G_GSIZE_FORMAT " of the header is an escaped NUL", i);
    }
    if (c == ':' && ++*n_members > MAX_MEMBERS)
      return ae_model_fail (error, AE_ERROR_LIMIT, where,
          "the header has more than %u keys", MAX_MEMBERS);
    if (c == '{' || c == '[')
      depth++;
    else if (c == '}' || c == ']')
      depth--;
    else if (!strchr (" \t\r\n:,-.0123456789", c)
        || is_octal (text, size_bytes, i))
      return ae_model_fail (error, AE_ERROR_CORRUPT, where,
          "byte %" G_GSIZE_FORMAT " of the header is in no object, array, "
          "string or decimal number", i);
    if (depth > MAX_DEPTH)
      return ae_model_fail (error, AE_ERROR_LIMIT, where,
          "the header nests deeper than %u levels", MAX_DEPTH);
  }
  return TRUE;
}

static guint
count_members (JsonNode * node)
{
  guint n = 0;

  if (JSON_NODE_HOLDS_OBJECT (node)) {
    JsonObject *object = json_node_get_object (node);
    g_autoptr (GList) values = json_object_get_values (object);

    n = json_object_get_size (object);
    for (GList * l = values; l; l = l->next)
      n += count_members (l->data);
  } else if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_node_get_array (node);

    for (guint i = 0; i < json_array_get_length (array); i++)
      n += count_members (json_array_get_element (array, i));
  }
  return n;
}

JsonObject *
ae_model_header_parse (const gchar * text, gsize size_bytes,
    const gchar * where, GError ** error)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) reason = NULL;
  JsonNode *root;
  guint n_members;

  if (!g_utf8_validate (text, (gssize) size_bytes, NULL)) {
    ae_model_fail (error, AE_ERROR_CORRUPT, where,
        "the header is not UTF-8 text");
    return NULL;
  }
  if (!scan_json (where, text, size_bytes, &n_members, error))
    return NULL;
  if (!json_parser_load_from_data (parser, text, (gssize) size_bytes, &reason)) {
    ae_model_fail (error, AE_ERROR_CORRUPT, where, "the header is not JSON: %s",
        reason->message);
    return NULL;
  }
  root = json_parser_get_root (parser);
  if (root == NULL || !JSON_NODE_HOLDS_OBJECT (root)) {
    ae_model_fail (error, AE_ERROR_CORRUPT, where,
        "the header is not a JSON object");
    return NULL;
  }
  if (count_members (root) != n_members) {
    ae_model_fail (error, AE_ERROR_CORRUPT, where,
        "the header has a key twice in one object");
    return NULL;
  }
  return json_node_dup_object (root);
}

gboolean
ae_model_header_get_integer (JsonNode * node, gint64 * value)
{
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  *value = json_node_get_int (node);
  return TRUE;
}

const gchar *
ae_model_header_get_string (JsonNode * node)
{
  if (node == NULL || !JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    return NULL;
  return json_node_get_string (node);
}

JsonArray *
ae_model_header_get_array (JsonObject * object, const gchar * key)
{
  JsonNode *node = json_object_get_member (object, key);

  return node
      && JSON_NODE_HOLDS_ARRAY (node) ?
      json_node_get_array (node)
      : NULL;
}
