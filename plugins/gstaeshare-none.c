/* Sharing in a build without MQTT. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gstaeshare.h"

#include "ae-error.h"

GstAeShare *
gst_ae_share_new (const gchar * uri, AeModel * start, GError ** error)
{
  g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED, "%s: this build has no "
      "MQTT, expected one with libmosquitto", uri);
  return NULL;
}

void
gst_ae_share_mix (GstAeShare * share, guint64 n_steps, float *weights)
{
}

void
gst_ae_share_free (GstAeShare * share)
{
}
