/* Data for the experiments: digits, patches of photographs. SPDX-License-Identifier: LGPL-2.1-or-later
 *
 * All of it comes from tests/data (AE_TEST_DATA); a file that is missing ends
 * the program with a message. The same call gives the same data. */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define DIGIT_SIDE 20
#define DIGIT_SIZE (DIGIT_SIDE * DIGIT_SIDE)
#define N_DIGIT_CLASSES 10
/* Handwritten digits, as many of each class, in a shuffled order. */
typedef struct
{
  guint n;
  float *pixels;                /* [n][20][20] of 0..1, ink is 1 */
  guint8 *labels;               /* [n], 0 to 9 */
} TheoryDigits;

/* @train: all but the last 100 of each class of 500, 4,000 in all; @test: those
 * 1,000. */
void theory_digits_load (TheoryDigits * train, TheoryDigits * test);
void theory_digits_clear (TheoryDigits * digits);

/* Patches from the left two thirds of four photographs, to train on; from what
 * is right of that; and from four other photographs. */
typedef enum
{
  THEORY_TRAIN,
  THEORY_OTHER_PLACES,
  THEORY_OTHER_PHOTOS
} TheoryPart;

/* Returns: (transfer full): [n][size][size] grey patches of 0..1 from random
 * places; @size up to 48. */
float *theory_patches_load (guint size, guint n, TheoryPart part, guint64 seed);

/* Returns: (transfer full): [n][3][size][size] patches of Y', Cb, Cr (BT.601,
 * full range, all of 0..1), likewise. */
float *theory_colour_patches_load (guint size, guint n, TheoryPart part,
    guint64 seed);

G_END_DECLS
