/* Batches of feature maps, 64-byte aligned. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define AE_ALIGN_BYTES 64

/* Returns: (transfer full) (nullable): @size_bytes zeroed bytes, aligned to
 * %AE_ALIGN_BYTES; NULL when memory is short. Free with ae_aligned_free(). */
gpointer ae_aligned_try_alloc0 (gsize size_bytes);
void ae_aligned_free (gpointer memory);

/**
 * AeTensor: @data is [c][h][w][n], the sample index innermost, so that the
 * same operation on 16 samples is one vector operation and a dense layer is
 * one matrix product; with n = 1 it is a planar picture.
 */
typedef struct
{
  guint c, h, w, n;
  float *data;
  gsize capacity;               /* floats allocated */
} AeTensor;

#define AE_TENSOR_INIT { 0, 0, 0, 0, NULL, 0 }

static inline gsize
ae_tensor_size (const AeTensor * t)
{
  return (gsize) t->c * t->h * t->w * t->n;
}

/* Gives @t the shape [@c][@h][@w][@n]. Memory is kept when it is large enough,
 * so a steady stream of equal shapes allocates once; new memory is zeroed, kept
 * memory holds what it held. Aborts when memory is short, as g_malloc() does. */
void ae_tensor_resize (AeTensor * t, guint c, guint h, guint w, guint n);

/* Gives @t the shape of @like. */
void ae_tensor_resize_like (AeTensor * t, const AeTensor * like);

void ae_tensor_zero (AeTensor * t);

/* Makes @to an equal copy of @from. */
void ae_tensor_copy (AeTensor * to, const AeTensor * from);

/* Frees the memory and leaves an empty tensor. NULL is a no-op. */
void ae_tensor_clear (AeTensor * t);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (AeTensor, ae_tensor_clear)

G_END_DECLS
