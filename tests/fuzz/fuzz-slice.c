/* Any bytes are a slice or an error, and no value leaves its limits.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "ae-slice.h"

int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

#define N_PLANES 12
#define H 21
#define W 33

static AeSymbolModel *
make_model (void)
{
  AeSymbolModel *model = ae_symbol_model_new (N_PLANES);

  for (guint p = 0; p < N_PLANES; p += 2)
    memcpy (model->planes[p].weights, (gint16[]) {
        200, 160, -100}
      , 3 * 2);
  return model;
}

/* The slice without its CRC, which is made to fit. */
int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  g_autoptr (AeSymbolModel) model = make_model ();
  g_autoptr (AeSliceCoder) coder = ae_slice_coder_new (model);
  g_autofree guint8 *slice = g_malloc0 (size + AE_SLICE_CRC_BYTES);
  g_auto (AeLatents) latents = AE_LATENTS_INIT;
  g_autoptr (GError) error = NULL;
  AeSliceHead head;
  gboolean is_good;

  memcpy (slice, data, size);
  size += AE_SLICE_CRC_BYTES;
  ae_slice_seal (slice, size, 0);
  g_assert_true (ae_latents_resize (&latents, N_PLANES, H, W, NULL));
  is_good = ae_slice_read_head (slice, size, 0, H, W, &head, &error)
      && ae_slice_decode (coder, 0, &head, &latents, &error);
  g_assert_true (is_good == (error == NULL));
  for (gsize i = 0; i < N_PLANES * H * W; i++) {
    g_assert_cmpint (ABS (latents.data[i]), <=, AE_VALUE_MAX);
    g_assert_true (is_good || latents.data[i] == 0);
  }
  return 0;
}
