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

#include <gst/base/gstadapter.h>

#include "ae-slot.h"
#include "gstaemodel.h"
#include "gstaeproperties.h"
#include "gstaesounddenoiser.h"

GST_DEBUG_CATEGORY_STATIC (ae_audio_denoise_debug);
#define GST_CAT_DEFAULT ae_audio_denoise_debug


struct _GstAeAudioDenoise
{
  GstAudioFilter parent;

  /* properties, under the object lock */
  gchar *model_name;
  gchar *slot_name;
  gboolean model_changed;       /* model is not the one of this name */
  gfloat strength;
  GstClockTime latency;

  /* of the streaming thread */
  AeModel *model;
  AeSlot *slot;
  guint64 generation;           /* of the slot's model in use */
  GstAeSoundDenoiser *denoiser;
  GstAdapter *adapter;          /* samples that have not come out yet */
  gsize n_gap;                  /* the last samples that went in were gaps */
};

#define CAPS "audio/x-raw, format = " GST_AE_AUDIO_FORMATS ", " \
    "rate = [ 8000, 96000 ], channels = [ 1, 8 ], layout = interleaved"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

#define gst_ae_audio_denoise_parent_class parent_class
G_DEFINE_TYPE (GstAeAudioDenoise, gst_ae_audio_denoise, GST_TYPE_AUDIO_FILTER);

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
update_denoiser (GstAeAudioDenoise * self)
{
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
  gst_ae_sound_denoiser_set_strength (self->denoiser, strength);
  if (!is_new || gst_ae_sound_denoiser_set_model (self->denoiser, self->model,
          &error))
    return TRUE;
  gst_ae_model_post_error (GST_ELEMENT (self), error);
  return FALSE;
}

/* The stream */

static gboolean
gst_ae_audio_denoise_start (GstBaseTransform * trans)
{
  GstAeAudioDenoise *self = GST_AE_AUDIO_DENOISE (trans);

  GST_OBJECT_LOCK (self);
  self->slot = self->slot_name ? ae_slot_get (self->slot_name) : NULL;
  GST_OBJECT_UNLOCK (self);
  return load_model (self);
}

static void
forget_stream (GstAeAudioDenoise * self)
{
  gst_adapter_clear (self->adapter);
  self->n_gap = 0;
  if (self->denoiser != NULL)
    gst_ae_sound_denoiser_reset (self->denoiser);
}

static void
set_latency (GstAeAudioDenoise * self, GstClockTime latency)
{
  gboolean changed;

  GST_OBJECT_LOCK (self);
  changed = self->latency != latency;
  self->latency = latency;
  GST_OBJECT_UNLOCK (self);
  if (changed)
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_latency (GST_OBJECT (self)));
}

static gboolean
gst_ae_audio_denoise_stop (GstBaseTransform * trans)
{
  GstAeAudioDenoise *self = GST_AE_AUDIO_DENOISE (trans);

  g_clear_pointer (&self->denoiser, gst_ae_sound_denoiser_free);
  g_clear_pointer (&self->model, ae_model_unref);
  g_clear_pointer (&self->slot, ae_slot_unref);
  forget_stream (self);
  GST_OBJECT_LOCK (self);
  self->latency = 0;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
gst_ae_audio_denoise_setup (GstAudioFilter * filter, const GstAudioInfo * info)
{
  GstAeAudioDenoise *self = GST_AE_AUDIO_DENOISE (filter);
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->denoiser, gst_ae_sound_denoiser_free);
  forget_stream (self);
  self->denoiser = gst_ae_sound_denoiser_new (self->model, info, &error);
  if (self->denoiser == NULL) {
    gst_ae_model_post_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  set_latency (self, gst_util_uint64_scale_int_ceil (GST_SECOND,
          (gint) gst_ae_sound_denoiser_latency (self->denoiser),
          GST_AUDIO_INFO_RATE (info)));
  return TRUE;
}

/* Samples that have not come out yet. */
static gsize
n_pending (GstAeAudioDenoise * self)
{
  return gst_adapter_available (self->adapter) /
      (gsize) GST_AUDIO_INFO_BPF (GST_AUDIO_FILTER_INFO (self));
}

static void
push_samples (GstAeAudioDenoise * self, GstBuffer * buffer, gsize n)
{
  GstMapInfo map;

  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)) {
    gst_ae_sound_denoiser_push (self->denoiser, NULL, n);
    self->n_gap += n;
  } else if (gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    gst_ae_sound_denoiser_push (self->denoiser, map.data, n);
    gst_buffer_unmap (buffer, &map);
    self->n_gap = 0;
  }
}

/* Sets the times of @buffer, @n samples that begin @i samples after one of
 * @pts and @offset. */
static void
set_times (GstBuffer * buffer, GstClockTime pts, guint64 offset, guint64 i,
    gsize n, gint rate)
{
  const GstClockTime begin = gst_util_uint64_scale_int (i, GST_SECOND, rate);
  const GstClockTime end = gst_util_uint64_scale_int (i + n, GST_SECOND, rate);
  const gboolean has_offset = offset != GST_BUFFER_OFFSET_NONE;

  GST_BUFFER_PTS (buffer) =
      GST_CLOCK_TIME_IS_VALID (pts) ? pts + begin : GST_CLOCK_TIME_NONE;
  GST_BUFFER_DTS (buffer) = GST_CLOCK_TIME_NONE;
  GST_BUFFER_DURATION (buffer) = end - begin;
  GST_BUFFER_OFFSET (buffer) = has_offset ? offset + i : offset;
  GST_BUFFER_OFFSET_END (buffer) = has_offset ? offset + i + n : offset;
}

/* Returns: (transfer full): the next @n samples, denoised. */
static GstBuffer *
take_samples (GstAeAudioDenoise * self, gsize n)
{
  const GstAudioInfo *info = GST_AUDIO_FILTER_INFO (self);
  const gsize bpf = (gsize) GST_AUDIO_INFO_BPF (info);
  const gboolean is_gap = self->n_gap >= n_pending (self);
  guint64 distance, offset_distance;
  const GstClockTime pts = gst_adapter_prev_pts (self->adapter, &distance);
  const guint64 offset =
      gst_adapter_prev_offset (self->adapter, &offset_distance);
  GstBuffer *buffer =
      gst_buffer_make_writable (gst_adapter_take_buffer (self->adapter,
          n * bpf));
  GstMapInfo map;

  set_times (buffer, pts, offset, distance / bpf, n,
      GST_AUDIO_INFO_RATE (info));
  GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_DISCONT);
  GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_RESYNC);
  GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_GAP);
  if (is_gap) {
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
    gst_ae_sound_denoiser_pull (self->denoiser, NULL, n);
  } else if (gst_buffer_map (buffer, &map, GST_MAP_READWRITE)) {
    gst_ae_sound_denoiser_pull (self->denoiser, map.data, n);
    gst_buffer_unmap (buffer, &map);
  }
  return buffer;
}

/* Sends what has not come out yet, as if silence followed. */
static GstFlowReturn
drain (GstAeAudioDenoise * self)
{
  GstBuffer *buffer;
  gsize n;

  if (self->denoiser == NULL || (n = n_pending (self)) == 0)
    return GST_FLOW_OK;
  gst_ae_sound_denoiser_push (self->denoiser, NULL,
      gst_ae_sound_denoiser_latency (self->denoiser));
  buffer = take_samples (self, n);
  forget_stream (self);
  return gst_pad_push (GST_BASE_TRANSFORM_SRC_PAD (self), buffer);
}

static gboolean
gst_ae_audio_denoise_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstAeAudioDenoise *self = GST_AE_AUDIO_DENOISE (trans);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_CAPS:
    case GST_EVENT_SEGMENT:
    case GST_EVENT_SEGMENT_DONE:
    case GST_EVENT_STREAM_START:
    case GST_EVENT_GAP:
    case GST_EVENT_EOS:
      drain (self);
      break;
    case GST_EVENT_FLUSH_STOP:
      forget_stream (self);
      break;
    default:
      break;
  }
  return GST_BASE_TRANSFORM_CLASS (parent_class)->sink_event (trans, event);
}

static gboolean
gst_ae_audio_denoise_query (GstBaseTransform * trans, GstPadDirection direction,
    GstQuery * query)
{
  GstAeAudioDenoise *self = GST_AE_AUDIO_DENOISE (trans);
  GstClockTime min, max;
  gboolean is_live;

  if (!GST_BASE_TRANSFORM_CLASS (parent_class)->query (trans, direction, query))
    return FALSE;
  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY && direction == GST_PAD_SRC) {
    gst_query_parse_latency (query, &is_live, &min, &max);
    GST_OBJECT_LOCK (self);
    min += self->latency;
    if (GST_CLOCK_TIME_IS_VALID (max))
      max += self->latency;
    GST_OBJECT_UNLOCK (self);
    gst_query_set_latency (query, is_live, min, max);
  }
  return TRUE;
}

static void
gst_ae_audio_denoise_before_transform (GstBaseTransform * trans,
    GstBuffer * buffer)
{
  if (trans->segment.format == GST_FORMAT_TIME) {
    const GstClockTime stream_time = gst_segment_to_stream_time
        (&trans->segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));

    if (GST_CLOCK_TIME_IS_VALID (stream_time))
      gst_object_sync_values (GST_OBJECT (trans), stream_time);
  }
}

/* What came before a discontinuity has to be out before it. */
static GstFlowReturn
gst_ae_audio_denoise_submit_input_buffer (GstBaseTransform * trans,
    gboolean is_discont, GstBuffer * buffer)
{
  if (GST_BUFFER_IS_DISCONT (buffer)) {
    const GstFlowReturn ret = drain (GST_AE_AUDIO_DENOISE (trans));

    if (ret != GST_FLOW_OK) {
      gst_buffer_unref (buffer);
      return ret;
    }
  }
  return GST_BASE_TRANSFORM_CLASS (parent_class)->submit_input_buffer (trans,
      is_discont, buffer);
}

/* All but the last samples of the latency come out. */
static GstFlowReturn
gst_ae_audio_denoise_generate_output (GstBaseTransform * trans,
    GstBuffer ** out)
{
  GstAeAudioDenoise *self = GST_AE_AUDIO_DENOISE (trans);
  const gsize bpf = (gsize) GST_AUDIO_INFO_BPF (GST_AUDIO_FILTER_INFO (self));
  GstBuffer *in = g_steal_pointer (&trans->queued_buf);
  gsize size, latency;

  *out = NULL;
  if (in == NULL)
    return GST_FLOW_OK;
  size = gst_buffer_get_size (in);
  if (size % bpf != 0) {
    GST_ELEMENT_ERROR (self, STREAM, FORMAT,
        ("A buffer has %" G_GSIZE_FORMAT " bytes, expected a multiple of %"
            G_GSIZE_FORMAT, size, bpf), (NULL));
    gst_buffer_unref (in);
    return GST_FLOW_ERROR;
  }
  if (!update_denoiser (self)) {
    gst_buffer_unref (in);
    return GST_FLOW_ERROR;
  }
  push_samples (self, in, size / bpf);
  gst_adapter_push (self->adapter, in);
  latency = gst_ae_sound_denoiser_latency (self->denoiser);
  if (n_pending (self) > latency)
    *out = take_samples (self, n_pending (self) - latency);
  return GST_FLOW_OK;
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

  g_object_unref (self->adapter);
  gst_ae_properties_clear (&properties, self);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_ae_audio_denoise_class_init (GstAeAudioDenoiseClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstAudioFilterClass *filter_class = GST_AUDIO_FILTER_CLASS (klass);

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
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);

  trans_class->start = gst_ae_audio_denoise_start;
  trans_class->stop = gst_ae_audio_denoise_stop;
  trans_class->sink_event = gst_ae_audio_denoise_sink_event;
  trans_class->query = gst_ae_audio_denoise_query;
  trans_class->before_transform = gst_ae_audio_denoise_before_transform;
  trans_class->submit_input_buffer = gst_ae_audio_denoise_submit_input_buffer;
  trans_class->generate_output = gst_ae_audio_denoise_generate_output;
  filter_class->setup = gst_ae_audio_denoise_setup;
}

static void
gst_ae_audio_denoise_init (GstAeAudioDenoise * self)
{
  gst_ae_properties_init (&properties, self);
  self->adapter = gst_adapter_new ();
  /* without a transform function the base class takes it for a pass-through */
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), FALSE);
}
