/* What aemonitorsrc takes of a processor while training goes on.
 * SPDX-License-Identifier: LGPL-2.1-or-later
 *
 *   bench-monitor    GST_PLUGIN_PATH_1_0 names the plugin's folder
 *
 * Time on the processor of the thread that draws, over the time that its frames
 * cover; the trainer gives it something new to draw all the while. */
#include <gst/gst.h>
#include <time.h>

#define N_FRAMES 100

/* Time on the processor of the drawing thread and of the frames, in seconds. */
typedef struct
{
  double used[2];
  GstClockTime pts[2];
} Span;

static GstPadProbeReturn
note_time (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Span *span = data;
  struct timespec now;
  double used;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  used = (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
  if (!GST_CLOCK_TIME_IS_VALID (span->pts[0])) {
    span->used[0] = used;
    span->pts[0] = GST_BUFFER_PTS (info->data);
  }
  span->used[1] = used;
  span->pts[1] = GST_BUFFER_PTS (info->data);
  return GST_PAD_PROBE_OK;
}

static gboolean
wait_for_the_end (GstElement * pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gboolean is_good = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;

  if (!is_good)
    gst_printerr ("the pipeline failed\n");
  gst_message_unref (message);
  gst_object_unref (bus);
  return is_good;
}

int
main (int argc, char **argv)
{
  Span span = {.pts = {GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE} };
  g_autoptr (GError) error = NULL;
  GstElement *pipeline, *sink;
  GstPad *pad;
  gboolean is_good;

  gst_init (&argc, &argv);
  pipeline =
      gst_parse_launch
      ("videotestsrc is-live=true pattern=ball num-buffers=330 "
      "! video/x-raw,format=GRAY8,width=320,height=240 "
      "! aevideotrain slot=m objective=denoise ! fakesink "
      "aemonitorsrc slot=m num-buffers=" G_STRINGIFY (N_FRAMES)
      " ! fakesink name=monitor sync=true", &error);
  if (pipeline == NULL) {
    gst_printerr ("%s\n", error->message);
    return 1;
  }
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "monitor");
  pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, note_time, &span, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  is_good = wait_for_the_end (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pad);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
  if (is_good)
    g_print ("aemonitorsrc: %.1f %% of a processor while training\n",
        100.0 * (span.used[1] - span.used[0]) /
        (1e-9 * (double) (span.pts[1] - span.pts[0])));
  return is_good ? 0 : 1;
}
