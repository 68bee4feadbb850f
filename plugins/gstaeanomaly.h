/* How elements tell what is unusual. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbasetransform.h>

#include "ae-anomaly.h"
#include "gstaeproperties.h"

G_BEGIN_DECLS

/* The custom meta of each scored buffer, and the element message. */
#define GST_AE_ANOMALY_NAME "ae-anomaly"

typedef struct
{
  gdouble threshold, quantile;
} GstAeAnomalySettings;

/* Rows of properties: @settings: where the settings are, @score: that of the last
 * buffer. */
#define GST_AE_ANOMALY_PROPERTIES(settings, score) \
  {"threshold", "Threshold", "Score over which something is an anomaly, in " \
        "standard deviations of what is usual (-1 = learned from the stream, " \
        "by quantile)", GST_AE_DOUBLE, \
      (settings) + G_STRUCT_OFFSET (GstAeAnomalySettings, threshold), \
      .low = -1.0, .high = 1e6, .usual = -1.0, .when = GST_AE_CONTROLLED}, \
  {"quantile", "Quantile", "Of the last 256 scores; the learned threshold is " \
        "three times as far over their median, but at least 5", GST_AE_DOUBLE, \
      (settings) + G_STRUCT_OFFSET (GstAeAnomalySettings, quantile), \
      .low = 0.5, .high = 1.0, .usual = 0.95, .when = GST_AE_CONTROLLED}, \
  {"score", "Score", "Of the last buffer (-1 = not known yet)", \
      GST_AE_DOUBLE, (score), .low = -1.0, .high = 1e6, .usual = -1.0, \
      .told = TRUE}

/* Once, before buffers get the meta. */
void gst_ae_anomaly_register (void);

/* Gives @buffer the meta, unless the score is unknown. @where: what else is to be
 * said, under any name. */
void gst_ae_anomaly_mark (GstBuffer * buffer, const AeAnomalyScore * score,
    const GstStructure * where);

/* Posts the anomaly of @buffer, with its times. */
void gst_ae_anomaly_post (GstBaseTransform * trans, const GstBuffer * buffer,
    const AeAnomalyScore * score, const GstStructure * where);

G_END_DECLS
