/* The table of layer operations. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * A layer is a name in the architecture text and one AeLayerOps: how to read
 * its arguments, what it makes of a shape, which parameters it has, and its
 * forward and backward pass, which stand together in one file. Adding a layer
 * is one file and one line in ae-layer.c. */
#pragma once

#include "ae-rng.h"
#include "ae-tensor.h"

G_BEGIN_DECLS typedef enum
{
  AE_ACTIVATION_LINEAR,
  AE_ACTIVATION_RELU,
  AE_ACTIVATION_LEAKY,          /* slope 0.1 under zero */
  AE_ACTIVATION_SIGMOID,
  AE_ACTIVATION_TANH,
  AE_ACTIVATION_SOFTPLUS,
  AE_N_ACTIVATIONS
} AeActivation;

/* Shape of one sample. h = w = 0: any size, as in a convolutional model. */
typedef struct
{
  guint c, h, w;
} AeShape;

/* One parameter tensor, in PyTorch's layout. Rank 1: a bias or a gain. */
typedef struct
{
  guint rank;
  guint shape[4];
  gsize size;                   /* floats; 0 = the layer has no such tensor */
  gsize offset;                 /* floats from the start of the weights */
  gboolean shared;              /* it belongs to an earlier layer: `tied` */
} AeParam;

/* Returns: floats that a model stores for @param. */
static inline gsize
ae_param_n_stored (const AeParam * param)
{
  return param->shared ? 0 : param->size;
}

enum
{ AE_PARAM_WEIGHT, AE_PARAM_BIAS, AE_N_PARAMS };

typedef struct _AeLayerOps AeLayerOps;

/* One layer of a parsed architecture. */
typedef struct
{
  const AeLayerOps *ops;
  guint kernel;                 /* K of KxK, and of causal */
  guint stride;                 /* S of /S and *S, R of (un)shuffle, pool ...,
                                 * D of causal */
  guint channels;               /* C or N: output channels or features */
  AeActivation activation;
  gchar label[16];              /* of save, add, concat */
  gint i_saved;                 /* add, concat: which layer saved; else -1 */
  gint i_tied;                  /* tied: the layer it mirrors; else -1 */
  gboolean average;             /* pool: avg, not max */
  guint share;                  /* dropout: in ten thousandths */
  guint column;                 /* where it stands in the text, from 1 */

  AeShape in, out;
  AeParam params[AE_N_PARAMS];
} AeLayer;

/* What a pass of one layer reads and writes. Tensors are [c][h][w][n]. */
typedef struct
{
  const AeLayer *layer;
  const float *weight, *bias;   /* NULL where the layer has none */
  const AeTensor *in;
  AeTensor *out;                /* has its shape already */
  const AeTensor *saved;        /* add, concat: the saved tensor */
  /* given, modulate: [c][hc][wc][n], each position of the layer reads the
   * nearest one of this grid; hc = wc = 1 is a constant. */
  const AeTensor *condition;
  /* Draws what is random in training; NULL otherwise: the layer then gives the
   * mean of its outputs. */
  AeRng *rng;
  /* What forward leaves for backward and penalty. */
  AeTensor *kept;

  /* backward only; gradients of the weights are added, others overwritten,
   * except grad_saved, which is added to */
  const AeTensor *grad_out;     /* with respect to the output before the
                                 * activation */
  AeTensor *grad_in;            /* NULL: not wanted */
  AeTensor *grad_saved;
  float *grad_weight, *grad_bias;       /* NULL: not wanted */
  float penalty_scale;          /* of the penalty's part of the gradients */

  AeTensor *scratch;            /* for the layer's own use within the call */
} AeLayerPass;

typedef enum
{
  AE_ARGUMENTS_NONE,            /* modulate, norm, tied */
  AE_ARGUMENTS_COUNT,           /* dense N, given C, (un)shuffle R ... */
  AE_ARGUMENTS_POOL,            /* max R, avg R */
  AE_ARGUMENTS_SHARE,           /* dropout P */
  AE_ARGUMENTS_KERNEL_DOWN,     /* KxK[/S] C */
  AE_ARGUMENTS_KERNEL_UP,       /* KxK[*S] C */
  AE_ARGUMENTS_TAPS,            /* causal K D */
  AE_ARGUMENTS_LABEL            /* save a */
} AeArguments;

struct _AeLayerOps
{
  const gchar *name;
  AeArguments arguments;
  gboolean has_activation;      /* an activation may follow the arguments */
  gboolean can_be_tied;         /* it has weights that `tied` can transpose */
  gboolean is_linear;           /* affine before the activation, and without
                                 * another tensor than its input */

  /* Fills layer->out and layer->params (rank, shape, size) from layer->in and
   * the arguments; @other is the layer that saved, for add and concat, or that
   * is mirrored, for tied. Errors: AE_ERROR_SHAPE. */
    gboolean (*prepare) (AeLayer * layer, const AeLayer * other,
      GError ** error);

  /* Output height for an input height, likewise widths; FALSE when it does not
   * fit. NULL: the same size. */
    gboolean (*out_size) (const AeLayer * layer, guint in, guint * out);

  /* NULL in `save`, whose output is its input. */
  void (*forward) (const AeLayerPass * pass);
  void (*backward) (const AeLayerPass * pass);

  /* Nullable. Returns: what the layer itself adds to the objective, in nats,
   * summed over the samples of the last forward pass; backward adds its
   * gradient, times penalty_scale. */
  double (*penalty) (const AeLayerPass * pass);
};

/* Returns: (transfer none) (nullable): the operations called @name[@length]. */
const AeLayerOps *ae_layer_ops_find (const gchar * name, gsize length);

/* Returns: (transfer none): the operations of table row @i, NULL past the end. */
const AeLayerOps *ae_layer_ops_nth (guint i);

/* The spatial size a layer makes of @in (h, w given): the prepared one of a
 * fixed shape, and by the same rule that of any other. Returns %FALSE when it does not fit,
 * such as an odd height before `unshuffle 2`. */
gboolean ae_layer_out_size (const AeLayer * layer, guint h_in, guint w_in,
    guint * h_out, guint * w_out);

/* conv: zeros before the first row and column, (K - 1) / 2.
 * deconv: PyTorch's padding, (K - S + 1) / 2, so that the output is S times as
 * large as the input. */
static inline guint
ae_conv_pad (const AeLayer * layer)
{
  return (layer->kernel - 1) / 2;
}

static inline guint
ae_deconv_pad (const AeLayer * layer)
{
  return (layer->kernel - layer->stride + 1) / 2;
}

/* norm: what is added to the variance. */
#define AE_NORM_EPSILON 1e-5f

/* Helpers of the layers' own files. */

/* layer->out.h and .w from layer->in, by ops->out_size. */
gboolean ae_layer_prepare_size (AeLayer * layer, GError ** error);

/* Declares layer->params[@i]; trailing shape entries of rank under 4 are 1. */
void ae_layer_set_param (AeLayer * layer, guint i, guint rank, guint s0,
    guint s1, guint s2, guint s3);

/* Adds the sums of grad_out's channels to grad_bias, if that is wanted. */
void ae_layer_grad_bias (const AeLayerPass * pass);

/* Pointer to row @i_channel, @y of @t: [w][n] floats. */
static inline float *
ae_tensor_row (const AeTensor * t, guint i_channel, guint y)
{
  return t->data + ((gsize) i_channel * t->h + y) * t->w * t->n;
}

/* activation.c */

/* Returns: (transfer none): its name in the architecture text. */
const gchar *ae_activation_name (AeActivation activation);

/* Returns: whether it is made of two straight lines or one, y = x where x > 0. */
gboolean ae_activation_is_straight (AeActivation activation);

/* Returns: the slope of such a one where x < 0; 1 for all others. */
float ae_activation_slope (AeActivation activation);

/* x[@n] becomes f(x). */
void ae_activation_forward (AeActivation activation, float *x, gsize n);

/* @grad[@n] becomes grad * f'(x), told from @y = f(x) alone. */
void ae_activation_backward (AeActivation activation, const float *y,
    float *grad, gsize n);

/* @x[@n] becomes x * f''(x'), told from @y = f(x') alone; zeros for the
 * activations that are made of straight lines. */
void ae_activation_curve (AeActivation activation, const float *y, float *x,
    gsize n);

G_END_DECLS
