/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "picture-file.h"
#include "ae-error.h"

#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <string.h>

typedef struct
{
  const gchar *format;
  AePictureFunc func;
  gpointer data;
} Reading;

static gboolean
hand_on (const Reading * reading, GstSample * sample)
{
  GstVideoInfo info;
  GstVideoFrame frame;

  if (!gst_video_info_from_caps (&info, gst_sample_get_caps (sample))
      || !gst_video_frame_map (&frame, &info, gst_sample_get_buffer (sample),
          GST_MAP_READ))
    return FALSE;
  reading->func (reading->data, &frame);
  gst_video_frame_unmap (&frame);
  return TRUE;
}

static gboolean
read_file (const Reading * reading, const gchar * path, GError ** error)
{
  g_autofree gchar *launch = g_strdup_printf ("filesrc name=src ! decodebin ! "
      "videoconvert ! video/x-raw,format=%s ! appsink name=sink sync=false",
      reading->format);
  g_autoptr (GstElement) pipeline = gst_parse_launch (launch, error);
  g_autoptr (GstElement) src = NULL;
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstSample) sample = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  gboolean ok;

  if (pipeline == NULL)
    return FALSE;
  src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  bus = gst_element_get_bus (pipeline);
  g_object_set (src, "location", path, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  sample = gst_app_sink_try_pull_sample (GST_APP_SINK (sink), 30 * GST_SECOND);
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  ok = sample != NULL && hand_on (reading, sample);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  if (!ok) {
    g_autoptr (GError) reason = NULL;

    if (message)
      gst_message_parse_error (message, &reason, NULL);
    g_set_error (error, AE_ERROR, AE_ERROR_IO, "%s: no picture in it: %s",
        path, reason ? reason->message : "nothing was decoded");
  }
  return ok;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar * const *) a, *(const gchar * const *) b);
}

/* Names in the order of strcmp(), so that a seed means the same everywhere. */
static gboolean
read_folder (const Reading * reading, const gchar * path, GError ** error)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, error);
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const gchar *name;

  if (folder == NULL)
    return FALSE;
  while ((name = g_dir_read_name (folder)) != NULL)
    g_ptr_array_add (names, g_build_filename (path, name, NULL));
  g_ptr_array_sort (names, compare_names);
  for (guint i = 0; i < names->len; i++) {
    g_autoptr (GError) reason = NULL;
    const gchar *file = names->pdata[i];

    if (g_file_test (file, G_FILE_TEST_IS_REGULAR)
        && !read_file (reading, file, &reason))
      g_printerr ("left out: %s\n", reason->message);
  }
  return TRUE;
}

gboolean
ae_picture_files_read (const gchar * const *paths, const gchar * format,
    AePictureFunc func, gpointer data, GError ** error)
{
  const Reading reading = { format, func, data };

  for (guint i = 0; paths[i]; i++) {
    gboolean ok = g_file_test (paths[i], G_FILE_TEST_IS_DIR)
        ? read_folder (&reading, paths[i], error)
        : read_file (&reading, paths[i], error);

    if (!ok)
      return FALSE;
  }
  return TRUE;
}
