/* Frames of latents: any shape comes back, damage stays in its slice.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "ae-error.h"
#include "ae-frame.h"
#include "latent-samples.h"

/* A picture, what the decoder has, and the bytes between. */
typedef struct
{
  AeSymbolModel *model;
  AeFrameEncoder *encoder;
  AeSliceCoder *decoder;
  AeLatents latents, reference, decoded;
  guint8 *blocks, *missing;
  GByteArray *bytes;
  guint part_bytes;
  AeFrameHeader header;
  AeFrameReport report;
  AeRng rng;
} Stream;

static void
stream_init (Stream * s, guint n_planes, guint h, guint w, float scale)
{
  gsize n = (gsize) h * w;

  *s = (Stream) {
    .model = ae_symbol_model_new (n_planes),.blocks = g_malloc (n),.missing =
        g_malloc (n),.bytes = g_byte_array_new (),.header = {
      .type = AE_FRAME_KEY,
      .scale_log2 = 3,
      .width = 8 * w - 3,
      .height = 8 * h - 5,
      .n_planes = n_planes,
      .rate_n = 30,
      .rate_d = 1
    }
  };
  for (guint p = 0; p < n_planes; p += 3) {
    s->model->planes[p].weights[0] = 180;
    s->model->planes[p].weights[1] = 160;
    s->model->planes[p].weights[2] = -100;
  }
  s->encoder = ae_frame_encoder_new (s->model);
  s->decoder = ae_slice_coder_new (s->model);
  fail_unless (ae_latents_resize (&s->latents, n_planes, h, w, NULL));
  fail_unless (ae_latents_resize (&s->reference, n_planes, h, w, NULL));
  fail_unless (ae_latents_resize (&s->decoded, n_planes, h, w, NULL));
  ae_rng_init (&s->rng, n_planes + 1000 * h + w);
  fill_latents (&s->latents, scale, &s->rng);
}

static void
stream_clear (Stream * s)
{
  ae_frame_encoder_free (s->encoder);
  ae_slice_coder_free (s->decoder);
  ae_symbol_model_free (s->model);
  ae_latents_clear (&s->latents);
  ae_latents_clear (&s->reference);
  ae_latents_clear (&s->decoded);
  g_free (s->blocks);
  g_free (s->missing);
  g_byte_array_unref (s->bytes);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Stream, stream_clear)
     static gsize n_values (const AeLatents * latents)
{
  return latents->n_planes * ae_latents_n_positions (latents);
}

static void
copy_latents (AeLatents * to, const AeLatents * from)
{
  memcpy (to->data, from->data, n_values (from) * sizeof *to->data);
}

static gboolean
same_latents (const AeLatents * a, const AeLatents * b)
{
  return memcmp (a->data, b->data, n_values (a) * sizeof *a->data) == 0;
}

static void
encode (Stream * s)
{
  gboolean is_predicted = s->header.type == AE_FRAME_PREDICTED;
  g_autoptr (GError) error = NULL;

  g_byte_array_set_size (s->bytes, 0);
  ae_frame_encode (s->encoder, &s->header,
      s->header.type == AE_FRAME_SKIP ? NULL : &s->latents,
      is_predicted ? &s->reference : NULL, is_predicted ? s->blocks : NULL,
      s->part_bytes, s->bytes, &error);
  g_assert_no_error (error);
}

static void
forget_missing (Stream * s)
{
  memset (s->missing, 1, ae_latents_n_positions (&s->decoded));
}

static void
decode (Stream * s)
{
  g_autoptr (GError) error = NULL;
  AeFrameHeader header;

  ae_frame_header_parse (s->bytes->data, s->bytes->len, &header, &error);
  g_assert_no_error (error);
  fail_unless_equals_int (header.header_bytes + header.payload_bytes,
      s->bytes->len);
  forget_missing (s);
  ae_frame_decode (s->decoder, &header, s->bytes->data + header.header_bytes,
      header.payload_bytes, &s->decoded, s->missing, &s->report, NULL, &error);
  g_assert_no_error (error);
}

GST_START_TEST (test_key_frames_of_many_shapes_come_back)
{
  static const struct
  {
    guint n_planes, h, w;
    float scale;
  } cases[] = {
    {1, 1, 1, 3}, {1, 1, 40, 3}, {1, 40, 1, 3}, {3, 2, 2, 0}, {64, 1, 1, 100},
    {64, 60, 80, 0.3f}, {64, 30, 40, 4}, {2, 3, 500, 20}, {200, 5, 7, 1},
    {256, 3, 3, 9000}, {17, 33, 65, 2}, {4, 130, 200, 1}, {12, 1, 97, 300}
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_auto (Stream) s = { 0 };

    stream_init (&s, cases[i].n_planes, cases[i].h, cases[i].w, cases[i].scale);
    for (guint frame = 0; frame < 2; frame++) {
      encode (&s);
      memset (s.decoded.data, 0x55, n_values (&s.decoded) * 2);
      decode (&s);
      fail_unless_equals_int (s.report.n_damaged, 0);
      fail_unless_equals_int (s.report.n_missing, 0);
      fail_unless (same_latents (&s.latents, &s.decoded), "case %u", i);
    }
  }
}

GST_END_TEST;

/* A row of the picture stays, another is told anew, the rest as difference. */
static void
mix_blocks (Stream * s)
{
  guint n = s->latents.h * s->latents.w;

  copy_latents (&s->reference, &s->latents);
  fill_latents (&s->latents, 2, &s->rng);
  for (guint i = 0; i < n; i++) {
    s->blocks[i] = (guint8) ae_rng_below (&s->rng, 3);
    if (s->blocks[i] != AE_BLOCK_HELD)
      continue;
    for (guint p = 0; p < s->latents.n_planes; p++)
      s->latents.data[p * n + i] = s->reference.data[p * n + i];
  }
}

GST_START_TEST (test_predicted_frames_come_back)
{
  g_auto (Stream) s = { 0 };

  stream_init (&s, 16, 21, 34, 2);
  mix_blocks (&s);
  s.header.type = AE_FRAME_PREDICTED;
  s.header.number = 1;
  encode (&s);
  copy_latents (&s.decoded, &s.reference);
  decode (&s);
  fail_unless_equals_int (s.report.n_damaged, 0);
  fail_unless (same_latents (&s.latents, &s.decoded));
}

GST_END_TEST;

/* What is intra heals a decoder whose reference is wrong. */
GST_START_TEST (test_intra_blocks_need_no_reference)
{
  g_auto (Stream) s = { 0 };
  guint n, n_wrong = 0;

  stream_init (&s, 16, 21, 34, 2);
  n = s.latents.h * s.latents.w;
  mix_blocks (&s);
  s.header.type = AE_FRAME_PREDICTED;
  encode (&s);
  fill_latents (&s.decoded, 3, &s.rng);
  decode (&s);
  for (guint p = 0; p < s.latents.n_planes; p++) {
    for (guint i = 0; i < n; i++)
      n_wrong += s.blocks[i] == AE_BLOCK_INTRA
          && s.latents.data[p * n + i] != s.decoded.data[p * n + i];
  }
  fail_unless_equals_int (n_wrong, 0);
}

GST_END_TEST;

GST_START_TEST (test_held_and_skipped_frames_take_next_to_nothing)
{
  g_auto (Stream) s = { 0 };

  stream_init (&s, 64, 60, 80, 1);
  copy_latents (&s.reference, &s.latents);
  copy_latents (&s.decoded, &s.latents);
  memset (s.blocks, AE_BLOCK_HELD, 60 * 80);
  s.header.type = AE_FRAME_PREDICTED;
  encode (&s);
  encode (&s);
  fail_unless (s.bytes->len < 160, "%u bytes", s.bytes->len);
  decode (&s);
  fail_unless (same_latents (&s.latents, &s.decoded));
  s.header.type = AE_FRAME_SKIP;
  encode (&s);
  fail_unless_equals_int (s.bytes->len, AE_FRAME_MIN_HEADER_BYTES);
  decode (&s);
  fail_unless_equals_int (s.report.n_missing, 0);
  fail_unless (same_latents (&s.latents, &s.decoded));
}

GST_END_TEST;

GST_START_TEST (test_slices_are_full_but_never_over_their_limit)
{
  g_auto (Stream) s = { 0 };
  AeFrameHeader header;

  stream_init (&s, 32, 45, 80, 6);
  encode (&s);
  encode (&s);
  fail_unless (ae_frame_header_parse (s.bytes->data, s.bytes->len, &header,
          NULL));
  for (guint i = 0; i < header.n_slices; i++)
    fail_unless (ae_frame_slice_bytes (&header, i) <= AE_SLICE_MAX_BYTES);
  fail_unless (header.payload_bytes / header.n_slices > AE_SLICE_MAX_BYTES / 2,
      "%" G_GSIZE_FORMAT " bytes in %u slices", header.payload_bytes,
      header.n_slices);
}

GST_END_TEST;

/* Positions at which two frames differ. */
static guint
count_different (const AeLatents * a, const AeLatents * b)
{
  gsize n = ae_latents_n_positions (a);
  guint sum = 0;

  for (gsize i = 0; i < n; i++) {
    gboolean differs = FALSE;

    for (guint p = 0; p < a->n_planes; p++)
      differs |= a->data[p * n + i] != b->data[p * n + i];
    sum += differs;
  }
  return sum;
}

GST_START_TEST (test_a_flipped_bit_stays_in_its_slice)
{
  g_auto (Stream) s = { 0 };
  g_autoptr (GError) error = NULL;
  AeFrameHeader header;
  guint n_refused = 0, n_wrong = 0, n_bits, n_header_bits;

  stream_init (&s, 8, 24, 40, 6);
  encode (&s);
  fail_unless (ae_frame_header_parse (s.bytes->data, s.bytes->len, &header,
          NULL));
  fail_unless (header.n_slices > 3);
  n_header_bits = 8 * (guint) header.header_bytes;
  n_bits = 8 * s.bytes->len;
  for (guint i = 0; i < n_bits; i += i < n_header_bits ? 1 : 23) {
    s.bytes->data[i / 8] ^= (guint8) (1 << i % 8);
    copy_latents (&s.decoded, &s.reference);
    if (!ae_frame_header_parse (s.bytes->data, s.bytes->len, &header, &error)) {
      n_refused++;
      g_clear_error (&error);
    } else {
      decode (&s);
      n_wrong += s.report.n_damaged != 1
          || count_different (&s.latents, &s.decoded) > s.report.n_missing;
    }
    s.bytes->data[i / 8] ^= (guint8) (1 << i % 8);
  }
  fail_unless_equals_int (n_refused, n_header_bits);
  fail_unless_equals_int (n_wrong, 0);
}

GST_END_TEST;

/* Neither CRC is in the way here: what the coder itself makes of damage. */
GST_START_TEST (test_any_flipped_bit_behind_the_crc_does_no_harm)
{
  g_auto (Stream) s = { 0 };
  guint8 slice[AE_SLICE_MAX_BYTES];
  AeRect rect = { 0, 0, 5, 4 };
  gsize n;
  guint n_refused = 0, n_out = 0;

  stream_init (&s, 6, 4, 5, 4);
  mix_blocks (&s);
  n = ae_slice_encode (s.decoder, 0, &s.latents, &s.reference, s.blocks, &rect,
      slice, sizeof slice);
  for (gsize i = 0; i < 8 * (n - AE_SLICE_CRC_BYTES); i++) {
    AeSliceHead head;

    slice[i / 8] ^= (guint8) (1 << i % 8);
    ae_slice_seal (slice, n, 0);
    copy_latents (&s.decoded, &s.reference);
    if (!ae_slice_read_head (slice, n, 0, 4, 5, &head, NULL)
        || !ae_slice_decode (s.decoder, 0, &head, &s.decoded, NULL)) {
      n_refused++;
      n_out += !same_latents (&s.decoded, &s.reference);
    }
    for (gsize j = 0; j < n_values (&s.decoded); j++)
      n_out += ABS (s.decoded.data[j]) > AE_VALUE_MAX;
    slice[i / 8] ^= (guint8) (1 << i % 8);
  }
  fail_unless (n_refused > 4 * n, "%u refused", n_refused);
  fail_unless_equals_int (n_out, 0);
}

GST_END_TEST;

GST_START_TEST (test_every_truncation_loses_the_end_only)
{
  g_auto (Stream) s = { 0 };
  g_autoptr (GError) error = NULL;
  AeFrameHeader header;
  gsize header_bytes;

  stream_init (&s, 8, 24, 40, 6);
  encode (&s);
  fail_unless (ae_frame_header_parse (s.bytes->data, s.bytes->len, &header,
          NULL));
  header_bytes = header.header_bytes;
  for (gsize n = 0; n < header_bytes; n++) {
    g_autofree guint8 *cut = g_memdup2 (s.bytes->data, n);

    fail_if (ae_frame_header_parse (cut, n, &header, &error));
    fail_unless (g_error_matches (error, AE_ERROR, AE_ERROR_TRUNCATED));
    g_clear_error (&error);
  }
  fail_unless (ae_frame_header_parse (s.bytes->data, s.bytes->len, &header,
          NULL));
  for (gsize n = 0; n < header.payload_bytes; n += 3) {
    g_autofree guint8 *cut = g_memdup2 (s.bytes->data + header_bytes,
        n + 1);
    g_autoptr (GError) damage = NULL;
    guint n_whole = 0;

    for (gsize at = 0; n_whole < header.n_slices
        && (at += ae_frame_slice_bytes (&header, n_whole)) <= n;)
      n_whole++;
    copy_latents (&s.decoded, &s.reference);
    forget_missing (&s);
    fail_unless (ae_frame_decode (s.decoder, &header, cut, n, &s.decoded,
            s.missing, &s.report, &damage, NULL));
    fail_unless_equals_int (s.report.n_damaged, header.n_slices - n_whole);
    fail_unless (damage != NULL);
    fail_if (count_different (&s.latents, &s.decoded) > s.report.n_missing);
  }
}

GST_END_TEST;

/* A slice that is whole, but of another frame, or told twice. */
GST_START_TEST (test_stray_slices_are_refused)
{
  g_auto (Stream) s = { 0 };
  g_autoptr (GError) damage = NULL;
  g_autofree guint8 *payload = NULL;
  AeFrameHeader header;

  stream_init (&s, 8, 24, 40, 6);
  encode (&s);
  fail_unless (ae_frame_header_parse (s.bytes->data, s.bytes->len, &header,
          NULL));
  payload = g_memdup2 (s.bytes->data + header.header_bytes,
      header.payload_bytes);
  s.header.number++;
  encode (&s);
  fail_unless (ae_frame_header_parse (s.bytes->data, s.bytes->len, &header,
          NULL));
  forget_missing (&s);
  fail_unless (ae_frame_decode (s.decoder, &header, payload,
          header.payload_bytes, &s.decoded, s.missing, &s.report, &damage,
          NULL));
  fail_unless_equals_int (s.report.n_damaged, header.n_slices);
  fail_unless (g_error_matches (damage, AE_ERROR, AE_ERROR_CORRUPT));
}

GST_END_TEST;

/* Each part is decoded by itself, and those that are there tell all but what
 * the others would have told. */
GST_START_TEST (test_parts_of_a_frame_make_it_whole)
{
  g_auto (Stream) s = { 0 };
  gsize at = 0, n_positions = 24 * 40, n_missing = n_positions;
  guint n_parts = 0;
  gboolean has_more = TRUE;

  stream_init (&s, 8, 24, 40, 6);
  s.part_bytes = 1400;
  s.header.grade = 19;
  encode (&s);
  forget_missing (&s);
  while (has_more) {
    AeFrameHeader header;

    fail_unless (ae_frame_header_parse (s.bytes->data + at, s.bytes->len - at,
            &header, NULL));
    fail_unless (header.header_bytes + header.payload_bytes <= s.part_bytes);
    at += header.header_bytes;
    fail_unless (ae_frame_decode (s.decoder, &header, s.bytes->data + at,
            header.payload_bytes, &s.decoded, s.missing, &s.report, NULL,
            NULL));
    fail_unless (s.report.n_missing < n_missing);
    n_missing = s.report.n_missing;
    has_more = header.has_more;
    at += header.payload_bytes;
    n_parts++;
  }
  fail_unless_equals_int (at, s.bytes->len);
  fail_unless_equals_int (n_missing, 0);
  fail_unless (n_parts > 2);
  fail_unless (same_latents (&s.latents, &s.decoded));
}

GST_END_TEST;

/* Held positions keep the steps that they were coded with. */
GST_START_TEST (test_grades_go_with_what_was_coded)
{
  g_auto (Stream) s = { 0 };

  stream_init (&s, 4, 6, 7, 3);
  s.header.grade = 24;
  encode (&s);
  decode (&s);
  copy_latents (&s.reference, &s.latents);
  memset (s.blocks, AE_BLOCK_HELD, 6 * 7);
  s.blocks[3] = AE_BLOCK_CHANGED;
  s.blocks[40] = AE_BLOCK_INTRA;
  s.header.type = AE_FRAME_PREDICTED;
  s.header.grade = 29;
  encode (&s);
  decode (&s);
  for (guint i = 0; i < 6 * 7; i++)
    fail_unless_equals_int (s.decoded.grades[i], i == 3 || i == 40 ? 29 : 24);
}

GST_END_TEST;

GST_START_TEST (test_versions_and_limits)
{
  static const struct
  {
    guint at;
    guint8 value;
    gint code;
  } cases[] = {
    {4, 2, AE_ERROR_UNSUPPORTED},       /* major version */
    {5, 9, -1},                 /* minor version */
    {8, 4, AE_ERROR_UNSUPPORTED},       /* type */
    {9, 1, AE_ERROR_UNSUPPORTED},       /* audio */
    {10, 10, AE_ERROR_CORRUPT}, /* level */
    {50, 8, AE_ERROR_CORRUPT},  /* fine */
    {11, 7, AE_ERROR_LIMIT},    /* scale */
    {13, 0x41, AE_ERROR_LIMIT}, /* width */
    {17, 2, AE_ERROR_LIMIT},    /* planes */
    {18, 1, AE_ERROR_CORRUPT},  /* slices */
    {23, 0x80, AE_ERROR_CORRUPT},       /* rate */
    {44, 1, AE_ERROR_CORRUPT},  /* payload */
    {49, 2, -1},                /* a flag of a later minor version */
    {50, 1, -1}
  };
  g_auto (Stream) s = { 0 };

  stream_init (&s, 8, 2, 2, 0);
  s.header.type = AE_FRAME_SKIP;
  encode (&s);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree guint8 *bytes = g_memdup2 (s.bytes->data, s.bytes->len);
    g_autoptr (GError) error = NULL;
    AeFrameHeader header;

    bytes[cases[i].at] = cases[i].value;
    ae_slice_seal (bytes, s.bytes->len, 0);
    ae_frame_header_parse (bytes, s.bytes->len, &header, &error);
    fail_unless_equals_int (error != NULL ? error->code : -1, cases[i].code);
  }
}

GST_END_TEST;

GST_START_TEST (test_symbol_models_are_checked)
{
  g_autoptr (AeSymbolModel) model = ae_symbol_model_new (5);
  g_autoptr (AeSymbolModel) again = NULL;
  g_autoptr (GBytes) bytes = ae_symbol_model_to_bytes (model);
  g_autoptr (GBytes) same = NULL;
  gsize n;
  const guint8 *data = g_bytes_get_data (bytes, &n);
  static const struct
  {
    guint at;
    guint8 value;
  } cases[] = {
    {0, 2}, {1, 6}, {2, 2}, {3, 0}, {3, 11}, {13, 1}, {14, 0}, {25, 1},
    {19, 0x20}, {65, 2}
  };

  again = ae_symbol_model_from_bytes (data, n, NULL);
  fail_unless (again != NULL);
  same = ae_symbol_model_to_bytes (again);
  fail_unless (g_bytes_equal (bytes, same));
  for (gsize cut = 0; cut < n; cut++) {
    g_autofree guint8 *part = g_memdup2 (data, cut);

    fail_unless (ae_symbol_model_from_bytes (part, cut, NULL) == NULL);
  }
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree guint8 *other = g_memdup2 (data, n);
    g_autoptr (GError) error = NULL;

    other[cases[i].at] = cases[i].value;
    fail_unless (ae_symbol_model_from_bytes (other, n, &error) == NULL,
        "byte %u", cases[i].at);
    fail_unless (error != NULL);
  }
}

GST_END_TEST;

static Suite *
frame_suite (void)
{
  Suite *suite = suite_create ("frame");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_key_frames_of_many_shapes_come_back);
  tcase_add_test (tests, test_predicted_frames_come_back);
  tcase_add_test (tests, test_intra_blocks_need_no_reference);
  tcase_add_test (tests, test_held_and_skipped_frames_take_next_to_nothing);
  tcase_add_test (tests, test_slices_are_full_but_never_over_their_limit);
  tcase_add_test (tests, test_a_flipped_bit_stays_in_its_slice);
  tcase_add_test (tests, test_any_flipped_bit_behind_the_crc_does_no_harm);
  tcase_add_test (tests, test_every_truncation_loses_the_end_only);
  tcase_add_test (tests, test_stray_slices_are_refused);
  tcase_add_test (tests, test_parts_of_a_frame_make_it_whole);
  tcase_add_test (tests, test_grades_go_with_what_was_coded);
  tcase_add_test (tests, test_versions_and_limits);
  tcase_add_test (tests, test_symbol_models_are_checked);
  return suite;
}

GST_CHECK_MAIN (frame);
