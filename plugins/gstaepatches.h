/* Patches of frames, to train on. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-online.h"
#include "gstaeframe.h"

G_BEGIN_DECLS

/**
 * GstAePatches: takes patches from random places of frames, with the noise
 * level that it follows over them.
 */
typedef struct _GstAePatches GstAePatches;

/**
 * gst_ae_patches_new:
 * @shape: of a patch: one channel, of any component; or three: Y', Cb and Cr
 *   (BT.601, full range) with chroma as large as luma
 * @n_per_frame: how many to take
 * @temporal: from places that are looked at for a while, with the mean of what
 *   the frames before showed there for as long as it stands still
 */
GstAePatches *gst_ae_patches_new (const AeShape * shape, guint n_per_frame,
    gboolean temporal, guint64 seed) G_GNUC_WARN_UNUSED_RESULT;

void gst_ae_patches_free (GstAePatches * patches);      /* NULL is a no-op */

/* The next frame does not follow the last one. */
void gst_ae_patches_reset (GstAePatches * patches);

/* Whether frames are large enough for a patch. */
gboolean gst_ae_patches_fit (const GstAePatches * patches,
    const GstVideoInfo * info);

/* Offers patches of @frame, mapped for reading, to @online. */
void gst_ae_patches_take (GstAePatches * patches, GstVideoFrame * frame,
    AeOnline * online);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstAePatches, gst_ae_patches_free)

G_END_DECLS
