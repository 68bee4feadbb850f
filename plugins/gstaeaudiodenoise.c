/* aeaudiodenoise: removes noise from sound. SPDX-License-Identifier: LGPL-2.1-or-later */

/**
 * SECTION:element-aeaudiodenoise
 * @title: aeaudiodenoise
 *
 * Removes noise from speech with an autoencoder of spectra, which hears each
 * channel on its own at 16 kHz. The stream keeps its rate: what was found to be
 * noise is taken from its samples, and what lies above the model's band is
 * attenuated as the top of that band is.
 *
 * A sample comes out when the model has heard what follows it, less than 30 ms,
 * which the latency query tells exactly. It keeps its timestamp, so sound stays
 * with the picture, and at the end of the stream what is left comes out: there
 * are as many samples as went in. With #aeaudiodenoise:strength 0 they are the
 * same, to the bit.
 *
 * The past is forgotten at a flush, a discontinuity, a gap event, a new segment
 * and new caps. Buffers marked as gaps pass as they are.
 *
 * With #aeaudiodenoise:slot set, the element takes the models that a trainer of
 * the same slot publishes; until there is one, it uses #aeaudiodenoise:model.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 autoaudiosrc ! audioconvert ! aeaudiodenoise strength=0.9 ! audioconvert ! autoaudiosink
 * ]|
 */
#include "gstaeaudiodenoise.h"

#include "ae-audio-denoiser.h"
#include "ae-slot.h"
#include "gstaemodel.h"
#include "gstaeproperties.h"
#include "gstaesamples.h"

GST_DEBUG_CATEGORY_STATIC (ae_audio_denoise_debug);
#define GST_CAT_DEFAULT ae_audio_denoise_debug

struct _GstAeAudioDenoise
{
  GstAeAudioBase parent;

  /* properties, under the object lock */
  gchar *model_name;
  gchar *slot_name;
  gboolean model_changed;       /* model is not the one of this name */
  gfloat strength;

  /* of the streaming thread */
  AeModel *model;
  AeSlot *slot;
  guint64 generation;           /* of the slot's model in use */
  guint n_channels;
  AeAudioDenoiser *denoisers[GST_AE_MAX_CHANNELS];
};

#define gst_ae_audio_denoise_parent_class parent_class
G_DEFINE_TYPE (GstAeAudioDenoise, gst_ae_audio_denoise, GST_TYPE_AE_AUDIO_BASE);

/* The model. */

/* Whether @model denoises sound; @where stands for its path in errors. */
static gboolean
check_model (AeModel * model, const gchar * where, GError ** error)
{
  g_autoptr (AeAudioDenoiser) denoiser = ae_audio_denoiser_new (model, error);

  if (denoiser == NULL)
    g_prefix_error (error, "%s: ", where);
  return denoiser != NULL;
}

/* On failure it posts why. */
static gboolean
load_model (GstAeAudioDenoise * self)
{
  g_autofree gchar *name = NULL;
  g_autoptr (GError) error = NULL;
  g_autoptr (AeModel) model = NULL;

  GST_OBJECT_LOCK (self);
  name = g_strdup (self->model_name);
  self->model_changed = FALSE;
  GST_OBJECT_UNLOCK (self);

  model = gst_ae_model_load (name, &error);
  if (model == NULL || !check_model (model, name, &error)) {
    gst_ae_model_post_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  ae_model_unref (self->model);
  self->model = g_steal_pointer (&model);
  self->generation = 0;
  GST_DEBUG_OBJECT (self, "model %s: %s", name,
      self->model->architecture->text);
  return TRUE;
}

/* Takes what was published since the last buffer. A model that is no denoiser is
 * said to be one, once, and left alone. */
static gboolean
follow_slot (GstAeAudioDenoise * self)
{
  g_autoptr (AeModel) model = ae_slot_poll (self->slot, &self->generation);
  g_autoptr (GError) error = NULL;

  if (model == NULL)
    return FALSE;
  if (!check_model (model, ae_slot_name (self->slot), &error)) {
    GST_ELEMENT_WARNING (self, STREAM, FORMAT, ("Slot %s", error->message),
        (NULL));
    return FALSE;
  }
  ae_model_unref (self->model);
  self->model = g_steal_pointer (&model);
  GST_DEBUG_OBJECT (self, "slot %s, generation %" G_GUINT64_FORMAT,
      ae_slot_name (self->slot), self->generation);
  return TRUE;
}

/* Follows properties and the slot. */
static gboolean
gst_ae_audio_denoise_update (GstAeAudioBase * base)
{
  GstAeAudioDenoise *self = GST_AE_AUDIO_DENOISE (base);
  g_autoptr (GError) error = NULL;
  gboolean is_new = FALSE;
  gfloat strength;

  GST_OBJECT_LOCK (self);
  strength = self->strength;
  is_new = self->model_changed;
  GST_OBJECT_UNLOCK (self);

  if (is_new && !load_model (self))
    return FALSE;
  if (self->slot != NULL && follow_slot (self))
    is_new = TRUE;
  gst_ae_audio_base_set_raw (base, strength <= 0.0f);
  for (guint c = 0; c < self->n_channels; c++) {
    ae_audio_denoiser_set_strength (self->denoisers[c], strength);
    if (is_new && !ae_audio_denoiser_set_model (self->denoisers[c],
            self->model, &error)) {
      gst_ae_model_post_error (GST_ELEMENT (self), error);
      return FALSE;
    }
  }
  return TRUE;
}

/* The stream */

static void
free_denoisers (GstAeAudioDenoise * self)
{
  while (self->n_channels > 0)
    ae_audio_denoiser_free (self->denoisers[--self->n_channels]);
}

static gboolean
gst_ae_audio_denoise_stop (GstBaseTransform * trans)
{
  GstAeAudioDenoise *self = GST_AE_AUDIO_DENOISE (trans);
  gboolean ok = GST_BASE_TRANSFORM_CLASS (parent_class)->stop (trans);

  free_denoisers (self);
  g_clear_pointer (&self->model, ae_model_unref);
  g_clear_pointer (&self->slot, ae_slot_unref);
  return ok;
}

static gboolean
gst_ae_audio_denoise_start (GstBaseTransform * trans)
{
  GstAeAudioDenoise *self = GST_AE_AUDIO_DENOISE (trans);

  GST_OBJECT_LOCK (self);
  self->slot = self->slot_name ? ae_slot_get (self->slot_name) : NULL;
  GST_OBJECT_UNLOCK (self);
  if (load_model (self))
    return TRUE;
  /* a base class does not stop what did not start */
  gst_ae_audio_denoise_stop (trans);
  return FALSE;
}

static gboolean
gst_ae_audio_denoise_prepare (GstAeAudioBase * base, guint n_channels,
    AeSpectralFilter ** filters, GError ** error)
{
  GstAeAudioDenoise *self = GST_AE_AUDIO_DENOISE (base);

  free_denoisers (self);
  for (guint c = 0; c < n_channels; c++) {
    AeAudioDenoiser *denoiser = ae_audio_denoiser_new (self->model, error);

    if (denoiser == NULL)
      return FALSE;
    self->denoisers[self->n_channels++] = denoiser;
    filters[c] = ae_audio_denoiser_filter (denoiser);
  }
  return TRUE;
}

/* Properties */

static const GstAeProperty rows[] = {
#define AT(field) G_STRUCT_OFFSET (GstAeAudioDenoise, field)
  {"model", "Model", "Path of a model, or name of a shipped one", GST_AE_STRING,
      AT (model_name),.text = "denoise-audio",.when = GST_AE_LIVE},
  {"slot", "Slot", "Name of the slot where a trainer publishes models (NULL = "
        "none)", GST_AE_STRING, AT (slot_name),.text = NULL},
  {"strength", "Strength", "How much of the noise to remove (0 = leave samples "
        "untouched, 1 = all that the model finds)", GST_AE_FLOAT,
      AT (strength),.high = 1.0,.usual = 1.0,.when = GST_AE_CONTROLLED},
#undef AT
};

static const GstAeProperties properties = GST_AE_PROPERTIES (rows);

#define PROP_MODEL 1            /* the first row */

static void
gst_ae_audio_denoise_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstAeAudioDenoise *self = GST_AE_AUDIO_DENOISE (object);
  gboolean known;

  GST_OBJECT_LOCK (self);
  known = gst_ae_properties_set (&properties, self, id, value);
  self->model_changed |= id == PROP_MODEL;
  GST_OBJECT_UNLOCK (self);
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_ae_audio_denoise_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  gst_ae_properties_get_object (&properties, object, id, value, pspec);
}

static void
gst_ae_audio_denoise_finalize (GObject * object)
{
  GstAeAudioDenoise *self = GST_AE_AUDIO_DENOISE (object);

  gst_ae_properties_clear (&properties, self);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_ae_audio_denoise_class_init (GstAeAudioDenoiseClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstAeAudioBaseClass *base_class = GST_AE_AUDIO_BASE_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (ae_audio_denoise_debug, "aeaudiodenoise", 0,
      "aeaudiodenoise");

  object_class->set_property = gst_ae_audio_denoise_set_property;
  object_class->get_property = gst_ae_audio_denoise_get_property;
  object_class->finalize = gst_ae_audio_denoise_finalize;
  gst_ae_properties_install (&properties, object_class);

  gst_element_class_set_static_metadata (element_class,
      "Autoencoder audio denoiser", "Filter/Effect/Audio",
      "Removes noise from speech with an autoencoder",
      "The gst-autoencoder authors");

  trans_class->start = gst_ae_audio_denoise_start;
  trans_class->stop = gst_ae_audio_denoise_stop;
  base_class->prepare = gst_ae_audio_denoise_prepare;
  base_class->update = gst_ae_audio_denoise_update;
}

static void
gst_ae_audio_denoise_init (GstAeAudioDenoise * self)
{
  gst_ae_properties_init (&properties, self);
}
