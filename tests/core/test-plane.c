/* Pixels of every depth to floats and back. SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>

#include "ae-plane.h"

/* Components as they stand in memory: depth, shift, byte order, and bytes from
 * one to the next. */
static const struct
{
  guint bits, shift;
  gboolean big_endian;
  gint step_bytes;
} layouts[] = {
  {8, 0, FALSE, 1},             /* I420 */
  {8, 0, FALSE, 2},             /* NV12's chroma */
  {8, 0, FALSE, 4},             /* BGRx */
  {9, 0, FALSE, 2},
  {10, 0, FALSE, 2},            /* I420_10LE */
  {10, 0, TRUE, 2},             /* I420_10BE */
  {10, 6, FALSE, 2},            /* P010_10LE */
  {10, 6, TRUE, 4},
  {12, 0, FALSE, 2},
  {12, 4, FALSE, 4},            /* P012_LE's chroma */
  {16, 0, FALSE, 2},            /* GRAY16_LE */
  {16, 0, TRUE, 8},             /* ARGB64_BE */
};

static void
put (guint8 * at, guint i_layout, guint code)
{
  const guint word = code << layouts[i_layout].shift;

  if (layouts[i_layout].bits == 8)
    *at = (guint8) word;
  else if (layouts[i_layout].big_endian)
    GST_WRITE_UINT16_BE (at, word);
  else
    GST_WRITE_UINT16_LE (at, word);
}

GST_START_TEST (test_plane_every_code_returns_from_floats)
{
  const guint bits = layouts[__i__].bits, peak = (1u << bits) - 1;
  const gint step = layouts[__i__].step_bytes, width = 64;
  const gint height = (gint) (peak + 1) / width, stride_bytes =
      width * step + 8;
  const gsize size = (gsize) stride_bytes * height, stride = width + 3;
  g_autofree guint8 *in = g_malloc (size), *out = g_malloc (size);
  g_autofree float *floats = g_new (float, stride * height);
  AePixels pixels = { in, width, height, stride_bytes, step, bits,
    layouts[__i__].shift, layouts[__i__].big_endian
  };

  /* what is no component of this plane, here 0x5a, has to stay */
  memset (in, 0x5a, size);
  memset (out, 0x5a, size);
  for (guint code = 0; code <= peak; code++)
    put (in + code / width * stride_bytes + code % width * step, __i__, code);

  ae_pixels_to_floats (&pixels, floats, stride);
  for (guint code = 0; code <= peak; code++)
    fail_unless (floats[code / width * stride + code % width] ==
        (float) code / (float) peak);
  pixels.data = out;
  ae_pixels_from_floats (&pixels, floats, stride);
  fail_unless (memcmp (in, out, size) == 0);
}

GST_END_TEST;

GST_START_TEST (test_plane_ignores_and_clears_the_bits_beside_the_value)
{
  guint8 bytes[4] = { 0xff, 0xff, 0x3f, 0x00 };
  AePixels pixels = { bytes, 2, 1, 4, 2, 10, 6, FALSE };
  float floats[2];

  ae_pixels_to_floats (&pixels, floats, 2);
  fail_unless (floats[0] == 1.0f);
  fail_unless (floats[1] == 0.0f);
  ae_pixels_from_floats (&pixels, floats, 2);
  fail_unless_equals_int (GST_READ_UINT16_LE (bytes), 0xffc0);
  fail_unless_equals_int (GST_READ_UINT16_LE (bytes + 2), 0);

  pixels.shift = 0;
  GST_WRITE_UINT16_LE (bytes, 0xfc01);
  ae_pixels_to_floats (&pixels, floats, 2);
  fail_unless (floats[0] == 1.0f / 1023.0f);
}

GST_END_TEST;

GST_START_TEST (test_plane_rounds_to_nearest_and_clips)
{
  const float in[] = { 100.49f / 255.0f, 100.51f / 255.0f, -0.001f, -1e30f,
    -INFINITY, NAN, -NAN, 1.001f, 1e30f, INFINITY
  };
  const guint expected[] = { 100, 101, 0, 0, 0, 0, 0, 255, 255, 255 };
  /* repeated, so that vector code and what remains of it both run */
  enum
  { N = G_N_ELEMENTS (in), WIDTH = 7 * N };
  float row[WIDTH];
  guint8 bytes[2 * WIDTH];
  AePixels pixels = { bytes, WIDTH, 1, WIDTH, 1, 8, 0, FALSE };

  for (guint i = 0; i < WIDTH; i++)
    row[i] = in[i % N];
  ae_pixels_from_floats (&pixels, row, WIDTH);
  for (guint i = 0; i < WIDTH; i++)
    fail_unless_equals_int (bytes[i], expected[i % N]);

  pixels.bits = 16;
  pixels.step_bytes = 2;
  ae_pixels_from_floats (&pixels, row, WIDTH);
  for (guint i = 0; i < WIDTH; i++) {
    const guint code = GST_READ_UINT16_LE (bytes + 2 * i);

    if (i % N >= 2)
      fail_unless_equals_int (code, expected[i % N] ? 65535 : 0);
  }
}

GST_END_TEST;

GST_START_TEST (test_plane_of_negative_stride_is_upside_down)
{
  guint8 bytes[6] = { 1, 2, 3, 4, 5, 6 };
  AePixels pixels = { bytes + 4, 2, 3, -2, 1, 8, 0, FALSE };
  float floats[6];

  ae_pixels_to_floats (&pixels, floats, 2);
  fail_unless (floats[0] == 5.0f / 255.0f);
  fail_unless (floats[5] == 2.0f / 255.0f);
  memset (bytes, 0, sizeof bytes);
  ae_pixels_from_floats (&pixels, floats, 2);
  for (guint i = 0; i < 6; i++)
    fail_unless_equals_int (bytes[i], i + 1);
}

GST_END_TEST;

static Suite *
plane_suite (void)
{
  Suite *suite = suite_create ("plane");
  TCase *tcase = tcase_create ("general");

  suite_add_tcase (suite, tcase);
  tcase_add_loop_test (tcase, test_plane_every_code_returns_from_floats, 0,
      G_N_ELEMENTS (layouts));
  tcase_add_test (tcase,
      test_plane_ignores_and_clears_the_bits_beside_the_value);
  tcase_add_test (tcase, test_plane_rounds_to_nearest_and_clips);
  tcase_add_test (tcase, test_plane_of_negative_stride_is_upside_down);
  return suite;
}

GST_CHECK_MAIN (plane);
