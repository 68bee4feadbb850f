/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-latent-encoder.h"

#include <math.h>
#include <string.h>

#include "ae-error.h"
#include "ae-latent-private.h"
#include "ae-quantise.h"

/* A residual becomes the next larger number from this fraction on: a zero is
 * cheap, so errors of more than half a step may pay. */
#define INTRA_ROUNDING 0.42f
#define CHANGED_ROUNDING 0.34f

/* What a bit is worth, in squared steps, when a position is held instead of told:
 * more than for single latents, for what changes in a held one is often noise. */
#define BIT_WORTH 0.22f

/* About what telling a position costs beside its residuals. */
#define POSITION_BITS 5.0f

/* Errors and bits, of all planes together. */
typedef struct
{
  float *held_error;            /* of each position */
  float *changed_cost, *intra_cost;     /* of each open one, in their order */
} Costs;

/* One plane at the open positions, in steps. */
typedef struct
{
  float *value, *reference;
  float *before;                /* the integer that foretells the value */
} OpenPlane;

struct _AeLatentEncoder
{
  AeLatentModel *model;
  AePlan *plan;
  AeFrameEncoder *coder;
  AeQuantiser *quantiser;
  AeFrameHeader header;
  guint h, w;                   /* of the grid */
  gsize n;                      /* positions */

  float *samples;               /* planes of the picture */
  float *code;                  /* [n_planes][n]: its latents */
  AePlane *in_planes, *code_planes;     /* for one run of the plan */
  AeLatents latents;            /* quantised, of the frame in work */
  AeLatents reference;          /* what the decoder has */
  guint8 *blocks;               /* [n] */
  Costs costs;
  OpenPlane open_plane;
  guint32 *open;                /* [n]: positions that may not be held */
  gsize n_open;
  AeLatentTold told;
  gsize i_refresh;              /* the next position to be refreshed */
  gsize refresh_end;            /* of the frame in work */
  gboolean has_reference;
};

static gboolean
make_plan (AeLatentEncoder * self, guint n_threads, GError ** error)
{
  const AeLatentModel *model = self->model;
  gboolean halves = model->layout == AE_LAYOUT_I420;
  guint width = self->header.width, height = self->header.height;
  guint c = model->encoder->architecture->input.c;
  guint n_codes = model->encoder->architecture->output.c;

  if (halves) {
    width = (width + 1) / 2;
    height = (height + 1) / 2;
  }
  self->plan = ae_plan_new_of_model (model->encoder, AE_PRECISION_AUTO, width,
      height, n_threads, error);
  if (self->plan == NULL)
    return FALSE;
  self->in_planes = g_new (AePlane, c);
  self->code_planes = g_new (AePlane, n_codes);
  return TRUE;
}

static gboolean
make_memory (AeLatentEncoder * self, GError ** error)
{
  guint n_planes = self->model->n_planes;
  const AeFrameHeader *header = &self->header;

  if (!ae_latents_resize (&self->latents, n_planes, self->h, self->w, error)
      || !ae_latents_resize (&self->reference, n_planes, self->h, self->w,
          error))
    return FALSE;
  self->samples = ae_aligned_try_alloc0 (sizeof (float)
      * ae_picture_n_samples (self->model->layout, header->width,
          header->height));
  self->code = ae_aligned_try_alloc0 (sizeof (float) * n_planes * self->n);
  self->costs.held_error = ae_aligned_try_alloc0 (6 * sizeof (float)
      * self->n);
  if (self->samples == NULL || self->code == NULL
      || self->costs.held_error == NULL) {
    g_set_error (error, AE_ERROR, AE_ERROR_LIMIT, "no memory for pictures of "
        "%ux%u", header->width, header->height);
    return FALSE;
  }
  self->costs.changed_cost = self->costs.held_error + self->n;
  self->costs.intra_cost = self->costs.changed_cost + self->n;
  self->open_plane.value = self->costs.intra_cost + self->n;
  self->open_plane.reference = self->open_plane.value + self->n;
  self->open_plane.before = self->open_plane.reference + self->n;
  self->blocks = g_malloc (self->n);
  self->open = g_new (guint32, self->n);
  return TRUE;
}

AeLatentEncoder *
ae_latent_encoder_new (AeLatentModel * model, const AeLatentFormat * format,
    guint n_threads, GError ** error)
{
  g_autoptr (AeLatentEncoder) self = g_new0 (AeLatentEncoder, 1);

  self->model = ae_latent_model_ref (model);
  self->header = (AeFrameHeader) {
  .media = AE_MEDIA_VIDEO,.scale_log2 = model->scale_log2,.width =
        format->width,.height = format->height,.n_planes =
        model->n_planes,.rate_n = format->rate_n,.rate_d =
        format->rate_d,.matrix = format->matrix,.full_range =
        format->full_range,.number = format->first_number};
  memcpy (self->header.fingerprint, model->fingerprint,
      AE_FRAME_FINGERPRINT_BYTES);
  self->h = ae_frame_grid_side (&self->header, format->height);
  self->w = ae_frame_grid_side (&self->header, format->width);
  self->n = (gsize) self->h * self->w;
  self->coder = ae_frame_encoder_new (model->symbols);
  self->quantiser = ae_quantiser_new (model->symbols);
  if (!make_plan (self, n_threads, error) || !make_memory (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

void
ae_latent_encoder_free (AeLatentEncoder * self)
{
  if (self == NULL)
    return;
  ae_plan_free (self->plan);
  ae_frame_encoder_free (self->coder);
  ae_quantiser_free (self->quantiser);
  ae_latents_clear (&self->latents);
  ae_latents_clear (&self->reference);
  ae_aligned_free (self->samples);
  ae_aligned_free (self->code);
  ae_aligned_free (self->costs.held_error);
  g_free (self->in_planes);
  g_free (self->code_planes);
  g_free (self->blocks);
  g_free (self->open);
  ae_latent_model_unref (self->model);
  g_free (self);
}

void
ae_latent_encoder_read (AeLatentEncoder * self, const AePicture * picture)
{
  const AeLatentModel *model = self->model;
  const AeArchitecture *a = model->encoder->architecture;
  guint n_runs = model->n_planes / a->output.c;
  guint width = self->header.width, height = self->header.height;
  gsize n_samples =
      ae_picture_n_samples (model->layout, width, height) / n_runs;

  if (model->layout == AE_LAYOUT_I420) {
    width = (width + 1) / 2;
    height = (height + 1) / 2;
  }
  ae_picture_to_samples (picture, model->layout, self->samples);
  for (guint i = 0; i < n_runs; i++) {
    ae_latent_point_planes (self->in_planes, a->input.c, height, width,
        self->samples + i * n_samples);
    ae_latent_point_planes (self->code_planes, a->output.c, self->h, self->w,
        self->code + (gsize) i * a->output.c * self->n);
    ae_plan_run (self->plan, self->in_planes, NULL, self->code_planes);
  }
}

/* @x within the limits of values, rounded towards zero from @rounding on; no
 * branches, so that loops become vector code, as residual_bits(). */
static inline float
round_value (float x, float rounding)
{
  x = x < -AE_VALUE_MAX ? -AE_VALUE_MAX : x > AE_VALUE_MAX ? AE_VALUE_MAX : x;
  return (float) (gint) (x + (x < 0 ? -rounding : rounding));
}

/* Values that are predicted from their neighbours are seldom zero. */
static float
intra_rounding (const AePlaneModel * plane)
{
  return plane->weights[0] || plane->weights[1] || plane->weights[2] ? 0.5f
      : INTRA_ROUNDING;
}

/* Roughly. */
static inline float
residual_bits (float residual)
{
  float magnitude = fabsf (residual);
  float more = magnitude < 5 ? magnitude - 1 : 4;

  return magnitude > 0 ? 3.0f + 1.5f * more : 0.0f;
}

/* In steps of this frame; what was told with other steps is @scale[its grade]
 * times as large. */
static void
add_held_errors (const AeLatentEncoder * self, guint p, guint grade)
{
  const float step = ae_latent_model_steps (self->model, grade)[p];
  const float inverse = 1.0f / step, *code = self->code + p * self->n;
  const gint16 *reference = self->reference.data + p * self->n;
  const guint8 *grades = self->reference.grades;
  float *errors = self->costs.held_error, scale[AE_SYMBOLS_N_GRADES];

  for (guint g = 0; g < AE_SYMBOLS_N_GRADES; g++)
    scale[g] = ae_latent_model_steps (self->model, g)[p] * inverse;
  for (gsize i = 0; i < self->n; i++) {
    float held = code[i] * inverse - (float) reference[i] * scale[grades[i]];

    errors[i] += held * held;
  }
}

/* @rounding: of what foretells values, 0 where nothing does */
static void
gather (AeLatentEncoder * self, guint p, float inverse, float rounding)
{
  const float *code = self->code + p * self->n;
  const gint16 *reference = self->reference.data + p * self->n;
  const OpenPlane *open = &self->open_plane;

  for (gsize j = 0; j < self->n_open; j++) {
    guint i = self->open[j];

    open->value[j] = code[i] * inverse;
    open->reference[j] = (float) reference[i];
    open->before[j] = rounding > 0 && i % self->w > 0
        ? round_value (code[i - 1] * inverse, rounding) : 0.0f;
  }
}

/* Of positions which holding alone does not settle. */
static void
add_costs (AeLatentEncoder * self, guint p, guint grade)
{
  const float inverse = 1.0f / ae_latent_model_steps (self->model, grade)[p];
  const float rounding = intra_rounding (&self->model->symbols->planes[p]);
  const float *value = self->open_plane.value;
  const float *reference = self->open_plane.reference;
  const float *before = self->open_plane.before;
  float *changed_cost = self->costs.changed_cost;
  float *intra_cost = self->costs.intra_cost;

  gather (self, p, inverse, rounding == 0.5f ? rounding : 0.0f);
  for (gsize j = 0; j < self->n_open; j++) {
    float difference = value[j] - reference[j];
    float changed = round_value (difference, CHANGED_ROUNDING);
    float intra = round_value (value[j], rounding);
    float changed_error = difference - changed;
    float intra_error = value[j] - intra;

    changed_cost[j] += changed_error * changed_error
        + BIT_WORTH * residual_bits (changed);
    intra_cost[j] += intra_error * intra_error
        + BIT_WORTH * residual_bits (intra - before[j]);
  }
}

static void
compare (AeLatentEncoder * self, guint grade)
{
  memset (self->costs.held_error, 0, 3 * self->n * sizeof (float));
  for (guint p = 0; p < self->model->n_planes; p++)
    add_held_errors (self, p, grade);
  self->n_open = 0;
  for (gsize i = 0; i < self->n; i++) {
    if (self->costs.held_error[i] > BIT_WORTH * POSITION_BITS)
      self->open[self->n_open++] = (guint32) i;
  }
  for (guint p = 0; p < self->model->n_planes; p++)
    add_costs (self, p, grade);
}

/* Which positions are this frame's turn. */
static gboolean
is_due (const AeLatentEncoder * self, gsize i)
{
  if (self->refresh_end <= self->n)
    return i >= self->i_refresh && i < self->refresh_end;
  return i >= self->i_refresh || i < self->refresh_end - self->n;
}

/* Positions that are not open are held. */
static AeBlock
choose_block (const Costs * costs, gsize i, gsize j)
{
  gboolean intra = costs->intra_cost[j] < costs->changed_cost[j];
  float cost = intra ? costs->intra_cost[j] : costs->changed_cost[j];

  if (costs->held_error[i] <= cost + BIT_WORTH * POSITION_BITS)
    return AE_BLOCK_HELD;
  return intra ? AE_BLOCK_INTRA : AE_BLOCK_CHANGED;
}

static void
choose_blocks (AeLatentEncoder * self)
{
  gsize j = 0;

  for (gsize i = 0; i < self->n; i++) {
    AeBlock block = AE_BLOCK_HELD;

    if (j < self->n_open && self->open[j] == i)
      block = choose_block (&self->costs, i, j++);
    if (is_due (self, i))
      block = AE_BLOCK_INTRA;
    self->blocks[i] = (guint8) block;
    self->told.n_intra += block == AE_BLOCK_INTRA;
    self->told.n_held += block == AE_BLOCK_HELD;
    self->told.n_changed += block == AE_BLOCK_CHANGED;
  }
}

/* @reference, @blocks: NULL for a key frame. */
static void
quantise (AeLatentEncoder * self, guint grade, const gint16 * reference,
    const guint8 * blocks)
{
  const AeQuantise work = {
    .grade = grade,.h = self->h,.w = self->w,.bit_worth =
        AE_QUANTISE_BIT_WORTH,.code = self->code,.steps =
        ae_latent_model_steps (self->model, grade),.reference =
        reference,.blocks = blocks,.values = self->latents.data
  };

  ae_quantiser_run (self->quantiser, &work);
}

static void
make_key (AeLatentEncoder * self, guint grade)
{
  quantise (self, grade, NULL, NULL);
  memset (self->blocks, AE_BLOCK_INTRA, self->n);
  self->told.n_intra = self->n;
}

static void
make_predicted (AeLatentEncoder * self, const AeLatentChoice * choice)
{
  self->refresh_end = self->i_refresh;
  if (choice->refresh_frames > 0)
    self->refresh_end += (self->n + choice->refresh_frames - 1)
        / choice->refresh_frames;
  compare (self, choice->grade);
  choose_blocks (self);
  quantise (self, choice->grade, self->reference.data, self->blocks);
}

gboolean
ae_latent_encoder_write (AeLatentEncoder * self, const AeLatentChoice * choice,
    GByteArray * out, GError ** error)
{
  gboolean is_key = choice->is_key || !self->has_reference;
  AeFrameHeader *header = &self->header;

  g_return_val_if_fail (choice->grade < AE_SYMBOLS_N_GRADES, FALSE);
  self->told = (AeLatentTold) {
  .type = AE_FRAME_KEY};
  if (is_key)
    make_key (self, choice->grade);
  else
    make_predicted (self, choice);
  if (!is_key)
    self->told.type = self->told.n_held == self->n ? AE_FRAME_SKIP
        : AE_FRAME_PREDICTED;
  header->type = self->told.type;
  header->grade = choice->grade;
  header->reference = is_key ? header->number : header->number - 1;
  return ae_frame_encode (self->coder, header,
      header->type == AE_FRAME_SKIP ? NULL : &self->latents,
      header->type == AE_FRAME_PREDICTED ? &self->reference : NULL,
      header->type == AE_FRAME_PREDICTED ? self->blocks : NULL,
      choice->part_bytes, out, error);
}

const AeLatentTold *
ae_latent_encoder_accept (AeLatentEncoder * self)
{
  gint16 *data = self->latents.data;

  self->latents.data = self->reference.data;
  self->reference.data = data;
  for (gsize i = 0; i < self->n; i++) {
    if (self->blocks[i] != AE_BLOCK_HELD)
      self->reference.grades[i] = (guint8) self->header.grade;
  }
  self->i_refresh = self->told.type == AE_FRAME_KEY ? 0
      : self->refresh_end % self->n;
  self->has_reference = TRUE;
  self->header.number++;
  return &self->told;
}
