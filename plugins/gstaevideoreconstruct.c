/* aevideoreconstruct: what an autoencoder makes of video. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aevideoreconstruct
 * @title: aevideoreconstruct
 *
 * Shows what an autoencoder makes of the luma of each frame, what it leaves
 * over, or where that is unusual: a model that was trained on a scene cannot
 * reconstruct what enters it.
 *
 * The model is #aevideoreconstruct:model, or what an `aevideotrain
 * objective=reconstruct` publishes in #aevideoreconstruct:slot; frames pass as
 * they are until there is one.
 *
 * ## Anomalies
 *
 * The reconstruction error of each cell of 16x16 pixels is compared with what is
 * usual there, followed over some hundred frames; what all cells have in common,
 * such as a change of light, does not count. The score of a frame is that of its
 * most unusual cells, four or one in a hundred, in standard deviations. It is known from the 31st frame
 * on. Each scored frame has a custom meta `ae-anomaly` with the fields `score`,
 * `threshold`, `anomalous` and, where it is, the box `x`, `y`, `width`,
 * `height`; see gst_buffer_get_custom_meta(). Frames over the threshold are
 * posted as element messages `ae-anomaly`, with the same fields, `timestamp`,
 * `stream-time` and `running-time`.
 *
 * With #aevideoreconstruct:threshold -1 the threshold is learned from the
 * stream: three times as far over the median of the last 256 scores that passed
 * as their #aevideoreconstruct:quantile is, but at least 5.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m videotestsrc pattern=ball num-buffers=300 ! video/x-raw,format=I420 ! aevideotrain slot=scene objective=reconstruct architecture="conv 5x5/2 16 relu, conv 5x5/2 16 relu, conv 3x3/2 4 | deconv 4x4*2 16 relu, deconv 4x4*2 16 relu, deconv 4x4*2 1" ! aevideoreconstruct slot=scene ! videoconvert ! autovideosink
 * ]|
 */
#include "gstaevideoreconstruct.h"

#include "ae-error.h"
#include "ae-slot.h"
#include "gstaeanomaly.h"
#include "gstaemodel.h"
#include "gstaeproperties.h"
#include "gstaereconstructor.h"

GST_DEBUG_CATEGORY_STATIC (ae_video_reconstruct_debug);
#define GST_CAT_DEFAULT ae_video_reconstruct_debug


/* Luma and chroma apart, or grey. */
#define CAPS GST_VIDEO_CAPS_MAKE ("{ I420, YV12, Y42B, Y444, NV12, NV21, NV16, " \
    "GRAY8, GRAY16_LE, I420_10LE, I422_10LE, Y444_10LE, P010_10LE, YUY2, " \
    "UYVY, AYUV }")

typedef struct
{
  gint output;
  GstAeAnomalySettings anomaly;
} Settings;

struct _GstAeVideoReconstruct
{
  GstVideoFilter parent;

  /* properties, under the object lock */
  gchar *model_name, *slot_name;
  guint n_threads;
  Settings settings;
  gdouble score;

  /* of the streaming thread */
  Settings frame_settings;
  AeModel *model;               /* NULL: none yet */
  AeSlot *slot;
  guint64 generation;
  GstAeReconstructor *reconstructor;
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

#define gst_ae_video_reconstruct_parent_class parent_class
G_DEFINE_TYPE (GstAeVideoReconstruct, gst_ae_video_reconstruct,
    GST_TYPE_VIDEO_FILTER);

static GType
output_type (void)
{
  static const GEnumValue values[] = {
    {GST_AE_OUTPUT_INPUT, "The frame as it is", "input"},
    {GST_AE_OUTPUT_RECONSTRUCTION, "What the model makes of its luma",
        "reconstruction"},
    {GST_AE_OUTPUT_RESIDUAL, "What the model leaves over, four times, around "
          "grey", "residual"},
    {GST_AE_OUTPUT_HEAT_MAP, "The frame, with what is unusual painted over",
        "heat-map"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType made = g_enum_register_static ("GstAeReconstructOutput", values);

    gst_type_mark_as_plugin_api (made, (GstPluginAPIFlags) 0);
    g_once_init_leave (&type, made);
  }
  return type;
}

/* The model */

static gboolean
check_model (const AeModel * model, const gchar * where, GError ** error)
{
  if (!gst_ae_model_check_filter (model, where, error))
    return FALSE;
  if (model->architecture->n_given == 0)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED, "%s: the model is given "
      "a condition, expected an autoencoder without one", where);
  return FALSE;
}

static gboolean
load_model (GstAeVideoReconstruct * self, const gchar * name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AeModel) model = gst_ae_model_load_filter (name, &error);

  if (model == NULL || !check_model (model, name, &error)) {
    gst_ae_model_post_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  self->model = g_steal_pointer (&model);
  return TRUE;
}

static gboolean
make_reconstructor (GstAeVideoReconstruct * self, const GstVideoInfo * info)
{
  g_autoptr (GError) error = NULL;
  guint n_threads;

  GST_OBJECT_LOCK (self);
  n_threads = self->n_threads;
  GST_OBJECT_UNLOCK (self);
  gst_ae_reconstructor_free (self->reconstructor);
  self->reconstructor = gst_ae_reconstructor_new (self->model, info, n_threads,
      &error);
  if (self->reconstructor == NULL)
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("Cannot reconstruct frames "
            "of %dx%d: %s", GST_VIDEO_INFO_WIDTH (info),
            GST_VIDEO_INFO_HEIGHT (info), error->message), (NULL));
  return self->reconstructor != NULL;
}

/* Takes what was published since the last frame. */
static gboolean
follow_slot (GstAeVideoReconstruct * self, const GstVideoInfo * info)
{
  g_autoptr (AeModel) model = ae_slot_poll (self->slot, &self->generation);
  g_autoptr (GError) error = NULL;

  if (model == NULL)
    return TRUE;
  if (!check_model (model, ae_slot_name (self->slot), &error)) {
    GST_ELEMENT_WARNING (self, STREAM, FORMAT, ("Slot %s", error->message),
        (NULL));
    return TRUE;
  }
  ae_model_unref (self->model);
  self->model = ae_model_ref (model);
  return (self->reconstructor
      && gst_ae_reconstructor_set_model (self->reconstructor, model))
      || make_reconstructor (self, info);
}

/* The stream */

static gboolean
gst_ae_video_reconstruct_stop (GstBaseTransform * trans)
{
  GstAeVideoReconstruct *self = GST_AE_VIDEO_RECONSTRUCT (trans);

  g_clear_pointer (&self->reconstructor, gst_ae_reconstructor_free);
  g_clear_pointer (&self->model, ae_model_unref);
  g_clear_pointer (&self->slot, ae_slot_unref);
  GST_OBJECT_LOCK (self);
  self->score = -1.0;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
gst_ae_video_reconstruct_start (GstBaseTransform * trans)
{
  GstAeVideoReconstruct *self = GST_AE_VIDEO_RECONSTRUCT (trans);
  g_autofree gchar *name = NULL;

  GST_OBJECT_LOCK (self);
  name = g_strdup (self->model_name);
  self->slot = self->slot_name ? ae_slot_get (self->slot_name) : NULL;
  GST_OBJECT_UNLOCK (self);
  self->generation = 0;
  if (name == NULL && self->slot == NULL) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("There is no model, expected "
            "model=FILE, or slot=NAME of an aevideotrain "
            "objective=reconstruct"), (NULL));
  } else if (name == NULL || load_model (self, name)) {
    return TRUE;
  }
  /* a base class does not stop what did not start */
  gst_ae_video_reconstruct_stop (trans);
  return FALSE;
}

static gboolean
gst_ae_video_reconstruct_set_info (GstVideoFilter * filter, GstCaps * in_caps,
    GstVideoInfo * in_info, GstCaps * out_caps, GstVideoInfo * out_info)
{
  GstAeVideoReconstruct *self = GST_AE_VIDEO_RECONSTRUCT (filter);

  return self->model == NULL || make_reconstructor (self, in_info);
}

static gboolean
gst_ae_video_reconstruct_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstAeVideoReconstruct *self = GST_AE_VIDEO_RECONSTRUCT (trans);

  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP && self->reconstructor)
    gst_ae_reconstructor_forget (self->reconstructor);
  return GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (trans, event);
}

static void
gst_ae_video_reconstruct_before_transform (GstBaseTransform * trans,
    GstBuffer * buffer)
{
  GstAeVideoReconstruct *self = GST_AE_VIDEO_RECONSTRUCT (trans);

  gst_ae_properties_sync (trans, &trans->segment, GST_BUFFER_PTS (buffer));
  GST_OBJECT_LOCK (self);
  self->frame_settings = self->settings;
  GST_OBJECT_UNLOCK (self);
}

static void
tell (GstAeVideoReconstruct * self, GstBuffer * buffer,
    const GstAeScore * score)
{
  GstStructure *where = gst_structure_new ("where",
      "x", G_TYPE_UINT, score->x, "y", G_TYPE_UINT, score->y,
      "width", G_TYPE_UINT, score->width,
      "height", G_TYPE_UINT, score->height, NULL);

  GST_OBJECT_LOCK (self);
  self->score = score->anomaly.score;
  GST_OBJECT_UNLOCK (self);
  gst_ae_anomaly_mark (buffer, &score->anomaly, where);
  if (score->anomaly.anomalous)
    gst_ae_anomaly_post (GST_BASE_TRANSFORM (self), buffer, &score->anomaly,
        where);
  gst_structure_free (where);
}

static GstFlowReturn
gst_ae_video_reconstruct_transform_frame_ip (GstVideoFilter * filter,
    GstVideoFrame * frame)
{
  GstAeVideoReconstruct *self = GST_AE_VIDEO_RECONSTRUCT (filter);
  const Settings *settings = &self->frame_settings;
  GstAeScore score;

  if (GST_BUFFER_FLAG_IS_SET (frame->buffer, GST_BUFFER_FLAG_GAP))
    return GST_FLOW_OK;
  if (self->slot && !follow_slot (self, &filter->in_info))
    return GST_FLOW_ERROR;
  if (self->reconstructor == NULL)
    return GST_FLOW_OK;
  gst_ae_reconstructor_run (self->reconstructor, frame,
      (GstAeOutput) settings->output, settings->anomaly.threshold,
      settings->anomaly.quantile, &score);
  tell (self, frame->buffer, &score);
  return GST_FLOW_OK;
}

/* Properties */

static const GstAeProperty rows[] = {
#define AT(field) G_STRUCT_OFFSET (GstAeVideoReconstruct, field)
  {"model", "Model", "Path of an autoencoder of one plane of any size, or name "
        "of a shipped one (NULL = that of the slot)", GST_AE_STRING,
      AT (model_name),.text = NULL},
  {"slot", "Slot", "Name of the slot where a trainer publishes models (NULL = "
        "none)", GST_AE_STRING, AT (slot_name),.text = NULL},
  {"output", "Output", "What frames become", GST_AE_ENUM, AT (settings.output),
      output_type,.usual = GST_AE_OUTPUT_HEAT_MAP,.when = GST_AE_CONTROLLED},
  {"n-threads", "Number of threads",
        "Threads that work on a frame (0 = one per " "processor)", GST_AE_UINT,
      AT (n_threads),.high = GST_AE_MAX_THREADS},
  GST_AE_ANOMALY_PROPERTIES (AT (settings.anomaly), AT (score)),
#undef AT
};

static const GstAeProperties properties = GST_AE_PROPERTIES (rows);

static void
gst_ae_video_reconstruct_finalize (GObject * object)
{
  gst_ae_properties_clear (&properties, object);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_ae_video_reconstruct_class_init (GstAeVideoReconstructClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstVideoFilterClass *filter_class = GST_VIDEO_FILTER_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_video_reconstruct_debug, "aevideoreconstruct",
      0, "aevideoreconstruct");
  gst_ae_anomaly_register ();

  object_class->finalize = gst_ae_video_reconstruct_finalize;
  gst_ae_properties_install_object (&properties, object_class);

  gst_element_class_set_static_metadata (element_class,
      "Autoencoder video reconstruction", "Filter/Analyzer/Video",
      "Shows what an autoencoder makes of video, and finds what is unusual",
      "The gst-autoencoder authors");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  trans_class->start = gst_ae_video_reconstruct_start;
  trans_class->stop = gst_ae_video_reconstruct_stop;
  trans_class->sink_event = gst_ae_video_reconstruct_sink_event;
  trans_class->before_transform = gst_ae_video_reconstruct_before_transform;
  filter_class->set_info = gst_ae_video_reconstruct_set_info;
  filter_class->transform_frame_ip =
      gst_ae_video_reconstruct_transform_frame_ip;
}

static void
gst_ae_video_reconstruct_init (GstAeVideoReconstruct * self)
{
  gst_ae_properties_init (&properties, self);
}
