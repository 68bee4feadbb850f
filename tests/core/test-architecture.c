/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "ae-architecture.h"
#include "ae-error.h"

static const AeShape any_size = { 3, 0, 0 };

static AeArchitecture *
parse (const gchar * text, guint c, guint h, guint w)
{
  const AeShape input = { c, h, w };
  g_autoptr (GError) error = NULL;
  AeArchitecture *architecture = ae_architecture_parse (text, &input, &error);

  fail_unless (architecture != NULL, "%s: %s", text,
      error ? error->message : "");
  return architecture;
}

/* Column 0: the message names none. Sizes: 0 0 or that of the input. */
static const struct
{
  const gchar *text;
  guint h, w, column;
  AeError code;
  const gchar *word;
} bad_texts[] = {
  {"", 0, 0, 1, AE_ERROR_SYNTAX, "text ends"},
  {"   ", 0, 0, 4, AE_ERROR_SYNTAX, "text ends"},
  {"cnv 3x3 8", 0, 0, 1, AE_ERROR_SYNTAX, "dense, conv, deconv"},
  {"conv 3x3 8, cnv 3x3 8", 0, 0, 13, AE_ERROR_SYNTAX, "\"cnv\""},
  {"CONV 3x3 8", 0, 0, 1, AE_ERROR_SYNTAX, "\"CONV\""},
  {"conv3x3 8", 0, 0, 1, AE_ERROR_SYNTAX, "\"conv3x3\""},
  {"r\xc3\xa9seau 3", 0, 0, 1, AE_ERROR_SYNTAX, "r\xc3\xa9seau"},
  {"\xff\xfe 3", 0, 0, 1, AE_ERROR_SYNTAX, "expected one of"},
  {"conv", 0, 0, 5, AE_ERROR_SYNTAX, "text ends"},
  {"conv 3 8", 0, 0, 7, AE_ERROR_SYNTAX, "x and the kernel's width"},
  {"conv 3x 8", 0, 0, 8, AE_ERROR_SYNTAX, "kernel's width"},
  {"conv 3x5 8", 0, 0, 6, AE_ERROR_UNSUPPORTED, "3x5"},
  {"conv 3x3", 0, 0, 9, AE_ERROR_SYNTAX, "channels"},
  {"conv 3x3*2 8", 0, 0, 9, AE_ERROR_SYNTAX, "a stride such as /2"},
  {"conv 3x3/ 8", 0, 0, 10, AE_ERROR_SYNTAX, "a stride"},
  {"conv 3x3/0 8", 0, 0, 10, AE_ERROR_LIMIT, "found 0"},
  {"deconv 4x4/2 8", 0, 0, 11, AE_ERROR_SYNTAX, "a stride such as *2"},
  {"conv 0x0 8", 0, 0, 6, AE_ERROR_LIMIT, "1 to 64"},
  {"conv 65x65 8", 0, 0, 6, AE_ERROR_LIMIT, "found 65"},
  {"conv 3x3 0", 0, 0, 10, AE_ERROR_LIMIT, "found 0"},
  {"conv 3x3 -8", 0, 0, 10, AE_ERROR_SYNTAX, "\"-8\""},
  {"conv 3x3 16385", 0, 0, 10, AE_ERROR_LIMIT, "16384"},
  {"conv 3x3 99999999999999999999999", 0, 0, 10, AE_ERROR_LIMIT,
      "found 99999999999999999999999"},
  {"conv 3x3 8.5", 0, 0, 11, AE_ERROR_SYNTAX, "\".5\""},
  {"conv 3x3 8relu", 0, 0, 11, AE_ERROR_SYNTAX, "\"relu\""},
  {"conv 3x3 8 rleu", 0, 0, 12, AE_ERROR_SYNTAX, "leaky, sigmoid"},
  {"conv 3x3 8 relu relu", 0, 0, 17, AE_ERROR_SYNTAX, "a comma"},
  {"conv 3x3 8 conv 3x3 8", 0, 0, 12, AE_ERROR_SYNTAX, "\"conv\""},
  {"conv 3x3 8,", 0, 0, 12, AE_ERROR_SYNTAX, "text ends"},
  {"conv 3x3 8,,conv 3x3 8", 0, 0, 12, AE_ERROR_SYNTAX, "\",\""},
  {"| conv 3x3 8", 0, 0, 1, AE_ERROR_SYNTAX, "\"|\""},
  {"conv 3x3 8 |", 0, 0, 13, AE_ERROR_SYNTAX, "text ends"},
  {"conv 3x3 8 | conv 3x3 8 | conv 3x3 8", 0, 0, 25, AE_ERROR_SYNTAX,
      "a second |"},
  {"modulate relu", 0, 0, 10, AE_ERROR_SYNTAX, "\"relu\""},
  {"modulate 3", 0, 0, 10, AE_ERROR_SYNTAX, "\"3\""},
  {"shuffle 3 relu", 0, 0, 1, AE_ERROR_SHAPE, "multiple of 9 channels"},
  {"unshuffle 2 relu", 0, 0, 13, AE_ERROR_SYNTAX, "\"relu\""},

  {"save", 0, 0, 5, AE_ERROR_SYNTAX, "a label"},
  {"save a-b", 0, 0, 7, AE_ERROR_SYNTAX, "\"-b\""},
  {"save abcdefghijklmnop", 0, 0, 6, AE_ERROR_SYNTAX, "1 to 15"},
  {"save a, save a", 0, 0, 9, AE_ERROR_SYNTAX, "a second time"},
  {"add a, save a", 0, 0, 1, AE_ERROR_SYNTAX, "saved are: none"},
  {"save a, save b, add c", 0, 0, 17, AE_ERROR_SYNTAX, "saved are: a b"},
  {"save a, conv 3x3 4, add a", 0, 0, 21, AE_ERROR_SHAPE, "3 channels"},
  {"save a, conv 3x3/2 3, add a", 0, 0, 23, AE_ERROR_SHAPE, "1/1"},
  {"save a, unshuffle 2, concat a", 0, 0, 22, AE_ERROR_SHAPE, "1/2"},
  {"unshuffle 2, save a, deconv 4x4*4 12, add a", 0, 0, 39, AE_ERROR_SHAPE,
      "2/1"},
  {"save a, conv 3x3/2 3, add a", 8, 8, 23, AE_ERROR_SHAPE, "8x8"},

  {"dense 4", 0, 0, 1, AE_ERROR_SHAPE, "fixed size"},
  {"unshuffle 3", 8, 9, 1, AE_ERROR_SHAPE, "8x9"},
  {"conv 4x4 8", 0, 0, 1, AE_ERROR_SHAPE, "odd kernel"},
  {"conv 1x1 8, conv 64x64 8", 1, 1, 13, AE_ERROR_SHAPE, "1x1"},
  {"deconv 2x2*3 8", 0, 0, 1, AE_ERROR_SHAPE, "2x2*3"},
  {"shuffle 2", 0, 0, 1, AE_ERROR_SHAPE, "multiple of 4 channels"},
  {"given 2, given 3", 0, 0, 10, AE_ERROR_SHAPE, "given 2"},

  {"pool 2", 0, 0, 6, AE_ERROR_SYNTAX, "\"2\", expected max or avg"},
  {"pool mean 2", 0, 0, 6, AE_ERROR_SYNTAX, "max or avg"},
  {"pool max", 0, 0, 9, AE_ERROR_SYNTAX, "a space and a number"},
  {"pool maxi 2", 0, 0, 9, AE_ERROR_SYNTAX, "\"i\""},
  {"pool max 0", 0, 0, 10, AE_ERROR_LIMIT, "found 0"},
  {"pool avg 2 relu", 0, 0, 12, AE_ERROR_SYNTAX, "\"relu\""},
  {"pool avg 2", 8, 9, 1, AE_ERROR_SHAPE, "8x9"},
  {"save a, pool max 2, add a", 0, 0, 21, AE_ERROR_SHAPE, "1/2"},
  {"save a, upsample 2, add a", 0, 0, 21, AE_ERROR_SHAPE, "2/1"},
  {"upsample 2 relu", 0, 0, 12, AE_ERROR_SYNTAX, "\"relu\""},
  {"norm 3", 0, 0, 6, AE_ERROR_SYNTAX, "\"3\""},
  {"norm rleu", 0, 0, 6, AE_ERROR_SYNTAX, "leaky, sigmoid"},

  {"dropout", 0, 0, 8, AE_ERROR_SYNTAX, "a share"},
  {"dropout 0", 0, 0, 9, AE_ERROR_SYNTAX, "\"0\", expected a share"},
  {"dropout 0.0", 0, 0, 9, AE_ERROR_SYNTAX, "between 0 and 1"},
  {"dropout 0.00001", 0, 0, 9, AE_ERROR_SYNTAX, "at most four digits"},
  {"dropout 0.12345", 0, 0, 15, AE_ERROR_SYNTAX, "\"5\""},
  {"dropout 1.0", 0, 0, 9, AE_ERROR_SYNTAX, "\"1.0\""},
  {"dropout .5", 0, 0, 9, AE_ERROR_SYNTAX, "\".5\""},
  {"dropout 0,5", 0, 0, 9, AE_ERROR_SYNTAX, "\"0\""},
  {"dropout 0.5 relu", 0, 0, 13, AE_ERROR_SYNTAX, "\"relu\""},

  {"gaussian", 0, 0, 9, AE_ERROR_SYNTAX, "a number"},
  {"gaussian 4 relu", 0, 0, 12, AE_ERROR_SYNTAX, "\"relu\""},
  {"gaussian 4, norm", 0, 0, 13, AE_ERROR_SYNTAX,
      "norm after gaussian, expected |"},
  {"gaussian 4, gaussian 4", 0, 0, 13, AE_ERROR_SYNTAX, "expected |"},
  {"conv 3x3 4 | gaussian 4", 0, 0, 14, AE_ERROR_SYNTAX, "in the decoder"},

  {"causal 3", 0, 0, 9, AE_ERROR_SYNTAX, "distance of the taps"},
  {"causal 3 0", 0, 0, 10, AE_ERROR_LIMIT, "from 1 to 1024"},
  {"causal 65 2", 0, 0, 8, AE_ERROR_LIMIT, "from 1 to 64"},
  {"causal 3x3 2", 0, 0, 9, AE_ERROR_SYNTAX, "distance of the taps"},
  {"conv 3x3 4, tied", 0, 0, 13, AE_ERROR_SYNTAX, "before the |"},
  {"conv 3x3 4 | tied 3", 0, 0, 19, AE_ERROR_SYNTAX, "\"3\""},
  {"conv 3x3 4 | tied, tied", 0, 0, 20, AE_ERROR_SYNTAX, "no dense or conv"},
  {"norm, gaussian 4 | conv 3x3 4, tied", 0, 0, 32, AE_ERROR_SYNTAX,
      "no dense or conv"},
  {"conv 3x3 4, conv 3x3 5 | conv 3x3 4, tied", 0, 0, 38, AE_ERROR_SHAPE,
      "the conv of column 13, which makes 5x0x0, here it is 4x0x0"},
  {"dense 4 | dense 5, tied", 2, 2, 20, AE_ERROR_SHAPE,
      "the dense of column 1, which makes 4x1x1"},
  {"conv 3x3/2 4 | tied", 7, 9, 16, AE_ERROR_SHAPE,
      "takes 7x9 (height x width); its stride of 2 gives 8x10"},
  {"conv 4x4 4 | tied", 8, 8, 14, AE_ERROR_SHAPE, "gives 7x7"},

  /* each product here overflows 32 bits */
  {"unshuffle 16384, conv 3x3 8", 0, 0, 1, AE_ERROR_LIMIT, "channels"},
  {"conv 1x1 16, unshuffle 16384", 0, 0, 14, AE_ERROR_LIMIT, "channels"},
  {"conv 1x1 16384, given 16384", 0, 0, 17, AE_ERROR_LIMIT, "32768"},
  {"shuffle 16384", 0, 0, 1, AE_ERROR_SHAPE, "channels"},
  {"conv 63x63 16384", 0, 0, 1, AE_ERROR_LIMIT, "67108864 weights"},
  {"conv 1x1 16384, conv 63x63 16384", 0, 0, 17, AE_ERROR_LIMIT, "weights"},
  {"dense 16384", 16384, 5461, 1, AE_ERROR_LIMIT, "weights"},
  {"deconv 64x64*64 1, deconv 64x64*64 1", 0, 0, 20, AE_ERROR_LIMIT, "1024"},
  {"deconv 64x64*64 1, deconv 64x64*64 1", 8, 8, 20, AE_ERROR_LIMIT, "values"},
  {"conv 63x63/64 1, conv 63x63/64 1", 0, 0, 18, AE_ERROR_LIMIT, "1024"},
  {"conv 1x1 16384", 4096, 4096, 1, AE_ERROR_LIMIT, "values"},
  {"upsample 16384", 0, 0, 1, AE_ERROR_LIMIT, "1024"},
  {"pool max 16384", 0, 0, 1, AE_ERROR_LIMIT, "1024"},
  {"upsample 16384", 8, 8, 1, AE_ERROR_LIMIT, "values"},
  {"conv 1x1 16384, gaussian 16384", 0, 0, 17, AE_ERROR_LIMIT, "weights"},
};

GST_START_TEST (test_bad_texts_are_refused_at_their_column)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad_texts); i++) {
    const AeShape input = { 3, bad_texts[i].h, bad_texts[i].w };
    const gchar *text = bad_texts[i].text;
    g_autofree gchar *column = g_strdup_printf ("column %u: ",
        bad_texts[i].column);
    g_autoptr (GError) error = NULL;

    fail_unless (ae_architecture_parse (text, &input, &error) == NULL,
        "\"%s\" was accepted", text);
    fail_unless (error != NULL && error->domain == AE_ERROR);
    fail_unless (error->code == (gint) bad_texts[i].code,
        "\"%s\": code %d, expected %d: %s", text, error->code,
        bad_texts[i].code, error->message);
    fail_unless (g_str_has_prefix (error->message, column),
        "\"%s\": expected %s, found %s", text, column, error->message);
    fail_unless (strstr (error->message, bad_texts[i].word) != NULL,
        "\"%s\": no \"%s\" in: %s", text, bad_texts[i].word, error->message);
    fail_unless (g_utf8_validate (error->message, -1, NULL));
  }
}

GST_END_TEST;

/* @text @n times, separated by commas. */
static gchar *
repeat (const gchar * text, guint n)
{
  GString *all = g_string_new (text);

  for (guint i = 1; i < n; i++)
    g_string_append_printf (all, ",%s", text);
  return g_string_free (all, FALSE);
}

static void
assert_limit (const gchar * text, const gchar * word)
{
  g_autoptr (GError) error = NULL;

  fail_unless (ae_architecture_parse (text, &any_size, &error) == NULL);
  fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_LIMIT), "%s",
      error->message);
  fail_unless (strstr (error->message, word) != NULL, "%s", error->message);
}

GST_START_TEST (test_limits_hold_at_their_edge)
{
  g_autofree gchar *most = repeat ("modulate", AE_ARCHITECTURE_MAX_LAYERS);
  g_autofree gchar *more = repeat ("modulate", AE_ARCHITECTURE_MAX_LAYERS + 1);
  g_autofree gchar *space = g_strnfill (AE_ARCHITECTURE_MAX_TEXT_BYTES - 8,
      ' ');
  g_autofree gchar *long_text = g_strconcat (space, "modulate", NULL);
  g_autofree gchar *longer_text = g_strconcat (space, " modulate", NULL);
  /* 4079 bytes, to which the canonical text adds 203 spaces */
  g_autofree gchar *grows = repeat ("conv 3x3 1 softplus", 204);
  g_autoptr (AeArchitecture) layers = parse (most, 3, 0, 0);
  g_autoptr (AeArchitecture) bytes = parse (long_text, 3, 0, 0);

  fail_unless_equals_int (layers->n_layers, AE_ARCHITECTURE_MAX_LAYERS);
  fail_unless_equals_string (bytes->text, "modulate");
  assert_limit (more, "256 layers");
  assert_limit (longer_text, "4097 bytes");
  fail_unless (strlen (grows) <= AE_ARCHITECTURE_MAX_TEXT_BYTES);
  assert_limit (grows, "at most 4096");
}

GST_END_TEST;

GST_START_TEST (test_bad_input_shapes_are_refused)
{
  static const AeShape bad[] = {
    {0, 0, 0}, {1, 0, 4}, {1, 4, 0}, {16385, 0, 0}, {1, 16385, 1},
    {16384, 16384, 16384}, {G_MAXUINT, G_MAXUINT, G_MAXUINT},
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;

    fail_unless (ae_architecture_parse ("modulate", &bad[i], &error) == NULL);
    fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_SHAPE));
  }
}

GST_END_TEST;

GST_START_TEST (test_canonical_text_is_the_same_for_every_spelling)
{
  static const struct
  {
    const gchar *text, *canonical;
  } spellings[] = {
    {"conv 3x3 8 relu", "conv 3x3 8 relu"},
    {" \tconv\n 03x3/1   8  linear ", "conv 3x3 8"},
    {"conv 3x3 8 relu|deconv 4x4*2 3", "conv 3x3 8 relu | deconv 4x4*2 3"},
    {"conv 3x3/2 8 tanh,deconv 5x5*2 3 sigmoid ,modulate",
        "conv 3x3/2 8 tanh, deconv 5x5*2 3 sigmoid, modulate"},
    {"save a , unshuffle 2,shuffle 2 , add a relu",
        "save a, unshuffle 2, shuffle 2, add a relu"},
    {"given 007,save A_1,concat A_1", "given 7, save A_1, concat A_1"},
    {"pool  max\t02, pool avg 3,upsample 06",
        "pool max 2, pool avg 3, upsample 6"},
    {"dropout 0.50,dropout 0.0120, dropout 0.9999",
        "dropout 0.5, dropout 0.012, dropout 0.9999"},
    {"norm  linear,norm   tanh", "norm, norm tanh"},
    {"conv 3x3/1 4,gaussian 05 | conv 1x1 4, tied\nlinear",
        "conv 3x3 4, gaussian 5 | conv 1x1 4, tied"},
    {"causal 03  2 relu,causal 1 1 linear", "causal 3 2 relu, causal 1 1"},
    {"conv 3x3 4|tied  sigmoid,save a",
        "conv 3x3 4 | tied sigmoid, save a"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (spellings); i++) {
    g_autoptr (AeArchitecture) once = parse (spellings[i].text, 3, 0, 0);
    g_autoptr (AeArchitecture) twice = parse (once->text, 3, 0, 0);

    fail_unless_equals_string (once->text, spellings[i].canonical);
    fail_unless_equals_string (twice->text, spellings[i].canonical);
  }
}

GST_END_TEST;

GST_START_TEST (test_layers_know_their_arguments_and_shapes)
{
  g_autoptr (AeArchitecture) a =
      parse ("unshuffle 2, save top, given 1, conv 5x5/2 32 relu"
      " | deconv 4x4*2 12 tanh, concat top, shuffle 2", 1, 0, 0);
  const AeLayer *conv = &a->layers[3], *deconv = &a->layers[4];
  const AeLayer *concat = &a->layers[5];

  fail_unless_equals_int (a->n_layers, 7);
  fail_unless_equals_int (a->n_encoder, 4);
  fail_unless_equals_int (a->n_given, 1);
  fail_unless_equals_int (a->multiple, 4);
  fail_unless_equals_int (a->output.c, 4);

  fail_unless_equals_int (conv->kernel, 5);
  fail_unless_equals_int (conv->stride, 2);
  fail_unless_equals_int (conv->channels, 32);
  fail_unless_equals_int (conv->activation, AE_ACTIVATION_RELU);
  fail_unless_equals_int (conv->in.c, 5);
  fail_unless_equals_int (conv->out.c, 32);
  fail_unless_equals_int (conv->column, 33);
  fail_unless_equals_int (conv->params[AE_PARAM_WEIGHT].size, 32 * 5 * 25);

  fail_unless_equals_int (deconv->stride, 2);
  fail_unless_equals_int (deconv->activation, AE_ACTIVATION_TANH);
  fail_unless_equals_int (deconv->params[AE_PARAM_WEIGHT].shape[0], 32);
  fail_unless_equals_int (deconv->params[AE_PARAM_WEIGHT].shape[1], 12);

  fail_unless_equals_string (concat->label, "top");
  fail_unless_equals_int (concat->i_saved, 1);
  fail_unless_equals_int (concat->out.c, 16);
  fail_unless_equals_int (conv->i_saved, -1);
}

GST_END_TEST;

GST_START_TEST (test_fixed_sizes_are_followed)
{
  g_autoptr (AeArchitecture) a =
      parse ("conv 3x3/2 8, dense 10 sigmoid | dense 784", 1, 27, 28);

  fail_unless_equals_int (a->layers[0].out.h, 14);
  fail_unless_equals_int (a->layers[0].out.w, 14);
  fail_unless_equals_int (a->layers[1].params[AE_PARAM_WEIGHT].shape[1],
      8 * 14 * 14);
  fail_unless_equals_int (a->output.c, 784);
  fail_unless_equals_int (a->output.h, 1);
  fail_unless_equals_int (a->multiple, 1);
}

GST_END_TEST;

GST_START_TEST (test_pool_norm_dropout_and_gaussian_know_their_shapes)
{
  g_autoptr (AeArchitecture) a = parse ("pool max 2, norm relu, pool avg 3, "
      "dropout 0.125, gaussian 5 | upsample 4", 3, 12, 18);
  const AeLayer *norm = &a->layers[1], *gaussian = &a->layers[4];

  fail_if (a->layers[0].average);
  fail_unless (a->layers[2].average);
  fail_unless_equals_int (a->layers[0].out.c, 3);
  fail_unless_equals_int (a->layers[0].out.h, 6);
  fail_unless_equals_int (a->layers[2].out.w, 3);
  fail_unless_equals_int (a->layers[3].share, 1250);
  fail_unless_equals_int (norm->activation, AE_ACTIVATION_RELU);
  fail_unless_equals_int (norm->params[AE_PARAM_WEIGHT].rank, 1);
  fail_unless_equals_int (norm->params[AE_PARAM_WEIGHT].shape[0], 3);
  fail_unless_equals_int (norm->params[AE_PARAM_BIAS].size, 3);
  fail_unless_equals_int (gaussian->out.c, 5);
  fail_unless_equals_int (gaussian->params[AE_PARAM_WEIGHT].rank, 2);
  fail_unless_equals_int (gaussian->params[AE_PARAM_WEIGHT].shape[0], 10);
  fail_unless_equals_int (gaussian->params[AE_PARAM_WEIGHT].shape[1], 3);
  fail_unless_equals_int (gaussian->params[AE_PARAM_BIAS].size, 10);
  fail_unless_equals_int (ae_architecture_i_gaussian (a), 4);
  fail_unless_equals_int (a->output.h, 8);
  fail_unless_equals_int (a->output.w, 12);
}

GST_END_TEST;

/* Encoder layers are mirrored from the last to the first, whatever lies
 * between them, in either part. */
GST_START_TEST (test_tied_mirrors_the_last_layer_that_nothing_mirrors)
{
  g_autoptr (AeArchitecture) a = parse ("conv 3x3/2 4, norm, dense 5 tanh, "
      "dense 2 | tied, dropout 0.5, tied relu, norm, tied", 3, 8, 6);
  static const guint mirrored[][2] = { {4, 3}, {6, 2}, {8, 0} };
  gsize n_own = 0;

  for (guint i = 0; i < G_N_ELEMENTS (mirrored); i++) {
    const AeLayer *tied = &a->layers[mirrored[i][0]];
    const AeLayer *other = &a->layers[mirrored[i][1]];
    const AeParam *weight = &tied->params[AE_PARAM_WEIGHT];

    fail_unless_equals_int (tied->i_tied, mirrored[i][1]);
    fail_unless (memcmp (&tied->out, &other->in, sizeof tied->out) == 0);
    fail_unless_equals_uint64 (weight->offset,
        other->params[AE_PARAM_WEIGHT].offset);
    fail_unless_equals_uint64 (weight->size,
        other->params[AE_PARAM_WEIGHT].size);
    fail_unless_equals_uint64 (ae_param_n_stored (weight), 0);
  }
  fail_unless_equals_int (a->layers[6].activation, AE_ACTIVATION_RELU);
  fail_unless_equals_int (a->layers[6].params[AE_PARAM_BIAS].size, 4 * 4 * 3);
  fail_unless_equals_int (a->layers[8].params[AE_PARAM_BIAS].size, 3);
  for (guint i = 0; i < a->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++)
      n_own += (ae_param_n_stored (&a->layers[i].params[j]) + 15) / 16 * 16;
  }
  fail_unless_equals_uint64 (a->n_weights, n_own);
}

GST_END_TEST;

GST_START_TEST (test_multiple_is_the_smallest_that_keeps_sizes_whole)
{
  static const struct
  {
    const gchar *text;
    guint multiple;
  } cases[] = {
    {"conv 3x3 4", 1},
    {"unshuffle 2, shuffle 2", 2},
    {"conv 3x3/2 4, conv 5x5/3 4", 6},
    {"conv 4x4/4 4 | deconv 4x4*4 3", 4},
    {"deconv 4x4*4 4, unshuffle 2", 1},
    {"deconv 4x4*2 4, conv 3x3/4 4", 2},
    {"conv 3x3/2 4, deconv 4x4*2 4, conv 3x3/3 4", 6},
    {"unshuffle 2, unshuffle 2, unshuffle 2", 8},
    {"pool max 2, pool avg 3 | upsample 6", 6},
    {"upsample 4, pool max 2", 1},
    {"conv 5x5/3 4, conv 4x4/2 8 | tied, tied", 6},
    {"norm, dropout 0.5, gaussian 4", 1},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (AeArchitecture) a = parse (cases[i].text, 3, 0, 0);

    fail_unless (a->multiple == cases[i].multiple, "%s: %u, expected %u",
        cases[i].text, a->multiple, cases[i].multiple);
    /* no size that is promised to fit is lost by rounding */
    for (guint n = 1; n < 10; n++) {
      guint h = n * a->multiple, w = 2 * n * a->multiple;
      const AeShape fixed = { 3, h, w };
      g_autoptr (AeArchitecture) same =
          ae_architecture_parse (a->text, &fixed, NULL);

      fail_unless (ae_architecture_out_size (a, h, w, &h, &w), "%s",
          cases[i].text);
      fail_unless_equals_int (w, 2 * h);
      fail_unless (same != NULL && same->output.h == h);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_condition_has_one_width)
{
  g_autoptr (AeArchitecture) none = parse ("conv 3x3 4", 3, 0, 0);
  g_autoptr (AeArchitecture) alone = parse ("modulate", 3, 0, 0);
  g_autoptr (AeArchitecture) both = parse ("modulate, given 5, conv 1x1 3, "
      "given 5, modulate", 3, 0, 0);

  fail_unless_equals_int (none->n_given, 0);
  fail_unless_equals_int (alone->n_given, 1);
  fail_unless_equals_int (both->n_given, 5);
  fail_unless_equals_int (both->output.c, 8);
}

GST_END_TEST;

GST_START_TEST (test_parameters_begin_at_multiples_of_16_and_have_names)
{
  g_autoptr (AeArchitecture) a =
      parse ("conv 3x3 5, save a | deconv 2x2*2 7, modulate", 3, 0, 0);
  static const struct
  {
    guint layer, param;
    gsize offset, size;
    const gchar *name;
  } expected[] = {
    {0, AE_PARAM_WEIGHT, 0, 135, "encoder.0.weight"},
    {0, AE_PARAM_BIAS, 144, 5, "encoder.0.bias"},
    {2, AE_PARAM_WEIGHT, 160, 140, "decoder.0.weight"},
    {2, AE_PARAM_BIAS, 304, 7, "decoder.0.bias"},
  };

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++) {
    guint layer = expected[i].layer, param = expected[i].param;
    g_autofree gchar *name = ae_architecture_param_name (a, layer, param);

    fail_unless_equals_string (name, expected[i].name);
    fail_unless_equals_uint64 (a->layers[layer].params[param].offset,
        expected[i].offset);
    fail_unless_equals_uint64 (a->layers[layer].params[param].size,
        expected[i].size);
  }
  fail_unless_equals_uint64 (a->n_weights, 320);
  fail_unless_equals_uint64 (a->layers[1].params[AE_PARAM_WEIGHT].size, 0);
}

GST_END_TEST;

GST_START_TEST (test_macs_per_pixel_count_each_layer_at_its_own_size)
{
  static const struct
  {
    const gchar *text;
    guint c, h, w;
    double macs;
  } cases[] = {
    {"conv 3x3 8", 3, 0, 0, 3 * 8 * 9},
    {"conv 3x3/2 8", 3, 0, 0, 3 * 8 * 9 / 4.0},
    {"unshuffle 2, conv 3x3 16 relu, shuffle 2", 1, 0, 0, 4 * 16 * 9 / 4.0},
    {"deconv 4x4*2 8", 3, 0, 0, 3 * 8 * 16},
    {"conv 3x3/2 8 | deconv 4x4*2 3", 3, 0, 0, 54.0 + 8 * 3 * 16 / 4.0},
    {"dense 10", 1, 28, 28, 10.0},
    {"conv 3x3 8", 1, 5, 7, 72.0},
    {"conv 3x3/2 8 | tied", 3, 0, 0, 2 * 54.0},
    {"pool max 2, gaussian 4 | upsample 2", 3, 0, 0, 3 * 8 / 4.0},
    {"dense 10 | tied", 1, 28, 28, 20.0},
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (AeArchitecture) a = parse (cases[i].text, cases[i].c,
        cases[i].h, cases[i].w);

    fail_unless_equals_float (ae_architecture_macs_per_pixel (a),
        cases[i].macs);
  }
}

GST_END_TEST;

static Suite *
architecture_suite (void)
{
  Suite *suite = suite_create ("architecture");
  TCase *tcase = tcase_create ("parse");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_bad_texts_are_refused_at_their_column);
  tcase_add_test (tcase, test_limits_hold_at_their_edge);
  tcase_add_test (tcase, test_bad_input_shapes_are_refused);
  tcase_add_test (tcase, test_canonical_text_is_the_same_for_every_spelling);
  tcase_add_test (tcase, test_layers_know_their_arguments_and_shapes);
  tcase_add_test (tcase, test_fixed_sizes_are_followed);
  tcase_add_test (tcase, test_pool_norm_dropout_and_gaussian_know_their_shapes);
  tcase_add_test (tcase, test_tied_mirrors_the_last_layer_that_nothing_mirrors);
  tcase_add_test (tcase, test_multiple_is_the_smallest_that_keeps_sizes_whole);
  tcase_add_test (tcase, test_condition_has_one_width);
  tcase_add_test (tcase,
      test_parameters_begin_at_multiples_of_16_and_have_names);
  tcase_add_test (tcase, test_macs_per_pixel_count_each_layer_at_its_own_size);
  return suite;
}

GST_CHECK_MAIN (architecture);
