/* What a training did so far, as curves. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "gstaecanvas.h"

G_BEGIN_DECLS

/* A panel of the losses on training and held-out samples. */
void gst_ae_monitor_losses (GstAeCanvas * c, const GstAeBox * panel);

/* The PSNR of held-out samples, without axes, and its last value. */
void gst_ae_monitor_psnr (GstAeCanvas * c, const GstAeBox * box);

G_END_DECLS
