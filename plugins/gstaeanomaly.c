/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaeanomaly.h"

void
gst_ae_anomaly_register (void)
{
  static const gchar *tags[] = { NULL };
  static gsize done = 0;

  if (g_once_init_enter (&done)) {
    gst_meta_register_custom (GST_AE_ANOMALY_NAME, tags, NULL, NULL, NULL);
    g_once_init_leave (&done, 1);
  }
}

static gboolean
set_field (GQuark field, const GValue * value, gpointer data)
{
  gst_structure_id_set_value (data, field, value);
  return TRUE;
}

static void
set_fields (GstStructure * structure, const AeAnomalyScore * score,
    const GstStructure * where)
{
  gst_structure_set (structure, "score", G_TYPE_DOUBLE, score->score,
      "threshold", G_TYPE_DOUBLE, score->threshold,
      "anomalous", G_TYPE_BOOLEAN, score->anomalous, NULL);
  gst_structure_foreach (where, set_field, structure);
}

void
gst_ae_anomaly_mark (GstBuffer * buffer, const AeAnomalyScore * score,
    const GstStructure * where)
{
  if (score->score >= 0.0)
    set_fields (gst_custom_meta_get_structure (gst_buffer_add_custom_meta
            (buffer, GST_AE_ANOMALY_NAME)), score, where);
}

void
gst_ae_anomaly_post (GstBaseTransform * trans, const GstBuffer * buffer,
    const AeAnomalyScore * score, const GstStructure * where)
{
  const GstSegment *segment = &trans->segment;
  const GstClockTime pts = GST_BUFFER_PTS (buffer);
  GstClockTime stream_time = GST_CLOCK_TIME_NONE;
  GstClockTime running_time = GST_CLOCK_TIME_NONE;
  GstStructure *structure;

  if (segment->format == GST_FORMAT_TIME) {
    stream_time = gst_segment_to_stream_time (segment, GST_FORMAT_TIME, pts);
    running_time = gst_segment_to_running_time (segment, GST_FORMAT_TIME, pts);
  }
  structure = gst_structure_new (GST_AE_ANOMALY_NAME,
      "timestamp", G_TYPE_UINT64, pts,
      "stream-time", G_TYPE_UINT64, stream_time,
      "running-time", G_TYPE_UINT64, running_time, NULL);
  set_fields (structure, score, where);
  gst_element_post_message (GST_ELEMENT (trans),
      gst_message_new_element (GST_OBJECT (trans), structure));
}
