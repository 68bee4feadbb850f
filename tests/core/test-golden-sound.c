/* The golden stream of sound gives the latents that an independent decoder found
 * in it. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>
#include <zlib.h>

#include "ae-packet.h"
#include "ae-sound-frame.h"

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

/* @last: (inout): values of the packet before. Returns: CRC-32 of all values. */
static guint32
decode (const AeSymbolModel * model, const AeSoundFrame * frame,
    const guint8 * payload, gint16 * last)
{
  g_autofree AeNumber *number = g_new (AeNumber, 1);
  gboolean is_told = frame->type == AE_FRAME_PREDICTED;
  uLong crc = 0;

  ae_number_start (number, payload, frame->payload_bytes);
  for (guint i = 0; i < frame->n_packets; i++, is_told = TRUE) {
    if (frame->type == AE_FRAME_SKIP) {
      memset (last, 0, model->n_planes * sizeof *last);
    } else {
      ae_packet_predict (model, last, last);
      fail_unless (ae_packet_take (model, frame->grade, is_told ? last : NULL,
              number, last));
    }
    for (guint p = 0; p < model->n_planes; p++) {
      const guint8 bytes[2] = { (guint8) last[p], (guint8) (last[p] >> 8) };

      crc = crc32_z (crc, bytes, sizeof bytes);
    }
  }
  fail_unless (ae_number_ends_well (number));
  return (guint32) crc;
}

GST_START_TEST (test_the_stream_gives_its_latents)
{
  gsize n_symbols, n, n_expected;
  g_autofree gchar *symbols = load ("golden-sound.symbols", &n_symbols);
  g_autofree gchar *stream = load ("golden-sound.ael", &n);
  g_autofree gchar *expected = load ("golden-sound.txt", &n_expected);
  g_autoptr (AeSymbolModel) model =
      ae_symbol_model_from_bytes ((const guint8 *) symbols, n_symbols, NULL);
  g_autofree gint16 *last = g_new0 (gint16, model->n_planes);
  g_autoptr (GString) out = g_string_new (NULL);
  const guint8 *data = (const guint8 *) stream;
  AeSoundFrame frame = { 0 };

  for (gsize at = 0; at < n; at += ae_sound_frame_bytes (&frame)) {
    g_autoptr (GError) error = NULL;

    fail_unless (ae_sound_frame_parse (data + at, n - at,
            at > 0 ? &frame : NULL, &frame, &error));
    fail_unless (ae_sound_frame_check (&frame, data + at, n - at));
    g_string_append_printf (out,
        "frame %u type %u grade %u packets %u crc %08x\n", frame.number,
        frame.type, frame.grade, frame.n_packets, decode (model, &frame,
            data + at + frame.header_bytes, last));
  }
  g_assert_cmpstr (out->str, ==, expected);
}

GST_END_TEST;

static Suite *
golden_sound_suite (void)
{
  Suite *suite = suite_create ("golden-sound");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_the_stream_gives_its_latents);
  return suite;
}

GST_CHECK_MAIN (golden_sound);
