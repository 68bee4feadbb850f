/* A picture of what a trainer is doing. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <cairo.h>

#include "ae-report.h"

G_BEGIN_DECLS

/**
 * GstAeMonitorView: what is drawn.
 * @claimed: whether there is a trainer
 * @report: (nullable): its last report, or that of the one before
 */
typedef struct
{
  const gchar *slot;
  gboolean claimed;
  const AeReport *report;
} GstAeMonitorView;

/* Draws @view over the whole of @width x @height pixels; text and lines grow
 * with the picture. */
void gst_ae_monitor_draw (cairo_t * cairo, gint width, gint height,
    const GstAeMonitorView * view);

G_END_DECLS
