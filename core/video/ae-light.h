/* How bright a scene is, compared with what is usual. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * AeLight: follows the brightness of each cell of a picture over some hundred
 * frames. A camera that sets its exposure, or a cloud, changes most of them by
 * the same factor; what enters changes a few.
 */
typedef struct _AeLight AeLight;

AeLight *ae_light_new (guint width, guint height) G_GNUC_WARN_UNUSED_RESULT;

void ae_light_free (AeLight * light);   /* NULL is a no-op */

/* As if no picture had been seen. */
void ae_light_forget (AeLight * light);

/**
 * ae_light_follow:
 * @x: the next picture, 0 to 1, rows @stride floats apart
 *
 * Returns: by which factor it is brighter than usual: the median over the cells;
 *   1 for the first one.
 */
float ae_light_follow (AeLight * light, const float *x, gsize stride);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeLight, ae_light_free)

G_END_DECLS
