/* Golden streams give the latents that an independent decoder found in them.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "ae-frame.h"

static gchar *
load (const gchar * name, gsize * n)
{
  g_autofree gchar *path =
      g_build_filename (g_getenv ("AE_TEST_DATA"), name, NULL);
  g_autoptr (GError) error = NULL;
  gchar *data = NULL;

  g_file_get_contents (path, &data, n, &error);
  g_assert_no_error (error);
  return data;
}

/* Returns: the size of the frame at @data, 0 where none begins. */
static gsize
decode_frame (AeSliceCoder * coder, const guint8 * data, gsize n,
    AeLatents * latents, guint8 * missing, guint32 * number, GString * out)
{
  AeFrameHeader header;
  AeFrameReport report;
  gsize payload_bytes;
  guint h, w;

  if (!ae_frame_header_parse (data, n, &header, NULL))
    return 0;
  h = ae_frame_grid_side (&header, header.height);
  w = ae_frame_grid_side (&header, header.width);
  if (latents->data == NULL)
    fail_unless (ae_latents_resize (latents, header.n_planes, h, w, NULL));
  if (header.number != *number)
    memset (missing, 1, ae_latents_n_positions (latents));
  *number = header.number;
  payload_bytes = MIN (header.payload_bytes, n - header.header_bytes);
  fail_unless (ae_frame_decode (coder, &header, data + header.header_bytes,
          payload_bytes, latents, missing, &report, NULL, NULL));
  g_string_append_printf (out, "frame %u type %u slices %u damaged %u missing %"
      G_GSIZE_FORMAT " crc %08x\n", header.number, header.type,
      report.n_slices, report.n_damaged, report.n_missing,
      ae_latents_crc (latents));
  return header.header_bytes + payload_bytes;
}

static void
check_stream (const gchar * name, const gchar * expected_name)
{
  gsize n_symbols, n, n_expected;
  g_autofree gchar *symbols = load ("golden-latents.symbols", &n_symbols);
  g_autofree gchar *data = load (name, &n);
  g_autofree gchar *expected = load (expected_name, &n_expected);
  g_autoptr (GError) error = NULL;
  g_autoptr (AeSymbolModel) model =
      ae_symbol_model_from_bytes ((const guint8 *) symbols, n_symbols, &error);
  g_autoptr (AeSliceCoder) coder = ae_slice_coder_new (model);
  g_autoptr (GString) out = g_string_new (NULL);
  g_auto (AeLatents) latents = AE_LATENTS_INIT;
  guint8 missing[21 * 33];
  guint32 number = G_MAXUINT32;

  g_assert_no_error (error);
  for (gsize at = 0; at < n;) {
    gsize size = decode_frame (coder, (const guint8 *) data + at, n - at,
        &latents, missing, &number, out);

    at += MAX (size, 1);
  }
  g_assert_cmpstr (out->str, ==, expected);
}

GST_START_TEST (test_the_good_stream_gives_its_latents)
{
  check_stream ("golden-latents.ael", "golden-latents.txt");
}

GST_END_TEST;

GST_START_TEST (test_the_damaged_stream_gives_what_is_left)
{
  check_stream ("golden-damaged.ael", "golden-damaged.txt");
}

GST_END_TEST;

static Suite *
golden_latents_suite (void)
{
  Suite *suite = suite_create ("golden-latents");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_the_good_stream_gives_its_latents);
  tcase_add_test (tests, test_the_damaged_stream_gives_what_is_left);
  return suite;
}

GST_CHECK_MAIN (golden_latents);
