/* Convolutions in integers. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-architecture.h"

G_BEGIN_DECLS

/* More products in one sum could overflow 32 bits. */
#define AE_INT8_MAX_PRODUCTS 32768

/* Smallest and largest step and scale. */
#define AE_INT8_MIN_STEP 1e-15f
#define AE_INT8_MAX_STEP 1e15f

/**
 * AeInt8Layer: one convolution, docs/model-file.md, section 6. An input sample
 * of channel c is step[c] * (byte - zero), an output sample of channel o is
 * scale[o] * (sum of weights * (bytes - zero)) + bias.
 */
typedef struct
{
  gint8 *weights;               /* as the layer's weight; NULL: stays float */
  float *scale;                 /* [layer->out.c] */
  float *step;                  /* [layer->in.c] */
  guint8 zero;
} AeInt8Layer;

/* The convolutions of a model that can be run in integers; immutable once made
 * and reference counted. */
typedef struct
{
  gatomicrefcount ref_count;
  guint n_layers;
  AeInt8Layer *layers;          /* of the whole architecture */
} AeInt8;

/* Returns: (transfer full): all layers float. */
AeInt8 *ae_int8_new (const AeArchitecture * architecture)
    G_GNUC_WARN_UNUSED_RESULT;

/* Returns: whether @layer can be run in integers: conv and deconv. */
gboolean ae_int8_suits (const AeLayer * layer);

/* Returns: where in the weight of such a layer the kernel of one output and one
 * input channel begins. */
gsize ae_int8_kernel_offset (const AeLayer * layer, guint i_out, guint i_in);

/* Returns: (transfer none): layer @i_layer with zeros everywhere, to be filled. */
AeInt8Layer *ae_int8_add_layer (AeInt8 * int8,
    const AeArchitecture * architecture, guint i_layer);

/**
 * ae_int8_round_layer:
 * @step, @zero: of the input
 * @weights: of the whole model
 *
 * Adds layer @i_layer with weights rounded to the nearest integers, the largest
 * of each output channel to 127.
 */
void ae_int8_round_layer (AeInt8 * int8, const AeArchitecture * architecture,
    guint i_layer, const float *step, guint8 zero, const float *weights);

/* Returns: (transfer full): the layers of @int8, but for @i_layer, which stays
 * float. */
AeInt8 *ae_int8_without (const AeInt8 * int8,
    const AeArchitecture * architecture, guint i_layer)
    G_GNUC_WARN_UNUSED_RESULT;

AeInt8 *ae_int8_ref (AeInt8 * int8);
void ae_int8_unref (AeInt8 * int8);     /* NULL is a no-op */

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeInt8, ae_int8_unref)

G_END_DECLS
