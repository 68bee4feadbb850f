/* aeaudioenc: codes sound as latents of an autoencoder. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aeaudioenc
 * @title: aeaudioenc
 *
 * Codes speech as latents of an autoencoder (`docs/bitstream.md`, section 13) at
 * 1 to 8 kbit/s. One model serves all rates: `quality` chooses how finely its
 * latents are rounded, or `bitrate` does. A packet of 20 ms needs no other one to
 * be read, so what is lost on the way does no lasting harm; several of them in
 * one frame take fewer bytes, and as much more delay. Silence takes five bytes a
 * frame.
 *
 * Magnitudes of the spectrum are coded, not its phases: it sounds as it did, but
 * its samples are others. At the end of the stream as many have come out of
 * #aeaudiodec as went in.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 filesrc location=speech.wav ! wavparse ! audioconvert ! audioresample ! aeaudioenc quality=5 packets=5 ! filesink location=speech.ael
 * ]|
 * |[
 * gst-launch-1.0 autoaudiosrc ! audioconvert ! audioresample ! aeaudioenc bitrate=4000 ! rtpgstpay config-interval=1 ! udpsink host=127.0.0.1 port=5002
 * ]|
 */
#include "gstaeaudioenc.h"

#include "ae-latent-rate.h"
#include "ae-sound-encoder.h"
#include "gstaelatent.h"
#include "gstaemodel.h"
#include "gstaeparse.h"
#include "gstaeproperties.h"
#include "gstaesamples.h"

GST_DEBUG_CATEGORY_STATIC (ae_audio_enc_debug);
#define GST_CAT_DEFAULT ae_audio_enc_debug

/* Before the first frame: all are alike, so there is no key frame to wait for. */
#define NEW_RATE (AeLatentRate) {.has_keys = TRUE,.grade = 32 }

#define PACKET AE_SOUND_PACKET_SAMPLES
#define MAX_SAMPLES (AE_SOUND_FRAME_MAX_PACKETS * PACKET)

typedef struct
{
  guint quality;
  guint bitrate;                /* bit/s; 0 = by quality */
  guint key_interval;           /* frames; 0 = the first alone */
  gboolean dtx;
} Settings;

struct _GstAeAudioEnc
{
  GstAudioEncoder parent;

  /* under the object lock */
  gchar *model_name;
  guint packets;                /* of a frame */
  Settings settings;
  guint64 n_frames, n_silent, n_bytes;

  /* of the streaming thread */
  AeLatentModel *model;
  AeSoundEncoder *encoder;
  GstAudioInfo info;            /* of the input */
  guint n_packets;              /* of a frame of this format */
  AeLatentRate rate;
  guint n_since_key;            /* frames; 0: there was none */
  GByteArray *bytes;
};

static const GstAeProperty rows[] = {
#define AT(field) G_STRUCT_OFFSET (GstAeAudioEnc, field)
  {"model", "Model", "Path of a model, or name of a shipped one",
      GST_AE_STRING, AT (model_name),.text = GST_AE_LATENT_SOUND_MODEL},
  {"quality", "Quality", "Quality (0 = smallest, 9 = best), unless there is a "
        "bit rate", GST_AE_UINT, AT (settings.quality),.high =
        AE_SYMBOLS_N_LEVELS - 1,.usual = 6,.when = GST_AE_CONTROLLED},
  {"bitrate", "Bit rate",
        "Bit rate to keep to, in bit/s, with all headers (0 = " "by quality)",
      GST_AE_UINT, AT (settings.bitrate),.high = 1000000,.when =
        GST_AE_CONTROLLED},
  {"packets", "Packets",
      "Packets of 20 ms in a frame: more of them are more "
        "delay and fewer bytes", GST_AE_UINT, AT (packets),.low = 1,.high =
        AE_SOUND_FRAME_MAX_PACKETS,.usual = 2},
  {"key-interval", "Key interval",
        "Frames from one that a decoder can begin "
        "with to the next (0 = only the first)", GST_AE_UINT,
      AT (settings.key_interval),.high = G_MAXINT,.usual = 50,.when =
        GST_AE_LIVE},
  {"dtx", "Silence", "Tell silence as such, in five bytes a frame",
      GST_AE_BOOLEAN, AT (settings.dtx),.usual = TRUE,.when =
        GST_AE_CONTROLLED},
#undef AT
};

static const GstAeProperties properties = GST_AE_PROPERTIES (rows);

#define PROP_STATS (properties.n + 1)

G_DEFINE_TYPE (GstAeAudioEnc, gst_ae_audio_enc, GST_TYPE_AUDIO_ENCODER);

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS ("audio/x-raw, format = (string) " GST_AE_AUDIO_FORMATS
        ", rate = (int) 16000, channels = (int) 1, "
        "layout = (string) interleaved"));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_AE_LATENT_AUDIO ", rate = (int) 16000, "
        "channels = (int) 1, framed = (boolean) true, "
        "parsed = (boolean) true"));

static gboolean
gst_ae_audio_enc_stop (GstAudioEncoder * base)
{
  GstAeAudioEnc *self = GST_AE_AUDIO_ENC (base);

  g_clear_pointer (&self->encoder, ae_sound_encoder_free);
  g_clear_pointer (&self->model, ae_latent_model_unref);
  return TRUE;
}

static gboolean
gst_ae_audio_enc_start (GstAudioEncoder * base)
{
  GstAeAudioEnc *self = GST_AE_AUDIO_ENC (base);
  g_autofree gchar *name = NULL;
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  name = g_strdup (self->model_name);
  self->n_frames = self->n_silent = self->n_bytes = 0;
  GST_OBJECT_UNLOCK (self);
  self->rate = NEW_RATE;
  self->n_since_key = 0;
  self->model = gst_ae_latent_load_model (GST_ELEMENT (self), name,
      AE_LAYOUT_SOUND);
  if (self->model == NULL)
    return FALSE;
  self->encoder = ae_sound_encoder_new (self->model, &error);
  if (self->encoder != NULL)
    return TRUE;
  gst_ae_model_post_error (GST_ELEMENT (self), error);
  /* a base class does not stop what did not start */
  gst_ae_audio_enc_stop (base);
  return FALSE;
}

static gboolean
gst_ae_audio_enc_set_format (GstAudioEncoder * base, GstAudioInfo * info)
{
  GstAeAudioEnc *self = GST_AE_AUDIO_ENC (base);
  g_autoptr (GstCaps) caps = gst_static_pad_template_get_caps (&src_template);
  GstClockTime latency;

  GST_OBJECT_LOCK (self);
  self->n_packets = self->packets;
  GST_OBJECT_UNLOCK (self);
  self->info = *info;
  gst_audio_encoder_set_frame_samples_min (base,
      (gint) (self->n_packets * PACKET));
  gst_audio_encoder_set_frame_samples_max (base,
      (gint) (self->n_packets * PACKET));
  gst_audio_encoder_set_frame_max (base, 1);
  latency = gst_util_uint64_scale (self->n_packets * PACKET, GST_SECOND,
      AE_SOUND_RATE);
  gst_audio_encoder_set_latency (base, latency, latency);
  return gst_audio_encoder_set_output_format (base, caps)
      && gst_audio_encoder_negotiate (base);
}

/* Takes over the properties for a frame at @pts. */
static Settings
take_settings (GstAeAudioEnc * self, GstClockTime pts)
{
  Settings settings;

  gst_ae_properties_sync (self, &GST_AUDIO_ENCODER (self)->input_segment, pts);
  GST_OBJECT_LOCK (self);
  settings = self->settings;
  GST_OBJECT_UNLOCK (self);
  return settings;
}

/* Codes the frame until it is as long as it should be. */
static gboolean
write_frame (GstAeAudioEnc * self, const Settings * settings, gboolean is_key,
    GError ** error)
{
  const gboolean is_rated = settings->bitrate > 0;
  AeSoundChoice choice = {.is_whole = is_key,.tells_silence =
        settings->dtx,.grade = settings->quality * AE_SYMBOLS_GRADES_PER_LEVEL
  };
  gboolean again;

  self->rate.bits_a_second = settings->bitrate;
  self->rate.frames_a_second = (double) AE_SOUND_RATE
      / (self->n_packets * PACKET);
  if (is_rated)
    choice.grade = ae_latent_rate_begin (&self->rate, FALSE);
  do {
    g_byte_array_set_size (self->bytes, 0);
    if (!ae_sound_encoder_write (self->encoder, &choice, self->bytes, error))
      return FALSE;
    again = is_rated && ae_latent_rate_try_again (&self->rate,
        8.0 * self->bytes->len);
    choice.grade = is_rated ? self->rate.grade : choice.grade;
  } while (again);
  if (is_rated)
    ae_latent_rate_end (&self->rate, 8.0 * self->bytes->len);
  else
    self->rate = NEW_RATE;
  return TRUE;
}

static GstFlowReturn
code_samples (GstAeAudioEnc * self, const float *samples, gsize n,
    GstClockTime pts)
{
  Settings settings = take_settings (self, pts);
  g_autoptr (GError) error = NULL;
  const AeSoundFrame *frame;
  GstBuffer *buffer;
  gboolean is_key = self->n_since_key == 0 || (settings.key_interval > 0
      && self->n_since_key >= settings.key_interval);

  ae_sound_encoder_read (self->encoder, samples, n);
  if (!write_frame (self, &settings, is_key, &error)) {
    GST_ELEMENT_ERROR (self, STREAM, ENCODE, ("%s", error->message), (NULL));
    return GST_FLOW_ERROR;
  }
  frame = ae_sound_encoder_accept (self->encoder);
  GST_LOG_OBJECT (self, "packet %u, type %d, %u bytes", frame->number,
      frame->type, self->bytes->len);
  GST_OBJECT_LOCK (self);
  self->n_frames++;
  self->n_silent += frame->type == AE_FRAME_SKIP;
  self->n_bytes += self->bytes->len;
  GST_OBJECT_UNLOCK (self);
  self->n_since_key = is_key ? 1 : self->n_since_key + 1;
  buffer = gst_audio_encoder_allocate_output_buffer (GST_AUDIO_ENCODER (self),
      self->bytes->len);
  gst_buffer_fill (buffer, 0, self->bytes->data, self->bytes->len);
  if (!is_key)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  return gst_audio_encoder_finish_frame (GST_AUDIO_ENCODER (self), buffer,
      (gint) n);
}

/* NULL: what comes next has nothing to do with what was. */
static GstFlowReturn
gst_ae_audio_enc_handle_frame (GstAudioEncoder * base, GstBuffer * buffer)
{
  GstAeAudioEnc *self = GST_AE_AUDIO_ENC (base);
  float samples[MAX_SAMPLES];
  GstMapInfo map;
  gsize n;

  if (buffer == NULL) {
    ae_sound_encoder_begin (self->encoder);
    self->n_since_key = 0;
    return GST_FLOW_OK;
  }
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    GST_ELEMENT_ERROR (self, RESOURCE, READ, (NULL),
        ("a buffer cannot be mapped"));
    return GST_FLOW_ERROR;
  }
  n = MIN (map.size / (gsize) GST_AUDIO_INFO_BPF (&self->info), MAX_SAMPLES);
  gst_ae_samples_to_floats (GST_AUDIO_INFO_FORMAT (&self->info), map.data, 1,
      samples, n);
  gst_buffer_unmap (buffer, &map);
  return n > 0 ? code_samples (self, samples, n, GST_BUFFER_PTS (buffer))
      : GST_FLOW_OK;
}

static void
gst_ae_audio_enc_flush (GstAudioEncoder * base)
{
  gst_ae_audio_enc_handle_frame (base, NULL);
}

/* The base class would go on with what is left of the samples before: a segment
 * makes it let them out first. */
static GstPadProbeReturn
end_before_discont (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  GstAeAudioEnc *self = data;

  if (GST_BUFFER_IS_DISCONT (GST_PAD_PROBE_INFO_BUFFER (info))
      && self->n_since_key > 0)
    gst_pad_send_event (pad, gst_event_new_segment
        (&GST_AUDIO_ENCODER (self)->input_segment));
  return GST_PAD_PROBE_OK;
}

/* Properties */

static GstStructure *
make_stats (const GstAeAudioEnc * self)
{
  return gst_structure_new ("aeaudioenc-stats",
      "frames", G_TYPE_UINT64, self->n_frames,
      "silent-frames", G_TYPE_UINT64, self->n_silent,
      "bytes", G_TYPE_UINT64, self->n_bytes, NULL);
}

static void
gst_ae_audio_enc_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  if (id != PROP_STATS) {
    gst_ae_properties_get_object (&properties, object, id, value, pspec);
    return;
  }
  GST_OBJECT_LOCK (object);
  g_value_take_boxed (value, make_stats (GST_AE_AUDIO_ENC (object)));
  GST_OBJECT_UNLOCK (object);
}

static void
gst_ae_audio_enc_finalize (GObject * object)
{
  GstAeAudioEnc *self = GST_AE_AUDIO_ENC (object);

  gst_ae_properties_clear (&properties, self);
  g_byte_array_unref (self->bytes);
  G_OBJECT_CLASS (gst_ae_audio_enc_parent_class)->finalize (object);
}

static void
gst_ae_audio_enc_class_init (GstAeAudioEncClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstAudioEncoderClass *encoder_class = GST_AUDIO_ENCODER_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_audio_enc_debug, "aeaudioenc", 0, "aeaudioenc");
  object_class->finalize = gst_ae_audio_enc_finalize;
  gst_ae_properties_install_object (&properties, object_class);
  object_class->get_property = gst_ae_audio_enc_get_property;
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Frames and bytes since start", GST_TYPE_STRUCTURE,
          (GParamFlags) (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));

  gst_element_class_set_static_metadata (element_class,
      "Autoencoder speech encoder", "Codec/Encoder/Audio",
      "Codes speech as latents of an autoencoder",
      "The gst-autoencoder authors");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  encoder_class->start = gst_ae_audio_enc_start;
  encoder_class->stop = gst_ae_audio_enc_stop;
  encoder_class->set_format = gst_ae_audio_enc_set_format;
  encoder_class->handle_frame = gst_ae_audio_enc_handle_frame;
  encoder_class->flush = gst_ae_audio_enc_flush;
}

static void
gst_ae_audio_enc_init (GstAeAudioEnc * self)
{
  gst_ae_properties_init (&properties, self);
  self->bytes = g_byte_array_new ();
  gst_audio_encoder_set_drainable (GST_AUDIO_ENCODER (self), TRUE);
  gst_pad_add_probe (GST_AUDIO_ENCODER_SINK_PAD (self),
      GST_PAD_PROBE_TYPE_BUFFER, end_before_discont, self, NULL);
}
