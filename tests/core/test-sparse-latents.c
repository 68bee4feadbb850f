/* Latents of which few are not zero. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>

#include "ae-frame.h"
#include "ae-rng.h"
#include "ae-sparse-code.h"
#include "ae-symbol-fit.h"

enum
{ N_PLANES = 64, H = 40, W = 60, N = N_PLANES * H * W, N_FRAMES = 4,
  HEAD = 10
};                              /* kind, rectangle and CRC of a slice */

/* Values of 1 or more at random places, @density of them, in planes that are used
 * more and less. */
static void
fill (AeLatents * latents, double density, AeRng * rng)
{
  fail_unless (ae_latents_resize (latents, N_PLANES, H, W, NULL));
  for (guint i = 0; i < N; i++) {
    double here = density * 2 * (i / (H * W)) / N_PLANES;
    gint16 value = (gint16) (1 + (ae_rng_below (rng, 3) == 0)
        + (ae_rng_below (rng, 9) == 0));

    latents->data[i] = (double) ae_rng_uniform (rng) >= here ? 0
        : ae_rng_below (rng, 2) ? value : (gint16) - value;
  }
}

/* Bytes of runs of indices and of values, of one byte each. */
static gsize
run_bytes (const AeLatents * latents)
{
  g_autofree float *values = g_new (float, N);
  g_autoptr (GBytes) bytes = NULL;
  gsize n_stored = 0;

  for (guint i = 0; i < N; i++) {
    values[i] = latents->data[i];
    n_stored += latents->data[i] != 0;
  }
  bytes = ae_sparse_code_encode (values, N);
  return g_bytes_get_size (bytes) - (sizeof (float) - 1) * n_stored;
}

/* Bytes of the slices of a key frame. */
static gsize
slice_bytes (const AeSymbolModel * symbols, const AeLatents * latents)
{
  g_autoptr (AeFrameEncoder) encoder = ae_frame_encoder_new (symbols);
  g_autoptr (GByteArray) out = g_byte_array_new ();
  AeFrameHeader header = {.type = AE_FRAME_KEY,.scale_log2 = 3,.width =
        8 * W,.height = 8 * H,.n_planes = N_PLANES,.rate_n = 25,.rate_d = 1
  };

  fail_unless (ae_frame_encode (encoder, &header, latents, NULL, NULL, 0, out,
          NULL));
  fail_unless (ae_frame_header_parse (out->data, out->len, &header, NULL));
  return header.payload_bytes;
}

/* Why the format has no runs of zeros: tables that were fitted to a sparse model
 * tell them in less; with thirty values in a frame, in as much. */
GST_START_TEST (test_fitted_tables_take_less_than_indices_and_values)
{
  static const double densities[] = { 0.0002, 0.001, 0.005, 0.02, 0.1, 0.3 };
  AeLatents latents[N_FRAMES] = { AE_LATENTS_INIT };
  AeSymbolSample samples[N_FRAMES] = { {0} };
  AeRng rng;

  ae_rng_init (&rng, 1);
  for (guint d = 0; d < G_N_ELEMENTS (densities); d++) {
    g_autoptr (AeSymbolModel) symbols = NULL;
    g_auto (AeLatents) other = AE_LATENTS_INIT;
    gsize n_runs, n_slices;

    for (guint i = 0; i < N_FRAMES; i++) {
      fill (&latents[i], densities[d], &rng);
      samples[i].latents = &latents[i];
    }
    symbols = ae_symbol_fit (samples, N_FRAMES);
    fill (&other, densities[d], &rng);
    n_runs = run_bytes (&other);
    n_slices = slice_bytes (symbols, &other);
    fail_unless (n_slices <= (d == 0 ? n_runs + HEAD : n_runs * 3 / 5),
        "%g: %" G_GSIZE_FORMAT " bytes, %" G_GSIZE_FORMAT " as runs",
        densities[d], n_slices, n_runs);
  }
  for (guint i = 0; i < N_FRAMES; i++)
    ae_latents_clear (&latents[i]);
}

GST_END_TEST;

static Suite *
sparse_latents_suite (void)
{
  Suite *suite = suite_create ("sparse-latents");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_fitted_tables_take_less_than_indices_and_values);
  return suite;
}

GST_CHECK_MAIN (sparse_latents);
