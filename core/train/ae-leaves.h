/* Pictures of nothing in particular. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "ae-rng.h"

G_BEGIN_DECLS

/**
 * ae_leaves_draw:
 * @plane: [height][width], becomes values of 0..1
 *
 * Leaves that fell on each other, of all sizes, with plain, shaded and striped
 * ones: edges, corners, areas and fine structure are as frequent as in photographs
 * (dead leaves; Lee, Mumford and Huang, 2001).
 */
void ae_leaves_draw (guint height, guint width, AeRng * rng, float *plane);

G_END_DECLS
