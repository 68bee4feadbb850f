/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-tape.h"

#include <string.h>

struct _AeTape
{
  AeArchitecture *architecture;
  AeTensor *outs;               /* one a layer; unused where the output is the
                                 * input, as in `save` */
  AeTensor *kept;               /* one a layer: AeLayerPass.kept */
  AeTensor *grad_saved;         /* one a layer, used for `save` */
  const AeTensor **values;      /* the output of each layer */
  AeTensor grads[2];            /* of the current layer's output and input */
  AeTensor scratch;
  const AeTensor *in, *condition;
  AeRng *rng;
};

AeTape *
ae_tape_new (AeArchitecture * architecture)
{
  AeTape *tape = g_new0 (AeTape, 1);

  tape->architecture = ae_architecture_ref (architecture);
  tape->outs = g_new0 (AeTensor, architecture->n_layers);
  tape->kept = g_new0 (AeTensor, architecture->n_layers);
  tape->grad_saved = g_new0 (AeTensor, architecture->n_layers);
  tape->values = g_new0 (const AeTensor *, architecture->n_layers);
  return tape;
}

void
ae_tape_free (AeTape * tape)
{
  if (tape == NULL)
    return;
  for (guint i = 0; i < tape->architecture->n_layers; i++) {
    ae_tensor_clear (&tape->outs[i]);
    ae_tensor_clear (&tape->kept[i]);
    ae_tensor_clear (&tape->grad_saved[i]);
  }
  ae_tensor_clear (&tape->grads[0]);
  ae_tensor_clear (&tape->grads[1]);
  ae_tensor_clear (&tape->scratch);
  g_free (tape->outs);
  g_free (tape->kept);
  g_free (tape->grad_saved);
  g_free (tape->values);
  ae_architecture_unref (tape->architecture);
  g_free (tape);
}

void
ae_tape_set_random (AeTape * tape, AeRng * rng)
{
  tape->rng = rng;
}

static const AeTensor *
input_of (const AeTape * tape, guint i)
{
  return i > 0 ? tape->values[i - 1] : tape->in;
}

static void
fill_pass (AeTape * tape, guint i, const float *weights, AeLayerPass * pass)
{
  const AeLayer *layer = &tape->architecture->layers[i];
  const AeParam *weight = &layer->params[AE_PARAM_WEIGHT];
  const AeParam *bias = &layer->params[AE_PARAM_BIAS];

  *pass = (AeLayerPass) {
  .layer = layer,.weight =
        weight->size ? weights + weight->offset : NULL,.bias =
        bias->size ? weights + bias->offset : NULL,.in =
        input_of (tape, i),.out = &tape->outs[i],.saved =
        layer->i_saved >= 0 ? tape->values[layer->i_saved] : NULL,.condition =
        tape->condition,.rng = tape->rng,.kept =
        &tape->kept[i],.scratch = &tape->scratch,};
}

/* Layers @begin to @end; the input of the first is there. */
static const AeTensor *
run_layers (AeTape * tape, const float *weights, guint begin, guint end)
{
  for (guint i = begin; i < end; i++) {
    const AeLayer *layer = &tape->architecture->layers[i];
    const AeTensor *value = input_of (tape, i);
    AeLayerPass pass;
    guint h, w;

    if (layer->ops->forward == NULL) {
      tape->values[i] = value;
      continue;
    }
    if (!ae_layer_out_size (layer, value->h, value->w, &h, &w))
      g_return_val_if_reached (NULL);
    ae_tensor_resize (&tape->outs[i], layer->out.c, h, w, value->n);
    fill_pass (tape, i, weights, &pass);
    layer->ops->forward (&pass);
    ae_activation_forward (layer->activation, tape->outs[i].data,
        ae_tensor_size (&tape->outs[i]));
    tape->values[i] = &tape->outs[i];
  }
  return tape->values[end - 1];
}

static gboolean
set_input (AeTape * tape, const AeTensor * in, const AeTensor * condition)
{
  const AeArchitecture *architecture = tape->architecture;

  g_return_val_if_fail (architecture->n_given == 0 || (condition != NULL
          && condition->c == architecture->n_given
          && condition->n == in->n), FALSE);
  tape->in = in;
  tape->condition = condition;
  return TRUE;
}

const AeTensor *
ae_tape_forward (AeTape * tape, const float *weights, const AeTensor * in,
    const AeTensor * condition)
{
  g_return_val_if_fail (in->c == tape->architecture->input.c, NULL);
  if (!set_input (tape, in, condition))
    return NULL;
  return run_layers (tape, weights, 0, tape->architecture->n_layers);
}

const AeTensor *
ae_tape_encode (AeTape * tape, const float *weights, const AeTensor * in,
    const AeTensor * condition)
{
  g_return_val_if_fail (in->c == tape->architecture->input.c, NULL);
  if (!set_input (tape, in, condition))
    return NULL;
  return run_layers (tape, weights, 0, tape->architecture->n_encoder);
}

const AeTensor *
ae_tape_decode (AeTape * tape, const float *weights, const AeTensor * code,
    const AeTensor * condition)
{
  const AeArchitecture *architecture = tape->architecture;
  guint n_encoder = architecture->n_encoder;

  g_return_val_if_fail (ae_architecture_decodes_alone (architecture), NULL);
  g_return_val_if_fail (code->c == architecture->layers[n_encoder - 1].out.c,
      NULL);
  if (!set_input (tape, code, condition))
    return NULL;
  tape->values[n_encoder - 1] = code;
  return run_layers (tape, weights, n_encoder, architecture->n_layers);
}

const AeTensor *
ae_tape_input (const AeTape * tape, guint i)
{
  return input_of (tape, i);
}

const AeTensor *
ae_tape_output (const AeTape * tape, guint i)
{
  return tape->values[i];
}

const AeTensor *
ae_tape_gaussian (const AeTape * tape)
{
  gint i = ae_architecture_i_gaussian (tape->architecture);

  return i >= 0 ? &tape->kept[i] : NULL;
}

double
ae_tape_kl (AeTape * tape)
{
  gint i = ae_architecture_i_gaussian (tape->architecture);
  AeLayerPass pass = { 0 };

  if (i < 0)
    return 0.0;
  pass.layer = &tape->architecture->layers[i];
  pass.kept = &tape->kept[i];
  return pass.layer->ops->penalty (&pass);
}

const AeTensor *
ae_tape_code (const AeTape * tape)
{
  return tape->values[tape->architecture->n_encoder - 1];
}

static void
add_to (float *to, const float *from, gsize n)
{
  for (gsize i = 0; i < n; i++)
    to[i] += from[i];
}

/* @tape->grads[0] is the gradient of layer @i's output; swaps in that of its
 * input. */
static void
backward_layer (AeTape * tape, guint i, const float *weights, float scale,
    gboolean wants_grad_in, float *grad_weights)
{
  const AeLayer *layer = &tape->architecture->layers[i];
  AeTensor *grad = &tape->grads[0], *next = &tape->grads[1], swap;
  AeLayerPass pass;

  if (layer->ops->forward == NULL) {
    add_to (grad->data, tape->grad_saved[i].data, ae_tensor_size (grad));
    return;
  }
  fill_pass (tape, i, weights, &pass);
  ae_activation_backward (layer->activation, tape->outs[i].data, grad->data,
      ae_tensor_size (grad));
  pass.grad_out = grad;
  pass.penalty_scale = scale;
  if (wants_grad_in) {
    ae_tensor_resize_like (next, pass.in);
    pass.grad_in = next;
  }
  if (layer->i_saved >= 0)
    pass.grad_saved = &tape->grad_saved[layer->i_saved];
  if (pass.weight)
    pass.grad_weight = grad_weights + layer->params[AE_PARAM_WEIGHT].offset;
  if (pass.bias)
    pass.grad_bias = grad_weights + layer->params[AE_PARAM_BIAS].offset;
  layer->ops->backward (&pass);
  swap = *grad;
  *grad = *next;
  *next = swap;
}

void
ae_tape_backward_from (AeTape * tape, const float *weights,
    const AeTapeGradients * gradients, float *grad_weights, AeTensor * grad_in)
{
  AeArchitecture *architecture = tape->architecture;
  AeTensor *grad = &tape->grads[0];

  g_return_if_fail (grad_in == NULL || gradients->n_frozen == 0);
  for (guint i = 0; i < architecture->n_layers; i++) {
    if (architecture->layers[i].ops->forward == NULL) {
      ae_tensor_resize_like (&tape->grad_saved[i], tape->values[i]);
      ae_tensor_zero (&tape->grad_saved[i]);
    }
  }
  ae_tensor_copy (grad, gradients->out);
  for (guint i = architecture->n_layers; i-- > gradients->n_frozen;) {
    if (i + 1 == architecture->n_encoder && gradients->code)
      add_to (grad->data, gradients->code->data, ae_tensor_size (grad));
    backward_layer (tape, i, weights, gradients->kl,
        i > gradients->n_frozen || grad_in != NULL, grad_weights);
  }
  if (grad_in)
    ae_tensor_copy (grad_in, grad);
}

void
ae_tape_backward (AeTape * tape, const float *weights,
    const AeTensor * grad_out, float *grad_weights, AeTensor * grad_in)
{
  const AeTapeGradients gradients = { grad_out, NULL, 0.0f, 0 };

  ae_tape_backward_from (tape, weights, &gradients, grad_weights, grad_in);
}
