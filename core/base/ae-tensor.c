/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-tensor.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Rows of many channels lie further apart than the processor has small pages
 * at hand. */
#define HUGE_PAGE_BYTES ((gsize) 2 << 20)

gpointer
ae_aligned_try_alloc0 (gsize size_bytes)
{
  gboolean is_large = size_bytes >= HUGE_PAGE_BYTES;
  void *memory = NULL;

  if (posix_memalign (&memory, is_large ? HUGE_PAGE_BYTES : AE_ALIGN_BYTES,
          MAX (size_bytes, 1)) != 0)
    return NULL;
#ifdef MADV_HUGEPAGE
  if (is_large)
    madvise (memory, size_bytes, MADV_HUGEPAGE);
#endif
  return memset (memory, 0, size_bytes);
}

void
ae_aligned_free (gpointer memory)
{
  free (memory);
}

void
ae_tensor_resize (AeTensor * t, guint c, guint h, guint w, guint n)
{
  gsize size;

  g_return_if_fail (t != NULL);
  if (!g_size_checked_mul (&size, (gsize) c * h, (gsize) w * n)
      || size > G_MAXSIZE / sizeof (float) / 2)
    g_error ("tensor [%u][%u][%u][%u] is larger than memory", c, h, w, n);
  if (size > t->capacity) {
    ae_aligned_free (t->data);
    t->data = ae_aligned_try_alloc0 (size * sizeof (float));
    if (t->data == NULL)
      g_error ("no memory for a tensor of %" G_GSIZE_FORMAT " floats", size);
    t->capacity = size;
  }
  t->c = c;
  t->h = h;
  t->w = w;
  t->n = n;
}

void
ae_tensor_resize_like (AeTensor * t, const AeTensor * like)
{
  ae_tensor_resize (t, like->c, like->h, like->w, like->n);
}

void
ae_tensor_zero (AeTensor * t)
{
  if (t->data)
    memset (t->data, 0, ae_tensor_size (t) * sizeof (float));
}

void
ae_tensor_copy (AeTensor * to, const AeTensor * from)
{
  ae_tensor_resize_like (to, from);
  if (from->data)
    memcpy (to->data, from->data, ae_tensor_size (from) * sizeof (float));
}

void
ae_tensor_clear (AeTensor * t)
{
  if (t == NULL)
    return;
  ae_aligned_free (t->data);
  memset (t, 0, sizeof *t);
}
