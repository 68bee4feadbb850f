/* How long a thread that works beside others rests. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The longest that it rests because others need the processors. */
#define AE_PACE_MAX_YIELD_US (10 * G_TIME_SPAN_SECOND)

/**
 * AePace: a turn of work of the calling thread.
 * @begin_us: when it began
 * @waited_us: how long the thread had waited for a processor until then, ever
 */
typedef struct
{
  gint64 begin_us, waited_us;
} AePace;

void ae_pace_begin (AePace * pace);

/**
 * ae_pace_rest_us:
 * @share: 0..1, of one processor's time
 *
 * Returns: how long to rest after the turn that ends now, in us: see
 *   ae_pace_rest_after(), with what the system tells of waits. Where it tells
 *   nothing, there were none.
 */
gint64 ae_pace_rest_us (const AePace * pace, double share);

/**
 * ae_pace_rest_after:
 * @turn_us: the time of a turn by the clock, @waited_us of which it waited for a
 *   processor
 *
 * What is left of a turn that may take @share of a processor; and more where the
 * turn has waited so much that others have a use for all processors: then even
 * the gaps that they leave, in which the lowest priority is let in, cost them
 * time. Returns: us.
 */
gint64 ae_pace_rest_after (gint64 turn_us, gint64 waited_us, double share);

G_END_DECLS
