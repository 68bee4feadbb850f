/* aeaudiotrain: trains a model on the sound that passes. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aeaudiotrain
 * @title: aeaudiotrain
 *
 * Adapts a denoiser of speech to the noise, the room and the voices of the sound
 * that passes, which it leaves alone, bit by bit. What it learns is judged on
 * seconds of the stream that it does not train on; a model that is better there,
 * and has not forgotten other noises, is published in #aeaudiotrain:slot, where
 * `aeaudiodenoise` takes it up, and written to #aeaudiotrain:location.
 *
 * #aeaudiotrain:content tells what the stream is of. Of speech in noise, `mixed`,
 * the pauses are learned from; of `noise`, all of it. Both are mixed with the
 * recordings in #aeaudiotrain:speech-location, best of the voices that will speak
 * there, or with the shipped ones. To `speech` the noises of
 * #aeaudiotrain:noise-location are added, or noises that are made. Of a recording
 * the first 10 minutes are used; there may be 2 hours of them.
 *
 * With #aeaudiotrain:objective autoencode it learns instead, from
 * #aeaudiotrain:architecture, what any stream sounds like, such as a machine, for
 * `aeaudioreconstruct` to tell when that changes.
 *
 * Checkpoints, #aeaudiotrain:backpressure, publication, messages and statistics
 * are those of `aevideotrain`, but that the score is the ratio of signal to
 * distortion, `si-sdr`, unless #aeaudiotrain:objective is autoencode, and that a
 * frame is a second of sound.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 autoaudiosrc ! audioconvert ! audioresample ! aeaudiotrain slot=mic ! aeaudiodenoise slot=mic ! audioconvert ! autoaudiosink
 * ]| Learns the noise of a room from the pauses, and takes it out.
 * |[
 * gst-launch-1.0 -m filesrc location=room.wav ! decodebin ! audioconvert ! audioresample ! aeaudiotrain content=noise speech-location=voice.wav backpressure=block steps-per-frame=20 location=mine.safetensors ! fakesink
 * ]| Trains on a recording of the room alone, with one of one's own voice.
 */
#include "gstaeaudiotrain.h"

#include "gstaeaudiotrainsettings.h"
#include "gstaemodel.h"
#include "gstaesoundmaterial.h"
#include "gstaestretches.h"
#include "gstaetraining.h"

GST_DEBUG_CATEGORY_STATIC (ae_audio_train_debug);
#define GST_CAT_DEFAULT ae_audio_train_debug

struct _GstAeAudioTrain
{
  GstAudioFilter parent;

  GstAeAudioTrainSettings settings;     /* properties, under the object lock */
  GstAeTraining *training;

  /* from start to stop */
  GstAeAudioTrainSettings used;
  GstAeSoundMaterial *material;
  GstAeStretches *stretches;
};

#define gst_ae_audio_train_parent_class parent_class
G_DEFINE_TYPE (GstAeAudioTrain, gst_ae_audio_train, GST_TYPE_AUDIO_FILTER);

#define PROP_STATS \
    (gst_ae_properties_count (&gst_ae_audio_train_properties) + 1)

#define CAPS "audio/x-raw, format = " GST_AE_AUDIO_FORMATS ", " \
    "rate = [ 8000, 96000 ], channels = [ 1, 8 ], layout = interleaved"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

/* The stream */

static gboolean
gst_ae_audio_train_start (GstBaseTransform * trans)
{
  GstAeAudioTrain *self = GST_AE_AUDIO_TRAIN (trans);
  const GstAeAudioTrainSettings *used = &self->used;
  g_autoptr (AeModel) model = NULL;
  g_autoptr (GError) error = NULL;
  AeOnlineConfig config;
  AeMaterial material;

  gst_ae_properties_clear (&gst_ae_audio_train_properties, &self->used);
  GST_OBJECT_LOCK (self);
  self->used = self->settings;
  gst_ae_properties_own (&gst_ae_audio_train_properties, &self->used);
  GST_OBJECT_UNLOCK (self);
  model = gst_ae_audio_train_settings_model (used, &error);
  if (model == NULL) {
    gst_ae_model_post_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  self->material = gst_ae_sound_material_new (used->objective, used->content,
      used->speech_location, used->noise_location);
  gst_ae_training_name_score (self->training,
      used->objective == GST_AE_SOUND_AUTOENCODE ? "psnr" : "si-sdr");
  material = gst_ae_sound_material_get (self->material);
  gst_ae_audio_train_settings_config (used, model, &config);
  config.material = &material;
  if (!gst_ae_training_start (self->training, &used->common, model, &config)) {
    g_clear_pointer (&self->material, gst_ae_sound_material_free);
    return FALSE;
  }
  self->stretches = gst_ae_stretches_new (used->objective ==
      GST_AE_SOUND_DENOISE && used->content == GST_AE_SOUND_MIXED);
  return TRUE;
}

static gboolean
gst_ae_audio_train_stop (GstBaseTransform * trans)
{
  GstAeAudioTrain *self = GST_AE_AUDIO_TRAIN (trans);

  gst_ae_training_stop (self->training);
  g_clear_pointer (&self->material, gst_ae_sound_material_free);
  g_clear_pointer (&self->stretches, gst_ae_stretches_free);
  return TRUE;
}

static GstStateChangeReturn
gst_ae_audio_train_change_state (GstElement * element,
    GstStateChange transition)
{
  gst_ae_training_change_state (GST_AE_AUDIO_TRAIN (element)->training,
      transition);
  return GST_ELEMENT_CLASS (parent_class)->change_state (element, transition);
}

static gboolean
gst_ae_audio_train_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstAeAudioTrain *self = GST_AE_AUDIO_TRAIN (trans);

  gst_ae_training_sink_event (self->training, event);
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    gst_ae_stretches_reset (self->stretches);
  return GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (trans, event);
}

static gboolean
gst_ae_audio_train_setup (GstAudioFilter * filter, const GstAudioInfo * info)
{
  gst_ae_stretches_set_info (GST_AE_AUDIO_TRAIN (filter)->stretches, info);
  return TRUE;
}

static GstFlowReturn
gst_ae_audio_train_transform_ip (GstBaseTransform * trans, GstBuffer * buffer)
{
  GstAeAudioTrain *self = GST_AE_AUDIO_TRAIN (trans);
  const GstAudioInfo *info = GST_AUDIO_FILTER_INFO (self);
  GstMapInfo map;

  if (GST_BUFFER_IS_DISCONT (buffer)
      || GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP))
    gst_ae_stretches_reset (self->stretches);
  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)
      || !gst_buffer_map (buffer, &map, GST_MAP_READ))
    return GST_FLOW_OK;
  gst_ae_stretches_take (self->stretches, map.data,
      map.size / (gsize) GST_AUDIO_INFO_BPF (info),
      gst_ae_training_online (self->training));
  gst_buffer_unmap (buffer, &map);
  return GST_FLOW_OK;
}

/* Properties */

static void
gst_ae_audio_train_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstAeAudioTrain *self = GST_AE_AUDIO_TRAIN (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_ae_properties_set (&gst_ae_audio_train_properties,
      &self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_ae_audio_train_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstAeAudioTrain *self = GST_AE_AUDIO_TRAIN (object);
  gboolean known;

  if (id == PROP_STATS) {
    gst_ae_training_get_stats (self->training, value);
    return;
  }
  GST_OBJECT_LOCK (self);
  known = gst_ae_properties_get (&gst_ae_audio_train_properties,
      &self->settings, id, value);
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_ae_audio_train_finalize (GObject * object)
{
  GstAeAudioTrain *self = GST_AE_AUDIO_TRAIN (object);

  gst_ae_training_free (self->training);
  gst_ae_properties_clear (&gst_ae_audio_train_properties, &self->settings);
  gst_ae_properties_clear (&gst_ae_audio_train_properties, &self->used);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_ae_audio_train_class_init (GstAeAudioTrainClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstAudioFilterClass *filter_class = GST_AUDIO_FILTER_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_audio_train_debug, "aeaudiotrain", 0,
      "aeaudiotrain");

  object_class->set_property = gst_ae_audio_train_set_property;
  object_class->get_property = gst_ae_audio_train_get_property;
  object_class->finalize = gst_ae_audio_train_finalize;
  gst_ae_properties_install (&gst_ae_audio_train_properties, object_class);
  gst_ae_training_install_stats (object_class, PROP_STATS);

  gst_element_class_set_static_metadata (element_class,
      "Autoencoder audio trainer", "Filter/Analyzer/Audio",
      "Trains an autoencoder on the sound that passes",
      "The gst-autoencoder authors");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  element_class->change_state = gst_ae_audio_train_change_state;
  trans_class->start = gst_ae_audio_train_start;
  trans_class->stop = gst_ae_audio_train_stop;
  trans_class->sink_event = gst_ae_audio_train_sink_event;
  trans_class->transform_ip = gst_ae_audio_train_transform_ip;
  filter_class->setup = gst_ae_audio_train_setup;
}

static void
gst_ae_audio_train_init (GstAeAudioTrain * self)
{
  gst_ae_properties_init (&gst_ae_audio_train_properties, &self->settings);
  self->training = gst_ae_training_new (GST_ELEMENT (self), "si-sdr");
  /* samples are read, never written */
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), TRUE);
}
