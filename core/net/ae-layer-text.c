/* One layer as text. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-layer-text.h"

#include "ae-architecture.h"

#include <stdarg.h>
#include <string.h>

#define MAX_KERNEL 64
#define MAX_DILATION 1024

gboolean
ae_text_fail (GError ** error, AeError code, guint column, const gchar * format,
    ...)
{
  g_autofree gchar *message = NULL;
  va_list args;

  va_start (args, format);
  message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, AE_ERROR, code, "column %u: %s", column, message);
  return FALSE;
}

guint
ae_text_column (const AeTextReader * reader)
{
  return (guint) (reader->at - reader->text) + 1;
}

void
ae_text_skip_space (AeTextReader * reader)
{
  while (g_ascii_isspace (*reader->at))
    reader->at++;
}

/* Up to a space, comma, bar or the end; at least one character to show. */
static gint
word_length (const AeTextReader * reader)
{
  gsize length = strcspn (reader->at, " \t\r\n\v\f,|");

  return (gint) (length > 0 ? length : (*reader->at != '\0'));
}

gboolean
ae_text_expected (const AeTextReader * reader, const gchar * what,
    GError ** error)
{
  g_autofree gchar *found = NULL;

  if (*reader->at == '\0')
    return ae_text_fail (error, AE_ERROR_SYNTAX, ae_text_column (reader),
        "the text ends, expected %s", what);
  found = g_utf8_make_valid (reader->at, MIN (word_length (reader), 40));
  return ae_text_fail (error, AE_ERROR_SYNTAX, ae_text_column (reader),
      "found \"%s\", expected %s", found, what);
}

/* A whole number of 1 ... @max. */
static gboolean
parse_number (AeTextReader * reader, guint max, const gchar * what,
    guint * number, GError ** error)
{
  const gchar *begin = reader->at;
  guint column = ae_text_column (reader);
  guint64 value = 0;

  if (!g_ascii_isdigit (*reader->at))
    return ae_text_expected (reader, what, error);
  for (; g_ascii_isdigit (*reader->at); reader->at++)
    value = MIN (value * 10 + (guint64) (*reader->at - '0'), G_MAXUINT32);
  if (value < 1 || value > max)
    return ae_text_fail (error, AE_ERROR_LIMIT, column,
        "found %.*s, expected %s from 1 to %u",
        (gint) MIN (reader->at - begin, 40), begin, what, max);
  *number = (guint) value;
  return TRUE;
}

/* KxK, then perhaps @mark and a stride, then the channels. */
static gboolean
parse_kernel (AeTextReader * reader, gchar mark, AeLayer * layer,
    GError ** error)
{
  guint width, begin = ae_text_column (reader);

  if (!parse_number (reader, MAX_KERNEL, "a kernel size such as 3x3",
          &layer->kernel, error))
    return FALSE;
  if (*reader->at != 'x')
    return ae_text_expected (reader, "x and the kernel's width", error);
  reader->at++;
  if (!parse_number (reader, MAX_KERNEL, "the kernel's width", &width, error))
    return FALSE;
  if (width != layer->kernel)
    return ae_text_fail (error, AE_ERROR_UNSUPPORTED, begin,
        "kernel %ux%u, expected a square one", layer->kernel, width);
  if (*reader->at == mark) {
    reader->at++;
    if (!parse_number (reader, MAX_KERNEL, "a stride", &layer->stride, error))
      return FALSE;
  }
  if (!g_ascii_isspace (*reader->at))
    return ae_text_expected (reader, mark == '/'
        ? "a stride such as /2, or a space and the channels"
        : "a stride such as *2, or a space and the channels", error);
  ae_text_skip_space (reader);
  return parse_number (reader, AE_ARCHITECTURE_MAX_CHANNELS,
      "a number of channels", &layer->channels, error);
}

/* max R or avg R */
static gboolean
parse_pool (AeTextReader * reader, AeLayer * layer, GError ** error)
{
  layer->average = g_str_has_prefix (reader->at, "avg");
  if (!layer->average && !g_str_has_prefix (reader->at, "max"))
    return ae_text_expected (reader, "max or avg", error);
  reader->at += strlen ("max");
  if (!g_ascii_isspace (*reader->at))
    return ae_text_expected (reader, "a space and a number", error);
  ae_text_skip_space (reader);
  return parse_number (reader, AE_ARCHITECTURE_MAX_CHANNELS, "a number",
      &layer->stride, error);
}

/* 0.0001 ... 0.9999 */
static gboolean
parse_share (AeTextReader * reader, AeLayer * layer, GError ** error)
{
  const gchar *what = "a share between 0 and 1 with at most four digits, such "
      "as 0.25";
  guint unit = 1000;

  if (!g_str_has_prefix (reader->at, "0."))
    return ae_text_expected (reader, what, error);
  for (gsize i = 2; g_ascii_isdigit (reader->at[i]) && unit > 0; i++) {
    layer->share += unit * (guint) (reader->at[i] - '0');
    unit /= 10;
  }
  if (layer->share == 0)
    return ae_text_expected (reader, what, error);
  reader->at += strlen ("0.");
  for (unit = 0; g_ascii_isdigit (*reader->at) && unit < 4; unit++)
    reader->at++;
  return TRUE;
}

static void
print_share (GString * text, guint share)
{
  guint n_digits = 4;

  for (; share % 10 == 0; share /= 10)
    n_digits--;
  g_string_append_printf (text, " 0.%0*u", (gint) n_digits, share);
}

/* K D */
static gboolean
parse_taps (AeTextReader * reader, AeLayer * layer, GError ** error)
{
  if (!parse_number (reader, MAX_KERNEL, "a number of taps", &layer->kernel,
          error))
    return FALSE;
  if (!g_ascii_isspace (*reader->at))
    return ae_text_expected (reader, "a space and the distance of the taps",
        error);
  ae_text_skip_space (reader);
  return parse_number (reader, MAX_DILATION, "the distance of the taps",
      &layer->stride, error);
}

static gboolean
parse_label (AeTextReader * reader, AeLayer * layer, GError ** error)
{
  gsize n = 0;

  while (g_ascii_isalnum (reader->at[n]) || reader->at[n] == '_')
    n++;
  if (n == 0 || n >= sizeof layer->label)
    return ae_text_expected (reader, "a label of 1 to 15 letters, digits and _",
        error);
  memcpy (layer->label, reader->at, n);
  reader->at += n;
  return TRUE;
}

static gboolean
parse_arguments (AeTextReader * reader, AeLayer * layer, GError ** error)
{
  layer->stride = 1;
  switch (layer->ops->arguments) {
    case AE_ARGUMENTS_COUNT:
      if (!parse_number (reader, AE_ARCHITECTURE_MAX_CHANNELS, "a number",
              &layer->channels, error))
        return FALSE;
      layer->stride = layer->channels;
      return TRUE;
    case AE_ARGUMENTS_POOL:
      return parse_pool (reader, layer, error);
    case AE_ARGUMENTS_SHARE:
      return parse_share (reader, layer, error);
    case AE_ARGUMENTS_KERNEL_DOWN:
      return parse_kernel (reader, '/', layer, error);
    case AE_ARGUMENTS_KERNEL_UP:
      return parse_kernel (reader, '*', layer, error);
    case AE_ARGUMENTS_TAPS:
      return parse_taps (reader, layer, error);
    case AE_ARGUMENTS_LABEL:
      return parse_label (reader, layer, error);
    case AE_ARGUMENTS_NONE:
    default:
      return TRUE;
  }
}

static gboolean
parse_activation (AeTextReader * reader, AeLayer * layer, GError ** error)
{
  gint length = word_length (reader);

  for (guint i = 0; i < AE_N_ACTIVATIONS; i++) {
    const gchar *name = ae_activation_name (i);

    if (strlen (name) == (gsize) length
        && memcmp (reader->at, name, (gsize) length) == 0) {
      layer->activation = i;
      reader->at += length;
      return TRUE;
    }
  }
  return ae_text_expected (reader,
      "an activation (linear, relu, leaky, sigmoid, tanh, "
      "softplus), a comma, | or the end", error);
}

static gboolean
unknown_layer (AeTextReader * reader, GError ** error)
{
  g_autoptr (GString) names = g_string_new ("one of");
  const AeLayerOps *ops;

  for (guint i = 0; (ops = ae_layer_ops_nth (i)) != NULL; i++)
    g_string_append_printf (names, "%s %s", i ? "," : "", ops->name);
  return ae_text_expected (reader, names->str, error);
}

gboolean
ae_layer_read (AeTextReader * reader, AeLayer * layer, GError ** error)
{
  gint length = word_length (reader);

  layer->column = ae_text_column (reader);
  layer->ops = ae_layer_ops_find (reader->at, (gsize) length);
  if (layer->ops == NULL)
    return unknown_layer (reader, error);
  reader->at += length;
  ae_text_skip_space (reader);
  if (!parse_arguments (reader, layer, error))
    return FALSE;
  if (*reader->at != '\0' && !g_ascii_isspace (*reader->at)
      && *reader->at != ',' && *reader->at != '|'
      && layer->ops->arguments != AE_ARGUMENTS_NONE)
    return ae_text_expected (reader, "a space, a comma, | or the end", error);
  ae_text_skip_space (reader);
  return !layer->ops->has_activation || !g_ascii_isalpha (*reader->at)
      || parse_activation (reader, layer, error);
}

void
ae_layer_print (const AeLayer * layer, GString * text)
{
  g_string_append (text, layer->ops->name);
  switch (layer->ops->arguments) {
    case AE_ARGUMENTS_COUNT:
      g_string_append_printf (text, " %u", layer->channels);
      break;
    case AE_ARGUMENTS_POOL:
      g_string_append_printf (text, " %s %u", layer->average ? "avg" : "max",
          layer->stride);
      break;
    case AE_ARGUMENTS_SHARE:
      print_share (text, layer->share);
      break;
    case AE_ARGUMENTS_KERNEL_DOWN:
    case AE_ARGUMENTS_KERNEL_UP:
      g_string_append_printf (text, " %ux%u", layer->kernel, layer->kernel);
      if (layer->stride != 1)
        g_string_append_printf (text, "%c%u",
            layer->ops->arguments == AE_ARGUMENTS_KERNEL_DOWN ? '/' : '*',
            layer->stride);
      g_string_append_printf (text, " %u", layer->channels);
      break;
    case AE_ARGUMENTS_TAPS:
      g_string_append_printf (text, " %u %u", layer->kernel, layer->stride);
      break;
    case AE_ARGUMENTS_LABEL:
      g_string_append_printf (text, " %s", layer->label);
      break;
    case AE_ARGUMENTS_NONE:
      break;
  }
  if (layer->activation != AE_ACTIVATION_LINEAR)
    g_string_append_printf (text, " %s",
        ae_activation_name (layer->activation));
}
