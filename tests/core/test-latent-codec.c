/* Pictures to frames and back: encoder and decoder agree, any damage ends.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ae-latent-dct.h"
#include "ae-latent-decoder.h"
#include "ae-latent-encoder.h"
#include "ae-latent-fit.h"
#include "ae-latent-rate.h"
#include "packed-picture.h"

/* AE_SEEDS in the environment: more. */
#define N_SEEDS 300

enum
{
  WIDTH = 53,
  HEIGHT = 41,
  N_FRAMES = 12,
  CHROMA = (WIDTH + 1) / 2 * ((HEIGHT + 1) / 2),
  SIZE = WIDTH * HEIGHT + 2 * CHROMA
};

static void
fill (guint8 * bytes, guint n, AeRng * rng)
{
  for (guint i = 0; i < SIZE; i++)
    bytes[i] = (guint8) (128 + 60 * sinf (0.07f * (float) (i + 3 * n))
        + 4 * ae_rng_normal (rng));
}

/* Frames, at qualities that change, in parts where @part_bytes is not 0. */
static GPtrArray *
make_stream (AeLatentModel * model, guint part_bytes)
{
  const AeLatentFormat format = { WIDTH, HEIGHT, 30, 1, 6, FALSE, 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (AeLatentEncoder) encoder =
      ae_latent_encoder_new (model, &format, 1, &error);
  GPtrArray *frames = g_ptr_array_new_with_free_func ((GDestroyNotify)
      g_byte_array_unref);
  guint8 bytes[SIZE];
  AeRng rng;

  g_assert_no_error (error);
  ae_rng_init (&rng, 1);
  for (guint i = 0; i < N_FRAMES; i++) {
    AePicture picture = packed_picture (bytes, WIDTH, HEIGHT);
    AeLatentChoice choice = { i == 6, 30 + 11 * i % 40, 5, part_bytes };
    GByteArray *frame = g_byte_array_new ();

    fill (bytes, i, &rng);
    ae_latent_encoder_read (encoder, &picture);
    fail_unless (ae_latent_encoder_write (encoder, &choice, frame, &error));
    g_byte_array_set_size (frame, 0);
    fail_unless (ae_latent_encoder_write (encoder, &choice, frame, &error));
    ae_latent_encoder_accept (encoder);
    g_ptr_array_add (frames, frame);
  }
  return frames;
}

/* All of @frame. Returns: whether it holds frames alone. */
static gboolean
decode (AeLatentDecoder * decoder, const guint8 * data, gsize n)
{
  gsize at = 0;

  while (at < n) {
    AeFrameHeader header;

    if (!ae_frame_header_parse (data + at, n - at, &header, NULL)
        || header.type == AE_FRAME_WEIGHTS)
      return FALSE;
    if (!ae_latent_decoder_read (decoder, data + at, n - at, &header, NULL))
      return FALSE;
    at += header.header_bytes + header.payload_bytes;
  }
  ae_latent_decoder_end_frame (decoder);
  return TRUE;
}

static double
psnr (const guint8 * a, const guint8 * b)
{
  double sum = 0;

  for (guint i = 0; i < SIZE; i++)
    sum += (double) ((a[i] - b[i]) * (a[i] - b[i]));
  return 10 * log10 (255.0 * 255.0 * SIZE / MAX (sum, 1e-3));
}

/* With and without parts the pictures are the same, and near to what they were. */
GST_START_TEST (test_pictures_come_back_whatever_the_parts)
{
  g_autoptr (AeModel) dct = ae_latent_dct_model ();
  g_autoptr (AeLatentModel) model = ae_latent_model_new (dct, NULL);
  g_autoptr (GPtrArray) whole = make_stream (model, 0);
  g_autoptr (GPtrArray) parts = make_stream (model, 1);
  g_autoptr (AeLatentDecoder) a = ae_latent_decoder_new (model, 1);
  g_autoptr (AeLatentDecoder) b = ae_latent_decoder_new (model, 2);
  AeRng rng;

  ae_rng_init (&rng, 1);
  for (guint i = 0; i < N_FRAMES; i++) {
    guint8 in[SIZE], out_a[SIZE], out_b[SIZE];
    AePicture picture_a = packed_picture (out_a, WIDTH, HEIGHT), picture_b =
        packed_picture (out_b, WIDTH, HEIGHT);
    GByteArray *frame = g_ptr_array_index (whole, i);

    fill (in, i, &rng);
    fail_unless (decode (a, frame->data, frame->len));
    frame = g_ptr_array_index (parts, i);
    fail_unless (decode (b, frame->data, frame->len));
    fail_unless_equals_int (ae_latent_decoder_sight (a), AE_SIGHT_WHOLE);
    fail_unless (ae_latent_decoder_write (a, &picture_a, NULL));
    fail_unless (ae_latent_decoder_write (b, &picture_b, NULL));
    fail_unless (memcmp (out_a, out_b, SIZE) == 0);
    fail_unless (psnr (in, out_a) > 27, "frame %u: %g dB", i, psnr (in, out_a));
  }
  fail_unless_equals_uint64 (ae_latent_decoder_stats (b)->n_frames, N_FRAMES);
  fail_unless_equals_uint64 (ae_latent_decoder_stats (b)->n_missing, 0);
}

GST_END_TEST;

static GByteArray *
damage (const GByteArray * frame, AeRng * rng)
{
  GByteArray *out = g_byte_array_new ();
  guint n = frame->len, at = ae_rng_below (rng, n);

  g_byte_array_append (out, frame->data, n);
  switch (ae_rng_below (rng, 4)) {
    case 0:
      out->data[at] ^= (guint8) (1 << ae_rng_below (rng, 8));
      break;
    case 1:
      g_byte_array_set_size (out, at);
      break;
    case 2:
      g_byte_array_remove_range (out, at, ae_rng_below (rng, n - at));
      break;
    default:
      g_byte_array_append (out, frame->data, at);
  }
  return out;
}

GST_START_TEST (test_damage_of_any_kind_ends)
{
  const gchar *seeds = g_getenv ("AE_SEEDS");
  guint n_seeds = seeds ? (guint) atoi (seeds) : N_SEEDS;
  g_autoptr (AeModel) dct = ae_latent_dct_model ();
  g_autoptr (AeLatentModel) model = ae_latent_model_new (dct, NULL);
  g_autoptr (GPtrArray) whole = make_stream (model, 0);
  g_autoptr (GPtrArray) parts = make_stream (model, 1);
  guint64 n_bad = 0;

  for (guint seed = 0; seed < n_seeds; seed++) {
    g_autoptr (AeLatentDecoder) decoder = ae_latent_decoder_new (model, 1);
    AeRng rng;

    ae_rng_init (&rng, seed);
    for (guint i = 0; i < N_FRAMES; i++) {
      GByteArray *frame = g_ptr_array_index (seed % 2 ? parts : whole, i);
      guint8 out[SIZE];
      AePicture picture = packed_picture (out, WIDTH, HEIGHT);

      if (ae_rng_below (&rng, 3) == 0) {
        g_autoptr (GByteArray) damaged = damage (frame, &rng);

        n_bad += !decode (decoder, damaged->data, damaged->len);
      } else if (ae_rng_below (&rng, 8) > 0) {
        fail_unless (decode (decoder, frame->data, frame->len));
      }
      if (ae_latent_decoder_sight (decoder) != AE_SIGHT_NONE)
        fail_unless (ae_latent_decoder_write (decoder, &picture, NULL));
    }
    n_bad += ae_latent_decoder_stats (decoder)->n_bad_slices;
  }
  fail_unless (n_bad > n_seeds);
}

GST_END_TEST;

/* Of a quarter of the size. */
static GByteArray *
make_small_frame (AeLatentModel * model)
{
  const AeLatentFormat format = { WIDTH / 2, HEIGHT / 2, 30, 1, 6, FALSE, 0 };
  const AeLatentChoice choice = { TRUE, 30, 0, 0 };
  g_autoptr (AeLatentEncoder) encoder =
      ae_latent_encoder_new (model, &format, 1, NULL);
  GByteArray *frame = g_byte_array_new ();
  guint8 bytes[SIZE];
  AePicture picture = packed_picture (bytes, WIDTH / 2, HEIGHT / 2);
  AeRng rng;

  ae_rng_init (&rng, 1);
  fill (bytes, 0, &rng);
  ae_latent_encoder_read (encoder, &picture);
  fail_unless (ae_latent_encoder_write (encoder, &choice, frame, NULL));
  return frame;
}

/* What lacked of it is counted, as without the change. */
GST_START_TEST (test_a_change_of_size_ends_the_frame_before)
{
  g_autoptr (AeModel) dct = ae_latent_dct_model ();
  g_autoptr (AeLatentModel) model = ae_latent_model_new (dct, NULL);
  g_autoptr (GPtrArray) whole = make_stream (model, 0);
  g_autoptr (GByteArray) small = make_small_frame (model);
  const GByteArray *frame = g_ptr_array_index (whole, 0);
  guint64 n_missing[2];

  for (guint changes = 0; changes < 2; changes++) {
    g_autoptr (AeLatentDecoder) decoder = ae_latent_decoder_new (model, 1);
    AeFrameHeader header;

    fail_unless (ae_frame_header_parse (frame->data, frame->len, &header,
            NULL));
    fail_unless (ae_latent_decoder_read (decoder, frame->data, frame->len / 2,
            &header, NULL));
    if (changes)
      fail_unless (decode (decoder, small->data, small->len));
    else
      ae_latent_decoder_end_frame (decoder);
    n_missing[changes] = ae_latent_decoder_stats (decoder)->n_missing;
  }
  fail_unless (n_missing[0] > 0);
  fail_unless_equals_uint64 (n_missing[1], n_missing[0]);
}

GST_END_TEST;

/* A made-up codec whose frames have bits as real ones do, and a scene that is
 * three times as hard from the middle on. */
GST_START_TEST (test_rate_control_follows_the_scene)
{
  AeLatentRate rate = {.bits_a_second = 500e3,.frames_a_second = 25 };
  double second = 0;

  for (guint i = 0; i < 500; i++) {
    gboolean is_key = i == 0;
    guint grade = ae_latent_rate_begin (&rate, is_key);
    double hard = (is_key ? 30e3 : 4e3) * (i >= 250 ? 3 : 1), bits;

    do {
      grade = rate.grade;
      bits = hard * exp2 (((double) grade - 30) / 14);
    } while (ae_latent_rate_try_again (&rate, bits));
    ae_latent_rate_end (&rate, bits);
    second += bits;
    if (i % 50 == 49) {
      fail_unless (i < 50 || (second > 0.9 * 1e6 && second < 1.1 * 1e6),
          "%g bits in the two seconds to frame %u", second, i);
      second = 0;
    }
  }
}

GST_END_TEST;

/* A model of one plane: eight sums of 4x4 pixels, and the way back. */
static AeModel *
make_luma_model (void)
{
  enum
  { N_CODES = 8, SIDE = 4, N_SAMPLES = SIDE * SIDE };
  const AeShape input = { 1, 0, 0 };
  g_autoptr (AeArchitecture) a = ae_architecture_parse
      ("unshuffle 4, conv 1x1 8 | conv 1x1 16, shuffle 4", &input, NULL);
  float *data = ae_aligned_try_alloc0 (a->n_weights * sizeof *data);
  float *encoder = data + a->layers[1].params[AE_PARAM_WEIGHT].offset;
  float *decoder = data + a->layers[2].params[AE_PARAM_WEIGHT].offset;
  g_autoptr (AeWeights) weights = NULL;

  for (guint i = 0; i < N_CODES; i++) {
    for (guint j = 0; j < N_SAMPLES; j++) {
      guint u = i % 3, v = i / 3;
      float value = 0.25f * cosf ((float) G_PI / SIDE * (float) u
          * ((float) (j % SIDE) + 0.5f)) * cosf ((float) G_PI / SIDE
          * (float) v * ((float) (j / SIDE) + 0.5f))
          * (u ? sqrtf (2) : 1) * (v ? sqrtf (2) : 1);

      encoder[i * N_SAMPLES + j] = value;
      decoder[j * N_CODES + i] = value;
    }
  }
  weights = ae_weights_new_take (data, a->n_weights, NULL);
  return ae_model_new (a, weights, NULL, NULL);
}

enum
{ PATCH = 48 };

/* An AeLatentPatchFunc. */
static void
give_patch (gpointer data, guint i, float *samples)
{
  for (guint j = 0; j < PATCH * PATCH; j++) {
    guint at = (j / PATCH + i) * WIDTH + j % PATCH;

    samples[j] = (128 + 60 * sinf (0.07f * (float) at)
        + 4 * ae_rng_normal (data)) / 255;
  }
}

/* Returns: how long a stream of @model is. @mean: (out): PSNR of its pictures */
static gsize
stream_bytes (const AeModel * model, double *mean)
{
  g_autoptr (AeLatentModel) codec = ae_latent_model_new (model, NULL);
  g_autoptr (GPtrArray) frames = make_stream (codec, 0);
  g_autoptr (AeLatentDecoder) decoder = ae_latent_decoder_new (codec, 1);
  gsize n = 0;
  AeRng rng;

  *mean = 0;
  ae_rng_init (&rng, 1);
  for (guint i = 0; i < frames->len; i++) {
    GByteArray *frame = g_ptr_array_index (frames, i);
    guint8 in[SIZE], out[SIZE];
    AePicture picture = packed_picture (out, WIDTH, HEIGHT);

    fill (in, i, &rng);
    fail_unless (decode (decoder, frame->data, frame->len));
    fail_unless (ae_latent_decoder_write (decoder, &picture, NULL));
    *mean += psnr (in, out) / frames->len;
    n += frame->len;
  }
  return n;
}

GST_START_TEST (test_tables_that_are_fitted_make_shorter_streams)
{
  g_autoptr (AeModel) plain = make_luma_model ();
  g_autoptr (AeModel) fitted = NULL;
  g_autoptr (AeLatentModel) codec = NULL;
  g_autoptr (GError) error = NULL;
  double psnr_plain, psnr_fitted;
  gsize n_plain, n_fitted;
  guint n_codes;
  AeRng rng;

  fail_unless (ae_latent_is_codec (plain));
  ae_rng_init (&rng, 3);
  fitted = ae_latent_fit (plain, 24, PATCH, PATCH, give_patch, &rng, &error);
  g_assert_no_error (error);
  codec = ae_latent_model_new (fitted, &error);
  g_assert_no_error (error);
  /* each colour by itself */
  n_codes = codec->n_planes / 3;
  for (guint p = 0; p < codec->n_planes; p++) {
    const guint8 *parents = codec->symbols->planes[p].parents;

    for (guint i = 0; i < AE_SYMBOLS_N_PARENTS; i++)
      fail_unless (parents[i] == AE_SYMBOLS_NO_PARENT
          || parents[i] / n_codes == p / n_codes);
  }
  n_plain = stream_bytes (plain, &psnr_plain);
  n_fitted = stream_bytes (fitted, &psnr_fitted);
  fail_unless (n_fitted < n_plain * 97 / 100, "%" G_GSIZE_FORMAT " bytes, %"
      G_GSIZE_FORMAT " before", n_fitted, n_plain);
  fail_unless (psnr_fitted > psnr_plain - 0.3, "%g dB, %g before", psnr_fitted,
      psnr_plain);
}

GST_END_TEST;

static Suite *
latent_codec_suite (void)
{
  Suite *suite = suite_create ("latent-codec");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_pictures_come_back_whatever_the_parts);
  tcase_add_test (tests, test_damage_of_any_kind_ends);
  tcase_add_test (tests, test_a_change_of_size_ends_the_frame_before);
  tcase_add_test (tests, test_rate_control_follows_the_scene);
  tcase_add_test (tests, test_tables_that_are_fitted_make_shorter_streams);
  return suite;
}

GST_CHECK_MAIN (latent_codec);
