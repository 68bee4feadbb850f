/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-sound-encoder.h"

#include <math.h>
#include <string.h>

#include "ae-error.h"
#include "ae-packet.h"
#include "ae-quantise.h"
#include "ae-stream.h"

#define N_PACKETS AE_SOUND_FRAME_MAX_PACKETS

/* Under it, all samples are silence: -78 dB of full scale, four steps of 16 bit. */
#define SILENCE (4.0f / 32768.0f)
#define LOUDEST 1e3f            /* samples over it are no sound */

struct _AeSoundEncoder
{
  AeLatentModel *model;
  AeStream *stream;
  AeQuantiser *quantiser;
  AeRansEncoder symbols;
  AeNumber number;
  guint8 *payload;              /* [AE_NUMBER_MAX_BYTES] */
  float past[AE_STFT_HOP];      /* samples before the next packet */

  /* of the frame that was read, and of the last try to write it */
  gboolean begins;
  guint n_packets, trim;
  gboolean is_silent;
  float *codes;                 /* [N_PACKETS][n_planes] */
  gint16 *values, *reference;   /* [n_planes], of the packet in work */
  AeSoundFrame tried;

  /* of what the decoder has */
  gint16 *last;                 /* [n_planes] */
  guint32 next_number;
  guint told_packets;           /* of a frame, by the last whole header */
};

AeSoundEncoder *
ae_sound_encoder_new (AeLatentModel * model, GError ** error)
{
  g_autoptr (AeSoundEncoder) encoder = g_new0 (AeSoundEncoder, 1);

  encoder->model = ae_latent_model_ref (model);
  if (!ae_latent_model_check_layout (model, AE_LAYOUT_SOUND, error))
    return NULL;
  encoder->stream = ae_stream_new (model->encoder->architecture,
      model->encoder->weights, AE_STREAM_FLOATS, error);
  if (encoder->stream == NULL)
    return NULL;
  encoder->quantiser = ae_quantiser_new (model->symbols);
  encoder->payload = g_malloc (AE_NUMBER_MAX_BYTES);
  encoder->codes = g_new (float, N_PACKETS * model->n_planes);
  encoder->values = g_new (gint16, model->n_planes);
  encoder->reference = g_new (gint16, model->n_planes);
  encoder->last = g_new0 (gint16, model->n_planes);
  ae_rans_reserve (&encoder->symbols,
      N_PACKETS * AE_PACKET_MAX_SYMBOLS (model->n_planes));
  encoder->begins = TRUE;
  return g_steal_pointer (&encoder);
}

void
ae_sound_encoder_free (AeSoundEncoder * encoder)
{
  if (encoder == NULL)
    return;
  ae_stream_free (encoder->stream);
  ae_quantiser_free (encoder->quantiser);
  ae_rans_encoder_clear (&encoder->symbols);
  g_free (encoder->payload);
  g_free (encoder->codes);
  g_free (encoder->values);
  g_free (encoder->reference);
  g_free (encoder->last);
  ae_latent_model_unref (encoder->model);
  g_free (encoder);
}

void
ae_sound_encoder_begin (AeSoundEncoder * encoder)
{
  ae_stream_reset (encoder->stream);
  memset (encoder->past, 0, sizeof encoder->past);
  encoder->begins = TRUE;
}

static inline float
sound (float x)
{
  return isfinite (x) ? fminf (fmaxf (x, -LOUDEST), LOUDEST) : 0.0f;
}

/* Codes a packet; @window: the hop before it, and its samples. */
static void
encode_packet (AeSoundEncoder * encoder, const float *window, float *code)
{
  float features[AE_SOUND_FEATURES];

  for (guint i = 0; i < AE_SOUND_PACKET_FRAMES; i++) {
    AeSpectrum spectrum;

    ae_stft_analyse (window + i * AE_STFT_HOP, &spectrum);
    ae_sound_features (&spectrum, features + i * AE_STFT_BINS);
  }
  memcpy (code, ae_stream_step (encoder->stream, features),
      encoder->model->n_planes * sizeof *code);
}

void
ae_sound_encoder_read (AeSoundEncoder * encoder, const float *samples, gsize n)
{
  float window[AE_STFT_HOP + AE_SOUND_PACKET_SAMPLES];

  g_return_if_fail (n >= 1 && n <= N_PACKETS * AE_SOUND_PACKET_SAMPLES);
  encoder->n_packets = (guint) ((n - 1) / AE_SOUND_PACKET_SAMPLES + 1);
  encoder->trim = (guint) (encoder->n_packets * AE_SOUND_PACKET_SAMPLES - n);
  encoder->is_silent = TRUE;
  for (guint p = 0; p < encoder->n_packets; p++) {
    memcpy (window, encoder->past, sizeof encoder->past);
    for (guint i = 0; i < AE_SOUND_PACKET_SAMPLES; i++) {
      gsize at = p * AE_SOUND_PACKET_SAMPLES + i;
      float x = at < n ? sound (samples[at]) : 0.0f;

      window[AE_STFT_HOP + i] = x;
      encoder->is_silent = encoder->is_silent && fabsf (x) < SILENCE;
    }
    encode_packet (encoder, window,
        encoder->codes + p * encoder->model->n_planes);
    memcpy (encoder->past, window + AE_SOUND_PACKET_SAMPLES,
        sizeof encoder->past);
  }
}

/* values become those of packet @p. */
static void
quantise (AeSoundEncoder * encoder, guint p, guint grade,
    const gint16 * reference)
{
  const guint n = encoder->model->n_planes;
  const guint8 block = reference ? AE_BLOCK_CHANGED : AE_BLOCK_INTRA;
  const AeQuantise work = {
    .grade = grade,.h = 1,.w = 1,.bit_worth = AE_QUANTISE_BIT_WORTH,.code =
        encoder->codes + p * n,.steps =
        ae_latent_model_steps (encoder->model, grade),.reference =
        reference,.blocks = &block,.values = encoder->values
  };

  ae_quantiser_run (encoder->quantiser, &work);
}

static void
put_packets (AeSoundEncoder * encoder, const AeSoundChoice * choice)
{
  const gint16 *reference = NULL;

  encoder->symbols.n = 0;
  if (encoder->tried.type == AE_FRAME_PREDICTED) {
    ae_packet_predict (encoder->model->symbols, encoder->last,
        encoder->reference);
    reference = encoder->reference;
  }
  for (guint p = 0; p < encoder->n_packets; p++) {
    quantise (encoder, p, choice->grade, reference);
    ae_packet_put (encoder->model->symbols, choice->grade, encoder->values,
        reference, &encoder->symbols);
    ae_packet_predict (encoder->model->symbols, encoder->values,
        encoder->reference);
    reference = encoder->reference;
  }
}

gboolean
ae_sound_encoder_write (AeSoundEncoder * encoder, const AeSoundChoice * choice,
    GByteArray * out, GError ** error)
{
  AeSoundFrame *frame = &encoder->tried;

  *frame = (AeSoundFrame) {
  .type = choice->is_key || encoder->begins ? AE_FRAME_KEY
        : AE_FRAME_PREDICTED,.grade = choice->grade,.n_packets =
        encoder->n_packets,.n_planes = encoder->model->n_planes,.rate_hz =
        AE_SOUND_RATE,.packet_samples = AE_SOUND_PACKET_SAMPLES,.begins =
        encoder->begins,.trim = encoder->trim,.number =
        encoder->next_number,.is_short = !choice->is_whole
        && encoder->n_packets == encoder->told_packets};
  memcpy (frame->fingerprint, encoder->model->fingerprint,
      sizeof frame->fingerprint);
  if (choice->tells_silence && encoder->is_silent) {
    frame->type = AE_FRAME_SKIP;
    memset (encoder->values, 0,
        encoder->model->n_planes * sizeof *encoder->values);
  } else {
    put_packets (encoder, choice);
    frame->payload_bytes = ae_number_finish (&encoder->number,
        &encoder->symbols, encoder->payload, AE_NUMBER_MAX_BYTES);
  }
  return ae_sound_frame_write (frame, encoder->payload, out, error);
}

const AeSoundFrame *
ae_sound_encoder_accept (AeSoundEncoder * encoder)
{
  memcpy (encoder->last, encoder->values,
      encoder->model->n_planes * sizeof *encoder->last);
  encoder->next_number += encoder->n_packets;
  encoder->told_packets = encoder->n_packets;
  encoder->begins = FALSE;
  return &encoder->tried;
}
