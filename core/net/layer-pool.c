/* pool max|avg R: R x R pixels -> their largest or mean; upsample R: each pixel
 * R x R times. SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-layer.h"

#include <string.h>

static gboolean
pool_out_size (const AeLayer * layer, guint in, guint * out)
{
  *out = in / layer->stride;
  return *out > 0 && in % layer->stride == 0;
}

static gboolean
same_channels_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  layer->out.c = layer->in.c;
  return ae_layer_prepare_size (layer, error);
}

/* The [n] values of pixel (@y, @x) of channel @c. */
static inline float *
pixel (const AeTensor * t, guint c, guint y, guint x)
{
  return ae_tensor_row (t, c, y) + (gsize) x *t->n;
}

/* The largest of each block, in @out. */
static void
max_block (const AeTensor * in, guint c, guint y, guint x, guint r, float *out)
{
  memcpy (out, pixel (in, c, y, x), in->n * sizeof (float));
  for (guint k = 1; k < r * r; k++) {
    const float *from = pixel (in, c, y + k / r, x + k % r);

    for (guint i = 0; i < in->n; i++)
      out[i] = from[i] > out[i] ? from[i] : out[i];
  }
}

/* The sum of each block, times @scale. */
static void
sum_block (const AeTensor * in, guint c, guint y, guint x, guint r,
    float scale, float *out)
{
  memset (out, 0, in->n * sizeof (float));
  for (guint k = 0; k < r * r; k++) {
    const float *from = pixel (in, c, y + k / r, x + k % r);

    for (guint i = 0; i < in->n; i++)
      out[i] += from[i];
  }
  for (guint i = 0; i < in->n; i++)
    out[i] *= scale;
}

/* @out gives its gradient to the first pixel that equals it. */
static void
max_block_backward (const AeTensor * in, const float *out, const float *grad,
    guint c, guint y, guint x, guint r, AeTensor * grad_in)
{
  for (guint i = 0; i < in->n; i++) {
    gboolean given = FALSE;

    for (guint k = 0; k < r * r; k++) {
      gboolean takes = !given
          && pixel (in, c, y + k / r, x + k % r)[i] == out[i];

      pixel (grad_in, c, y + k / r, x + k % r)[i] = takes ? grad[i] : 0.0f;
      given |= takes;
    }
  }
}

/* Each pixel of the block becomes @from times @scale. */
static void
fill_block (const AeTensor * to, guint c, guint y, guint x, guint r,
    float scale, const float *from)
{
  for (guint k = 0; k < r * r; k++) {
    float *out = pixel (to, c, y + k / r, x + k % r);

    for (guint i = 0; i < to->n; i++)
      out[i] = scale * from[i];
  }
}

#define FOR_EACH_PIXEL(t) \
  for (guint c = 0; c < (t)->c; c++) \
    for (guint y = 0; y < (t)->h; y++) \
      for (guint x = 0; x < (t)->w; x++)

static void
pool_forward (const AeLayerPass * pass)
{
  guint r = pass->layer->stride;

  FOR_EACH_PIXEL (pass->out) {
    float *out = pixel (pass->out, c, y, x);

    if (pass->layer->average)
      sum_block (pass->in, c, y * r, x * r, r, 1.0f / (float) (r * r), out);
    else
      max_block (pass->in, c, y * r, x * r, r, out);
  }
}

static void
pool_backward (const AeLayerPass * pass)
{
  guint r = pass->layer->stride;

  if (pass->grad_in == NULL)
    return;
  FOR_EACH_PIXEL (pass->grad_out) {
    const float *grad = pixel (pass->grad_out, c, y, x);

    if (pass->layer->average)
      fill_block (pass->grad_in, c, y * r, x * r, r, 1.0f / (float) (r * r),
          grad);
    else
      max_block_backward (pass->in, pixel (pass->out, c, y, x), grad, c, y * r,
          x * r, r, pass->grad_in);
  }
}

static gboolean
upsample_out_size (const AeLayer * layer, guint in, guint * out)
{
  *out = in * layer->stride;
  return TRUE;
}

static void
upsample_forward (const AeLayerPass * pass)
{
  guint r = pass->layer->stride;

  FOR_EACH_PIXEL (pass->in)
      fill_block (pass->out, c, y * r, x * r, r, 1.0f, pixel (pass->in, c, y,
          x));
}

static void
upsample_backward (const AeLayerPass * pass)
{
  guint r = pass->layer->stride;

  if (pass->grad_in == NULL)
    return;
  FOR_EACH_PIXEL (pass->grad_in)
      sum_block (pass->grad_out, c, y * r, x * r, r, 1.0f,
      pixel (pass->grad_in, c, y, x));
}

extern const AeLayerOps ae_layer_pool, ae_layer_upsample;
const AeLayerOps ae_layer_pool = {
  .name = "pool",
  .arguments = AE_ARGUMENTS_POOL,
  .prepare = same_channels_prepare,
  .out_size = pool_out_size,
  .forward = pool_forward,
  .backward = pool_backward,
};

const AeLayerOps ae_layer_upsample = {
  .name = "upsample",
  .arguments = AE_ARGUMENTS_COUNT,
  .is_linear = TRUE,
  .prepare = same_channels_prepare,
  .out_size = upsample_out_size,
  .forward = upsample_forward,
  .backward = upsample_backward,
};
