/* Vectors of the instruction set a kernel file is compiled for.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-kernels.h"

#define AE_PASTE2(a, b) a##b
#define AE_PASTE(a, b) AE_PASTE2 (a, b)

/* A name of its own in each of the objects made from one file. */
#define AE_KERNEL_NAME(prefix) AE_PASTE (prefix, AE_KERNEL_LEVEL)

#if defined (__AVX2__)
#include <immintrin.h>
#endif

/* EVENS and ODDS take every second float of two vectors after each other; LOW
 * and HIGH take the floats of two vectors in turns, first and second half; NEXT
 * begins with the second float of a vector. */
#if defined (__AVX512F__)
#define LANES 16
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31
#define LOW 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define HIGH 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define NEXT 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
#elif defined (__AVX2__)
#define LANES 8
#define EVENS 0, 2, 4, 6, 8, 10, 12, 14
#define ODDS 1, 3, 5, 7, 9, 11, 13, 15
#define LOW 0, 8, 1, 9, 2, 10, 3, 11
#define HIGH 4, 12, 5, 13, 6, 14, 7, 15
#define NEXT 1, 2, 3, 4, 5, 6, 7
#else
#define LANES 4
#define EVENS 0, 2, 4, 6
#define ODDS 1, 3, 5, 7
#define LOW 0, 4, 1, 5
#define HIGH 2, 6, 3, 7
#define NEXT 1, 2, 3
#endif

#define VECTORS_PER_GROUP (AE_GROUP / LANES)

typedef float Vector __attribute__ ((vector_size (4 * LANES)));
typedef float Unaligned
    __attribute__ ((vector_size (4 * LANES), aligned (4), may_alias));

#define LOAD(p) (*(const Unaligned *) (p))
#define STORE(p, x) (*(Unaligned *) (p) = (x))
#define INLINE static inline __attribute__ ((always_inline))
#define UNROLL _Pragma ("GCC unroll 16")
#define SHUFFLE(a, b, ...) __builtin_shufflevector (a, b, __VA_ARGS__)

/* Of @n_left vectors, how many come next, @most or fewer: one alone at the end
 * would take more than its share of the time. */
INLINE guint
next_vectors (guint n_left, guint most)
{
  guint n = MIN (n_left, most);

  return n_left == n + 1 && n > 2 ? n - 1 : n;
}

/* p[i] = every fourth float of from[], beginning with float i. */
INLINE void
split_by_four (const float *from, Vector p[4])
{
  Vector a = LOAD (from), b = LOAD (from + LANES);
  Vector c = LOAD (from + 2 * LANES), d = LOAD (from + 3 * LANES);
  Vector even0 = SHUFFLE (a, b, EVENS), odd0 = SHUFFLE (a, b, ODDS);
  Vector even1 = SHUFFLE (c, d, EVENS), odd1 = SHUFFLE (c, d, ODDS);

  p[0] = SHUFFLE (even0, even1, EVENS);
  p[1] = SHUFFLE (odd0, odd1, EVENS);
  p[2] = SHUFFLE (even0, even1, ODDS);
  p[3] = SHUFFLE (odd0, odd1, ODDS);
}

/* The inverse of split_by_four(). */
INLINE void
merge_four (const Vector p[4], float *to)
{
  Vector even0 = SHUFFLE (p[0], p[2], LOW), even1 = SHUFFLE (p[0], p[2], HIGH);
  Vector odd0 = SHUFFLE (p[1], p[3], LOW), odd1 = SHUFFLE (p[1], p[3], HIGH);

  STORE (to, SHUFFLE (even0, odd0, LOW));
  STORE (to + LANES, SHUFFLE (even0, odd0, HIGH));
  STORE (to + 2 * LANES, SHUFFLE (even1, odd1, LOW));
  STORE (to + 3 * LANES, SHUFFLE (even1, odd1, HIGH));
}

/* @x where it is above 0, else @slope x; @slope 0 to 1. */
INLINE Vector
leak_of (float slope, Vector x)
{
#if defined (__AVX512F__)
  return _mm512_mask_mul_ps (x, _mm512_cmp_ps_mask (x, _mm512_setzero_ps (),
          _CMP_NGT_UQ), x, _mm512_set1_ps (slope));
#elif defined (__AVX2__)
  return _mm256_blendv_ps (x, x * slope, x);
#else
  typedef int Bits __attribute__ ((vector_size (4 * LANES)));
  Vector below = x * slope;
  Bits is_above = x > (Vector) { 0 };

  return (Vector) (((Bits) x & is_above) | ((Bits) below & ~is_above));
#endif
}
