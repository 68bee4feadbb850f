/* Two pictures shown as one. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

typedef enum
{
  GST_AE_VIEW_SIDE_BY_SIDE,
  GST_AE_VIEW_WIPE,
  GST_AE_VIEW_TEST
} GstAeView;

#define GST_TYPE_AE_VIEW (gst_ae_view_get_type ())
GType gst_ae_view_get_type (void);

/* Returns: the width of the view of two pictures of @width. Side by side the
 * second one begins at an even column, where its chroma can begin too. */
gint gst_ae_view_width (GstAeView view, gint width);

/**
 * gst_ae_view_draw:
 * @wipe_position: share of the width that shows @reference
 * @reference, @test: (nullable): mapped, of one size, in the format of @out;
 *   NULL is shown black
 * @out: mapped for writing, gst_ae_view_width() wide
 */
void gst_ae_view_draw (GstAeView view, gdouble wipe_position,
    GstVideoFrame * reference, GstVideoFrame * test, GstVideoFrame * out);

/* Writes what the parts are into them, as far as they have room: `reference`,
 * and @text on the test. */
void gst_ae_view_label (GstAeView view, gdouble wipe_position,
    const gchar * text, GstVideoFrame * out);

G_END_DECLS
