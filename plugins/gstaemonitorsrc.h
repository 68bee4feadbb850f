/* aemonitorsrc: shows what a trainer is doing. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define GST_TYPE_AE_MONITOR_SRC (gst_ae_monitor_src_get_type ())
G_DECLARE_FINAL_TYPE (GstAeMonitorSrc, gst_ae_monitor_src, GST, AE_MONITOR_SRC,
    GstPushSrc)

G_END_DECLS
