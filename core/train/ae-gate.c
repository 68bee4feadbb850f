/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-gate.h"
#include "ae-tape.h"

#include <math.h>
#include <string.h>

#define MIN_SAMPLES 8
/* Of the random numbers that samples are made with. */
#define SEED 7919

struct _AeGate
{
  AeArchitecture *architecture;
  AeTape *tape;
  AeLossKind loss;
  AeTrainerLossFunc loss_func;
  AeGateScoreFunc score;
  gboolean masked;
  guint batch;                  /* samples run together */
  AeWeights *best;              /* NULL: no model */
  float flat;                   /* the output of none */
  AeWeights *anchor;
  double first;                 /* negative before the first verdict */

  AeTensor in, condition;       /* a batch */
  AeTensor targets, masks;      /* of a batch */
  AeTensor out, target, mask, grad;     /* one sample */
  float *input, *given;         /* one sample */
  float *weight;                /* [batch] */
};

static gsize
n_values (const AeTensor * t)
{
  return (gsize) t->c * t->h * t->w;
}

AeGate *
ae_gate_new (AeArchitecture * architecture, const AeTrainerConfig * config,
    AeGateScoreFunc score, AeWeights * best, float flat)
{
  AeGate *gate = g_new0 (AeGate, 1);
  guint h = config->height, w = config->width, n = config->shard;

  gate->architecture = ae_architecture_ref (architecture);
  gate->tape = ae_tape_new (architecture);
  gate->loss = config->loss;
  gate->loss_func = config->loss_func;
  gate->score = score;
  gate->masked = config->masked;
  gate->batch = n;
  gate->best = best ? ae_weights_ref (best) : NULL;
  gate->flat = flat;
  /* another loss has targets of its own to judge by */
  if (config->anchor && config->loss_func == NULL)
    gate->anchor = ae_weights_ref (config->anchor);
  gate->first = -1.0;
  ae_tensor_resize (&gate->in, architecture->input.c, h, w, n);
  ae_tensor_resize (&gate->condition, architecture->n_given, 1, 1, n);
  ae_architecture_out_size (architecture, h, w, &h, &w);
  ae_tensor_resize (&gate->out, architecture->output.c, h, w, 1);
  ae_tensor_resize (&gate->target, config->target_channels > 0
      ? config->target_channels : architecture->output.c, h, w, 1);
  ae_tensor_resize_like (&gate->mask, &gate->target);
  gate->input = g_new (float, n_values (&gate->in));
  gate->given = g_new0 (float, MAX (architecture->n_given, 1));
  gate->weight = g_new (float, n);
  ae_tensor_resize (&gate->targets, gate->target.c, h, w, n);
  ae_tensor_resize_like (&gate->masks, &gate->targets);
  return gate;
}

void
ae_gate_free (AeGate * gate)
{
  if (gate == NULL)
    return;
  ae_tape_free (gate->tape);
  ae_weights_unref (gate->best);
  ae_weights_unref (gate->anchor);
  ae_tensor_clear (&gate->in);
  ae_tensor_clear (&gate->condition);
  ae_tensor_clear (&gate->targets);
  ae_tensor_clear (&gate->masks);
  ae_tensor_clear (&gate->out);
  ae_tensor_clear (&gate->target);
  ae_tensor_clear (&gate->mask);
  ae_tensor_clear (&gate->grad);
  g_free (gate->input);
  g_free (gate->given);
  g_free (gate->weight);
  ae_architecture_unref (gate->architecture);
  g_free (gate);
}

static const AeTensor *
run (AeGate * gate, AeWeights * weights)
{
  return ae_tape_forward (gate->tape, weights->data, &gate->in,
      gate->architecture->n_given > 0 ? &gate->condition : NULL);
}

static gboolean
has_zero (const AeTensor * mask)
{
  for (gsize i = 0; i < ae_tensor_size (mask); i++) {
    if (mask->data[i] == 0.0f)
      return TRUE;
  }
  return FALSE;
}

/* The samples of a batch from @begin on, those past @n being the last again, with
 * weight 0. */
static void
fill_batch (AeGate * gate, guint begin, guint n, AeGateFunc func, gpointer data)
{
  gsize n_in = n_values (&gate->in), n_target = n_values (&gate->target);
  guint n_batch = gate->batch;

  for (guint i = 0; i < n_batch; i++) {
    AeSample sample = { gate->input, gate->target.data, gate->given,
      gate->mask.data, 1.0f
    };
    guint i_sample = MIN (begin + i, n - 1);
    AeRng rng;

    ae_rng_init (&rng, SEED + i_sample);
    for (gsize p = 0; p < n_target; p++)
      sample.mask[p] = 1.0f;
    func (data, i_sample, &rng, &sample);
    gate->weight[i] = begin + i < n ? sample.weight : 0.0f;
    for (gsize p = 0; p < n_in; p++)
      gate->in.data[p * n_batch + i] = gate->input[p];
    for (gsize p = 0; p < n_target; p++) {
      gate->targets.data[p * n_batch + i] = gate->target.data[p];
      gate->masks.data[p * n_batch + i] = gate->mask.data[p];
    }
    for (guint c = 0; c < gate->architecture->n_given; c++)
      gate->condition.data[c * n_batch + i] = gate->given[c];
  }
  if (gate->anchor && has_zero (&gate->masks))
    ae_anchor_apply (run (gate, gate->anchor), &gate->targets, &gate->masks);
}

static double
mean_square (const AeTensor * out, const AeTensor * target,
    const AeTensor * mask)
{
  gsize n = ae_tensor_size (out);
  double sum = 0.0;

  for (gsize p = 0; p < n; p++) {
    float d = out->data[p] - target->data[p];

    sum += (double) (mask->data[p] * d * d);
  }
  return sum / (double) n;
}

/* The loss of sample @i of the batch for the output @out. Adds to the squared
 * error, or to the score. */
static double
sample_loss (AeGate * gate, const AeTensor * out, guint i, double *sum)
{
  for (gsize p = 0; p < n_values (&gate->out); p++)
    gate->out.data[p] = out->data[p * out->n + i];
  for (gsize p = 0; p < n_values (&gate->target); p++) {
    gate->target.data[p] = gate->targets.data[p * gate->batch + i];
    gate->mask.data[p] = gate->masks.data[p * gate->batch + i];
  }
  *sum += gate->score ? gate->score (&gate->out, &gate->target)
      : mean_square (&gate->out, &gate->target, &gate->mask);
  if (gate->loss_func)
    return gate->loss_func (&gate->out, &gate->target, NULL, &gate->grad);
  return ae_loss (gate->loss, &gate->out, &gate->target,
      gate->masked ? &gate->mask : NULL, NULL, &gate->grad);
}

/* What to beat without a model. */
static const AeTensor *
do_nothing (AeGate * gate, AeTensor * flat)
{
  if (gate->loss_func == NULL && n_values (&gate->in) == n_values (&gate->out)
      && memcmp (gate->in.data, gate->targets.data,
          ae_tensor_size (&gate->in) * sizeof (float)) != 0)
    return &gate->in;
  ae_tensor_resize (flat, gate->out.c, gate->out.h, gate->out.w, gate->batch);
  for (gsize p = 0; p < ae_tensor_size (flat); p++)
    flat->data[p] = gate->flat;
  return flat;
}

/* Sums over the samples that count. */
typedef struct
{
  double candidate, best, gain, gain2, score, unused;
  guint n;
} Sums;

static void
judge_batch (AeGate * gate, AeWeights * candidate, AeTensor * flat,
    double *losses, Sums * sums)
{
  const AeTensor *out = run (gate, candidate);

  for (guint i = 0; i < gate->batch; i++) {
    if (gate->weight[i] > 0.0f)
      losses[i] = sample_loss (gate, out, i, &sums->score);
  }
  out = gate->best ? run (gate, gate->best) : do_nothing (gate, flat);
  for (guint i = 0; i < gate->batch; i++) {
    double best;

    if (!(gate->weight[i] > 0.0f))
      continue;
    best = sample_loss (gate, out, i, &sums->unused);
    sums->candidate += losses[i];
    sums->best += best;
    sums->gain += best - losses[i];
    sums->gain2 += (best - losses[i]) * (best - losses[i]);
    sums->n++;
  }
}

/* Of a mean score, or squared error. */
static double
in_db (const AeGate * gate, double mean)
{
  return gate->score ? mean : -10.0 * log10 (MAX (mean, 1e-10));
}

gboolean
ae_gate_judge (AeGate * gate, AeWeights * candidate, guint n,
    AeGateFunc func, gpointer data, const gint * cancelled,
    AeGateVerdict * verdict)
{
  g_auto (AeTensor) flat = AE_TENSOR_INIT;
  g_autofree double *losses = g_new0 (double, gate->batch);
  Sums sums = { 0 };
  double gain;

  if (n < MIN_SAMPLES)
    return FALSE;
  for (guint begin = 0; begin < n; begin += gate->batch) {
    if (g_atomic_int_get (cancelled))
      return FALSE;
    fill_batch (gate, begin, n, func, data);
    judge_batch (gate, candidate, &flat, losses, &sums);
  }
  if (sums.n < MIN_SAMPLES)
    return FALSE;
  gain = sums.gain / sums.n;
  verdict->candidate = sums.candidate / sums.n;
  verdict->best = sums.best / sums.n;
  verdict->gain = gain;
  verdict->deviation = sqrt (MAX (sums.gain2 / sums.n - gain * gain, 0.0)
      / sums.n);
  verdict->psnr = in_db (gate, sums.score / sums.n);
  if (gate->first < 0.0)
    gate->first = gate->best ? verdict->best
        : MAX (verdict->best, verdict->candidate);
  verdict->first = gate->first;
  return TRUE;
}

/* Adds to the score, or squared error, of the first @n samples of the batch. */
static void
score_batch (AeGate * gate, AeWeights * weights, guint n, double *sum)
{
  const AeTensor *out = run (gate, weights);

  for (guint i = 0; i < MIN (gate->batch, n); i++)
    sample_loss (gate, out, i, sum);
}

gboolean
ae_gate_compare (AeGate * gate, AeWeights * weights, AeWeights * others,
    guint n, AeGateFunc func, gpointer data, const gint * cancelled,
    double *gain_db)
{
  double sum = 0.0, sum_others = 0.0;

  for (guint begin = 0; begin < n; begin += gate->batch) {
    if (g_atomic_int_get (cancelled))
      return FALSE;
    fill_batch (gate, begin, n, func, data);
    score_batch (gate, weights, n - begin, &sum);
    score_batch (gate, others, n - begin, &sum_others);
  }
  *gain_db = in_db (gate, sum / MAX (n, 1))
      - in_db (gate, sum_others / MAX (n, 1));
  return TRUE;
}

double
ae_gate_first (const AeGate * gate)
{
  return gate->first;
}

void
ae_gate_set_first (AeGate * gate, double first)
{
  gate->first = first;
}

void
ae_gate_accept (AeGate * gate, AeWeights * weights)
{
  ae_weights_unref (gate->best);
  gate->best = ae_weights_ref (weights);
}
