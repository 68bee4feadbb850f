/* The corruptions that denoising autoencoders learn from. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-rng.h"

G_BEGIN_DECLS

/**
 * AeCorruptionKind: what happens to samples of 0..1, and what `level` means.
 * @AE_CORRUPTION_NONE: nothing
 * @AE_CORRUPTION_GAUSSIAN: adds normal noise; level = sigma on the 8-bit scale
 * @AE_CORRUPTION_SALT_PEPPER: sets samples to 0 or 1, evenly; level = share of
 *   the samples, 0..1
 * @AE_CORRUPTION_MASKING: sets samples to 0; level = share of the samples
 *   (Vincent et al. 2008)
 * @AE_CORRUPTION_DROPOUT: sets samples to 0 and divides the others by
 *   1 - level, so that the mean stays; level = share (Srivastava et al. 2014)
 * @AE_CORRUPTION_POISSON_GAUSSIAN: camera noise; level = sigma on the 8-bit
 *   scale at mid grey. At x the variance is level^2 (1.7 x + 0.1) from photon
 *   shot noise and read-out, and 0.05 level^2 from an offset for each row
 *   (Foi et al. 2008 for the first two).
 */
typedef enum
{
  AE_CORRUPTION_NONE,
  AE_CORRUPTION_GAUSSIAN,
  AE_CORRUPTION_SALT_PEPPER,
  AE_CORRUPTION_MASKING,
  AE_CORRUPTION_DROPOUT,
  AE_CORRUPTION_POISSON_GAUSSIAN,
  AE_N_CORRUPTIONS
} AeCorruptionKind;

/* Returns: (transfer none): `none`, `gaussian`, `salt-pepper`, `masking`,
 * `dropout`, `poisson-gaussian`. */
const gchar *ae_corruption_name (AeCorruptionKind kind);

/**
 * ae_corrupt_plane:
 * @plane: @height rows of @width samples of 0..1, @stride floats apart
 *
 * Corrupts in place. The result is neither clipped nor rounded. The same
 * state of @rng gives the same result.
 */
void ae_corrupt_plane (AeCorruptionKind kind, float level, AeRng * rng,
    float *plane, guint width, guint height, gsize stride);

G_END_DECLS
