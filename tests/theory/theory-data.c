/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "theory-data.h"

#include <cairo.h>
#include <string.h>

#include "ae-rng.h"

/* The pictures that tests/data/make-pictures.py writes: two rows. */
#define N_ROWS 2

typedef struct
{
  cairo_surface_t *surface;
  guint width, height;
  const guint8 *data;
  gsize stride;
} Picture;

static Picture
load_picture (const gchar * name)
{
  const gchar *folder = g_getenv ("AE_TEST_DATA");
  g_autofree gchar *path =
      g_build_filename (folder ? folder : "tests/data", name, NULL);
  cairo_surface_t *png = cairo_image_surface_create_from_png (path);
  Picture picture;
  cairo_t *cr;

  if (cairo_surface_status (png) != CAIRO_STATUS_SUCCESS)
    g_error ("%s: %s", path,
        cairo_status_to_string (cairo_surface_status (png)));
  picture.width = (guint) cairo_image_surface_get_width (png);
  picture.height = (guint) cairo_image_surface_get_height (png);
  /* whatever the file holds, in one format */
  picture.surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24,
      (gint) picture.width, (gint) picture.height);
  cr = cairo_create (picture.surface);
  cairo_set_source_surface (cr, png, 0.0, 0.0);
  cairo_paint (cr);
  cairo_destroy (cr);
  cairo_surface_destroy (png);
  cairo_surface_flush (picture.surface);
  picture.data = cairo_image_surface_get_data (picture.surface);
  picture.stride = (gsize) cairo_image_surface_get_stride (picture.surface);
  return picture;
}

/* R, G and B of a pixel, 0..1. */
static void
get_pixel (const Picture * picture, guint x, guint y, float *rgb)
{
  guint32 pixel;

  memcpy (&pixel, picture->data + y * picture->stride + x * 4, sizeof pixel);
  for (guint i = 0; i < 3; i++)
    rgb[i] = (float) ((pixel >> (16 - 8 * i)) & 255) / 255.0f;
}

/* Fisher and Yates. */
static void
shuffle (guint * items, guint n, guint64 seed)
{
  AeRng rng;

  ae_rng_init (&rng, seed);
  for (guint i = n; i > 1; i--) {
    guint j = ae_rng_below (&rng, i), kept = items[i - 1];

    items[i - 1] = items[j];
    items[j] = kept;
  }
}

/* Digits of columns @begin to @end of each of the 50 rows; a class is 5 rows. */
static void
load_digits (const Picture * picture, guint begin, guint end,
    TheoryDigits * digits)
{
  guint n_rows = picture->height / DIGIT_SIDE, n_columns = end - begin;
  g_autofree guint *order = g_new (guint, n_rows * n_columns);

  digits->n = n_rows * n_columns;
  digits->pixels = g_new (float, (gsize) digits->n * DIGIT_SIZE);
  digits->labels = g_new (guint8, digits->n);
  for (guint i = 0; i < digits->n; i++)
    order[i] = i;
  shuffle (order, digits->n, 1);
  for (guint i = 0; i < digits->n; i++) {
    guint row = order[i] / n_columns, column = begin + order[i] % n_columns;
    float *pixels = digits->pixels + (gsize) i * DIGIT_SIZE, rgb[3];

    digits->labels[i] = (guint8) (row * N_DIGIT_CLASSES / n_rows);
    for (guint p = 0; p < DIGIT_SIZE; p++) {
      get_pixel (picture, column * DIGIT_SIDE + p % DIGIT_SIDE,
          row * DIGIT_SIDE + p / DIGIT_SIDE, rgb);
      pixels[p] = rgb[0];
    }
  }
}

void
theory_digits_load (TheoryDigits * train, TheoryDigits * test)
{
  Picture picture = load_picture ("digits.png");

  load_digits (&picture, 0, 80, train);
  load_digits (&picture, 80, 100, test);
  cairo_surface_destroy (picture.surface);
}

void
theory_digits_clear (TheoryDigits * digits)
{
  g_clear_pointer (&digits->pixels, g_free);
  g_clear_pointer (&digits->labels, g_free);
}

/* BT.601, chroma around 0.5. */
static void
to_ycc (const float *rgb, float *ycc)
{
  ycc[0] = 0.299f * rgb[0] + 0.587f * rgb[1] + 0.114f * rgb[2];
  ycc[1] = 0.5f + (rgb[2] - ycc[0]) / 1.772f;
  ycc[2] = 0.5f + (rgb[0] - ycc[0]) / 1.402f;
}

/* The first @n_channels of Y', Cb, Cr. Photographs are square and stand side
 * by side; no patch crosses from one to the next. */
static float *
load_patches (const gchar * name, guint n_channels, guint size, guint n,
    TheoryPart part, guint64 seed)
{
  Picture picture = load_picture (name);
  guint side = picture.height / N_ROWS, n_photos = picture.width / side;
  guint begin = part == THEORY_OTHER_PLACES ? side * 2 / 3 : 0;
  guint end = part == THEORY_TRAIN ? side * 2 / 3 : side;
  float *patches = g_new (float, (gsize) n * n_channels * size * size);
  AeRng rng;

  ae_rng_init (&rng, seed);
  for (guint i = 0; i < n; i++) {
    guint x0 = ae_rng_below (&rng, n_photos) * side + begin
        + ae_rng_below (&rng, end - begin - size + 1);
    guint y0 = (part == THEORY_OTHER_PHOTOS ? side : 0)
        + ae_rng_below (&rng, side - size + 1);

    for (guint p = 0; p < size * size; p++) {
      float rgb[3], ycc[3];

      get_pixel (&picture, x0 + p % size, y0 + p / size, rgb);
      to_ycc (rgb, ycc);
      for (guint c = 0; c < n_channels; c++)
        patches[((gsize) i * n_channels + c) * size * size + p] = ycc[c];
    }
  }
  cairo_surface_destroy (picture.surface);
  return patches;
}

float *
theory_patches_load (guint size, guint n, TheoryPart part, guint64 seed)
{
  return load_patches ("patches.png", 1, size, n, part, seed);
}

float *
theory_colour_patches_load (guint size, guint n, TheoryPart part, guint64 seed)
{
  return load_patches ("colours.png", 3, size, n, part, seed);
}
