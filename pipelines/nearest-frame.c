/* Finds frames that look alike. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * Says of two frames in each second of a film which earlier one, a second ago or
 * more, is nearest to it, and how near.
 *
 *   build/pipelines/nearest-frame FILE
 *
 * Frames are compared by their codes: buffers of floats that aevideocode makes,
 * with the times of their frames. Their distance is the root of the mean squared
 * difference. Codes of 60 kB are kept, 430 MB for an hour.
 */
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <math.h>

/* Small frames are enough to see whether they look alike. */
#define PIPELINE \
  "filesrc name=file ! decodebin ! videorate ! videoconvert ! videoscale " \
  "! video/x-raw,format=I420,width=160,height=96,framerate=2/1 " \
  "! aevideocode ! appsink name=codes sync=false"

#define MIN_AGE GST_SECOND

/* How long to wait for a code before errors are looked for. */
#define PATIENCE (100 * GST_MSECOND)

static double
distance (const GstMapInfo * a, const GstMapInfo * b)
{
  const float *p = (const float *) a->data, *q = (const float *) b->data;
  const gsize n = MIN (a->size, b->size) / sizeof (float);
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += ((double) p[i] - (double) q[i]) * ((double) p[i] - (double) q[i]);
  return sqrt (sum / (double) n);
}

/* Returns: (transfer none) (nullable): that of @earlier which is nearest to
 * @code. */
static GstBuffer *
find_nearest (const GPtrArray * earlier, GstBuffer * code, double *nearness)
{
  GstBuffer *nearest = NULL;
  GstMapInfo map, other;

  gst_buffer_map (code, &map, GST_MAP_READ);
  for (guint i = 0; i < earlier->len; i++) {
    GstBuffer *candidate = g_ptr_array_index (earlier, i);
    double d;

    if (GST_BUFFER_PTS (candidate) + MIN_AGE > GST_BUFFER_PTS (code))
      break;
    gst_buffer_map (candidate, &other, GST_MAP_READ);
    d = distance (&map, &other);
    gst_buffer_unmap (candidate, &other);
    if (nearest == NULL || d < *nearness) {
      nearest = candidate;
      *nearness = d;
    }
  }
  gst_buffer_unmap (code, &map);
  return nearest;
}

/* Returns: whether an error has been posted, which is printed. */
static gboolean
has_failed (GstElement * pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = gst_bus_pop_filtered (bus,
      GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;

  if (message == NULL)
    return FALSE;
  gst_message_parse_error (message, &error, NULL);
  g_printerr ("%s\n", error->message);
  return TRUE;
}

/* Returns: whether the end of the film was reached. */
static gboolean
compare_all (GstElement * pipeline, GstAppSink * codes)
{
  g_autoptr (GPtrArray) earlier =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_buffer_unref);

  while (!gst_app_sink_is_eos (codes)) {
    g_autoptr (GstSample) sample =
        gst_app_sink_try_pull_sample (codes, PATIENCE);
    GstBuffer *code, *nearest;
    double nearness = 0.0;

    if (sample == NULL) {
      if (has_failed (pipeline))
        return FALSE;
      continue;
    }
    code = gst_buffer_ref (gst_sample_get_buffer (sample));
    nearest = find_nearest (earlier, code, &nearness);
    if (nearest)
      g_print ("%7.2f s is nearest to %7.2f s: %.4f\n",
          (double) GST_BUFFER_PTS (code) / GST_SECOND,
          (double) GST_BUFFER_PTS (nearest) / GST_SECOND, nearness);
    g_ptr_array_add (earlier, code);
  }
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = NULL;
  g_autoptr (GstElement) file = NULL;
  g_autoptr (GstElement) codes = NULL;
  gboolean is_good;

  gst_init (&argc, &argv);
  if (argc != 2) {
    g_printerr ("usage: %s FILE\n", argv[0]);
    return 2;
  }
  pipeline = gst_parse_launch (PIPELINE, &error);
  if (pipeline == NULL) {
    g_printerr ("%s\n", error->message);
    return 1;
  }
  file = gst_bin_get_by_name (GST_BIN (pipeline), "file");
  codes = gst_bin_get_by_name (GST_BIN (pipeline), "codes");
  g_object_set (file, "location", argv[1], NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  is_good = compare_all (pipeline, GST_APP_SINK (codes));
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return is_good ? 0 : 1;
}
