/* Pictures as the codec sees them. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-rng.h"

G_BEGIN_DECLS

/* Planes of the codec's input, of half the picture's size: Y of even rows and
 * even columns, even and odd, odd and even, odd and odd; U; V. */
#define AE_I420_PLANES 6

/* Y of @width x @height, U and V of half of that, in the 8-bit full range of
 * JPEG (BT.601); sides are even. */
typedef struct
{
  guint width, height;
  guint8 *planes[3];
} AeI420;

typedef struct _AeLatentPictures AeLatentPictures;

/**
 * ae_latent_pictures_new:
 * @paths: as ae_picture_files_read()
 * @min_size: smaller pictures are left out
 * @n_halvings: how often each picture is taken again at half the size
 *
 * Errors: those of ae_picture_files_read(); AE_ERROR_NOT_FOUND when there is none.
 */
AeLatentPictures *ae_latent_pictures_new (const gchar * const *paths,
    guint min_size, guint n_halvings, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

void ae_latent_pictures_free (AeLatentPictures * pictures); /* NULL is a no-op */

guint ae_latent_pictures_n (const AeLatentPictures * pictures);

/* Returns: the smallest height or width. */
guint ae_latent_pictures_min_side (const AeLatentPictures * pictures);

/* Returns: (transfer none): picture @i. */
const AeI420 *ae_latent_pictures_nth (const AeLatentPictures * pictures,
    guint i);

/**
 * ae_latent_pictures_crop:
 * @patch: (out): [AE_I420_PLANES][@size / 2][@size / 2], samples of 0..1
 *
 * Copies a square, of a picture chosen by its side, turned and mirrored, some in the
 * limited range of video; half of the squares are the liveliest of a few.
 */
void ae_latent_pictures_crop (const AeLatentPictures * pictures, AeRng * rng,
    guint size, float *patch);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeLatentPictures, ae_latent_pictures_free)

G_END_DECLS
