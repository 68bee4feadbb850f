/* How long a thread that works beside others rests. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The longest that it rests because this process needs the processors. */
#define AE_PACE_MAX_YIELD_US (10 * G_TIME_SPAN_SECOND)

/**
 * AePace: a turn of work of the calling thread, in us.
 * @turn_us: by the clock
 * @waited_us: how long of that the thread waited for a processor; 0 where the
 *   system does not tell
 * @process_us: time of processors that this process had meanwhile, all threads
 *   together
 */
typedef struct
{
  gint64 turn_us, waited_us, process_us;
} AePace;

void ae_pace_begin (AePace * pace);

/* Sets what @pace has. */
void ae_pace_end (AePace * pace);

/**
 * ae_pace_rest_us:
 * @share: 0..1, of one processor's time
 * @n_processors: of this machine
 *
 * Returns: how long to rest after a turn: what is left of one that may take @share
 *   of a processor. And more where other threads of the process have a use for
 *   all processors, as it waited long while the process had most of their time:
 *   then even the gaps that these leave, in which the lowest priority is let in,
 *   cost them time.
 */
gint64 ae_pace_rest_us (const AePace * pace, double share, guint n_processors);

G_END_DECLS
