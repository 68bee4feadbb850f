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

#include "ae-model.h"
#include "gstaemodel.h"
#include "gstaepatches.h"
#include "gstaeshare.h"
#include "gstaetrainsettings.h"

GST_DEBUG_CATEGORY_STATIC (ae_video_train_debug);
#define GST_CAT_DEFAULT ae_video_train_debug

#define PROGRESS_CODE "training"

/* From one warning that a checkpoint cannot be written to the next. */
#define WARN_EVERY_US (60 * G_USEC_PER_SEC)

struct _GstAeVideoTrain
{
  GstVideoFilter parent;

  GstAeTrainSettings settings;  /* properties, under the object lock */

  /* from start to stop */
  GstAeTrainSettings used;
  AeOnline *online;             /* under the object lock */
  GstAeShare *share;            /* NULL: trains alone */
  GstAePatches *patches;
  gboolean warned_small;
  gint warned_location;         /* atomic: of the worker and the stream */
  gint64 warned_checkpoint;     /* of the worker: in us, when last */
};

#define gst_ae_video_train_parent_class parent_class
G_DEFINE_TYPE (GstAeVideoTrain, gst_ae_video_train, GST_TYPE_VIDEO_FILTER);

#define PROP_STATS (gst_ae_train_properties.n + 1)

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_AE_VIDEO_CAPS));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (GST_AE_VIDEO_CAPS));

/* Reports */

static GstStructure *
stats_structure (const gchar * name, const AeOnlineStats * stats)
{
  return gst_structure_new (name,
      "step", G_TYPE_UINT64, stats->step,
      "loss", G_TYPE_DOUBLE, stats->loss.total,
      "reconstruction", G_TYPE_DOUBLE, stats->loss.loss,
      "code-l1", G_TYPE_DOUBLE, stats->loss.code_l1,
      "sparsity", G_TYPE_DOUBLE, stats->loss.sparsity,
      "contractive", G_TYPE_DOUBLE, stats->loss.contractive,
      "kl", G_TYPE_DOUBLE, stats->loss.kl,
      "prior", G_TYPE_DOUBLE, stats->loss.prior,
      "held-out", G_TYPE_DOUBLE, stats->held_out,
      "published", G_TYPE_DOUBLE, stats->published,
      "psnr", G_TYPE_DOUBLE, stats->psnr,
      "learning-rate", G_TYPE_DOUBLE, stats->rate,
      "steps-per-second", G_TYPE_DOUBLE, stats->steps_per_second,
      "patches-seen", G_TYPE_UINT64, stats->n_seen,
      "patches-held", G_TYPE_UINT64, stats->n_held,
      "patches-dropped", G_TYPE_UINT64, stats->n_dropped,
      "generation", G_TYPE_UINT64, stats->generation,
      "divergences", G_TYPE_UINT, stats->n_trips,
      "frozen", G_TYPE_BOOLEAN, stats->frozen,
      "finished", G_TYPE_BOOLEAN, stats->finished, NULL);
}

static void
post_element (GstAeVideoTrain * self, const gchar * name,
    const AeOnlineStats * stats)
{
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self), stats_structure (name,
              stats)));
}

/* Never of type START: applications, gst-launch-1.0 too, hold the pipeline back
 * until what was started is complete. */
static void
post_progress (GstAeVideoTrain * self, GstProgressType type, const gchar * text)
{
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_progress (GST_OBJECT (self), type, PROGRESS_CODE, text));
}

static void
post_how_far (GstAeVideoTrain * self, const AeOnlineStats * stats)
{
  guint64 max = self->used.max_steps;
  double rate = MAX (stats->steps_per_second, 1e-3);
  g_autofree gchar *text = NULL;

  if (max > 0)
    text = g_strdup_printf ("%.0f %%, step %" G_GUINT64_FORMAT ", %.1f steps/s"
        ", %.0f s left, held-out loss %.6f",
        100.0 * (double) stats->step / (double) max, stats->step, rate,
        (double) (max - MIN (stats->step, max)) / rate, stats->held_out);
  else
    text = g_strdup_printf ("step %" G_GUINT64_FORMAT ", %.1f steps/s, "
        "held-out loss %.6f", stats->step, rate, stats->held_out);
  post_progress (self, GST_PROGRESS_TYPE_CONTINUE, text);
}

/* Writes the best model; a failure is said once and training goes on. */
static void
save (GstAeVideoTrain * self, AeOnline * online)
{
  g_autoptr (AeModel) model = NULL;
  g_autoptr (GError) error = NULL;

  if (self->used.location == NULL || online == NULL)
    return;
  model = ae_online_model (online);
  if (!ae_model_save (model, self->used.location, &error)
      && g_atomic_int_compare_and_exchange (&self->warned_location, FALSE,
          TRUE))
    GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
        ("The model cannot be saved, training goes on: %s", error->message),
        (NULL));
}

static void
warn_checkpoint (GstAeVideoTrain * self, const GError * error)
{
  gint64 now = g_get_monotonic_time ();

  GST_WARNING_OBJECT (self, "%s", error->message);
  if (self->warned_checkpoint != 0
      && now - self->warned_checkpoint < WARN_EVERY_US)
    return;
  self->warned_checkpoint = now;
  GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
      ("The checkpoint cannot be written, training goes on: %s",
          error->message), (NULL));
}

static void
warn_other_stream (GstAeVideoTrain * self)
{
  GST_ELEMENT_WARNING (self, STREAM, FAILED,
      ("%s was made in the middle of another stream; this one was trained on "
          "from there only", self->used.checkpoint), (NULL));
}

/* An AeOnlineFunc, in the worker's thread. */
static void
on_event (gpointer data, AeOnlineEvent event, const AeOnlineStats * stats,
    const GError * error)
{
  GstAeVideoTrain *self = data;

  switch (event) {
    case AE_ONLINE_EVALUATED:
      post_element (self, "ae-training", stats);
      post_how_far (self, stats);
      break;
    case AE_ONLINE_PUBLISHED:
      post_element (self, "ae-published", stats);
      break;
    case AE_ONLINE_DIVERGED:
      post_element (self, "ae-diverged", stats);
      GST_WARNING_OBJECT (self, "training diverged at step %" G_GUINT64_FORMAT
          "%s", stats->step, stats->frozen ? " too often, it ends" : "");
      break;
    case AE_ONLINE_NOT_SAVED:
      warn_checkpoint (self, error);
      break;
    case AE_ONLINE_OTHER_STREAM:
      warn_other_stream (self);
      break;
    case AE_ONLINE_FINISHED:
      post_progress (self, GST_PROGRESS_TYPE_COMPLETE, "training is complete");
      break;
  }
}

/* An AeOnlineMixFunc. */
static void
mix (gpointer data, guint64 n_steps, float *weights)
{
  gst_ae_share_mix (GST_AE_VIDEO_TRAIN (data)->share, n_steps, weights);
}

/* The stream */

static void
post_start_error (GstAeVideoTrain * self, GError * error)
{
  const gchar *checkpoint = self->used.checkpoint;

  if (checkpoint && g_str_has_prefix (error->message, checkpoint)) {
    g_autofree gchar *text = g_strdup_printf ("%s. The file is left as it is; "
        "resume=false starts anew and replaces it", error->message);
    g_autoptr (GError) advice = g_error_new_literal (error->domain,
        error->code, text);

    gst_ae_model_post_error (GST_ELEMENT (self), advice);
    return;
  }
  GST_ELEMENT_ERROR (self, RESOURCE, BUSY, ("Cannot train: %s",
          error->message), (NULL));
}

static gboolean
gst_ae_video_train_start (GstBaseTransform * trans)
{
  GstAeVideoTrain *self = GST_AE_VIDEO_TRAIN (trans);
  g_autoptr (AeSlot) slot = NULL;
  g_autoptr (AeModel) model = NULL;
  g_autoptr (GError) error = NULL;
  AeOnlineConfig config;
  AeOnline *online;

  gst_ae_properties_clear (&gst_ae_train_properties, &self->used);
  GST_OBJECT_LOCK (self);
  self->used = self->settings;
  gst_ae_properties_own (&gst_ae_train_properties, &self->used);
  GST_OBJECT_UNLOCK (self);
  model = gst_ae_train_settings_model (&self->used, &error);
  if (model == NULL) {
    gst_ae_model_post_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  gst_ae_train_settings_config (&self->used, model, &config);
  self->warned_checkpoint = 0;
  slot = self->used.slot ? ae_slot_get (self->used.slot) : NULL;
  if (self->used.share) {
    self->share = gst_ae_share_new (self->used.share, model, &error);
    config.mix = mix;
  }
  online = self->used.share && self->share == NULL ? NULL
      : ae_online_new (model, &config, slot, on_event, self, &error);
  if (online == NULL) {
    g_clear_pointer (&self->share, gst_ae_share_free);
    post_start_error (self, error);
    return FALSE;
  }
  self->patches = gst_ae_patches_new (&config.patch,
      self->used.patches_per_frame,
      config.objective.kind == AE_OBJECTIVE_TEMPORAL, self->used.seed);
  self->warned_small = FALSE;
  g_atomic_int_set (&self->warned_location, FALSE);
  GST_OBJECT_LOCK (self);
  self->online = online;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
gst_ae_video_train_stop (GstBaseTransform * trans)
{
  GstAeVideoTrain *self = GST_AE_VIDEO_TRAIN (trans);
  AeOnline *online;

  GST_OBJECT_LOCK (self);
  online = self->online;
  self->online = NULL;
  GST_OBJECT_UNLOCK (self);
  if (online) {
    save (self, online);
    ae_online_free (online);
  }
  g_clear_pointer (&self->share, gst_ae_share_free);
  g_clear_pointer (&self->patches, gst_ae_patches_free);
  return TRUE;
}

/* A stream that waits for its steps must not hold up the way down. */
static GstStateChangeReturn
gst_ae_video_train_change_state (GstElement * element,
    GstStateChange transition)
{
  GstAeVideoTrain *self = GST_AE_VIDEO_TRAIN (element);

  GST_OBJECT_LOCK (self);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY && self->online)
    ae_online_set_flushing (self->online, TRUE);
  GST_OBJECT_UNLOCK (self);
  return GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
}

static gboolean
gst_ae_video_train_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstAeVideoTrain *self = GST_AE_VIDEO_TRAIN (trans);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      ae_online_set_flushing (self->online, TRUE);
      break;
    case GST_EVENT_FLUSH_STOP:
      ae_online_set_flushing (self->online, FALSE);
      gst_ae_patches_reset (self->patches);
      break;
    case GST_EVENT_EOS:
      ae_online_end_stream (self->online);
      save (self, self->online);
      break;
    default:
      break;
  }
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
  gst_ae_patches_take (self->patches, frame, self->online);
  ae_online_end_frame (self->online);
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
  known = gst_ae_properties_set (&gst_ae_train_properties,
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
  AeOnlineStats stats = {.held_out = -1.0,.published = -1.0 };
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_ae_properties_get (&gst_ae_train_properties,
      &self->settings, id, value);
  if (!known && id == PROP_STATS && self->online)
    ae_online_get_stats (self->online, &stats);
  GST_OBJECT_UNLOCK (self);
  if (id == PROP_STATS)
    g_value_take_boxed (value, stats_structure ("ae-training", &stats));
  else if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_ae_video_train_finalize (GObject * object)
{
  GstAeVideoTrain *self = GST_AE_VIDEO_TRAIN (object);

  gst_ae_properties_clear (&gst_ae_train_properties, &self->settings);
  gst_ae_properties_clear (&gst_ae_train_properties, &self->used);
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
  gst_ae_properties_install (&gst_ae_train_properties, object_class);
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "How training is going: step, losses, held-out loss, speed, "
          "generation ...", GST_TYPE_STRUCTURE,
          (GParamFlags) (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));

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
  gst_ae_properties_init (&gst_ae_train_properties, &self->settings);
  /* frames are read, never written */
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
}
