/* aeparse: finds the frames in a latent stream. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aeparse
 * @title: aeparse
 *
 * Cuts a stream of latents (`docs/bitstream.md`) into buffers of one frame each,
 * tells size and rate, marks key frames, and times the frames of a file by
 * their numbers. What is no frame is passed over; a frame that was cut short
 * goes out as far as it is there, for its first slices can be decoded. Frames
 * that nothing can be made of, because no key frame went before, are dropped.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=video.ael ! aeparse ! fakesink silent=false -v
 * ]|
 */
#include "gstaeparse.h"

#include <string.h>

#include "ae-error.h"
#include "ae-frame.h"

GST_DEBUG_CATEGORY_STATIC (ae_parse_debug);
#define GST_CAT_DEFAULT ae_parse_debug

struct _GstAeParse
{
  GstBaseParse parent;

  guint64 n_frames, n_bad;      /* under the object lock */
  gboolean is_timed;            /* upstream knows the time of each frame */
  gboolean is_synced;           /* a key frame came since start or seek */
  gboolean has_first;
  guint32 first_number;         /* of the first frame of the stream */
  /* what the caps tell; 0 before the first frame */
  guint width, height, rate_n, rate_d;
};

enum
{ PROP_STATS = 1 };

G_DEFINE_TYPE (GstAeParse, gst_ae_parse, GST_TYPE_BASE_PARSE)
     static GstStaticPadTemplate sink_template =
         GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_AE_LATENT_VIDEO));

     static GstStaticPadTemplate src_template =
         GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_AE_LATENT_VIDEO ", framed = (boolean) true, "
        "parsed = (boolean) true"));

     static gboolean gst_ae_parse_start (GstBaseParse * parse)
{
  GstAeParse *self = GST_AE_PARSE (parse);

  GST_OBJECT_LOCK (self);
  self->n_frames = self->n_bad = 0;
  GST_OBJECT_UNLOCK (self);
  self->is_timed = FALSE;
  self->is_synced = FALSE;
  self->has_first = FALSE;
  self->width = self->height = self->rate_n = self->rate_d = 0;
  gst_base_parse_set_min_frame_size (parse, AE_FRAME_MIN_HEADER_BYTES);
  return TRUE;
}

/* Returns: where the next sync word begins, from @start on, or may begin. */
static gsize
find_sync (const guint8 * data, gsize n, gsize start)
{
  while (start < n && !ae_frame_has_sync (data + start, n - start))
    start++;
  return start;
}

/* Bytes that were lost from a payload make it reach into the next frame. That
 * is looked for where no frame begins behind it, as far as its bytes are here;
 * for bytes that are yet to come nobody waits. */
static gsize
frame_bytes (const AeFrameHeader * header, const guint8 * data, gsize n)
{
  gsize size = header->header_bytes + header->payload_bytes;
  gsize at = header->header_bytes;

  if (size >= n || ae_frame_has_sync (data + size, n - size))
    return MIN (size, n);
  while ((at = find_sync (data, size, at)) < size) {
    AeFrameHeader next;

    if (ae_frame_header_parse (data + at, n - at, &next, NULL))
      return at;
    at++;
  }
  return size;
}

static gboolean
update_caps (GstAeParse * self, const AeFrameHeader * header)
{
  GstBaseParse *parse = GST_BASE_PARSE (self);
  g_autoptr (GstCaps) caps = NULL;

  if (header->width == self->width && header->height == self->height
      && header->rate_n == self->rate_n && header->rate_d == self->rate_d)
    return TRUE;
  caps = gst_caps_new_simple (GST_AE_LATENT_VIDEO,
      "parsed", G_TYPE_BOOLEAN, TRUE, "framed", G_TYPE_BOOLEAN, TRUE,
      "width", G_TYPE_INT, (gint) header->width,
      "height", G_TYPE_INT, (gint) header->height,
      "framerate", GST_TYPE_FRACTION, (gint) header->rate_n,
      (gint) header->rate_d, NULL);
  if (!gst_pad_set_caps (GST_BASE_PARSE_SRC_PAD (parse), caps))
    return FALSE;
  if (header->rate_n > 0)
    gst_base_parse_set_frame_rate (parse, header->rate_n, header->rate_d, 0, 0);
  self->width = header->width;
  self->height = header->height;
  self->rate_n = header->rate_n;
  self->rate_d = header->rate_d;
  return TRUE;
}

/* A file has no times but those that follow from numbers and rate. What comes
 * with times comes live or from a demuxer, where the decoder is to decide what
 * it makes of a frame without a key frame before it. */
static void
set_time (GstAeParse * self, const AeFrameHeader * header,
    GstBaseParseFrame * frame)
{
  GstBuffer *buffer = frame->buffer;
  guint64 number;

  if (!self->has_first) {
    self->has_first = TRUE;
    self->first_number = header->number;
  }
  if (self->is_timed)
    return;
  if (!self->is_synced)
    frame->flags |= GST_BASE_PARSE_FRAME_FLAG_DROP;
  if (header->rate_n == 0)
    return;
  number = (guint32) (header->number - self->first_number);
  GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (number,
      header->rate_d * GST_SECOND, header->rate_n);
  GST_BUFFER_DTS (buffer) = GST_BUFFER_PTS (buffer);
  GST_BUFFER_DURATION (buffer) = gst_util_uint64_scale (GST_SECOND,
      header->rate_d, header->rate_n);
}

static void
set_flags (GstAeParse * self, const AeFrameHeader * header,
    GstBaseParseFrame * frame)
{
  if (header->type == AE_FRAME_KEY) {
    GST_BUFFER_FLAG_UNSET (frame->buffer, GST_BUFFER_FLAG_DELTA_UNIT);
    self->is_synced = TRUE;
  } else {
    GST_BUFFER_FLAG_SET (frame->buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  }
  if (header->type == AE_FRAME_WEIGHTS)
    frame->flags |= GST_BASE_PARSE_FRAME_FLAG_NO_FRAME;
}

/* What to do about bytes that begin as a frame and are none (yet). */
static GstFlowReturn
handle_no_frame (GstAeParse * self, const guint8 * data, gsize n,
    const AeFrameHeader * header, const GError * error, gint * skip_bytes)
{
  GstBaseParse *parse = GST_BASE_PARSE (self);

  if (g_error_matches (error, AE_ERROR, AE_ERROR_TRUNCATED)
      && !GST_BASE_PARSE_DRAINING (parse)) {
    gst_base_parse_set_min_frame_size (parse, (guint) MAX (header->header_bytes,
            AE_FRAME_MIN_HEADER_BYTES));
    return GST_FLOW_OK;
  }
  if (g_error_matches (error, AE_ERROR, AE_ERROR_UNSUPPORTED)
      && data[4] != AE_FRAME_MAJOR) {
    GST_ELEMENT_ERROR (self, STREAM, WRONG_TYPE,
        ("This stream needs a newer version of the plugin."), ("%s",
            error->message));
    return GST_FLOW_ERROR;
  }
  GST_WARNING_OBJECT (self, "passing over: %s", error->message);
  GST_OBJECT_LOCK (self);
  self->n_bad++;
  GST_OBJECT_UNLOCK (self);
  *skip_bytes = (gint) find_sync (data, n, 1);
  return GST_FLOW_OK;
}

static GstFlowReturn
handle_data (GstAeParse * self, GstBaseParseFrame * frame, const guint8 * data,
    gsize n, gint * skip_bytes, gsize * size)
{
  GstBaseParse *parse = GST_BASE_PARSE (self);
  g_autoptr (GError) error = NULL;
  AeFrameHeader header;

  *size = 0;
  *skip_bytes = (gint) find_sync (data, n, 0);
  if (*skip_bytes > 0)
    return GST_FLOW_OK;
  if (!ae_frame_header_parse (data, n, &header, &error))
    return handle_no_frame (self, data, n, &header, error, skip_bytes);
  if (n < header.header_bytes + header.payload_bytes
      && !GST_BASE_PARSE_DRAINING (parse)) {
    gst_base_parse_set_min_frame_size (parse,
        (guint) (header.header_bytes + header.payload_bytes));
    return GST_FLOW_OK;
  }
  if (!update_caps (self, &header))
    return GST_FLOW_NOT_NEGOTIATED;
  GST_OBJECT_LOCK (self);
  self->n_frames++;
  GST_OBJECT_UNLOCK (self);
  set_flags (self, &header, frame);
  set_time (self, &header, frame);
  *size = frame_bytes (&header, data, n);
  return GST_FLOW_OK;
}

static GstFlowReturn
gst_ae_parse_handle_frame (GstBaseParse * parse, GstBaseParseFrame * frame,
    gint * skip_bytes)
{
  GstAeParse *self = GST_AE_PARSE (parse);
  GstFlowReturn result;
  GstMapInfo map;
  gsize size;

  if (!gst_buffer_map (frame->buffer, &map, GST_MAP_READ)) {
    GST_ELEMENT_ERROR (self, RESOURCE, READ, (NULL),
        ("a buffer cannot be mapped"));
    return GST_FLOW_ERROR;
  }
  result = handle_data (self, frame, map.data, map.size, skip_bytes, &size);
  gst_buffer_unmap (frame->buffer, &map);
  if (size == 0)
    return result;
  gst_base_parse_set_min_frame_size (parse, AE_FRAME_MIN_HEADER_BYTES);
  return gst_base_parse_finish_frame (parse, frame, (gint) size);
}

static gboolean
gst_ae_parse_sink_event (GstBaseParse * parse, GstEvent * event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT) {
    const GstSegment *segment;

    gst_event_parse_segment (event, &segment);
    GST_AE_PARSE (parse)->is_timed = segment->format == GST_FORMAT_TIME;
  }
  return GST_BASE_PARSE_CLASS (gst_ae_parse_parent_class)->sink_event (parse,
      event);
}

/* After a seek the first frame is to be a key frame. */
static gboolean
gst_ae_parse_src_event (GstBaseParse * parse, GstEvent * event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEEK)
    GST_AE_PARSE (parse)->is_synced = FALSE;
  return GST_BASE_PARSE_CLASS (gst_ae_parse_parent_class)->src_event (parse,
      event);
}

static void
gst_ae_parse_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstAeParse *self = GST_AE_PARSE (object);

  if (id != PROP_STATS) {
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    return;
  }
  GST_OBJECT_LOCK (self);
  g_value_take_boxed (value, gst_structure_new ("aeparse-stats",
          "frames", G_TYPE_UINT64, self->n_frames,
          "bad-frames", G_TYPE_UINT64, self->n_bad, NULL));
  GST_OBJECT_UNLOCK (self);
}

static void
gst_ae_parse_init (GstAeParse * self)
{
}

static void
gst_ae_parse_class_init (GstAeParseClass * klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseParseClass *parse_class = GST_BASE_PARSE_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_parse_debug, "aeparse", 0, "aeparse");
  G_OBJECT_CLASS (klass)->get_property = gst_ae_parse_get_property;
  g_object_class_install_property (G_OBJECT_CLASS (klass), PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Frames since start, and places that began as one and had a wrong "
          "CRC or another fault", GST_TYPE_STRUCTURE,
          (GParamFlags) (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
  parse_class->start = gst_ae_parse_start;
  parse_class->sink_event = gst_ae_parse_sink_event;
  parse_class->src_event = gst_ae_parse_src_event;
  parse_class->handle_frame = gst_ae_parse_handle_frame;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "Autoencoder latent parser", "Codec/Parser/Video",
      "Finds the frames in a stream of latents", "gst-autoencoder");
}

/* A right header, and another behind its payload. */
static void
find_type (GstTypeFind * find, gpointer data)
{
  const guint8 *bytes = gst_type_find_peek (find, 0, AE_FRAME_LENGTH_BYTES);
  const guint8 *next;
  AeFrameHeader header;
  guint n;

  if (bytes == NULL || !ae_frame_has_sync (bytes, AE_FRAME_LENGTH_BYTES))
    return;
  n = bytes[6] | (guint) bytes[7] << 8;
  bytes = gst_type_find_peek (find, 0, n);
  if (bytes == NULL || !ae_frame_header_parse (bytes, n, &header, NULL))
    return;
  next = gst_type_find_peek (find,
      (gint64) (header.header_bytes + header.payload_bytes),
      AE_FRAME_SYNC_BYTES);
  gst_type_find_suggest_empty_simple (find,
      next != NULL && ae_frame_has_sync (next, AE_FRAME_SYNC_BYTES)
      ? GST_TYPE_FIND_MAXIMUM : GST_TYPE_FIND_LIKELY, GST_AE_LATENT_VIDEO);
}

gboolean
gst_ae_type_find_register (GstPlugin * plugin)
{
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple (GST_AE_LATENT_VIDEO);

  return gst_type_find_register (plugin, GST_AE_LATENT_VIDEO, GST_RANK_PRIMARY,
      find_type, "ael", caps, NULL, NULL);
}
