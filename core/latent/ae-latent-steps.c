/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "ae-error.h"
#include "ae-latent-private.h"

/* The picture that decoders are tried with: so many latents a side, that what
 * is changed in the middle has ended before the border. */
#define SIDE 9

/* A latent is moved by this share of what latents of its plane are. */
#define NUDGE 0.1f

/* Latents that do this much less than others are as good as dead. */
#define DEAD 1e-4f

/* What a step does to pixels where a model says nothing: at level 0, and by how
 * much less at each level after it, as a power of 2. */
#define COARSEST_STEP (80.0f / 255.0f)
#define LEVEL_LOG2 (4.0f / 9.0f)

/* Waves and noise. */
static void
fill_picture (float *data, guint n_planes, guint side)
{
  AeRng rng;

  ae_rng_init (&rng, 1);
  ae_rng_fill_normal (&rng, data, (gsize) n_planes * side * side);
  for (guint p = 0; p < n_planes; p++) {
    for (guint y = 0; y < side; y++) {
      for (guint x = 0; x < side; x++) {
        float *sample = &data[((gsize) p * side + y) * side + x];

        *sample = 0.5f + 0.2f * sinf (0.3f * (float) x + 0.1f * (float) y)
            + 0.1f * cosf (0.05f * (float) (x * y)) + 0.05f * *sample;
      }
    }
  }
}

static double
squares (const float *a, const float *b, gsize n)
{
  double sum = 0;

  for (gsize i = 0; i < n; i++) {
    double d = (double) a[i] - (double) (b ? b[i] : 0.0f);

    sum += d * d;
  }
  return sum;
}

/* The planes of encoder and decoder for a small picture. */
typedef struct
{
  AeTensor condition;           /* a middling quality */
  AePlan *encoder, *decoder;
  AePlane *in, *code, *out;
  float *data;                  /* picture, code, two results */
} Trial;

static void
trial_clear (Trial * trial)
{
  ae_tensor_clear (&trial->condition);
  ae_plan_free (trial->encoder);
  ae_plan_free (trial->decoder);
  g_free (trial->in);
  g_free (trial->code);
  g_free (trial->out);
  g_free (trial->data);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Trial, trial_clear)
    gboolean
ae_latent_measure_weights (const AeModel * encoder, const AeModel * decoder,
    guint scale, float *weights, GError ** error)
{
  const guint c = encoder->architecture->input.c, side = SIDE * scale;
  const guint n = encoder->architecture->output.c;
  const gsize n_samples = (gsize) c * side * side, n_codes = SIDE * SIDE;
  g_auto (Trial) t = {.encoder = NULL };
  float *code, *result, *moved;

  t.encoder = ae_plan_new_of_model (encoder, AE_PRECISION_FLOAT, side, side, 1,
      error);
  t.decoder = t.encoder ? ae_plan_new_of_model (decoder, AE_PRECISION_FLOAT,
      SIDE, SIDE, 1, error) : NULL;
  if (t.decoder == NULL)
    return FALSE;
  ae_tensor_resize (&t.condition, 1, 1, 1, 1);
  t.condition.data[0] = 0.5f;
  t.in = g_new (AePlane, c);
  t.code = g_new (AePlane, n);
  t.out = g_new (AePlane, c);
  t.data = g_new0 (float, 3 * n_samples + n * n_codes);
  result = t.data + n_samples;
  moved = result + n_samples;
  code = moved + n_samples;
  fill_picture (t.data, c, side);
  ae_latent_point_planes (t.in, c, side, side, t.data);
  ae_latent_point_planes (t.code, n, SIDE, SIDE, code);
  ae_plan_run (t.encoder, t.in, NULL, t.code);
  ae_latent_point_planes (t.out, c, side, side, result);
  ae_plan_run (t.decoder, t.code, &t.condition, t.out);
  ae_latent_point_planes (t.out, c, side, side, moved);
  for (guint i = 0; i < n; i++) {
    float *middle = code + i * n_codes + n_codes / 2, before = *middle;
    float rms = (float) sqrt (squares (code + i * n_codes, NULL, n_codes)
        / n_codes);
    float nudge = MAX (NUDGE * rms, 1e-3f);

    *middle += nudge;
    ae_plan_run (t.decoder, t.code, &t.condition, t.out);
    *middle = before;
    weights[i] = (float) sqrt (squares (moved, result, n_samples)) / nudge;
  }
  return TRUE;
}

/* Steps that all do the same to pixels. */
static float *
steps_by_weight (const AeLatentModel * model)
{
  float *steps = g_new (float, AE_SYMBOLS_N_LEVELS * model->n_planes);
  float largest = 1e-6f;

  for (guint p = 0; p < model->n_planes; p++)
    largest = MAX (largest, model->weights[p]);
  for (guint level = 0; level < AE_SYMBOLS_N_LEVELS; level++) {
    float size = COARSEST_STEP * exp2f (-LEVEL_LOG2 * (float) level);

    for (guint p = 0; p < model->n_planes; p++)
      steps[level * model->n_planes + p] = CLAMP (size
          / MAX (model->weights[p], DEAD * largest),
          AE_LATENT_MIN_STEP, AE_LATENT_MAX_STEP);
  }
  return steps;
}

void
ae_latent_fill_steps (AeLatentModel * model, const float *levels)
{
  g_autofree float *made = levels ? NULL : steps_by_weight (model);
  const guint n = model->n_planes;

  if (levels == NULL)
    levels = made;
  model->steps = g_new (float, AE_SYMBOLS_N_GRADES * n);
  for (guint grade = 0; grade < AE_SYMBOLS_N_GRADES; grade++) {
    guint level = MIN (grade / AE_SYMBOLS_GRADES_PER_LEVEL,
        AE_SYMBOLS_N_LEVELS - 2);
    float share = (float) grade / AE_SYMBOLS_GRADES_PER_LEVEL - (float) level;

    for (guint p = 0; p < n; p++)
      model->steps[grade * n + p] = powf (levels[level * n + p], 1 - share)
          * powf (levels[(level + 1) * n + p], share);
  }
}
