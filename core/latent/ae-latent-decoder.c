/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-latent-decoder.h"

#include <string.h>

#include "ae-error.h"
#include "ae-latent-private.h"

struct _AeLatentDecoder
{
  AeLatentModel *model;
  AeSliceCoder *coder;
  guint n_threads;
  AeLatentStats stats;

  /* of one size of pictures */
  guint width, height;
  AeLatents latents;
  guint8 *missing;              /* [positions] of the frame in work */
  guint8 *known;                /* [positions] that were told once */
  AePlan *plan;
  float *code;                  /* [n_planes][positions] */
  guint h, w;                   /* of the planes that the model makes */
  float *samples;
  AePlane *code_planes, *out_planes;
  AeTensor condition;           /* level / 9 of each position */

  gboolean has_number;
  guint32 number;               /* of the frame in work */
  gboolean is_open;             /* it has not ended */
  gboolean has_more;
  gboolean is_known;            /* all of them */
  AeSight sight;
};

AeLatentDecoder *
ae_latent_decoder_new (AeLatentModel * model, guint n_threads)
{
  AeLatentDecoder *self = g_new0 (AeLatentDecoder, 1);

  self->model = ae_latent_model_ref (model);
  self->coder = ae_slice_coder_new (model->symbols);
  self->n_threads = n_threads;
  return self;
}

/* What pictures are made with. */
static void
clear_plan (AeLatentDecoder * self)
{
  g_clear_pointer (&self->plan, ae_plan_free);
  g_clear_pointer (&self->code, ae_aligned_free);
  g_clear_pointer (&self->samples, ae_aligned_free);
  g_clear_pointer (&self->code_planes, g_free);
  g_clear_pointer (&self->out_planes, g_free);
  ae_tensor_clear (&self->condition);
}

/* What belongs to one size of pictures. */
static void
clear_size (AeLatentDecoder * self)
{
  clear_plan (self);
  ae_latents_clear (&self->latents);
  g_clear_pointer (&self->missing, g_free);
  g_clear_pointer (&self->known, g_free);
  self->width = self->height = 0;
  self->is_known = FALSE;
  self->sight = AE_SIGHT_NONE;
}

void
ae_latent_decoder_free (AeLatentDecoder * self)
{
  if (self == NULL)
    return;
  clear_size (self);
  ae_slice_coder_free (self->coder);
  ae_latent_model_unref (self->model);
  g_free (self);
}

void
ae_latent_decoder_forget (AeLatentDecoder * self)
{
  gsize n = ae_latents_n_positions (&self->latents);

  if (n > 0) {
    memset (self->latents.sound, 0, n);
    memset (self->known, 0, n);
  }
  self->has_number = self->is_open = self->has_more = FALSE;
  self->is_known = FALSE;
  self->sight = AE_SIGHT_NONE;
}

void
ae_latent_decoder_set_model (AeLatentDecoder * self, AeLatentModel * model)
{
  AeLatentModel *before = self->model;

  clear_size (self);
  ae_slice_coder_free (self->coder);
  self->model = ae_latent_model_ref (model);
  self->coder = ae_slice_coder_new (model->symbols);
  ae_latent_decoder_forget (self);
  ae_latent_model_unref (before);
}

const AeLatentStats *
ae_latent_decoder_stats (const AeLatentDecoder * self)
{
  return &self->stats;
}

static gboolean
check_model (const AeLatentDecoder * self, const AeFrameHeader * header,
    GError ** error)
{
  const AeLatentModel *model = self->model;
  guint64 found, expected;

  if (memcmp (header->fingerprint, model->fingerprint,
          AE_FRAME_FINGERPRINT_BYTES) != 0) {
    memcpy (&found, header->fingerprint, sizeof found);
    memcpy (&expected, model->fingerprint, sizeof expected);
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FOUND, "the stream is of the "
        "model %016" G_GINT64_MODIFIER "x, the decoder has %016"
        G_GINT64_MODIFIER "x", GUINT64_FROM_BE (found),
        GUINT64_FROM_BE (expected));
    return FALSE;
  }
  if (header->n_planes == model->n_planes
      && header->scale_log2 == model->scale_log2)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_CORRUPT, "frame: %u planes at 1/2^%u, "
      "its model has %u at 1/2^%u", header->n_planes, header->scale_log2,
      model->n_planes, model->scale_log2);
  return FALSE;
}

static gboolean
take_size (AeLatentDecoder * self, const AeFrameHeader * header,
    GError ** error)
{
  guint h = ae_frame_grid_side (header, header->height);
  guint w = ae_frame_grid_side (header, header->width);

  if (header->width == self->width && header->height == self->height)
    return TRUE;
  ae_latent_decoder_end_frame (self);
  clear_size (self);
  if (!ae_latents_resize (&self->latents, header->n_planes, h, w, error))
    return FALSE;
  self->missing = g_malloc ((gsize) h * w);
  self->known = g_malloc0 ((gsize) h * w);
  self->width = header->width;
  self->height = header->height;
  self->has_number = FALSE;
  return TRUE;
}

static void
begin_frame (AeLatentDecoder * self, const AeFrameHeader * header)
{
  gsize n = ae_latents_n_positions (&self->latents);

  if (header->type != AE_FRAME_KEY
      && (!self->has_number || header->reference != self->number)) {
    self->stats.n_lost_references++;
    memset (self->latents.sound, 0, n);
  }
  memset (self->missing, 1, n);
  self->number = header->number;
  self->has_number = self->is_open = TRUE;
  self->stats.n_frames++;
}

gboolean
ae_latent_decoder_read (AeLatentDecoder * self, const guint8 * data,
    gsize size_bytes, const AeFrameHeader * header, GError ** error)
{
  AeFrameReport report;

  g_return_val_if_fail (header->type != AE_FRAME_WEIGHTS, FALSE);
  if (!check_model (self, header, error) || !take_size (self, header, error))
    return FALSE;
  if (!self->has_number || header->number != self->number) {
    ae_latent_decoder_end_frame (self);
    begin_frame (self, header);
  }
  if (!ae_frame_decode (self->coder, header, data + header->header_bytes,
          MIN (header->payload_bytes, size_bytes - header->header_bytes),
          &self->latents, self->missing, &report, NULL, error))
    return FALSE;
  self->stats.n_bad_slices += report.n_damaged;
  self->has_more = header->has_more && report.n_missing > 0;
  return TRUE;
}

gboolean
ae_latent_decoder_wants_more (const AeLatentDecoder * self)
{
  return self->is_open && self->has_more;
}

void
ae_latent_decoder_end_frame (AeLatentDecoder * self)
{
  gsize n = ae_latents_n_positions (&self->latents), n_sound = 0, n_known = 0;

  if (!self->is_open)
    return;
  for (gsize i = 0; i < n; i++) {
    self->stats.n_missing += self->missing[i];
    self->latents.sound[i] &= (guint8) ! self->missing[i];
    n_sound += self->latents.sound[i];
    self->known[i] |= self->latents.sound[i];
    n_known += self->known[i];
  }
  self->is_known = n_known == n;
  self->sight = !self->is_known ? AE_SIGHT_NONE : n_sound == n
      ? AE_SIGHT_WHOLE : AE_SIGHT_DAMAGED;
  self->is_open = FALSE;
}

AeSight
ae_latent_decoder_sight (const AeLatentDecoder * self)
{
  return self->sight;
}

static gboolean
make_plan (AeLatentDecoder * self, GError ** error)
{
  const AeModel *decoder = self->model->decoder;
  const AeLatents *latents = &self->latents;
  guint scale = ae_latent_input_scale (self->model->layout,
      self->model->scale_log2);
  gsize n = ae_latents_n_positions (latents);

  self->plan = ae_plan_new_of_model (decoder, AE_PRECISION_AUTO, latents->w,
      latents->h, self->n_threads, error);
  if (self->plan == NULL)
    return FALSE;
  self->code = ae_aligned_try_alloc0 (latents->n_planes * n
      * sizeof *self->code);
  self->h = latents->h * scale;
  self->w = latents->w * scale;
  self->samples = ae_aligned_try_alloc0 (sizeof (float) * self->h * self->w
      * decoder->architecture->output.c
      * (latents->n_planes / decoder->architecture->input.c));
  if (self->code == NULL || self->samples == NULL) {
    clear_plan (self);
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT, "no memory for pictures of "
        "%ux%u", self->width, self->height);
    return FALSE;
  }
  self->code_planes = g_new (AePlane, decoder->architecture->input.c);
  self->out_planes = g_new (AePlane, decoder->architecture->output.c);
  ae_tensor_resize (&self->condition, 1, latents->h, latents->w, 1);
  return TRUE;
}

/* Values times the steps that each position was told with. */
static void
restore_code (AeLatentDecoder * self)
{
  const AeLatents *latents = &self->latents;
  gsize n = ae_latents_n_positions (latents);
  float steps[AE_SYMBOLS_N_GRADES];

  for (guint p = 0; p < latents->n_planes; p++) {
    const gint16 *values = latents->data + p * n;
    float *code = self->code + p * n;

    for (guint g = 0; g < AE_SYMBOLS_N_GRADES; g++)
      steps[g] = ae_latent_model_steps (self->model, g)[p];
    for (gsize i = 0; i < n; i++)
      code[i] = (float) values[i] * steps[latents->grades[i]];
  }
  for (gsize i = 0; i < n; i++)
    self->condition.data[i] = (float) latents->grades[i]
        / (AE_SYMBOLS_N_GRADES - 1);
}

gboolean
ae_latent_decoder_write (AeLatentDecoder * self, const AePicture * picture,
    GError ** error)
{
  const AeLatentModel *model = self->model;
  const AeArchitecture *a = model->decoder->architecture;
  const AeLatents *latents = &self->latents;
  guint n_runs = latents->n_planes / a->input.c;
  gsize n = ae_latents_n_positions (latents);

  if (self->plan == NULL && !make_plan (self, error))
    return FALSE;
  restore_code (self);
  for (guint i = 0; i < n_runs; i++) {
    ae_latent_point_planes (self->code_planes, a->input.c, latents->h,
        latents->w, self->code + (gsize) i * a->input.c * n);
    ae_latent_point_planes (self->out_planes, a->output.c, self->h, self->w,
        self->samples + (gsize) i * a->output.c * self->h * self->w);
    ae_plan_run (self->plan, self->code_planes, &self->condition,
        self->out_planes);
  }
  ae_picture_from_samples (picture, model->layout, self->h, self->w,
      self->samples);
  return TRUE;
}
