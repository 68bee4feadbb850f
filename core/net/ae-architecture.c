/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-architecture.h"
#include "ae-error.h"
#include "ae-layer-text.h"

#include <string.h>

#define MAX_SCALE 1024          /* of sizes, up and down */
#define MAX_ACTIVATIONS (1u << 28)      /* floats in one sample of one layer */

/* Size relative to the input, in lowest terms: up / down. */
typedef struct
{
  guint64 up, down;
} Scale;

/* Reads the text once, from left to right. */
typedef struct
{
  AeTextReader reader;
  AeShape input;
  GArray *layers;               /* of AeLayer */
  GArray *scales;               /* of Scale, one after each layer */
  guint n_encoder;              /* 0 until the `|` */
  guint n_given;
  guint64 multiple;
  gsize n_weights;
} Parser;

/* What add or concat refers to. */
static gboolean
find_saved (Parser * parser, AeLayer * layer, GError ** error)
{
  g_autoptr (GString) known = g_string_new (NULL);
  gboolean saves = layer->ops->forward == NULL;

  layer->i_saved = -1;
  if (layer->ops->arguments != AE_ARGUMENTS_LABEL)
    return TRUE;
  for (guint i = 0; i < parser->layers->len; i++) {
    const AeLayer *other = &g_array_index (parser->layers, AeLayer, i);

    if (other->ops->arguments != AE_ARGUMENTS_LABEL
        || other->ops->forward != NULL)
      continue;
    if (strcmp (other->label, layer->label) == 0) {
      if (saves)
        return ae_text_fail (error, AE_ERROR_SYNTAX, layer->column,
            "\"%s\" is saved a second time", layer->label);
      layer->i_saved = (gint) i;
      return TRUE;
    }
    g_string_append_printf (known, " %s", other->label);
  }
  if (saves)
    return TRUE;
  return ae_text_fail (error, AE_ERROR_SYNTAX, layer->column,
      "\"%s\" was not saved before; saved are:%s", layer->label,
      known->len ? known->str : " none");
}

/* The last layer of the encoder that nothing mirrors yet. */
static gboolean
find_tied (Parser * parser, AeLayer * layer, GError ** error)
{
  layer->i_tied = -1;
  if (strcmp (layer->ops->name, "tied") != 0)
    return TRUE;
  if (parser->n_encoder == 0)
    return ae_text_fail (error, AE_ERROR_SYNTAX, layer->column,
        "tied stands before the |, expected it in the decoder");
  for (gint i = (gint) parser->n_encoder - 1; i >= 0; i--) {
    gboolean taken = FALSE;

    for (guint j = parser->n_encoder; j < parser->layers->len; j++)
      taken |= g_array_index (parser->layers, AeLayer, j).i_tied == i;
    if (!taken && g_array_index (parser->layers, AeLayer, i).ops->can_be_tied) {
      layer->i_tied = i;
      return TRUE;
    }
  }
  return ae_text_fail (error, AE_ERROR_SYNTAX, layer->column,
      "the encoder has no dense or conv left that tied could mirror");
}

/* The code of a model is its encoder's last output. */
static gboolean
check_gaussian (const Parser * parser, const AeLayer * layer,
    const AeLayer * previous, GError ** error)
{
  if (previous && previous->ops->penalty && parser->n_encoder == 0)
    return ae_text_fail (error, AE_ERROR_SYNTAX, layer->column,
        "found %s after %s, expected | since that is the code",
        layer->ops->name, previous->ops->name);
  if (layer->ops->penalty && parser->n_encoder != 0)
    return ae_text_fail (error, AE_ERROR_SYNTAX, layer->column,
        "%s stands in the decoder, expected it at the end of the encoder",
        layer->ops->name);
  return TRUE;
}

static guint64
greatest_common_divisor (guint64 a, guint64 b)
{
  while (b != 0) {
    guint64 rest = a % b;

    a = b;
    b = rest;
  }
  return a;
}

/* Appends the scale after @layer, for models that take any size: how a size
 * that is large enough changes. */
static gboolean
follow_scale (Parser * parser, const AeLayer * layer, GError ** error)
{
  guint n = parser->scales->len, s = layer->stride, a, b;
  Scale scale = n ? g_array_index (parser->scales, Scale, n - 1)
  : (Scale) { 1, 1 };

  if (layer->ops->out_size) {
    gboolean fits = layer->ops->out_size (layer, 64 * s, &a)
        && layer->ops->out_size (layer, 65 * s, &b);
    guint64 divisor;

    if (!fits || ((a != 64 || b != 65) && (a != 64 * s * s || b != 65 * s * s)))
      return ae_text_fail (error, AE_ERROR_SHAPE, layer->column,
          "%s %ux%u with stride %u shrinks sizes by an odd pixel, expected an "
          "odd kernel, or a stride of 2 or more", layer->ops->name,
          layer->kernel, layer->kernel, s);
    if (a == 64)
      scale.down *= s;
    else
      scale.up *= s;
    divisor = greatest_common_divisor (scale.up, scale.down);
    scale.up /= divisor;
    scale.down /= divisor;
    if (scale.up > MAX_SCALE || scale.down > MAX_SCALE)
      return ae_text_fail (error, AE_ERROR_LIMIT, layer->column,
          "the size is scaled by more than %u", MAX_SCALE);
  }
  g_array_append_val (parser->scales, scale);
  return TRUE;
}

static gboolean
check_scale (Parser * parser, const AeLayer * layer, GError ** error)
{
  guint n = parser->layers->len;
  Scale *now, *then;

  if (parser->input.h != 0)
    return TRUE;
  if (!follow_scale (parser, layer, error))
    return FALSE;
  now = &g_array_index (parser->scales, Scale, n);
  parser->multiple *= now->down
      / greatest_common_divisor (parser->multiple, now->down);
  if (parser->multiple > MAX_SCALE)
    return ae_text_fail (error, AE_ERROR_LIMIT, layer->column,
        "sizes must be multiples of more than %u", MAX_SCALE);
  if (layer->i_saved < 0)
    return TRUE;
  then = &g_array_index (parser->scales, Scale, layer->i_saved);
  if (then->up == now->up && then->down == now->down)
    return TRUE;
  return ae_text_fail (error, AE_ERROR_SHAPE, layer->column,
      "\"%s\" was saved at %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT
      " of the size, here it is %" G_GUINT64_FORMAT "/%" G_GUINT64_FORMAT,
      layer->label, then->up, then->down, now->up, now->down);
}

static gboolean
check_limits (Parser * parser, const AeLayer * layer, GError ** error)
{
  const AeShape *out = &layer->out;

  if (out->c > AE_ARCHITECTURE_MAX_CHANNELS)
    return ae_text_fail (error, AE_ERROR_LIMIT, layer->column,
        "%s makes %u channels, at most %u are allowed", layer->ops->name,
        out->c, AE_ARCHITECTURE_MAX_CHANNELS);
  if (out->h > AE_ARCHITECTURE_MAX_CHANNELS
      || out->w > AE_ARCHITECTURE_MAX_CHANNELS
      || (guint64) out->c * MAX (out->h, 1) * MAX (out->w, 1) > MAX_ACTIVATIONS)
    return ae_text_fail (error, AE_ERROR_LIMIT, layer->column,
        "%s makes %ux%ux%u values, at most %u are allowed", layer->ops->name,
        out->c, out->h, out->w, MAX_ACTIVATIONS);
  return TRUE;
}

/* Gives the layer's parameters their place. Each begins at a multiple of 16
 * floats, a line of the cache. */
static gboolean
place_params (Parser * parser, AeLayer * layer, GError ** error)
{
  for (guint i = 0; i < AE_N_PARAMS; i++) {
    AeParam *param = &layer->params[i];

    if (param->shared)
      continue;
    param->offset = parser->n_weights;
    if (param->size > AE_ARCHITECTURE_MAX_WEIGHTS
        || parser->n_weights + param->size > AE_ARCHITECTURE_MAX_WEIGHTS)
      return ae_text_fail (error, AE_ERROR_LIMIT, layer->column,
          "more than %u weights", AE_ARCHITECTURE_MAX_WEIGHTS);
    parser->n_weights += (param->size + 15) / 16 * 16;
  }
  return TRUE;
}

static gboolean
check_condition (Parser * parser, const AeLayer * layer, GError ** error)
{
  if (strcmp (layer->ops->name, "given") == 0) {
    if (parser->n_given != 0 && parser->n_given != layer->channels)
      return ae_text_fail (error, AE_ERROR_SHAPE, layer->column,
          "given %u after given %u: a model has one condition",
          layer->channels, parser->n_given);
    parser->n_given = layer->channels;
  }
  return TRUE;
}

static gboolean
parse_layer (Parser * parser, GError ** error)
{
  AeLayer layer = { 0 };
  const AeLayer *previous = parser->layers->len > 0
      ? &g_array_index (parser->layers, AeLayer, parser->layers->len - 1)
      : NULL;
  gint i_other;

  if (parser->layers->len >= AE_ARCHITECTURE_MAX_LAYERS)
    return ae_text_fail (error, AE_ERROR_LIMIT,
        ae_text_column (&parser->reader), "more than %u layers",
        AE_ARCHITECTURE_MAX_LAYERS);
  if (!ae_layer_read (&parser->reader, &layer, error))
    return FALSE;
  if (!find_saved (parser, &layer, error)
      || !find_tied (parser, &layer, error)
      || !check_gaussian (parser, &layer, previous, error)
      || !check_condition (parser, &layer, error))
    return FALSE;
  layer.in = previous ? previous->out : parser->input;
  i_other = MAX (layer.i_saved, layer.i_tied);
  if (!layer.ops->prepare (&layer, i_other >= 0
          ? &g_array_index (parser->layers, AeLayer, i_other) : NULL, error)
      || !check_limits (parser, &layer, error)
      || !check_scale (parser, &layer, error)
      || !place_params (parser, &layer, error))
    return FALSE;
  g_array_append_val (parser->layers, layer);
  return TRUE;
}

static gboolean
parse_all (Parser * parser, GError ** error)
{
  AeTextReader *reader = &parser->reader;

  for (;;) {
    ae_text_skip_space (reader);
    if (!parse_layer (parser, error))
      return FALSE;
    ae_text_skip_space (reader);
    if (*reader->at == '\0')
      return TRUE;
    if (*reader->at == '|') {
      if (parser->n_encoder != 0)
        return ae_text_fail (error, AE_ERROR_SYNTAX, ae_text_column (reader),
            "a second |, expected one between encoder and decoder");
      parser->n_encoder = parser->layers->len;
    } else if (*reader->at != ',') {
      return ae_text_expected (reader, "a comma, | or the end", error);
    }
    reader->at++;
  }
}

static gchar *
canonical_text (const Parser * parser)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < parser->layers->len; i++) {
    if (i > 0)
      g_string_append (text, i == parser->n_encoder ? " | " : ", ");
    ae_layer_print (&g_array_index (parser->layers, AeLayer, i), text);
  }
  return g_string_free (text, FALSE);
}

static AeArchitecture *
build (Parser * parser)
{
  AeArchitecture *architecture = g_new0 (AeArchitecture, 1);
  gboolean modulates = FALSE;

  g_atomic_ref_count_init (&architecture->ref_count);
  architecture->text = canonical_text (parser);
  architecture->n_layers = parser->layers->len;
  architecture->n_encoder = parser->n_encoder ? parser->n_encoder
      : parser->layers->len;
  architecture->layers = g_memdup2 (parser->layers->data,
      parser->layers->len * sizeof (AeLayer));
  architecture->input = parser->input;
  architecture->output = architecture->layers[architecture->n_layers - 1].out;
  architecture->multiple = (guint) parser->multiple;
  architecture->n_weights = parser->n_weights;
  for (guint i = 0; i < architecture->n_layers; i++)
    modulates |= strcmp (architecture->layers[i].ops->name, "modulate") == 0;
  architecture->n_given = parser->n_given ? parser->n_given : (guint) modulates;
  return architecture;
}

static gboolean
check_text (const gchar * text, GError ** error)
{
  if (strlen (text) <= AE_ARCHITECTURE_MAX_TEXT_BYTES)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
      "the architecture text has %" G_GSIZE_FORMAT " bytes, at most %u are "
      "allowed", strlen (text), AE_ARCHITECTURE_MAX_TEXT_BYTES);
  return FALSE;
}

static gboolean
check_input (const AeShape * input, GError ** error)
{
  if (input->c < 1 || (input->h == 0) != (input->w == 0)
      || MAX (input->c, MAX (input->h, input->w)) >
      AE_ARCHITECTURE_MAX_CHANNELS
      || (guint64) input->c * MAX (input->h, 1) * MAX (input->w,
          1) > MAX_ACTIVATIONS) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "input %ux%ux%u (channels x height x width), expected 1 to %u of each, "
        "or 0x0 for any size", input->c, input->h, input->w,
        AE_ARCHITECTURE_MAX_CHANNELS);
    return FALSE;
  }
  return TRUE;
}

AeArchitecture *
ae_architecture_parse (const gchar * text, const AeShape * input,
    GError ** error)
{
  Parser parser = {.reader = {text, text},.multiple = 1 };
  AeArchitecture *architecture = NULL;

  g_return_val_if_fail (text != NULL && input != NULL, NULL);
  if (!check_text (text, error) || !check_input (input, error))
    return NULL;
  parser.input = *input;
  parser.layers = g_array_new (FALSE, FALSE, sizeof (AeLayer));
  parser.scales = g_array_new (FALSE, FALSE, sizeof (Scale));
  if (parse_all (&parser, error)) {
    architecture = build (&parser);
    /* with its spaces it may be longer than what was given */
    if (!check_text (architecture->text, error))
      g_clear_pointer (&architecture, ae_architecture_unref);
  }
  g_array_unref (parser.layers);
  g_array_unref (parser.scales);
  return architecture;
}

AeArchitecture *
ae_architecture_ref (AeArchitecture * architecture)
{
  g_atomic_ref_count_inc (&architecture->ref_count);
  return architecture;
}

void
ae_architecture_unref (AeArchitecture * architecture)
{
  if (architecture == NULL
      || !g_atomic_ref_count_dec (&architecture->ref_count))
    return;
  g_free (architecture->text);
  g_free (architecture->layers);
  g_free (architecture);
}

/* Each weight is used once at each position of the smaller grid: a
 * convolution's output, a deconvolution's input. */
gboolean
ae_architecture_out_size (const AeArchitecture * architecture, guint h, guint w,
    guint * h_out, guint * w_out)
{
  for (guint i = 0; i < architecture->n_layers; i++) {
    if (!ae_layer_out_size (&architecture->layers[i], h, w, &h, &w))
      return FALSE;
  }
  *h_out = h;
  *w_out = w;
  return TRUE;
}

void
ae_architecture_layer_macs_per_pixel (const AeArchitecture * architecture,
    double *macs)
{
  const guint side = 4 * MAX (architecture->multiple, 256);
  guint h = architecture->input.h, w = architecture->input.w;
  double n_pixels;

  if (h == 0)
    h = w = side / architecture->multiple * architecture->multiple;
  n_pixels = (double) h *w;
  for (guint i = 0; i < architecture->n_layers; i++) {
    const AeLayer *layer = &architecture->layers[i];
    double area_in = (double) h * w;

    if (!ae_layer_out_size (layer, h, w, &h, &w))
      g_return_if_reached ();
    macs[i] = (double) layer->params[AE_PARAM_WEIGHT].size
        * MIN (area_in, (double) h * w) / n_pixels;
  }
}

double
ae_architecture_macs_per_pixel (const AeArchitecture * architecture)
{
  double macs[AE_ARCHITECTURE_MAX_LAYERS] = { 0.0 }, sum = 0.0;

  ae_architecture_layer_macs_per_pixel (architecture, macs);
  for (guint i = 0; i < architecture->n_layers; i++)
    sum += macs[i];
  return sum;
}

gint
ae_architecture_i_gaussian (const AeArchitecture * architecture)
{
  guint i = architecture->n_encoder - 1;

  return architecture->layers[i].ops->penalty ? (gint) i : -1;
}

gboolean
ae_architecture_decodes_alone (const AeArchitecture * architecture)
{
  for (guint i = architecture->n_encoder; i < architecture->n_layers; i++) {
    gint i_saved = architecture->layers[i].i_saved;

    if (i_saved >= 0 && i_saved < (gint) architecture->n_encoder)
      return FALSE;
  }
  return architecture->n_encoder < architecture->n_layers;
}

gchar *
ae_architecture_layer_name (const AeArchitecture * architecture, guint i_layer)
{
  gboolean decodes = i_layer >= architecture->n_encoder;

  return g_strdup_printf ("%s.%u", decodes ? "decoder" : "encoder",
      decodes ? i_layer - architecture->n_encoder : i_layer);
}

gchar *
ae_architecture_param_name (const AeArchitecture * architecture,
    guint i_layer, guint i_param)
{
  g_autofree gchar *layer = ae_architecture_layer_name (architecture, i_layer);

  return g_strconcat (layer, i_param == AE_PARAM_WEIGHT ? ".weight" : ".bias",
      NULL);
}
