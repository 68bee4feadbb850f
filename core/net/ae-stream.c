/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-stream.h"
#include "ae-error.h"
#include "ae-kernels.h"

#include <math.h>
#include <string.h>

/* What one layer keeps. */
typedef struct
{
  float *packed;                /* pointwise: the weights as gemv() has them */
  gint8 *bytes;                 /* or as gemv_bytes() has them */
  float *scale;
  gint16 *shorts;               /* their input */
  float *past;                  /* causal: its last (K - 1) D inputs, in a ring */
  float *taps;                  /* its weights, [K][C] */
  AeTensor out;
  const AeTensor *value;        /* the output, that of another layer in `save` */
} Step;

struct _AeStream
{
  AeArchitecture *architecture;
  AeWeights *weights;
  AeTensor in, scratch;
  Step *steps;                  /* one a layer */
  guint64 n_steps;
};

static gboolean
is_layer (const AeLayer * layer, const gchar * name)
{
  return strcmp (layer->ops->name, name) == 0;
}

static gboolean
is_pointwise (const AeLayer * layer)
{
  return is_layer (layer, "conv") && layer->kernel == 1 && layer->stride == 1;
}

static gboolean
check_layers (const AeArchitecture * architecture, GError ** error)
{
  static const gchar *const others[] = {
    "causal", "norm", "save", "add", "concat", "dropout", NULL
  };

  for (guint i = 0; i < architecture->n_layers; i++) {
    const AeLayer *layer = &architecture->layers[i];

    if (!is_pointwise (layer) && !g_strv_contains (others, layer->ops->name)) {
      g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
          "column %u: %s cannot be run step by step, expected conv 1x1, causal, "
          "norm, save, add, concat or dropout", layer->column,
          layer->ops->name);
      return FALSE;
    }
  }
  if (architecture->input.h == 0)
    return TRUE;
  g_set_error (error, AE_ERROR, AE_ERROR_UNSUPPORTED,
      "a model for %ux%u (height x width), expected one for any size",
      architecture->input.h, architecture->input.w);
  return FALSE;
}

static guint
n_past (const AeLayer * layer)
{
  return (layer->kernel - 1) * layer->stride;
}

static gpointer
alloc_zeros (gsize n, gsize size_bytes)
{
  gpointer data = ae_aligned_try_alloc0 (MAX (n, 1) * size_bytes);

  if (data == NULL)
    g_error ("no memory for %" G_GSIZE_FORMAT " numbers", n);
  return data;
}

static void
alloc_weights (Step * step, const AeLayer * layer, AeStreamPrecision precision)
{
  guint m = layer->out.c, k = layer->in.c;

  if (precision == AE_STREAM_BYTES) {
    guint columns = ae_kernels_gemv_columns (k);

    step->bytes = alloc_zeros (ae_kernels_gemv_size (m, columns), 1);
    step->scale = alloc_zeros (m, sizeof (float));
    step->shorts = alloc_zeros (columns, sizeof (gint16));
  } else {
    step->packed = alloc_zeros (ae_kernels_gemv_size (m, k), sizeof (float));
  }
}

AeStream *
ae_stream_new (AeArchitecture * architecture, AeWeights * weights,
    AeStreamPrecision precision, GError ** error)
{
  AeStream *stream;

  g_return_val_if_fail (weights->n == architecture->n_weights, NULL);
  if (!check_layers (architecture, error))
    return NULL;
  stream = g_new0 (AeStream, 1);
  stream->architecture = ae_architecture_ref (architecture);
  stream->steps = g_new0 (Step, architecture->n_layers);
  ae_tensor_resize (&stream->in, architecture->input.c, 1, 1, 1);
  for (guint i = 0; i < architecture->n_layers; i++) {
    const AeLayer *layer = &architecture->layers[i];
    Step *step = &stream->steps[i];

    ae_tensor_resize (&step->out, layer->out.c, 1, 1, 1);
    if (is_pointwise (layer)) {
      alloc_weights (step, layer, precision);
    } else if (is_layer (layer, "causal")) {
      step->past = alloc_zeros ((gsize) n_past (layer) * layer->in.c,
          sizeof (float));
      step->taps = alloc_zeros ((gsize) layer->kernel * layer->in.c,
          sizeof (float));
    }
  }
  ae_stream_set_weights (stream, weights);
  return stream;
}

void
ae_stream_free (AeStream * stream)
{
  if (stream == NULL)
    return;
  for (guint i = 0; i < stream->architecture->n_layers; i++) {
    ae_aligned_free (stream->steps[i].packed);
    ae_aligned_free (stream->steps[i].bytes);
    ae_aligned_free (stream->steps[i].scale);
    ae_aligned_free (stream->steps[i].shorts);
    ae_aligned_free (stream->steps[i].past);
    ae_aligned_free (stream->steps[i].taps);
    ae_tensor_clear (&stream->steps[i].out);
  }
  g_free (stream->steps);
  ae_tensor_clear (&stream->in);
  ae_tensor_clear (&stream->scratch);
  ae_weights_unref (stream->weights);
  ae_architecture_unref (stream->architecture);
  g_free (stream);
}

/* [C][K] -> [K][C] */
static void
pack_taps (const AeLayer * layer, const float *weight, float *taps)
{
  for (guint k = 0; k < layer->kernel; k++) {
    for (guint c = 0; c < layer->in.c; c++)
      *taps++ = weight[c * layer->kernel + k];
  }
}

void
ae_stream_set_weights (AeStream * stream, AeWeights * weights)
{
  const AeArchitecture *architecture = stream->architecture;

  g_return_if_fail (weights->n == architecture->n_weights);
  for (guint i = 0; i < architecture->n_layers; i++) {
    const AeLayer *layer = &architecture->layers[i];
    const float *matrix = weights->data + layer->params[AE_PARAM_WEIGHT].offset;
    Step *step = &stream->steps[i];

    if (step->packed)
      ae_kernels_gemv_pack (layer->out.c, layer->in.c, matrix, step->packed);
    else if (step->bytes)
      ae_kernels_gemv_pack_bytes (layer->out.c, layer->in.c, matrix,
          step->bytes, step->scale);
    else if (step->taps)
      pack_taps (layer, matrix, step->taps);
  }
  ae_weights_ref (weights);
  ae_weights_unref (stream->weights);
  stream->weights = weights;
}

void
ae_stream_reset (AeStream * stream)
{
  for (guint i = 0; i < stream->architecture->n_layers; i++) {
    const AeLayer *layer = &stream->architecture->layers[i];

    if (stream->steps[i].past)
      memset (stream->steps[i].past, 0,
          (gsize) n_past (layer) * layer->in.c * sizeof (float));
  }
  stream->n_steps = 0;
}

static void
add_tap (guint n, const float *restrict weight, const float *restrict in,
    float *restrict out)
{
  for (guint c = 0; c < n; c++)
    out[c] += weight[c] * in[c];
}

/* @in is the input of this step; then the ring has it in place of the oldest. */
static void
causal_step (const AeStream * stream, const AeLayer * layer, const Step * step,
    const float *bias, const float *in, float *out)
{
  guint n = layer->in.c, size = n_past (layer);

  memcpy (out, bias, n * sizeof (float));
  for (guint k = 0; k < layer->kernel; k++) {
    guint back = (layer->kernel - 1 - k) * layer->stride;
    const float *then = back == 0 ? in :
        step->past + (gsize) ((stream->n_steps + size - back) % size) * n;

    add_tap (n, step->taps + (gsize) k * n, then, out);
  }
  if (size > 0)
    memcpy (step->past + (gsize) (stream->n_steps % size) * n, in,
        n * sizeof (float));
}

#define LANES 16                /* sums at a time, so that they become vectors */

/* Returns: the mean of (x - @center)^@power, which is 1 or 2. */
static inline float
moment (const float *x, guint n, float center, guint power)
{
  float sums[LANES] = { 0.0f }, sum = 0.0f;
  guint i = 0;

  for (; i + LANES <= n; i += LANES) {
    for (guint j = 0; j < LANES; j++) {
      float d = x[i + j] - center;

      sums[j] += power == 1 ? d : d * d;
    }
  }
  for (; i < n; i++)
    sum += power == 1 ? x[i] - center : (x[i] - center) * (x[i] - center);
  for (guint j = 0; j < LANES; j++)
    sum += sums[j];
  return sum / (float) n;
}

/* As the layer does, which is made for many positions. */
static void
norm_step (const AeLayerPass * pass)
{
  const float *x = pass->in->data;
  guint n = pass->in->c;
  float mean = moment (x, n, 0.0f, 1);
  float inverse = 1.0f / sqrtf (moment (x, n, mean, 2) + AE_NORM_EPSILON);

  for (guint c = 0; c < n; c++)
    pass->out->data[c] = (x[c] - mean) * inverse * pass->weight[c]
        + pass->bias[c];
}

static void
run_layer (AeStream * stream, guint i)
{
  const AeLayer *layer = &stream->architecture->layers[i];
  const AeParam *weight = &layer->params[AE_PARAM_WEIGHT];
  const AeParam *bias = &layer->params[AE_PARAM_BIAS];
  Step *step = &stream->steps[i];
  AeLayerPass pass = {
    .layer = layer,
    .weight = stream->weights->data + weight->offset,
    .bias = stream->weights->data + bias->offset,
    .in = i > 0 ? stream->steps[i - 1].value : &stream->in,
    .out = &step->out,
    .saved = layer->i_saved >= 0 ? stream->steps[layer->i_saved].value : NULL,
    .scratch = &stream->scratch,
  };

  step->value = &step->out;
  /* outside of training, dropout changes nothing */
  if (layer->ops->forward == NULL || is_layer (layer, "dropout")) {
    step->value = pass.in;
    return;
  }
  if (step->packed)
    ae_kernels ()->gemv (layer->out.c, layer->in.c, step->packed, pass.bias,
        pass.in->data, step->out.data);
  else if (step->bytes)
    ae_kernels ()->gemv_bytes (layer->out.c, layer->in.c, step->bytes,
        step->scale, pass.bias, pass.in->data, step->shorts, step->out.data);
  else if (step->past)
    causal_step (stream, layer, step, pass.bias, pass.in->data, step->out.data);
  else if (is_layer (layer, "norm"))
    norm_step (&pass);
  else
    layer->ops->forward (&pass);
  ae_activation_forward (layer->activation, step->out.data, layer->out.c);
}

const float *
ae_stream_step (AeStream * stream, const float *in)
{
  guint n = stream->architecture->n_layers;

  memcpy (stream->in.data, in, stream->in.c * sizeof (float));
  for (guint i = 0; i < n; i++)
    run_layer (stream, i);
  stream->n_steps++;
  return stream->steps[n - 1].value->data;
}
