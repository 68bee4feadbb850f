/* Speed and size of the entropy coder on made-up latents of a VGA frame.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <time.h>

#include "../core/latent-samples.h"
#include "ae-frame.h"

#define N_PLANES 64
#define N_FRAMES 40

/* Of this thread alone, so that what else runs counts less. */
static double
cpu_us (void)
{
  struct timespec now;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e6 * (double) now.tv_sec + 1e-3 * (double) now.tv_nsec;
}

static AeFrameHeader
make_header (void)
{
  return (AeFrameHeader) {
  .type = AE_FRAME_KEY,.scale_log2 = 3,.width = 640,.height = 480,.n_planes =
        N_PLANES,.rate_n = 30,.rate_d = 1};
}

/* Fits the contexts to @latents, as training does. */
static void
fit_model (AeSymbolModel * model, const AeLatents * latents)
{
  gsize n = (gsize) AE_N_KINDS * N_PLANES * AE_SYMBOLS_N_EARLIER
      * AE_SYMBOLS_N_NEAR;
  g_autofree AeSymbolCount *counts = g_new0 (AeSymbolCount, n);
  g_autoptr (AeSliceCoder) coder = ae_slice_coder_new (model);
  AeRect all = { 0, 0, latents->w, latents->h };
  guint16 *entries = &model->maps[0][0][0];

  ae_slice_count (coder, latents, NULL, NULL, &all, counts);
  for (gsize i = 0; i < n; i++)
    entries[i] = (guint16) ae_symbol_count_fit (&counts[i], entries[i]);
}

static void
measure (float scale)
{
  g_autoptr (AeSymbolModel) model = ae_symbol_model_new (N_PLANES);
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  g_autofree guint8 *missing = g_malloc (80 * 60);
  g_auto (AeLatents) latents = AE_LATENTS_INIT;
  g_auto (AeLatents) decoded = AE_LATENTS_INIT;
  AeFrameHeader header = make_header ();
  double start, encode_us, decode_us;
  AeFrameReport report;
  AeRng rng;
  gsize n;

  ae_rng_init (&rng, 1);
  if (!ae_latents_resize (&latents, N_PLANES, 60, 80, NULL)
      || !ae_latents_resize (&decoded, N_PLANES, 60, 80, NULL))
    g_error ("no memory");
  fill_latents (&latents, scale, &rng);
  n = N_PLANES * ae_latents_n_positions (&latents);
  fit_model (model, &latents);
  {
    g_autoptr (AeFrameEncoder) encoder = ae_frame_encoder_new (model);
    g_autoptr (AeSliceCoder) coder = ae_slice_coder_new (model);

    start = cpu_us ();
    for (guint i = 0; i < N_FRAMES; i++) {
      g_byte_array_set_size (bytes, 0);
      if (!ae_frame_encode (encoder, &header, &latents, NULL, NULL, 0, bytes,
              NULL))
        g_error ("encoding failed");
    }
    encode_us = cpu_us () - start;
    if (!ae_frame_header_parse (bytes->data, bytes->len, &header, NULL))
      g_error ("parsing failed");
    start = cpu_us ();
    for (guint i = 0; i < N_FRAMES; i++) {
      memset (missing, 1, 80 * 60);
      if (!ae_frame_decode (coder, &header, bytes->data + header.header_bytes,
              header.payload_bytes, &decoded, missing, &report, NULL, NULL))
        g_error ("decoding failed");
    }
    decode_us = cpu_us () - start;
  }
  if (memcmp (latents.data, decoded.data, n * sizeof *latents.data) != 0)
    g_error ("the latents came back differently");
  g_print ("%8.2f %10.3f %8u %12.1f %12.1f\n", (double) scale,
      8.0 * bytes->len / (640 * 480), header.n_slices,
      (double) n * N_FRAMES / encode_us, (double) n * N_FRAMES / decode_us);
}

gint
main (void)
{
  g_print ("%8s %10s %8s %12s %12s\n", "scale", "bit/pixel", "slices",
      "enc Msym/s", "dec Msym/s");
  measure (0.3f);
  measure (1);
  measure (3);
  measure (10);
  return 0;
}
