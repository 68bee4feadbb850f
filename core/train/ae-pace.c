/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-pace.h"

#include <stdio.h>

/* A turn that waits for more than so many times what it works for finds no room;
 * for each second over that it rests so many. */
#define WAITS_FOR_ROOM 2
#define YIELDS 8

/* In us, ever: the second number is of ns on a queue to run. */
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

void
ae_pace_begin (AePace * pace)
{
  pace->begin_us = g_get_monotonic_time ();
  pace->waited_us = waited_us ();
}

gint64
ae_pace_rest_us (const AePace * pace, double share)
{
  return ae_pace_rest_after (g_get_monotonic_time () - pace->begin_us,
      waited_us () - pace->waited_us, share);
}

gint64
ae_pace_rest_after (gint64 turn_us, gint64 waited_us, double share)
{
  gint64 worked_us = MAX (turn_us - waited_us, 0);
  gint64 too_long_us = MAX (waited_us - WAITS_FOR_ROOM * worked_us, 0);

  return (gint64) ((double) turn_us * (1.0 / share - 1.0))
      + MIN (YIELDS * too_long_us, AE_PACE_MAX_YIELD_US);
}
