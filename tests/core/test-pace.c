/* How long a thread that works beside others rests. SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <gst/check/gstcheck.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include "ae-pace.h"

#define MS G_TIME_SPAN_MILLISECOND

/* ms to rest after @turn_ms, of two processors. */
static gint64
rest_ms (gint64 turn_ms, gint64 waited_ms, gint64 process_ms, double share)
{
  const AePace pace = { turn_ms * MS, waited_ms * MS, process_ms * MS };

  return ae_pace_rest_us (&pace, share, 2) / MS;
}

GST_START_TEST (test_a_turn_takes_its_share)
{
  fail_unless_equals_int64 (rest_ms (60, 0, 60, 1.0), 0);
  fail_unless_equals_int64 (rest_ms (60, 0, 60, 0.5), 60);
  /* there was room, now and then */
  fail_unless_equals_int64 (rest_ms (60, 30, 120, 0.25), 180);
  /* others had the processors */
  fail_unless_equals_int64 (rest_ms (600, 540, 400, 0.5), 600);
}

GST_END_TEST;

GST_START_TEST (test_a_turn_that_finds_no_room_is_followed_by_a_long_rest)
{
  gint64 rest = rest_ms (600, 540, 1200, 1.0);

  fail_unless (rest > 5 * 600, "%" G_GINT64_FORMAT, rest);
  fail_unless_equals_int64 (rest_ms (3600000, 3599940, 7200000, 1.0),
      AE_PACE_MAX_YIELD_US / MS);
}

GST_END_TEST;

static void
work (gint64 cpu_ms)
{
  struct timespec t;

  do
    clock_gettime (CLOCK_THREAD_CPUTIME_ID, &t);
  while (t.tv_sec * 1000 + t.tv_nsec / 1000000 < cpu_ms);
}

typedef struct
{
  AePace pace;
  gint done;                    /* atomic */
} Low;

/* Both of one processor, this one with the lowest priority. */
static gpointer
work_beside (gpointer data)
{
  Low *low = data;

  setpriority (PRIO_PROCESS, 0, 19);
  ae_pace_begin (&low->pace);
  work (10);
  ae_pace_end (&low->pace);
  g_atomic_int_set (&low->done, TRUE);
  return NULL;
}

GST_START_TEST (test_waits_for_a_processor_are_seen)
{
  Low low = { {0, 0, 0}, FALSE };
  cpu_set_t all, one;
  GThread *thread;

  if (!g_file_test ("/proc/thread-self/schedstat", G_FILE_TEST_EXISTS))
    return;
  sched_getaffinity (0, sizeof all, &all);
  CPU_ZERO (&one);
  CPU_SET (sched_getcpu (), &one);
  fail_unless (sched_setaffinity (0, sizeof one, &one) == 0);
  thread = g_thread_new ("low", work_beside, &low);
  while (!g_atomic_int_get (&low.done));
  g_thread_join (thread);
  sched_setaffinity (0, sizeof all, &all);
  fail_unless (low.pace.waited_us > low.pace.turn_us / 2);
  fail_unless (low.pace.waited_us < low.pace.turn_us);
  fail_unless (low.pace.process_us > 20 * MS);
}

GST_END_TEST;

static Suite *
pace_suite (void)
{
  Suite *suite = suite_create ("pace");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase, test_a_turn_takes_its_share);
  tcase_add_test (tcase,
      test_a_turn_that_finds_no_room_is_followed_by_a_long_rest);
  tcase_add_test (tcase, test_waits_for_a_processor_are_seen);
  return suite;
}

GST_CHECK_MAIN (pace);
