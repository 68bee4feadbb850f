/* I420 without padding. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-latent-encoder.h"

static inline AePicture
packed_picture (guint8 * bytes, gint width, gint height)
{
  gint chroma_width = (width + 1) / 2, chroma_height = (height + 1) / 2;
  AePicture picture = {
    {{bytes, width, height, width, 1, 8, 0, FALSE}}
  };

  for (gint i = 0; i < 2; i++)
    picture.components[1 + i] = (AePixels) {
      bytes + width * height + i * chroma_width * chroma_height, chroma_width,
      chroma_height, chroma_width, 1, 8, 0, FALSE};
  return picture;
}
