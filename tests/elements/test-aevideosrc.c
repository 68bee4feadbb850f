/* aevideosrc: digits from a prior, the same for the same seed.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <gst/video/video.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"

enum
{ SIDE = 20, SIZE = SIDE * SIDE };

/* What an aevideosrc with @properties draws. */
typedef struct
{
  guint n, width, height;
  GByteArray *samples;
  GArray *pts;                  /* of guint64 */
} Video;

static Video
draw (const gchar * properties, const gchar * caps, guint n)
{
  g_autofree gchar *text = g_strdup_printf ("aevideosrc num-buffers=%u %s ! %s "
      "! appsink name=sink sync=false", n, properties, caps);
  GstElement *pipeline = gst_parse_launch (text, NULL), *sink;
  Video video = { 0, 0, 0, g_byte_array_new (), g_array_new (FALSE, FALSE,
        sizeof (guint64))
  };
  GstSample *sample;

  fail_unless (pipeline != NULL, "%s", text);
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (;;) {
    GstBuffer *buffer;
    GstVideoFrame frame;
    GstVideoInfo info;
    guint64 pts;

    g_signal_emit_by_name (sink, "pull-sample", &sample);
    if (sample == NULL)
      break;
    buffer = gst_sample_get_buffer (sample);
    fail_unless (gst_video_info_from_caps (&info, gst_sample_get_caps
            (sample)));
    video.width = (guint) GST_VIDEO_INFO_WIDTH (&info);
    video.height = (guint) GST_VIDEO_INFO_HEIGHT (&info);
    pts = GST_BUFFER_PTS (buffer);
    g_array_append_val (video.pts, pts);
    fail_unless (gst_video_frame_map (&frame, &info, buffer, GST_MAP_READ));
    for (guint y = 0; y < video.height; y++)
      g_byte_array_append (video.samples,
          (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0)
          + y * (guint) GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0), video.width);
    gst_video_frame_unmap (&frame);
    gst_sample_unref (sample);
    video.n++;
  }
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
  return video;
}

static void
clear (Video * video)
{
  g_byte_array_unref (video->samples);
  g_array_unref (video->pts);
}

/* Mean of |frame i - frame j|. */
static double
difference (const Video * video, guint i, guint j)
{
  guint size = video->width * video->height;
  double sum = 0.0;

  for (guint p = 0; p < size; p++)
    sum += abs (video->samples->data[i * size + p]
        - video->samples->data[j * size + p]);
  return sum / size;
}

GST_START_TEST (test_a_seed_gives_the_same_video_and_another_one_another)
{
  static const gchar *patterns[] = { "random", "walk", "interpolate", "grid" };

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++) {
    g_autofree gchar *one = g_strdup_printf ("pattern=%s seed=1", patterns[i]);
    g_autofree gchar *two = g_strdup_printf ("pattern=%s seed=2", patterns[i]);
    Video a = draw (one, "video/x-raw,framerate=30/1", 5);
    Video b = draw (one, "video/x-raw,framerate=30/1", 5);
    Video c = draw (two, "video/x-raw,framerate=30/1", 5);
    guint columns = i == 3 ? 10 : 1, rows = i == 3 ? 6 : 1;

    fail_unless_equals_int (a.n, 5);
    fail_unless_equals_int (a.width, SIDE * columns);
    fail_unless_equals_int (a.height, SIDE * rows);
    fail_unless (a.samples->len == b.samples->len
        && memcmp (a.samples->data, b.samples->data, a.samples->len) == 0);
    fail_unless (memcmp (a.samples->data, c.samples->data,
            a.samples->len) != 0);
    for (guint64 k = 0; k < 5; k++)
      fail_unless_equals_uint64 (g_array_index (a.pts, guint64, k),
          gst_util_uint64_scale (k, GST_SECOND, 30));
    clear (&a);
    clear (&b);
    clear (&c);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_walk_is_smooth_and_random_is_not)
{
  Video walk = draw ("pattern=walk class=3", "video/x-raw", 30);
  Video way = draw ("pattern=interpolate class=3 period=10", "video/x-raw", 31);
  Video random = draw ("pattern=random class=3", "video/x-raw", 30);
  double step[3] = { 0.0, 0.0, 0.0 };

  for (guint i = 1; i < 30; i++) {
    step[0] += difference (&walk, i - 1, i);
    step[1] += difference (&way, i - 1, i);
    step[2] += difference (&random, i - 1, i);
  }
  fail_unless (step[0] < 0.3 * step[2], "%g, %g", step[0], step[2]);
  fail_unless (step[1] < 0.6 * step[2], "%g, %g", step[1], step[2]);
  /* and yet both get somewhere */
  fail_unless (difference (&walk, 0, 29) > 0.2 * step[2] / 29.0);
  fail_unless (difference (&way, 0, 10) > 0.2 * step[2] / 29.0);
  clear (&walk);
  clear (&way);
  clear (&random);
}

GST_END_TEST;

GST_START_TEST (test_temperature_0_draws_one_picture)
{
  Video cold = draw ("pattern=random class=3 temperature=0", "video/x-raw", 3);
  Video other = draw ("pattern=random class=4 temperature=0", "video/x-raw", 1);

  fail_unless_equals_float (difference (&cold, 0, 2), 0.0);
  fail_unless (memcmp (cold.samples->data, other.samples->data, SIZE) != 0);
  clear (&cold);
  clear (&other);
}

GST_END_TEST;

/* Most of what is drawn is nearest to what is most usual in its class. */
GST_START_TEST (test_a_class_is_what_is_drawn)
{
  enum
  { N = 20 };
  guint n_right = 0;
  Video usual[10];

  for (guint k = 0; k < 10; k++) {
    g_autofree gchar *text = g_strdup_printf ("pattern=random class=%u "
        "temperature=0", k);

    usual[k] = draw (text, "video/x-raw", 1);
  }
  for (guint k = 0; k < 10; k++) {
    g_autofree gchar *text = g_strdup_printf ("pattern=random class=%u "
        "temperature=0.5", k);
    Video drawn = draw (text, "video/x-raw", N);

    for (guint i = 0; i < N; i++) {
      double best = 1e9;
      guint nearest = 0;

      for (guint j = 0; j < 10; j++) {
        double distance = 0.0;

        for (guint p = 0; p < SIZE; p++) {
          double d = drawn.samples->data[i * SIZE + p]
              - usual[j].samples->data[p];

          distance += d * d;
        }
        if (distance < best) {
          best = distance;
          nearest = j;
        }
      }
      n_right += nearest == k;
    }
    clear (&drawn);
  }
  for (guint k = 0; k < 10; k++)
    clear (&usual[k]);
  fail_unless (n_right > 10 * N * 7 / 10, "%u of %u", n_right, 10 * N);
}

GST_END_TEST;

GST_START_TEST (test_frames_are_black_until_the_slot_has_a_model)
{
  GstElement *pipeline = gst_parse_launch ("aevideosrc slot=no-one "
      "! video/x-raw,framerate=100/1 ! appsink name=sink sync=false "
      "max-buffers=1", NULL);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  GstSample *sample = NULL;
  GstMapInfo map;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_signal_emit_by_name (sink, "pull-sample", &sample);
  fail_unless (sample != NULL);
  gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ);
  for (gsize i = 0; i < map.size; i++)
    fail_unless_equals_int (map.data[i], 0);
  gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
  gst_sample_unref (sample);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}

GST_END_TEST;

GST_START_TEST (test_a_model_without_a_prior_is_refused)
{
  static const gchar *const models[] = { "denoise-video", "none" };
  static const gchar *const words[] = { "gaussian N", "there is no model" };

  for (guint i = 0; i < 2; i++) {
    g_autofree gchar *text = g_strdup_printf ("aevideosrc model=%s", models[i]);

    fixture_assert_refused (text, words[i]);
  }
}

GST_END_TEST;

/* A VAE of the stream's own patches, drawn from while it is trained. */
GST_START_TEST (test_a_slot_shows_what_is_being_learned)
{
  GstElement *trainer = gst_parse_launch ("videotestsrc pattern=white "
      "num-buffers=60 ! video/x-raw,format=GRAY8,width=64,height=64 "
      "! aevideotrain slot=vae objective=variational backpressure=block "
      "steps-per-frame=4 patch-size=8 batch-size=16 evaluate-interval=20 "
      "learning-rate=0.01 ema=0.9 "
      "architecture=\"dense 16 relu, gaussian 2 | dense 64 sigmoid\" "
      "! fakesink", NULL);
  GstElement *source = gst_parse_launch ("aevideosrc slot=vae pattern=random "
      "! video/x-raw,framerate=50/1 ! appsink name=sink sync=false "
      "max-buffers=1", NULL);
  GstElement *sink = gst_bin_get_by_name (GST_BIN (source), "sink");
  GstBus *bus = gst_element_get_bus (trainer);
  GstMessage *message;
  double mean = 0.0;
  gint width = 0;

  gst_element_set_state (source, GST_STATE_PLAYING);
  gst_element_set_state (trainer, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      (GstMessageType) (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_message_unref (message);
  /* frames that were made before are still there */
  for (guint i = 0; i < 5; i++) {
    GstSample *sample = NULL;
    GstMapInfo map;

    g_signal_emit_by_name (sink, "pull-sample", &sample);
    fail_unless (sample != NULL);
    gst_structure_get_int (gst_caps_get_structure (gst_sample_get_caps
            (sample), 0), "width", &width);
    gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ);
    mean = 0.0;
    for (gsize p = 0; p < map.size; p++)
      mean += (double) map.data[p] / (double) map.size;
    gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
    gst_sample_unref (sample);
  }
  fail_unless_equals_int (width, 8);
  fail_unless (mean > 170.0, "mean of white is %g", mean);
  gst_element_set_state (source, GST_STATE_NULL);
  gst_element_set_state (trainer, GST_STATE_NULL);
  gst_object_unref (bus);
  gst_object_unref (sink);
  gst_object_unref (source);
  gst_object_unref (trainer);
}

GST_END_TEST;

static Suite *
source_suite (void)
{
  Suite *suite = suite_create ("aevideosrc");
  TCase *tcase = tcase_create ("source");

  suite_add_tcase (suite, tcase);
  tcase_add_test (tcase,
      test_a_seed_gives_the_same_video_and_another_one_another);
  tcase_add_test (tcase, test_a_walk_is_smooth_and_random_is_not);
  tcase_add_test (tcase, test_temperature_0_draws_one_picture);
  tcase_add_test (tcase, test_a_class_is_what_is_drawn);
  tcase_add_test (tcase, test_frames_are_black_until_the_slot_has_a_model);
  tcase_add_test (tcase, test_a_model_without_a_prior_is_refused);
  tcase_add_test (tcase, test_a_slot_shows_what_is_being_learned);
  return suite;
}

GST_CHECK_MAIN (source);
