/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sound-fit.h"
#include "ae-audio-quality.h"
#include "ae-packet.h"
#include "ae-quantise.h"
#include "ae-sound-decoder.h"
#include "ae-sound-encoder.h"
#include "ae-tape.h"
#include "latent-parts.h"

#include <string.h>

#define LANES 16                /* samples at a time */
#define N_BATCHES 4             /* of them */
#define N_LEVELS AE_SYMBOLS_N_LEVELS
#define N_PASSES 2              /* what is chosen depends on what it costs */

/* Of the frames that are judged: 100 ms. */
#define JUDGED_PACKETS 5
#define KEY_FRAMES 20           /* from one whole header to the next */

/* What fitting goes through. */
typedef struct
{
  const float *steps;
  AeSymbolModel *symbols;
  AeQuantiser *quantiser;
  AeSymbolCount *counts;        /* [N_LEVELS][AE_N_KINDS][n_planes][EARLIER] */
} Fit;

static gsize
counts_at (const Fit * fit, guint level, AeKind kind)
{
  return ((gsize) level * AE_N_KINDS + kind) * fit->symbols->n_planes
      * AE_SYMBOLS_N_EARLIER;
}

/* Counts what sample @i of @code meets at @level, packet by packet. */
static void
count_sample (const Fit * fit, const AeTensor * code, guint i, guint level)
{
  const guint n = code->c, n_packets = code->w;
  const guint8 block = AE_BLOCK_CHANGED;
  float own[AE_LATENTS_MAX_PLANES];
  gint16 values[AE_LATENTS_MAX_PLANES];
  gint16 reference[AE_LATENTS_MAX_PLANES] = { 0 };

  for (guint t = 0; t < n_packets; t++) {
    const AeQuantise work = {
      .grade = level * AE_SYMBOLS_GRADES_PER_LEVEL,.h = 1,.w = 1,.bit_worth =
          AE_QUANTISE_BIT_WORTH,.code = own,.steps =
          fit->steps + level * n,.reference = reference,.blocks =
          &block,.values = values
    };

    for (guint p = 0; p < n; p++)
      own[p] = code->data[((gsize) p * n_packets + t) * LANES + i];
    ae_quantiser_run (fit->quantiser, &work);
    ae_packet_count (fit->symbols, values, NULL,
        fit->counts + counts_at (fit, level, AE_KIND_INTRA));
    if (t > 0)
      ae_packet_count (fit->symbols, values, reference,
          fit->counts + counts_at (fit, level, AE_KIND_CHANGED));
    ae_packet_predict (fit->symbols, values, reference);
  }
}

static void
fit_tables (const Fit * fit)
{
  const guint n = fit->symbols->n_planes;

  for (guint level = 0; level < N_LEVELS; level++) {
    for (guint kind = 0; kind < AE_N_KINDS; kind++) {
      AeContextMap *maps = &fit->symbols->maps[(fit->symbols->level_sets[level]
              * AE_N_KINDS + kind) * n];
      const AeSymbolCount *counts = fit->counts + counts_at (fit, level, kind);

      for (guint i = 0; i < n * AE_SYMBOLS_N_EARLIER; i++) {
        guint16 *tables = maps[i / AE_SYMBOLS_N_EARLIER]
            [i % AE_SYMBOLS_N_EARLIER];
        guint table = ae_symbol_count_fit (&counts[i], tables[0]);

        for (guint near = 0; near < AE_SYMBOLS_N_NEAR; near++)
          tables[near] = (guint16) table;
      }
    }
  }
}

static void
draw (const AeLatentSource * source, AeRng * rng, AeTensor * in)
{
  gsize n = ae_tensor_size (in) / LANES;
  g_autofree float *sample = g_new (float, n);

  for (guint i = 0; i < LANES; i++) {
    source->draw (source, rng, sample);
    for (gsize j = 0; j < n; j++)
      in->data[j * LANES + i] = sample[j];
  }
}

gboolean
ae_sound_fit (const AeModel * model, const float *steps,
    AeSymbolModel * symbols, const AeLatentSource * source, guint64 seed,
    GError ** error)
{
  g_auto (AeLatentParts) parts = AE_LATENT_PARTS_INIT;
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  g_autoptr (AeTape) tape = NULL;
  g_autoptr (AeQuantiser) quantiser = ae_quantiser_new (symbols);
  gsize n = (gsize) N_LEVELS * AE_N_KINDS * symbols->n_planes
      * AE_SYMBOLS_N_EARLIER;
  g_autofree AeSymbolCount *counts = g_new (AeSymbolCount, n);
  const Fit fit = { steps, symbols, quantiser, counts };

  if (!ae_latent_parts_init (&parts, model->architecture, source->c, error))
    return FALSE;
  tape = ae_tape_new (parts.encoder);
  ae_tensor_resize (&in, source->c, source->h, source->w, LANES);
  for (guint pass = 0; pass < N_PASSES; pass++) {
    AeRng rng;

    ae_rng_init (&rng, seed);
    memset (counts, 0, n * sizeof *counts);
    for (guint batch = 0; batch < N_BATCHES; batch++) {
      const AeTensor *code;

      draw (source, &rng, &in);
      code = ae_tape_forward (tape, model->weights->data, &in, NULL);
      for (guint i = 0; i < LANES * N_LEVELS; i++)
        count_sample (&fit, code, i / N_LEVELS, i % N_LEVELS);
    }
    fit_tables (&fit);
  }
  return TRUE;
}

/* Codes and decodes all of @sound; @out: as many samples. Returns: bits, or -1. */
static double
transcode (AeLatentModel * model, const AeSound * sound, guint level,
    GArray * out, GError ** error)
{
  g_autoptr (AeSoundEncoder) encoder = ae_sound_encoder_new (model, error);
  g_autoptr (AeSoundDecoder) decoder =
      encoder ? ae_sound_decoder_new (model, error) : NULL;
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  const gsize n_frame = JUDGED_PACKETS * AE_SOUND_PACKET_SAMPLES;
  double bits = 0.0;
  AeSoundFrame frame;

  if (decoder == NULL)
    return -1.0;
  for (gsize at = 0; at < sound->n; at += n_frame) {
    const AeSoundChoice choice = {.is_whole =
          at / n_frame % KEY_FRAMES == 0,.tells_silence = TRUE,.grade =
          level * AE_SYMBOLS_GRADES_PER_LEVEL
    };

    g_byte_array_set_size (bytes, 0);
    ae_sound_encoder_read (encoder, sound->data + at,
        MIN (n_frame, sound->n - at));
    if (!ae_sound_encoder_write (encoder, &choice, bytes, error))
      return -1.0;
    ae_sound_encoder_accept (encoder);
    bits += 8.0 * bytes->len;
    if (!ae_sound_decoder_read (decoder, bytes->data, bytes->len, &frame, out,
            NULL, error))
      return -1.0;
  }
  ae_sound_decoder_drain (decoder, out);
  return bits;
}

gboolean
ae_sound_judge (AeLatentModel * model, const AeSound * sound,
    AeSoundPoint points[AE_SYMBOLS_N_LEVELS], GError ** error)
{
  for (guint level = 0; level < N_LEVELS; level++) {
    g_autoptr (GArray) out = g_array_new (FALSE, FALSE, sizeof (float));
    double bits = transcode (model, sound, level, out, error);
    const float *test = (const float *) (gpointer) out->data;
    double stoi, estoi;

    if (bits < 0.0)
      return FALSE;
    g_return_val_if_fail (out->len == sound->n, FALSE);
    if (!ae_audio_quality_stoi (sound->data, test, sound->n, AE_SOUND_RATE,
            &stoi, &estoi))
      return TRUE;
    points[level].bits += bits;
    points[level].seconds += (double) sound->n / AE_SOUND_RATE;
    points[level].stoi += stoi;
    points[level].estoi += estoi;
    points[level].lsd_db += ae_audio_quality_lsd_db (sound->data, test,
        sound->n, AE_SOUND_RATE);
    points[level].n++;
  }
  return TRUE;
}
