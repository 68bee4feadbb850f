/* unshuffle R, shuffle R: R x R pixels <-> R * R channels (Shi et al. 2016).
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-error.h"
#include "ae-layer.h"

#include <string.h>

/* Copies between @fine [c][h * r][w * r][n] and @coarse [c * r * r][h][w][n],
 * channel c * r * r + i * r + j holding the pixels (y * r + i, x * r + j). */
static void
rearrange (const AeTensor * fine, const AeTensor * coarse, guint r,
    gboolean to_fine)
{
  guint n = fine->n;

  for (guint k = 0; k < coarse->c; k++) {
    guint c = k / (r * r), i = k / r % r, j = k % r;

    for (guint y = 0; y < coarse->h; y++) {
      float *f = ae_tensor_row (fine, c, y * r + i) + (gsize) j * n;
      float *p = ae_tensor_row (coarse, k, y);

      for (guint x = 0; x < coarse->w; x++) {
        float *fx = f + (gsize) x * r * n, *px = p + (gsize) x *n;

        if (to_fine)
          memcpy (fx, px, n * sizeof (float));
        else
          memcpy (px, fx, n * sizeof (float));
      }
    }
  }
}

static gboolean
unshuffle_out_size (const AeLayer * layer, guint in, guint * out)
{
  *out = in / layer->stride;
  return *out > 0 && in % layer->stride == 0;
}

static gboolean
unshuffle_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  guint64 n_channels = (guint64) layer->in.c * layer->stride * layer->stride;

  /* the parser refuses what is too many */
  layer->out.c = (guint) MIN (n_channels, G_MAXUINT);
  return ae_layer_prepare_size (layer, error);
}

static void
unshuffle_forward (const AeLayerPass * pass)
{
  rearrange (pass->in, pass->out, pass->layer->stride, FALSE);
}

static void
unshuffle_backward (const AeLayerPass * pass)
{
  if (pass->grad_in)
    rearrange (pass->grad_in, pass->grad_out, pass->layer->stride, TRUE);
}

static gboolean
shuffle_out_size (const AeLayer * layer, guint in, guint * out)
{
  *out = in * layer->stride;
  return TRUE;
}

static gboolean
shuffle_prepare (AeLayer * layer, const AeLayer * other, GError ** error)
{
  guint area = layer->stride * layer->stride;

  if (layer->in.c % area != 0) {
    g_set_error (error, AE_ERROR, AE_ERROR_SHAPE,
        "column %u: shuffle %u needs a multiple of %u channels, found %u",
        layer->column, layer->stride, area, layer->in.c);
    return FALSE;
  }
  layer->out.c = layer->in.c / area;
  return ae_layer_prepare_size (layer, error);
}

static void
shuffle_forward (const AeLayerPass * pass)
{
  rearrange (pass->out, pass->in, pass->layer->stride, TRUE);
}

static void
shuffle_backward (const AeLayerPass * pass)
{
  if (pass->grad_in)
    rearrange (pass->grad_out, pass->grad_in, pass->layer->stride, FALSE);
}

extern const AeLayerOps ae_layer_unshuffle, ae_layer_shuffle;
const AeLayerOps ae_layer_unshuffle = {
  .name = "unshuffle",
  .arguments = AE_ARGUMENTS_COUNT,
  .is_linear = TRUE,
  .prepare = unshuffle_prepare,
  .out_size = unshuffle_out_size,
  .forward = unshuffle_forward,
  .backward = unshuffle_backward,
};

const AeLayerOps ae_layer_shuffle = {
  .name = "shuffle",
  .arguments = AE_ARGUMENTS_COUNT,
  .is_linear = TRUE,
  .prepare = shuffle_prepare,
  .out_size = shuffle_out_size,
  .forward = shuffle_forward,
  .backward = shuffle_backward,
};
