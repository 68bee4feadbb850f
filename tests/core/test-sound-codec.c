/* Sound to frames and back: nothing gets lost but what is lost on the way.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "ae-audio-quality.h"
#include "ae-error.h"
#include "ae-packet.h"
#include "ae-phase.h"
#include "ae-sound-decoder.h"
#include "ae-sound-encoder.h"
#include "sound-samples.h"

/* AE_SEEDS in the environment: more. */
#define N_SEEDS 100

enum
{
  RATE = AE_SOUND_RATE,
  PACKET = AE_SOUND_PACKET_SAMPLES,
  N_SAMPLES = 2 * RATE + 77,
  N_SHORT = RATE / 2 + 77
};

static guint
n_seeds (void)
{
  const gchar *text = g_getenv ("AE_SEEDS");

  return text ? (guint) g_ascii_strtoull (text, NULL, 10) : N_SEEDS;
}

static AeLatentModel *
make_model (void)
{
  g_autoptr (AeModel) plain = sound_model ();
  g_autoptr (GError) error = NULL;
  AeLatentModel *model = ae_latent_model_new (plain, &error);

  g_assert_no_error (error);
  /* sound goes on: half of each value is expected of the next packet */
  for (guint p = 0; p < SOUND_PLANES; p++)
    model->symbols->planes[p].weights[0] = 128;
  return model;
}

static GByteArray *
encode_one (AeSoundEncoder * encoder, const float *samples, gsize n,
    const AeSoundChoice * choice)
{
  GByteArray *frame = g_byte_array_new ();
  g_autoptr (GError) error = NULL;

  ae_sound_encoder_read (encoder, samples, n);
  fail_unless (ae_sound_encoder_write (encoder, choice, frame, &error));
  g_byte_array_set_size (frame, 0);
  fail_unless (ae_sound_encoder_write (encoder, choice, frame, &error));
  ae_sound_encoder_accept (encoder);
  return frame;
}

/* Frames of @n_packets, every tenth with a whole header. */
static GPtrArray *
make_stream (AeLatentModel * model, const float *samples, gsize n,
    guint n_packets, guint grade)
{
  g_autoptr (AeSoundEncoder) encoder = ae_sound_encoder_new (model, NULL);
  GPtrArray *frames = g_ptr_array_new_with_free_func ((GDestroyNotify)
      g_byte_array_unref);

  for (gsize at = 0; at < n; at += n_packets * PACKET) {
    const AeSoundChoice choice = {.is_whole = frames->len % 10 == 0,
      .tells_silence = TRUE,.grade = grade
    };

    g_ptr_array_add (frames, encode_one (encoder, samples + at,
            MIN (n_packets * PACKET, n - at), &choice));
  }
  return frames;
}

static gboolean
decode_one (AeSoundDecoder * decoder, const GByteArray * frame, GArray * out)
{
  g_autoptr (GError) error = NULL;
  AeSoundFrame header;
  guint before = out->len;
  gboolean ok = ae_sound_decoder_read (decoder, frame->data, frame->len,
      &header, out, NULL, &error);

  fail_unless (ok == (error == NULL));
  fail_unless (ok || out->len == before);
  return ok;
}

static GArray *
decode (AeLatentModel * model, const GPtrArray * frames,
    const guint8 * is_lost, AeSoundStats * stats)
{
  g_autoptr (AeSoundDecoder) decoder = ae_sound_decoder_new (model, NULL);
  GArray *out = g_array_new (FALSE, FALSE, sizeof (float));

  for (guint i = 0; i < frames->len; i++) {
    if (is_lost == NULL || !is_lost[i])
      decode_one (decoder, frames->pdata[i], out);
  }
  ae_sound_decoder_drain (decoder, out);
  if (stats)
    *stats = *ae_sound_decoder_stats (decoder);
  return out;
}

static const float *
floats (const GArray * out)
{
  return (const float *) (gpointer) out->data;
}

GST_START_TEST (test_as_many_samples_come_out_as_go_in)
{
  g_autoptr (AeLatentModel) model = make_model ();
  static const gsize lengths[] = { 1, 159, 160, 161, 319, 320, 321, 640, 3200,
    N_SAMPLES
  };
  g_autofree float *samples = g_new (float, N_SAMPLES);

  fill_sound (samples, N_SAMPLES, 1);
  for (guint i = 0; i < G_N_ELEMENTS (lengths); i++) {
    for (guint n_packets = 1; n_packets <= AE_SOUND_FRAME_MAX_PACKETS;
        n_packets += 9) {
      g_autoptr (GPtrArray) frames = make_stream (model, samples, lengths[i],
          n_packets, 40);
      AeSoundStats stats;
      g_autoptr (GArray) out = decode (model, frames, NULL, &stats);

      assert_equals_int (out->len, lengths[i]);
      assert_equals_uint64 (stats.n_damaged + stats.n_lost, 0);
      assert_equals_uint64 (stats.n_packets, (lengths[i] - 1) / PACKET + 1);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_sound_comes_out_when_it_went_in)
{
  g_autoptr (AeLatentModel) model = make_model ();
  g_autofree float *samples = g_new (float, N_SAMPLES);
  g_autoptr (GPtrArray) frames = NULL;
  g_autoptr (GArray) out = NULL;

  fill_sound (samples, N_SAMPLES, 1);
  frames = make_stream (model, samples, N_SAMPLES, 1, 56);
  out = decode (model, frames, NULL, NULL);
  fail_unless (sound_likeness (samples, floats (out), N_SAMPLES) > 0.98);
  fail_unless (sound_likeness (samples, floats (out) + PACKET,
          N_SAMPLES - PACKET)
      < sound_likeness (samples, floats (out), N_SAMPLES - PACKET));
}

GST_END_TEST;

GST_START_TEST (test_better_quality_takes_more_bytes)
{
  g_autoptr (AeLatentModel) model = make_model ();
  g_autofree float *samples = g_new (float, N_SAMPLES);
  guint before = 0;

  fill_sound (samples, N_SAMPLES, 1);
  for (guint grade = 0; grade < AE_SYMBOLS_N_GRADES; grade += 8) {
    g_autoptr (GPtrArray) frames = make_stream (model, samples, N_SAMPLES, 2,
        grade);
    guint n_bytes = 0;

    for (guint i = 0; i < frames->len; i++)
      n_bytes += ((GByteArray *) frames->pdata[i])->len;
    fail_unless (n_bytes > before);
    before = n_bytes;
  }
}

GST_END_TEST;

GST_START_TEST (test_silence_takes_five_bytes_and_is_silent)
{
  g_autoptr (AeLatentModel) model = make_model ();
  g_autofree float *samples = g_new0 (float, N_SAMPLES);
  g_autoptr (GPtrArray) frames = NULL;
  g_autoptr (GArray) out = NULL;
  guint n_loud = 0;

  fill_sound (samples, RATE / 2, 1);
  frames = make_stream (model, samples, N_SAMPLES, 1, 40);
  out = decode (model, frames, NULL, NULL);
  assert_equals_int (((GByteArray *) frames->pdata[27])->len,
      AE_SOUND_FRAME_LEAST_BYTES);
  for (guint i = 27 * PACKET; i < N_SAMPLES; i++)
    n_loud += floats (out)[i] != 0.0f;
  assert_equals_int (n_loud, 0);
}

GST_END_TEST;

static guint
n_finite (const GArray * out)
{
  guint n = 0;

  for (guint i = 0; i < out->len; i++)
    n += isfinite (floats (out)[i]) != 0;
  return n;
}

/* What is not finite, and what is far too loud. */
GST_START_TEST (test_no_input_makes_anything_but_finite_samples)
{
  static const float odd[] =
      { NAN, INFINITY, -INFINITY, 1e30f, -1e30f, 1e-40f };
  g_autoptr (AeLatentModel) model = make_model ();
  g_autofree float *samples = g_new0 (float, N_SAMPLES);
  g_autoptr (GPtrArray) frames = NULL;
  g_autoptr (GArray) out = NULL;

  fill_sound (samples, N_SAMPLES, 1);
  for (guint i = 0; i < N_SAMPLES; i += 97)
    samples[i] = odd[i / 97 % G_N_ELEMENTS (odd)];
  frames = make_stream (model, samples, N_SAMPLES, 3, 72);
  out = decode (model, frames, NULL, NULL);
  assert_equals_int (out->len, N_SAMPLES);
  assert_equals_int (n_finite (out), out->len);
}

GST_END_TEST;

/* A packet in ten is lost: time goes on, what is between them is as it was but
 * for a while after each, and a longer loss becomes silent. */
GST_START_TEST (test_lost_packets_are_made_up_for)
{
  g_autoptr (AeLatentModel) model = make_model ();
  g_autofree float *samples = g_new (float, N_SAMPLES);
  g_autoptr (GPtrArray) frames = NULL;
  g_autoptr (GArray) whole = NULL;
  g_autoptr (GArray) out = NULL;
  guint8 is_lost[N_SAMPLES / PACKET + 1] = { 0 };
  AeSoundStats stats;

  fill_sound (samples, N_SAMPLES, 1);
  frames = make_stream (model, samples, N_SAMPLES, 1, 56);
  whole = decode (model, frames, NULL, NULL);
  for (guint i = 5; i < 60; i += 10)
    is_lost[i] = 1;
  memset (is_lost + 70, 1, 14);
  out = decode (model, frames, is_lost, &stats);
  assert_equals_int (out->len, N_SAMPLES);
  assert_equals_uint64 (stats.n_lost, 6 + 14);
  assert_equals_uint64 (stats.n_damaged, 0);
  fail_unless (memcmp (out->data, whole->data, 4 * PACKET * sizeof (float))
      == 0);
  fail_unless (sound_likeness (floats (whole), floats (out),
          60 * PACKET) > 0.8);
  fail_unless (sound_likeness (samples + 90 * PACKET,
          floats (out) + 90 * PACKET, 10 * PACKET) > 0.95);
  for (guint i = 81 * PACKET; i < 83 * PACKET; i++)
    fail_unless (floats (out)[i] == 0.0f);
}

GST_END_TEST;

GST_START_TEST (test_decoding_begins_at_any_whole_header)
{
  g_autoptr (AeLatentModel) model = make_model ();
  g_autofree float *samples = g_new (float, N_SAMPLES);
  g_autoptr (GPtrArray) frames = NULL;
  g_autoptr (AeSoundDecoder) decoder = ae_sound_decoder_new (model, NULL);
  g_autoptr (GArray) out = g_array_new (FALSE, FALSE, sizeof (float));

  fill_sound (samples, N_SAMPLES, 1);
  frames = make_stream (model, samples, N_SAMPLES, 1, 56);
  for (guint i = 13; i < frames->len; i++)
    fail_unless (decode_one (decoder, frames->pdata[i], out) == (i >= 20));
  ae_sound_decoder_drain (decoder, out);
  assert_equals_int (out->len, N_SAMPLES - 20 * PACKET);
  fail_unless (sound_likeness (samples + 30 * PACKET,
          floats (out) + 10 * PACKET, N_SAMPLES - 30 * PACKET) > 0.97);
}

GST_END_TEST;

/* Any bits flipped, bytes cut off: the samples are as many as they were, or the
 * frame is refused, and the CRC finds all of it. */
GST_START_TEST (test_damage_is_found_and_made_up_for)
{
  g_autoptr (AeLatentModel) model = make_model ();
  g_autofree float *samples = g_new (float, N_SAMPLES);
  g_autoptr (GPtrArray) frames = NULL;
  guint n_refused = 0;

  fill_sound (samples, N_SAMPLES, 1);
  frames = make_stream (model, samples, N_SHORT, 2, 40);
  for (guint seed = 0; seed < n_seeds (); seed++) {
    g_autoptr (AeSoundDecoder) decoder = ae_sound_decoder_new (model, NULL);
    g_autoptr (GArray) out = g_array_new (FALSE, FALSE, sizeof (float));
    g_autoptr (GByteArray) bad = g_byte_array_new ();
    const GByteArray *good;
    AeRng rng;
    guint i;

    ae_rng_init (&rng, seed);
    i = ae_rng_below (&rng, frames->len - 2);
    good = frames->pdata[i];
    g_byte_array_append (bad, good->data, good->len);
    if (seed % 2)
      g_byte_array_set_size (bad, 1 + ae_rng_below (&rng, bad->len - 1));
    else
      bad->data[ae_rng_below (&rng, bad->len)] ^=
          (guint8) (1 + ae_rng_below (&rng, 255));
    if (i > 0)
      fail_unless (decode_one (decoder, frames->pdata[0], out));
    n_refused += !decode_one (decoder, bad, out);
    for (guint j = i + 1; j < frames->len; j++)
      decode_one (decoder, frames->pdata[j], out);
    ae_sound_decoder_drain (decoder, out);
    fail_unless (out->len <= N_SHORT);
    fail_unless (i == 0 || out->len == N_SHORT, "seed %u: %u samples", seed,
        out->len);
    assert_equals_int (n_finite (out), out->len);
  }
  fail_unless (n_seeds () < 50 || (n_refused > 0 && n_refused < n_seeds ()));
}

GST_END_TEST;

/* It has no CRC but that of the frame. */
GST_START_TEST (test_a_damaged_short_header_moves_no_sound)
{
  static const guint8 damages[][2] = {
    {0, 1}, {0, 2}, {0, 8}, {0, 15}, {1, 1}, {1, 0x80}, {2, 1}, {2, 0xff}
  };
  g_autoptr (AeLatentModel) model = make_model ();
  g_autofree float *samples = g_new (float, N_SHORT);
  g_autoptr (GPtrArray) frames = NULL;
  g_autoptr (GArray) whole = NULL;

  fill_sound (samples, N_SHORT, 1);
  frames = make_stream (model, samples, N_SHORT, 2, 40);
  whole = decode (model, frames, NULL, NULL);
  for (guint i = 1; i < 10; i++) {
    guint8 *data = ((GByteArray *) frames->pdata[i])->data;

    for (guint d = 0; d < G_N_ELEMENTS (damages); d++) {
      g_autoptr (GArray) out = NULL;
      AeSoundStats stats;

      data[damages[d][0]] ^= damages[d][1];
      out = decode (model, frames, NULL, &stats);
      data[damages[d][0]] ^= damages[d][1];
      assert_equals_int (out->len, N_SHORT);
      /* what cannot be a header is refused, and lost */
      assert_equals_uint64 (stats.n_damaged + stats.n_lost, 2);
      fail_unless (memcmp (out->data, whole->data,
              (i * 2 - 1) * PACKET * sizeof (float)) == 0);
      fail_unless (sound_likeness (floats (whole) + 22 * PACKET,
              floats (out) + 22 * PACKET, N_SHORT - 22 * PACKET) > 0.9);
    }
  }
}

GST_END_TEST;

/* After a leap, nothing tells how far it went. */
GST_START_TEST (test_a_damaged_short_frame_after_a_leap_moves_no_sound)
{
  g_autoptr (AeLatentModel) model = make_model ();
  g_autoptr (AeSoundDecoder) decoder = ae_sound_decoder_new (model, NULL);
  g_autoptr (GArray) out = g_array_new (FALSE, FALSE, sizeof (float));
  g_autofree float *samples = g_new (float, N_SHORT);
  g_autoptr (GPtrArray) frames = NULL;
  GByteArray *bad;

  fill_sound (samples, N_SHORT, 1);
  frames = make_stream (model, samples, N_SHORT, 2, 40);
  fail_unless (decode_one (decoder, frames->pdata[0], out));
  ae_sound_decoder_forget (decoder);
  g_array_set_size (out, 0);
  bad = frames->pdata[4];
  bad->data[bad->len - 1] ^= 1;
  fail_unless (!decode_one (decoder, bad, out));
  for (guint i = 5; i < 9; i++)
    fail_unless (decode_one (decoder, frames->pdata[i], out));
  assert_equals_uint64 (ae_sound_decoder_stats (decoder)->n_lost, 0);
  assert_equals_int (out->len, 4 * 2 * PACKET - AE_SOUND_DECODER_DELAY);
}

GST_END_TEST;

GST_START_TEST (test_a_frame_of_another_model_is_refused)
{
  g_autoptr (AeLatentModel) model = make_model ();
  g_autoptr (AeLatentModel) other = NULL;
  g_autoptr (AeModel) plain = sound_model ();
  g_autoptr (AeModel) packed = NULL;
  g_autofree float *steps = g_new (float, AE_SYMBOLS_N_LEVELS * SOUND_PLANES);
  g_autofree float *samples = g_new (float, N_SAMPLES);
  g_autoptr (GPtrArray) frames = NULL;
  g_autoptr (AeSoundDecoder) decoder = NULL;
  g_autoptr (GArray) out = g_array_new (FALSE, FALSE, sizeof (float));
  g_autoptr (GError) error = NULL;
  AeSoundFrame frame;

  for (guint i = 0; i < AE_SYMBOLS_N_LEVELS * SOUND_PLANES; i++)
    steps[i] = 1.0f;
  packed = ae_latent_model_pack (plain, NULL, steps);
  other = ae_latent_model_new (packed, NULL);
  decoder = ae_sound_decoder_new (other, NULL);
  fill_sound (samples, N_SAMPLES, 1);
  frames = make_stream (model, samples, N_SAMPLES, 1, 40);
  fail_if (ae_sound_decoder_read (decoder,
          ((GByteArray *) frames->pdata[0])->data,
          ((GByteArray *) frames->pdata[0])->len, &frame, out, NULL, &error));
  g_assert_error (error, AE_ERROR, AE_ERROR_NOT_FOUND);
}

GST_END_TEST;

static gint16
random_value (AeRng * rng, float spread)
{
  float value = spread * ae_rng_normal (rng);

  return (gint16) CLAMP (value, -AE_VALUE_MAX, AE_VALUE_MAX);
}

/* Any symbols in a row are one number, and come out of it again. */
GST_START_TEST (test_numbers_hold_any_packets)
{
  g_autoptr (AeSymbolModel) symbols = ae_symbol_model_new (SOUND_PLANES);
  g_autofree AeNumber *number = g_new (AeNumber, 1);
  g_autofree guint8 *bytes = g_malloc (AE_NUMBER_MAX_BYTES);
  AeRansEncoder encoder = { 0 };

  for (guint seed = 0; seed < n_seeds (); seed++) {
    gint16 values[4][SOUND_PLANES], found[SOUND_PLANES];
    AeRng rng;
    gsize n;

    ae_rng_init (&rng, seed);
    ae_rans_reserve (&encoder, 4 * AE_PACKET_MAX_SYMBOLS (SOUND_PLANES));
    for (guint i = 0; i < 4; i++) {
      for (guint p = 0; p < SOUND_PLANES; p++)
        values[i][p] = random_value (&rng, expf ((float) (seed % 5))
            * (seed % 7 ? 1.0f : 300.0f));
      ae_packet_put (symbols, 40, values[i], i % 2 ? values[i - 1] : NULL,
          &encoder);
    }
    n = ae_number_finish (number, &encoder, bytes, AE_NUMBER_MAX_BYTES);
    fail_unless (n <= AE_NUMBER_MAX_BYTES && (n == 0 || bytes[n - 1] != 0));
    ae_number_start (number, bytes, n);
    for (guint i = 0; i < 4; i++) {
      fail_unless (ae_packet_take (symbols, 40, i % 2 ? values[i - 1] : NULL,
              number, found));
      fail_unless (memcmp (found, values[i], sizeof found) == 0);
    }
    fail_unless (ae_number_ends_well (number));
  }
  ae_rans_encoder_clear (&encoder);
}

GST_END_TEST;

/* From its magnitudes alone, a hum is found again: the spectra agree. */
GST_START_TEST (test_magnitudes_make_sound_of_these_magnitudes)
{
  g_autofree float *samples = g_new (float, N_SAMPLES);
  g_autofree float *out = g_new0 (float, N_SAMPLES);
  const guint n_frames = N_SAMPLES / AE_STFT_HOP - 1;
  AePhase phase = { {0} };

  fill_sound (samples, N_SAMPLES, 1);
  for (guint i = 0; i < n_frames; i++) {
    float magnitudes[AE_STFT_BINS];
    AeSpectrum spectrum;

    ae_stft_analyse (samples + i * AE_STFT_HOP, &spectrum);
    for (guint k = 0; k < AE_STFT_BINS; k++)
      magnitudes[k] = hypotf (spectrum.re[k], spectrum.im[k]);
    ae_phase_next (&phase, magnitudes, out + i * AE_STFT_HOP);
  }
  fail_unless (ae_audio_quality_lsd_db (samples, out, n_frames * AE_STFT_HOP,
          RATE) < 4.5);
  fail_unless (sound_likeness (samples, out, n_frames * AE_STFT_HOP) > 0.98);
}

GST_END_TEST;

static Suite *
sound_codec_suite (void)
{
  Suite *suite = suite_create ("sound_codec");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_as_many_samples_come_out_as_go_in);
  tcase_add_test (tests, test_sound_comes_out_when_it_went_in);
  tcase_add_test (tests, test_better_quality_takes_more_bytes);
  tcase_add_test (tests, test_silence_takes_five_bytes_and_is_silent);
  tcase_add_test (tests, test_no_input_makes_anything_but_finite_samples);
  tcase_add_test (tests, test_lost_packets_are_made_up_for);
  tcase_add_test (tests, test_decoding_begins_at_any_whole_header);
  tcase_add_test (tests, test_damage_is_found_and_made_up_for);
  tcase_add_test (tests, test_a_damaged_short_header_moves_no_sound);
  tcase_add_test (tests,
      test_a_damaged_short_frame_after_a_leap_moves_no_sound);
  tcase_add_test (tests, test_a_frame_of_another_model_is_refused);
  tcase_add_test (tests, test_numbers_hold_any_packets);
  tcase_add_test (tests, test_magnitudes_make_sound_of_these_magnitudes);
  return suite;
}

GST_CHECK_MAIN (sound_codec);
