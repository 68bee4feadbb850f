/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "latent-fit.h"
#include "ae-latent-decoder.h"
#include "ae-latent-encoder.h"
#include "ae-quantise.h"
#include "ae-symbol-fit.h"
#include "ae-tape.h"
#include "latent-parts.h"

#include <math.h>

#define LANES 16                /* samples at a time */
#define N_BATCHES 4             /* of them */
#define N_LEVELS AE_SYMBOLS_N_LEVELS
#define N_SAMPLES (N_BATCHES * LANES * N_LEVELS)

/* What round_sample() does to each code. */
typedef struct
{
  AeQuantiser *quantiser;
  const float *steps;
  float bit_worth;
} Rounding;

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

/* Latents of sample @i of @code. */
static void
round_sample (const Rounding * rounding, const AeTensor * code, guint i,
    guint level, AeLatents * latents)
{
  gsize n = ae_tensor_size (code) / LANES;
  g_autofree float *own = g_new (float, n);
  AeQuantise work = {
    .grade = level * AE_SYMBOLS_GRADES_PER_LEVEL,.h = code->h,.w =
        code->w,.bit_worth = rounding->bit_worth,.code = own,.steps =
        rounding->steps + level * code->c
  };

  for (gsize j = 0; j < n; j++)
    own[j] = code->data[j * LANES + i];
  if (!ae_latents_resize (latents, code->c, code->h, code->w, NULL))
    g_error ("no memory for latents");
  work.values = latents->data;
  ae_quantiser_run (rounding->quantiser, &work);
}

AeSymbolModel *
ae_latent_fit_model (const AeModel * model, const float *steps,
    const AeSymbolModel * symbols, float bit_worth,
    const AeLatentSource * source, guint64 seed, GError ** error)
{
  g_auto (AeLatentParts) parts = AE_LATENT_PARTS_INIT;
  g_auto (AeTensor) in = AE_TENSOR_INIT;
  g_autoptr (AeTape) tape = NULL;
  g_autoptr (AeSymbolModel) plain = NULL;
  g_autoptr (AeQuantiser) quantiser = NULL;
  g_autofree AeLatents *latents = g_new0 (AeLatents, N_SAMPLES);
  g_autofree AeSymbolSample *samples = g_new0 (AeSymbolSample, N_SAMPLES);
  AeSymbolModel *fitted;
  AeRng rng;

  if (!ae_latent_parts_init (&parts, model->architecture, source->c, error))
    return NULL;
  plain = ae_symbol_model_new (parts.n_planes);
  quantiser = ae_quantiser_new (symbols ? symbols : plain);
  tape = ae_tape_new (parts.encoder);
  ae_tensor_resize (&in, source->c, source->h, source->w, LANES);
  ae_rng_init (&rng, seed);
  for (guint batch = 0; batch < N_BATCHES; batch++) {
    const Rounding rounding = { quantiser, steps, symbols ? bit_worth : 0.0f };
    const AeTensor *code;

    draw (source, &rng, &in);
    code = ae_tape_forward (tape, model->weights->data, &in, NULL);
    for (guint i = 0; i < LANES * N_LEVELS; i++) {
      guint at = batch * LANES * N_LEVELS + i, level = i % N_LEVELS;

      round_sample (&rounding, code, i / N_LEVELS, level, &latents[at]);
      samples[at] = (AeSymbolSample) {
      .level = level,.latents = &latents[at]};
    }
  }
  fitted = ae_symbol_fit (samples, N_SAMPLES);
  for (guint i = 0; i < N_SAMPLES; i++)
    ae_latents_clear (&latents[i]);
  return fitted;
}

/* @planes: Y, U and V, without gaps. */
static AePicture
picture_of (const AeI420 * like, guint8 * const planes[3])
{
  AePicture picture;

  for (guint i = 0; i < 3; i++) {
    gint width = (gint) (i == 0 ? like->width : like->width / 2);
    gint height = (gint) (i == 0 ? like->height : like->height / 2);

    picture.components[i] = (AePixels) {
    .data = planes[i],.width = width,.height = height,.stride_bytes =
          width,.step_bytes = 1,.bits = 8};
  }
  return picture;
}

static double
psnr (const AePixels * a, const AePixels * b)
{
  gsize n = (gsize) a->width * (gsize) a->height;
  double error = 0;

  for (gsize i = 0; i < n; i++)
    error += (a->data[i] - b->data[i]) * (a->data[i] - b->data[i]);
  return 10 * log10 (255.0 * 255.0 * (double) n / MAX (error, 1));
}

static gboolean
decode (AeLatentModel * model, const GByteArray * bytes,
    const AePicture * picture, GError ** error)
{
  g_autoptr (AeLatentDecoder) decoder = ae_latent_decoder_new (model, 1);
  AeFrameHeader header;

  if (!ae_frame_header_parse (bytes->data, bytes->len, &header, error)
      || !ae_latent_decoder_read (decoder, bytes->data, bytes->len, &header,
          error))
    return FALSE;
  ae_latent_decoder_end_frame (decoder);
  return ae_latent_decoder_write (decoder, picture, error);
}

gboolean
ae_latent_judge (AeLatentModel * model, const AeI420 * picture,
    AeLatentPoint points[AE_SYMBOLS_N_LEVELS], GError ** error)
{
  const AeLatentFormat format = {.width = picture->width,.height =
        picture->height,.rate_d = 1,.matrix = 6,.full_range = TRUE
  };
  gsize n = (gsize) picture->width * picture->height;
  g_autofree guint8 *decoded = g_malloc (n * 3 / 2);
  guint8 *const planes[3] = { decoded, decoded + n, decoded + n * 5 / 4 };
  AePicture in = picture_of (picture, picture->planes);
  AePicture out = picture_of (picture, planes);
  g_autoptr (AeLatentEncoder) encoder =
      ae_latent_encoder_new (model, &format, 1, error);

  if (encoder == NULL)
    return FALSE;
  ae_latent_encoder_read (encoder, &in);
  for (guint level = 0; level < N_LEVELS; level++) {
    const AeLatentChoice choice = {.is_key = TRUE,.grade =
          level * AE_SYMBOLS_GRADES_PER_LEVEL
    };
    g_autoptr (GByteArray) bytes = g_byte_array_new ();

    if (!ae_latent_encoder_write (encoder, &choice, bytes, error)
        || !decode (model, bytes, &out, error))
      return FALSE;
    points[level].bits_per_pixel = 8.0 * bytes->len / (double) n;
    for (guint i = 0; i < 3; i++)
      points[level].psnr[i] = psnr (&in.components[i], &out.components[i]);
  }
  return TRUE;
}
