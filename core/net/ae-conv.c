/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-conv.h"
#include "ae-kernels.h"

#include <string.h>

/* With a multiple of 16 samples, one vector holds 16 samples of one position
 * and the kernels apply; other batches take the plain loops, which state what
 * is computed and which the kernels are tested against. */
static gboolean
in_lanes (const AeTensor * t)
{
  return t->n % AE_GROUP == 0;
}

/* A copy of a tensor with zeros around it. */
typedef struct
{
  float *data;
  gsize row_step, channel_step; /* floats */
} Padded;

typedef struct
{
  Padded padded;
  gint32 *tap_offset;
  float *unpacked, *packed;
} Work;

static gsize
round_up (gsize n)
{
  return (n + AE_GROUP - 1) / AE_GROUP * AE_GROUP;
}

/* Parts the scratch memory: @h x @w padded positions of @t, @n_taps offsets,
 * @n_weights weights and as many packed. */
static void
part_scratch (Work * work, AeTensor * scratch, const AeTensor * t, guint h,
    guint w, guint n_taps, gsize n_unpacked, gsize n_packed)
{
  gsize row = (gsize) w * t->n, plane = h * row;
  gsize n_padded = round_up (plane * t->c);
  gsize total = n_padded + round_up (n_taps) + round_up (n_unpacked)
      + round_up (n_packed);
  float *p;

  g_return_if_fail (plane * t->c < G_MAXINT32 && total < G_MAXUINT32);
  ae_tensor_resize (scratch, 1, 1, (guint) total, 1);
  p = scratch->data;
  work->padded = (Padded) {
  p, row, plane};
  work->tap_offset = (gint32 *) (p += n_padded);
  work->unpacked = p += round_up (n_taps);
  work->packed = p + round_up (n_unpacked);
}

/* Copies @t to rows @top and columns @left on; zeros around, @h x @w in all.
 * Rows and columns of @t past that size are left out. */
static void
pad_into (const Padded * padded, const AeTensor * t, guint top, guint left,
    guint h, guint w)
{
  gsize n_left = (gsize) left * t->n;
  gsize n_copy = (gsize) MIN (t->w, w - left) * t->n;
  gsize n_right = padded->row_step - n_left - n_copy;

  for (guint c = 0; c < t->c; c++) {
    for (guint y = 0; y < h; y++) {
      float *row = padded->data + c * padded->channel_step
          + y * padded->row_step;

      if (y < top || y - top >= t->h) {
        memset (row, 0, padded->row_step * sizeof (float));
        continue;
      }
      memset (row, 0, n_left * sizeof (float));
      memcpy (row + n_left, t->data + ((gsize) c * t->h + y - top) * t->w
          * t->n, n_copy * sizeof (float));
      memset (row + n_left + n_copy, 0, n_right * sizeof (float));
    }
  }
}

/* The large grid's position that tap (ky, kx) of small (y, x) meets, or NULL
 * outside. */
static float *
large_at (const AeConvGeometry * g, const AeTensor * large, guint c, guint y,
    guint x, guint ky, guint kx)
{
  guint ly = g->stride * y + ky - g->pad, lx = g->stride * x + kx - g->pad;

  if (ly >= large->h || lx >= large->w) /* negative wraps around */
    return NULL;
  return large->data + (((gsize) c * large->h + ly) * large->w + lx)
      * large->n;
}

typedef void (*PlainFunc) (float *small, float *large, float *weight, guint n);

/* Calls @func for each product of the convolution; the weights are [channel of
 * the small grid][channel of the large grid][k][k]. */
static void
for_each_product (const AeConvGeometry * g, const AeTensor * small,
    const AeTensor * large, const float *weight, PlainFunc func)
{
  guint k = g->kernel;

  for (guint m = 0; m < small->c; m++) {
    for (guint c = 0; c < large->c; c++) {
      const float *w = weight + ((gsize) m * large->c + c) * k * k;

      for (guint y = 0; y < small->h; y++) {
        for (guint x = 0; x < small->w; x++) {
          float *s = small->data + (((gsize) m * small->h + y) * small->w + x)
              * small->n;

          for (guint ky = 0; ky < k; ky++) {
            for (guint kx = 0; kx < k; kx++) {
              float *l = large_at (g, large, c, y, x, ky, kx);

              if (l)
                func (s, l, (float *) w + ky * k + kx, small->n);
            }
          }
        }
      }
    }
  }
}

static void
plain_down (float *small, float *large, float *weight, guint n)
{
  for (guint i = 0; i < n; i++)
    small[i] += *weight * large[i];
}

static void
plain_up (float *small, float *large, float *weight, guint n)
{
  for (guint i = 0; i < n; i++)
    large[i] += *weight * small[i];
}

static void
plain_grad (float *small, float *large, float *weight, guint n)
{
  for (guint i = 0; i < n; i++)
    *weight += small[i] * large[i];
}

static void
fill_bias (AeTensor * t, const float *bias)
{
  gsize plane = (gsize) t->h * t->w * t->n;

  for (guint c = 0; c < t->c; c++) {
    for (gsize i = 0; i < plane; i++)
      t->data[c * plane + i] = bias ? bias[c] : 0.0f;
  }
}

/* Taps (c, ky, kx) of a convolution over a padded grid. */
static guint
list_taps (const AeConvGeometry * g, const Padded * padded, guint n_channels,
    guint n, gint32 * tap_offset)
{
  guint n_taps = 0;

  for (guint c = 0; c < n_channels; c++) {
    for (guint ky = 0; ky < g->kernel; ky++) {
      for (guint kx = 0; kx < g->kernel; kx++)
        tap_offset[n_taps++] = (gint32) (c * padded->channel_step
            + ky * padded->row_step + (gsize) kx * n);
    }
  }
  return n_taps;
}

void
ae_conv_down (const AeConvGeometry * g, const AeTensor * large,
    const float *weight, const float *bias, AeTensor * small,
    AeTensor * scratch)
{
  const AeKernels *kernels = ae_kernels ();
  guint n_taps = large->c * g->kernel * g->kernel, n = small->n;
  guint h = g->stride * (small->h - 1) + g->kernel;
  guint w = g->stride * (small->w - 1) + g->kernel;
  gsize plane = (gsize) small->h * small->w * n;
  Work work = { 0 };

  if (!in_lanes (small)) {
    fill_bias (small, bias);
    for_each_product (g, small, large, weight, plain_down);
    return;
  }
  part_scratch (&work, scratch, large, h, w, n_taps, 0,
      ae_kernels_packed_size (small->c, n_taps));
  pad_into (&work.padded, large, g->pad, g->pad, h, w);
  list_taps (g, &work.padded, large->c, n, work.tap_offset);
  ae_kernels_pack (small->c, n_taps, weight, work.packed);
  for (guint y = 0; y < small->h; y++) {
    for (guint lanes = 0; lanes < n; lanes += AE_GROUP)
      kernels->taps_forward (small->c, small->w, n_taps, work.packed, bias,
          work.padded.data + y * g->stride * work.padded.row_step + lanes,
          work.tap_offset, (gsize) g->stride * n,
          small->data + (gsize) y * small->w * n + lanes, plane, n);
  }
}

/* Rows or columns of the small grid before its first and after its last that
 * ae_conv_up reads; @size and @small_size are those of the grids. */
static void
margins_up (const AeConvGeometry * g, guint size, guint small_size,
    guint * before, guint * after)
{
  guint last = (size - 1 + g->pad) / g->stride;

  *before = (g->kernel - 1 - MIN (g->pad, g->kernel - 1) + g->stride - 1)
      / g->stride;
  *after = last >= small_size ? last - small_size + 1 : 0;
}

/* One of stride x stride phases of ae_conv_up: large rows and columns that are
 * @phase_y and @phase_x modulo the stride meet the same taps. */
static void
up_phase (const AeConvGeometry * g, guint phase_y, guint phase_x, guint top,
    guint left, const AeTensor * small, const float *weight,
    const float *bias, AeTensor * large, const Work * work)
{
  guint k = g->kernel, s = g->stride, n = large->n, n_taps = 0;
  guint n_rows = (large->h + s - 1 - phase_y) / s;
  guint n_columns = (large->w + s - 1 - phase_x) / s;
  gsize plane = (gsize) large->h * large->w * n;
  const Padded *padded = &work->padded;

  for (guint pass = 0; pass < 2; pass++) {
    guint n_all = n_taps, t = 0;

    /* the first pass counts the taps, the second lists them */
    for (guint c = 0; c < small->c; c++) {
      for (guint ky = (phase_y + g->pad) % s; ky < k; ky += s) {
        for (guint kx = (phase_x + g->pad) % s; kx < k; kx += s, t++) {
          gint dy = ((gint) (phase_y + g->pad) - (gint) ky) / (gint) s;
          gint dx = ((gint) (phase_x + g->pad) - (gint) kx) / (gint) s;

          if (pass == 0)
            continue;
          work->tap_offset[t] = (gint32) (c * padded->channel_step
              + (gsize) ((gint) top + dy) * padded->row_step
              + (gsize) ((gint) left + dx) * n);
          for (guint m = 0; m < large->c; m++)
            work->unpacked[(gsize) m * n_all + t] =
                weight[(((gsize) c * large->c + m) * k + ky) * k + kx];
        }
      }
    }
    n_taps = t;
  }
  ae_kernels_pack (large->c, n_taps, work->unpacked, work->packed);
  for (guint q = 0; q < n_rows; q++) {
    for (guint lanes = 0; lanes < n; lanes += AE_GROUP)
      ae_kernels ()->taps_forward (large->c, n_columns, n_taps, work->packed,
          bias, padded->data + q * padded->row_step + lanes, work->tap_offset,
          n, large->data + ((gsize) (s * q + phase_y) * large->w + phase_x)
          * n + lanes, plane, (gsize) s * n);
  }
}

void
ae_conv_up (const AeConvGeometry * g, const AeTensor * small,
    const float *weight, const float *bias, AeTensor * large,
    AeTensor * scratch)
{
  guint n_taps = small->c * g->kernel * g->kernel;
  guint top, bottom, left, right;
  Work work = { 0 };

  if (!in_lanes (small)) {
    fill_bias (large, bias);
    for_each_product (g, small, large, weight, plain_up);
    return;
  }
  margins_up (g, large->h, small->h, &top, &bottom);
  margins_up (g, large->w, small->w, &left, &right);
  part_scratch (&work, scratch, small, top + small->h + bottom,
      left + small->w + right, n_taps, (gsize) large->c * n_taps,
      ae_kernels_packed_size (large->c, n_taps));
  pad_into (&work.padded, small, top, left, top + small->h + bottom,
      left + small->w + right);
  for (guint y = 0; y < g->stride && y < large->h; y++) {
    for (guint x = 0; x < g->stride && x < large->w; x++)
      up_phase (g, y, x, top, left, small, weight, bias, large, &work);
  }
}

/* About as many groups of positions as stay in the second-level cache. */
#define GRAD_GROUPS 128

void
ae_conv_grad_weights (const AeConvGeometry * g, const AeTensor * small,
    const AeTensor * large, float *grad, AeTensor * scratch)
{
  guint n_taps = large->c * g->kernel * g->kernel, n = small->n;
  guint h = g->stride * (small->h - 1) + g->kernel;
  guint w = g->stride * (small->w - 1) + g->kernel;
  guint n_rows = MAX (GRAD_GROUPS / small->w, 1);
  gsize plane = (gsize) small->h * small->w * n;
  Work work = { 0 };

  if (!in_lanes (small)) {
    for_each_product (g, small, large, grad, plain_grad);
    return;
  }
  part_scratch (&work, scratch, large, h, w, n_taps, 0, 0);
  pad_into (&work.padded, large, g->pad, g->pad, h, w);
  list_taps (g, &work.padded, large->c, n, work.tap_offset);
  for (guint y = 0; y < small->h; y += n_rows) {
    for (guint lanes = 0; lanes < n; lanes += AE_GROUP)
      ae_kernels ()->taps_grad_weights (small->c, MIN (n_rows, small->h - y),
          small->w, n_taps, small->data + (gsize) y * small->w * n + lanes,
          plane, (gsize) small->w * n, n,
          work.padded.data + (gsize) y * g->stride * work.padded.row_step
          + lanes, work.tap_offset, g->stride * work.padded.row_step,
          (gsize) g->stride * n, grad);
  }
}
