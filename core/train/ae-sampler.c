/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-sampler.h"
#include "ae-error.h"
#include "ae-tape.h"
#include "ae-vae.h"

#include <math.h>
#include <string.h>

#define ANY_SIDE 64

/* Circles that a walk is made of; their speeds have no common multiple. */
#define N_CIRCLES 3
static const double speeds[N_CIRCLES] = { 1.0, 0.618033988749895,
  0.414213562373095
};

struct _AeSampler
{
  AeModel *model;
  AeTape *tape;
  guint h, w;                   /* of a picture */
  AeShape shape;                /* of a code */
  gsize n;                      /* numbers in a code */
  AeTensor code, condition;     /* [n][cells] */
  float *from, *to, *between;
};

static guint
n_cells (AePattern pattern)
{
  return pattern == AE_PATTERN_GRID ? AE_SAMPLER_COLUMNS * AE_SAMPLER_ROWS : 1;
}

/* How large codes and pictures are. Returns: %FALSE when this is no picture of
 * one plane. */
static gboolean
find_sizes (AeSampler * self)
{
  const AeArchitecture *a = self->model->architecture;
  guint side = (ANY_SIDE + a->multiple - 1) / a->multiple * a->multiple;
  guint h = a->input.h ? a->input.h : side, w = a->input.w ? a->input.w : side;
  guint64 n_pixels = (guint64) h * w;

  self->h = h;
  self->w = w;
  for (guint i = 0; i < a->n_layers; i++) {
    if (!ae_layer_out_size (&a->layers[i], h, w, &h, &w))
      return FALSE;
    if (i == a->n_encoder - 1)
      self->shape = (AeShape) {
      a->layers[i].out.c, h, w};
  }
  self->n = (gsize) self->shape.c * self->shape.h * self->shape.w;
  /* a dense decoder makes the pixels as channels */
  return (guint64) a->output.c * h * w == n_pixels;
}

AeSampler *
ae_sampler_new (AeModel * model, const gchar * where, GError ** error)
{
  const AeArchitecture *a = model->architecture;
  g_autoptr (AeSampler) self = g_new0 (AeSampler, 1);

  self->model = ae_model_ref (model);
  if (ae_architecture_i_gaussian (a) < 0 || !ae_architecture_decodes_alone (a)
      || a->input.c != 1 || !find_sizes (self)) {
    g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED, "%s: found a model "
        "\"%s\", expected one of one plane with an encoder that ends with "
        "gaussian N, and a decoder of that code alone", where, a->text);
    return NULL;
  }
  self->tape = ae_tape_new (model->architecture);
  self->from = g_new (float, self->n);
  self->to = g_new (float, self->n);
  self->between = g_new (float, self->n);
  return g_steal_pointer (&self);
}

void
ae_sampler_free (AeSampler * self)
{
  if (self == NULL)
    return;
  ae_model_unref (self->model);
  ae_tape_free (self->tape);
  ae_tensor_clear (&self->code);
  ae_tensor_clear (&self->condition);
  g_free (self->from);
  g_free (self->to);
  g_free (self->between);
  g_free (self);
}

void
ae_sampler_size (const AeSampler * self, AePattern pattern, guint * width,
    guint * height)
{
  gboolean grid = pattern == AE_PATTERN_GRID;

  *width = self->w * (grid ? AE_SAMPLER_COLUMNS : 1);
  *height = self->h * (grid ? AE_SAMPLER_ROWS : 1);
}

/* Code number @i of those that belong to @seed. */
static void
draw_code (const AeSampler * self, guint64 seed, guint64 i, float *code)
{
  AeRng rng;

  ae_rng_init (&rng, ae_rng_seed_of (seed, i));
  ae_rng_fill_normal (&rng, code, self->n);
}

/* The sum of circles, each spanned by two drawn codes: at any time normal, as
 * these are. */
static void
walk (AeSampler * self, guint64 seed, guint i_cell, double time)
{
  memset (self->between, 0, self->n * sizeof (float));
  for (guint k = 0; k < N_CIRCLES; k++) {
    /* a quarter of the fastest circle in a period */
    double angle = time * speeds[k] * G_PI_2;
    float a = (float) (cos (angle) / sqrt (N_CIRCLES));
    float b = (float) (sin (angle) / sqrt (N_CIRCLES));

    draw_code (self, seed, 2 * (i_cell * N_CIRCLES + k), self->from);
    draw_code (self, seed, 2 * (i_cell * N_CIRCLES + k) + 1, self->to);
    for (gsize i = 0; i < self->n; i++)
      self->between[i] += a * self->from[i] + b * self->to[i];
  }
}

/* 0..1 for @x of 0..1, slow at both ends */
static float
ease (double x)
{
  return (float) (x * x * (3.0 - 2.0 * x));
}

static void
set_code (AeSampler * self, const AeSamplerConfig * config, guint64 i_frame,
    guint i_cell)
{
  const guint64 key = i_frame / config->period;
  const double share = (double) (i_frame % config->period) / config->period;
  const guint n = self->code.n;

  if (config->pattern == AE_PATTERN_RANDOM) {
    draw_code (self, config->seed, i_frame, self->between);
  } else if (config->pattern == AE_PATTERN_INTERPOLATE) {
    draw_code (self, config->seed, key, self->from);
    draw_code (self, config->seed, key + 1, self->to);
    ae_vae_interpolate (self->from, self->to, self->n, ease (share),
        self->between);
  } else {
    walk (self, config->seed, i_cell, (double) key + share);
  }
  for (gsize i = 0; i < self->n; i++)
    self->code.data[i * n + i_cell] = config->temperature * self->between[i];
}

/* A class is a one among zeros; a way from class to class goes through
 * mixtures. A single number is a noise level, and stays 0. */
static void
set_class (AeSampler * self, const AeSamplerConfig * config, guint64 i_frame,
    guint i_cell)
{
  const guint n_classes = self->model->architecture->n_given;
  const guint n = self->condition.n;
  const guint64 key = i_frame / config->period;
  float share = ease ((double) (i_frame % config->period) / config->period);
  guint from = (guint) (key % n_classes), to = (from + 1) % n_classes;

  if (n_classes < 2)
    return;
  if (config->pattern == AE_PATTERN_RANDOM)
    to = from = (guint) (i_frame % n_classes);
  if (config->pattern == AE_PATTERN_GRID)
    to = from = i_cell % AE_SAMPLER_COLUMNS % n_classes;
  else if (config->i_class >= 0)
    to = from = (guint) config->i_class % n_classes;
  self->condition.data[from * n + i_cell] += 1.0f - share;
  self->condition.data[to * n + i_cell] += share;
}

void
ae_sampler_draw (AeSampler * self, const AeSamplerConfig * config,
    guint64 i_frame, float *picture)
{
  const guint n = n_cells (config->pattern);
  const guint n_given = self->model->architecture->n_given;
  const guint columns = config->pattern == AE_PATTERN_GRID
      ? AE_SAMPLER_COLUMNS : 1;
  const AeTensor *out;

  ae_tensor_resize (&self->code, self->shape.c, self->shape.h, self->shape.w,
      n);
  ae_tensor_resize (&self->condition, MAX (n_given, 1), 1, 1, n);
  ae_tensor_zero (&self->condition);
  for (guint i = 0; i < n; i++) {
    set_code (self, config, i_frame, i);
    if (n_given > 0)
      set_class (self, config, i_frame, i);
  }
  out = ae_tape_decode (self->tape, self->model->weights->data, &self->code,
      n_given > 0 ? &self->condition : NULL);
  for (guint i = 0; i < n; i++) {
    float *to = picture + (gsize) (i / columns) * self->h * columns * self->w
        + i % columns * self->w;

    for (gsize p = 0; p < (gsize) self->h * self->w; p++)
      to[p / self->w * columns * self->w + p % self->w] = out->data[p * n + i];
  }
}
