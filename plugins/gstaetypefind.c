/* Tells latent streams from other files. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaeparse.h"

#include "ae-frame.h"
#include "ae-sound-frame.h"

/* Returns: of how many bytes the frame is that begins with this header; 0 for
 * none. */
static gsize
find_frame (const guint8 * data, gsize n, const gchar ** media)
{
  AeFrameHeader header;
  AeSoundFrame sound;

  *media = GST_AE_LATENT_VIDEO;
  if (ae_frame_header_parse (data, n, &header, NULL))
    return header.header_bytes + header.payload_bytes;
  *media = GST_AE_LATENT_AUDIO;
  if (ae_sound_frame_parse (data, n, NULL, &sound, NULL))
    return ae_sound_frame_bytes (&sound);
  return 0;
}

/* A right header, and another behind its payload. */
static void
find_type (GstTypeFind * find, gpointer data)
{
  const guint8 *bytes = gst_type_find_peek (find, 0, AE_FRAME_LENGTH_BYTES);
  const gchar *media;
  const guint8 *next;
  gsize n_frame;
  guint n;

  if (bytes == NULL || !ae_frame_has_sync (bytes, AE_FRAME_LENGTH_BYTES))
    return;
  n = bytes[6] | (guint) bytes[7] << 8;
  bytes = gst_type_find_peek (find, 0, n);
  n_frame = bytes ? find_frame (bytes, n, &media) : 0;
  if (n_frame == 0)
    return;
  next = gst_type_find_peek (find, (gint64) n_frame, AE_FRAME_SYNC_BYTES);
  gst_type_find_suggest_empty_simple (find, next != NULL
      && (ae_frame_has_sync (next, AE_FRAME_SYNC_BYTES)
          || ae_sound_frame_is_short (next, AE_FRAME_SYNC_BYTES))
      ? GST_TYPE_FIND_MAXIMUM : GST_TYPE_FIND_LIKELY, media);
}

gboolean
gst_ae_type_find_register (GstPlugin * plugin)
{
  g_autoptr (GstCaps) caps = gst_caps_from_string (GST_AE_LATENT_VIDEO "; "
      GST_AE_LATENT_AUDIO);

  return gst_type_find_register (plugin, GST_AE_LATENT_VIDEO, GST_RANK_PRIMARY,
      find_type, "ael", caps, NULL, NULL);
}
