/* aevideoreconstruct: its outputs, and a scene that something enters.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include "ae-rng.h"
#include "fixture.h"

enum
{ WIDTH = 160, HEIGHT = 120 };

#define SCENE_TRAINER "aevideotrain slot=scene objective=reconstruct " \
    "backpressure=block steps-per-frame=2 patch-size=32 batch-size=16 " \
    "max-steps=300 evaluate-interval=50 learning-rate=0.004 ema=0.98 " \
    "architecture=\"conv 5x5/2 12 relu, conv 5x5/2 12 relu, conv 3x3/2 4 | " \
    "deconv 4x4*2 12 relu, deconv 4x4*2 12 relu, deconv 4x4*2 1\""

/* A pipeline between two pads, and its messages. */
typedef struct
{
  GstElement *bin;
  GstHarness *h;
  GstBus *bus;
  GstVideoInfo info;
} Stream;

static Stream
new_stream (const gchar * text, const gchar * format, guint width, guint height)
{
  Stream s;

  s.bin = gst_parse_bin_from_description (text, TRUE, NULL);
  fail_unless (s.bin != NULL, "%s", text);
  gst_object_ref_sink (s.bin);
  s.bus = gst_bus_new ();
  gst_element_set_bus (s.bin, s.bus);
  s.info = fixture_info (format, width, height);
  s.h = gst_harness_new_with_element (s.bin, "sink", "src");
  fixture_set_info (s.h, &s.info);
  return s;
}

static void
clear_stream (Stream * s)
{
  gst_harness_teardown (s->h);
  gst_element_set_bus (s->bin, NULL);
  gst_object_unref (s->bin);
  gst_object_unref (s->bus);
}

/* Frame @i of a room: a wall with stripes, a floor with spots, noise of 3 steps,
 * light that goes up and down by a quarter in some hundred frames. From frame
 * @enters on somebody, 28 wide, comes in from the right. */
static GstBuffer *
room (const Stream * s, guint i, guint enters)
{
  GstBuffer *buffer = fixture_grey_frame (&s->info);
  const float light = 0.8f + 0.2f * sinf ((float) i * 0.01f);
  GstVideoFrame frame;
  AeRng rng;
  gint left = i < enters ? WIDTH : WIDTH - 6 * (gint) (i - enters + 1);

  ae_rng_init (&rng, i + 1);
  fail_unless (gst_video_frame_map (&frame, &s->info, buffer,
          GST_MAP_READWRITE));
  for (gint y = 0; y < HEIGHT; y++) {
    guint8 *row = (guint8 *) GST_VIDEO_FRAME_PLANE_DATA (&frame, 0)
        + y * GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0);

    for (gint x = 0; x < WIDTH; x++) {
      float value = y < 70 ? 130.0f + 30.0f * sinf (0.3f * (float) x)
          : 90.0f + 25.0f * sinf (0.5f * (float) x) * sinf (0.4f * (float) y);

      if (x >= left && x < left + 28 && y >= 30 && y < 110)
        value = (x / 3 + y / 5) % 2 ? 60.0f : 170.0f;
      value = value * light + 3.0f * ae_rng_normal (&rng);
      row[x] = (guint8) CLAMP (value, 0.0f, 255.0f);
    }
  }
  gst_video_frame_unmap (&frame);
  GST_BUFFER_PTS (buffer) = i * GST_SECOND / 25;
  return buffer;
}

/* The number of a field of the frame's score; -2 for a frame without one. */
static double
score_of (GstBuffer * buffer, const gchar * field)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (buffer, "ae-anomaly");
  gdouble value = -2.0;

  if (meta)
    fail_unless (gst_structure_get_double (gst_custom_meta_get_structure
            (meta), field, &value));
  return value;
}

static guint
count_messages (Stream * s, guint64 * when)
{
  GstMessage *message;
  guint n = 0;

  while ((message = gst_bus_pop (s->bus)) != NULL) {
    if (gst_message_has_name (message, "ae-anomaly") && n++ == 0)
      fail_unless (gst_structure_get_uint64 (gst_message_get_structure
              (message), "timestamp", when));
    gst_message_unref (message);
  }
  return n;
}

GST_START_TEST (test_who_enters_the_scene_is_found_and_light_is_not)
{
  enum
  { EMPTY = 600, ENTERS = 640, END = 655 };
  Stream s = new_stream (SCENE_TRAINER " ! aevideoreconstruct slot=scene "
      "output=input n-threads=1", "GRAY8", WIDTH, HEIGHT);
  guint n_false, n_scored = 0;
  guint64 when = 0;

  for (guint i = 0; i < ENTERS; i++) {
    GstBuffer *out = gst_harness_push_and_pull (s.h, room (&s, i, ENTERS));

    fail_unless_equals_uint64 (GST_BUFFER_PTS (out), i * GST_SECOND / 25);
    n_scored += score_of (out, "threshold") >= 0.0;
    gst_buffer_unref (out);
  }
  /* it had to learn the model and what is usual when */
  fail_unless (n_scored > EMPTY / 2, "%u frames scored", n_scored);
  n_false = count_messages (&s, &when);
  fail_unless (n_false * 100 < n_scored,
      "%u of %u empty frames flagged, one at " "%" GST_TIME_FORMAT, n_false,
      n_scored, GST_TIME_ARGS (when));

  for (guint i = ENTERS; i < END; i++) {
    GstBuffer *out = gst_harness_push_and_pull (s.h, room (&s, i, ENTERS));

    if (i >= ENTERS + 2) {
      GstCustomMeta *meta = gst_buffer_get_custom_meta (out, "ae-anomaly");
      GstStructure *fields = gst_custom_meta_get_structure (meta);
      guint x, width;
      gboolean anomalous;

      fail_unless (gst_structure_get (fields, "x", G_TYPE_UINT, &x,
              "width", G_TYPE_UINT, &width, "anomalous", G_TYPE_BOOLEAN,
              &anomalous, NULL));
      fail_unless (anomalous, "frame %u after it entered: score %g, threshold "
          "%g", i - ENTERS, score_of (out, "score"),
          score_of (out, "threshold"));
      /* somewhere in the part where it is */
      fail_unless (x + width + 16 > WIDTH - 6 * (i - ENTERS + 1));
    }
    gst_buffer_unref (out);
  }
  fail_unless (count_messages (&s, &when) >= END - ENTERS - 2);
  fail_unless (when <= (ENTERS + 2) * GST_SECOND / 25);
  clear_stream (&s);
}

GST_END_TEST;

GST_START_TEST (test_frames_pass_untouched_until_there_is_a_model)
{
  Stream s = new_stream ("aevideoreconstruct slot=nobody", "I420", WIDTH,
      HEIGHT);
  GstBuffer *in = fixture_random_frame (&s.info, 1);
  GstBuffer *copy = gst_buffer_copy_deep (in);
  GstBuffer *out = gst_harness_push_and_pull (s.h, in);

  fixture_assert_equal_bytes (out, copy);
  fail_unless (gst_buffer_get_custom_meta (out, "ae-anomaly") == NULL);
  gst_buffer_unref (out);
  gst_buffer_unref (copy);
  clear_stream (&s);
}

GST_END_TEST;

/* Y, U and V at the middle of the picture, of 255, after so many frames. */
static void
shown (const gchar * model, const gchar * format, const gchar * output,
    guint n_frames, guint16 * ycc)
{
  g_autofree gchar *text = g_strdup_printf ("aevideoreconstruct model=%s "
      "output=%s", model, output);
  Stream s = new_stream (text, format, 64, 48);
  g_autofree guint16 *unpacked = NULL;
  GstBuffer *out = NULL;
  guint max;

  for (guint i = 0; i < n_frames; i++) {
    if (out)
      gst_buffer_unref (out);
    out = gst_harness_push_and_pull (s.h, fixture_flat_frame (&s.info, 100));
  }
  unpacked = fixture_unpack (&s.info, out, &max);
  memcpy (ycc, unpacked + (24 * 64 + 32) * 4 + 1, 3 * sizeof (guint16));
  gst_buffer_unref (out);
  clear_stream (&s);
}

GST_START_TEST (test_each_output_shows_what_it_says)
{
  static const gchar *formats[] = { "I420", "NV12", "YUY2", "AYUV" };
  g_autofree gchar *invert = fixture_model_invert ();
  guint16 ycc[3];

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    shown (invert, formats[i], "input", 1, ycc);
    fail_unless (ycc[0] == 100 && ycc[1] == 100 && ycc[2] == 100);
    shown (invert, formats[i], "reconstruction", 1, ycc);
    fail_unless (ycc[0] == 155 && ycc[1] == 100 && ycc[2] == 100, "%s: %u",
        formats[i], ycc[0]);
    /* 127.5 + 4 * (100 - 155) is under 0; colour is gone */
    shown (invert, formats[i], "residual", 1, ycc);
    fail_unless (ycc[0] == 0 && ycc[1] == 128 && ycc[2] == 128, "%s: %u %u %u",
        formats[i], ycc[0], ycc[1], ycc[2]);
    /* nothing is unusual */
    shown (invert, formats[i], "heat-map", 40, ycc);
    fail_unless (ycc[0] == 100 && ycc[1] == 100 && ycc[2] == 100);
  }
}

GST_END_TEST;

GST_START_TEST (test_heat_is_painted_where_it_is_unusual)
{
  g_autofree gchar *invert = fixture_model_invert ();
  g_autofree gchar *text = g_strdup_printf ("aevideoreconstruct model=%s "
      "threshold=5", invert);
  Stream s = new_stream (text, "GRAY8", WIDTH, HEIGHT);
  GstBuffer *out;
  GstMapInfo map;
  guint64 when = 0;

  for (guint i = 0; i < 40; i++)
    gst_buffer_unref (gst_harness_push_and_pull (s.h,
            fixture_noisy_frame (&s.info, 127.0f, 4.0f, i)));
  fail_unless_equals_int (count_messages (&s, &when), 0);
  out = fixture_noisy_frame (&s.info, 127.0f, 4.0f, 99);
  gst_buffer_map (out, &map, GST_MAP_WRITE);
  for (guint y = 32; y < 64; y++)
    memset (map.data + y * WIDTH + 64, 220, 32);
  gst_buffer_unmap (out, &map);
  out = gst_harness_push_and_pull (s.h, out);
  fail_unless (score_of (out, "score") > 5.0);
  fail_unless_equals_float (score_of (out, "threshold"), 5.0);
  gst_buffer_map (out, &map, GST_MAP_READ);
  /* 0.8 of the way from 220 to 158; nothing at the other side */
  fail_unless (map.data[48 * WIDTH + 80] < 180, "%u",
      map.data[48 * WIDTH + 80]);
  fail_unless (map.data[100 * WIDTH + 10] > 107
      && map.data[100 * WIDTH + 10] < 147);
  gst_buffer_unmap (out, &map);
  gst_buffer_unref (out);
  fail_unless_equals_int (count_messages (&s, &when), 1);
  clear_stream (&s);
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_autoencoder_is_refused)
{
  fixture_assert_refused ("aevideoreconstruct", "slot=NAME");
  fixture_assert_refused ("aevideoreconstruct model=none", "none");
  fixture_assert_refused ("aevideoreconstruct model=denoise-video",
      "without one");
}

GST_END_TEST;

static Suite *
reconstruct_suite (void)
{
  Suite *suite = suite_create ("aevideoreconstruct");
  TCase *tcase = tcase_create ("reconstruct");

  suite_add_tcase (suite, tcase);
  tcase_add_checked_fixture (tcase, fixture_setup, fixture_teardown);
  tcase_add_test (tcase, test_who_enters_the_scene_is_found_and_light_is_not);
  tcase_add_test (tcase, test_frames_pass_untouched_until_there_is_a_model);
  tcase_add_test (tcase, test_each_output_shows_what_it_says);
  tcase_add_test (tcase, test_heat_is_painted_where_it_is_unusual);
  tcase_add_test (tcase, test_what_is_no_autoencoder_is_refused);
  return suite;
}

GST_CHECK_MAIN (reconstruct);
