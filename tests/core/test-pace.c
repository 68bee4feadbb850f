/* How long a thread that works beside others rests. SPDX-License-Identifier: LGPL-2.1-or-later */
#define _GNU_SOURCE
#include <gst/check/gstcheck.h>
#include <sched.h>
#include <sys/resource.h>
#include <time.h>

#include "ae-pace.h"

#define MS G_TIME_SPAN_MILLISECOND

GST_START_TEST (test_a_turn_takes_its_share)
{
  fail_unless_equals_int64 (ae_pace_rest_after (60 * MS, 0, 1.0), 0);
  fail_unless_equals_int64 (ae_pace_rest_after (60 * MS, 0, 0.5), 60 * MS);
  /* there was room, now and then */
  fail_unless_equals_int64 (ae_pace_rest_after (60 * MS, 30 * MS, 0.25),
      180 * MS);
}

GST_END_TEST;

GST_START_TEST (test_a_turn_that_finds_no_room_is_followed_by_a_long_rest)
{
  gint64 rest = ae_pace_rest_after (600 * MS, 540 * MS, 1.0);

  fail_unless (rest > 5 * 600 * MS, "%" G_GINT64_FORMAT, rest);
  fail_unless_equals_int64 (ae_pace_rest_after (3600000 * MS, 3599940 * MS,
          1.0), AE_PACE_MAX_YIELD_US);
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

/* Both of one processor, this one with the lowest priority. */
static gpointer
work_beside (gpointer done)
{
  AePace pace;
  gint64 rest;

  setpriority (PRIO_PROCESS, 0, 19);
  ae_pace_begin (&pace);
  work (10);
  rest = ae_pace_rest_us (&pace, 1.0);
  g_atomic_int_set ((gint *) done, TRUE);
  return GINT_TO_POINTER ((gint) (rest / MS));
}

GST_START_TEST (test_waits_for_a_processor_are_seen)
{
  gint done = FALSE;
  cpu_set_t all, one;
  GThread *thread;
  gint rest_ms;

  if (!g_file_test ("/proc/thread-self/schedstat", G_FILE_TEST_EXISTS))
    return;
  sched_getaffinity (0, sizeof all, &all);
  CPU_ZERO (&one);
  CPU_SET (sched_getcpu (), &one);
  fail_unless (sched_setaffinity (0, sizeof one, &one) == 0);
  thread = g_thread_new ("low", work_beside, &done);
  while (!g_atomic_int_get (&done));
  rest_ms = GPOINTER_TO_INT (g_thread_join (thread));
  sched_setaffinity (0, sizeof all, &all);
  fail_unless (rest_ms > 100, "%d ms", rest_ms);
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
