/* aeparse and its typefinder end on any bytes, cut in any way.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/base/gsttypefindhelper.h>
#include <gst/check/gstharness.h>
#include <stddef.h>
#include <stdint.h>

#include "gstaeparse.h"

int LLVMFuzzerInitialize (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const uint8_t * data, size_t size);

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  gst_init (NULL, NULL);
  g_assert_true (gst_element_register (NULL, "aeparse", GST_RANK_NONE,
          gst_ae_parse_get_type ()));
  g_assert_true (gst_ae_type_find_register (NULL));
  return 0;
}

static void
find_type (const guint8 * data, gsize size)
{
  GstCaps *caps = gst_type_find_helper_for_data (NULL, data, size, NULL);

  gst_clear_caps (&caps);
}

/* The first byte tells how long the pieces are. */
int
LLVMFuzzerTestOneInput (const uint8_t * data, size_t size)
{
  GstHarness *h;
  GstSegment segment;
  gsize length;

  if (size < 2)
    return 0;
  length = 1 + (gsize) data[0] * 16;
  data++;
  size--;
  find_type (data, size);
  h = gst_harness_new ("aeparse");
  gst_harness_set_src_caps_str (h, GST_AE_LATENT_VIDEO);
  gst_segment_init (&segment, GST_FORMAT_BYTES);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  for (gsize at = 0; at < size; at += length) {
    if (gst_harness_push (h, gst_buffer_new_memdup (data + at,
                MIN (length, size - at))) != GST_FLOW_OK)
      break;
  }
  gst_harness_push_event (h, gst_event_new_eos ());
  gst_harness_teardown (h);
  return 0;
}
