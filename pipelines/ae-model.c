/* ae-model: looks at model files, converts and compares them. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ae-error.h"
#include "ae-layer-text.h"
#include "ae-model.h"
#include "ae-plan.h"
#include "ae-tape.h"

/* As of diff(1). */
enum
{ EXIT_DIFFERENT = 1, EXIT_TROUBLE = 2 };

/* What the memory of models for any size is told for. */
#define WIDTH 640
#define HEIGHT 480

static const gchar usage[] =
    "Usage: ae-model COMMAND ...\n"
    "\n"
    "  info MODEL               layers, parameters, work, memory, metadata\n"
    "  check MODEL ...          whether each can be read and gives finite numbers\n"
    "  diff MODEL MODEL         how far each tensor of one is from the other's;\n"
    "                           exit status 1 if they differ\n"
    "  convert F32|F16 MODEL FILE\n"
    "                           writes it with parameters of that kind\n"
    "\n"
    "MODEL is a file, or the name of one in AE_MODEL_PATH or among those that\n"
    "are installed.\n";

static AeModel *
load (const gchar * name, gchar ** found, GError ** error)
{
  g_autofree gchar *path = ae_model_find (name, error);
  AeModel *model = path ? ae_model_load (path, error) : NULL;

  if (found)
    *found = g_steal_pointer (&path);
  return model;
}

/* info */

static gchar *
shape_text (const AeShape * shape, guint multiple)
{
  if (shape->h > 0)
    return g_strdup_printf ("%ux%ux%u", shape->c, shape->h, shape->w);
  return g_strdup_printf ("%u channel%s of any size%s", shape->c,
      shape->c == 1 ? "" : "s", multiple == 1 ? "" : ", extended to multiples");
}

/* `8 x 240x320`: the output of a layer for an input of this size. */
static gchar *
output_text (const AeLayer * layer, guint * h, guint * w)
{
  if (!ae_layer_out_size (layer, *h, *w, h, w))
    return g_strdup ("does not fit");
  return g_strdup_printf ("%ux%ux%u", layer->out.c, *h, *w);
}

static void
print_layers (const AeModel * model, guint h, guint w)
{
  const AeArchitecture *architecture = model->architecture;
  double macs[AE_ARCHITECTURE_MAX_LAYERS] = { 0.0 };
  gsize n_all = 0;

  ae_architecture_layer_macs_per_pixel (architecture, macs);
  g_print ("\n%-12s %-24s %14s %11s %10s\n", "layer", "", "output",
      "parameters", "MAC/pixel");
  for (guint i = 0; i < architecture->n_layers; i++) {
    const AeLayer *layer = &architecture->layers[i];
    g_autofree gchar *name = ae_architecture_layer_name (architecture, i);
    g_autofree gchar *output = output_text (layer, &h, &w);
    g_autoptr (GString) text = g_string_new (NULL);
    gsize n = 0;

    for (guint j = 0; j < AE_N_PARAMS; j++)
      n += ae_param_n_stored (&layer->params[j]);
    n_all += n;
    ae_layer_print (layer, text);
    g_print ("%-12s %-24s %14s %11" G_GSIZE_FORMAT " %10.1f%s\n", name,
        text->str, output, n, macs[i],
        model->int8 && model->int8->layers[i].weights ? "  int8" : "");
  }
  g_print ("%-12s %-24s %14s %11" G_GSIZE_FORMAT " %10.1f\n\n", "all", "", "",
      n_all, ae_architecture_macs_per_pixel (architecture));
}

static void
print_memory (const AeModel * model, guint h, guint w)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AePlan) plan = ae_plan_new_of_model (model, AE_PRECISION_AUTO, w,
      h, 1, &error);

  g_print ("memory        %.1f KiB of weights",
      (double) model->weights->n * sizeof (float) / 1024.0);
  if (plan)
    g_print (", %.1f KiB to run %ux%u in one thread\n",
        (double) ae_plan_memory_bytes (plan) / 1024.0, w, h);
  else
    g_print ("; not run on whole frames: %s\n", error->message);
}

/* The text beside the model that tells what it is and what made it. */
static void
print_card (const gchar * path)
{
  g_autofree gchar *stem = g_str_has_suffix (path, AE_MODEL_EXTENSION)
      ? g_strndup (path, strlen (path) - strlen (AE_MODEL_EXTENSION)) : NULL;
  g_autofree gchar *card = g_strconcat (stem ? stem : path, ".md", NULL);

  if (g_file_test (card, G_FILE_TEST_IS_REGULAR))
    g_print ("card          %s\n", card);
}

/* Longer values are tables rather than text. */
#define MAX_VALUE 200

static void
print_metadata (const AeModel * model)
{
  g_autoptr (GList) keys =
      g_list_sort (g_hash_table_get_keys (model->metadata),
      (GCompareFunc) strcmp);

  for (GList * l = keys; l; l = l->next) {
    const gchar *text = g_hash_table_lookup (model->metadata, l->data);
    g_autofree gchar *key = g_strescape (l->data, NULL);
    g_autofree gchar *value = g_strescape (text, "\"\\\xc2\xc3");

    if (strlen (text) > MAX_VALUE)
      g_print ("%-13s %" G_GSIZE_FORMAT " characters\n", key, strlen (text));
    else
      g_print ("%-13s %s\n", key, value);
  }
}

static int
info (gchar ** names, GError ** error)
{
  g_autofree gchar *path = NULL;
  g_autoptr (AeModel) model = load (names[0], &path, error);
  g_autofree gchar *fingerprint = NULL, *input = NULL, *output = NULL;
  const AeArchitecture *architecture;
  guint h, w;

  if (model == NULL)
    return EXIT_TROUBLE;
  architecture = model->architecture;
  h = architecture->input.h ? architecture->input.h : HEIGHT;
  w = architecture->input.w ? architecture->input.w : WIDTH;
  h = (h + architecture->multiple - 1) / architecture->multiple
      * architecture->multiple;
  w = (w + architecture->multiple - 1) / architecture->multiple
      * architecture->multiple;
  fingerprint = ae_model_fingerprint (model);
  input = shape_text (&architecture->input, architecture->multiple);
  output = shape_text (&architecture->output, 1);
  g_print ("file          %s\n", path);
  g_print ("architecture  %s\n", architecture->text);
  g_print ("input         %s", input);
  if (architecture->input.h == 0 && architecture->multiple > 1)
    g_print (" of %u", architecture->multiple);
  if (architecture->n_given > 0)
    g_print ("; %u given", architecture->n_given);
  g_print ("\noutput        %s\n", output);
  print_layers (model, h, w);
  print_memory (model, h, w);
  g_print ("fingerprint   %s\n", fingerprint);
  print_card (path);
  print_metadata (model);
  return EXIT_SUCCESS;
}

/* check */

/* Whether noise comes out as finite numbers. */
static gboolean
check_output (const AeModel * model, const gchar * path, GError ** error)
{
  const AeArchitecture *architecture = model->architecture;
  const guint side = architecture->multiple * ((63 + architecture->multiple)
      / architecture->multiple);
  g_autoptr (AeTape) tape = ae_tape_new (model->architecture);
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  g_auto (AeTensor) condition = AE_TENSOR_INIT;
  const AeTensor *out;
  AeRng rng;

  ae_rng_init (&rng, 1);
  ae_tensor_resize (&in, architecture->input.c,
      architecture->input.h ? architecture->input.h : side,
      architecture->input.w ? architecture->input.w : side, 1);
  for (gsize i = 0; i < ae_tensor_size (&in); i++)
    in.data[i] = ae_rng_uniform (&rng);
  ae_tensor_resize (&condition, MAX (architecture->n_given, 1), 1, 1, 1);
  ae_tensor_zero (&condition);
  out = ae_tape_forward (tape, model->weights->data, &in, &condition);
  for (gsize i = 0; i < ae_tensor_size (out); i++) {
    if (!isfinite (out->data[i])) {
      g_set_error (error, AE_ERROR, AE_ERROR_NOT_FINITE,
          "%s: sample %" G_GSIZE_FORMAT " of the output for noise in 0..1 is "
          "%g", path, i, (double) out->data[i]);
      return FALSE;
    }
  }
  return TRUE;
}

static int
check (gchar ** names, GError ** error)
{
  int status = EXIT_SUCCESS;

  for (guint i = 0; names[i]; i++) {
    g_autofree gchar *path = NULL, *fingerprint = NULL;
    g_autoptr (GError) reason = NULL;
    g_autoptr (AeModel) model = load (names[i], &path, &reason);

    if (model == NULL || !check_output (model, path, &reason)) {
      g_printerr ("ae-model: %s\n", reason->message);
      status = EXIT_TROUBLE;
      continue;
    }
    fingerprint = ae_model_fingerprint (model);
    g_print ("%s  %s\n", fingerprint, path);
  }
  return status;
}

/* diff */

static void
print_difference (const gchar * name, const float *a, const float *b, gsize n)
{
  double sum = 0.0, size = 0.0, most = 0.0;

  for (gsize i = 0; i < n; i++) {
    double d = fabs ((double) a[i] - (double) b[i]);

    sum += d;
    size += fabs ((double) a[i]);
    most = MAX (most, d);
  }
  g_print ("%-20s %10" G_GSIZE_FORMAT " %12.6g %12.6g %12.6g\n", name, n, most,
      sum / (double) n, size / (double) n);
}

static int
diff (gchar ** names, GError ** error)
{
  g_autofree gchar *path_a = NULL, *path_b = NULL;
  g_autoptr (AeModel) a = load (names[0], &path_a, error);
  g_autoptr (AeModel) b = a ? load (names[1], &path_b, error) : NULL;
  const AeArchitecture *architecture = a ? a->architecture : NULL;
  g_autofree gchar *fingerprint_a = NULL, *fingerprint_b = NULL;

  if (b == NULL)
    return EXIT_TROUBLE;
  if (strcmp (architecture->text, b->architecture->text) != 0
      || memcmp (&architecture->input, &b->architecture->input,
          sizeof (AeShape)) != 0) {
    g_print ("architecture  %s\n              %s\n", architecture->text,
        b->architecture->text);
    return EXIT_DIFFERENT;
  }
  fingerprint_a = ae_model_fingerprint (a);
  fingerprint_b = ae_model_fingerprint (b);
  if (strcmp (fingerprint_a, fingerprint_b) == 0)
    return EXIT_SUCCESS;
  g_print ("%-20s %10s %12s %12s %12s\n", "tensor", "size", "largest", "mean",
      "mean |value|");
  for (guint i = 0; i < architecture->n_layers; i++) {
    for (guint j = 0; j < AE_N_PARAMS; j++) {
      const AeParam *param = &architecture->layers[i].params[j];
      g_autofree gchar *name = ae_architecture_param_name (architecture, i, j);

      if (ae_param_n_stored (param) > 0)
        print_difference (name, a->weights->data + param->offset,
            b->weights->data + param->offset, param->size);
    }
  }
  return EXIT_DIFFERENT;
}

/* convert */

static int
convert (gchar ** arguments, GError ** error)
{
  gboolean halves = g_ascii_strcasecmp (arguments[0], "F16") == 0;
  g_autoptr (AeModel) model = NULL;

  if (g_ascii_strcasecmp (arguments[0], "I8") == 0
      || g_ascii_strcasecmp (arguments[0], "int8") == 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "%s is not made of weights alone: pipelines/quantise-model adds "
        "integers by running the model on pictures", arguments[0]);
    return EXIT_TROUBLE;
  }
  if (!halves && g_ascii_strcasecmp (arguments[0], "F32") != 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
        "cannot convert to %s, expected F32 or F16", arguments[0]);
    return EXIT_TROUBLE;
  }
  model = load (arguments[1], NULL, error);
  if (model == NULL || !(halves ? ae_model_save_f16 : ae_model_save) (model,
          arguments[2], error))
    return EXIT_TROUBLE;
  return EXIT_SUCCESS;
}

static const struct
{
  const gchar *name;
  int (*run) (gchar ** arguments, GError ** error);
  gint n_min, n_max;
} commands[] = {
  {"info", info, 1, 1},
  {"check", check, 1, G_MAXINT},
  {"diff", diff, 2, 2},
  {"convert", convert, 3, 3},
};

int
main (int argc, char **argv)
{
  static const gchar *const directories[] = {
    AE_MODEL_DIR_INSTALLED, AE_MODEL_DIR_BUILD, NULL
  };
  g_autoptr (GError) error = NULL;

  ae_model_set_search_path (directories);
  if (argc == 2 && (strcmp (argv[1], "--help") == 0
          || strcmp (argv[1], "-h") == 0)) {
    g_print ("%s", usage);
    return EXIT_SUCCESS;
  }
  for (guint i = 0; argc > 1 && i < G_N_ELEMENTS (commands); i++) {
    int status;

    if (strcmp (argv[1], commands[i].name) != 0
        || argc - 2 < commands[i].n_min || argc - 2 > commands[i].n_max)
      continue;
    status = commands[i].run (argv + 2, &error);
    if (error)
      g_printerr ("ae-model: %s\n", error->message);
    return status;
  }
  g_printerr ("%s", usage);
  return EXIT_TROUBLE;
}
