/* Architecture text -> layers; docs/architecture-text.md. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-layer.h"

G_BEGIN_DECLS

#define AE_ARCHITECTURE_MAX_TEXT_BYTES 4096
#define AE_ARCHITECTURE_MAX_LAYERS 256
#define AE_ARCHITECTURE_MAX_CHANNELS 16384
#define AE_ARCHITECTURE_MAX_WEIGHTS (64u << 20)
/**
 * AeArchitecture: immutable, reference counted. Fields are for reading.
 */
typedef struct
{
  gatomicrefcount ref_count;
  gchar *text;                  /* canonical: single spaces, defaults left out */
  guint n_layers;
  guint n_encoder;              /* layers before the `|`; n_layers without one */
  AeLayer *layers;
  AeShape input, output;
  guint n_given;                /* channels of the condition, 0 = none */
  guint multiple;               /* heights and widths must be multiples of it */
  gsize n_weights;              /* floats of all parameters, and between them */
} AeArchitecture;

/**
 * ae_architecture_parse:
 * @input: shape of one sample; h = w = 0 for a model that takes any size
 *
 * Errors: AE_ERROR_SYNTAX, AE_ERROR_SHAPE, AE_ERROR_UNSUPPORTED for a kernel
 * that is not square, and AE_ERROR_LIMIT, with the column (from 1), what was
 * found there and what was expected.
 *
 * Returns: (transfer full) (nullable): the architecture.
 */
AeArchitecture *ae_architecture_parse (const gchar * text,
    const AeShape * input, GError ** error)
    G_GNUC_WARN_UNUSED_RESULT;

AeArchitecture *ae_architecture_ref (AeArchitecture * architecture);
void ae_architecture_unref (AeArchitecture * architecture);        /* NULL is a no-op */

/* Returns: the index of the `gaussian` layer, whose output is the code, or -1. */
gint ae_architecture_i_gaussian (const AeArchitecture * architecture);

/* Returns: whether there is a decoder, and the code is all that it reads. */
gboolean ae_architecture_decodes_alone (const AeArchitecture *
    architecture);

/* The size that comes out of one of @h x @w goes to @h_out and @w_out. Returns:
 * %FALSE for a size that a layer does not take. */
gboolean ae_architecture_out_size (const AeArchitecture * architecture,
    guint h, guint w, guint * h_out, guint * w_out);

/**
 * ae_architecture_macs_per_pixel:
 *
 * Returns: multiply-accumulates for each pixel (h x w position) of the input,
 *   in large pictures; for a model with fixed input size, of that size.
 */
double ae_architecture_macs_per_pixel (const AeArchitecture *
    architecture);

/* The same of each layer: @macs[n_layers]. */
void ae_architecture_layer_macs_per_pixel (const AeArchitecture *
    architecture, double *macs);

/* Returns: (transfer full): `encoder.3`: the part, and the index of the layer
 * within it, counting every layer. */
     gchar *ae_architecture_layer_name (const AeArchitecture * architecture,
    guint i_layer);

/**
 * ae_architecture_param_name:
 * @i_param: %AE_PARAM_WEIGHT or %AE_PARAM_BIAS
 *
 * Returns: (transfer full): `encoder.3.weight`: the layer's name and `weight` or
 *   `bias`.
 */
gchar *ae_architecture_param_name (const AeArchitecture * architecture,
    guint i_layer, guint i_param);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (AeArchitecture, ae_architecture_unref)
    G_END_DECLS
