/* aevideocode: the code that an autoencoder makes of video. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aevideocode
 * @title: aevideocode
 *
 * Turns each frame into the code that the encoder of a model makes of it, as
 * plain floats for applications: to compare frames, to search, to classify.
 *
 * A buffer holds channels x height x width floats in the byte order of the
 * machine, channel by channel, row by row, as the caps `application/x-ae-tensor`
 * say, and has the times of its frame. A model of one plane codes the luma
 * alone.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 videotestsrc num-buffers=30 ! aevideocode ! filesink location=codes.f32
 * ]|
 * `pipelines/nearest-frame` finds frames that look alike.
 */
#include "gstaevideocode.h"

#include "ae-error.h"
#include "ae-plan.h"
#include "gstaelatent.h"
#include "gstaeproperties.h"

GST_DEBUG_CATEGORY_STATIC (ae_video_code_debug);
#define GST_CAT_DEFAULT ae_video_code_debug


#define TENSOR "application/x-ae-tensor"

struct _GstAeVideoCode
{
  GstBaseTransform parent;

  /* under the object lock */
  gchar *model_name;
  guint n_threads;

  /* of the streaming thread */
  AeLatentModel *model;
  GstVideoInfo info;
  AePlan *plan;
  AeShape code;
  float *samples;               /* of the picture's planes */
};

G_DEFINE_TYPE (GstAeVideoCode, gst_ae_video_code, GST_TYPE_BASE_TRANSFORM);

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_VIDEO_CAPS_MAKE ("{ I420, YV12, NV12, NV21, GRAY8 "
            "}")));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (TENSOR ", type = (string) float32, "
        "channels = (int) [ 1, max ], height = (int) [ 1, max ], "
        "width = (int) [ 1, max ], framerate = (fraction) [ 0, max ]"));

static gboolean
is_i420 (const GstAeVideoCode * self)
{
  return self->model->layout == AE_LAYOUT_I420;
}

static gint
grid_side (const GstAeVideoCode * self, gint pixels)
{
  const gint cell = 1 << self->model->scale_log2;

  return (pixels + cell - 1) / cell;
}

static gboolean
gst_ae_video_code_start (GstBaseTransform * trans)
{
  GstAeVideoCode *self = GST_AE_VIDEO_CODE (trans);
  g_autofree gchar *name = NULL;

  GST_OBJECT_LOCK (self);
  name = g_strdup (self->model_name);
  GST_OBJECT_UNLOCK (self);
  self->model = gst_ae_latent_load_model (GST_ELEMENT (self), name,
      AE_LAYOUT_I420);
  return self->model != NULL;
}

static void
clear_format (GstAeVideoCode * self)
{
  g_clear_pointer (&self->plan, ae_plan_free);
  g_clear_pointer (&self->samples, ae_aligned_free);
}

static gboolean
gst_ae_video_code_stop (GstBaseTransform * trans)
{
  GstAeVideoCode *self = GST_AE_VIDEO_CODE (trans);

  clear_format (self);
  g_clear_pointer (&self->model, ae_latent_model_unref);
  return TRUE;
}

/* Caps */

static GstCaps *
gst_ae_video_code_transform_caps (GstBaseTransform * trans,
    GstPadDirection direction, GstCaps * caps, GstCaps * filter)
{
  GstCaps *result = gst_static_pad_template_get_caps
      (direction == GST_PAD_SINK ? &src_template : &sink_template);

  result = gst_caps_make_writable (result);
  for (guint i = 0; i < gst_caps_get_size (caps); i++) {
    const GValue *rate = gst_structure_get_value
        (gst_caps_get_structure (caps, i), "framerate");

    if (rate && gst_caps_get_size (caps) == 1)
      gst_caps_set_value (result, "framerate", rate);
  }
  if (filter) {
    GstCaps *both = gst_caps_intersect_full (filter, result,
        GST_CAPS_INTERSECT_FIRST);

    gst_caps_unref (result);
    result = both;
  }
  return result;
}

/* What a frame of @caps becomes is known once there is a model. */
static GstCaps *
gst_ae_video_code_fixate_caps (GstBaseTransform * trans,
    GstPadDirection direction, GstCaps * caps, GstCaps * other)
{
  GstAeVideoCode *self = GST_AE_VIDEO_CODE (trans);
  GstVideoInfo info;

  if (direction == GST_PAD_SINK && self->model
      && gst_video_info_from_caps (&info, caps)) {
    GstCaps *code = gst_caps_new_simple (TENSOR,
        "type", G_TYPE_STRING, "float32",
        "channels", G_TYPE_INT,
        (gint) self->model->encoder->architecture->output.c,
        "height", G_TYPE_INT, grid_side (self, GST_VIDEO_INFO_HEIGHT (&info)),
        "width", G_TYPE_INT, grid_side (self, GST_VIDEO_INFO_WIDTH (&info)),
        "framerate", GST_TYPE_FRACTION, GST_VIDEO_INFO_FPS_N (&info),
        GST_VIDEO_INFO_FPS_D (&info), NULL);
    GstCaps *both = gst_caps_intersect (code, other);

    gst_caps_unref (code);
    gst_caps_unref (other);
    other = both;
  }
  return gst_caps_fixate (other);
}

static gboolean
make_plan (GstAeVideoCode * self, guint n_threads, GError ** error)
{
  const guint width = (guint) GST_VIDEO_INFO_WIDTH (&self->info);
  const guint height = (guint) GST_VIDEO_INFO_HEIGHT (&self->info);

  self->samples = ae_aligned_try_alloc0 (sizeof (float)
      * ae_picture_n_samples (self->model->layout, width, height));
  if (self->samples == NULL) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT, "no memory for its samples");
    return FALSE;
  }
  self->plan = ae_plan_new_of_model (self->model->encoder, AE_PRECISION_FLOAT,
      is_i420 (self) ? (width + 1) / 2 : width,
      is_i420 (self) ? (height + 1) / 2 : height, n_threads, error);
  return self->plan != NULL;
}

static gboolean
gst_ae_video_code_set_caps (GstBaseTransform * trans, GstCaps * in,
    GstCaps * out)
{
  GstAeVideoCode *self = GST_AE_VIDEO_CODE (trans);
  g_autoptr (GError) error = NULL;
  guint n_threads;

  if (!gst_video_info_from_caps (&self->info, in))
    return FALSE;
  GST_OBJECT_LOCK (self);
  n_threads = self->n_threads;
  GST_OBJECT_UNLOCK (self);
  self->code = (AeShape) {
  self->model->encoder->architecture->output.c,
        (guint) grid_side (self, GST_VIDEO_INFO_HEIGHT (&self->info)),
        (guint) grid_side (self, GST_VIDEO_INFO_WIDTH (&self->info))};
  clear_format (self);
  if (make_plan (self, n_threads, &error))
    return TRUE;
  GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("Cannot code frames of %dx%d: "
          "%s", GST_VIDEO_INFO_WIDTH (&self->info),
          GST_VIDEO_INFO_HEIGHT (&self->info), error->message), (NULL));
  return FALSE;
}

static gsize
n_code_samples (const GstAeVideoCode * self)
{
  return (gsize) self->code.c * self->code.h * self->code.w;
}

/* Frames have the size that their caps or their metas say, and there is one
 * buffer out for each. */
static gboolean
gst_ae_video_code_transform_size (GstBaseTransform * trans,
    GstPadDirection direction, GstCaps * caps, gsize size, GstCaps * other,
    gsize * other_size)
{
  GstAeVideoCode *self = GST_AE_VIDEO_CODE (trans);

  if (direction != GST_PAD_SINK)
    return FALSE;
  *other_size = n_code_samples (self) * sizeof (float);
  return TRUE;
}

/* Frames */

/* @code: [c][h][w] */
static void
encode (GstAeVideoCode * self, GstVideoFrame * frame, float *code)
{
  const AeShape *input = &self->model->encoder->architecture->input;
  const guint width = (guint) GST_VIDEO_INFO_WIDTH (&self->info);
  const guint height = (guint) GST_VIDEO_INFO_HEIGHT (&self->info);
  const guint w = is_i420 (self) ? (width + 1) / 2 : width;
  const guint h = is_i420 (self) ? (height + 1) / 2 : height;
  const gsize n = (gsize) self->code.h * self->code.w;
  AePlane in[AE_LAYOUT_I420_PLANES];
  g_autofree AePlane *out = g_new (AePlane, self->code.c);
  AePicture picture;

  gst_ae_latent_picture (frame, &picture);
  ae_picture_to_samples (&picture, self->model->layout, self->samples);
  for (guint i = 0; i < input->c; i++)
    in[i] = (AePlane) {
    self->samples + (gsize) i *h * w, w};
  for (guint i = 0; i < self->code.c; i++)
    out[i] = (AePlane) {
    code + i * n, self->code.w};
  ae_plan_run (self->plan, in, NULL, out);
}

static GstFlowReturn
gst_ae_video_code_transform (GstBaseTransform * trans, GstBuffer * in,
    GstBuffer * out)
{
  GstAeVideoCode *self = GST_AE_VIDEO_CODE (trans);
  GstVideoFrame frame;
  GstMapInfo map;

  if (!gst_video_frame_map (&frame, &self->info, in, GST_MAP_READ)) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT, ("Cannot read a frame of %"
            G_GSIZE_FORMAT " bytes, expected %" G_GSIZE_FORMAT,
            gst_buffer_get_size (in), GST_VIDEO_INFO_SIZE (&self->info)),
        (NULL));
    return GST_FLOW_ERROR;
  }
  if (!gst_buffer_map (out, &map, GST_MAP_WRITE)) {
    gst_video_frame_unmap (&frame);
    return GST_FLOW_ERROR;
  }
  encode (self, &frame, (float *) map.data);
  gst_buffer_unmap (out, &map);
  gst_video_frame_unmap (&frame);
  return GST_FLOW_OK;
}

/* Properties */

static const GstAeProperty rows[] = {
#define AT(field) G_STRUCT_OFFSET (GstAeVideoCode, field)
  {"model", "Model", "Path of a model file, or the name of a shipped model",
      GST_AE_STRING, AT (model_name),.text = GST_AE_LATENT_DEFAULT_MODEL},
  {"n-threads", "Threads", "Threads for one frame; 0 = one for each processor",
      GST_AE_UINT, AT (n_threads),.high = GST_AE_MAX_THREADS,.usual = 1},
#undef AT
};

static const GstAeProperties properties = GST_AE_PROPERTIES (rows);

static void
gst_ae_video_code_finalize (GObject * object)
{
  gst_ae_properties_clear (&properties, object);
  G_OBJECT_CLASS (gst_ae_video_code_parent_class)->finalize (object);
}

static void
gst_ae_video_code_class_init (GstAeVideoCodeClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_video_code_debug, "aevideocode", 0,
      "codes of video for applications");
  object_class->finalize = gst_ae_video_code_finalize;
  gst_ae_properties_install_object (&properties, object_class);

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class,
      "Autoencoder video code", "Filter/Analyzer/Video",
      "Turns frames into the code of an autoencoder, as plain floats",
      "The gst-autoencoder authors");

  trans_class->start = gst_ae_video_code_start;
  trans_class->stop = gst_ae_video_code_stop;
  trans_class->transform_caps = gst_ae_video_code_transform_caps;
  trans_class->fixate_caps = gst_ae_video_code_fixate_caps;
  trans_class->set_caps = gst_ae_video_code_set_caps;
  trans_class->transform_size = gst_ae_video_code_transform_size;
  trans_class->transform = gst_ae_video_code_transform;
}

static void
gst_ae_video_code_init (GstAeVideoCode * self)
{
  gst_ae_properties_init (&properties, self);
}
