/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "latent-pictures.h"
#include "ae-error.h"
#include "picture-file.h"

#include <math.h>
#include <stdlib.h>

#define SHARE_LIVELY 0.5f       /* of patches, chosen as the liveliest of */
#define N_CANDIDATES 3
#define SHARE_LIMITED 0.3f      /* of patches, with samples of 16 to 235 */

struct _AeLatentPictures
{
  GArray *pictures;             /* of AeI420 */
  guint min_size, n_halvings;
};

/* A square of a picture. */
typedef struct
{
  const AeI420 *picture;
  guint x, y, size;
} Square;

static void
i420_clear (gpointer data)
{
  AeI420 *picture = data;

  for (guint i = 0; i < 3; i++)
    g_free (picture->planes[i]);
}

static AeI420
i420_new (guint width, guint height)
{
  AeI420 picture = { width / 2 * 2, height / 2 * 2, {NULL} };
  gsize n = (gsize) picture.width * picture.height;

  for (guint i = 0; i < 3; i++)
    picture.planes[i] = g_malloc (i == 0 ? n : n / 4);
  return picture;
}

/* Means of 2x2 samples of @width x @height. */
static void
halve (const guint8 * from, guint width, guint height, guint8 * to)
{
  for (guint y = 0; y + 1 < height; y += 2) {
    const guint8 *a = from + (gsize) y * width, *b = a + width;

    for (guint x = 0; x + 1 < width; x += 2)
      *to++ = (guint8) ((a[x] + a[x + 1] + b[x] + b[x + 1] + 2) / 4);
  }
}

/* Sides of the half that are odd lose a row or a column first. */
static AeI420
i420_halve (const AeI420 * from)
{
  AeI420 even = *from, half;

  half = i420_new (from->width / 2, from->height / 2);
  for (guint i = 0; i < 3; i++) {
    guint width = i == 0 ? from->width : from->width / 2;
    guint w = i == 0 ? half.width : half.width / 2;
    guint h = i == 0 ? half.height : half.height / 2;

    for (guint y = 0; y < h; y++)
      halve (even.planes[i] + (gsize) 2 * y * width, width, 2,
          half.planes[i] + (gsize) y * w);
  }
  return half;
}

static guint8
to_byte (float value)
{
  return (guint8) CLAMP (value + 0.5f, 0.0f, 255.0f);
}

/* The colours of JFIF; each chroma sample is of the mean of 2x2 pixels. */
static AeI420
from_rgb (GstVideoFrame * frame)
{
  AeI420 picture = i420_new ((guint) GST_VIDEO_FRAME_WIDTH (frame),
      (guint) GST_VIDEO_FRAME_HEIGHT (frame));
  const guint8 *data = GST_VIDEO_FRAME_PLANE_DATA (frame, 0);
  gssize stride = GST_VIDEO_FRAME_PLANE_STRIDE (frame, 0);
  guint half = picture.width / 2;

  for (guint y = 0; y < picture.height; y += 2) {
    for (guint x = 0; x < picture.width; x += 2) {
      float sum[3] = { 0 };

      for (guint i = 0; i < 4; i++) {
        const guint8 *p = data + (gssize) (y + i / 2) * stride
            + 3 * (x + i % 2);
        float r = p[0], g = p[1], b = p[2];

        picture.planes[0][(gsize) (y + i / 2) * picture.width + x + i % 2] =
            to_byte (0.299f * r + 0.587f * g + 0.114f * b);
        sum[0] += 0.25f * r;
        sum[1] += 0.25f * g;
        sum[2] += 0.25f * b;
      }
      picture.planes[1][(gsize) y / 2 * half + x / 2] =
          to_byte (128 - 0.168736f * sum[0] - 0.331264f * sum[1]
          + 0.5f * sum[2]);
      picture.planes[2][(gsize) y / 2 * half + x / 2] =
          to_byte (128 + 0.5f * sum[0] - 0.418688f * sum[1]
          - 0.081312f * sum[2]);
    }
  }
  return picture;
}

/* Returns: whether it is large enough; freed if it is not. */
static gboolean
append (AeLatentPictures * pictures, AeI420 * picture)
{
  if (picture->width < pictures->min_size
      || picture->height < pictures->min_size) {
    i420_clear (picture);
    return FALSE;
  }
  g_array_append_val (pictures->pictures, *picture);
  return TRUE;
}

static void
add_picture (gpointer data, GstVideoFrame * frame)
{
  AeLatentPictures *pictures = data;
  AeI420 picture = from_rgb (frame);

  for (guint i = 0; append (pictures, &picture)
      && i < pictures->n_halvings; i++)
    picture = i420_halve (&picture);
}

AeLatentPictures *
ae_latent_pictures_new (const gchar * const *paths, guint min_size,
    guint n_halvings, GError ** error)
{
  g_autoptr (AeLatentPictures) pictures = g_new0 (AeLatentPictures, 1);

  pictures->pictures = g_array_new (FALSE, FALSE, sizeof (AeI420));
  g_array_set_clear_func (pictures->pictures, i420_clear);
  pictures->min_size = min_size;
  pictures->n_halvings = n_halvings;
  if (!ae_picture_files_read (paths, "RGB", add_picture, pictures, error))
    return NULL;
  if (pictures->pictures->len == 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FOUND,
        "no picture of at least %ux%u pixels in %s%s", min_size, min_size,
        paths[0], paths[1] ? " and the others" : "");
    return NULL;
  }
  return g_steal_pointer (&pictures);
}

void
ae_latent_pictures_free (AeLatentPictures * pictures)
{
  if (pictures == NULL)
    return;
  g_array_unref (pictures->pictures);
  g_free (pictures);
}

guint
ae_latent_pictures_n (const AeLatentPictures * pictures)
{
  return pictures->pictures->len;
}

guint
ae_latent_pictures_min_side (const AeLatentPictures * pictures)
{
  guint side = G_MAXUINT;

  for (guint i = 0; i < pictures->pictures->len; i++) {
    const AeI420 *picture = ae_latent_pictures_nth (pictures, i);

    side = MIN (side, MIN (picture->width, picture->height));
  }
  return side;
}

const AeI420 *
ae_latent_pictures_nth (const AeLatentPictures * pictures, guint i)
{
  return &g_array_index (pictures->pictures, AeI420, i);
}

/* Halves count half, not a quarter, of what they are made of, which is less
 * sharp. */
static double
mean_side (const AeI420 * picture)
{
  return sqrt ((double) picture->width * picture->height);
}

static const AeI420 *
choose (const AeLatentPictures * pictures, AeRng * rng)
{
  guint n = ae_latent_pictures_n (pictures);
  double total = 0.0, at;

  for (guint i = 0; i < n; i++) {
    const AeI420 *picture = ae_latent_pictures_nth (pictures, i);

    total += mean_side (picture);
  }
  at = (double) ae_rng_uniform (rng) * total;
  for (guint i = 0; i < n; i++) {
    const AeI420 *picture = ae_latent_pictures_nth (pictures, i);

    at -= mean_side (picture);
    if (at < 0.0)
      return picture;
  }
  return ae_latent_pictures_nth (pictures, 0);
}

static Square
choose_square (const AeLatentPictures * pictures, AeRng * rng, guint size)
{
  Square square = { choose (pictures, rng), 0, 0, size };

  square.x = 2 * ae_rng_below (rng, (square.picture->width - size) / 2 + 1);
  square.y = 2 * ae_rng_below (rng, (square.picture->height - size) / 2 + 1);
  return square;
}

/* The sum of differences between neighbours of every fourth row. */
static guint
liveliness (const Square * square)
{
  guint sum = 0;

  for (guint y = 0; y < square->size; y += 4) {
    const guint8 *row = square->picture->planes[0]
        + (gsize) (square->y + y) * square->picture->width + square->x;

    for (guint x = 0; x + 1 < square->size; x++)
      sum += (guint) abs (row[x + 1] - row[x]);
  }
  return sum;
}

void
ae_latent_pictures_crop (const AeLatentPictures * pictures, AeRng * rng,
    guint size, float *patch)
{
  Square square = choose_square (pictures, rng, size);
  gboolean lively = ae_rng_uniform (rng) < SHARE_LIVELY;
  gboolean limited = ae_rng_uniform (rng) < SHARE_LIMITED;
  guint turn = ae_rng_below (rng, 8);
  guint half = size / 2, width;

  for (guint i = 1; lively && i < N_CANDIDATES; i++) {
    Square other = choose_square (pictures, rng, size);

    if (liveliness (&other) > liveliness (&square))
      square = other;
  }
  width = square.picture->width;
  for (guint c = 0; c < AE_I420_PLANES; c++) {
    guint step = c < 4 ? 2 : 1, side = half * step;
    gboolean is_luma = c < 4;
    const guint8 *plane = square.picture->planes[is_luma ? 0 : c - 3]
        + (is_luma ? (gsize) square.y * width + square.x
        : (gsize) square.y / 2 * (width / 2) + square.x / 2);
    gsize stride = is_luma ? width : width / 2;
    float offset = limited ? (is_luma ? 16.0f : 128.0f * 31 / 255) : 0.0f;
    float scale = limited ? (is_luma ? 219.0f : 224.0f) / 255 : 1.0f;

    for (guint y = 0; y < half; y++) {
      for (guint x = 0; x < half; x++) {
        guint fx = step * x + (is_luma ? c % 2 : 0);
        guint fy = step * y + (is_luma ? c / 2 : 0);
        guint px = turn & 1 ? side - 1 - fx : fx;
        guint py = turn & 2 ? side - 1 - fy : fy;
        guint row = turn & 4 ? px : py, column = turn & 4 ? py : px;

        *patch++ = (offset + scale * (float) plane[row * stride + column])
            / 255;
      }
    }
  }
}
