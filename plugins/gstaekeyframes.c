/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaekeyframes.h"

#include "ae-error.h"
#include "ae-frame.h"

/* Read at once to find the header of a frame. */
#define SCAN_BYTES 4096
/* A file with so many places that only look like headers is none. */
#define SCAN_MAX_BAD 10000

typedef struct
{
  GstClockTime time;
  guint64 offset;
} KeyFrame;

struct _GstAeKeyFrames
{
  GstBaseParse *parse;
  GMutex lock;
  GArray *keys;                 /* of KeyFrame, as far as the file was read */
  guint64 n_read;               /* so many bytes of it */
  guint n_bad;
  gboolean has_first;
  guint32 first_number;
};

GstAeKeyFrames *
gst_ae_key_frames_new (GstBaseParse * parse)
{
  GstAeKeyFrames *self = g_new0 (GstAeKeyFrames, 1);

  self->parse = parse;
  g_mutex_init (&self->lock);
  self->keys = g_array_new (FALSE, FALSE, sizeof (KeyFrame));
  return self;
}

void
gst_ae_key_frames_free (GstAeKeyFrames * self)
{
  if (self == NULL)
    return;
  g_mutex_clear (&self->lock);
  g_array_unref (self->keys);
  g_free (self);
}

void
gst_ae_key_frames_reset (GstAeKeyFrames * self)
{
  g_mutex_lock (&self->lock);
  g_array_set_size (self->keys, 0);
  self->n_read = 0;
  self->n_bad = 0;
  self->has_first = FALSE;
  g_mutex_unlock (&self->lock);
}

/* The header at @offset of the file. Returns: how many bytes to go on by, 0 at the
 * end; @found: (out): whether there was one. */
static gsize
read_header (GstAeKeyFrames * self, guint64 offset, guint n_bytes,
    AeFrameHeader * header, gboolean * found)
{
  GstBuffer *buffer = NULL;
  g_autoptr (GError) error = NULL;
  gsize step = 0;
  GstMapInfo map;

  *found = FALSE;
  if (gst_pad_pull_range (GST_BASE_PARSE_SINK_PAD (self->parse), offset,
          n_bytes, &buffer) != GST_FLOW_OK)
    return 0;
  if (gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    *found = ae_frame_header_parse (map.data, map.size, header, &error);
    step = *found ? header->header_bytes + header->payload_bytes
        : ae_frame_find_sync (map.data, map.size, 1);
    gst_buffer_unmap (buffer, &map);
  }
  gst_buffer_unref (buffer);
  if (n_bytes < AE_FRAME_MAX_HEADER_BYTES
      && g_error_matches (error, AE_ERROR, AE_ERROR_TRUNCATED))
    return read_header (self, offset, AE_FRAME_MAX_HEADER_BYTES, header, found);
  return step;
}

/* Notes the key frame at @offset; the first part of one stands for all. */
static void
note_key (GstAeKeyFrames * self, const AeFrameHeader * header, guint64 offset)
{
  const KeyFrame key = {
    gst_util_uint64_scale ((guint32) (header->number - self->first_number),
        header->rate_d * GST_SECOND, header->rate_n), offset
  };

  if (self->keys->len > 0 && g_array_index (self->keys, KeyFrame,
          self->keys->len - 1).time >= key.time)
    return;
  g_array_append_val (self->keys, key);
  gst_base_parse_add_index_entry (self->parse, offset, key.time, TRUE, TRUE);
}

/* Reads headers until a key frame is not before @time, or the file is over. */
static void
read_until (GstAeKeyFrames * self, GstClockTime time)
{
  const GArray *keys = self->keys;

  while (keys->len == 0
      || g_array_index (keys, KeyFrame, keys->len - 1).time < time) {
    AeFrameHeader header;
    gboolean found;
    gsize step = read_header (self, self->n_read, SCAN_BYTES, &header, &found);

    if (step == 0 || (found && header.rate_n == 0)
        || (!found && ++self->n_bad > SCAN_MAX_BAD))
      return;
    if (found && !self->has_first) {
      self->has_first = TRUE;
      self->first_number = header.number;
    }
    if (found && header.type == AE_FRAME_KEY)
      note_key (self, &header, self->n_read);
    self->n_read += step;
  }
}

/* Returns: the time of the key frame that @flags want for @time. */
static GstClockTime
snap (const GstAeKeyFrames * self, GstClockTime time, GstSeekFlags flags)
{
  GstClockTime before = GST_CLOCK_TIME_NONE, after = GST_CLOCK_TIME_NONE;

  for (guint i = 0; i < self->keys->len && after == GST_CLOCK_TIME_NONE; i++) {
    GstClockTime at = g_array_index (self->keys, KeyFrame, i).time;

    if (at <= time)
      before = at;
    if (at >= time)
      after = at;
  }
  if (after == GST_CLOCK_TIME_NONE)
    after = before;
  if (before == GST_CLOCK_TIME_NONE)
    before = after;
  if (before == GST_CLOCK_TIME_NONE)
    return time;
  switch (flags & GST_SEEK_FLAG_SNAP_NEAREST) {
    case GST_SEEK_FLAG_SNAP_AFTER:
      return after;
    case GST_SEEK_FLAG_SNAP_NEAREST:
      return after - time < time - before ? after : before;
    default:
      return before;
  }
}

GstClockTime
gst_ae_key_frames_aim (GstAeKeyFrames * self, GstClockTime time,
    GstSeekFlags flags)
{
  g_mutex_lock (&self->lock);
  read_until (self, time);
  if (flags & GST_SEEK_FLAG_KEY_UNIT)
    time = snap (self, time, flags);
  g_mutex_unlock (&self->lock);
  return time;
}
