/* Elements whose samples come out once what follows was heard. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaeaudiobase.h"

#include <gst/base/gstadapter.h>

#include "gstaemodel.h"
#include "gstaeproperties.h"
#include "gstaesoundfilter.h"

typedef struct
{
  GstClockTime latency;         /* under the object lock */

  /* of the streaming thread */
  GstAeSoundFilter *filter;
  GstAdapter *adapter;          /* samples that have not come out yet */
  gsize n_gap;                  /* the last samples that went in were gaps */
} GstAeAudioBasePrivate;

#define CAPS "audio/x-raw, format = " GST_AE_AUDIO_FORMATS ", " \
    "rate = [ 8000, 96000 ], channels = [ 1, 8 ], layout = interleaved"

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (CAPS));

#define gst_ae_audio_base_parent_class parent_class
G_DEFINE_ABSTRACT_TYPE_WITH_PRIVATE (GstAeAudioBase, gst_ae_audio_base,
    GST_TYPE_AUDIO_FILTER);

#define PRIVATE(self) \
    ((GstAeAudioBasePrivate *) gst_ae_audio_base_get_instance_private (self))

void
gst_ae_audio_base_set_raw (GstAeAudioBase * self, gboolean raw)
{
  gst_ae_sound_filter_set_raw (PRIVATE (self)->filter, raw);
}

static void
forget_stream (GstAeAudioBase * self)
{
  GstAeAudioBasePrivate *priv = PRIVATE (self);

  gst_adapter_clear (priv->adapter);
  priv->n_gap = 0;
  if (priv->filter != NULL)
    gst_ae_sound_filter_reset (priv->filter);
}

static void
set_latency (GstAeAudioBase * self, GstClockTime latency)
{
  GstAeAudioBasePrivate *priv = PRIVATE (self);
  gboolean changed;

  GST_OBJECT_LOCK (self);
  changed = priv->latency != latency;
  priv->latency = latency;
  GST_OBJECT_UNLOCK (self);
  if (changed)
    gst_element_post_message (GST_ELEMENT (self),
        gst_message_new_latency (GST_OBJECT (self)));
}

static gboolean
gst_ae_audio_base_stop (GstBaseTransform * trans)
{
  GstAeAudioBase *self = GST_AE_AUDIO_BASE (trans);
  GstAeAudioBasePrivate *priv = PRIVATE (self);

  g_clear_pointer (&priv->filter, gst_ae_sound_filter_free);
  forget_stream (self);
  GST_OBJECT_LOCK (self);
  priv->latency = 0;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
gst_ae_audio_base_setup (GstAudioFilter * filter, const GstAudioInfo * info)
{
  GstAeAudioBase *self = GST_AE_AUDIO_BASE (filter);
  GstAeAudioBasePrivate *priv = PRIVATE (self);
  AeSpectralFilter *filters[GST_AE_MAX_CHANNELS];
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&priv->filter, gst_ae_sound_filter_free);
  forget_stream (self);
  if (!GST_AE_AUDIO_BASE_GET_CLASS (self)->prepare (self,
          (guint) GST_AUDIO_INFO_CHANNELS (info), filters, &error)) {
    gst_ae_model_post_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  priv->filter = gst_ae_sound_filter_new (filters, info);
  set_latency (self, gst_util_uint64_scale_int_ceil (GST_SECOND,
          (gint) gst_ae_sound_filter_latency (priv->filter),
          GST_AUDIO_INFO_RATE (info)));
  return TRUE;
}

/* Samples that have not come out yet. */
static gsize
n_pending (GstAeAudioBase * self)
{
  return gst_adapter_available (PRIVATE (self)->adapter) /
      (gsize) GST_AUDIO_INFO_BPF (GST_AUDIO_FILTER_INFO (self));
}

static void
push_samples (GstAeAudioBase * self, GstBuffer * buffer, gsize n)
{
  GstMapInfo map;

  if (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP)) {
    gst_ae_sound_filter_push (PRIVATE (self)->filter, NULL, n);
    PRIVATE (self)->n_gap += n;
  } else if (gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    gst_ae_sound_filter_push (PRIVATE (self)->filter, map.data, n);
    gst_buffer_unmap (buffer, &map);
    PRIVATE (self)->n_gap = 0;
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

/* Returns: (transfer full): the next @n samples, filtered. */
static GstBuffer *
take_samples (GstAeAudioBase * self, gsize n)
{
  const GstAudioInfo *info = GST_AUDIO_FILTER_INFO (self);
  const gsize bpf = (gsize) GST_AUDIO_INFO_BPF (info);
  const gboolean is_gap = PRIVATE (self)->n_gap >= n_pending (self);
  guint64 distance, offset_distance;
  const GstClockTime pts =
      gst_adapter_prev_pts (PRIVATE (self)->adapter, &distance);
  const guint64 offset =
      gst_adapter_prev_offset (PRIVATE (self)->adapter, &offset_distance);
  GstBuffer *buffer =
      gst_buffer_make_writable (gst_adapter_take_buffer (PRIVATE
          (self)->adapter,
          n * bpf));
  GstMapInfo map;

  set_times (buffer, pts, offset, distance / bpf, n,
      GST_AUDIO_INFO_RATE (info));
  GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_DISCONT);
  GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_RESYNC);
  GST_BUFFER_FLAG_UNSET (buffer, GST_BUFFER_FLAG_GAP);
  if (is_gap) {
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_GAP);
    gst_ae_sound_filter_pull (PRIVATE (self)->filter, NULL, n);
  } else if (gst_buffer_map (buffer, &map, GST_MAP_READWRITE)) {
    gst_ae_sound_filter_pull (PRIVATE (self)->filter, map.data, n);
    gst_buffer_unmap (buffer, &map);
  }
  if (GST_AE_AUDIO_BASE_GET_CLASS (self)->finish)
    GST_AE_AUDIO_BASE_GET_CLASS (self)->finish (self, buffer);
  return buffer;
}

/* Sends what has not come out yet, as if silence followed. */
static GstFlowReturn
drain (GstAeAudioBase * self)
{
  GstBuffer *buffer;
  gsize n;

  if (PRIVATE (self)->filter == NULL || (n = n_pending (self)) == 0)
    return GST_FLOW_OK;
  gst_ae_sound_filter_push (PRIVATE (self)->filter, NULL,
      gst_ae_sound_filter_latency (PRIVATE (self)->filter));
  buffer = take_samples (self, n);
  forget_stream (self);
  return gst_pad_push (GST_BASE_TRANSFORM_SRC_PAD (self), buffer);
}

static gboolean
gst_ae_audio_base_sink_event (GstBaseTransform * trans, GstEvent * event)
{
  GstAeAudioBase *self = GST_AE_AUDIO_BASE (trans);

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
gst_ae_audio_base_query (GstBaseTransform * trans, GstPadDirection direction,
    GstQuery * query)
{
  GstAeAudioBase *self = GST_AE_AUDIO_BASE (trans);
  GstClockTime min, max;
  gboolean is_live;

  if (!GST_BASE_TRANSFORM_CLASS (parent_class)->query (trans, direction, query))
    return FALSE;
  if (GST_QUERY_TYPE (query) == GST_QUERY_LATENCY && direction == GST_PAD_SRC) {
    gst_query_parse_latency (query, &is_live, &min, &max);
    GST_OBJECT_LOCK (self);
    min += PRIVATE (self)->latency;
    if (GST_CLOCK_TIME_IS_VALID (max))
      max += PRIVATE (self)->latency;
    GST_OBJECT_UNLOCK (self);
    gst_query_set_latency (query, is_live, min, max);
  }
  return TRUE;
}

static void
gst_ae_audio_base_before_transform (GstBaseTransform * trans,
    GstBuffer * buffer)
{
  gst_ae_properties_sync (trans, &trans->segment, GST_BUFFER_PTS (buffer));
}

/* What came before a discontinuity has to be out before it. */
static GstFlowReturn
gst_ae_audio_base_submit_input_buffer (GstBaseTransform * trans,
    gboolean is_discont, GstBuffer * buffer)
{
  if (GST_BUFFER_IS_DISCONT (buffer)) {
    const GstFlowReturn ret = drain (GST_AE_AUDIO_BASE (trans));

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
gst_ae_audio_base_generate_output (GstBaseTransform * trans, GstBuffer ** out)
{
  GstAeAudioBase *self = GST_AE_AUDIO_BASE (trans);
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
  if (!GST_AE_AUDIO_BASE_GET_CLASS (self)->update (self)) {
    gst_buffer_unref (in);
    return GST_FLOW_ERROR;
  }
  push_samples (self, in, size / bpf);
  gst_adapter_push (PRIVATE (self)->adapter, in);
  latency = gst_ae_sound_filter_latency (PRIVATE (self)->filter);
  if (n_pending (self) > latency)
    *out = take_samples (self, n_pending (self) - latency);
  return GST_FLOW_OK;
}

static void
gst_ae_audio_base_finalize (GObject * object)
{
  GstAeAudioBasePrivate *priv = PRIVATE (GST_AE_AUDIO_BASE (object));

  g_object_unref (priv->adapter);
  G_OBJECT_CLASS (parent_class)->finalize (object);
}

static void
gst_ae_audio_base_class_init (GstAeAudioBaseClass * klass)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseTransformClass *trans_class = GST_BASE_TRANSFORM_CLASS (klass);
  GstAudioFilterClass *filter_class = GST_AUDIO_FILTER_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = gst_ae_audio_base_finalize;
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_type_mark_as_plugin_api (GST_TYPE_AE_AUDIO_BASE, (GstPluginAPIFlags) 0);

  trans_class->stop = gst_ae_audio_base_stop;
  trans_class->sink_event = gst_ae_audio_base_sink_event;
  trans_class->query = gst_ae_audio_base_query;
  trans_class->before_transform = gst_ae_audio_base_before_transform;
  trans_class->submit_input_buffer = gst_ae_audio_base_submit_input_buffer;
  trans_class->generate_output = gst_ae_audio_base_generate_output;
  filter_class->setup = gst_ae_audio_base_setup;
}

static void
gst_ae_audio_base_init (GstAeAudioBase * self)
{
  PRIVATE (self)->adapter = gst_adapter_new ();
  /* without a transform function the base class takes it for a pass-through */
  gst_base_transform_set_passthrough (GST_BASE_TRANSFORM (self), FALSE);
}
