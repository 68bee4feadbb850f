/* aevideodenoise: removes noise from video. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aevideodenoise
 * @title: aevideodenoise
 *
 * Removes noise from each frame with an autoencoder. The noise level is
 * estimated from the picture, so that no property has to be set; it can be
 * given where it is known. Under a level of 1.5 a part of what the model makes is
 * taken, under 0.3 nothing: its own errors weigh more than the noise there.
 *
 * YUV planes are denoised one by one. RGB is denoised as one lightness and two
 * colour-difference planes. Alpha stays as it is.
 *
 * With #aevideodenoise:temporal, frames are averaged where they show the same, and
 * what noise is left is removed then: a camera that stands still gains most. The
 * past is forgotten where the scene changes, with a flush, a gap and new caps.
 * Frames wait for none that follow, so the element adds no latency.
 *
 * With #aevideodenoise:slot set, the element takes the models that an
 * `aevideotrain` of the same slot publishes, each from one frame to the next;
 * until there is one, and where the slot has none that can denoise, it uses
 * #aevideodenoise:model.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=100 ! aevideocorrupt level=25 ! aevideodenoise strength=0.8 ! videoconvert ! autovideosink
 * ]|
 */
#include "gstaevideodenoise.h"

#include "ae-slot.h"
#include "gstaedenoiser.h"
#include "gstaemodel.h"
#include "gstaeproperties.h"
#include "gstaetemporal.h"

GST_DEBUG_CATEGORY_STATIC (ae_video_denoise_debug);
#define GST_CAT_DEFAULT ae_video_denoise_debug

#define NOISE_LEVEL_UNKNOWN -1.0f

typedef enum
{
  GST_AE_TEMPORAL_OFF,
  GST_AE_TEMPORAL_AUTO
} GstAeTemporalMode;

struct _GstAeVideoDenoise
{
  GstVideoFilter parent;

  /* properties, under the object lock */
  gchar *model_name;
  gchar *slot_name;
  gboolean model_changed;       /* model is not the one of this name */
  guint n_threads;
  AePrecision precision;
  GstAeTemporalMode temporal;
  GstAeDenoiserSettings settings;
  gfloat estimated_noise_level;

  /* of the streaming thread */
  GstAeDenoiserSettings frame_settings;
  AeModel *model;
  AeModel *gate;                /* loaded when first wanted */
  AeSlot *slot;
  guint64 generation;           /* of the slot's model in use */
  GstAeDenoiser *denoiser;
  guint denoiser_threads;       /* n_threads of the denoiser */
  AePrecision denoiser_precision;       /* and its precision */
  GstAeTemporalMode denoiser_temporal;  /* and its filter over time */
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_AE_VIDEO_CAPS));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_AE_VIDEO_CAPS));

#define gst_ae_video_denoise_parent_class parent_class
G_DEFINE_TYPE (GstAeVideoDenoise, gst_ae_video_denoise, GST_TYPE_VIDEO_FILTER);

#define GST_TYPE_AE_CHROMA (gst_ae_chroma_get_type ())
static GType
gst_ae_chroma_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_AE_CHROMA_NONE, "Luma only, chroma stays as it is", "none"},
    {GST_AE_CHROMA_FULL, "Luma and chroma", "full"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstAeChroma", values));
  return type;
}

#define GST_TYPE_AE_PRECISION (gst_ae_precision_get_type ())
static GType
gst_ae_precision_get_type (void)
{
  static const GEnumValue values[] = {
    {AE_PRECISION_AUTO,
        "Integers where the model has them and the processor has VNNI", "auto"},
    {AE_PRECISION_FLOAT, "32-bit floats", "float"},
    {AE_PRECISION_INT8, "8-bit integers; an error if the model has none, "
          "but floats for what a slot publishes without", "int8"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstAePrecision",
            values));
  return type;
}

#define GST_TYPE_AE_TEMPORAL_MODE (gst_ae_temporal_mode_get_type ())
static GType
gst_ae_temporal_mode_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_AE_TEMPORAL_OFF, "Each frame alone", "off"},
    {GST_AE_TEMPORAL_AUTO,
        "Average frames where they show the same, before denoising", "auto"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstAeTemporalMode",
            values));
  return type;
}

/* The model and the denoiser. On failure each posts why. */

static gboolean
load_model (GstAeVideoDenoise * self)
{
  g_autofree gchar *name = NULL;
  g_autoptr (GError) error = NULL;
  AeModel *model;

  GST_OBJECT_LOCK (self);
  name = g_strdup (self->model_name);
  self->model_changed = FALSE;
  GST_OBJECT_UNLOCK (self);

  model = gst_ae_model_load_filter (name, &error);
  if (model == NULL) {
    gst_ae_model_post_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  ae_model_unref (self->model);
  self->model = model;
  self->generation = 0;
  GST_DEBUG_OBJECT (self, "model %s: %s", name, model->architecture->text);
  return TRUE;
}

static gboolean
load_gate (GstAeVideoDenoise * self)
{
  g_autoptr (GError) error = NULL;

  if (self->gate == NULL)
    self->gate = gst_ae_temporal_load_gate (&error);
  if (self->gate != NULL)
    return TRUE;
  g_prefix_error (&error, "temporal=auto: ");
  gst_ae_model_post_error (GST_ELEMENT (self), error);
  return FALSE;
}

static gboolean
make_denoiser (GstAeVideoDenoise * self, const GstVideoInfo * info)
{
  g_autoptr (GError) error = NULL;
  AePrecision precision;
  AeModel *gate = NULL;

  GST_OBJECT_LOCK (self);
  self->denoiser_temporal = self->temporal;
  self->denoiser_threads = self->n_threads;
  self->denoiser_precision = precision = self->precision;
  GST_OBJECT_UNLOCK (self);
  /* what is being trained has no integers, and the stream goes on */
  if (self->generation > 0 && self->model->int8 == NULL)
    precision = AE_PRECISION_FLOAT;

  gst_ae_denoiser_free (self->denoiser);
  self->denoiser = NULL;
  if (self->denoiser_temporal == GST_AE_TEMPORAL_AUTO) {
    if (!load_gate (self))
      return FALSE;
    gate = self->gate;
  }
  self->denoiser = gst_ae_denoiser_new (self->model, gate, info,
      self->denoiser_threads, precision, &error);
  if (self->denoiser == NULL) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
        ("Cannot denoise %s", error->message), (NULL));
    return FALSE;
  }
  return TRUE;
}

/* Takes what was published since the last frame. A model that is no denoiser is
 * said to be one, once, and left alone. */
static gboolean
follow_slot (GstAeVideoDenoise * self, const GstVideoInfo * info)
{
  g_autoptr (AeModel) model = ae_slot_poll (self->slot, &self->generation);
  g_autoptr (GError) error = NULL;

  if (model == NULL)
    return TRUE;
  if (!gst_ae_model_check_filter (model, ae_slot_name (self->slot), &error)) {
    GST_ELEMENT_WARNING (self, STREAM, FORMAT, ("Slot %s", error->message),
        (NULL));
    return TRUE;
  }
  ae_model_unref (self->model);
  self->model = ae_model_ref (model);
  GST_DEBUG_OBJECT (self, "slot %s, generation %" G_GUINT64_FORMAT,
      ae_slot_name (self->slot), self->generation);
  if (self->denoiser != NULL
      && gst_ae_denoiser_set_model (self->denoiser, model))
    return TRUE;
  return make_denoiser (self, info);
}

/* Follows properties that were changed while playing. */
static gboolean
update_denoiser (GstAeVideoDenoise * self, const GstVideoInfo * info)
{
  gboolean model_changed, up_to_date;

  GST_OBJECT_LOCK (self);
  model_changed = self->model_changed;
  up_to_date = !model_changed && self->denoiser != NULL
      && self->denoiser_threads == self->n_threads
      && self->denoiser_precision == self->precision
      && self->denoiser_temporal == self->temporal;
  GST_OBJECT_UNLOCK (self);

  if (!up_to_date) {
    if (model_changed && !load_model (self))
      return FALSE;
    if (!make_denoiser (self, info))
      return FALSE;
  }
  return self->slot == NULL || follow_slot (self, info);
}

/* The stream */

static gboolean
gst_ae_video_denoise_stop (GstBaseTransform * trans)
{
  GstAeVideoDenoise *self = GST_AE_VIDEO_DENOISE (trans);

  g_clear_pointer (&self->denoiser, gst_ae_denoiser_free);
  g_clear_pointer (&self->model, ae_model_unref);
  g_clear_pointer (&self->gate, ae_model_unref);
  g_clear_pointer (&self->slot, ae_slot_unref);
  GST_OBJECT_LOCK (self);
  self->estimated_noise_level = NOISE_LEVEL_UNKNOWN;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
gst_ae_video_denoise_start (GstBaseTransform * trans)
{
  GstAeVideoDenoise *self = GST_AE_VIDEO_DENOISE (trans);

  GST_OBJECT_LOCK (self);
  self->slot = self->slot_name ? ae_slot_get (self->slot_name) : NULL;
  GST_OBJECT_UNLOCK (self);
  if (load_model (self))
    return TRUE;
  /* a base class does not stop what did not start */
  gst_ae_video_denoise_stop (trans);
  return FALSE;
}

static gboolean
gst_ae_video_denoise_set_info (GstVideoFilter * filter, GstCaps * in_caps,
    GstVideoInfo * in_info, GstCaps * out_caps, GstVideoInfo * out_info)
{
  return make_denoiser (GST_AE_VIDEO_DENOISE (filter), in_info);
}

static void
forget_past (GstAeVideoDenoise * self)
{
  if (self->denoiser != NULL)
    gst_ae_denoiser_forget (self->denoiser);
}

static gboolean
gst_ae_video_denoise_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    forget_past (GST_AE_VIDEO_DENOISE (trans));
  return GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (trans, event);
}

/* Takes over the properties for @buffer; with strength 0 it passes untouched,
 * and is not even copied. */
static void
gst_ae_video_denoise_before_transform (GstBaseTransform * trans,
    GstBuffer * buffer)
{
  GstAeVideoDenoise *self = GST_AE_VIDEO_DENOISE (trans);
  gboolean passthrough;

  gst_ae_properties_sync (trans, &trans->segment, GST_BUFFER_PTS (buffer));

  GST_OBJECT_LOCK (self);
  self->frame_settings = self->settings;
  GST_OBJECT_UNLOCK (self);

  passthrough = self->frame_settings.strength <= 0.0f;
  if (passthrough || GST_BUFFER_IS_DISCONT (buffer))
    forget_past (self);
  gst_base_transform_set_passthrough (trans, passthrough);
}

static GstFlowReturn
gst_ae_video_denoise_transform_frame_ip (GstVideoFilter * filter,
    GstVideoFrame * frame)
{
  GstAeVideoDenoise *self = GST_AE_VIDEO_DENOISE (filter);

  if (GST_BUFFER_FLAG_IS_SET (frame->buffer, GST_BUFFER_FLAG_GAP))
    return GST_FLOW_OK;
  if (!update_denoiser (self, &filter->in_info))
    return GST_FLOW_ERROR;
  gst_ae_denoiser_run (self->denoiser, &self->frame_settings, frame);

  if (self->frame_settings.noise_level < 0.0f) {
    GST_OBJECT_LOCK (self);
    self->estimated_noise_level = gst_ae_denoiser_estimate (self->denoiser);
    GST_OBJECT_UNLOCK (self);
  }
  return GST_FLOW_OK;
}

/* Properties */

static const GstAeProperty rows[] = {
#define AT(field) G_STRUCT_OFFSET (GstAeVideoDenoise, field)
  {"model", "Model", "Path of a model, or name of a shipped one", GST_AE_STRING,
      AT (model_name),.text = "denoise-video",.when = GST_AE_LIVE},
  {"slot", "Slot", "Name of the slot where a trainer publishes models (NULL = "
        "none)", GST_AE_STRING, AT (slot_name),.text = NULL},
  {"strength", "Strength", "How much of the noise to remove (0 = leave frames "
        "untouched, 1 = all that the model finds)", GST_AE_FLOAT,
      AT (settings.strength),.high = 1.0,.usual = 1.0,.when =
        GST_AE_CONTROLLED},
  {"noise-level", "Noise level", "Standard deviation of the noise of each "
        "component, in steps of the 8-bit scale (-1 = estimate it for each "
        "plane of each frame)", GST_AE_FLOAT, AT (settings.noise_level),.low =
        -1.0,.high = (double) GST_AE_MAX_NOISE_LEVEL,.usual = -1.0,.when =
        GST_AE_CONTROLLED},
  {"n-threads", "Number of threads",
        "Threads that work on a frame (0 = one per " "processor)", GST_AE_UINT,
      AT (n_threads),.high = GST_AE_MAX_THREADS,.when = GST_AE_LIVE},
  {"chroma", "Chroma", "What to do with colour", GST_AE_ENUM,
      AT (settings.chroma), gst_ae_chroma_get_type,.usual =
        GST_AE_CHROMA_FULL,.when = GST_AE_CONTROLLED},
  {"precision", "Precision", "Numbers that the model is run in: integers are "
        "faster, and differ from floats by less than can be seen", GST_AE_ENUM,
      AT (precision), gst_ae_precision_get_type,.usual =
        AE_PRECISION_AUTO,.when = GST_AE_LIVE},
  {"temporal", "Temporal", "Whether to use frames that came before, where they "
        "show the same", GST_AE_ENUM, AT (temporal),
      gst_ae_temporal_mode_get_type,.usual = GST_AE_TEMPORAL_OFF,.when =
        GST_AE_LIVE},
  {"estimated-noise-level", "Estimated noise level",
        "Noise level last estimated "
        "from luma or lightness, on the scale of noise-level (-1 = none yet)",
      GST_AE_FLOAT, AT (estimated_noise_level),.low = -1.0,.high =
        (double) G_MAXFLOAT,.usual = -1.0,.told = TRUE},
#undef AT
};

static const GstAeProperties properties = GST_AE_PROPERTIES (rows);

#define PROP_MODEL 1            /* the first row */

static void
gst_ae_video_denoise_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstAeVideoDenoise *self = GST_AE_VIDEO_DENOISE (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_ae_properties_set (&properties, self, id, value);
  self->model_changed |= id == PROP_MODEL;
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_ae_video_denoise_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  gst_ae_properties_get_object (&properties, object, id, value, pspec);
}

static void
gst_ae_video_denoise_finalize (GObject * object)
{
  gst_ae_properties_clear (&properties, object);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_ae_video_denoise_class_init (GstAeVideoDenoiseClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstVideoFilterClass *filter_class = GST_VIDEO_FILTER_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_video_denoise_debug, "aevideodenoise", 0,
      "aevideodenoise");

  object_class->set_property = gst_ae_video_denoise_set_property;
  object_class->get_property = gst_ae_video_denoise_get_property;
  object_class->finalize = gst_ae_video_denoise_finalize;
  gst_ae_properties_install (&properties, object_class);
  gst_type_mark_as_plugin_api (GST_TYPE_AE_CHROMA, (GstPluginAPIFlags) 0);
  gst_type_mark_as_plugin_api (GST_TYPE_AE_PRECISION, (GstPluginAPIFlags) 0);
  gst_type_mark_as_plugin_api (GST_TYPE_AE_TEMPORAL_MODE,
      (GstPluginAPIFlags) 0);

  gst_element_class_set_static_metadata (element_class,
      "Autoencoder video denoiser", "Filter/Effect/Video",
      "Removes noise from video with an autoencoder",
      "The gst-autoencoder authors");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  trans_class->start = gst_ae_video_denoise_start;
  trans_class->stop = gst_ae_video_denoise_stop;
  trans_class->sink_event = gst_ae_video_denoise_sink_event;
  trans_class->before_transform = gst_ae_video_denoise_before_transform;
  trans_class->transform_ip_on_passthrough = FALSE;
  filter_class->set_info = gst_ae_video_denoise_set_info;
  filter_class->transform_frame_ip = gst_ae_video_denoise_transform_frame_ip;
}

static void
gst_ae_video_denoise_init (GstAeVideoDenoise * self)
{
  gst_ae_properties_init (&properties, self);
  gst_base_transform_set_gap_aware (GST_BASE_TRANSFORM (self), TRUE);
}
