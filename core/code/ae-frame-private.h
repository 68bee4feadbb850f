/* Writing the header of a frame. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-frame.h"

G_BEGIN_DECLS

/* Appends the header of a frame with slices of @sizes[@n_slices] to @out. */
void ae_frame_header_write (const AeFrameHeader * header,
    const guint16 * sizes, guint n_slices, GByteArray * out);

G_END_DECLS
