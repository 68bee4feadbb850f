/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "latent-trainer.h"
#include "ae-error.h"
#include "ae-kernels.h"
#include "ae-optimiser.h"
#include "ae-tape.h"
#include "ae-worker-pool.h"
#include "latent-parts.h"

#include <math.h>
#include <string.h>

#define SHARD 16                /* patches worked on together */
#define N_LEVELS AE_SYMBOLS_N_LEVELS
#define REFIT_STEPS 100         /* between fits of the tables */

/* A uniform quantiser of step s at high rates has the error s^2 / 12, which a
 * bit more makes a quarter: one bit is worth s^2 ln 2 / 6. */
#define LAMBDA_PER_SQUARED_STEP 0.1155f

/* Rates of the levels span a factor of 30: an objective in bits would be that of
 * the finest levels alone. */
#define LEVEL_WEIGHT_EXPONENT 0.8f

#define CLIP_NORM 1.0

typedef struct
{
  AeTape *encoder, *decoder;
  AeTensor in, condition;
  AeTensor quantised, grad_quantised;   /* what the decoder reads */
  AeTensor grad_out, grad_code;
  guint levels[SHARD];
  float *sample;                /* one */
  AeQuantiser *quantiser;
  float *codes, *slopes;        /* [SHARD][n_planes][h][w] */
  gint16 *values;               /* likewise */
  float *grad;                  /* of weights, then of log steps */
  AeSymbolCount *counts;
  AeLatentLoss loss;
} Shard;

struct _AeLatentTrainer
{
  AeLatentTrainerConfig config;
  AeArchitecture *architecture;
  AeLatentParts parts;
  AeSymbolModel *symbols;
  AeWorkerPool *pool;
  AeRng rng;
  guint n_shards;
  Shard *shards;
  guint64 *seeds;               /* one a patch */
  guint64 n_steps;
  gsize n_weights, n;           /* n: with the logarithms of the steps */
  float *weights, *moment1, *moment2, *average; /* [n] */
  float lambda[N_LEVELS], level_weight[N_LEVELS];
  AeSymbolCount *counts;
};

static float *
log_steps (const AeLatentTrainer * trainer, float *weights, guint level)
{
  return weights + trainer->n_weights + (gsize) level *trainer->parts.n_planes;
}

static float *
alloc_floats (gsize n)
{
  float *data = ae_aligned_try_alloc0 (n * sizeof (float));

  if (data == NULL)
    g_error ("no memory for %" G_GSIZE_FORMAT " floats", n);
  return data;
}

static gsize
n_counts (const AeLatentTrainer * trainer)
{
  return (gsize) N_LEVELS *trainer->parts.n_planes * AE_QUANTISE_N_CONTEXTS;
}

static void
weigh_levels (AeLatentTrainer * trainer, const float *base)
{
  for (guint level = 0; level < N_LEVELS; level++) {
    trainer->lambda[level] = LAMBDA_PER_SQUARED_STEP * base[level]
        * base[level];
    trainer->level_weight[level] =
        powf (base[level] / base[N_LEVELS / 2], LEVEL_WEIGHT_EXPONENT);
  }
}

static void
init_shard (const AeLatentTrainer * trainer, Shard * shard)
{
  const AeLatentSource *source = trainer->config.source;

  shard->encoder = ae_tape_new (trainer->parts.encoder);
  shard->decoder = ae_tape_new (trainer->parts.decoder);
  ae_tensor_resize (&shard->in, source->c, source->h, source->w, SHARD);
  ae_tensor_resize (&shard->condition, 1, 1, 1, SHARD);
  shard->sample = g_new (float, source->c * source->h * source->w);
  shard->grad = alloc_floats (trainer->n);
  shard->quantiser = ae_quantiser_new (trainer->symbols);
  shard->counts = g_new0 (AeSymbolCount, n_counts (trainer));
}

/* What comes out is compared with what went in. */
static gboolean
check_size (const AeArchitecture * a, const AeLatentSource * source,
    GError ** error)
{
  guint h, w;

  if (ae_architecture_out_size (a, source->h, source->w, &h, &w)
      && a->output.c == source->c && h == source->h && w == source->w)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
      "the model \"%s\" does not make %ux%ux%u of %ux%ux%u; expected one that "
      "keeps the size", a->text, source->c, source->h, source->w, source->c,
      source->h, source->w);
  return FALSE;
}

AeLatentTrainer *
ae_latent_trainer_new (const AeModel * model, const float *steps,
    const float *base, AeSymbolModel * symbols,
    const AeLatentTrainerConfig * config, GError ** error)
{
  g_autoptr (AeLatentTrainer) trainer = g_new0 (AeLatentTrainer, 1);
  gsize n_steps;

  trainer->config = *config;
  trainer->symbols = symbols;
  if (!check_size (model->architecture, config->source, error)
      || !ae_latent_parts_init (&trainer->parts, model->architecture,
          config->source->c, error))
    return NULL;
  trainer->architecture = ae_architecture_ref (model->architecture);
  n_steps = (gsize) N_LEVELS *trainer->parts.n_planes;
  trainer->n_weights = model->architecture->n_weights;
  trainer->n = trainer->n_weights + n_steps;
  trainer->weights = alloc_floats (trainer->n);
  trainer->moment1 = alloc_floats (trainer->n);
  trainer->moment2 = alloc_floats (trainer->n);
  trainer->average = alloc_floats (trainer->n);
  memcpy (trainer->weights, model->weights->data,
      trainer->n_weights * sizeof (float));
  for (gsize i = 0; i < n_steps; i++)
    trainer->weights[trainer->n_weights + i] = logf (steps[i]);
  memcpy (trainer->average, trainer->weights, trainer->n * sizeof (float));
  weigh_levels (trainer, base);
  trainer->counts = g_new0 (AeSymbolCount, n_counts (trainer));
  trainer->pool = ae_worker_pool_new (config->n_threads);
  ae_rng_init (&trainer->rng, config->seed);
  trainer->seeds = g_new (guint64, config->batch);
  trainer->n_shards = config->batch / SHARD;
  trainer->shards = g_new0 (Shard, trainer->n_shards);
  for (guint i = 0; i < trainer->n_shards; i++)
    init_shard (trainer, &trainer->shards[i]);
  return g_steal_pointer (&trainer);
}

static void
clear_shard (Shard * shard)
{
  ae_tape_free (shard->encoder);
  ae_tape_free (shard->decoder);
  ae_tensor_clear (&shard->in);
  ae_tensor_clear (&shard->condition);
  ae_tensor_clear (&shard->quantised);
  ae_tensor_clear (&shard->grad_quantised);
  ae_tensor_clear (&shard->grad_out);
  ae_tensor_clear (&shard->grad_code);
  g_free (shard->sample);
  ae_quantiser_free (shard->quantiser);
  g_free (shard->codes);
  g_free (shard->slopes);
  g_free (shard->values);
  g_free (shard->counts);
  ae_aligned_free (shard->grad);
}

void
ae_latent_trainer_free (AeLatentTrainer * trainer)
{
  if (trainer == NULL)
    return;
  for (guint i = 0; i < trainer->n_shards; i++)
    clear_shard (&trainer->shards[i]);
  g_free (trainer->shards);
  g_free (trainer->seeds);
  g_free (trainer->counts);
  ae_worker_pool_free (trainer->pool);
  ae_symbol_model_free (trainer->symbols);
  ae_latent_parts_clear (&trainer->parts);
  if (trainer->architecture)
    ae_architecture_unref (trainer->architecture);
  ae_aligned_free (trainer->weights);
  ae_aligned_free (trainer->moment1);
  ae_aligned_free (trainer->moment2);
  ae_aligned_free (trainer->average);
  g_free (trainer);
}

static void
draw (const AeLatentTrainer * trainer, Shard * shard, const guint64 * seeds)
{
  const AeLatentSource *source = trainer->config.source;
  gsize n = ae_tensor_size (&shard->in) / SHARD;

  for (guint i = 0; i < SHARD; i++) {
    AeRng rng;

    ae_rng_init (&rng, seeds[i]);
    source->draw (source, &rng, shard->sample);
    for (gsize j = 0; j < n; j++)
      shard->in.data[j * SHARD + i] = shard->sample[j];
    shard->levels[i] = ae_rng_below (&rng, N_LEVELS);
    shard->condition.data[i] = (float) shard->levels[i] / (N_LEVELS - 1);
  }
}

static void
fill_steps (const AeLatentTrainer * trainer, guint level, float *steps)
{
  const float *logs = log_steps (trainer, trainer->weights, level);

  for (guint p = 0; p < trainer->parts.n_planes; p++)
    steps[p] = expf (logs[p]);
}

/* The code of sample @i becomes integers, and these what the decoder reads. */
static void
quantise_sample (AeLatentTrainer * trainer, Shard * shard,
    const AeTensor * code, guint i)
{
  gsize n_positions = (gsize) code->h * code->w, n = code->c * n_positions;
  guint level = shard->levels[i];
  float steps[AE_LATENTS_MAX_PLANES];
  AeQuantise work = {
    .grade = level * AE_SYMBOLS_GRADES_PER_LEVEL,.h = code->h,.w =
        code->w,.bit_worth = trainer->config.bit_worth,.code =
        shard->codes + i * n,.steps = steps,.values =
        shard->values + i * n,.slopes = shard->slopes + i * n,.counts =
        shard->counts + (gsize) level * code->c * AE_QUANTISE_N_CONTEXTS
  };

  fill_steps (trainer, level, steps);
  for (gsize j = 0; j < n; j++)
    shard->codes[i * n + j] = code->data[j * SHARD + i];
  shard->loss.bits[level] += ae_quantiser_run (shard->quantiser, &work);
  for (gsize j = 0; j < n; j++)
    shard->quantised.data[j * SHARD + i] = steps[j / n_positions]
        * (float) work.values[j];
}

static void
quantise (AeLatentTrainer * trainer, Shard * shard, const AeTensor * code)
{
  gsize n = ae_tensor_size (code);

  if (shard->codes == NULL) {
    shard->codes = g_new (float, n);
    shard->slopes = g_new (float, n);
    shard->values = g_new (gint16, n);
  }
  ae_tensor_resize_like (&shard->quantised, code);
  for (guint i = 0; i < SHARD; i++)
    quantise_sample (trainer, shard, code, i);
}

/* What a bit of sample @i counts in the objective, which is in bits a place. */
static float
bit_weight (const AeLatentTrainer * trainer, const Shard * shard, guint i)
{
  return trainer->level_weight[shard->levels[i]]
      / (float) (trainer->config.source->n_places * trainer->config.batch);
}

/* The squared error against the input, and its gradient. */
static void
compare (const AeLatentTrainer * trainer, Shard * shard, const AeTensor * out)
{
  const AeLatentSource *source = trainer->config.source;
  gsize n_plane = (gsize) out->h * out->w;
  float factor[SHARD];

  ae_tensor_resize_like (&shard->grad_out, out);
  for (guint i = 0; i < SHARD; i++)
    factor[i] = bit_weight (trainer, shard, i)
        / trainer->lambda[shard->levels[i]];
  for (guint c = 0; c < out->c; c++) {
    float weight = source->weights ? source->weights[c] : 1.0f;
    float sums[SHARD] = { 0 };

    for (gsize j = c * n_plane; j < (c + 1) * n_plane; j++) {
      for (guint i = 0; i < SHARD; i++) {
        float d = out->data[j * SHARD + i] - shard->in.data[j * SHARD + i];

        sums[i] += d * d;
        shard->grad_out.data[j * SHARD + i] = 2 * weight * factor[i] * d;
      }
    }
    for (guint i = 0; i < SHARD; i++) {
      shard->loss.objective += (double) (weight * factor[i] * sums[i]);
      if (c < source->n_judged)
        shard->loss.error[shard->levels[i]] += (double) sums[i];
    }
  }
}

/* Straight through the rounding: with y the value in steps, q the integer, s the
 * step and b the bits, the gradient of y is s dq + db/dy, that of log s
 * s (q - y) dq - y db/dy. grad_quantised becomes that of the code. */
static void
backward_quantise (AeLatentTrainer * trainer, Shard * shard)
{
  const AeTensor *code = &shard->grad_quantised;
  guint n_planes = code->c;
  gsize n_positions = (gsize) code->h * code->w, n = n_planes * n_positions;

  ae_tensor_resize_like (&shard->grad_code, code);
  for (guint i = 0; i < SHARD; i++) {
    guint level = shard->levels[i];
    float per_bit = bit_weight (trainer, shard, i);
    float *grad_steps = log_steps (trainer, shard->grad, level);
    float steps[AE_LATENTS_MAX_PLANES];

    fill_steps (trainer, level, steps);
    for (guint p = 0; p < n_planes; p++) {
      float step = steps[p];
      double sum = 0;

      for (gsize j = p * n_positions; j < (p + 1) * n_positions; j++) {
        float y = shard->codes[i * n + j] / step;
        float dq = step * code->data[j * SHARD + i];
        float db = per_bit * shard->slopes[i * n + j];

        sum += (double) (((float) shard->values[i * n + j] - y) * dq - y * db);
        shard->grad_code.data[j * SHARD + i] = (dq + db) / step;
      }
      grad_steps[p] += (float) sum;
    }
  }
}

static void
run_shard (gpointer data, guint i_shard, guint i_worker)
{
  AeLatentTrainer *trainer = data;
  Shard *shard = &trainer->shards[i_shard];
  const AeLatentParts *parts = &trainer->parts;
  const float *decoder = trainer->weights + parts->decoder_offset;
  const AeTensor *code, *out;

  shard->loss = (AeLatentLoss) {
  0};
  memset (shard->grad, 0, trainer->n * sizeof (float));
  draw (trainer, shard, trainer->seeds + (gsize) i_shard * SHARD);
  code = ae_tape_forward (shard->encoder, trainer->weights, &shard->in,
      &shard->condition);
  quantise (trainer, shard, code);
  out = ae_tape_forward (shard->decoder, decoder, &shard->quantised,
      &shard->condition);
  compare (trainer, shard, out);
  ae_tape_backward (shard->decoder, decoder, &shard->grad_out,
      shard->grad + parts->decoder_offset, &shard->grad_quantised);
  backward_quantise (trainer, shard);
  ae_tape_backward (shard->encoder, trainer->weights, &shard->grad_code,
      shard->grad, NULL);
  for (guint i = 0; i < SHARD; i++)
    shard->loss.places[shard->levels[i]] += trainer->config.source->n_places;
}

static void
gather (AeLatentTrainer * trainer, AeLatentLoss * loss)
{
  float *grad = trainer->shards[0].grad;

  *loss = trainer->shards[0].loss;
  for (guint s = 1; s < trainer->n_shards; s++) {
    const Shard *shard = &trainer->shards[s];

    for (gsize i = 0; i < trainer->n; i++)
      grad[i] += shard->grad[i];
    loss->objective += shard->loss.objective;
    for (guint level = 0; level < N_LEVELS; level++) {
      loss->bits[level] += shard->loss.bits[level];
      loss->error[level] += shard->loss.error[level];
      loss->places[level] += shard->loss.places[level];
    }
  }
  for (guint level = 0; level < N_LEVELS; level++)
    loss->objective += loss->bits[level]
        * (double) trainer->level_weight[level]
        / ((double) trainer->config.source->n_places * trainer->config.batch);
}

/* Fits the tables to what the last steps met; older ones count half each time. */
static void
refit (AeLatentTrainer * trainer)
{
  guint n_planes = trainer->parts.n_planes;
  gsize n = (gsize) n_planes * AE_QUANTISE_N_CONTEXTS;

  for (guint s = 0; s < trainer->n_shards; s++) {
    AeSymbolCount *part = trainer->shards[s].counts;

    for (gsize i = 0; i < n_counts (trainer); i++) {
      trainer->counts[i].n_zero += part[i].n_zero;
      trainer->counts[i].n_other += part[i].n_other;
      trainer->counts[i].sum_magnitudes += part[i].sum_magnitudes;
    }
    memset (part, 0, n_counts (trainer) * sizeof *part);
  }
  for (guint level = 0; level < N_LEVELS; level++) {
    guint16 *tables = &trainer->symbols->maps[(gsize)
        trainer->symbols->level_sets[level] * AE_N_KINDS * n_planes][0][0];

    for (gsize i = 0; i < n; i++) {
      AeSymbolCount *count = &trainer->counts[level * n + i];

      tables[i] = (guint16) ae_symbol_count_fit (count, tables[i]);
      count->n_zero /= 2;
      count->n_other /= 2;
      count->sum_magnitudes /= 2;
    }
  }
}

static void
move_weights (AeLatentTrainer * trainer, float learning_rate)
{
  const AeOptimiserConfig adam = AE_OPTIMISER_CONFIG_DEFAULT;
  float decay = MIN (trainer->config.ema, (float) (trainer->n_steps + 1)
      / (float) (trainer->n_steps + 10));

  ae_optimiser_step (&adam, trainer->n_steps, learning_rate, trainer->n,
      trainer->shards[0].grad, trainer->moment1, trainer->moment2,
      trainer->weights);
  for (gsize i = 0; i < trainer->n; i++)
    trainer->average[i] += (1.0f - decay)
        * (trainer->weights[i] - trainer->average[i]);
}

gboolean
ae_latent_trainer_step (AeLatentTrainer * trainer,
    float learning_rate, AeLatentLoss * loss, GError ** error)
{
  float *grad = trainer->shards[0].grad;
  double norm;

  for (guint i = 0; i < trainer->config.batch; i++)
    trainer->seeds[i] = ae_rng_u64 (&trainer->rng);
  ae_worker_pool_run (trainer->pool, trainer->n_shards, run_shard, trainer);
  gather (trainer, loss);
  norm = sqrt (ae_kernels ()->sum_squares (trainer->n, grad));
  if (!isfinite (norm) || !isfinite (loss->objective)) {
    g_set_error (error, AE_ERROR, AE_ERROR_NOT_FINITE,
        "step %" G_GUINT64_FORMAT ": objective %g, norm of the gradient %g",
        trainer->n_steps + 1, loss->objective, norm);
    return FALSE;
  }
  for (gsize i = 0; norm > CLIP_NORM && i < trainer->n; i++)
    grad[i] *= (float) (CLIP_NORM / norm);
  trainer->n_steps++;
  move_weights (trainer, learning_rate);
  if (trainer->n_steps % REFIT_STEPS == 0)
    refit (trainer);
  return TRUE;
}

AeWeights *
ae_latent_trainer_weights (const AeLatentTrainer * trainer, float *steps,
    GError ** error)
{
  for (gsize i = 0; i < trainer->n - trainer->n_weights; i++)
    steps[i] = expf (trainer->average[trainer->n_weights + i]);
  return ae_weights_new_copy (trainer->average, trainer->n_weights, error);
}

const AeSymbolModel *
ae_latent_trainer_symbols (const AeLatentTrainer * trainer)
{
  return trainer->symbols;
}
