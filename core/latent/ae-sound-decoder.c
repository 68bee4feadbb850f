/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-sound-decoder.h"

#include <string.h>

#include "ae-error.h"
#include "ae-packet.h"
#include "ae-phase.h"
#include "ae-stream.h"

/* What a packet that is made up keeps of the magnitudes of the one before. */
#define FADE 0.8f

struct _AeSoundDecoder
{
  AeLatentModel *model;
  AeStream *stream;
  AePhase phase;
  AeNumber number;
  AeSoundFrame header;          /* the last one; no packets before the first */
  gboolean has_number;          /* that of the header goes on */
  guint32 next_number;
  guint n_to_skip;              /* samples before the stream's first one */
  gboolean is_open;             /* samples are left for the end */
  guint n_concealed;            /* one after the other */
  guint grade;                  /* of the last packet */
  gint16 *values, *told;        /* [n_planes]; [MAX_PACKETS][n_planes] */
  AeSoundStats stats;
};

AeSoundDecoder *
ae_sound_decoder_new (AeLatentModel * model, GError ** error)
{
  g_autoptr (AeSoundDecoder) decoder = g_new0 (AeSoundDecoder, 1);

  decoder->model = ae_latent_model_ref (model);
  if (!ae_latent_model_check_layout (model, AE_LAYOUT_SOUND, error))
    return NULL;
  decoder->stream = ae_stream_new (model->decoder->architecture,
      model->decoder->weights, AE_STREAM_FLOATS, error);
  if (decoder->stream == NULL)
    return NULL;
  decoder->values = g_new0 (gint16, model->n_planes);
  decoder->told = g_new (gint16, AE_SOUND_FRAME_MAX_PACKETS * model->n_planes);
  ae_sound_decoder_forget (decoder);
  return g_steal_pointer (&decoder);
}

void
ae_sound_decoder_free (AeSoundDecoder * decoder)
{
  if (decoder == NULL)
    return;
  ae_stream_free (decoder->stream);
  g_free (decoder->values);
  g_free (decoder->told);
  ae_latent_model_unref (decoder->model);
  g_free (decoder);
}

void
ae_sound_decoder_forget (AeSoundDecoder * decoder)
{
  ae_stream_reset (decoder->stream);
  decoder->phase = (AePhase) {
    {
  0}};
  memset (decoder->values, 0,
      decoder->model->n_planes * sizeof *decoder->values);
  decoder->has_number = FALSE;
  decoder->n_to_skip = AE_SOUND_DECODER_DELAY;
  decoder->is_open = FALSE;
  decoder->n_concealed = 0;
}

/* Magnitudes of a packet become samples, but for those before the first. */
static void
append (AeSoundDecoder * decoder, const float *magnitudes, GArray * out)
{
  float samples[AE_STFT_HOP];
  guint skip = MIN (decoder->n_to_skip, AE_STFT_HOP);

  ae_phase_next (&decoder->phase, magnitudes, samples);
  decoder->n_to_skip -= skip;
  decoder->is_open = TRUE;
  g_array_append_vals (out, samples + skip, AE_STFT_HOP - skip);
}

/* What the model makes of the values, times @factor. */
static void
make_packet (AeSoundDecoder * decoder, float factor, GArray * out)
{
  const float *steps = ae_latent_model_steps (decoder->model, decoder->grade);
  float code[AE_LATENTS_MAX_PLANES], magnitudes[AE_STFT_BINS];
  const float *features;

  for (guint p = 0; p < decoder->model->n_planes; p++)
    code[p] = steps[p] * (float) decoder->values[p];
  features = ae_stream_step (decoder->stream, code);
  for (guint i = 0; i < AE_SOUND_PACKET_FRAMES; i++) {
    ae_sound_magnitudes (features + i * AE_STFT_BINS, magnitudes);
    for (guint k = 0; k < AE_STFT_BINS; k++)
      magnitudes[k] *= factor;
    append (decoder, magnitudes, out);
  }
}

static void
make_silence (AeSoundDecoder * decoder, GArray * out)
{
  const float none[AE_STFT_BINS] = { 0.0f };

  memset (decoder->values, 0,
      decoder->model->n_planes * sizeof *decoder->values);
  for (guint i = 0; i < AE_SOUND_PACKET_FRAMES; i++)
    append (decoder, none, out);
}

/* A silence goes on; other sound as it is expected to, and fades away. */
static void
conceal_one (AeSoundDecoder * decoder, GArray * out)
{
  float factor = 1.0f;

  decoder->n_concealed++;
  if (decoder->header.type == AE_FRAME_SKIP
      || decoder->n_concealed > AE_SOUND_MAX_CONCEALED) {
    make_silence (decoder, out);
    return;
  }
  for (guint i = 0; i < decoder->n_concealed; i++)
    factor *= FADE;
  ae_packet_predict (decoder->model->symbols, decoder->values, decoder->values);
  make_packet (decoder, factor, out);
}

void
ae_sound_decoder_conceal (AeSoundDecoder * decoder, guint n_packets,
    GArray * out)
{
  if (!decoder->has_number)
    return;
  decoder->next_number += n_packets;
  decoder->stats.n_lost += n_packets;
  for (; n_packets > 0; n_packets--)
    conceal_one (decoder, out);
}

void
ae_sound_decoder_drain (AeSoundDecoder * decoder, GArray * out)
{
  const float none[AE_STFT_BINS] = { 0.0f };
  guint trim = MIN (decoder->header.trim, AE_STFT_HOP);

  if (decoder->is_open) {
    append (decoder, none, out);
    g_array_set_size (out, out->len - MIN (out->len, trim));
  }
  ae_sound_decoder_forget (decoder);
}

/* Of the samples that come before the last ones, so many are none of the sound. */
static void
trim_early (const AeSoundFrame * frame, GArray * out)
{
  guint trim = frame->trim - MIN (frame->trim, AE_STFT_HOP);

  g_array_set_size (out, out->len - MIN (out->len, trim));
}

static gboolean
check (const AeSoundDecoder * decoder, const AeSoundFrame * frame,
    GError ** error)
{
  if (memcmp (frame->fingerprint, decoder->model->fingerprint,
          sizeof frame->fingerprint) != 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FOUND,
        "frame: of another model than this decoder has");
    return FALSE;
  }
  if (frame->n_planes == decoder->model->n_planes
      && frame->rate_hz == AE_STFT_HOP * 100
      && frame->packet_samples == AE_SOUND_PACKET_SAMPLES)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
      "frame: packets of %u planes and %u samples, %u a second; the model has "
      "%u planes and %d samples, %d a second", frame->n_planes,
      frame->packet_samples, frame->rate_hz, decoder->model->n_planes,
      AE_SOUND_PACKET_SAMPLES, AE_STFT_HOP * 100);
  return FALSE;
}

/* Fills told. Returns: whether the payload is an encoder's. */
static gboolean
take_packets (AeSoundDecoder * decoder, const AeSoundFrame * frame,
    const guint8 * data)
{
  const AeSymbolModel *symbols = decoder->model->symbols;
  const guint n = decoder->model->n_planes;
  const gint16 *reference = NULL;

  if (frame->type == AE_FRAME_SKIP)
    return TRUE;
  ae_number_start (&decoder->number, data + frame->header_bytes,
      frame->payload_bytes);
  if (frame->type == AE_FRAME_PREDICTED)
    reference = decoder->values;
  for (guint p = 0; p < frame->n_packets; p++) {
    gint16 *values = decoder->told + p * n;

    if (reference)
      ae_packet_predict (symbols, reference, values);
    if (!ae_packet_take (symbols, frame->grade, reference ? values : NULL,
            &decoder->number, values))
      return FALSE;
    reference = values;
  }
  return ae_number_ends_well (&decoder->number);
}

static void
play (AeSoundDecoder * decoder, const AeSoundFrame * frame, GArray * out)
{
  const guint n = decoder->model->n_planes;

  decoder->n_concealed = 0;
  decoder->grade = frame->grade;
  for (guint p = 0; p < frame->n_packets; p++) {
    if (frame->type == AE_FRAME_SKIP) {
      make_silence (decoder, out);
    } else {
      memcpy (decoder->values, decoder->told + p * n,
          n * sizeof *decoder->values);
      make_packet (decoder, 1.0f, out);
    }
  }
  decoder->stats.n_packets += frame->n_packets;
}

/* A short header has no CRC of its own: where that of the frame is wrong, what it
 * says is not to be believed, but what follows from the frame before. */
static gboolean
expect (const AeSoundDecoder * decoder, const AeSoundFrame * before,
    AeSoundFrame * frame, GError ** error)
{
  if (!decoder->has_number) {
    g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT,
        "frame: a short one with a wrong CRC, with none before it that tells "
        "its number");
    return FALSE;
  }
  frame->number = before->number + before->n_packets;
  frame->grade = before->grade;
  frame->type =
      before->type == AE_FRAME_SKIP ? AE_FRAME_SKIP : AE_FRAME_PREDICTED;
  return TRUE;
}

/* What the number of @frame says about those before it. Returns: samples of a
 * stream that is over. */
static guint
follow (AeSoundDecoder * decoder, const AeSoundFrame * frame, GArray * out)
{
  guint32 n_lost = frame->number - decoder->next_number;
  guint n = out->len;

  if (frame->begins || (decoder->has_number && n_lost > AE_SOUND_MAX_LOST)) {
    ae_sound_decoder_drain (decoder, out);
    return out->len - n;
  }
  if (decoder->has_number && n_lost > 0)
    ae_sound_decoder_conceal (decoder, n_lost, out);
  return 0;
}

gboolean
ae_sound_decoder_read (AeSoundDecoder * decoder, const guint8 * data,
    gsize size_bytes, AeSoundFrame * frame, GArray * out, guint * n_before,
    GError ** error)
{
  const AeSoundFrame *before =
      decoder->header.n_packets > 0 ? &decoder->header : NULL;
  AeSoundFrame expected;
  gboolean is_intact;
  guint n_over;

  /* a number that was made up for is not expected again */
  if (before && decoder->has_number) {
    expected = *before;
    expected.number = decoder->next_number - before->n_packets;
    before = &expected;
  }
  if (!ae_sound_frame_parse (data, size_bytes, before, frame, error)
      || !check (decoder, frame, error))
    return FALSE;
  is_intact = ae_sound_frame_check (frame, data, size_bytes);
  if (frame->is_short && !is_intact && !expect (decoder, before, frame, error))
    return FALSE;
  n_over = follow (decoder, frame, out);
  if (n_before)
    *n_before = n_over;
  decoder->has_number = TRUE;
  decoder->next_number = frame->number;
  decoder->header = *frame;
  if (is_intact && take_packets (decoder, frame, data)) {
    play (decoder, frame, out);
    decoder->next_number += frame->n_packets;
  } else {
    decoder->stats.n_damaged += frame->n_packets;
    decoder->stats.n_lost -= frame->n_packets;
    ae_sound_decoder_conceal (decoder, frame->n_packets, out);
  }
  trim_early (frame, out);
  return TRUE;
}

const AeSoundStats *
ae_sound_decoder_stats (const AeSoundDecoder * decoder)
{
  return &decoder->stats;
}
