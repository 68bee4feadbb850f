/* How noisy is this picture? SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * ae_noise_level_estimate:
 * @plane: @height rows of @width samples of 0..1, @stride floats apart
 *
 * Estimates the standard deviation of additive noise from one picture.
 *
 * Returns: sigma on the 8-bit scale, 0..255; 0 for pictures too small to tell.
 */
float ae_noise_level_estimate (const float *plane, guint width, guint height,
    gsize stride);

G_END_DECLS
