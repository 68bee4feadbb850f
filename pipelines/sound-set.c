/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sound-set.h"
#include "ae-error.h"

#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <math.h>
#include <string.h>

#define RATE 16000
#define SILENCE 1e-4f
#define MAX_SILENCE (RATE / 10)
#define MIN_SAMPLES (RATE / 4)

struct _AeSoundSet
{
  GPtrArray *groups;            /* of GArray of AeSound */
  double seconds;
};

static void
sound_clear (gpointer data)
{
  g_free (((AeSound *) data)->data);
}

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
    if (*n_silent <= MAX_SILENCE)
      g_array_append_val (samples, x);
  }
  gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
}

static gboolean
take (GArray * group, GArray * samples)
{
  AeSound sound = { samples->len, NULL };

  if (samples->len < MIN_SAMPLES)
    return FALSE;
  sound.data = g_memdup2 (samples->data, samples->len * sizeof (float));
  g_array_append_val (group, sound);
  return TRUE;
}

static gboolean
add_file (GArray * group, const gchar * path, GError ** error)
{
  g_autoptr (GstElement) pipeline = gst_parse_launch ("filesrc name=src ! "
      "decodebin ! audioconvert ! audioresample ! "
      "audio/x-raw,format=F32LE,rate=16000,channels=1 ! "
      "appsink name=sink sync=false", error);
  g_autoptr (GArray) samples = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (GstElement) src = NULL;
  g_autoptr (GstElement) sink = NULL;
  g_autoptr (GstBus) bus = NULL;
  g_autoptr (GstMessage) message = NULL;
  GstSample *sample;
  guint n_silent = 0;
  gboolean ok;

  if (pipeline == NULL)
    return FALSE;
  src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  bus = gst_element_get_bus (pipeline);
  g_object_set (src, "location", path, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while ((sample = gst_app_sink_try_pull_sample (GST_APP_SINK (sink),
              30 * GST_SECOND)) != NULL) {
    append (samples, sample, &n_silent);
    gst_sample_unref (sample);
  }
  message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  ok = message == NULL && take (group, samples);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  if (!ok) {
    g_autoptr (GError) reason = NULL;

    if (message)
      gst_message_parse_error (message, &reason, NULL);
    g_set_error (error, AE_ERROR, AE_ERROR_IO, "%s: %s", path,
        reason ? reason->message : "less than a quarter of a second of sound");
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
add_folder (GArray * group, const gchar * path, GError ** error)
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
        && !add_file (group, file, &reason))
      g_printerr ("left out: %s\n", reason->message);
  }
  return TRUE;
}

void
ae_sound_set_take (AeSoundSet * set, GArray * group)
{
  g_array_set_clear_func (group, sound_clear);
  g_ptr_array_add (set->groups, group);
  for (guint i = 0; i < group->len; i++)
    set->seconds += (double) g_array_index (group, AeSound, i).n / RATE;
}

static gboolean
add_group (AeSoundSet * set, const gchar * path, GError ** error)
{
  GArray *group = g_array_new (FALSE, FALSE, sizeof (AeSound));
  gboolean ok = g_file_test (path, G_FILE_TEST_IS_DIR)
      ? add_folder (group, path, error) : add_file (group, path, error);

  ae_sound_set_take (set, group);
  if (ok && group->len == 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FOUND,
        "%s: no recording in it", path);
    return FALSE;
  }
  return ok;
}

AeSoundSet *
ae_sound_set_new (const gchar * const *paths, GError ** error)
{
  g_autoptr (AeSoundSet) set = g_new0 (AeSoundSet, 1);

  set->groups = g_ptr_array_new_with_free_func ((GDestroyNotify)
      g_array_unref);
  for (guint i = 0; paths[i]; i++) {
    if (!add_group (set, paths[i], error))
      return NULL;
  }
  return g_steal_pointer (&set);
}

void
ae_sound_set_free (AeSoundSet * set)
{
  if (set == NULL)
    return;
  g_ptr_array_unref (set->groups);
  g_free (set);
}

guint
ae_sound_set_n_groups (const AeSoundSet * set)
{
  return set->groups->len;
}

double
ae_sound_set_seconds (const AeSoundSet * set)
{
  return set->seconds;
}

const AeSound *
ae_sound_set_choose (const AeSoundSet * set, guint group, AeRng * rng)
{
  const GArray *sounds = set->groups->pdata[group];

  return &g_array_index (sounds, AeSound, ae_rng_below (rng, sounds->len));
}
