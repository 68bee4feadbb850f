/* aevideotrain: trains a model on the video that passes. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aevideotrain
 * @title: aevideotrain
 *
 * Trains an autoencoder on patches of the frames that pass, which it leaves
 * alone, bit by bit. What it learns is judged on patches that it does not train
 * on; a model that is better there is published in #aevideotrain:slot, where
 * elements such as `aevideodenoise` take it up from one frame to the next, and
 * written to #aevideotrain:location.
 *
 * The default, #aevideotrain:objective temporal, needs no clean video: it learns
 * to denoise from what stands still in successive noisy frames. It starts from
 * the shipped model.
 *
 * With #aevideotrain:checkpoint the training is kept in a file, from which the
 * next start goes on: a live stream at the step where it was, a file that is
 * trained on with #aevideotrain:backpressure block at the frame where it was, as
 * if nothing had happened.
 *
 * Training takes place in a thread of its own. Live streams are never held up;
 * with #aevideotrain:backpressure block each frame waits for its steps, and the
 * same stream and seed give the same weights.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 v4l2src ! videoconvert ! aevideotrain slot=cam ! aevideodenoise slot=cam ! videoconvert ! autovideosink
 * ]| Learns the noise of a camera and shows it denoised.
 * |[
 * gst-launch-1.0 -m filesrc location=clean.webm ! decodebin ! videoconvert ! aevideotrain objective=denoise backpressure=block steps-per-frame=10 location=mine.safetensors ! fakesink
 * ]| Trains on a clean file.
 *
 * ## Messages
 *
 * An element message `ae-training` with the fields of #aevideotrain:stats is
 * posted at each judgement, `ae-published` at each publication, and
 * `ae-diverged` when the weights had to be taken back; progress messages of
 * code `training` tell how far it is, and when it is complete.
 */
#include "gstaevideotrain.h"

#include "gstaemodel.h"
#include "gstaepatches.h"
#include "gstaetraining.h"
#include "gstaevideotrainsettings.h"

GST_DEBUG_CATEGORY_STATIC (ae_video_train_debug);
#define GST_CAT_DEFAULT ae_video_train_debug

struct _GstAeVideoTrain
{
  GstVideoFilter parent;

  GstAeVideoTrainSettings settings;     /* properties, under the object lock */
  GstAeTraining *training;

  /* from start to stop */
  GstAeVideoTrainSettings used;
  GstAePatches *patches;
  gboolean warned_small;
};

#define gst_ae_video_train_parent_class parent_class
G_DEFINE_TYPE (GstAeVideoTrain, gst_ae_video_train, GST_TYPE_VIDEO_FILTER);

#define PROP_STATS \
    (gst_ae_properties_count (&gst_ae_video_train_properties) + 1)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_AE_VIDEO_CAPS));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_AE_VIDEO_CAPS));

/* The stream */

static gboolean
gst_ae_video_train_start (GstBaseTransform * trans)
{
  GstAeVideoTrain *self = GST_AE_VIDEO_TRAIN (trans);
  g_autoptr (AeModel) model = NULL;
  g_autoptr (GError) error = NULL;
  AeOnlineConfig config;

  gst_ae_properties_clear (&gst_ae_video_train_properties, &self->used);
  GST_OBJECT_LOCK (self);
  self->used = self->settings;
  gst_ae_properties_own (&gst_ae_video_train_properties, &self->used);
  GST_OBJECT_UNLOCK (self);
  model = gst_ae_video_train_settings_model (&self->used, &error);
  if (model == NULL) {
    gst_ae_model_post_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  gst_ae_video_train_settings_config (&self->used, model, &config);
  if (!gst_ae_training_start (self->training, &self->used.common, model,
          &config))
    return FALSE;
  self->patches = gst_ae_patches_new (&config.patch,
      self->used.patches_per_frame,
      config.objective.kind == AE_OBJECTIVE_TEMPORAL, self->used.common.seed);
  self->warned_small = FALSE;
  return TRUE;
}

static gboolean
gst_ae_video_train_stop (GstBaseTransform * trans)
{
  GstAeVideoTrain *self = GST_AE_VIDEO_TRAIN (trans);

  gst_ae_training_stop (self->training);
  g_clear_pointer (&self->patches, gst_ae_patches_free);
  return TRUE;
}

static GstStateChangeReturn
gst_ae_video_train_change_state (GstElement * element,
    GstStateChange transition)
{
  gst_ae_training_change_state (GST_AE_VIDEO_TRAIN (element)->training,
      transition);
  return GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
}

static gboolean
gst_ae_video_train_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstAeVideoTrain *self = GST_AE_VIDEO_TRAIN (trans);

  gst_ae_training_sink_event (self->training, event);
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    gst_ae_patches_reset (self->patches);
  return GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (trans, event);
}

static gboolean
gst_ae_video_train_set_info (GstVideoFilter * filter, GstCaps * in_caps,
    GstVideoInfo * in_info, GstCaps * out_caps, GstVideoInfo * out_info)
{
  GstAeVideoTrain *self = GST_AE_VIDEO_TRAIN (filter);

  gst_ae_patches_reset (self->patches);
  if (!gst_ae_patches_fit (self->patches, in_info) && !self->warned_small) {
    self->warned_small = TRUE;
    GST_ELEMENT_WARNING (self, STREAM, FORMAT,
        ("Frames of %dx%d %s are not trained on, expected %s of at least "
            "patch-size", GST_VIDEO_INFO_WIDTH (in_info),
            GST_VIDEO_INFO_HEIGHT (in_info), GST_VIDEO_INFO_NAME (in_info),
            self->used.objective == AE_OBJECTIVE_COLORIZE
            ? "colour frames" : "frames"), (NULL));
  }
  return TRUE;
}

static GstFlowReturn
gst_ae_video_train_transform_frame_ip (GstVideoFilter * filter,
    GstVideoFrame * frame)
{
  GstAeVideoTrain *self = GST_AE_VIDEO_TRAIN (filter);
  GstBuffer *buffer = frame->buffer;

  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP))
    return GST_FLOW_OK;
  if (GST_BUFFER_IS_DISCONT (buffer))
    gst_ae_patches_reset (self->patches);
  gst_ae_patches_take (self->patches, frame,
      gst_ae_training_online (self->training));
  ae_online_end_frame (gst_ae_training_online (self->training));
  return GST_FLOW_OK;
}

/* Properties */

static void
gst_ae_video_train_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstAeVideoTrain *self = GST_AE_VIDEO_TRAIN (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_ae_properties_set (&gst_ae_video_train_properties,
      &self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_ae_video_train_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstAeVideoTrain *self = GST_AE_VIDEO_TRAIN (object);
  gboolean known;

  if (id == PROP_STATS) {
    gst_ae_training_get_stats (self->training, value);
    return;
  }
  GST_OBJECT_LOCK (self);
  known = gst_ae_properties_get (&gst_ae_video_train_properties,
      &self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_ae_video_train_finalize (GObject * object)
{
  GstAeVideoTrain *self = GST_AE_VIDEO_TRAIN (object);

  gst_ae_training_free (self->training);
  gst_ae_properties_clear (&gst_ae_video_train_properties, &self->settings);
  gst_ae_properties_clear (&gst_ae_video_train_properties, &self->used);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_ae_video_train_class_init (GstAeVideoTrainClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstVideoFilterClass *filter_class = GST_VIDEO_FILTER_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_video_train_debug, "aevideotrain", 0,
      "aevideotrain");

  object_class->set_property = gst_ae_video_train_set_property;
  object_class->get_property = gst_ae_video_train_get_property;
  object_class->finalize = gst_ae_video_train_finalize;
  gst_ae_properties_install (&gst_ae_video_train_properties, object_class);
  gst_ae_training_install_stats (object_class, PROP_STATS);

  gst_element_class_set_static_metadata (element_class,
      "Autoencoder video trainer", "Filter/Analyzer/Video",
      "Trains an autoencoder on the video that passes",
      "The gst-autoencoder authors");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  element_class->change_state = gst_ae_video_train_change_state;
  trans_class->start = gst_ae_video_train_start;
  trans_class->stop = gst_ae_video_train_stop;
  trans_class->sink_event = gst_ae_video_train_sink_event;
  filter_class->set_info = gst_ae_video_train_set_info;
  filter_class->transform_frame_ip = gst_ae_video_train_transform_frame_ip;
}

static void
gst_ae_video_train_init (GstAeVideoTrain * self)
{
  gst_ae_properties_init (&gst_ae_video_train_properties, &self->settings);
  self->training = gst_ae_training_new (GST_ELEMENT (self), "psnr");
  /* frames are read, never written */
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
}
