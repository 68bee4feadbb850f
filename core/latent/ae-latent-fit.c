/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-latent-fit.h"

#include <string.h>

#include "ae-latent-private.h"
#include "ae-quantise.h"
#include "ae-symbol-fit.h"

/* The levels that tables are fitted to, every second one. */
#define N_LEVELS (AE_SYMBOLS_N_LEVELS / 2)

/* First to the nearest integers, then to those that the encoder chooses with the
 * tables of the turn before. */
#define N_TURNS 2

typedef struct
{
  const AeLatentModel *codec;
  guint n, n_codes;             /* patches; planes of a run of the model */
  guint h, w;                   /* of the grid */
  float *codes;                 /* [n][n_codes][h][w] */
} Fit;

gboolean
ae_latent_is_codec (const AeModel * model)
{
  const AeArchitecture *a = model->architecture;
  g_autoptr (AeLatentModel) codec = ae_latent_model_new (model, NULL);
  guint scale;

  if (codec == NULL)
    return FALSE;
  scale = ae_latent_input_scale (codec->layout, codec->scale_log2);
  return codec->encoder->architecture->output.c < a->input.c * scale * scale;
}

/* Runs the encoder on each patch. */
static gboolean
find_codes (Fit * fit, guint height, guint width, AeLatentPatchFunc func,
    gpointer data, GError ** error)
{
  const AeModel *encoder = fit->codec->encoder;
  const guint c = encoder->architecture->input.c;
  g_autofree AePlane *in = g_new (AePlane, c);
  g_autofree AePlane *out = g_new (AePlane, fit->n_codes);
  g_autofree float *samples = g_new (float, (gsize) c * height * width);
  gsize n_codes = (gsize) fit->n_codes * fit->h * fit->w;
  AePlan *plan = ae_plan_new_of_model (encoder, AE_PRECISION_FLOAT, width,
      height, 1, error);

  if (plan == NULL)
    return FALSE;
  fit->codes = g_new (float, fit->n * n_codes);
  ae_latent_point_planes (in, c, height, width, samples);
  for (guint i = 0; i < fit->n; i++) {
    func (data, i, samples);
    ae_latent_point_planes (out, fit->n_codes, fit->h, fit->w,
        fit->codes + i * n_codes);
    ae_plan_run (plan, in, NULL, out);
  }
  ae_plan_free (plan);
  return TRUE;
}

/* Latents of each patch at each level: [n][N_LEVELS]. */
static void
round_codes (const Fit * fit, const AeSymbolModel * guide, float bit_worth,
    AeLatents * latents)
{
  g_autoptr (AeQuantiser) quantiser = ae_quantiser_new (guide);
  gsize n_codes = (gsize) fit->n_codes * fit->h * fit->w;

  for (guint i = 0; i < fit->n * N_LEVELS; i++) {
    guint grade = i % N_LEVELS * 2 * AE_SYMBOLS_GRADES_PER_LEVEL;
    const AeQuantise work = {
      .grade = grade,.h = fit->h,.w = fit->w,.bit_worth = bit_worth,.code =
          fit->codes + i / N_LEVELS * n_codes,.steps =
          ae_latent_model_steps (fit->codec, grade),.values = latents[i].data
    };

    ae_quantiser_run (quantiser, &work);
  }
}

/* Returns: (transfer full): a context model of the planes of one run. */
static AeSymbolModel *
fit_symbols (const Fit * fit, GError ** error)
{
  const guint n = fit->n * N_LEVELS;
  g_autofree AeLatents *latents = g_new0 (AeLatents, n);
  g_autofree AeSymbolSample *samples = g_new0 (AeSymbolSample, n);
  AeSymbolModel *symbols = ae_symbol_model_new (fit->n_codes);
  gboolean ok = TRUE;

  for (guint i = 0; i < n && ok; i++) {
    ok = ae_latents_resize (&latents[i], fit->n_codes, fit->h, fit->w, error);
    samples[i] = (AeSymbolSample) {
    .level = i % N_LEVELS * 2,.latents = &latents[i]};
  }
  for (guint turn = 0; turn < N_TURNS && ok; turn++) {
    round_codes (fit, symbols, turn == 0 ? 0.0f : AE_QUANTISE_BIT_WORTH,
        latents);
    ae_symbol_model_free (symbols);
    symbols = ae_symbol_fit (samples, n);
  }
  for (guint i = 0; i < n; i++)
    ae_latents_clear (&latents[i]);
  if (!ok)
    g_clear_pointer (&symbols, ae_symbol_model_free);
  return symbols;
}

/* Returns: (transfer full): @symbols once more for each further run. */
static AeSymbolModel *
repeat_symbols (const AeSymbolModel * symbols, guint n_runs)
{
  const guint n = symbols->n_planes;
  AeSymbolModel *all = ae_symbol_model_new (n * n_runs);

  all->n_sets = symbols->n_sets;
  memcpy (all->level_sets, symbols->level_sets, sizeof all->level_sets);
  all->maps = g_renew (AeContextMap, all->maps,
      (gsize) all->n_sets * AE_N_KINDS * all->n_planes);
  for (guint run = 0; run < n_runs; run++) {
    for (guint p = 0; p < n; p++) {
      AePlaneModel *plane = &all->planes[run * n + p];

      *plane = symbols->planes[p];
      for (guint i = 0; i < AE_SYMBOLS_N_PARENTS; i++) {
        if (plane->parents[i] != AE_SYMBOLS_NO_PARENT)
          plane->parents[i] = (guint8) (plane->parents[i] + run * n);
      }
    }
    for (guint i = 0; i < all->n_sets * AE_N_KINDS; i++)
      memcpy (&all->maps[i * all->n_planes + run * n], &symbols->maps[i * n],
          n * sizeof *all->maps);
  }
  return all;
}

AeModel *
ae_latent_fit (const AeModel * model, guint n, guint height, guint width,
    AeLatentPatchFunc func, gpointer data, GError ** error)
{
  g_autoptr (AeLatentModel) codec = ae_latent_model_new (model, error);
  g_autoptr (AeSymbolModel) symbols = NULL;
  g_autoptr (AeSymbolModel) all = NULL;
  g_autofree float *steps = NULL;
  Fit fit = {.codec = codec,.n = n };
  guint scale;

  if (codec == NULL)
    return NULL;
  scale = ae_latent_input_scale (codec->layout, codec->scale_log2);
  fit.n_codes = codec->encoder->architecture->output.c;
  fit.h = (height + scale - 1) / scale;
  fit.w = (width + scale - 1) / scale;
  if (find_codes (&fit, height, width, func, data, error))
    symbols = fit_symbols (&fit, error);
  g_free (fit.codes);
  if (symbols == NULL)
    return NULL;
  all = repeat_symbols (symbols, codec->n_planes / fit.n_codes);
  steps = g_new (float, AE_SYMBOLS_N_LEVELS * codec->n_planes);
  for (guint level = 0; level < AE_SYMBOLS_N_LEVELS; level++)
    memcpy (steps + level * codec->n_planes, ae_latent_model_steps (codec,
            level * AE_SYMBOLS_GRADES_PER_LEVEL),
        codec->n_planes * sizeof *steps);
  return ae_latent_model_pack (model, all, steps);
}
