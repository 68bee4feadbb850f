/* What a plan does to rows between convolutions: plain loops, which the
 * compiler turns into vectors. Compiled once for each instruction set.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rows.h"

#include <math.h>

/* Inlined with a constant @step, the loops over columns become shuffles. */
INLINE void
split (guint step, gsize n, const float *in, float *out, gsize out_stride)
{
  for (guint j = 0; j < step; j++) {
    for (gsize x = 0; x < n; x++)
      out[j * out_stride + x] = in[x * step + j];
  }
}

void
ae_row_split (guint step, gsize n, const float *in,
    float *out, gsize out_stride)
{
  if (step == 2)
    split (2, n, in, out, out_stride);
  else
    split (step, n, in, out, out_stride);
}

/* Both channels at once, as single ones would be written with gaps. */
INLINE void
join_two (gsize n, const float *a, const float *b, float *out)
{
  for (gsize x = 0; x < n; x++) {
    out[2 * x] = a[x];
    out[2 * x + 1] = b[x];
  }
}

void
ae_row_join (guint step, gsize n, const float *in, gsize in_stride, float *out)
{
  if (step == 2) {
    join_two (n, in, in + in_stride, out);
    return;
  }
  for (guint j = 0; j < step; j++) {
    for (gsize x = 0; x < n; x++)
      out[x * step + j] = in[j * in_stride + x];
  }
}

INLINE float
leak_of_one (float slope, float x)
{
  return x > 0.0f ? x : slope * x;
}

void
ae_row_add (gsize n, const float *in, float *out)
{
  for (gsize x = 0; x < n; x++)
    out[x] += in[x];
}

void
ae_row_add_leak (gsize n, float slope, const float *in, float *out)
{
  for (gsize x = 0; x < n; x++)
    out[x] = leak_of_one (slope, out[x] + in[x]);
}

void
ae_row_leak (gsize n, float slope, float *row)
{
  for (gsize x = 0; x < n; x++)
    row[x] = leak_of_one (slope, row[x]);
}

void
ae_row_scale (gsize n, float factor, float *row)
{
  for (gsize x = 0; x < n; x++)
    row[x] *= factor;
}

/* The sum or the largest of @step floats. */
INLINE float
reduce (guint step, gboolean average, const float *in)
{
  float value = in[0];

  for (guint j = 1; j < step; j++) {
    if (average)
      value += in[j];
    else
      value = in[j] > value ? in[j] : value;
  }
  return value;
}

INLINE void
pool (guint step, gboolean average, gboolean first, gsize n,
    const float *in, float *out)
{
  for (gsize x = 0; x < n; x++) {
    float value = reduce (step, average, in + x * step);

    if (first)
      out[x] = value;
    else if (average)
      out[x] += value;
    else
      out[x] = value > out[x] ? value : out[x];
  }
}

void
ae_row_pool (guint step, gboolean average, gboolean first,
    gsize n, const float *in, float *out)
{
  if (step == 2 && average)
    pool (2, TRUE, first, n, in, out);
  else if (step == 2)
    pool (2, FALSE, first, n, in, out);
  else
    pool (step, average, first, n, in, out);
}

/* Sixteen positions, whose sums stay in registers. */
INLINE void
normalise_group (guint n_channels, gsize stride, float epsilon,
    const float *gain, const float *bias, float *rows)
{
  float mean[AE_GROUP] = { 0.0f }, inverse[AE_GROUP] = { 0.0f };

  for (guint c = 0; c < n_channels; c++) {
    for (guint x = 0; x < AE_GROUP; x++)
      mean[x] += rows[c * stride + x];
  }
  for (guint x = 0; x < AE_GROUP; x++)
    mean[x] /= (float) n_channels;
  for (guint c = 0; c < n_channels; c++) {
    for (guint x = 0; x < AE_GROUP; x++) {
      float d = rows[c * stride + x] - mean[x];

      inverse[x] += d * d;
    }
  }
  for (guint x = 0; x < AE_GROUP; x++)
    inverse[x] = 1.0f / sqrtf (inverse[x] / (float) n_channels + epsilon);
  for (guint c = 0; c < n_channels; c++) {
    for (guint x = 0; x < AE_GROUP; x++)
      rows[c * stride + x] = (rows[c * stride + x] - mean[x]) * inverse[x]
          * gain[c] + bias[c];
  }
}

void
ae_row_norm (guint n_channels, guint n_groups, gsize stride,
    float epsilon, const float *gain, const float *bias, float *rows)
{
  for (guint g = 0; g < n_groups; g++)
    normalise_group (n_channels, stride, epsilon, gain, bias,
        rows + g * AE_GROUP);
}
