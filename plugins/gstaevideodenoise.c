/* aevideodenoise: removes noise from video. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aevideodenoise
 * @title: aevideodenoise
 *
 * Removes noise from each frame with an autoencoder. The noise level is
 * estimated from the picture, so that no property has to be set; it can be
 * given where it is known.
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
#include "gstaetemporal.h"

GST_DEBUG_CATEGORY_STATIC (ae_video_denoise_debug);
#define GST_CAT_DEFAULT ae_video_denoise_debug

#define DEFAULT_MODEL "denoise-video"
#define DEFAULT_STRENGTH 1.0f
#define DEFAULT_NOISE_LEVEL -1.0f
#define DEFAULT_N_THREADS 0
#define DEFAULT_CHROMA GST_AE_CHROMA_FULL
#define DEFAULT_TEMPORAL GST_AE_TEMPORAL_OFF
#define GATE_MODEL "temporal-gate"
#define DEFAULT_PRECISION AE_PRECISION_AUTO
#define MAX_THREADS 64

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

enum
{
  PROP_0,
  PROP_MODEL,
  PROP_SLOT,
  PROP_STRENGTH,
  PROP_NOISE_LEVEL,
  PROP_N_THREADS,
  PROP_CHROMA,
  PROP_PRECISION,
  PROP_TEMPORAL,
  PROP_ESTIMATED_NOISE_LEVEL
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
  g_autofree gchar *path = NULL;
  g_autoptr (GError) error = NULL;

  if (self->gate != NULL)
    return TRUE;
  path = ae_model_find (GATE_MODEL, &error);
  if (path != NULL)
    self->gate = ae_model_load (path, &error);
  if (self->gate != NULL && gst_ae_temporal_check_gate (self->gate, &error))
    return TRUE;
  g_clear_pointer (&self->gate, ae_model_unref);
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
gst_ae_video_denoise_start (GstBaseTransform * trans)
{
  GstAeVideoDenoise *self = GST_AE_VIDEO_DENOISE (trans);

  GST_OBJECT_LOCK (self);
  self->slot = self->slot_name ? ae_slot_get (self->slot_name) : NULL;
  GST_OBJECT_UNLOCK (self);
  return load_model (self);
}

static gboolean
gst_ae_video_denoise_stop (GstBaseTransform * trans)
{
  GstAeVideoDenoise *self = GST_AE_VIDEO_DENOISE (trans);

  g_clear_pointer (&self->denoiser, gst_ae_denoiser_free);
  g_clear_pointer (&self->model, ae_model_unref);
  g_clear_pointer (&self->gate, ae_model_unref);
  g_clear_pointer (&self->slot, ae_slot_unref);
  GST_OBJECT_LOCK (self);
  self->estimated_noise_level = DEFAULT_NOISE_LEVEL;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
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

  if (trans->segment.format == GST_FORMAT_TIME) {
    const GstClockTime stream_time = gst_segment_to_stream_time
        (&trans->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));

    if (GST_CLOCK_TIME_IS_VALID (stream_time))
      gst_object_sync_values (GST_OBJECT (self), stream_time);
  }

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

static void
gst_ae_video_denoise_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstAeVideoDenoise *self = GST_AE_VIDEO_DENOISE (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_MODEL:
      g_free (self->model_name);
      self->model_name = g_value_dup_string (value);
      if (self->model_name == NULL)
        self->model_name = g_strdup (DEFAULT_MODEL);
      self->model_changed = TRUE;
      break;
    case PROP_SLOT:
      g_free (self->slot_name);
      self->slot_name = g_value_dup_string (value);
      break;
    case PROP_STRENGTH:
      self->settings.strength = g_value_get_float (value);
      break;
    case PROP_NOISE_LEVEL:
      self->settings.noise_level = g_value_get_float (value);
      break;
    case PROP_N_THREADS:
      self->n_threads = g_value_get_uint (value);
      break;
    case PROP_CHROMA:
      self->settings.chroma = (GstAeChroma) g_value_get_enum (value);
      break;
    case PROP_PRECISION:
      self->precision = (AePrecision) g_value_get_enum (value);
      break;
    case PROP_TEMPORAL:
      self->temporal = (GstAeTemporalMode) g_value_get_enum (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_ae_video_denoise_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  GstAeVideoDenoise *self = GST_AE_VIDEO_DENOISE (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_MODEL:
      g_value_set_string (value, self->model_name);
      break;
    case PROP_SLOT:
      g_value_set_string (value, self->slot_name);
      break;
    case PROP_STRENGTH:
      g_value_set_float (value, self->settings.strength);
      break;
    case PROP_NOISE_LEVEL:
      g_value_set_float (value, self->settings.noise_level);
      break;
    case PROP_N_THREADS:
      g_value_set_uint (value, self->n_threads);
      break;
    case PROP_CHROMA:
      g_value_set_enum (value, (gint) self->settings.chroma);
      break;
    case PROP_PRECISION:
      g_value_set_enum (value, (gint) self->precision);
      break;
    case PROP_TEMPORAL:
      g_value_set_enum (value, (gint) self->temporal);
      break;
    case PROP_ESTIMATED_NOISE_LEVEL:
      g_value_set_float (value, self->estimated_noise_level);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_ae_video_denoise_finalize (GObject * object)
{
  g_free (GST_AE_VIDEO_DENOISE (object)->model_name);
  g_free (GST_AE_VIDEO_DENOISE (object)->slot_name);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
install_properties (GObjectClass * klass)
{
  const GParamFlags live = (GParamFlags) (G_PARAM_READWRITE |
      G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
  const GParamFlags controllable =
      (GParamFlags) (live | GST_PARAM_CONTROLLABLE);

  g_object_class_install_property (klass, PROP_MODEL,
      g_param_spec_string ("model", "Model",
          "Path of a model, or name of a shipped one", DEFAULT_MODEL, live));
  g_object_class_install_property (klass, PROP_SLOT,
      g_param_spec_string ("slot", "Slot",
          "Name of the slot where a trainer publishes models (NULL = none)",
          NULL, (GParamFlags) (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_READY)));
  g_object_class_install_property (klass, PROP_STRENGTH,
      g_param_spec_float ("strength", "Strength",
          "How much of the noise to remove (0 = leave frames untouched, "
          "1 = all that the model finds)",
          0.0f, 1.0f, DEFAULT_STRENGTH, controllable));
  g_object_class_install_property (klass, PROP_NOISE_LEVEL,
      g_param_spec_float ("noise-level", "Noise level",
          "Standard deviation of the noise of each component, in steps of the "
          "8-bit scale (-1 = estimate it for each plane of each frame)",
          -1.0f, GST_AE_MAX_NOISE_LEVEL, DEFAULT_NOISE_LEVEL, controllable));
  g_object_class_install_property (klass, PROP_N_THREADS,
      g_param_spec_uint ("n-threads", "Number of threads",
          "Threads that work on a frame (0 = one per processor)",
          0, MAX_THREADS, DEFAULT_N_THREADS, live));
  g_object_class_install_property (klass, PROP_CHROMA,
      g_param_spec_enum ("chroma", "Chroma", "What to do with colour",
          GST_TYPE_AE_CHROMA, (gint) DEFAULT_CHROMA, controllable));
  g_object_class_install_property (klass, PROP_PRECISION,
      g_param_spec_enum ("precision", "Precision",
          "Numbers that the model is run in: integers are faster, and differ "
          "from floats by less than can be seen",
          GST_TYPE_AE_PRECISION, (gint) DEFAULT_PRECISION, live));
  g_object_class_install_property (klass, PROP_TEMPORAL,
      g_param_spec_enum ("temporal", "Temporal",
          "Whether to use frames that came before, where they show the same",
          GST_TYPE_AE_TEMPORAL_MODE, (gint) DEFAULT_TEMPORAL, live));
  g_object_class_install_property (klass, PROP_ESTIMATED_NOISE_LEVEL,
      g_param_spec_float ("estimated-noise-level", "Estimated noise level",
          "Noise level last estimated from luma or lightness, on the scale of "
          "noise-level (-1 = none yet)", -1.0f, G_MAXFLOAT, DEFAULT_NOISE_LEVEL,
          (GParamFlags) (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
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
  install_properties (object_class);
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
  self->model_name = g_strdup (DEFAULT_MODEL);
  self->n_threads = DEFAULT_N_THREADS;
  self->precision = DEFAULT_PRECISION;
  self->temporal = DEFAULT_TEMPORAL;
  self->settings.strength = DEFAULT_STRENGTH;
  self->settings.noise_level = DEFAULT_NOISE_LEVEL;
  self->settings.chroma = DEFAULT_CHROMA;
  self->estimated_noise_level = DEFAULT_NOISE_LEVEL;
  gst_base_transform_set_gap_aware (GST_BASE_TRANSFORM (self), TRUE);
}
