/* Sums over taps in integers, and bytes made of samples. Compiled once for each
 * instruction set; the results are the same on all to the last bit, as sums of
 * integers are exact and what is done in floats is only multiplied.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include "int8.h"

#if defined (__AVX512BW__)
#include <immintrin.h>
#endif

/* Accumulators: channels x vectors of positions. */
#if defined (__AVX512F__)
#define SUM_M 8
#define SUM_V 3
#else
#define SUM_M 4
#define SUM_V 2
#endif

typedef gint32 Integers __attribute__((vector_size (4 * LANES)));
typedef guint32 Bits __attribute__((vector_size (4 * LANES)));
typedef guint32 UnalignedBits
    __attribute__((vector_size (4 * LANES), aligned (4), may_alias));

#define LOAD_BITS(p) (*(const UnalignedBits *) (p))
#define STORE_BITS(p, x) (*(UnalignedBits *) (p) = (x))

/* sum + the products of four unsigned bytes with four signed ones */
INLINE Integers
add_products (Integers sum, Bits bytes, Bits weights)
{
#if defined (__AVX512VNNI__)
  /* GCC 12 spills the sums around the intrinsic, at half the speed */
__asm__ ("vpdpbusd %2, %1, %0": "+v" (sum):"v" (bytes), "v" (weights));
#else
  UNROLL for (guint i = 0; i < 4; i++)
    sum += (Integers) ((bytes >> (8 * i)) & 255)
        * ((Integers) (weights << (24 - 8 * i)) >> 24);
#endif
  return sum;
}

INLINE void
add_taps (const guint n_v, const AeInt8Taps * taps, guint i_channel,
    const float *in, const gint32 * tap_offset, Integers sum[SUM_M][SUM_V])
{
  /* packed blocks hold AE_BLOCK channels, a tile may be a part of one */
  const guint32 *w = taps->weights + (gsize) (i_channel / AE_BLOCK)
      * taps->n_taps * AE_BLOCK + i_channel % AE_BLOCK;

  UNROLL for (guint i = 0; i < SUM_M; i++) {
    UNROLL for (guint v = 0; v < n_v; v++)
      sum[i][v] = (Integers) {
      0}
    +taps->bias[i_channel + i];
  }
  for (guint t = 0; t < taps->n_taps; t++, w += AE_BLOCK) {
    const float *x = in + tap_offset[t];
    Bits bytes[SUM_V];

    UNROLL for (guint v = 0; v < n_v; v++)
      bytes[v] = LOAD_BITS (x + v * LANES);
    UNROLL for (guint i = 0; i < SUM_M; i++) {
      Bits weights = (Bits) {
        0
      }
      +w[i];

      UNROLL for (guint v = 0; v < n_v; v++)
        sum[i][v] = add_products (sum[i][v], bytes[v], weights);
    }
  }
}

#if defined (__AVX512BW__)
/* Of four channels' positions: [4] vectors -> bytes [position][4]. What is not
 * a number becomes the largest byte. */
INLINE Bits
to_bytes (const Vector x[4], gint zero)
{
  const __m512 most = _mm512_set1_ps ((float) (255 - zero));
  const __m512i lowest = _mm512_set1_epi16 ((short) -zero);
  const __m512i shift = _mm512_set1_epi16 ((short) zero);
  const __m512i order = _mm512_broadcast_i32x4 (_mm_setr_epi8 (0, 4, 8, 12, 1,
          5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
  __m512i whole[4], pairs[2];

  /* what is far too low stays so, as it is saturated twice */
  UNROLL for (guint i = 0; i < 4; i++)
    whole[i] = _mm512_cvtps_epi32 (_mm512_min_ps ((__m512) x[i], most));
  UNROLL for (guint i = 0; i < 2; i++) {
    pairs[i] = _mm512_packs_epi32 (whole[2 * i], whole[2 * i + 1]);
    pairs[i] = _mm512_add_epi16 (_mm512_max_epi16 (pairs[i], lowest), shift);
  }
  return (Bits) _mm512_shuffle_epi8 (_mm512_packus_epi16 (pairs[0], pairs[1]),
      order);
}
#else
/* a where a < b, else b */
INLINE Vector
lesser (Vector a, Vector b)
{
  Integers is_less = a < b;

  return (Vector) (((Integers) a & is_less) | ((Integers) b & ~is_less));
}

INLINE Bits
to_bytes (const Vector x[4], gint zero)
{
  const Vector most = (Vector) { 0 } +(float) (255 - zero);
  const Vector least = (Vector) { 0 } +(float) zero;
  /* floats of this size have steps of one: adding rounds, halves to even */
  const float round = 12582912.0f;
  Bits bytes = { 0 };

  UNROLL for (guint i = 0; i < 4; i++) {
    Vector value = -lesser (-lesser (x[i], most), least);

    bytes |= (((Bits) (value + round) + (guint32) zero) & 255) << (8 * i);
  }
  return bytes;
}
#endif

INLINE void
tile_to_floats (const guint n_v, const AeInt8Taps * taps, guint i_channel,
    float slope, const float *in, const gint32 * tap_offset, float *out,
    gsize out_stride)
{
  Integers sum[SUM_M][SUM_V];

  add_taps (n_v, taps, i_channel, in, tap_offset, sum);
  UNROLL for (guint i = 0; i < SUM_M; i++) {
    if (i_channel + i < taps->m) {
      UNROLL for (guint v = 0; v < n_v; v++) {
        Vector x = __builtin_convertvector (sum[i][v], Vector)
            * taps->scale[i_channel + i];

        STORE (out + i * out_stride + v * LANES, leak_of (slope, x));
      }
    }
  }
}

void
AE_KERNEL_NAME (ae_int8_taps_to_floats_) (const AeInt8Taps * taps,
    guint n_groups, float slope, const float *in, const gint32 * tap_offset,
    float *out, gsize out_stride)
{
  guint n_vectors = n_groups * VECTORS_PER_GROUP;

  for (guint i = 0; i < taps->m; i += SUM_M) {
    for (guint j = 0, n_next; j < n_vectors; j += n_next) {
      const float *x = in + j * LANES;
      float *to = out + i * out_stride + j * LANES;

      n_next = next_vectors (n_vectors - j, SUM_V);
      switch (n_next) {
        case 1:
          tile_to_floats (1, taps, i, slope, x, tap_offset, to, out_stride);
          break;
#if SUM_V > 2
        case 2:
          tile_to_floats (2, taps, i, slope, x, tap_offset, to, out_stride);
          break;
#endif
        default:
          tile_to_floats (SUM_V, taps, i, slope, x, tap_offset, to, out_stride);
      }
    }
  }
}

INLINE void
tile_to_bytes (const guint n_v, const AeInt8Taps * taps, guint i_channel,
    const AeInt8Bytes * bytes, const float *in, const gint32 * tap_offset,
    float *out, gsize out_stride)
{
  Integers sum[SUM_M][SUM_V];

  add_taps (n_v, taps, i_channel, in, tap_offset, sum);
  UNROLL for (guint i = 0; i < SUM_M; i += 4) {
    if (i_channel + i < taps->m) {
      UNROLL for (guint v = 0; v < n_v; v++) {
        Vector x[4];

        UNROLL for (guint j = 0; j < 4; j++)
          x[j] = leak_of (bytes->slope,
              __builtin_convertvector (sum[i + j][v], Vector)
              * taps->scale[i_channel + i + j])
              * bytes->factor[i_channel + i + j];
        STORE_BITS (out + i / 4 * out_stride + v * LANES,
            to_bytes (x, bytes->zero));
      }
    }
  }
}

void
AE_KERNEL_NAME (ae_int8_taps_to_bytes_) (const AeInt8Taps * taps,
    guint n_groups, const AeInt8Bytes * bytes, const float *in,
    const gint32 * tap_offset, float *out, gsize out_stride)
{
  guint n_vectors = n_groups * VECTORS_PER_GROUP;

  for (guint i = 0; i < taps->m; i += SUM_M) {
    for (guint j = 0, n_next; j < n_vectors; j += n_next) {
      const float *x = in + j * LANES;
      float *to = out + i / 4 * out_stride + j * LANES;

      n_next = next_vectors (n_vectors - j, SUM_V);
      switch (n_next) {
        case 1:
          tile_to_bytes (1, taps, i, bytes, x, tap_offset, to, out_stride);
          break;
#if SUM_V > 2
        case 2:
          tile_to_bytes (2, taps, i, bytes, x, tap_offset, to, out_stride);
          break;
#endif
        default:
          tile_to_bytes (SUM_V, taps, i, bytes, x, tap_offset, to, out_stride);
      }
    }
  }
}

void
AE_KERNEL_NAME (ae_int8_floats_to_bytes_) (guint c, guint n_groups,
    const AeInt8Bytes * bytes, const float *in, gsize in_stride, float *out,
    gsize out_stride)
{
  for (guint i = 0; i < c; i += 4, out += out_stride) {
    for (guint p = 0; p < n_groups * AE_GROUP; p += LANES) {
      Vector x[4];

      /* channels past the last one repeat it */
      UNROLL for (guint j = 0; j < 4; j++) {
        guint channel = MIN (i + j, c - 1);

        x[j] = LOAD (in + channel * in_stride + p) * bytes->factor[channel];
      }
      STORE_BITS (out + p, to_bytes (x, bytes->zero));
    }
  }
}
