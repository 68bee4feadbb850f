/* aeaudioreconstruct: what an autoencoder makes of sound. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aeaudioreconstruct
 * @title: aeaudioreconstruct
 *
 * Tells when a machine, or whatever else sounds much the same all the time,
 * sounds unusual: a model that was trained on it cannot reconstruct a rattle.
 * Lets what the model makes of the sound be heard, or what it leaves over.
 *
 * The model is #aeaudioreconstruct:model, or what an `aeaudiotrain
 * objective=autoencode` publishes in #aeaudioreconstruct:slot; sound passes as it is until there is one. It hears
 * each channel on its own at 16 kHz. A sample comes out when the model has heard
 * what follows it, less than 30 ms, which the latency query tells.
 *
 * ## Anomalies
 *
 * The reconstruction error at each frequency over 0.32 s is compared with what is
 * usual there, followed over some minutes; what all frequencies have in common,
 * such as a change of gain, does not count. The score is that of the most unusual
 * frequencies, in standard deviations. It is known after ten seconds, and a
 * threshold for it after another ten, for each channel its own. From then on
 * each buffer has a custom meta `ae-anomaly` with the fields `score`, `threshold`
 * and `anomalous` of the last 0.32 s, and `channel`; see
 * gst_buffer_get_custom_meta(). Each 0.32 s over the threshold is posted as an
 * element message `ae-anomaly`, with the same fields, `timestamp`, `stream-time`
 * and `running-time`. Where several of these end in a buffer, or there are several
 * channels, both tell of the most unusual: one over its threshold before one that
 * is not, then the highest score. Digital silence is not scored.
 *
 * With #aeaudioreconstruct:threshold -1 the threshold is learned from the stream,
 * as `aevideoreconstruct` does it.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -m autoaudiosrc ! audioconvert ! audioresample ! aeaudiotrain slot=machine objective=autoencode architecture="conv 1x1 64 relu, conv 1x1 16 | conv 1x1 64 relu, conv 1x1 161" ! aeaudioreconstruct slot=machine output=residual ! audioconvert ! autoaudiosink
 * ]| Learns what a machine sounds like, and plays what is unusual about it.
 */
#include "gstaeaudioreconstruct.h"

#include "ae-audio-reconstructor.h"
#include "ae-slot.h"
#include "gstaeanomaly.h"
#include "gstaemodel.h"
#include "gstaesamples.h"

GST_DEBUG_CATEGORY_STATIC (ae_audio_reconstruct_debug);
#define GST_CAT_DEFAULT ae_audio_reconstruct_debug

struct _GstAeAudioReconstruct
{
  GstAeAudioBase parent;

  /* properties, under the object lock */
  gchar *model_name, *slot_name;
  gint output;
  GstAeAnomalySettings settings;
  gdouble score;

  /* of the streaming thread */
  AeModel *model;               /* NULL: none yet */
  AeSlot *slot;
  guint64 generation;
  guint n_channels;
  AeAudioReconstructor *reconstructors[GST_AE_MAX_CHANNELS];
  guint64 n_told;               /* scores posted, or none */
};

#define gst_ae_audio_reconstruct_parent_class parent_class
G_DEFINE_TYPE (GstAeAudioReconstruct, gst_ae_audio_reconstruct,
    GST_TYPE_AE_AUDIO_BASE);

static GType
output_type (void)
{
  static const GEnumValue values[] = {
    {AE_AUDIO_INPUT, "The sound as it is", "input"},
    {AE_AUDIO_RECONSTRUCTION, "What the model makes of it", "reconstruction"},
    {AE_AUDIO_RESIDUAL, "What the model leaves over", "residual"},
    {0, NULL, NULL}
  };
  static GType type = 0;

  if (g_once_init_enter (&type)) {
    GType made = g_enum_register_static ("GstAeAudioReconstructOutput", values);

    gst_type_mark_as_plugin_api (made, (GstPluginAPIFlags) 0);
    g_once_init_leave (&type, made);
  }
  return type;
}

/* The model */

/* Whether @model reconstructs sound; @where stands for its path in errors. */
static gboolean
check_model (AeModel * model, const gchar * where, GError ** error)
{
  g_autoptr (AeAudioReconstructor) reconstructor =
      ae_audio_reconstructor_new ();

  if (ae_audio_reconstructor_set_model (reconstructor, model, error))
    return TRUE;
  g_prefix_error (error, "%s: ", where);
  return FALSE;
}

static gboolean
load_model (GstAeAudioReconstruct * self, const gchar * name)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (AeModel) model = gst_ae_model_load (name, &error);

  if (model == NULL || !check_model (model, name, &error)) {
    gst_ae_model_post_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  self->model = g_steal_pointer (&model);
  return TRUE;
}

/* Takes what was published since the last buffer. */
static void
follow_slot (GstAeAudioReconstruct * self)
{
  g_autoptr (AeModel) model = ae_slot_poll (self->slot, &self->generation);
  g_autoptr (GError) error = NULL;

  if (model == NULL)
    return;
  if (!check_model (model, ae_slot_name (self->slot), &error)) {
    GST_ELEMENT_WARNING (self, STREAM, FORMAT, ("Slot %s", error->message),
        (NULL));
    return;
  }
  ae_model_unref (self->model);
  self->model = g_steal_pointer (&model);
  for (guint c = 0; c < self->n_channels; c++) {
    if (!ae_audio_reconstructor_set_model (self->reconstructors[c],
            self->model, NULL))
      g_assert_not_reached ();
  }
}

/* The stream */

static void
free_reconstructors (GstAeAudioReconstruct * self)
{
  while (self->n_channels > 0)
    ae_audio_reconstructor_free (self->reconstructors[--self->n_channels]);
}

static gboolean
gst_ae_audio_reconstruct_stop (GstBaseTransform * trans)
{
  GstAeAudioReconstruct *self = GST_AE_AUDIO_RECONSTRUCT (trans);
  gboolean ok = GST_BASE_TRANSFORM_CLASS (parent_class)->stop (trans);

  free_reconstructors (self);
  g_clear_pointer (&self->model, ae_model_unref);
  g_clear_pointer (&self->slot, ae_slot_unref);
  GST_OBJECT_LOCK (self);
  self->score = -1.0;
  GST_OBJECT_UNLOCK (self);
  return ok;
}

static gboolean
gst_ae_audio_reconstruct_start (GstBaseTransform * trans)
{
  GstAeAudioReconstruct *self = GST_AE_AUDIO_RECONSTRUCT (trans);
  g_autofree gchar *name = NULL;

  GST_OBJECT_LOCK (self);
  name = g_strdup (self->model_name);
  self->slot = self->slot_name ? ae_slot_get (self->slot_name) : NULL;
  GST_OBJECT_UNLOCK (self);
  self->generation = 0;
  if (name == NULL && self->slot == NULL) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, ("There is no model, expected "
            "model=FILE, or slot=NAME of an aeaudiotrain objective=autoencode"),
        (NULL));
  } else if (name == NULL || load_model (self, name)) {
    return TRUE;
  }
  /* a base class does not stop what did not start */
  gst_ae_audio_reconstruct_stop (trans);
  return FALSE;
}

static gboolean
gst_ae_audio_reconstruct_prepare (GstAeAudioBase * base, guint n_channels,
    AeSpectralFilter ** filters, GError ** error)
{
  GstAeAudioReconstruct *self = GST_AE_AUDIO_RECONSTRUCT (base);

  free_reconstructors (self);
  self->n_told = 0;
  for (guint c = 0; c < n_channels; c++) {
    AeAudioReconstructor *reconstructor = ae_audio_reconstructor_new ();

    self->reconstructors[self->n_channels++] = reconstructor;
    filters[c] = ae_audio_reconstructor_filter (reconstructor);
    if (self->model && !ae_audio_reconstructor_set_model (reconstructor,
            self->model, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
gst_ae_audio_reconstruct_update (GstAeAudioBase * base)
{
  GstAeAudioReconstruct *self = GST_AE_AUDIO_RECONSTRUCT (base);
  GstAeAnomalySettings settings;
  AeAudioOutput output;

  GST_OBJECT_LOCK (self);
  settings = self->settings;
  output = (AeAudioOutput) self->output;
  GST_OBJECT_UNLOCK (self);
  if (self->slot)
    follow_slot (self);
  gst_ae_audio_base_set_raw (base, self->model == NULL
      || output == AE_AUDIO_INPUT);
  for (guint c = 0; c < self->n_channels; c++) {
    ae_audio_reconstructor_set_output (self->reconstructors[c], output);
    ae_audio_reconstructor_set_threshold (self->reconstructors[c],
        settings.threshold, settings.quantile);
  }
  return TRUE;
}

/* Returns: how many scores there have been. @score, @i_channel: (out): of the
 * channel that is most unusual, the most unusual one since the last buffer */
static guint64
worst_score (GstAeAudioReconstruct * self, AeAnomalyScore * score,
    guint * i_channel)
{
  guint64 n = 0;

  for (guint c = 0; c < self->n_channels; c++) {
    AeAnomalyScore of_channel;

    n += ae_audio_reconstructor_take_score (self->reconstructors[c],
        &of_channel);
    if (c > 0 && !ae_anomaly_is_worse (&of_channel, score))
      continue;
    *score = of_channel;
    *i_channel = c;
  }
  return n;
}

static void
gst_ae_audio_reconstruct_finish (GstAeAudioBase * base, GstBuffer * buffer)
{
  GstAeAudioReconstruct *self = GST_AE_AUDIO_RECONSTRUCT (base);
  AeAnomalyScore score;
  guint i_channel = 0;
  const guint64 n = worst_score (self, &score, &i_channel);
  GstStructure *where = gst_structure_new ("where",
      "channel", G_TYPE_UINT, i_channel, NULL);

  GST_OBJECT_LOCK (self);
  self->score = score.score;
  GST_OBJECT_UNLOCK (self);
  gst_ae_anomaly_mark (buffer, &score, where);
  if (score.anomalous && n != self->n_told)
    gst_ae_anomaly_post (GST_BASE_TRANSFORM (self), buffer, &score, where);
  self->n_told = n;
  gst_structure_free (where);
}

/* Properties */

static const GstAeProperty rows[] = {
#define AT(field) G_STRUCT_OFFSET (GstAeAudioReconstruct, field)
  {"model", "Model", "Path of an autoencoder of spectra (NULL = that of the "
        "slot)", GST_AE_STRING, AT (model_name),.text = NULL},
  {"slot", "Slot", "Name of the slot where a trainer publishes models (NULL = "
        "none)", GST_AE_STRING, AT (slot_name),.text = NULL},
  {"output", "Output", "What samples become", GST_AE_ENUM, AT (output),
      output_type,.usual = AE_AUDIO_INPUT,.when = GST_AE_CONTROLLED},
  GST_AE_ANOMALY_PROPERTIES (AT (settings), AT (score)),
#undef AT
};

static const GstAeProperties properties = GST_AE_PROPERTIES (rows);

static void
gst_ae_audio_reconstruct_finalize (GObject * object)
{
  gst_ae_properties_clear (&properties, object);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_ae_audio_reconstruct_class_init (GstAeAudioReconstructClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstAeAudioBaseClass *base_class = GST_AE_AUDIO_BASE_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_audio_reconstruct_debug, "aeaudioreconstruct",
      0, "aeaudioreconstruct");
  gst_ae_anomaly_register ();

  object_class->finalize = gst_ae_audio_reconstruct_finalize;
  gst_ae_properties_install_object (&properties, object_class);

  gst_element_class_set_static_metadata (element_class,
      "Autoencoder audio reconstruction", "Filter/Analyzer/Audio",
      "Finds what sounds unusual, and plays what an autoencoder makes of sound",
      "The gst-autoencoder authors");

  trans_class->start = gst_ae_audio_reconstruct_start;
  trans_class->stop = gst_ae_audio_reconstruct_stop;
  base_class->prepare = gst_ae_audio_reconstruct_prepare;
  base_class->update = gst_ae_audio_reconstruct_update;
  base_class->finish = gst_ae_audio_reconstruct_finish;
}

static void
gst_ae_audio_reconstruct_init (GstAeAudioReconstruct * self)
{
  gst_ae_properties_init (&properties, self);
}
