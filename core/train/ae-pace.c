/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-pace.h"

#include <stdio.h>
#include <time.h>

/* A turn that waits for more than so many times what it works for finds no room;
 * for each second over that it rests so many. */
#define WAITS_FOR_ROOM 2
#define YIELDS 8

/* Share of all processors from which on it is this process that leaves none: what
 * others take, the system shares out. */
#define TAKES_ALL 0.75

/* Of this thread, ever: the second number is of ns on a queue to run. */
static gint64
waited_us (void)
{
  gint64 result = 0;
#ifdef __linux__
  FILE *file = fopen ("/proc/thread-self/schedstat", "re");
  unsigned long long ns;

  if (file == NULL)
    return 0;
  if (fscanf (file, "%*u %llu", &ns) == 1)
    result = (gint64) (ns / 1000);
  fclose (file);
#endif
  return result;
}

static gint64
process_us (void)
{
  struct timespec t;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &t);
  return (gint64) t.tv_sec * G_USEC_PER_SEC + t.tv_nsec / 1000;
}

void
ae_pace_begin (AePace * pace)
{
  pace->turn_us = -g_get_monotonic_time ();
  pace->waited_us = -waited_us ();
  pace->process_us = -process_us ();
}

void
ae_pace_end (AePace * pace)
{
  pace->turn_us += g_get_monotonic_time ();
  pace->waited_us += waited_us ();
  pace->process_us += process_us ();
}

gint64
ae_pace_rest_us (const AePace * pace, double share, guint n_processors)
{
  gint64 worked_us = MAX (pace->turn_us - pace->waited_us, 0);
  gint64 too_long_us = pace->waited_us - WAITS_FOR_ROOM * worked_us;
  gint64 rest_us = (gint64) ((double) pace->turn_us * (1.0 / share - 1.0));

  if (too_long_us <= 0 || (double) pace->process_us
      < TAKES_ALL * (double) pace->turn_us * n_processors)
    return rest_us;
  return rest_us + MIN (YIELDS * too_long_us, AE_PACE_MAX_YIELD_US);
}
