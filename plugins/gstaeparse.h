/* aeparse: finds the frames in a latent stream. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstbaseparse.h>

G_BEGIN_DECLS

#define GST_AE_LATENT_VIDEO "video/x-ae-latent"
#define GST_AE_LATENT_AUDIO "audio/x-ae-latent"

#define GST_TYPE_AE_PARSE (gst_ae_parse_get_type ())
G_DECLARE_FINAL_TYPE (GstAeParse, gst_ae_parse, GST, AE_PARSE, GstBaseParse)

/* Registers what tells latent streams from other files. */
gboolean gst_ae_type_find_register (GstPlugin * plugin);

G_END_DECLS
