/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "picture-set.h"
#include "ae-error.h"
#include "picture-file.h"

#include <math.h>

struct _AePictureSet
{
  GArray *luma, *chroma;        /* of AePicture */
};

static void
picture_clear (gpointer data)
{
  g_free (((AePicture *) data)->data);
}

static void
append (GArray * pictures, AePicture picture, guint min_size)
{
  double sum = 0.0;

  if (picture.width < min_size || picture.height < min_size) {
    g_free (picture.data);
    return;
  }
  for (gsize i = 0; i < (gsize) picture.width * picture.height; i++)
    sum += (double) picture.data[i];
  picture.mean = (float) (sum / ((double) picture.width * picture.height));
  g_array_append_val (pictures, picture);
}

static AePicture
new_picture (guint width, guint height)
{
  AePicture picture = { width, height,
    g_new (float, MAX ((gsize) width * height, 1)), 0.0f
  };

  return picture;
}

static AePicture
from_component (GstVideoFrame * frame, guint component)
{
  AePicture picture =
      new_picture ((guint) GST_VIDEO_FRAME_COMP_WIDTH (frame, component),
      (guint) GST_VIDEO_FRAME_COMP_HEIGHT (frame, component));
  const guint8 *data = GST_VIDEO_FRAME_COMP_DATA (frame, component);
  gint stride = GST_VIDEO_FRAME_COMP_STRIDE (frame, component);

  for (guint y = 0; y < picture.height; y++) {
    for (guint x = 0; x < picture.width; x++)
      picture.data[(gsize) y * picture.width + x] =
          (float) data[(gssize) y * stride + x] / 255.0f;
  }
  return picture;
}

/* Means of 2x2 pixels. */
static AePicture
halve (const AePicture * from)
{
  AePicture half = new_picture (from->width / 2, from->height / 2);

  for (guint y = 0; y < half.height; y++) {
    const float *a = from->data + (gsize) 2 * y * from->width;
    const float *b = a + from->width;

    for (guint x = 0; x < half.width; x++)
      half.data[(gsize) y * half.width + x] = 0.25f
          * (a[2 * x] + a[2 * x + 1] + b[2 * x] + b[2 * x + 1]);
  }
  return half;
}

/* What add_picture() needs. */
typedef struct
{
  AePictureSet *set;
  guint min_size;
} Adding;

static void
add_picture (gpointer data, GstVideoFrame * frame)
{
  const Adding *adding = data;

  for (guint i = 0; i < 3; i++) {
    AePicture full = from_component (frame, i);
    AePicture half = halve (&full);

    if (i == 0) {
      append (adding->set->luma, halve (&half), adding->min_size);
      append (adding->set->luma, half, adding->min_size);
      append (adding->set->luma, full, adding->min_size);
    } else {
      append (adding->set->chroma, half, adding->min_size);
      picture_clear (&full);
    }
  }
}

AePictureSet *
ae_picture_set_new (const gchar * const *paths, guint min_size, GError ** error)
{
  g_autoptr (AePictureSet) set = g_new0 (AePictureSet, 1);
  Adding adding = { set, min_size };

  set->luma = g_array_new (FALSE, FALSE, sizeof (AePicture));
  set->chroma = g_array_new (FALSE, FALSE, sizeof (AePicture));
  g_array_set_clear_func (set->luma, picture_clear);
  g_array_set_clear_func (set->chroma, picture_clear);
  if (!ae_picture_files_read (paths, "Y444", add_picture, &adding, error))
    return NULL;
  if (set->luma->len == 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FOUND,
        "no picture of at least %ux%u pixels in %s%s", min_size, min_size,
        paths[0], paths[1] ? " and the others" : "");
    return NULL;
  }
  return g_steal_pointer (&set);
}

void
ae_picture_set_free (AePictureSet * set)
{
  if (set == NULL)
    return;
  g_array_unref (set->luma);
  g_array_unref (set->chroma);
  g_free (set);
}

const AePicture *
ae_picture_set_luma (const AePictureSet * set, guint i)
{
  return &g_array_index (set->luma, AePicture, i % set->luma->len);
}

/* Patches of a picture at half its size are as many as a quarter, and livelier. */
static double
share (const AePicture * picture)
{
  return cbrt ((double) picture->width * picture->height);
}

const AePicture *
ae_picture_set_choose (const AePictureSet * set, AeRng * rng)
{
  GArray *pictures = set->chroma->len > 0
      && ae_rng_uniform (rng) > 0.85f ? set->chroma : set->luma;
  double total = 0.0, at;

  for (guint i = 0; i < pictures->len; i++)
    total += share (&g_array_index (pictures, AePicture, i));
  at = (double) ae_rng_uniform (rng) * total;
  for (guint i = 0; i < pictures->len; i++) {
    const AePicture *p = &g_array_index (pictures, AePicture, i);

    at -= share (p);
    if (at < 0.0)
      return p;
  }
  return &g_array_index (pictures, AePicture, 0);
}

void
ae_picture_crop (const AePicture * picture, AeRng * rng, guint size,
    float *patch)
{
  guint x0 = ae_rng_below (rng, picture->width - size + 1);
  guint y0 = ae_rng_below (rng, picture->height - size + 1);
  guint turn = ae_rng_below (rng, 8);

  for (guint y = 0; y < size; y++) {
    for (guint x = 0; x < size; x++) {
      guint px = turn & 1 ? size - 1 - x : x;
      guint py = turn & 2 ? size - 1 - y : y;
      guint row = turn & 4 ? px : py, column = turn & 4 ? py : px;

      patch[y * size + x] =
          picture->data[(gsize) (y0 + row) * picture->width + x0 + column];
    }
  }
}
