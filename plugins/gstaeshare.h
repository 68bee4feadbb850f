/* Many trainers, one model: weights averaged over an MQTT broker.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-model.h"

G_BEGIN_DECLS

/**
 * GstAeShare: federated averaging (McMahan et al. 2017). Each trainer leaves its
 * weights at the broker, retained, as a model file under a topic of its own, and
 * takes the mean of its own and the others' latest. The broker takes the weights
 * of a trainer away that has gone, and gives those of the others to one that
 * comes late. While there is no broker, training goes on alone.
 */
typedef struct _GstAeShare GstAeShare;

/**
 * gst_ae_share_new:
 * @uri: mqtt://[user:password@]host[:port]/topic
 * @start: a model of the architecture that is shared
 *
 * Connects in the background. Errors: AE_ERROR_UNSUPPORTED for a URI that is
 * none of these, and in a build without MQTT.
 */
GstAeShare *gst_ae_share_new (const gchar * uri, AeModel * start,
    GError ** error) G_GNUC_WARN_UNUSED_RESULT;

/**
 * gst_ae_share_mix:
 * @n_steps: made since the start; each trainer counts by its own
 * @weights: (inout): replaced by the mean
 */
void gst_ae_share_mix (GstAeShare * share, guint64 n_steps, float *weights);

void gst_ae_share_free (GstAeShare * share);    /* NULL is a no-op */

G_END_DECLS
