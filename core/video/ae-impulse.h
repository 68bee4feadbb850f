/* Takes salt and pepper out of a picture. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What was replaced in one plane; begin with zeros. Memory is kept from one
 * picture to the next. */
typedef struct
{
  gsize n, n_allocated;
  gsize *at;                    /* offsets into the plane, ascending */
  float *removed;               /* sample before - sample after */
} AeImpulses;

/**
 * ae_impulses_mend:
 * @impulses: (inout): filled with what was replaced
 * @plane: (inout): @height rows of @width samples of 0..1, @stride floats apart
 *
 * Looks for impulse noise, lone samples at both ends of the range far from what
 * is around them, and replaces each by the median of the samples around it that
 * are not at an end themselves: the switching median filter (Sun, Neuvo 1994).
 * A picture without such noise, stars and print too, is left as it is.
 *
 * Returns: the share of the samples that was replaced.
 */
float ae_impulses_mend (AeImpulses * impulses, float *plane, guint width,
    guint height, gsize stride);

/**
 * ae_impulses_return:
 * @share: of the impulses, 0..1
 *
 * Adds @share of what was removed back to @plane.
 */
void ae_impulses_return (const AeImpulses * impulses, float *plane,
    float share);

void ae_impulses_clear (AeImpulses * impulses);

G_END_DECLS
