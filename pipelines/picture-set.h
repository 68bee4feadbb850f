/* Pictures in memory to cut patches from. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-rng.h"

G_BEGIN_DECLS

/* One plane of samples 0..1, [height][width]. */
typedef struct
{
  guint width, height;
  float *data;
  float mean;
} AePicture;

/**
 * AePictureSet: the luma plane of each picture at its own size, half and a
 * quarter of it, and its chroma planes at half its size.
 */
typedef struct _AePictureSet AePictureSet;

/**
 * ae_picture_set_new:
 * @paths: (array zero-terminated=1): pictures, and folders of pictures; any
 *   format that GStreamer decodes
 * @min_size: planes of smaller height or width are left out
 *
 * Errors: AE_ERROR_NOT_FOUND when there is none; AE_ERROR_IO from GStreamer.
 */
AePictureSet *ae_picture_set_new (const gchar * const *paths, guint min_size,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;

void ae_picture_set_free (AePictureSet * set);  /* NULL is a no-op */

/* Returns: (transfer none): luma plane @i, modulo their number. */
const AePicture *ae_picture_set_luma (const AePictureSet * set, guint i);

/* Returns: (transfer none): a plane, chosen with the cube root of its area, luma
 * in 85 of 100 cases. */
const AePicture *ae_picture_set_choose (const AePictureSet * set, AeRng * rng);

/* Copies a random square of @picture to @patch[@size][@size], turned and
 * mirrored at random. */
void ae_picture_crop (const AePicture * picture, AeRng * rng, guint size,
    float *patch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AePictureSet, ae_picture_set_free)

G_END_DECLS
