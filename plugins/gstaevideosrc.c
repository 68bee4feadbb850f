/* aevideosrc: video from the prior of a variational autoencoder. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aevideosrc
 * @title: aevideosrc
 *
 * Draws codes from the prior of a variational autoencoder and shows what its
 * decoder makes of them: pictures like those that it was trained on, and all
 * that is between them. Frames have the size of the model's input, at any rate;
 * the same seed gives the same video.
 *
 * With #aevideosrc:slot set, the pictures are those of the model that an
 * `aevideotrain objective=variational` of the same slot publishes, from one
 * frame to the next; they are black until there is one.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 aevideosrc pattern=grid is-live=true ! videoconvert ! videoscale ! video/x-raw,width=800,height=480 ! autovideosink
 * ]| Handwritten digits of all classes, drawn by the shipped model.
 */
#include "gstaevideosrc.h"

#include <gst/video/video.h>
#include <string.h>

#include "ae-plane.h"
#include "ae-sampler.h"
#include "ae-slot.h"
#include "gstaemodel.h"
#include "gstaeproperties.h"

GST_DEBUG_CATEGORY_STATIC (ae_video_src_debug);
#define GST_CAT_DEFAULT ae_video_src_debug

#define DEFAULT_RATE 25
/* Of frames before there is a model. */
#define DEFAULT_SIDE 64

struct _GstAeVideoSrc
{
  GstPushSrc parent;

  /* properties, under the object lock */
  gchar *model_name, *slot_name;
  AeSamplerConfig config;

  /* of the streaming thread */
  AeSampler *sampler;           /* NULL: none yet */
  guint width, height;          /* of its frames, under the object lock */
  AeSlot *slot;
  guint64 generation;
  AePattern pattern;            /* that the size is for */
  GstVideoInfo info;
  float *picture;
  guint64 n_frames;
};

#define CAPS "video/x-raw, format = (string) GRAY8, " \
    "width = (int) [ 1, 16384 ], height = (int) [ 1, 16384 ], " \
    "framerate = (fraction) [ 1/1000, 1000/1 ], " \
    "pixel-aspect-ratio = (fraction) 1/1"

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

#define gst_ae_video_src_parent_class parent_class
G_DEFINE_TYPE (GstAeVideoSrc, gst_ae_video_src, GST_TYPE_PUSH_SRC);

static GType
pattern_type (void)
{
  static const GEnumValue values[] = {
    {AE_PATTERN_RANDOM, "Each picture drawn anew", "random"},
    {AE_PATTERN_WALK, "A smooth path through the codes", "walk"},
    {AE_PATTERN_INTERPOLATE, "From one drawn code to the next", "interpolate"},
    {AE_PATTERN_GRID, "A montage of 10 by 6 walks, one class a column",
        "grid"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType made = g_enum_register_static ("GstAePattern", values);

    gst_type_mark_as_plugin_api (made, (GstPluginAPIFlags) 0);
    g_once_init_leave (&type, made);
  }
  return type;
}

/* The model */

/* From now on @sampler draws. @sampler: (nullable) (transfer full) */
static void
take_sampler (GstAeVideoSrc * self, AeSampler * sampler)
{
  guint width = DEFAULT_SIDE, height = DEFAULT_SIDE;

  ae_sampler_free (self->sampler);
  self->sampler = sampler;
  if (sampler)
    ae_sampler_size (sampler, self->pattern, &width, &height);
  GST_OBJECT_LOCK (self);
  self->width = width;
  self->height = height;
  GST_OBJECT_UNLOCK (self);
}

static gboolean
load_model (GstAeVideoSrc * self, const gchar * name)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *path = ae_model_find (name, &error);
  g_autoptr (AeModel) model = path ? ae_model_load (path, &error) : NULL;

  if (model)
    take_sampler (self, ae_sampler_new (model, path, &error));
  if (self->sampler == NULL)
    gst_ae_model_post_error (GST_ELEMENT (self), error);
  return self->sampler != NULL;
}

/* Takes what was published since the last frame. */
static void
follow_slot (GstAeVideoSrc * self)
{
  g_autoptr (AeModel) model = ae_slot_poll (self->slot, &self->generation);
  g_autoptr (GError) error = NULL;
  AeSampler *sampler;

  if (model == NULL)
    return;
  sampler = ae_sampler_new (model, ae_slot_name (self->slot), &error);
  if (sampler == NULL) {
    GST_ELEMENT_WARNING (self, STREAM, FORMAT, ("Slot %s", error->message),
        (NULL));
    return;
  }
  take_sampler (self, sampler);
}

static gboolean
gst_ae_video_src_start (GstBaseSrc * base)
{
  GstAeVideoSrc *self = GST_AE_VIDEO_SRC (base);
  g_autofree gchar *name = NULL;

  GST_OBJECT_LOCK (self);
  name = g_strdup (self->model_name);
  self->slot = self->slot_name ? ae_slot_get (self->slot_name) : NULL;
  self->pattern = self->config.pattern;
  GST_OBJECT_UNLOCK (self);
  self->generation = 0;
  self->n_frames = 0;
  take_sampler (self, NULL);
  if (self->slot)
    follow_slot (self);
  else
    return load_model (self, name);
  return TRUE;
}

static gboolean
gst_ae_video_src_stop (GstBaseSrc * base)
{
  GstAeVideoSrc *self = GST_AE_VIDEO_SRC (base);

  g_clear_pointer (&self->sampler, ae_sampler_free);
  g_clear_pointer (&self->slot, ae_slot_unref);
  g_clear_pointer (&self->picture, g_free);
  return TRUE;
}

/* The stream */

static void
find_size (GstAeVideoSrc * self, guint * width, guint * height)
{
  GST_OBJECT_LOCK (self);
  *width = self->width;
  *height = self->height;
  GST_OBJECT_UNLOCK (self);
}

static GstCaps *
gst_ae_video_src_get_caps (GstBaseSrc * base, GstCaps * filter)
{
  GstAeVideoSrc *self = GST_AE_VIDEO_SRC (base);
  GstCaps *caps = gst_pad_get_pad_template_caps (GST_BASE_SRC_PAD (base));
  GstCaps *result;
  guint width, height;

  /* the model is there while the pad is active */
  if (GST_PAD_IS_ACTIVE (GST_BASE_SRC_PAD (base))) {
    find_size (self, &width, &height);
    caps = gst_caps_make_writable (caps);
    gst_caps_set_simple (caps, "width", G_TYPE_INT, (gint) width, "height",
        G_TYPE_INT, (gint) height, NULL);
  }
  if (filter == NULL)
    return caps;
  result = gst_caps_intersect_full (filter, caps, GST_CAPS_INTERSECT_FIRST);
  gst_caps_unref (caps);
  return result;
}

static GstCaps *
gst_ae_video_src_fixate (GstBaseSrc * base, GstCaps * caps)
{
  caps = gst_caps_truncate (gst_caps_make_writable (caps));
  gst_structure_fixate_field_nearest_fraction (gst_caps_get_structure (caps, 0),
      "framerate", DEFAULT_RATE, 1);
  return GST_BASE_SRC_CLASS (parent_class)->fixate (base, caps);
}

static gboolean
gst_ae_video_src_set_caps (GstBaseSrc * base, GstCaps * caps)
{
  GstAeVideoSrc *self = GST_AE_VIDEO_SRC (base);

  if (!gst_video_info_from_caps (&self->info, caps))
    return FALSE;
  g_free (self->picture);
  self->picture = g_new0 (float, (gsize) GST_VIDEO_INFO_WIDTH (&self->info)
      * (gsize) GST_VIDEO_INFO_HEIGHT (&self->info));
  return TRUE;
}

/* A model that came by the slot, or another pattern, may have another size. */
static gboolean
update_size (GstAeVideoSrc * self)
{
  guint width, height;
  GstVideoInfo info = self->info;
  g_autoptr (GstCaps) caps = NULL;

  find_size (self, &width, &height);
  if (GST_VIDEO_INFO_WIDTH (&info) == (gint) width
      && GST_VIDEO_INFO_HEIGHT (&info) == (gint) height)
    return TRUE;
  gst_video_info_set_format (&info, GST_VIDEO_FORMAT_GRAY8, width, height);
  GST_VIDEO_INFO_FPS_N (&info) = GST_VIDEO_INFO_FPS_N (&self->info);
  GST_VIDEO_INFO_FPS_D (&info) = GST_VIDEO_INFO_FPS_D (&self->info);
  caps = gst_video_info_to_caps (&info);
  return gst_base_src_set_caps (GST_BASE_SRC (self), caps);
}

static void
set_times (GstAeVideoSrc * self, GstBuffer * buffer)
{
  const guint64 rate = (guint64) GST_VIDEO_INFO_FPS_N (&self->info);
  const guint64 per = GST_SECOND * (guint64) GST_VIDEO_INFO_FPS_D (&self->info);

  GST_BUFFER_OFFSET (buffer) = self->n_frames;
  GST_BUFFER_PTS (buffer) = gst_util_uint64_scale (self->n_frames, per, rate);
  self->n_frames++;
  GST_BUFFER_DURATION (buffer) = gst_util_uint64_scale (self->n_frames, per,
      rate) - GST_BUFFER_PTS (buffer);
  gst_object_sync_values (GST_OBJECT (self), GST_BUFFER_PTS (buffer));
}

static GstFlowReturn
gst_ae_video_src_create (GstPushSrc * push, GstBuffer ** buffer)
{
  GstAeVideoSrc *self = GST_AE_VIDEO_SRC (push);
  AeSamplerConfig config;
  GstVideoFrame frame;
  AePixels pixels;

  GST_OBJECT_LOCK (self);
  config = self->config;
  GST_OBJECT_UNLOCK (self);
  self->pattern = config.pattern;
  if (self->slot)
    follow_slot (self);
  if (!update_size (self))
    return GST_FLOW_NOT_NEGOTIATED;
  *buffer = gst_buffer_new_allocate (NULL, GST_VIDEO_INFO_SIZE (&self->info),
      NULL);
  if (*buffer == NULL || !gst_video_frame_map (&frame, &self->info, *buffer,
          GST_MAP_WRITE)) {
    gst_clear_buffer (buffer);
    GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT,
        ("No memory for a frame"), (NULL));
    return GST_FLOW_ERROR;
  }
  if (self->sampler)
    ae_sampler_draw (self->sampler, &config, self->n_frames, self->picture);
  pixels = (AePixels) {
  .data = GST_VIDEO_FRAME_PLANE_DATA (&frame, 0),.width =
        GST_VIDEO_FRAME_WIDTH (&frame),.height =
        GST_VIDEO_FRAME_HEIGHT (&frame),.stride_bytes =
        GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0),.step_bytes = 1,.bits = 8};
  ae_pixels_from_floats (&pixels, self->picture, (gsize) pixels.width);
  gst_video_frame_unmap (&frame);
  set_times (self, *buffer);
  return GST_FLOW_OK;
}

/* Live, each frame is due at its time. */
static void
gst_ae_video_src_get_times (GstBaseSrc * base, GstBuffer * buffer,
    GstClockTime * start, GstClockTime * end)
{
  *start = *end = GST_CLOCK_TIME_NONE;
  if (gst_base_src_is_live (base)) {
    *start = GST_BUFFER_PTS (buffer);
    *end = *start + GST_BUFFER_DURATION (buffer);
  }
}

/* Properties */

static const GstAeProperty rows[] = {
#define AT(field) G_STRUCT_OFFSET (GstAeVideoSrc, field)
  {"model", "Model",
        "Path of a variational autoencoder of one plane, or name of "
        "a shipped one; not used with slot", GST_AE_STRING, AT (model_name),
      .text = "vae-digits"},
  {"slot", "Slot", "Name of the slot where a trainer publishes models (NULL = "
        "none)", GST_AE_STRING, AT (slot_name),.text = NULL},
  {"pattern", "Pattern", "The codes of successive frames", GST_AE_ENUM,
      AT (config.pattern), pattern_type,.usual = AE_PATTERN_WALK,.when =
        GST_AE_CONTROLLED},
  {"seed", "Seed", "Of the codes: the same seed, the same video",
      GST_AE_UINT64, AT (config.seed),.high = (double) G_MAXUINT64,.usual =
        1,.when = GST_AE_CONTROLLED},
  {"temperature", "Temperature", "Standard deviation of the codes: 1 as the "
        "model has learned, less for more usual pictures", GST_AE_FLOAT,
      AT (config.temperature),.high = 10.0,.usual = 1.0,.when =
        GST_AE_CONTROLLED},
  {"period", "Period", "Frames from one code, and class, to the next",
      GST_AE_UINT, AT (config.period),.low = 1,.high = 100000,.usual =
        30,.when = GST_AE_CONTROLLED},
  {"class", "Class", "Of a conditional model: which to draw (-1 = one after "
        "another)", GST_AE_INT, AT (config.i_class),.low = -1,.high =
        100000,.usual = -1,.when = GST_AE_CONTROLLED},
#undef AT
};

static const GstAeProperties properties = GST_AE_PROPERTIES (rows);

#define PROP_IS_LIVE (properties.n + 1)

static void
gst_ae_video_src_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  if (id == PROP_IS_LIVE)
    gst_base_src_set_live (GST_BASE_SRC (object), g_value_get_boolean (value));
  else
    gst_ae_properties_set_object (&properties, object, id, value, pspec);
}

static void
gst_ae_video_src_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  if (id == PROP_IS_LIVE)
    g_value_set_boolean (value, gst_base_src_is_live (GST_BASE_SRC (object)));
  else
    gst_ae_properties_get_object (&properties, object, id, value, pspec);
}

static void
gst_ae_video_src_finalize (GObject * object)
{
  gst_ae_properties_clear (&properties, object);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_ae_video_src_class_init (GstAeVideoSrcClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *base_class = GST_BASE_SRC_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_video_src_debug, "aevideosrc", 0, "aevideosrc");

  object_class->set_property = gst_ae_video_src_set_property;
  object_class->get_property = gst_ae_video_src_get_property;
  object_class->finalize = gst_ae_video_src_finalize;
  gst_ae_properties_install (&properties, object_class);
  g_object_class_install_property (object_class, PROP_IS_LIVE,
      g_param_spec_boolean ("is-live", "Is live",
          "Whether each frame is made when it is due", FALSE,
          (GParamFlags) (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
              GST_PARAM_MUTABLE_READY)));

  gst_element_class_set_static_metadata (element_class,
      "Autoencoder video source", "Source/Video",
      "Draws video from the prior of a variational autoencoder",
      "The gst-autoencoder authors");
  gst_element_class_add_static_pad_template (element_class, &src_template);

  base_class->start = gst_ae_video_src_start;
  base_class->stop = gst_ae_video_src_stop;
  base_class->get_caps = gst_ae_video_src_get_caps;
  base_class->fixate = gst_ae_video_src_fixate;
  base_class->set_caps = gst_ae_video_src_set_caps;
  base_class->get_times = gst_ae_video_src_get_times;
  GST_PUSH_SRC_CLASS (klass)->create = gst_ae_video_src_create;
}

static void
gst_ae_video_src_init (GstAeVideoSrc * self)
{
  gst_ae_properties_init (&properties, self);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}
