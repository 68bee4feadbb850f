/* Any bytes are a frame or an error, also when their CRCs are right.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ae-frame.h"

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

/* More would only be slow. */
#define MAX_VALUES 20000

static void
decode (const AeFrameHeader * header, const guint8 * payload, gsize n)
{
  g_autoptr (AeSymbolModel) model = ae_symbol_model_new (header->n_planes);
  g_autoptr (AeSliceCoder) coder = ae_slice_coder_new (model);
  g_auto (AeLatents) latents = AE_LATENTS_INIT;
  g_autofree guint8 *missing = NULL;
  g_autoptr (GError) damage = NULL;
  g_autoptr (GError) error = NULL;
  guint h = ae_frame_grid_side (header, header->height);
  guint w = ae_frame_grid_side (header, header->width);
  AeFrameReport report;

  if ((guint64) h * w * header->n_planes > MAX_VALUES)
    return;
  missing = g_malloc ((gsize) h * w);
  memset (missing, 1, (gsize) h * w);
  g_assert_true (ae_latents_resize (&latents, header->n_planes, h, w, &error));
  g_assert_true (ae_frame_decode (coder, header, payload, n, &latents, missing,
          &report, &damage, &error));
  g_assert_true ((report.n_damaged > 0) == (damage != NULL));
  g_assert_cmpuint (report.n_missing, <=, report.n_positions);
}

static void
parse (const guint8 * data, gsize size)
{
  g_autoptr (GError) error = NULL;
  AeFrameHeader header;

  if (!ae_frame_header_parse (data, size, &header, &error)) {
    g_assert_nonnull (error);
    return;
  }
  g_assert_cmpuint (header.header_bytes, <=, size);
  if (header.type != AE_FRAME_WEIGHTS)
    decode (&header, data + header.header_bytes,
        MIN (header.payload_bytes, size - header.header_bytes));
}

/* As they are, then with the CRCs of the header and the first slices made to
 * fit. */
int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autofree guint8 *copy = g_memdup2 (data, size);
  AeFrameHeader header;
  gsize at;

  parse (data, size);
  if (size < AE_FRAME_MIN_HEADER_BYTES)
    return 0;
  at = copy[6] | (gsize) copy[7] << 8;
  if (at < AE_FRAME_MIN_HEADER_BYTES || at > size)
    return 0;
  ae_slice_seal (copy, at, 0);
  if (!ae_frame_header_parse (copy, size, &header, NULL))
    return 0;
  for (guint i = 0; i < header.n_slices; i++) {
    gsize n = ae_frame_slice_bytes (&header, i);

    if (n > size - at)
      break;
    if (n >= AE_SLICE_CRC_BYTES)
      ae_slice_seal (copy + at, n, header.crc);
    at += n;
  }
  parse (copy, size);
  return 0;
}
