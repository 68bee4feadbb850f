/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-gate.h"
#include "ae-tape.h"

#include <math.h>
#include <string.h>

#define MIN_SAMPLES 8
/* Samples run together: as many as the kernels work on at once. */
#define BATCH 16
/* Of the random numbers that samples are made with. */
#define SEED 7919

struct _AeGate
{
  AeArchitecture *architecture;
  AeTape *tape;
  AeLossKind loss;
  gboolean masked;
  AeWeights *best;              /* NULL: no model */
  AeWeights *anchor;
  double first;                 /* negative before the first verdict */

  AeTensor in, condition;       /* a batch */
  AeTensor targets, masks;      /* of a batch */
  AeTensor out, target, mask, grad;     /* one sample */
  float *input, *given;         /* one sample */
};

static gsize
n_values (const AeTensor * t)
{
  return (gsize) t->c * t->h * t->w;
}

AeGate *
ae_gate_new (AeArchitecture * architecture, const AeShape * shape,
    AeLossKind loss, gboolean masked, AeWeights * best, AeWeights * anchor)
{
  AeGate *gate = g_new0 (AeGate, 1);
  guint h = shape->h, w = shape->w;

  gate->architecture = ae_architecture_ref (architecture);
  gate->tape = ae_tape_new (architecture);
  gate->loss = loss;
  gate->masked = masked;
  gate->best = best ? ae_weights_ref (best) : NULL;
  gate->anchor = anchor ? ae_weights_ref (anchor) : NULL;
  gate->first = -1.0;
  ae_tensor_resize (&gate->in, architecture->input.c, h, w, BATCH);
  ae_tensor_resize (&gate->condition, architecture->n_given, 1, 1, BATCH);
  for (guint i = 0; i < architecture->n_layers; i++)
    ae_layer_out_size (&architecture->layers[i], h, w, &h, &w);
  ae_tensor_resize (&gate->out, architecture->output.c, h, w, 1);
  ae_tensor_resize_like (&gate->target, &gate->out);
  ae_tensor_resize_like (&gate->mask, &gate->out);
  gate->input = g_new (float, n_values (&gate->in));
  gate->given = g_new0 (float, MAX (architecture->n_given, 1));
  ae_tensor_resize (&gate->targets, gate->out.c, h, w, BATCH);
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
  ae_architecture_unref (gate->architecture);
  g_free (gate);
}

static const AeTensor *
run (AeGate * gate, AeWeights * weights)
{
  return ae_tape_forward (gate->tape, weights->data, &gate->in,
      gate->architecture->n_given > 0 ? &gate->condition : NULL);
}

/* Samples @begin to @begin + BATCH, those past @n being the last again. Returns
 * their weights in @weight. */
static void
fill_batch (AeGate * gate, guint begin, guint n, AeGateFunc func,
    gpointer data, float *weight)
{
  gsize n_in = n_values (&gate->in), n_out = n_values (&gate->out);

  for (guint i = 0; i < BATCH; i++) {
    AeSample sample = { gate->input, gate->target.data, gate->given,
      gate->mask.data, 1.0f
    };
    guint i_sample = MIN (begin + i, n - 1);
    AeRng rng;

    ae_rng_init (&rng, SEED + i_sample);
    for (gsize p = 0; p < n_out; p++)
      sample.mask[p] = 1.0f;
    func (data, i_sample, &rng, &sample);
    weight[i] = begin + i < n ? sample.weight : 0.0f;
    for (gsize p = 0; p < n_in; p++)
      gate->in.data[p * BATCH + i] = gate->input[p];
    for (gsize p = 0; p < n_out; p++) {
      gate->targets.data[p * BATCH + i] = gate->target.data[p];
      gate->masks.data[p * BATCH + i] = gate->mask.data[p];
    }
    for (guint c = 0; c < gate->architecture->n_given; c++)
      gate->condition.data[c * BATCH + i] = gate->given[c];
  }
  if (gate->anchor)
    ae_anchor_apply (run (gate, gate->anchor), &gate->targets, &gate->masks);
}

/* The loss of sample @i of the batch for the output @out. Adds to the squared
 * error. */
static double
sample_loss (AeGate * gate, const AeTensor * out, guint i, double *squares)
{
  gsize n = n_values (&gate->out);

  for (gsize p = 0; p < n; p++) {
    float d;

    gate->out.data[p] = out->data[p * out->n + i];
    gate->target.data[p] = gate->targets.data[p * BATCH + i];
    gate->mask.data[p] = gate->masks.data[p * BATCH + i];
    d = gate->out.data[p] - gate->target.data[p];
    *squares += (double) (gate->mask.data[p] * d * d) / (double) n;
  }
  return ae_loss (gate->loss, &gate->out, &gate->target,
      gate->masked ? &gate->mask : NULL, NULL, &gate->grad);
}

/* What to beat without a model: the input as the output; or where that is the
 * target itself, or has another shape, grey. */
static const AeTensor *
do_nothing (AeGate * gate, AeTensor * grey)
{
  if (n_values (&gate->in) == n_values (&gate->out)
      && memcmp (gate->in.data, gate->targets.data,
          ae_tensor_size (&gate->in) * sizeof (float)) != 0)
    return &gate->in;
  ae_tensor_resize (grey, gate->out.c, gate->out.h, gate->out.w, BATCH);
  for (gsize p = 0; p < ae_tensor_size (grey); p++)
    grey->data[p] = 0.5f;
  return grey;
}

gboolean
ae_gate_judge (AeGate * gate, AeWeights * candidate, guint n,
    AeGateFunc func, gpointer data, const gint * cancelled,
    AeGateVerdict * verdict)
{
  g_auto (AeTensor) grey = AE_TENSOR_INIT;
  double sum[2] = { 0.0 }, gain = 0.0, gain2 = 0.0, squares = 0.0;
  double unused = 0.0;
  float weight[BATCH];
  guint n_counted = 0;

  if (n < MIN_SAMPLES)
    return FALSE;
  for (guint begin = 0; begin < n; begin += BATCH) {
    double loss[BATCH] = { 0.0 };
    const AeTensor *out;

    if (g_atomic_int_get (cancelled))
      return FALSE;
    fill_batch (gate, begin, n, func, data, weight);
    out = run (gate, candidate);
    for (guint i = 0; i < BATCH; i++) {
      if (weight[i] > 0.0f)
        loss[i] = sample_loss (gate, out, i, &squares);
    }
    out = gate->best ? run (gate, gate->best) : do_nothing (gate, &grey);
    for (guint i = 0; i < BATCH; i++) {
      double best;

      if (!(weight[i] > 0.0f))
        continue;
      best = sample_loss (gate, out, i, &unused);
      sum[0] += loss[i];
      sum[1] += best;
      gain += best - loss[i];
      gain2 += (best - loss[i]) * (best - loss[i]);
      n_counted++;
    }
  }
  if (n_counted < MIN_SAMPLES)
    return FALSE;
  gain /= n_counted;
  verdict->candidate = sum[0] / n_counted;
  verdict->best = sum[1] / n_counted;
  verdict->gain = gain;
  verdict->deviation = sqrt (MAX (gain2 / n_counted - gain * gain, 0.0)
      / n_counted);
  verdict->psnr = -10.0 * log10 (MAX (squares / n_counted, 1e-10));
  if (gate->first < 0.0)
    gate->first = gate->best ? verdict->best
        : MAX (verdict->best, verdict->candidate);
  verdict->first = gate->first;
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
