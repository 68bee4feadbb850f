/* Digits and patches of photographs that the theory experiments train on. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Everything is read from the directory that the environment variable
 * `AE_TEST_DATA` names. A file that is missing or is not what it should be ends
 * the program with its path; so do sizes that the files cannot give. The same
 * arguments give the same numbers everywhere. */

enum
{
  THEORY_DIGIT_SIZE = 20,
  THEORY_DIGIT_PIXELS = 400,    /* row by row */
  THEORY_N_CLASSES = 10,
  THEORY_N_DIGITS = 5000        /* 500 a class */
};

/* n handwritten digits. */
typedef struct
{
  guint n;
  float *pixels;                /* [n][400]: 0 the background, 1 the stroke */
  guint8 *labels;               /* [n]: 0 to 9 */
} TheoryDigits;

/* A cleared or zeroed one is left alone. */
void theory_digits_clear (TheoryDigits * digits);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (TheoryDigits, theory_digits_clear)

/**
 * theory_digits_load:
 * @n_train, @n_test: multiples of 10, at most 5,000 together
 * @train: (out caller-allocates): free with theory_digits_clear()
 * @test: (out caller-allocates): the same; no digit is in both
 *
 * In one fixed shuffled order in which every ten, from the first on, hold each
 * class once. More digits continue the order: the first n of a set are the set
 * of n, and a test set does not depend on @n_train.
 */
void theory_digits_load (guint n_train, guint n_test, TheoryDigits * train,
    TheoryDigits * test);

/**
 * theory_patches_load:
 * @size: width and height in pixels
 * @held_out: whether to cut from the photographs kept for tests, which are
 *   others than those to train on
 *
 * Grey patches from places drawn at random, none over the edge of a photograph.
 *
 * Returns: (transfer full): [n][size][size], 0 to 1; free with g_free()
 */
float *theory_patches_load (guint size, guint n, gboolean held_out,
    guint64 seed) G_GNUC_WARN_UNUSED_RESULT;

/* The same of colour photographs. Returns: (transfer full):
 * [n][3][size][size], planes R, G and B, 0 to 1; free with g_free() */
float *theory_colour_patches_load (guint size, guint n, gboolean held_out,
    guint64 seed) G_GNUC_WARN_UNUSED_RESULT;

G_END_DECLS
