/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaetraining.h"

#include "gstaemodel.h"
#include "gstaeshare.h"

#define PROGRESS_CODE "training"

/* From one warning that a checkpoint cannot be written to the next. */
#define WARN_EVERY_US (60 * G_USEC_PER_SEC)

struct _GstAeTraining
{
  GstElement *element;          /* of which this is a part */
  const gchar *score_name;      /* of the field for AeOnlineStats.psnr */
  const GstAeTrainSettings *settings;   /* from start to stop */
  AeOnline *online;             /* under the object lock; NULL: stopped */
  GstAeShare *share;            /* NULL: trains alone */
  gint warned_location;         /* atomic: of the worker and the stream */
  gint64 warned_checkpoint;     /* of the worker: in us, when last */
};

GstAeTraining *
gst_ae_training_new (GstElement * element, const gchar * score_name)
{
  GstAeTraining *self = g_new0 (GstAeTraining, 1);

  self->element = element;
  self->score_name = score_name;
  return self;
}

void
gst_ae_training_name_score (GstAeTraining * self, const gchar * score_name)
{
  GST_OBJECT_LOCK (self->element);
  self->score_name = score_name;
  GST_OBJECT_UNLOCK (self->element);
}

void
gst_ae_training_free (GstAeTraining * self)
{
  g_free (self);
}

/* Reports */

static GstStructure *
stats_structure (const GstAeTraining * self, const gchar * name,
    const AeOnlineStats * stats)
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
      self->score_name, G_TYPE_DOUBLE, stats->psnr,
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
post_element (GstAeTraining * self, const gchar * name,
    const AeOnlineStats * stats)
{
  gst_element_post_message (self->element,
      gst_message_new_element (GST_OBJECT (self->element),
          stats_structure (self, name, stats)));
}

/* Never of type START: applications, gst-launch-1.0 too, hold the pipeline back
 * until what was started is complete. */
static void
post_progress (GstAeTraining * self, GstProgressType type, const gchar * text)
{
  gst_element_post_message (self->element,
      gst_message_new_progress (GST_OBJECT (self->element), type,
          PROGRESS_CODE, text));
}

static void
post_how_far (GstAeTraining * self, const AeOnlineStats * stats)
{
  guint64 max = self->settings->max_steps;
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
save (GstAeTraining * self, AeOnline * online)
{
  g_autoptr (AeModel) model = NULL;
  g_autoptr (GError) error = NULL;

  if (self->settings->location == NULL || online == NULL)
    return;
  model = ae_online_model (online);
  if (!ae_model_save (model, self->settings->location, &error)
      && g_atomic_int_compare_and_exchange (&self->warned_location, FALSE,
          TRUE))
    GST_ELEMENT_WARNING (self->element, RESOURCE, WRITE,
        ("The model cannot be saved, training goes on: %s", error->message),
        (NULL));
}

static void
warn_checkpoint (GstAeTraining * self, const GError * error)
{
  gint64 now = g_get_monotonic_time ();

  GST_WARNING_OBJECT (self->element, "%s", error->message);
  if (self->warned_checkpoint != 0
      && now - self->warned_checkpoint < WARN_EVERY_US)
    return;
  self->warned_checkpoint = now;
  GST_ELEMENT_WARNING (self->element, RESOURCE, WRITE,
      ("The checkpoint cannot be written, training goes on: %s",
          error->message), (NULL));
}

static void
warn_other_stream (GstAeTraining * self)
{
  GST_ELEMENT_WARNING (self->element, STREAM, FAILED,
      ("%s was made in the middle of another stream; this one was trained on "
          "from there only", self->settings->checkpoint), (NULL));
}

/* An AeOnlineFunc, in the worker's thread. */
static void
on_event (gpointer data, AeOnlineEvent event, const AeOnlineStats * stats,
    const GError * error)
{
  GstAeTraining *self = data;

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
      GST_WARNING_OBJECT (self->element,
          "training diverged at step %" G_GUINT64_FORMAT "%s", stats->step,
          stats->frozen ? " too often, it ends" : "");
      break;
    case AE_ONLINE_NOT_SAVED:
      warn_checkpoint (self, error);
      break;
    case AE_ONLINE_NOT_PREPARED:
      gst_ae_model_post_error (self->element, error);
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
  gst_ae_share_mix (((GstAeTraining *) data)->share, n_steps, weights);
}

/* From start to stop */

static void
post_start_error (GstAeTraining * self, GError * error)
{
  const gchar *checkpoint = self->settings->checkpoint;

  if (checkpoint && g_str_has_prefix (error->message, checkpoint)) {
    g_autofree gchar *text = g_strdup_printf ("%s. The file is left as it is; "
        "resume=false starts anew and replaces it", error->message);
    g_autoptr (GError) advice = g_error_new_literal (error->domain,
        error->code, text);

    gst_ae_model_post_error (self->element, advice);
    return;
  }
  GST_ELEMENT_ERROR (self->element, RESOURCE, BUSY, ("Cannot train: %s",
          error->message), (NULL));
}

gboolean
gst_ae_training_start (GstAeTraining * self,
    const GstAeTrainSettings * settings, AeModel * model,
    AeOnlineConfig * config)
{
  g_autoptr (AeSlot) slot =
      settings->slot ? ae_slot_get (settings->slot) : NULL;
  g_autoptr (GError) error = NULL;
  AeOnline *online;

  self->settings = settings;
  config->score_name = self->score_name;
  self->warned_checkpoint = 0;
  g_atomic_int_set (&self->warned_location, FALSE);
  if (settings->share) {
    self->share = gst_ae_share_new (settings->share, model, &error);
    config->mix = mix;
  }
  online = settings->share && self->share == NULL ? NULL
      : ae_online_new (model, config, slot, on_event, self, &error);
  if (online == NULL) {
    g_clear_pointer (&self->share, gst_ae_share_free);
    post_start_error (self, error);
    return FALSE;
  }
  GST_OBJECT_LOCK (self->element);
  self->online = online;
  GST_OBJECT_UNLOCK (self->element);
  return TRUE;
}

void
gst_ae_training_stop (GstAeTraining * self)
{
  AeOnline *online;

  GST_OBJECT_LOCK (self->element);
  online = self->online;
  self->online = NULL;
  GST_OBJECT_UNLOCK (self->element);
  if (online) {
    save (self, online);
    ae_online_free (online);
  }
  g_clear_pointer (&self->share, gst_ae_share_free);
}

AeOnline *
gst_ae_training_online (GstAeTraining * self)
{
  return self->online;
}

/* From any thread, also while it stops. */
static void
set_flushing (GstAeTraining * self, gboolean flushing)
{
  GST_OBJECT_LOCK (self->element);
  if (self->online)
    ae_online_set_flushing (self->online, flushing);
  GST_OBJECT_UNLOCK (self->element);
}

/* A stream that waits for its steps must not hold up the way down. */
void
gst_ae_training_change_state (GstAeTraining * self, GstStateChange transition)
{
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    set_flushing (self, TRUE);
}

void
gst_ae_training_sink_event (GstAeTraining * self, GstEvent * event)
{
  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_FLUSH_START:
      set_flushing (self, TRUE);
      break;
    case GST_EVENT_FLUSH_STOP:
      set_flushing (self, FALSE);
      break;
    case GST_EVENT_EOS:
      ae_online_end_stream (self->online);
      save (self, self->online);
      break;
    default:
      break;
  }
}

/* Properties */

void
gst_ae_training_install_stats (GObjectClass * klass, guint id)
{
  g_object_class_install_property (klass, id,
      g_param_spec_boxed ("stats", "Statistics",
          "How training is going: step, losses, held-out loss, speed, "
          "generation ...", GST_TYPE_STRUCTURE,
          (GParamFlags) (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

void
gst_ae_training_get_stats (GstAeTraining * self, GValue * value)
{
  AeOnlineStats stats = {.held_out = -1.0,.published = -1.0 };

  GST_OBJECT_LOCK (self->element);
  if (self->online)
    ae_online_get_stats (self->online, &stats);
  g_value_take_boxed (value, stats_structure (self, "ae-training", &stats));
  GST_OBJECT_UNLOCK (self->element);
}
