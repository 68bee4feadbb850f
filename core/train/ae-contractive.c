/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-contractive.h"
#include "ae-error.h"
#include "ae-gemm.h"

#include <string.h>

/* Of one layer a = f (z), z = W x + b, for one vector v. */
typedef struct
{
  AeTensor from_code;           /* s: J' v as far as the output a */
  AeTensor from_z;              /* q = f'(z) s: as far as z */
  AeTensor grad_z;              /* gradient of |J' v|^2 by way of f'(z) */
} Layer;

struct _AeContractive
{
  AeArchitecture *architecture;
  Layer *layers;                /* of the encoder */
  AeTensor to_code[2];          /* p: 2 J' v pushed forward again */
  AeTensor at_input;            /* J' v */
  AeTensor grads[2], scratch;
  float *zeros;                 /* instead of a bias */
};

AeContractive *
ae_contractive_new (AeArchitecture * architecture, GError ** error)
{
  AeContractive *contractive;
  gsize n_zeros = 0;

  for (guint i = 0; i < architecture->n_encoder; i++) {
    const AeLayer *layer = &architecture->layers[i];

    if (!layer->ops->is_linear) {
      g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
          "column %u: found %s in the encoder, the contractive penalty is for "
          "encoders of dense, conv, deconv, shuffle, unshuffle and upsample",
          layer->column, layer->ops->name);
      return NULL;
    }
    n_zeros = MAX (n_zeros, layer->params[AE_PARAM_BIAS].size);
  }
  contractive = g_new0 (AeContractive, 1);
  contractive->architecture = ae_architecture_ref (architecture);
  contractive->layers = g_new0 (Layer, architecture->n_encoder);
  contractive->zeros = g_new0 (float, n_zeros);
  return contractive;
}

void
ae_contractive_free (AeContractive * contractive)
{
  if (contractive == NULL)
    return;
  for (guint i = 0; i < contractive->architecture->n_encoder; i++) {
    ae_tensor_clear (&contractive->layers[i].from_code);
    ae_tensor_clear (&contractive->layers[i].from_z);
    ae_tensor_clear (&contractive->layers[i].grad_z);
  }
  for (guint i = 0; i < 2; i++) {
    ae_tensor_clear (&contractive->to_code[i]);
    ae_tensor_clear (&contractive->grads[i]);
  }
  ae_tensor_clear (&contractive->at_input);
  ae_tensor_clear (&contractive->scratch);
  ae_architecture_unref (contractive->architecture);
  g_free (contractive->layers);
  g_free (contractive->zeros);
  g_free (contractive);
}

static double
sum_of_squares (const AeTensor * t)
{
  gsize n = ae_tensor_size (t);
  double sum = 0.0;

  for (gsize i = 0; i < n; i++)
    sum += (double) t->data[i] * (double) t->data[i];
  return sum;
}

/* The linear part of layer @i at @in. */
static AeLayerPass
linear_pass (AeContractive * contractive, guint i, const float *weights,
    const AeTensor * in)
{
  const AeLayer *layer = &contractive->architecture->layers[i];
  AeLayerPass pass = { 0 };

  pass.layer = layer;
  if (layer->params[AE_PARAM_WEIGHT].size > 0)
    pass.weight = weights + layer->params[AE_PARAM_WEIGHT].offset;
  pass.bias = contractive->zeros;
  pass.in = in;
  pass.scratch = &contractive->scratch;
  return pass;
}

static float *
grad_of (const AeLayer * layer, guint i_param, float *grad_weights)
{
  const AeParam *param = &layer->params[i_param];

  return param->size > 0 ? grad_weights + param->offset : NULL;
}

/* J' v from the code back to the input. */
static void
pull_back (AeContractive * contractive, const AeTape * tape,
    const float *weights)
{
  for (guint i = contractive->architecture->n_encoder; i-- > 0;) {
    Layer *layer = &contractive->layers[i];
    const AeTensor *in = ae_tape_input (tape, i);
    AeTensor *to = i > 0 ? &contractive->layers[i - 1].from_code
        : &contractive->at_input;
    AeLayerPass pass = linear_pass (contractive, i, weights, in);

    ae_tensor_copy (&layer->from_z, &layer->from_code);
    ae_activation_backward (pass.layer->activation,
        ae_tape_output (tape, i)->data, layer->from_z.data,
        ae_tensor_size (&layer->from_z));
    ae_tensor_resize_like (to, in);
    pass.grad_out = &layer->from_z;
    pass.grad_in = to;
    pass.layer->ops->backward (&pass);
  }
}

/* p = @scale 2 J' v from the input forward: gives the gradient with respect to
 * the W of the pass back, q p', and to the z of its f', f''(z) s (W p). */
static void
push_forward (AeContractive * contractive, const AeTape * tape,
    const float *weights, float scale, float *grad_weights)
{
  AeTensor *p = &contractive->to_code[0], *next = &contractive->to_code[1];

  ae_tensor_copy (p, &contractive->at_input);
  for (gsize k = 0; k < ae_tensor_size (p); k++)
    p->data[k] *= 2.0f * scale;
  for (guint i = 0; i < contractive->architecture->n_encoder; i++) {
    Layer *layer = &contractive->layers[i];
    const AeTensor *out = ae_tape_output (tape, i);
    gsize n = ae_tensor_size (out);
    AeLayerPass pass = linear_pass (contractive, i, weights, p);
    AeTensor *swap;

    pass.grad_out = &layer->from_z;
    pass.grad_weight = grad_of (pass.layer, AE_PARAM_WEIGHT, grad_weights);
    pass.layer->ops->backward (&pass);

    ae_tensor_resize_like (next, out);
    pass.out = next;
    pass.layer->ops->forward (&pass);
    ae_tensor_copy (&layer->grad_z, next);
    ae_activation_curve (pass.layer->activation, out->data,
        layer->grad_z.data, n);
    for (gsize k = 0; k < n; k++)
      layer->grad_z.data[k] *= layer->from_code.data[k];
    ae_activation_backward (pass.layer->activation, out->data, next->data, n);
    swap = p;
    p = next;
    next = swap;
  }
}

/* The gradient with respect to all z, on to the weights that made them. */
static void
backward (AeContractive * contractive, const AeTape * tape,
    const float *weights, float *grad_weights)
{
  AeTensor *grad = &contractive->grads[0], *next = &contractive->grads[1];
  guint n = contractive->architecture->n_encoder;

  for (guint i = n; i-- > 0;) {
    Layer *layer = &contractive->layers[i];
    const AeTensor *in = ae_tape_input (tape, i);
    AeLayerPass pass = linear_pass (contractive, i, weights, in);
    AeTensor *swap;

    if (i + 1 == n) {
      ae_tensor_copy (grad, &layer->grad_z);
    } else {
      ae_activation_backward (pass.layer->activation,
          ae_tape_output (tape, i)->data, grad->data, ae_tensor_size (grad));
      for (gsize k = 0; k < ae_tensor_size (grad); k++)
        grad->data[k] += layer->grad_z.data[k];
    }
    pass.grad_out = grad;
    pass.grad_weight = grad_of (pass.layer, AE_PARAM_WEIGHT, grad_weights);
    pass.grad_bias = grad_of (pass.layer, AE_PARAM_BIAS, grad_weights);
    if (i > 0) {
      ae_tensor_resize_like (next, in);
      pass.grad_in = next;
    }
    pass.layer->ops->backward (&pass);
    swap = grad;
    grad = next;
    next = swap;
  }
}

/* One dense layer: sum f'(z_j)^2 |w_j|^2. */
static double
closed_form (AeContractive * contractive, const AeTape * tape,
    const float *weights, float scale, float *grad_weights)
{
  const AeLayer *layer = &contractive->architecture->layers[0];
  const AeTensor *in = ae_tape_input (tape, 0), *out = ae_tape_output (tape, 0);
  const float *w = weights + layer->params[AE_PARAM_WEIGHT].offset;
  guint n = out->n, n_in = layer->params[AE_PARAM_WEIGHT].shape[1];
  AeTensor *slope = &contractive->grads[0], *curve = &contractive->grads[1];
  double sum = 0.0;

  ae_tensor_resize_like (slope, out);
  for (gsize k = 0; k < ae_tensor_size (out); k++)
    slope->data[k] = 1.0f;
  ae_activation_backward (layer->activation, out->data, slope->data,
      ae_tensor_size (out));
  ae_tensor_copy (curve, slope);
  ae_activation_curve (layer->activation, out->data, curve->data,
      ae_tensor_size (out));
  for (guint j = 0; j < out->c; j++) {
    const float *wj = w + (gsize) j * n_in, *f1 = slope->data + (gsize) j *n;
    float *f1f2 = curve->data + (gsize) j * n;
    float length2 = 0.0f, slope2 = 0.0f;

    for (guint i = 0; i < n_in; i++)
      length2 += wj[i] * wj[i];
    for (guint i = 0; i < n; i++) {
      slope2 += f1[i] * f1[i];
      f1f2[i] *= 2.0f * scale * length2;
    }
    sum += (double) slope2 *(double) length2;
    if (grad_weights) {
      float *grad_w = grad_weights + layer->params[AE_PARAM_WEIGHT].offset;
      float *grad_b = grad_weights + layer->params[AE_PARAM_BIAS].offset;

      for (guint i = 0; i < n_in; i++)
        grad_w[(gsize) j * n_in + i] += 2.0f * scale * slope2 * wj[i];
      for (guint i = 0; i < n; i++)
        grad_b[j] += f1f2[i];
    }
  }
  if (grad_weights)
    ae_gemm (FALSE, TRUE, out->c, n_in, n, 1.0f, curve->data, n, in->data, n,
        1.0f, grad_weights + layer->params[AE_PARAM_WEIGHT].offset, n_in);
  return sum;
}

/* One vector for each sample: unit vector @unit, or of +1 and -1. */
static void
draw_vector (AeTensor * v, const AeTensor * like, gsize unit, AeRng * rng)
{
  ae_tensor_resize_like (v, like);
  if (rng) {
    for (gsize i = 0; i < ae_tensor_size (v); i++)
      v->data[i] = ae_rng_uniform (rng) < 0.5f ? -1.0f : 1.0f;
    return;
  }
  ae_tensor_zero (v);
  for (guint i = 0; i < v->n; i++)
    v->data[unit * v->n + i] = 1.0f;
}

double
ae_contractive_run (AeContractive * contractive, const AeTape * tape,
    const float *weights, guint n_probes, AeRng * rng, float scale,
    float *grad_weights)
{
  const AeArchitecture *architecture = contractive->architecture;
  const AeTensor *code = ae_tape_code (tape);
  gsize n = n_probes > 0 ? n_probes : ae_tensor_size (code) / code->n;
  double sum = 0.0;

  g_return_val_if_fail (n_probes == 0 || rng != NULL, 0.0);
  if (n_probes == 0 && architecture->n_encoder == 1
      && architecture->layers[0].params[AE_PARAM_WEIGHT].rank == 2)
    return closed_form (contractive, tape, weights, scale, grad_weights);
  if (n_probes > 0)
    scale /= (float) n_probes;
  for (gsize i = 0; i < n; i++) {
    draw_vector (&contractive->layers[architecture->n_encoder - 1].from_code,
        code, i, n_probes > 0 ? rng : NULL);
    pull_back (contractive, tape, weights);
    sum += sum_of_squares (&contractive->at_input);
    if (grad_weights == NULL)
      continue;
    push_forward (contractive, tape, weights, scale, grad_weights);
    backward (contractive, tape, weights, grad_weights);
  }
  return n_probes > 0 ? sum / n_probes : sum;
}
