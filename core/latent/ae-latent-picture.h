/* Pictures as a model's planes. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-latent-model.h"
#include "ae-plane.h"

G_BEGIN_DECLS

/**
 * AePicture: Y, and U and V of half the size, rounded up. Without colour when
 * the data of U is NULL.
 */
typedef struct
{
  AePixels components[3];
} AePicture;

/* Returns: how many floats the planes of a picture of that size have. */
gsize ae_picture_n_samples (AeLayout layout, guint width, guint height);

/* Fills @samples, plane by plane, each row as wide as the plane. */
void ae_picture_to_samples (const AePicture * picture, AeLayout layout,
    float *samples);

/* The inverse, of planes of @h rows of @w samples, which may be larger than
 * those of @picture. Overwrites @samples. */
void ae_picture_from_samples (const AePicture * picture, AeLayout layout,
    guint h, guint w, float *samples);

G_END_DECLS
