/* Text on a video frame. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/video/video.h>

G_BEGIN_DECLS

/**
 * gst_ae_label_draw:
 * @frame: mapped for writing, of any format that GStreamer can overlay
 * @text: one line of UTF-8
 * @x, @y: where the label's top left corner goes
 * @max_width: longer text is ended by an ellipsis
 *
 * Draws white text on a dark, see-through box, in a size that suits @frame.
 */
void gst_ae_label_draw (GstVideoFrame * frame, const gchar * text, gint x,
    gint y, gint max_width);

G_END_DECLS
