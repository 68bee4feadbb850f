/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaesoundfiles.h"

#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <math.h>
#include <string.h>

#include "ae-error.h"

#define RATE 16000
#define SILENCE 1e-4f
#define MAX_SILENCE (RATE / 10)
#define MIN_SAMPLES (RATE / 4)

/* Of a file, the rest of which is left out, and of a set, which has no more. */
#define MAX_FILE (10 * 60 * RATE)
#define MAX_SET (120 * 60 * RATE)

/* From one look at whether it is cancelled to the next; decoders have so many
 * looks to give something. */
#define LOOK_EVERY (100 * GST_MSECOND)
#define MAX_LOOKS 300

/* Appends @sample to @samples, less what is over MAX_SILENCE of silence. */
static void
append (GArray * samples, GstSample * sample, guint * n_silent)
{
  GstMapInfo map;

  if (!gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ))
    return;
  for (gsize i = 0; i < map.size / sizeof (float); i++) {
    float x = ((const float *) map.data)[i];

    *n_silent = fabsf (x) < SILENCE ? *n_silent + 1 : 0;
    if (*n_silent <= MAX_SILENCE && isfinite (x))
      g_array_append_val (samples, x);
  }
  gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
}

/* What @sink gets, up to MAX_FILE. */
static gboolean
pull (GstAppSink * sink, GstBus * bus, GArray * samples, const gint * cancelled,
    GError ** error)
{
  guint n_silent = 0, n_looks = 0;

  while (!g_atomic_int_get (cancelled) && samples->len < MAX_FILE) {
    g_autoptr (GstMessage) message = NULL;
    GstSample *sample = gst_app_sink_try_pull_sample (sink, LOOK_EVERY);

    if (sample) {
      append (samples, sample, &n_silent);
      gst_sample_unref (sample);
      n_looks = 0;
      continue;
    }
    message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    if (message) {
      gst_message_parse_error (message, error, NULL);
      return FALSE;
    }
    if (gst_app_sink_is_eos (sink))
      break;
    if (++n_looks == MAX_LOOKS) {
      g_set_error (error, AE_ERROR, AE_ERROR_IO, "no sound came for 30 s");
      return FALSE;
    }
  }
  return TRUE;
}

/* @samples: (transfer full) */
static void
take (GArray * group, GArray * samples)
{
  AeSound sound = { samples->len, NULL };

  sound.data = g_renew (float, (float *) g_array_free (samples, FALSE),
      sound.n);
  g_array_append_val (group, sound);
}

/* @n_left: how many samples may still be added */
static gboolean
add_file (GArray * group, const gchar * path, gsize * n_left,
    const gint * cancelled, GError ** error)
{
  g_autoptr (GstElement) pipeline = gst_parse_launch ("filesrc name=src ! "
      "decodebin ! audioconvert ! audioresample ! "
      "audio/x-raw,format=" GST_AUDIO_NE (F32) ",rate=16000,channels=1 ! "
      "appsink name=sink sync=false", error);
  g_autoptr (GArray) samples = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (GstElement) src = NULL;
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GError) reason = NULL;
  gboolean ok;

  if (pipeline == NULL)
    return FALSE;
  src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  bus = gst_element_get_bus (pipeline);
  g_object_set (src, "location", path, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  ok = pull (GST_APP_SINK (sink), bus, samples, cancelled, &reason);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  if (!ok || samples->len < MIN_SAMPLES) {
    g_set_error (error, AE_ERROR, AE_ERROR_IO, "%s: %s", path,
        reason ? reason->message : "less than a quarter of a second of sound");
    return FALSE;
  }
  if (samples->len > *n_left) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT,
        "%s: with it there are more than %u minutes of sound, expected fewer",
        path, MAX_SET / RATE / 60);
    return FALSE;
  }
  *n_left -= samples->len;
  take (group, g_steal_pointer (&samples));
  return TRUE;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const gchar * const *) a, *(const gchar * const *) b);
}

/* Returns: (transfer full) (nullable): what the folder @path has, in the order of
 * strcmp(), so that a seed means the same everywhere. */
static GPtrArray *
list_folder (const gchar * path, GError ** error)
{
  g_autoptr (GDir) folder = g_dir_open (path, 0, error);
  GPtrArray *names;
  const gchar *name;

  if (folder == NULL)
    return NULL;
  names = g_ptr_array_new_with_free_func (g_free);
  while ((name = g_dir_read_name (folder)) != NULL)
    g_ptr_array_add (names, g_build_filename (path, name, NULL));
  g_ptr_array_sort (names, compare_names);
  return names;
}

/* Whether @reason, which it takes, is one to leave a file out for; for another it
 * goes to @error. */
static gboolean
leave_out (GError * reason, GError ** error)
{
  if (g_error_matches (reason, AE_ERROR, AE_ERROR_LIMIT)) {
    g_propagate_error (error, reason);
    return FALSE;
  }
  g_info ("left out: %s", reason->message);
  g_error_free (reason);
  return TRUE;
}

static gboolean
add_folder (GArray * group, const gchar * path, gsize * n_left,
    const gint * cancelled, GError ** error)
{
  g_autoptr (GPtrArray) names = list_folder (path, error);

  if (names == NULL)
    return FALSE;
  for (guint i = 0; i < names->len && !g_atomic_int_get (cancelled); i++) {
    GError *reason = NULL;
    const gchar *file = names->pdata[i];

    if (g_file_test (file, G_FILE_TEST_IS_REGULAR)
        && !add_file (group, file, n_left, cancelled, &reason)
        && !leave_out (reason, error))
      return FALSE;
  }
  if (group->len == 0)
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FOUND,
        "%s: no recording in it", path);
  return group->len > 0;
}

static gboolean
add_any (GArray * group, const gchar * path, gsize * n_left,
    const gint * cancelled, GError ** error)
{
  return g_file_test (path, G_FILE_TEST_IS_DIR)
      ? add_folder (group, path, n_left, cancelled, error)
      : add_file (group, path, n_left, cancelled, error);
}

static gsize
room_in (const AeSoundSet * set)
{
  return MAX_SET - MIN ((gsize) (ae_sound_set_seconds (set) * RATE), MAX_SET);
}

gboolean
gst_ae_sound_files_add (AeSoundSet * set, const gchar * path,
    const gint * cancelled, GError ** error)
{
  GArray *group = g_array_new (FALSE, FALSE, sizeof (AeSound));
  gsize n_left = room_in (set);
  gboolean ok = add_any (group, path, &n_left, cancelled, error);

  ae_sound_set_take (set, group);
  return ok;
}

gboolean
gst_ae_sound_files_add_each (AeSoundSet * set, const gchar * path,
    const gint * cancelled, GError ** error)
{
  g_autoptr (GPtrArray) names = NULL;
  guint n_groups = ae_sound_set_n_groups (set);
  gsize n_left = room_in (set);

  if (!g_file_test (path, G_FILE_TEST_IS_DIR))
    return gst_ae_sound_files_add (set, path, cancelled, error);
  names = list_folder (path, error);
  if (names == NULL)
    return FALSE;
  for (guint i = 0; i < names->len && !g_atomic_int_get (cancelled); i++) {
    GError *reason = NULL;
    GArray *group = g_array_new (FALSE, FALSE, sizeof (AeSound));

    gboolean ok = add_any (group, names->pdata[i], &n_left, cancelled, &reason);

    if (group->len > 0)
      ae_sound_set_take (set, group);
    else
      g_array_unref (group);
    if (!ok && !leave_out (reason, error))
      return FALSE;
  }
  if (ae_sound_set_n_groups (set) == n_groups)
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FOUND,
        "%s: no recording in it", path);
  return ae_sound_set_n_groups (set) > n_groups;
}
