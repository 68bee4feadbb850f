/* aevideoenc: codes video as latents of an autoencoder. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aevideoenc
 * @title: aevideoenc
 *
 * Codes video as latents of an autoencoder (`docs/bitstream.md`), without delay.
 * One model serves all rates: `quality` chooses how finely its latents are
 * rounded, or `bitrate` does. What does not change in the picture is held and
 * takes next to no bits. Noise does change: with #aevideoenc:denoiser a model
 * removes it from the frames first.
 *
 * With #aevideoenc:slot set, each key frame begins with the model that an
 * `aevideotrain` of the same slot published last, if it is a codec; until there is
 * one, #aevideoenc:model is used. An `aevideodec` of the same process finds these
 * models by itself; another one needs them as files.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=300 ! aevideoenc quality=4 ! filesink location=test.ael
 * ]|
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! aevideoenc bitrate=500 refresh-interval=60 part-size=1300 ! rtpgstpay config-interval=1 ! udpsink host=127.0.0.1 port=5000
 * ]|
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=300 ! aevideocorrupt level=10 ! aevideoenc denoiser=denoise-video ! filesink location=test.ael
 * ]|
 */
#include "gstaevideoenc.h"

#include "ae-latent-encoder.h"
#include "ae-latent-rate.h"
#include "ae-slot.h"
#include "gstaelatent.h"
#include "gstaelatentinput.h"
#include "gstaemodel.h"
#include "gstaeparse.h"
#include "gstaeproperties.h"
#include "gstaetemporal.h"

GST_DEBUG_CATEGORY_STATIC (ae_video_enc_debug);
#define GST_CAT_DEFAULT ae_video_enc_debug

#define FORMATS "{ I420, YV12, NV12, NV21, GRAY8, " \
    "RGB, BGR, RGBx, BGRx, RGBA, BGRA, YUY2, UYVY, Y444 }"

/* Models from a slot that a decoder may still need for what it was sent. */
#define MAX_SHARED 4

/* A stream that does not say how many frames it has a second. */
#define ASSUMED_RATE 30.0

typedef struct
{
  guint quality;
  guint bitrate;                /* kbit/s; 0 = by quality */
  guint key_interval;           /* frames; 0 = the first alone */
  guint refresh_interval;       /* frames; 0 = off */
  guint part_size;              /* bytes; 0 = whole frames */
} Settings;

struct _GstAeVideoEnc
{
  GstVideoEncoder parent;

  /* under the object lock */
  gchar *model_name, *slot_name, *denoiser_name;
  guint n_threads;
  Settings settings;
  guint64 n_frames, n_keys, n_skips, n_bytes;

  /* of the streaming thread */
  AeLatentModel *model;
  AeLatentEncoder *encoder;
  AeSlot *slot;                 /* or NULL */
  guint64 generation;           /* of the slot's model that was seen last */
  GQueue shared;                /* of AeLatentModel: the last from the slot */
  AeModel *denoiser, *gate;     /* NULL when noise stays */
  GstVideoInfo info;            /* of the input */
  GstAeLatentInput *input;
  AeLatentRate rate;
  guint n_since_key;
  GByteArray *bytes;
};

static const GstAeProperty rows[] = {
#define AT(field) G_STRUCT_OFFSET (GstAeVideoEnc, field)
  {"model", "Model", "Path of a model, or name of a shipped one",
      GST_AE_STRING, AT (model_name),.text = GST_AE_LATENT_DEFAULT_MODEL},
  {"slot", "Slot", "Name of the slot where a trainer publishes models (NULL = "
        "none)", GST_AE_STRING, AT (slot_name),.text = NULL},
  {"denoiser", "Denoiser", "Path of a model that removes noise from the "
        "frames first, averaging them where they show the same, or name of a "
        "shipped one such as denoise-video (NULL = none)", GST_AE_STRING,
      AT (denoiser_name),.text = NULL},
  {"quality", "Quality", "Quality (0 = smallest, 9 = best), unless there is a "
        "bit rate", GST_AE_UINT, AT (settings.quality),.high =
        AE_SYMBOLS_N_LEVELS - 1,.usual = 4,.when = GST_AE_CONTROLLED},
  {"bitrate", "Bit rate", "Bit rate to keep to, in kbit/s (0 = by quality)",
      GST_AE_UINT, AT (settings.bitrate),.high = 1000000,.when =
        GST_AE_CONTROLLED},
  {"key-interval", "Key interval", "Frames from one key frame to the next (0 = "
        "only the first, and those that are asked for)", GST_AE_UINT,
      AT (settings.key_interval),.high = G_MAXINT,.usual = 250,.when =
        GST_AE_LIVE},
  {"refresh-interval", "Refresh interval", "Frames within which each part of "
        "the picture is told anew, so that what was lost heals without key "
        "frames (0 = off)", GST_AE_UINT, AT (settings.refresh_interval),.high =
        G_MAXINT,.when = GST_AE_LIVE},
  {"part-size", "Part size", "Send frames in parts of at most this many bytes, "
        "where slices allow it, each in a buffer of its own: for packets that "
        "may be lost (0 = whole frames)", GST_AE_UINT,
      AT (settings.part_size),.high = G_MAXINT,.when = GST_AE_LIVE},
  {"n-threads", "Number of threads", "Threads that work on a frame (0 = one "
        "per processor)", GST_AE_UINT, AT (n_threads),.high =
        GST_AE_MAX_THREADS,.usual = 1},
#undef AT
};

static const GstAeProperties properties = GST_AE_PROPERTIES (rows);

#define PROP_STATS (properties.n + 1)

G_DEFINE_TYPE_WITH_CODE (GstAeVideoEnc, gst_ae_video_enc,
    GST_TYPE_VIDEO_ENCODER, G_IMPLEMENT_INTERFACE (GST_TYPE_PRESET, NULL));

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE (FORMATS)));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_AE_LATENT_VIDEO ", framed = (boolean) true, "
        "parsed = (boolean) true; " GST_AE_LATENT_MP4));

static void
clear_format (GstAeVideoEnc * self)
{
  g_clear_pointer (&self->encoder, ae_latent_encoder_free);
  g_clear_pointer (&self->input, gst_ae_latent_input_free);
}

/* What removes noise, and the filter over time that goes with it. */
static gboolean
load_denoiser (GstAeVideoEnc * self, const gchar * name)
{
  g_autoptr (GError) error = NULL;

  self->denoiser = gst_ae_model_load_filter (name, &error);
  if (self->denoiser != NULL)
    self->gate = gst_ae_temporal_load_gate (&error);
  if (self->gate != NULL)
    return TRUE;
  gst_ae_model_post_error (GST_ELEMENT (self), error);
  return FALSE;
}

static gboolean
gst_ae_video_enc_stop (GstVideoEncoder * encoder)
{
  GstAeVideoEnc *self = GST_AE_VIDEO_ENC (encoder);

  clear_format (self);
  g_clear_pointer (&self->model, ae_latent_model_unref);
  g_clear_pointer (&self->slot, ae_slot_unref);
  g_queue_clear_full (&self->shared, (GDestroyNotify) gst_ae_latent_unshare);
  g_clear_pointer (&self->denoiser, ae_model_unref);
  g_clear_pointer (&self->gate, ae_model_unref);
  return TRUE;
}

static gboolean
gst_ae_video_enc_start (GstVideoEncoder * encoder)
{
  GstAeVideoEnc *self = GST_AE_VIDEO_ENC (encoder);
  g_autofree gchar *name = NULL;
  g_autofree gchar *denoiser = NULL;

  GST_OBJECT_LOCK (self);
  name = g_strdup (self->model_name);
  denoiser = g_strdup (self->denoiser_name);
  self->slot = self->slot_name ? ae_slot_get (self->slot_name) : NULL;
  self->n_frames = self->n_keys = self->n_skips = self->n_bytes = 0;
  GST_OBJECT_UNLOCK (self);
  self->model = gst_ae_latent_load_model (GST_ELEMENT (self), name,
      AE_LAYOUT_I420);
  self->generation = 0;
  self->rate = (AeLatentRate) {
  0};
  if (self->model != NULL
      && (denoiser == NULL || load_denoiser (self, denoiser)))
    return TRUE;
  /* a base class does not stop what did not start */
  gst_ae_video_enc_stop (encoder);
  return FALSE;
}

static gboolean
make_input (GstAeVideoEnc * self)
{
  g_autoptr (GError) error = NULL;
  guint n_threads;

  GST_OBJECT_LOCK (self);
  n_threads = self->n_threads;
  GST_OBJECT_UNLOCK (self);
  self->input = gst_ae_latent_input_new (&self->info, self->denoiser,
      self->gate, n_threads, &error);
  if (self->input == NULL)
    gst_ae_model_post_error (GST_ELEMENT (self), error);
  return self->input != NULL;
}

/* The next frame will be the first of @model. */
static gboolean
make_encoder (GstAeVideoEnc * self, AeLatentModel * model, GError ** error)
{
  const GstVideoInfo *info = gst_ae_latent_input_info (self->input);
  AeLatentFormat format = {
    .width = (guint) GST_VIDEO_INFO_WIDTH (info),
    .height = (guint) GST_VIDEO_INFO_HEIGHT (info),
    .rate_n = (guint) GST_VIDEO_INFO_FPS_N (&self->info),
    .rate_d = (guint) GST_VIDEO_INFO_FPS_D (&self->info),
    .matrix = gst_video_color_matrix_to_iso (info->colorimetry.matrix),
    .full_range = info->colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255,
    .first_number = (guint32) self->n_frames
  };
  AeLatentEncoder *encoder;
  guint n_threads;

  GST_OBJECT_LOCK (self);
  n_threads = self->n_threads;
  GST_OBJECT_UNLOCK (self);
  encoder = ae_latent_encoder_new (model, &format, n_threads, error);
  if (encoder == NULL)
    return FALSE;
  ae_latent_encoder_free (self->encoder);
  self->encoder = encoder;
  return TRUE;
}

/* Takes over @model, and shows it to decoders. */
static void
take_model (GstAeVideoEnc * self, AeLatentModel * model)
{
  ae_latent_model_unref (self->model);
  self->model = ae_latent_model_ref (model);
  gst_ae_latent_share (model);
  g_queue_push_tail (&self->shared, model);
  if (g_queue_get_length (&self->shared) > MAX_SHARED)
    gst_ae_latent_unshare (g_queue_pop_head (&self->shared));
}

/* Before a key frame: takes what was published since the last one. A model that
 * is no codec is said to be one, once, and left alone. */
static void
follow_slot (GstAeVideoEnc * self)
{
  g_autoptr (AeModel) model = ae_slot_poll (self->slot, &self->generation);
  g_autoptr (AeLatentModel) codec = NULL;
  g_autoptr (GError) error = NULL;

  if (model == NULL)
    return;
  codec = ae_latent_model_new (model, &error);
  if (codec == NULL
      || !ae_latent_model_check_layout (codec, AE_LAYOUT_I420, &error)
      || !make_encoder (self, codec, &error)) {
    GST_ELEMENT_WARNING (self, STREAM, FORMAT, ("Slot %s: %s",
            ae_slot_name (self->slot), error->message), (NULL));
    return;
  }
  take_model (self, codec);
  GST_DEBUG_OBJECT (self, "slot %s, generation %" G_GUINT64_FORMAT,
      ae_slot_name (self->slot), self->generation);
}

/* Returns: (transfer full): latents, or what a muxer takes for unknown ones. */
static GstCaps *
choose_caps (GstAeVideoEnc * self)
{
  g_autoptr (GstCaps) allowed =
      gst_pad_get_allowed_caps (GST_VIDEO_ENCODER_SRC_PAD (self));
  g_autoptr (GstCaps) latents = gst_caps_new_simple (GST_AE_LATENT_VIDEO,
      "framed", G_TYPE_BOOLEAN, TRUE, "parsed", G_TYPE_BOOLEAN, TRUE, NULL);

  if (allowed == NULL || gst_caps_can_intersect (allowed, latents))
    return g_steal_pointer (&latents);
  return gst_caps_new_simple (GST_AE_LATENT_MP4, "format", G_TYPE_UINT,
      GST_AE_LATENT_FOURCC, NULL);
}

static gboolean
gst_ae_video_enc_set_format (GstVideoEncoder * encoder,
    GstVideoCodecState * state)
{
  GstAeVideoEnc *self = GST_AE_VIDEO_ENC (encoder);
  g_autoptr (GError) error = NULL;
  GstVideoCodecState *output;

  clear_format (self);
  self->info = state->info;
  if (!make_input (self))
    return FALSE;
  if (!make_encoder (self, self->model, &error)) {
    gst_ae_model_post_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  self->n_since_key = 0;
  output = gst_video_encoder_set_output_state (encoder, choose_caps (self),
      state);
  gst_video_codec_state_unref (output);
  gst_video_encoder_set_latency (encoder, 0, 0);
  return gst_video_encoder_negotiate (encoder);
}

/* Takes over the properties for a frame at @pts. */
static Settings
take_settings (GstAeVideoEnc * self, GstClockTime pts)
{
  Settings settings;

  gst_ae_properties_sync (self, &GST_VIDEO_ENCODER (self)->input_segment, pts);
  GST_OBJECT_LOCK (self);
  settings = self->settings;
  GST_OBJECT_UNLOCK (self);
  return settings;
}

static void
set_rate (GstAeVideoEnc * self, const Settings * settings)
{
  const GstVideoInfo *info = &self->info;

  self->rate.bits_a_second = 1000.0 * settings->bitrate;
  self->rate.frames_a_second = ASSUMED_RATE;
  if (GST_VIDEO_INFO_FPS_N (info) > 0)
    self->rate.frames_a_second = (double) GST_VIDEO_INFO_FPS_N (info)
        / GST_VIDEO_INFO_FPS_D (info);
}

/* Codes the picture until it is as long as it should be. */
static gboolean
write_frame (GstAeVideoEnc * self, const Settings * settings, gboolean is_key,
    GError ** error)
{
  AeLatentChoice choice = {
    is_key, settings->quality * AE_SYMBOLS_GRADES_PER_LEVEL,
    settings->refresh_interval, settings->part_size
  };
  const gboolean is_rated = settings->bitrate > 0;
  gboolean again;

  set_rate (self, settings);
  if (is_rated)
    choice.grade = ae_latent_rate_begin (&self->rate, is_key);
  do {
    g_byte_array_set_size (self->bytes, 0);
    if (!ae_latent_encoder_write (self->encoder, &choice, self->bytes, error))
      return FALSE;
    again = is_rated && ae_latent_rate_try_again (&self->rate,
        8.0 * self->bytes->len);
    choice.grade = is_rated ? self->rate.grade : choice.grade;
  } while (again);
  if (is_rated)
    ae_latent_rate_end (&self->rate, 8.0 * self->bytes->len);
  else
    self->rate = (AeLatentRate) {
    0};
  return TRUE;
}

static void
count (GstAeVideoEnc * self, const AeLatentTold * told)
{
  GST_LOG_OBJECT (self, "type %d, %u bytes, positions: %" G_GSIZE_FORMAT
      " held, %" G_GSIZE_FORMAT " changed, %" G_GSIZE_FORMAT " intra",
      told->type, self->bytes->len, told->n_held, told->n_changed,
      told->n_intra);
  GST_OBJECT_LOCK (self);
  self->n_frames++;
  self->n_keys += told->type == AE_FRAME_KEY;
  self->n_skips += told->type == AE_FRAME_SKIP;
  self->n_bytes += self->bytes->len;
  GST_OBJECT_UNLOCK (self);
}

/* Sends what was written, each part in a buffer of its own. */
static GstFlowReturn
finish (GstAeVideoEnc * self, GstVideoCodecFrame * frame)
{
  GstVideoEncoder *encoder = GST_VIDEO_ENCODER (self);
  guint at = 0;

  while (TRUE) {
    GstFlowReturn flow;
    AeFrameHeader header;
    gsize n;

    ae_frame_header_parse (self->bytes->data + at, self->bytes->len - at,
        &header, NULL);
    n = header.header_bytes + header.payload_bytes;
    frame->output_buffer = gst_buffer_new_memdup (self->bytes->data + at, n);
    at += (guint) n;
    if (!header.has_more)
      return gst_video_encoder_finish_frame (encoder, frame);
    flow = gst_video_encoder_finish_subframe (encoder, frame);
    if (flow != GST_FLOW_OK) {
      gst_video_encoder_finish_frame (encoder, frame);
      return flow;
    }
  }
}

static GstFlowReturn
gst_ae_video_enc_handle_frame (GstVideoEncoder * encoder,
    GstVideoCodecFrame * frame)
{
  GstAeVideoEnc *self = GST_AE_VIDEO_ENC (encoder);
  Settings settings = take_settings (self, frame->pts);
  g_autoptr (GError) error = NULL;
  const AeLatentTold *told;
  gboolean is_key = GST_VIDEO_CODEC_FRAME_IS_FORCE_KEYFRAME (frame)
      || self->n_since_key == 0 || (settings.key_interval > 0
      && self->n_since_key >= settings.key_interval);

  if (is_key && self->slot != NULL)
    follow_slot (self);
  if (!gst_ae_latent_input_read (self->input, frame->input_buffer,
          self->encoder)) {
    gst_video_encoder_finish_frame (encoder, frame);
    GST_ELEMENT_ERROR (self, RESOURCE, READ, (NULL),
        ("a video frame cannot be mapped"));
    return GST_FLOW_ERROR;
  }
  if (!write_frame (self, &settings, is_key, &error)) {
    gst_video_encoder_finish_frame (encoder, frame);
    GST_ELEMENT_ERROR (self, STREAM, ENCODE, ("%s", error->message), (NULL));
    return GST_FLOW_ERROR;
  }
  told = ae_latent_encoder_accept (self->encoder);
  count (self, told);
  if (is_key)
    GST_VIDEO_CODEC_FRAME_SET_SYNC_POINT (frame);
  self->n_since_key = is_key ? 1 : self->n_since_key + 1;
  return finish (self, frame);
}

static gboolean
gst_ae_video_enc_propose_allocation (GstVideoEncoder * encoder,
    GstQuery * query)
{
  gst_query_add_allocation_meta (query, GST_VIDEO_META_API_TYPE, NULL);
  return GST_VIDEO_ENCODER_CLASS
      (gst_ae_video_enc_parent_class)->propose_allocation (encoder, query);
}

/* What comes next has nothing to do with what was. */
static gboolean
gst_ae_video_enc_flush (GstVideoEncoder * encoder)
{
  GstAeVideoEnc *self = GST_AE_VIDEO_ENC (encoder);

  self->n_since_key = 0;
  if (self->input != NULL)
    gst_ae_latent_input_forget (self->input);
  return TRUE;
}

/* Properties */

static GstStructure *
make_stats (const GstAeVideoEnc * self)
{
  return gst_structure_new ("aevideoenc-stats",
      "frames", G_TYPE_UINT64, self->n_frames,
      "key-frames", G_TYPE_UINT64, self->n_keys,
      "skipped-frames", G_TYPE_UINT64, self->n_skips,
      "bytes", G_TYPE_UINT64, self->n_bytes, NULL);
}

static void
gst_ae_video_enc_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  if (id != PROP_STATS) {
    gst_ae_properties_get_object (&properties, object, id, value, pspec);
    return;
  }
  GST_OBJECT_LOCK (object);
  g_value_take_boxed (value, make_stats (GST_AE_VIDEO_ENC (object)));
  GST_OBJECT_UNLOCK (object);
}

static void
gst_ae_video_enc_finalize (GObject * object)
{
  GstAeVideoEnc *self = GST_AE_VIDEO_ENC (object);

  gst_ae_properties_clear (&properties, self);
  g_byte_array_unref (self->bytes);
  G_OBJECT_CLASS (gst_ae_video_enc_parent_class)->finalize (object);
}

static void
gst_ae_video_enc_class_init (GstAeVideoEncClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstVideoEncoderClass *encoder_class = GST_VIDEO_ENCODER_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_video_enc_debug, "aevideoenc", 0, "aevideoenc");
  object_class->finalize = gst_ae_video_enc_finalize;
  gst_ae_properties_install_object (&properties, object_class);
  object_class->get_property = gst_ae_video_enc_get_property;
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Frames and bytes since start", GST_TYPE_STRUCTURE,
          (GParamFlags) (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));

  gst_element_class_set_static_metadata (element_class,
      "Autoencoder video encoder", "Codec/Encoder/Video",
      "Codes video as latents of an autoencoder",
      "The gst-autoencoder authors");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  encoder_class->start = gst_ae_video_enc_start;
  encoder_class->stop = gst_ae_video_enc_stop;
  encoder_class->set_format = gst_ae_video_enc_set_format;
  encoder_class->handle_frame = gst_ae_video_enc_handle_frame;
  encoder_class->propose_allocation = gst_ae_video_enc_propose_allocation;
  encoder_class->flush = gst_ae_video_enc_flush;
}

static void
gst_ae_video_enc_init (GstAeVideoEnc * self)
{
  gst_ae_properties_init (&properties, self);
  self->bytes = g_byte_array_new ();
}
