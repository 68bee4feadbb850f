/* Types of the properties of trainers. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

GType gst_ae_objective_get_type (void);
GType gst_ae_train_corruption_get_type (void);
GType gst_ae_loss_get_type (void);
GType gst_ae_optimiser_get_type (void);
GType gst_ae_schedule_get_type (void);
GType gst_ae_publish_get_type (void);
GType gst_ae_backpressure_get_type (void);
GType gst_ae_sound_objective_get_type (void);
GType gst_ae_sound_content_get_type (void);

G_END_DECLS
