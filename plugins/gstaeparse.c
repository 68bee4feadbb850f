/* aeparse: finds the frames in a latent stream. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aeparse
 * @title: aeparse
 *
 * Cuts a stream of latents (`docs/bitstream.md`) into buffers of one frame each,
 * tells size and rate, marks key frames, and times the frames of a file by
 * their numbers. It knows pictures and sound. What is no frame is passed over; a
 * frame that was cut short goes out as far as it is there, for its first slices
 * can be decoded. Frames that nothing can be made of, because no key frame went
 * before, are dropped.
 * Seeking in a file reads the headers up to the time that is sought; with
 * %GST_SEEK_FLAG_KEY_UNIT it goes to the key frame itself.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=video.ael ! aeparse ! fakesink silent=false -v
 * ]|
 */
#include "gstaeparse.h"

#include "ae-error.h"
#include "ae-frame.h"
#include "ae-sound-frame.h"
#include "gstaekeyframes.h"

GST_DEBUG_CATEGORY_STATIC (ae_parse_debug);
#define GST_CAT_DEFAULT ae_parse_debug

struct _GstAeParse
{
  GstBaseParse parent;

  guint64 n_frames, n_bad;      /* under the object lock */
  gboolean is_timed;            /* upstream knows the time of each frame */
  gboolean is_synced;           /* a key frame came since start or seek */
  guint64 next_offset;          /* in a file: of what comes after what was read */
  gboolean has_first;
  guint32 first_number;         /* of the first frame of the stream */
  /* what the caps tell; 0 before the first frame */
  guint width, height, rate_n, rate_d;
  guint rate_hz;                /* atomic: who seeks asks whether this is sound */
  /* the frame of sound before, without which short ones mean nothing */
  gboolean has_sound;
  AeSoundFrame sound;

  GstAeKeyFrames *keys;         /* of a file */
};

enum
{ PROP_STATS = 1 };

G_DEFINE_TYPE (GstAeParse, gst_ae_parse, GST_TYPE_BASE_PARSE)
     static GstStaticPadTemplate sink_template =
         GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_AE_LATENT_VIDEO "; " GST_AE_LATENT_AUDIO));

     static GstStaticPadTemplate src_template =
         GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_AE_LATENT_VIDEO ", framed = (boolean) true, "
        "parsed = (boolean) true; " GST_AE_LATENT_AUDIO
        ", framed = (boolean) true, parsed = (boolean) true"));

     static gboolean gst_ae_parse_start (GstBaseParse * parse)
{
  GstAeParse *self = GST_AE_PARSE (parse);

  GST_OBJECT_LOCK (self);
  self->n_frames = self->n_bad = 0;
  GST_OBJECT_UNLOCK (self);
  self->is_timed = FALSE;
  self->is_synced = FALSE;
  self->next_offset = 0;
  self->has_first = FALSE;
  self->has_sound = FALSE;
  self->width = self->height = self->rate_n = self->rate_d = 0;
  g_atomic_int_set (&self->rate_hz, 0);
  gst_ae_key_frames_reset (self->keys);
  gst_base_parse_set_min_frame_size (parse, AE_FRAME_MIN_HEADER_BYTES);
  return TRUE;
}

/* Returns: where the next frame begins, from @start on, or may begin. */
static gsize
find_start (GstAeParse * self, const guint8 * data, gsize n, gsize start)
{
  const gboolean is_all = GST_BASE_PARSE_DRAINING (GST_BASE_PARSE (self));

  while (start < n && !ae_frame_has_sync (data + start, n - start)
      && !(self->has_sound && ae_sound_frame_may_begin (&self->sound,
              data + start, n - start, is_all)))
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
  while ((at = ae_frame_find_sync (data, size, at)) < size) {
    AeFrameHeader next;

    if (ae_frame_header_parse (data + at, n - at, &next, NULL))
      return at;
    at++;
  }
  return size;
}

/* @caps: (transfer full): of another kind or size than those before */
static gboolean
set_caps (GstAeParse * self, GstCaps * caps)
{
  gboolean is_set = gst_pad_set_caps (GST_BASE_PARSE_SRC_PAD
      (GST_BASE_PARSE (self)), caps);

  gst_caps_unref (caps);
  self->width = self->height = self->rate_n = self->rate_d = 0;
  g_atomic_int_set (&self->rate_hz, 0);
  return is_set;
}

static gboolean
update_caps (GstAeParse * self, const AeFrameHeader * header)
{
  GstBaseParse *parse = GST_BASE_PARSE (self);
  GstCaps *caps;

  if (header->width == self->width && header->height == self->height
      && header->rate_n == self->rate_n && header->rate_d == self->rate_d)
    return TRUE;
  caps = gst_caps_new_simple (GST_AE_LATENT_VIDEO,
      "parsed", G_TYPE_BOOLEAN, TRUE, "framed", G_TYPE_BOOLEAN, TRUE,
      "width", G_TYPE_INT, (gint) header->width,
      "height", G_TYPE_INT, (gint) header->height,
      "framerate", GST_TYPE_FRACTION, (gint) header->rate_n,
      (gint) header->rate_d, NULL);
  if (!set_caps (self, caps))
    return FALSE;
  if (header->rate_n > 0)
    gst_base_parse_set_frame_rate (parse, header->rate_n, header->rate_d, 0, 0);
  self->width = header->width;
  self->height = header->height;
  self->rate_n = header->rate_n;
  self->rate_d = header->rate_d;
  return TRUE;
}

static gboolean
update_sound_caps (GstAeParse * self, const AeSoundFrame * sound)
{
  GstCaps *caps;

  if (sound->rate_hz == self->rate_hz)
    return TRUE;
  caps = gst_caps_new_simple (GST_AE_LATENT_AUDIO,
      "parsed", G_TYPE_BOOLEAN, TRUE, "framed", G_TYPE_BOOLEAN, TRUE,
      "rate", G_TYPE_INT, (gint) sound->rate_hz, "channels", G_TYPE_INT, 1,
      NULL);
  if (!set_caps (self, caps))
    return FALSE;
  gst_base_parse_set_frame_rate (GST_BASE_PARSE (self), sound->rate_hz,
      sound->packet_samples * sound->n_packets, 0, 0);
  g_atomic_int_set (&self->rate_hz, sound->rate_hz);
  return TRUE;
}

/* What of a header tells the time: frames, or packets of sound, and how many of
 * them there are a second. */
typedef struct
{
  guint32 number;
  guint n, rate_n, rate_d;
} Place;

static Place
place_of (const AeFrameHeader * header)
{
  return (Place) {
  header->number, 1, header->rate_n, header->rate_d};
}

/* Returns: when a frame is shown, @first being the number of the first one. */
static GstClockTime
time_of (const Place * place, guint32 first)
{
  return gst_util_uint64_scale ((guint32) (place->number - first),
      place->rate_d * GST_SECOND, place->rate_n);
}

/* A file has no times but those that follow from numbers and rate. What comes
 * with times comes live or from a demuxer, where the decoder is to decide what
 * it makes of a frame without a key frame before it. Backwards, the base class
 * puts frames together with the key frame that it finds later. */
static void
set_time (GstAeParse * self, const Place * place, GstBaseParseFrame * frame)
{
  GstBuffer *buffer = frame->buffer;

  if (!self->has_first) {
    self->has_first = TRUE;
    self->first_number = place->number;
  }
  if (self->is_timed)
    return;
  if (!self->is_synced && GST_BASE_PARSE (self)->segment.rate > 0.0)
    frame->flags |= GST_BASE_PARSE_FRAME_FLAG_DROP;
  if (place->rate_n == 0)
    return;
  GST_BUFFER_PTS (buffer) = time_of (place, self->first_number);
  GST_BUFFER_DTS (buffer) = GST_BUFFER_PTS (buffer);
  GST_BUFFER_DURATION (buffer) = gst_util_uint64_scale (place->n * GST_SECOND,
      place->rate_d, place->rate_n);
}

/* What to do about bytes that begin as a frame and are none (yet). */
static GstFlowReturn
handle_no_frame (GstAeParse * self, const guint8 * data, gsize n,
    gsize least_bytes, const GError * error, gint * skip_bytes)
{
  GstBaseParse *parse = GST_BASE_PARSE (self);

  if (g_error_matches (error, AE_ERROR, AE_ERROR_TRUNCATED)
      && !GST_BASE_PARSE_DRAINING (parse)) {
    gst_base_parse_set_min_frame_size (parse, (guint) least_bytes);
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
  *skip_bytes = (gint) find_start (self, data, n, 1);
  return GST_FLOW_OK;
}

/* Returns: whether @bytes of a frame are yet to come; they are waited for. */
static gboolean
wants_more (GstAeParse * self, gsize n, gsize bytes)
{
  GstBaseParse *parse = GST_BASE_PARSE (self);

  if (n >= bytes || GST_BASE_PARSE_DRAINING (parse))
    return FALSE;
  gst_base_parse_set_min_frame_size (parse, (guint) bytes);
  return TRUE;
}

static void
take_frame (GstAeParse * self, gboolean is_key, const Place * place,
    GstBaseParseFrame * frame)
{
  GST_OBJECT_LOCK (self);
  self->n_frames++;
  GST_OBJECT_UNLOCK (self);
  if (is_key) {
    GST_BUFFER_FLAG_UNSET (frame->buffer, GST_BUFFER_FLAG_DELTA_UNIT);
    self->is_synced = TRUE;
  } else {
    GST_BUFFER_FLAG_SET (frame->buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  }
  set_time (self, place, frame);
}

/* What is behind a whole header may be damaged; the decoder makes up for it. */
static GstFlowReturn
handle_sound (GstAeParse * self, GstBaseParseFrame * frame,
    const guint8 * data, gsize n, gint * skip_bytes, gsize * size)
{
  g_autoptr (GError) error = NULL;
  AeSoundFrame sound;
  Place place;

  if (!ae_sound_frame_parse (data, n, self->has_sound ? &self->sound : NULL,
          &sound, &error))
    return handle_no_frame (self, data, n, MAX (sound.header_bytes,
            AE_FRAME_LENGTH_BYTES), error, skip_bytes);
  if (wants_more (self, n, ae_sound_frame_bytes (&sound)))
    return GST_FLOW_OK;
  if (!update_sound_caps (self, &sound))
    return GST_FLOW_NOT_NEGOTIATED;
  self->sound = sound;
  self->has_sound = TRUE;
  place = (Place) {
  sound.number, sound.n_packets, sound.rate_hz, sound.packet_samples};
  take_frame (self, !sound.is_short, &place, frame);
  *size = MIN (ae_sound_frame_bytes (&sound), n);
  return GST_FLOW_OK;
}

static GstFlowReturn
handle_data (GstAeParse * self, GstBaseParseFrame * frame, const guint8 * data,
    gsize n, gint * skip_bytes, gsize * size)
{
  g_autoptr (GError) error = NULL;
  AeFrameHeader header;
  Place place;

  *size = 0;
  *skip_bytes = (gint) find_start (self, data, n, 0);
  if (*skip_bytes > 0)
    return GST_FLOW_OK;
  if (ae_sound_frame_is_whole (data, n) || !ae_frame_has_sync (data, n))
    return handle_sound (self, frame, data, n, skip_bytes, size);
  if (!ae_frame_header_parse (data, n, &header, &error))
    return handle_no_frame (self, data, n, MAX (header.header_bytes,
            AE_FRAME_MIN_HEADER_BYTES), error, skip_bytes);
  if (wants_more (self, n, header.header_bytes + header.payload_bytes))
    return GST_FLOW_OK;
  if (!update_caps (self, &header))
    return GST_FLOW_NOT_NEGOTIATED;
  self->has_sound = FALSE;
  place = place_of (&header);
  take_frame (self, header.type == AE_FRAME_KEY, &place, frame);
  if (header.type == AE_FRAME_WEIGHTS)
    frame->flags |= GST_BASE_PARSE_FRAME_FLAG_NO_FRAME;
  *size = frame_bytes (&header, data, n);
  return GST_FLOW_OK;
}

/* After a leap the first frame is to be a key frame. */
static void
begin_anew (GstAeParse * self)
{
  self->is_synced = FALSE;
  self->has_sound = FALSE;
}

/* Under the stream lock, also where the base class seeks in a file. */
static GstPadProbeReturn
note_flush (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_FLUSH_STOP)
    begin_anew (data);
  return GST_PAD_PROBE_OK;
}

/* The base class seeks in a file on the thread that asks for it; here it shows when
 * reading goes on elsewhere. */
static gboolean
has_leapt (GstAeParse * self, const GstBaseParseFrame * frame)
{
  GstBaseParse *parse = GST_BASE_PARSE (self);

  return GST_PAD_MODE (GST_BASE_PARSE_SINK_PAD (parse)) == GST_PAD_MODE_PULL
      && frame->offset != self->next_offset;
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
  if (has_leapt (self, frame))
    begin_anew (self);
  result = handle_data (self, frame, map.data, map.size, skip_bytes, &size);
  self->next_offset = frame->offset + size + (gsize) * skip_bytes;
  gst_buffer_unmap (frame->buffer, &map);
  if (size == 0)
    return result;
  gst_base_parse_set_min_frame_size (parse, self->has_sound ?
      AE_SOUND_FRAME_LEAST_BYTES : AE_FRAME_MIN_HEADER_BYTES);
  return gst_base_parse_finish_frame (parse, frame, (gint) size);
}

static gboolean
gst_ae_parse_sink_event (GstBaseParse * parse, GstEvent * event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEGMENT) {
    const GstSegment *segment;

    gst_event_parse_segment (event, &segment);
    GST_AE_PARSE (parse)->is_timed = segment->format == GST_FORMAT_TIME;
    begin_anew (GST_AE_PARSE (parse));
  }
  return GST_BASE_PARSE_CLASS (gst_ae_parse_parent_class)->sink_event (parse,
      event);
}

/* Seeking in a file */

/* The base class knows key frames that were played alone, and guesses where
 * others are. @event: (transfer full). Returns: (transfer full): the seek to a
 * place that it knows. */
static GstEvent *
aim (GstAeParse * self, GstEvent * event)
{
  GstSeekType start_type, stop_type;
  gint64 start, stop;
  GstSeekFlags flags;
  GstEvent *aimed;
  GstFormat format;
  gdouble rate;

  gst_event_parse_seek (event, &rate, &format, &flags, &start_type, &start,
      &stop_type, &stop);
  if (format != GST_FORMAT_TIME || start_type != GST_SEEK_TYPE_SET || start < 0
      || rate < 0)
    return event;
  start = (gint64) gst_ae_key_frames_aim (self->keys, (GstClockTime) start,
      flags);
  aimed = gst_event_new_seek (rate, format,
      (GstSeekFlags) (flags | GST_SEEK_FLAG_ACCURATE), start_type, start,
      stop_type, stop);
  gst_event_set_seqnum (aimed, gst_event_get_seqnum (event));
  gst_event_unref (event);
  return aimed;
}

/* Seeks that upstream does show when they come down. */
static gboolean
gst_ae_parse_src_event (GstBaseParse * parse, GstEvent * event)
{
  GstAeParse *self = GST_AE_PARSE (parse);

  /* of sound, the base class guesses well enough */
  if (GST_EVENT_TYPE (event) == GST_EVENT_SEEK
      && g_atomic_int_get (&self->rate_hz) == 0
      && GST_PAD_MODE (GST_BASE_PARSE_SINK_PAD (self)) == GST_PAD_MODE_PULL)
    event = aim (self, event);
  return GST_BASE_PARSE_CLASS (gst_ae_parse_parent_class)->src_event (parse,
      event);
}

static void
gst_ae_parse_finalize (GObject * object)
{
  GstAeParse *self = GST_AE_PARSE (object);

  gst_ae_key_frames_free (self->keys);
  G_OBJECT_CLASS (gst_ae_parse_parent_class)->finalize (object);
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
  self->keys = gst_ae_key_frames_new (GST_BASE_PARSE (self));
  gst_pad_add_probe (GST_BASE_PARSE_SRC_PAD (GST_BASE_PARSE (self)),
      GST_PAD_PROBE_TYPE_EVENT_FLUSH, note_flush, self, NULL);
}

static void
gst_ae_parse_class_init (GstAeParseClass * klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseParseClass *parse_class = GST_BASE_PARSE_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_parse_debug, "aeparse", 0, "aeparse");
  G_OBJECT_CLASS (klass)->get_property = gst_ae_parse_get_property;
  G_OBJECT_CLASS (klass)->finalize = gst_ae_parse_finalize;
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
      "Autoencoder latent parser", "Codec/Parser/Video/Audio",
      "Finds the frames in a stream of latents", "The gst-autoencoder authors");
}
