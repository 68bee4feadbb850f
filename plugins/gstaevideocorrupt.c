/* aevideocorrupt: adds noise to video. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aevideocorrupt
 * @title: aevideocorrupt
 *
 * Corrupts each frame as denoising autoencoders are trained: with Gaussian
 * noise, salt and pepper, masking, dropout or the noise of a camera. Each
 * component is corrupted on its own, then clipped and rounded to the format.
 * The noise depends on #aevideocorrupt:seed and on the number of the frame
 * since the stream began, so every run gives the same frames. Alpha stays as it
 * is.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=100 ! aevideocorrupt type=poisson-gaussian level=20 ! videoconvert ! autovideosink
 * ]|
 */
#include "gstaevideocorrupt.h"

#include "ae-corruption.h"
#include "gstaeframe.h"
#include "gstaeproperties.h"

GST_DEBUG_CATEGORY_STATIC (ae_video_corrupt_debug);
#define GST_CAT_DEFAULT ae_video_corrupt_debug


typedef struct
{
  AeCorruptionKind kind;
  gdouble level;
  guint64 seed;
  gboolean chroma;
} Settings;

struct _GstAeVideoCorrupt
{
  GstVideoFilter parent;

  Settings settings;            /* properties, under the object lock */

  /* of the streaming thread */
  Settings frame_settings;
  guint64 i_frame;
  float *plane;                 /* [height][width] */
  gboolean warned;
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_AE_VIDEO_CAPS));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_AE_VIDEO_CAPS));

#define gst_ae_video_corrupt_parent_class parent_class
G_DEFINE_TYPE (GstAeVideoCorrupt, gst_ae_video_corrupt, GST_TYPE_VIDEO_FILTER);

#define GST_TYPE_AE_CORRUPTION (gst_ae_corruption_get_type ())
static GType
gst_ae_corruption_get_type (void)
{
  static const GEnumValue values[] = {
    {AE_CORRUPTION_NONE, "Nothing", "none"},
    {AE_CORRUPTION_GAUSSIAN, "Gaussian noise; level = standard deviation on "
          "the 8-bit scale", "gaussian"},
    {AE_CORRUPTION_SALT_PEPPER, "Samples become black or white; level = share "
          "of them, 0 to 1", "salt-pepper"},
    {AE_CORRUPTION_MASKING, "Samples become 0; level = share of them, 0 to 1",
        "masking"},
    {AE_CORRUPTION_DROPOUT, "Samples become 0, the others brighter; level = "
          "share of them, 0 to 1", "dropout"},
    {AE_CORRUPTION_POISSON_GAUSSIAN, "Camera noise; level = standard deviation "
          "on the 8-bit scale at mid grey", "poisson-gaussian"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type))
    g_once_init_leave (&type, g_enum_register_static ("GstAeCorruption",
            values));
  return type;
}

static gboolean
level_is_share (AeCorruptionKind kind)
{
  return kind == AE_CORRUPTION_SALT_PEPPER || kind == AE_CORRUPTION_MASKING
      || kind == AE_CORRUPTION_DROPOUT;
}

/* What -1 stands for. */
#define USUAL_SIGMA 25.0f
#define USUAL_SHARE 0.05f

/* A level meant for another type is held to 1, and said once. */
static float
effective_level (GstAeVideoCorrupt * self)
{
  const Settings *settings = &self->frame_settings;

  if (settings->level < 0.0)
    return level_is_share (settings->kind) ? USUAL_SHARE : USUAL_SIGMA;
  if (!level_is_share (settings->kind) || settings->level <= 1.0)
    return (float) settings->level;
  if (!self->warned) {
    GST_ELEMENT_WARNING (self, LIBRARY, SETTINGS,
        ("Level %g is taken as 1: for type %s it is a share of the samples, "
            "0 to 1", settings->level, ae_corruption_name (settings->kind)),
        (NULL));
    self->warned = TRUE;
  }
  return 1.0f;
}

/* The stream */

static gboolean
gst_ae_video_corrupt_start (GstBaseTransform * trans)
{
  GstAeVideoCorrupt *self = GST_AE_VIDEO_CORRUPT (trans);

  self->i_frame = 0;
  self->warned = FALSE;
  return TRUE;
}

static gboolean
gst_ae_video_corrupt_stop (GstBaseTransform * trans)
{
  g_clear_pointer (&GST_AE_VIDEO_CORRUPT (trans)->plane, g_free);
  return TRUE;
}

static gboolean
gst_ae_video_corrupt_set_info (GstVideoFilter * filter, GstCaps * in_caps,
    GstVideoInfo * in_info, GstCaps * out_caps, GstVideoInfo * out_info)
{
  GstAeVideoCorrupt *self = GST_AE_VIDEO_CORRUPT (filter);

  g_free (self->plane);
  self->plane = g_try_new (float, (gsize) GST_VIDEO_INFO_WIDTH (in_info)
      * (gsize) GST_VIDEO_INFO_HEIGHT (in_info));
  if (self->plane == NULL)
    GST_ELEMENT_ERROR (self, RESOURCE, NO_SPACE_LEFT,
        ("No memory for frames of %dx%d", GST_VIDEO_INFO_WIDTH (in_info),
            GST_VIDEO_INFO_HEIGHT (in_info)), (NULL));
  return self->plane != NULL;
}

static void
gst_ae_video_corrupt_before_transform (GstBaseTransform * trans,
    GstBuffer * buffer)
{
  GstAeVideoCorrupt *self = GST_AE_VIDEO_CORRUPT (trans);

  gst_ae_properties_sync (trans, &trans->segment, GST_BUFFER_PTS (buffer));

  GST_OBJECT_LOCK (self);
  self->frame_settings = self->settings;
  GST_OBJECT_UNLOCK (self);

  self->i_frame++;
  gst_base_transform_set_passthrough (trans,
      self->frame_settings.kind == AE_CORRUPTION_NONE
      || self->frame_settings.level == 0.0);
}

static GstFlowReturn
gst_ae_video_corrupt_transform_frame_ip (GstVideoFilter * filter,
    GstVideoFrame * frame)
{
  GstAeVideoCorrupt *self = GST_AE_VIDEO_CORRUPT (filter);
  guint n = gst_ae_video_info_n_colours (&frame->info);
  float level = effective_level (self);
  AeRng rng;

  if (!self->frame_settings.chroma && !GST_VIDEO_INFO_IS_RGB (&frame->info))
    n = 1;
  ae_rng_init (&rng, ae_rng_seed_of (self->frame_settings.seed, self->i_frame));
  for (guint i = 0; i < n; i++) {
    AePixels pixels;

    gst_ae_frame_component (frame, i, &pixels);
    ae_pixels_to_floats (&pixels, self->plane, (gsize) pixels.width);
    ae_corrupt_plane (self->frame_settings.kind, level, &rng, self->plane,
        (guint) pixels.width, (guint) pixels.height, (gsize) pixels.width);
    ae_pixels_from_floats (&pixels, self->plane, (gsize) pixels.width);
  }
  return GST_FLOW_OK;
}

/* Properties */

static const GstAeProperty rows[] = {
#define AT(field) G_STRUCT_OFFSET (GstAeVideoCorrupt, field)
  {"type", "Type", "What is done to the samples", GST_AE_ENUM,
      AT (settings.kind), gst_ae_corruption_get_type,.usual =
        AE_CORRUPTION_GAUSSIAN,.when = GST_AE_CONTROLLED},
  {"level", "Level", "How much: standard deviation on the 8-bit scale for "
        "gaussian and poisson-gaussian, else share of the samples from 0 to 1 "
        "(0 = leave frames untouched, -1 = 25, or a share of 0.05)",
      GST_AE_DOUBLE, AT (settings.level),.low = -1.0,.high = 255.0,.usual =
        -1.0,.when = GST_AE_CONTROLLED},
  {"seed", "Seed", "Seed of the noise: the same seed gives the same frames",
      GST_AE_UINT64, AT (settings.seed),.high = (double) G_MAXUINT64,.usual =
        1,.when = GST_AE_CONTROLLED},
  {"chroma", "Chroma", "Whether chroma is corrupted too", GST_AE_BOOLEAN,
      AT (settings.chroma),.usual = TRUE,.when = GST_AE_CONTROLLED},
#undef AT
};

static const GstAeProperties properties = GST_AE_PROPERTIES (rows);

static void
gst_ae_video_corrupt_class_init (GstAeVideoCorruptClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstVideoFilterClass *filter_class = GST_VIDEO_FILTER_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_video_corrupt_debug, "aevideocorrupt", 0,
      "aevideocorrupt");

  gst_ae_properties_install_object (&properties, object_class);
  gst_type_mark_as_plugin_api (GST_TYPE_AE_CORRUPTION, (GstPluginAPIFlags) 0);

  gst_element_class_set_static_metadata (element_class,
      "Video corruption", "Filter/Effect/Video",
      "Adds the noise that denoising autoencoders are trained on",
      "The gst-autoencoder authors");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  trans_class->start = gst_ae_video_corrupt_start;
  trans_class->stop = gst_ae_video_corrupt_stop;
  trans_class->before_transform = gst_ae_video_corrupt_before_transform;
  trans_class->transform_ip_on_passthrough = FALSE;
  filter_class->set_info = gst_ae_video_corrupt_set_info;
  filter_class->transform_frame_ip = gst_ae_video_corrupt_transform_frame_ip;
}

static void
gst_ae_video_corrupt_init (GstAeVideoCorrupt * self)
{
  gst_ae_properties_init (&properties, self);
}
