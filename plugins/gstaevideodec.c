/* aevideodec: makes video of latents. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aevideodec
 * @title: aevideodec
 *
 * Makes video of a stream of latents (`docs/bitstream.md`). It needs the model
 * that the stream was made with; what an encoder of the same process has from a
 * slot, it finds there. Of a damaged frame it shows what is left, with
 * the frame before in place of the rest; for a frame that never came, as the
 * numbers of the others tell, it shows the one before once more. Such buffers are
 * marked corrupted.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 filesrc location=test.ael ! aeparse ! aevideodec ! videoconvert ! autovideosink
 * ]|
 * |[
 * gst-launch-1.0 playbin uri=file:///tmp/test.ael
 * ]|
 */
#include "gstaevideodec.h"

#include <string.h>

#include "ae-error.h"
#include "ae-latent-decoder.h"
#include "gstaelatent.h"
#include "gstaemodel.h"
#include "gstaeparse.h"
#include "gstaeproperties.h"

GST_DEBUG_CATEGORY_STATIC (ae_video_dec_debug);
#define GST_CAT_DEFAULT ae_video_dec_debug

/* What lacks for longer is no loss of packets. */
#define MAX_HOLE GST_SECOND
/* Of one picture in a hole; with more frames in it they are longer. */
#define MAX_REPEATS 60

struct _GstAeVideoDec
{
  GstVideoDecoder parent;

  /* under the object lock */
  gchar *model_name;
  guint n_threads;
  AeLatentStats stats;
  guint64 n_bad_frames, n_repeated;

  /* of the streaming thread */
  AeLatentModel *model;
  AeLatentDecoder *decoder;
  GstVideoCodecState *input_state;      /* NULL before caps */
  AeFrameHeader header;         /* of the frame in work, and of the output */
  gboolean has_output;
  GstVideoCodecFrame *open;     /* whose parts are not all here; or NULL */
  gboolean was_whole;
  GstClockTime shown;           /* when the picture before is shown, or none */
};

static const GstAeProperty rows[] = {
#define AT(field) G_STRUCT_OFFSET (GstAeVideoDec, field)
  {"model", "Model", "Path of the stream's model, or name of a shipped one",
      GST_AE_STRING, AT (model_name),.text = GST_AE_LATENT_DEFAULT_MODEL},
  {"n-threads", "Number of threads", "Threads that work on a frame (0 = one "
        "per processor)", GST_AE_UINT, AT (n_threads),.high =
        GST_AE_MAX_THREADS,.usual = 1},
#undef AT
};

static const GstAeProperties properties = GST_AE_PROPERTIES (rows);

#define PROP_STATS (properties.n + 1)

G_DEFINE_TYPE (GstAeVideoDec, gst_ae_video_dec, GST_TYPE_VIDEO_DECODER);

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_AE_LATENT_VIDEO "; " GST_AE_LATENT_DEMUXED));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE ("I420")));

static void
drop_open (GstAeVideoDec * self)
{
  if (self->open)
    gst_video_decoder_release_frame (GST_VIDEO_DECODER (self),
        g_steal_pointer (&self->open));
}

static gboolean
gst_ae_video_dec_start (GstVideoDecoder * decoder)
{
  GstAeVideoDec *self = GST_AE_VIDEO_DEC (decoder);
  g_autofree gchar *name = NULL;
  guint n_threads;

  GST_OBJECT_LOCK (self);
  name = g_strdup (self->model_name);
  n_threads = self->n_threads;
  self->stats = (AeLatentStats) {
  0};
  self->n_bad_frames = self->n_repeated = 0;
  GST_OBJECT_UNLOCK (self);
  self->model = gst_ae_latent_load_model (GST_ELEMENT (self), name,
      AE_LAYOUT_I420);
  if (self->model == NULL)
    return FALSE;
  self->decoder = ae_latent_decoder_new (self->model, n_threads);
  self->has_output = FALSE;
  self->was_whole = TRUE;
  self->shown = GST_CLOCK_TIME_NONE;
  return TRUE;
}

static gboolean
gst_ae_video_dec_stop (GstVideoDecoder * decoder)
{
  GstAeVideoDec *self = GST_AE_VIDEO_DEC (decoder);

  drop_open (self);
  g_clear_pointer (&self->decoder, ae_latent_decoder_free);
  g_clear_pointer (&self->model, ae_latent_model_unref);
  g_clear_pointer (&self->input_state, gst_video_codec_state_unref);
  return TRUE;
}

static gboolean
gst_ae_video_dec_set_format (GstVideoDecoder * decoder,
    GstVideoCodecState * state)
{
  GstAeVideoDec *self = GST_AE_VIDEO_DEC (decoder);

  g_clear_pointer (&self->input_state, gst_video_codec_state_unref);
  self->input_state = gst_video_codec_state_ref (state);
  self->has_output = FALSE;
  self->shown = GST_CLOCK_TIME_NONE;
  return TRUE;
}

static void
set_colorimetry (GstVideoInfo * info, const AeFrameHeader * header)
{
  GstVideoColorMatrix matrix = gst_video_color_matrix_from_iso (header->matrix);

  if (matrix == GST_VIDEO_COLOR_MATRIX_BT709)
    gst_video_colorimetry_from_string (&info->colorimetry,
        GST_VIDEO_COLORIMETRY_BT709);
  else if (matrix == GST_VIDEO_COLOR_MATRIX_BT601)
    gst_video_colorimetry_from_string (&info->colorimetry,
        GST_VIDEO_COLORIMETRY_BT601);
  else if (matrix != GST_VIDEO_COLOR_MATRIX_UNKNOWN)
    info->colorimetry.matrix = matrix;
  info->colorimetry.range = header->full_range ? GST_VIDEO_COLOR_RANGE_0_255
      : GST_VIDEO_COLOR_RANGE_16_235;
}

/* The stream itself tells what caps may not. */
static gboolean
set_output (GstAeVideoDec * self, const AeFrameHeader * header)
{
  GstVideoDecoder *decoder = GST_VIDEO_DECODER (self);
  GstVideoCodecState *state;
  gboolean same = self->has_output && header->width == self->header.width
      && header->height == self->header.height
      && header->matrix == self->header.matrix
      && header->full_range == self->header.full_range
      && header->rate_n == self->header.rate_n
      && header->rate_d == self->header.rate_d;

  self->header = *header;
  if (same)
    return TRUE;
  state = gst_video_decoder_set_output_state (decoder, GST_VIDEO_FORMAT_I420,
      header->width, header->height, self->input_state);
  set_colorimetry (&state->info, header);
  if (GST_VIDEO_INFO_FPS_N (&state->info) == 0) {
    GST_VIDEO_INFO_FPS_N (&state->info) = (gint) header->rate_n;
    GST_VIDEO_INFO_FPS_D (&state->info) = (gint) header->rate_d;
  }
  gst_video_codec_state_unref (state);
  gst_video_decoder_set_latency (decoder, 0, 0);
  self->has_output = gst_video_decoder_negotiate (decoder);
  return self->has_output;
}

static gboolean
write_picture (GstAeVideoDec * self, GstBuffer * buffer, GError ** error)
{
  GstVideoCodecState *state =
      gst_video_decoder_get_output_state (GST_VIDEO_DECODER (self));
  gboolean is_written = FALSE;
  GstVideoFrame frame;
  AePicture picture;

  if (gst_video_frame_map (&frame, &state->info, buffer, GST_MAP_WRITE)) {
    gst_ae_latent_picture (&frame, &picture);
    is_written = ae_latent_decoder_write (self->decoder, &picture, error);
    gst_video_frame_unmap (&frame);
  } else {
    g_set_error (error, AE_ERROR, AE_ERROR_IO,
        "a video frame cannot be mapped for writing");
  }
  gst_video_codec_state_unref (state);
  return is_written;
}

/* Whoever can is asked for a key frame, once for each time that something got
 * lost. */
static void
ask_for_key (GstAeVideoDec * self, GstVideoCodecFrame * frame, AeSight sight)
{
  if (sight != AE_SIGHT_WHOLE && self->was_whole)
    gst_video_decoder_request_sync_point (GST_VIDEO_DECODER (self), frame,
        (GstVideoDecoderRequestSyncPointFlags) 0);
  self->was_whole = sight == AE_SIGHT_WHOLE;
}

/* @frame: (transfer full): all that comes of it is here */
static GstFlowReturn
finish (GstAeVideoDec * self, GstVideoCodecFrame * frame)
{
  GstVideoDecoder *decoder = GST_VIDEO_DECODER (self);
  g_autoptr (GError) error = NULL;
  GstFlowReturn flow;
  AeSight sight;

  ae_latent_decoder_end_frame (self->decoder);
  sight = ae_latent_decoder_sight (self->decoder);
  GST_OBJECT_LOCK (self);
  self->stats = *ae_latent_decoder_stats (self->decoder);
  GST_OBJECT_UNLOCK (self);
  ask_for_key (self, frame, sight);
  self->shown = GST_CLOCK_TIME_NONE;
  if (sight == AE_SIGHT_NONE) {
    gst_video_decoder_release_frame (decoder, frame);
    return GST_FLOW_OK;
  }
  flow = gst_video_decoder_allocate_output_frame (decoder, frame);
  if (flow != GST_FLOW_OK) {
    gst_video_decoder_release_frame (decoder, frame);
    return flow;
  }
  if (!write_picture (self, frame->output_buffer, &error)) {
    gst_video_decoder_release_frame (decoder, frame);
    gst_ae_model_post_error (GST_ELEMENT (self), error);
    return GST_FLOW_ERROR;
  }
  if (sight == AE_SIGHT_DAMAGED)
    GST_BUFFER_FLAG_SET (frame->output_buffer, GST_BUFFER_FLAG_CORRUPTED);
  self->shown = frame->pts;
  return gst_video_decoder_finish_frame (decoder, frame);
}

static GstFlowReturn
finish_open (GstAeVideoDec * self)
{
  return self->open ? finish (self, g_steal_pointer (&self->open))
      : GST_FLOW_OK;
}

/* Shows @picture once more, from @start to @end. */
static GstFlowReturn
repeat (GstAeVideoDec * self, GstBuffer * picture, guint64 start, guint64 end)
{
  GstVideoDecoder *decoder = GST_VIDEO_DECODER (self);
  GstBuffer *buffer;

  if (!gst_segment_clip (&decoder->output_segment, GST_FORMAT_TIME, start, end,
          &start, &end))
    return GST_FLOW_OK;
  buffer = gst_buffer_copy (picture);
  GST_BUFFER_PTS (buffer) = start;
  GST_BUFFER_DURATION (buffer) = end - start;
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_CORRUPTED);
  GST_OBJECT_LOCK (self);
  self->n_repeated++;
  GST_OBJECT_UNLOCK (self);
  return gst_pad_push (GST_VIDEO_DECODER_SRC_PAD (decoder), buffer);
}

/* Numbers tell how many frames were lost between the picture before and frame
 * @number at @pts. */
static GstFlowReturn
fill_hole (GstAeVideoDec * self, guint32 number, GstClockTime pts)
{
  GstVideoDecoder *decoder = GST_VIDEO_DECODER (self);
  guint32 n_steps = number - self->header.number;
  GstClockTime start = self->shown, length = pts - start;
  g_autoptr (GstBuffer) picture = NULL;
  g_autoptr (GError) error = NULL;
  GstFlowReturn flow = GST_FLOW_OK;

  if (n_steps < 2 || decoder->input_segment.rate < 0.0
      || !GST_CLOCK_TIME_IS_VALID (start) || !GST_CLOCK_TIME_IS_VALID (pts)
      || pts <= start || length > MAX_HOLE || n_steps > length / GST_MSECOND)
    return GST_FLOW_OK;
  picture = gst_video_decoder_allocate_output_buffer (decoder);
  if (picture == NULL)
    return GST_FLOW_FLUSHING;
  if (!write_picture (self, picture, &error)) {
    gst_ae_model_post_error (GST_ELEMENT (self), error);
    return GST_FLOW_ERROR;
  }
  /* a rate may be anything, and a picture take its time downstream */
  n_steps = MIN (n_steps, MAX_REPEATS + 1);
  for (guint32 i = 1; i < n_steps && flow == GST_FLOW_OK; i++)
    flow =
        repeat (self, picture, start + gst_util_uint64_scale (length, i,
            n_steps), start + gst_util_uint64_scale (length, i + 1, n_steps));
  return flow;
}

/* @frame: (transfer full): in which no frame was found */
static GstFlowReturn
handle_no_frame (GstAeVideoDec * self, GstVideoCodecFrame * frame,
    const GError * why)
{
  GstFlowReturn flow = GST_FLOW_OK;

  GST_OBJECT_LOCK (self);
  self->n_bad_frames++;
  GST_OBJECT_UNLOCK (self);
  gst_video_decoder_release_frame (GST_VIDEO_DECODER (self), frame);
  GST_VIDEO_DECODER_ERROR (self, 1, STREAM, DECODE, (NULL), ("%s",
          why->message), flow);
  return flow;
}

/* Takes the model of @header from an encoder of this process, where it is not the
 * one in use. */
static void
follow_encoder (GstAeVideoDec * self, const AeFrameHeader * header)
{
  g_autoptr (AeLatentModel) model = NULL;

  if (memcmp (header->fingerprint, self->model->fingerprint,
          AE_FRAME_FINGERPRINT_BYTES) == 0)
    return;
  model = gst_ae_latent_find (header->fingerprint);
  if (model == NULL)
    return;
  ae_latent_decoder_set_model (self->decoder, model);
  ae_latent_model_unref (self->model);
  self->model = g_steal_pointer (&model);
}

/* @frame: (transfer full) */
static GstFlowReturn
handle_data (GstAeVideoDec * self, GstVideoCodecFrame * frame,
    const guint8 * data, gsize n)
{
  GstVideoDecoder *decoder = GST_VIDEO_DECODER (self);
  g_autoptr (GError) error = NULL;
  GstFlowReturn flow = GST_FLOW_OK;
  AeFrameHeader header;

  if (!ae_frame_header_parse (data, n, &header, &error))
    return handle_no_frame (self, frame, error);
  if (self->open && header.number != self->header.number)
    flow = finish_open (self);
  if (flow == GST_FLOW_OK && header.type != AE_FRAME_WEIGHTS)
    flow = fill_hole (self, header.number, frame->pts);
  if (flow != GST_FLOW_OK || header.type == AE_FRAME_WEIGHTS) {
    gst_video_decoder_release_frame (decoder, frame);
    return flow;
  }
  follow_encoder (self, &header);
  if (!ae_latent_decoder_read (self->decoder, data, n, &header, &error)) {
    self->shown = GST_CLOCK_TIME_NONE;
    if (!g_error_matches (error, AE_ERROR, AE_ERROR_NOT_FOUND))
      return handle_no_frame (self, frame, error);
    gst_video_decoder_release_frame (decoder, frame);
    GST_ELEMENT_ERROR (self, STREAM, DECODE,
        ("This stream needs another model."), ("%s", error->message));
    return GST_FLOW_ERROR;
  }
  if (!set_output (self, &header)) {
    gst_video_decoder_release_frame (decoder, frame);
    return GST_FLOW_NOT_NEGOTIATED;
  }
  if (self->open) {
    gst_video_decoder_release_frame (decoder, frame);
    frame = g_steal_pointer (&self->open);
  }
  if (!ae_latent_decoder_wants_more (self->decoder))
    return finish (self, frame);
  self->open = frame;
  return GST_FLOW_OK;
}

static GstFlowReturn
gst_ae_video_dec_handle_frame (GstVideoDecoder * decoder,
    GstVideoCodecFrame * frame)
{
  GstBuffer *buffer = gst_buffer_ref (frame->input_buffer);
  GstFlowReturn flow;
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    gst_buffer_unref (buffer);
    gst_video_decoder_release_frame (decoder, frame);
    GST_ELEMENT_ERROR (decoder, RESOURCE, READ, (NULL),
        ("a buffer cannot be mapped"));
    return GST_FLOW_ERROR;
  }
  flow = handle_data (GST_AE_VIDEO_DEC (decoder), frame, map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return flow;
}

static GstFlowReturn
gst_ae_video_dec_finish (GstVideoDecoder * decoder)
{
  return finish_open (GST_AE_VIDEO_DEC (decoder));
}

/* A packet that was lost of a frame that others come of ends nothing. */
static gboolean
gst_ae_video_dec_sink_event (GstVideoDecoder * decoder, GstEvent * event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_GAP
      && GST_AE_VIDEO_DEC (decoder)->open != NULL) {
    gst_event_unref (event);
    return TRUE;
  }
  return GST_VIDEO_DECODER_CLASS (gst_ae_video_dec_parent_class)->sink_event
      (decoder, event);
}

static gboolean
gst_ae_video_dec_flush (GstVideoDecoder * decoder)
{
  GstAeVideoDec *self = GST_AE_VIDEO_DEC (decoder);

  drop_open (self);
  ae_latent_decoder_forget (self->decoder);
  self->shown = GST_CLOCK_TIME_NONE;
  return TRUE;
}

/* Properties */

static GstStructure *
make_stats (const GstAeVideoDec * self)
{
  const AeLatentStats *stats = &self->stats;

  return gst_structure_new ("aevideodec-stats",
      "frames", G_TYPE_UINT64, stats->n_frames,
      "bad-frames", G_TYPE_UINT64, self->n_bad_frames,
      "bad-slices", G_TYPE_UINT64, stats->n_bad_slices,
      "missing-positions", G_TYPE_UINT64, stats->n_missing,
      "lost-references", G_TYPE_UINT64, stats->n_lost_references,
      "repeated-frames", G_TYPE_UINT64, self->n_repeated, NULL);
}

static void
gst_ae_video_dec_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  if (id != PROP_STATS) {
    gst_ae_properties_get_object (&properties, object, id, value, pspec);
    return;
  }
  GST_OBJECT_LOCK (object);
  g_value_take_boxed (value, make_stats (GST_AE_VIDEO_DEC (object)));
  GST_OBJECT_UNLOCK (object);
}

static void
gst_ae_video_dec_finalize (GObject * object)
{
  gst_ae_properties_clear (&properties, object);
  G_OBJECT_CLASS (gst_ae_video_dec_parent_class)->finalize (object);
}

static void
gst_ae_video_dec_class_init (GstAeVideoDecClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstVideoDecoderClass *decoder_class = GST_VIDEO_DECODER_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_video_dec_debug, "aevideodec", 0, "aevideodec");
  object_class->finalize = gst_ae_video_dec_finalize;
  gst_ae_properties_install_object (&properties, object_class);
  object_class->get_property = gst_ae_video_dec_get_property;
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Frames since start; buffers that were no frames; slices that a "
          "wrong CRC or another fault ruled out; positions of the grid that no "
          "slice told; frames whose reference was lost; pictures that were "
          "shown once more for frames that never came", GST_TYPE_STRUCTURE,
          (GParamFlags) (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));

  gst_element_class_set_static_metadata (element_class,
      "Autoencoder video decoder", "Codec/Decoder/Video",
      "Makes video of latents of an autoencoder",
      "The gst-autoencoder authors");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  decoder_class->start = gst_ae_video_dec_start;
  decoder_class->stop = gst_ae_video_dec_stop;
  decoder_class->set_format = gst_ae_video_dec_set_format;
  decoder_class->handle_frame = gst_ae_video_dec_handle_frame;
  decoder_class->finish = gst_ae_video_dec_finish;
  decoder_class->drain = gst_ae_video_dec_finish;
  decoder_class->sink_event = gst_ae_video_dec_sink_event;
  decoder_class->flush = gst_ae_video_dec_flush;
}

static void
gst_ae_video_dec_init (GstAeVideoDec * self)
{
  gst_ae_properties_init (&properties, self);
  gst_video_decoder_set_needs_format (GST_VIDEO_DECODER (self), FALSE);
}
