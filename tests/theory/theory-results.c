/* The full experiments: writes theory-results.md and its figures.
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   theory-results FOLDER
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "theory-codes.h"
#include "theory-digits.h"
#include "theory-linear.h"
#include "theory-plot.h"
#include "theory-vae.h"

static GString *page;
static gchar *folder;
static TheoryDigits train_digits, test_digits;
static TheoryData train, test, patches, held_out_patches;

static void
G_GNUC_PRINTF (1, 2)
put (const gchar * format, ...)
{
  g_autofree gchar *text = NULL;
  va_list args;

  va_start (args, format);
  text = g_strdup_vprintf (format, args);
  va_end (args);
  g_string_append (page, text);
  g_printerr ("%s", text);
}

/* Returns: (transfer full): where figure @name goes; puts it on the page. */
static gchar *
figure (const gchar * name, const gchar * caption)
{
  g_autofree gchar *file = g_strdup_printf ("theory-%s.png", name);

  put ("\n![%s](images/%s)\n", caption, file);
  return g_build_filename (folder, "images", file, NULL);
}

static void
plot_tiles (const gchar * name, const gchar * caption, const float *values,
    guint n, guint side, guint columns, float low, float high)
{
  const TheoryTiles tiles = { side, side, 1, columns, 2, 2, low, high };
  g_autofree gchar *path = figure (name, caption);

  theory_plot_grid (path, &tiles, values, n);
}

static void
linear (void)
{
  LinearFigures digits = theory_linear (&train, &test, 6, 4000, 0.01f);
  LinearFigures photos = theory_linear (&patches, &held_out_patches, 6, 8000,
      0.01f);

  put ("\n## Linear autoencoder and principal components\n\n"
      "`dense 6 | dense d`, squared error, against PCA of the same samples; "
      "errors on held-out samples.\n\n"
      "| data | largest principal angle | error | PCA | ratio |\n"
      "|---|---|---|---|---|\n");
  put ("| digits, d = 400 | %.2f° | %.6f | %.6f | %.4f |\n", digits.angle,
      digits.error, digits.pca_error, digits.error / digits.pca_error);
  put ("| patches 8x8 without mean, d = 64 | %.2f° | %.6f | %.6f | %.4f |\n",
      photos.angle, photos.error, photos.pca_error,
      photos.error / photos.pca_error);
}

static void
put_deep_row (const gchar * name, double error, double pca)
{
  put ("| %s | %.5f | %.0f %% |\n", name, error, 100.0 * (error / pca - 1.0));
}

static void
deep (void)
{
  double pca = theory_pca_error (&train, &test, 10);
  TheoryModel models[6] = { {0} };
  const gchar *names[6];
  TheoryCurve curves[6];
  const TheoryAxes axes = { "Loss while training", "per cent of the steps",
    "squared error", TRUE
  };
  g_autofree gchar *path = NULL;

  put ("\n## Deep autoencoders, code of 10 numbers\n\n"
      "Mean squared error on held-out digits; the text of each model is in "
      "`tests/theory/theory-digits.c`.\n\n"
      "| model | error | against PCA |\n|---|---|---|\n");
  put_deep_row ("principal components", pca, pca);
  for (guint i = 0; i < 6; i++) {
    const DigitCase *c = i < 2 ? &theory_deep_cases[i]
        : &theory_conv_cases[i > 2 ? i - 3 : 0];

    if (i == 2) {
      names[i] = "sigmoid, layers pretrained";
      models[i] = theory_pretrained (theory_deep_cases[1].text, &train, 1000,
          4000);
    } else {
      TheoryTask task = theory_task (c->text, &train, i < 2 ? 64 : 32, 4000,
          0.003f);

      names[i] = c->name;
      models[i] = theory_train (&task, NULL);
    }
    put_deep_row (names[i], theory_error (&models[i], &test), pca);
    curves[i] = (TheoryCurve) {
    names[i], NULL, (const double *) models[i].curve->data,
          models[i].curve->len};
  }
  path = figure ("loss", "Loss of the deep autoencoders while they train");
  theory_plot_lines (path, &axes, curves, 6);
  for (guint i = 0; i < 6; i++)
    theory_model_clear (&models[i]);
}

static void
plot_filters (const TheoryModel * model)
{
  const AeParam *weight =
      &model->architecture->layers[0].params[AE_PARAM_WEIGHT];

  plot_tiles ("filters", "Encoder filters of the L1 code on patches",
      model->weights->data + weight->offset, 256, 8, 32, 0.0f, 0.0f);
}

static void
codes (void)
{
  g_auto (TheoryModel) sparse = { 0 };

  put ("\n## Overcomplete codes\n\n"
      "256 numbers for each of 64, on patches without mean and of variance 1. "
      "Noise gain is |f(x + e) - f(x)|² / |e|² for a little white noise e: 1 "
      "is the identity. Density: numbers over a hundredth of the largest.\n\n"
      "| regulariser | error | noise gain | density | mean activity | "
      "Jacobian |\n|---|---|---|---|---|---|\n");
  for (guint i = 0; i < theory_n_code_cases; i++) {
    TheoryModel model = theory_code_train (&theory_code_cases[i], &patches,
        3000);
    CodeFigures figures = theory_code_figures (&model, &held_out_patches);

    put ("| %s | %.4f | %.2f | %.3f | %.3f | ", theory_code_cases[i].name,
        figures.error, figures.noise_gain, figures.density, figures.activity);
    put (figures.jacobian > 0.0 ? "%.1f |\n" : "– |\n", figures.jacobian);
    if (i == 1)
      sparse = model;
    else
      theory_model_clear (&model);
  }
  plot_filters (&sparse);
}

static void
sparse (void)
{
  const float lambdas[] = { 0.0f, 0.03f, 0.1f, 0.3f, 1.0f, 3.0f };
  const float targets[] = { 0.02f, 0.05f, 0.1f, 0.2f };

  put ("\n## Sparse codes\n\nλ of λ|h|₁, `dense 256 relu | tied` on patches. Tied weights keep the decoder from making up for a small code:\n\n" "| λ | density | error |\n|---|---|---|\n");
  for (guint i = 0; i < G_N_ELEMENTS (lambdas); i++) {
    CodeCase code_case = theory_code_cases[1];
    g_auto (TheoryModel) model = { 0 };
    CodeFigures figures;

    code_case.regulariser.code_l1 = lambdas[i];
    model = theory_code_train (&code_case, &patches, 3000);
    figures = theory_code_figures (&model, &held_out_patches);
    put ("| %g | %.3f | %.4f |\n", (double) lambdas[i], figures.density,
        figures.error);
  }
  put ("\nTarget ρ of the mean activity, `dense 100 sigmoid | dense 400 "
      "sigmoid` on digits, factor 30:\n\n"
      "| ρ | mean activity | error |\n|---|---|---|\n");
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++) {
    TheoryTask task = theory_task ("dense 100 sigmoid | dense 400 sigmoid",
        &train, 128, 2000, 0.005f);
    g_auto (TheoryModel) model = { 0 };
    CodeFigures figures;

    task.config.regulariser = (AeRegulariser) {
    .sparsity = 30.0f,.sparsity_target = targets[i],.sparsity_memory = 0.9f};
    model = theory_train (&task, NULL);
    figures = theory_code_figures (&model, &test);
    put ("| %g | %.4f | %.4f |\n", (double) targets[i], figures.activity,
        figures.error);
  }
}

static void
denoising (void)
{
  const struct
  {
    AeCorruptionKind kind;
    float level;
  } cases[] = {
    {AE_CORRUPTION_GAUSSIAN, 25.0f}, {AE_CORRUPTION_SALT_PEPPER, 0.1f},
    {AE_CORRUPTION_MASKING, 0.2f}, {AE_CORRUPTION_DROPOUT, 0.2f},
    {AE_CORRUPTION_POISSON_GAUSSIAN, 25.0f},
  };

  put ("\n## Denoising\n\n`dense 200 relu | dense 144` on patches of 12x12; "
      "mean squared error on corrupted patches of other photographs.\n\n"
      "| corruption | level | corrupted | trained without | trained with |\n"
      "|---|---|---|---|---|\n");
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    DenoiseFigures figures = theory_denoise (cases[i].kind, cases[i].level,
        4000);

    put ("| %s | %g | %.5f | %.5f | %.5f |\n",
        ae_corruption_name (cases[i].kind), (double) cases[i].level,
        figures.corrupted, figures.without, figures.with);
  }
}

static void
contractive (void)
{
  static const gchar *const texts[] = {
    "dense 64 sigmoid | tied sigmoid",
    "dense 100 tanh, dense 40 sigmoid | dense 100 tanh, dense 400 sigmoid",
  };
  const float factors[] = { 0.0f, 0.3f, 1.0f, 3.0f, 10.0f };

  put ("\n## Contractive\n\nMean |dh/dx|²_F on held-out digits; one layer by "
      "the closed form, two by one random vector a sample while training.\n\n"
      "| factor | one layer | error | two layers | error |\n"
      "|---|---|---|---|---|\n");
  for (guint i = 0; i < G_N_ELEMENTS (factors); i++) {
    put ("| %g |", (double) factors[i]);
    for (guint j = 0; j < 2; j++) {
      TheoryTask task = theory_task (texts[j], &train, 64, 2000, 0.003f);
      g_auto (TheoryModel) model = { 0 };
      CodeFigures figures;

      task.config.regulariser.contractive = factors[i];
      task.config.regulariser.contractive_probes = j;
      model = theory_train (&task, NULL);
      figures = theory_code_figures (&model, &test);
      put (" %.2f | %.4f |", figures.jacobian, figures.error);
    }
    put ("\n");
  }
}

static void
plot_latent (const TheoryData * x, const TheoryData * y)
{
  g_auto (TheoryModel) model =
      theory_vae_train ("dense 256 relu, dense 128 relu, gaussian 2 | "
      "dense 128 relu, dense 256 relu, dense 400 sigmoid", x, 1.0f, 6000);
  g_autofree float *code = theory_encode (&model, y);
  const TheoryAxes axes = { "Codes of held-out digits", "first number",
    "second number", FALSE
  };
  g_autofree gchar *path = figure ("latent",
      "Codes of held-out digits in a variational code of two numbers");

  theory_plot_scatter (path, &axes, code, test_digits.labels, y->n);
}

/* Twelve digits in a row on the way from one to the next, several rows. */
static void
plot_interpolation (const TheoryModel * model, const TheoryData * x)
{
  enum
  { ROWS = 5, COLUMNS = 12 };
  g_autofree float *ways = g_new (float, ROWS * COLUMNS * DIGIT_SIZE);

  for (guint i = 0; i < ROWS; i++) {
    g_autofree float *way = theory_vae_interpolate (model, x, 2 * i,
        2 * i + 1, COLUMNS);

    memcpy (ways + i * COLUMNS * DIGIT_SIZE, way,
        COLUMNS * DIGIT_SIZE * sizeof (float));
  }
  plot_tiles ("interpolation", "From one digit to another through the codes",
      ways, ROWS * COLUMNS, DIGIT_SIDE, COLUMNS, 0.0f, 1.0f);
}

static void
variational (void)
{
  const struct
  {
    const gchar *name, *text;
    float beta;
  } cases[] = {
    {"code of 20", theory_vae_text, 1.0f},
    {"code of 20, β = 4", theory_vae_text, 4.0f},
    {"code of 20, conditional", theory_cvae_text, 1.0f},
  };
  TheoryData x = theory_binary_digits (&train_digits, TRUE);
  TheoryData y = theory_binary_digits (&test_digits, TRUE);
  TheoryData x_plain = x, y_plain = y;

  x_plain.labels = y_plain.labels = NULL;
  put ("\n## Variational autoencoders\n\n"
      "Digits with each pixel 0 or 1, Bernoulli decoder; 4,000 to train on, "
      "nats a digit on 200 held out. The estimate of log p(x) takes 5,000 "
      "codes a digit; given the class where the model is.\n\n"
      "| model | bound | its KL | log p(x) |\n|---|---|---|---|\n");
  put ("| independent pixels | | | %.1f |\n",
      theory_independent_pixels (&x_plain, &y_plain));
  put ("| independent pixels, given the class | | | %.1f |\n",
      theory_independent_pixels (&x, &y));
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    gboolean conditional = cases[i].text == theory_cvae_text;
    g_auto (TheoryModel) model = theory_vae_train (cases[i].text,
        conditional ? &x : &x_plain, cases[i].beta, 6000);
    VaeFigures figures = theory_vae_figures (&model,
        conditional ? &y : &y_plain, 200, 5000);
    g_autofree float *drawn = theory_vae_draw (&model, 60, 1);

    put ("| %s | %.1f | %.1f | %.1f |\n", cases[i].name, figures.elbo,
        figures.kl, figures.log_likelihood);
    if (i + 1 < G_N_ELEMENTS (cases))
      continue;
    put ("\nThe models are `%s` and `%s`.\n\n", theory_vae_text,
        theory_cvae_text);
    put ("For comparison: on binarised MNIST (784 pixels, 60,000 digits to "
        "train on) models of this kind reach -83 to -89 nats (Burda, Grosse "
        "and Salakhutdinov 2016, tables 1 and 2), 0.11 nats a pixel, and a "
        "mixture of ten sets of independent pixels -169 (Larochelle and "
        "Murray 2011, table 2). Here a pixel costs %.2f nats, from a "
        "fifteenth of the digits, whose strokes fill more of the picture.\n",
        -figures.log_likelihood / DIGIT_SIZE);
    plot_tiles ("samples", "Drawn from the conditional model, one class a "
        "column", drawn, 60, DIGIT_SIDE, 10, 0.0f, 1.0f);
  }
  {
    g_auto (TheoryModel) model = theory_vae_train (theory_vae_text, &x_plain,
        1.0f, 6000);

    plot_interpolation (&model, &x_plain);
  }
  plot_latent (&x_plain, &y_plain);
}

/* Y', Cb, Cr planes to R, G, B (BT.601). */
static void
to_rgb (const float *y, const float *cb, const float *cr, guint n, float *rgb)
{
  for (guint i = 0; i < n; i++) {
    float r = y[i] + 1.402f * (cr[i] - 0.5f);
    float b = y[i] + 1.772f * (cb[i] - 0.5f);

    rgb[i] = CLAMP (r, 0.0f, 1.0f);
    rgb[n + i] = CLAMP ((y[i] - 0.299f * r - 0.114f * b) / 0.587f, 0.0f, 1.0f);
    rgb[2 * n + i] = CLAMP (b, 0.0f, 1.0f);
  }
}

/* Luma, learned colours, true colours: three rows. */
static void
plot_colours (const TheoryModel * model)
{
  enum
  { N = 14, SIDE = 32, SIZE = SIDE * SIDE };
  g_autofree float *x = theory_colour_patches_load (SIDE, N,
      THEORY_OTHER_PLACES, 3);
  TheoryData data = { x, N, {3, SIDE, SIDE}, NULL };
  g_autofree float *chroma = theory_run (model, &data);
  g_autofree float *rgb = g_new (float, 3 * N * 3 * SIZE);
  const TheoryTiles tiles = { SIDE, SIDE, 3, N, 2, 1, 0.0f, 1.0f };
  g_autofree gchar *path = figure ("colours",
      "Luma, learned and true colours of places not trained on");
  float grey[SIZE];

  for (guint p = 0; p < SIZE; p++)
    grey[p] = 0.5f;
  for (guint i = 0; i < N; i++) {
    const float *y = x + i * 3 * SIZE, *c = chroma + i * 2 * SIZE;

    to_rgb (y, grey, grey, SIZE, rgb + i * 3 * SIZE);
    to_rgb (y, c, c + SIZE, SIZE, rgb + (N + i) * 3 * SIZE);
    to_rgb (y, y + SIZE, y + 2 * SIZE, SIZE, rgb + (2 * N + i) * 3 * SIZE);
  }
  theory_plot_grid (path, &tiles, rgb, 3 * N);
}

static void
transfer (void)
{
  const guint n_labels[] = { 100, 400, 2000 };
  g_auto (TheoryModel) model = { 0 };
  ColourFigures places, photos;

  put ("\n## Transfer\n\nRight answers on 1,000 held-out digits. The encoder "
      "is that of a denoising autoencoder of 4,000 digits without labels; one "
      "linear layer stands behind it.\n\n"
      "| labels | encoder frozen | fine-tuned | from random weights |\n"
      "|---|---|---|---|\n");
  for (guint i = 0; i < G_N_ELEMENTS (n_labels); i++) {
    ProbeFigures figures = theory_probe (&train_digits, &test_digits,
        n_labels[i], 3000);

    put ("| %u | %.1f %% | %.1f %% | %.1f %% |\n", n_labels[i],
        figures.frozen, figures.fine_tuned, figures.scratch);
  }
  put ("\n## Colorisation\n\nMean squared error of chroma (0..1) that is "
      "learned from luma, patches of 32x32.\n\n"
      "| on | model | mean colour of the training photographs | grey |\n"
      "|---|---|---|---|\n");
  theory_colorize (3000, &model, &places, &photos);
  put ("| other places of the same photographs | %.6f | %.6f | %.6f |\n",
      places.model, places.mean, places.grey);
  put ("| other photographs | %.6f | %.6f | %.6f |\n", photos.model,
      photos.mean, photos.grey);
  put ("\nFour photographs teach the colours of their own scenes, as a camera's " "stream does, not those of others.\n");
  plot_colours (&model);
}

int
main (int argc, char **argv)
{
  g_autofree gchar *path = NULL;
  g_autofree gchar *images = NULL;
  GError *error = NULL;

  if (argc != 2) {
    g_printerr ("usage: theory-results FOLDER\n");
    return EXIT_FAILURE;
  }
  folder = argv[1];
  path = g_build_filename (folder, "theory-results.md", NULL);
  images = g_build_filename (folder, "images", NULL);
  g_mkdir_with_parents (images, 0755);
  page = g_string_new (NULL);
  theory_digits_load (&train_digits, &test_digits);
  train = theory_digit_data (&train_digits, FALSE);
  test = theory_digit_data (&test_digits, FALSE);
  patches = theory_whole_patches (8, 10000, THEORY_TRAIN, 1);
  held_out_patches = theory_whole_patches (8, 2000, THEORY_OTHER_PHOTOS, 2);

  put ("# What the theory says, measured\n\n"
      "Written by `tests/run --long` (`build/tests/theory/theory-results "
      "docs`). The equations are in [training.md](training.md), the data in "
      "[tests/data](../tests/data/README.md): 4,000 digits of 20x20 to train "
      "on and 1,000 held out; patches of four photographs, held out of four "
      "others. One seed, one thread; another processor may differ in the last "
      "digits.\n");
  linear ();
  deep ();
  codes ();
  sparse ();
  denoising ();
  contractive ();
  transfer ();
  variational ();               /* last: it binarises the digits */

  if (!g_file_set_contents (path, page->str, (gssize) page->len, &error)) {
    g_printerr ("%s\n", error->message);
    return EXIT_FAILURE;
  }
  g_string_free (page, TRUE);
  theory_digits_clear (&train_digits);
  theory_digits_clear (&test_digits);
  g_free ((float *) patches.x);
  g_free ((float *) held_out_patches.x);
  return EXIT_SUCCESS;
}
