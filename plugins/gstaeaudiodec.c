/* aeaudiodec: makes sound of latents. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aeaudiodec
 * @title: aeaudiodec
 *
 * Makes sound of a stream of latents (`docs/bitstream.md`, section 13), 10 ms
 * late. It needs the model that the stream was made with. What is lost or
 * damaged on the way is made up for, as the numbers of packets show it; after
 * 200 ms of it there is silence.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 filesrc location=speech.ael ! aeparse ! aeaudiodec ! audioconvert ! audioresample ! autoaudiosink
 * ]|
 * |[
 * gst-launch-1.0 playbin uri=file:///tmp/speech.ael
 * ]|
 */
#include "gstaeaudiodec.h"

#include "ae-error.h"
#include "ae-sound-decoder.h"
#include "ae-sound-encoder.h"
#include "gstaelatent.h"
#include "gstaemodel.h"
#include "gstaeparse.h"
#include "gstaeproperties.h"
#include "gstaesamples.h"

GST_DEBUG_CATEGORY_STATIC (ae_audio_dec_debug);
#define GST_CAT_DEFAULT ae_audio_dec_debug

/* What was lost is made up for in time with the samples that come out, and not
 * by a leap in time: more than decoders make up for. */
#define TOLERANCE (700 * GST_MSECOND)

#define LEAP ((GstClockTime) 1) /* a tolerance that time leaps at */

struct _GstAeAudioDec
{
  GstAudioDecoder parent;

  /* under the object lock */
  gchar *model_name;
  AeSoundStats stats;
  guint64 n_bad_frames;

  /* of the streaming thread */
  AeLatentModel *model;
  AeSoundDecoder *decoder;
  GstAudioFormat format;        /* of the output; unknown at first */
  GArray *samples;              /* floats */
};

static const GstAeProperty rows[] = {
#define AT(field) G_STRUCT_OFFSET (GstAeAudioDec, field)
  {"model", "Model", "Path of the stream's model, or name of a shipped one",
      GST_AE_STRING, AT (model_name),.text = GST_AE_LATENT_SOUND_MODEL},
#undef AT
};

static const GstAeProperties properties = GST_AE_PROPERTIES (rows);

#define PROP_STATS (properties.n + 1)

G_DEFINE_TYPE (GstAeAudioDec, gst_ae_audio_dec, GST_TYPE_AUDIO_DECODER);

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_AE_LATENT_AUDIO));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("audio/x-raw, format = (string) " GST_AE_AUDIO_FORMATS
        ", rate = (int) 16000, channels = (int) 1, "
        "layout = (string) interleaved"));

static gboolean
gst_ae_audio_dec_stop (GstAudioDecoder * base)
{
  GstAeAudioDec *self = GST_AE_AUDIO_DEC (base);

  g_clear_pointer (&self->decoder, ae_sound_decoder_free);
  g_clear_pointer (&self->model, ae_latent_model_unref);
  return TRUE;
}

static gboolean
gst_ae_audio_dec_start (GstAudioDecoder * base)
{
  GstAeAudioDec *self = GST_AE_AUDIO_DEC (base);
  g_autofree gchar *name = NULL;
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  name = g_strdup (self->model_name);
  self->stats = (AeSoundStats) {
  0};
  self->n_bad_frames = 0;
  GST_OBJECT_UNLOCK (self);
  self->format = GST_AUDIO_FORMAT_UNKNOWN;
  self->model = gst_ae_latent_load_model (GST_ELEMENT (self), name,
      AE_LAYOUT_SOUND);
  if (self->model == NULL)
    return FALSE;
  self->decoder = ae_sound_decoder_new (self->model, &error);
  if (self->decoder != NULL)
    return TRUE;
  gst_ae_model_post_error (GST_ELEMENT (self), error);
  /* a base class does not stop what did not start */
  gst_ae_audio_dec_stop (base);
  return FALSE;
}

/* The first format that is understood downstream. */
static GstAudioFormat
choose_format (GstAeAudioDec * self)
{
  g_autoptr (GstCaps) allowed =
      gst_pad_get_allowed_caps (GST_AUDIO_DECODER_SRC_PAD (self));
  GstAudioInfo info;

  if (allowed == NULL || gst_caps_is_empty (allowed))
    return GST_AUDIO_FORMAT_F32;
  allowed = gst_caps_fixate (gst_caps_truncate (g_steal_pointer (&allowed)));
  return gst_audio_info_from_caps (&info, allowed)
      ? GST_AUDIO_INFO_FORMAT (&info) : GST_AUDIO_FORMAT_F32;
}

static gboolean
set_output (GstAeAudioDec * self)
{
  GstAudioDecoder *base = GST_AUDIO_DECODER (self);
  const GstClockTime latency = gst_util_uint64_scale (AE_SOUND_DECODER_DELAY,
      GST_SECOND, AE_SOUND_RATE);
  GstAudioInfo info;

  if (self->format != GST_AUDIO_FORMAT_UNKNOWN)
    return TRUE;
  self->format = choose_format (self);
  gst_audio_info_set_format (&info, self->format, AE_SOUND_RATE, 1, NULL);
  gst_audio_decoder_set_latency (base, latency, latency);
  return gst_audio_decoder_set_output_format (base, &info);
}

/* Returns: (transfer full): samples @from to the one before @to. */
static GstBuffer *
take_samples (GstAeAudioDec * self, guint from, guint to)
{
  const GstAudioFormatInfo *info = gst_audio_format_get_info (self->format);
  const float *samples = (const float *) (gpointer) self->samples->data;
  GstBuffer *buffer = gst_audio_decoder_allocate_output_buffer
      (GST_AUDIO_DECODER (self),
      (gsize) (to - from) * (guint) GST_AUDIO_FORMAT_INFO_WIDTH (info) / 8);
  GstMapInfo map;

  if (gst_buffer_map (buffer, &map, GST_MAP_WRITE)) {
    gst_ae_samples_from_floats (self->format, map.data, 1, samples + from,
        to - from);
    gst_buffer_unmap (buffer, &map);
  }
  return buffer;
}

/* Sends all samples, of which the first @n_before belong to a stream that is
 * over. With @leaps, time goes on with that of the frame after them. */
static GstFlowReturn
finish (GstAeAudioDec * self, guint n_before, gboolean leaps)
{
  GstAudioDecoder *base = GST_AUDIO_DECODER (self);
  const guint n = self->samples->len;
  GstFlowReturn flow = GST_FLOW_OK;

  GST_OBJECT_LOCK (self);
  self->stats = *ae_sound_decoder_stats (self->decoder);
  GST_OBJECT_UNLOCK (self);
  if (n > 0 && !set_output (self)) {
    gst_audio_decoder_finish_frame (base, NULL, 1);
    return GST_FLOW_NOT_NEGOTIATED;
  }
  if (n_before > 0)
    flow = gst_audio_decoder_finish_subframe (base,
        take_samples (self, 0, n_before));
  if (flow != GST_FLOW_OK || n_before == n) {
    GstFlowReturn dropped = gst_audio_decoder_finish_frame (base, NULL, 1);

    return flow != GST_FLOW_OK ? flow : dropped;
  }
  if (leaps)
    gst_audio_decoder_set_tolerance (base, LEAP);
  flow = gst_audio_decoder_finish_frame (base,
      take_samples (self, n_before, n), 1);
  gst_audio_decoder_set_tolerance (base, TOLERANCE);
  return flow;
}

/* In which no frame was found, or one that nothing can be made of yet. */
static GstFlowReturn
handle_no_frame (GstAeAudioDec * self, gboolean is_early, const GError * why)
{
  GstFlowReturn flow = GST_FLOW_OK;

  gst_audio_decoder_finish_frame (GST_AUDIO_DECODER (self), NULL, 1);
  if (is_early) {
    GST_DEBUG_OBJECT (self, "left out: %s", why->message);
    return flow;
  }
  GST_OBJECT_LOCK (self);
  self->n_bad_frames++;
  GST_OBJECT_UNLOCK (self);
  GST_AUDIO_DECODER_ERROR (self, 1, STREAM, DECODE, (NULL), ("%s",
          why->message), flow);
  return flow;
}

static GstFlowReturn
handle_data (GstAeAudioDec * self, const guint8 * data, gsize n)
{
  g_autoptr (GError) error = NULL;
  gboolean is_short = ae_sound_frame_is_short (data, n);
  AeSoundFrame frame;
  guint n_before;

  if (ae_sound_decoder_read (self->decoder, data, n, &frame, self->samples,
          &n_before, &error))
    return finish (self, n_before, frame.begins || n_before > 0);
  if (is_short || !g_error_matches (error, AE_ERROR, AE_ERROR_NOT_FOUND))
    return handle_no_frame (self, g_error_matches (error, AE_ERROR,
            AE_ERROR_NOT_FOUND), error);
  GST_ELEMENT_ERROR (self, STREAM, DECODE,
      ("This stream needs another model."), ("%s", error->message));
  return GST_FLOW_ERROR;
}

/* A gap that upstream tells of. */
static GstFlowReturn
handle_gap (GstAeAudioDec * self, GstClockTime duration)
{
  guint64 n_packets = gst_util_uint64_scale_round (duration, AE_SOUND_RATE,
      AE_SOUND_PACKET_SAMPLES * GST_SECOND);

  ae_sound_decoder_conceal (self->decoder,
      (guint) MIN (n_packets, AE_SOUND_MAX_LOST), self->samples);
  return finish (self, 0, FALSE);
}

static GstFlowReturn
gst_ae_audio_dec_handle_frame (GstAudioDecoder * base, GstBuffer * buffer)
{
  GstAeAudioDec *self = GST_AE_AUDIO_DEC (base);
  GstFlowReturn flow;
  GstMapInfo map;

  g_array_set_size (self->samples, 0);
  if (buffer == NULL) {
    ae_sound_decoder_drain (self->decoder, self->samples);
    return self->samples->len > 0 ? finish (self, 0, FALSE) : GST_FLOW_OK;
  }
  if (gst_buffer_get_size (buffer) == 0)
    return handle_gap (self, GST_BUFFER_DURATION_IS_VALID (buffer)
        ? GST_BUFFER_DURATION (buffer) : 0);
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    GST_ELEMENT_ERROR (self, RESOURCE, READ, (NULL),
        ("a buffer cannot be mapped"));
    return GST_FLOW_ERROR;
  }
  /* the base class gives its buffers back when a frame is finished */
  gst_buffer_ref (buffer);
  flow = handle_data (self, map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  gst_buffer_unref (buffer);
  return flow;
}

static void
gst_ae_audio_dec_flush (GstAudioDecoder * base, gboolean hard)
{
  ae_sound_decoder_forget (GST_AE_AUDIO_DEC (base)->decoder);
}

/* The numbers of packets tell what is missing, and it is made up for; the base
 * class would begin anew, and leave a hole. */
static GstPadProbeReturn
take_discont (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  GstBuffer *buffer = GST_PAD_PROBE_INFO_BUFFER (info);

  if (GST_BUFFER_IS_DISCONT (buffer)) {
    buffer = gst_buffer_make_writable (buffer);
    GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_DISCONT);
    GST_PAD_PROBE_INFO_DATA (info) = buffer;
  }
  return GST_PAD_PROBE_OK;
}

/* Properties */

static GstStructure *
make_stats (const GstAeAudioDec * self)
{
  const AeSoundStats *stats = &self->stats;

  return gst_structure_new ("aeaudiodec-stats",
      "packets", G_TYPE_UINT64, stats->n_packets,
      "damaged-packets", G_TYPE_UINT64, stats->n_damaged,
      "lost-packets", G_TYPE_UINT64, stats->n_lost,
      "bad-frames", G_TYPE_UINT64, self->n_bad_frames, NULL);
}

static void
gst_ae_audio_dec_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  if (id != PROP_STATS) {
    gst_ae_properties_get_object (&properties, object, id, value, pspec);
    return;
  }
  GST_OBJECT_LOCK (object);
  g_value_take_boxed (value, make_stats (GST_AE_AUDIO_DEC (object)));
  GST_OBJECT_UNLOCK (object);
}

static void
gst_ae_audio_dec_finalize (GObject * object)
{
  GstAeAudioDec *self = GST_AE_AUDIO_DEC (object);

  gst_ae_properties_clear (&properties, self);
  g_array_unref (self->samples);
  G_OBJECT_CLASS (gst_ae_audio_dec_parent_class)->finalize (object);
}

static void
gst_ae_audio_dec_class_init (GstAeAudioDecClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstAudioDecoderClass *decoder_class = GST_AUDIO_DECODER_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_audio_dec_debug, "aeaudiodec", 0, "aeaudiodec");
  object_class->finalize = gst_ae_audio_dec_finalize;
  gst_ae_properties_install_object (&properties, object_class);
  object_class->get_property = gst_ae_audio_dec_get_property;
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Packets since start; those that were damaged, and those that did not "
          "come; buffers that were no frames", GST_TYPE_STRUCTURE,
          (GParamFlags) (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));

  gst_element_class_set_static_metadata (element_class,
      "Autoencoder speech decoder", "Codec/Decoder/Audio",
      "Makes sound of latents of an autoencoder",
      "The gst-autoencoder authors");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  decoder_class->start = gst_ae_audio_dec_start;
  decoder_class->stop = gst_ae_audio_dec_stop;
  decoder_class->handle_frame = gst_ae_audio_dec_handle_frame;
  decoder_class->flush = gst_ae_audio_dec_flush;
}

static void
gst_ae_audio_dec_init (GstAeAudioDec * self)
{
  GstAudioDecoder *base = GST_AUDIO_DECODER (self);

  gst_ae_properties_init (&properties, self);
  self->samples = g_array_new (FALSE, FALSE, sizeof (float));
  gst_audio_decoder_set_needs_format (base, FALSE);
  gst_audio_decoder_set_plc_aware (base, TRUE);
  gst_audio_decoder_set_plc (base, TRUE);
  gst_audio_decoder_set_drainable (base, TRUE);
  gst_audio_decoder_set_tolerance (base, TOLERANCE);
  gst_pad_add_probe (GST_AUDIO_DECODER_SINK_PAD (base),
      GST_PAD_PROBE_TYPE_BUFFER, take_discont, NULL, NULL);
}
