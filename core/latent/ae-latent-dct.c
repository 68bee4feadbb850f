/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ae-latent-dct.h"

#include <math.h>

#define N AE_LATENT_DCT_PLANES
#define LUMA_SIDE 8
#define CHROMA_SIDE 4

/* Channels of `unshuffle 4` of six planes: those of a plane stand together. */
#define PHASES 16

/* Row @i of the matrix of the cosine transform of @side samples, at @x. */
static float
basis (guint side, guint i, guint x)
{
  double scale = sqrt ((i == 0 ? 1.0 : 2.0) / side);

  return (float) (scale * cos (G_PI * (2 * x + 1) * i / (2.0 * side)));
}

/* The row and column of frequency @k in zigzag order. */
static void
zigzag (guint side, guint k, guint * row, guint * column)
{
  guint diagonal = 0, length = 1, i;

  while (k >= length) {
    k -= length;
    diagonal++;
    length = diagonal < side ? diagonal + 1 : 2 * side - 1 - diagonal;
  }
  i = (diagonal < side ? 0 : diagonal - side + 1) + k;
  *row = diagonal % 2 == 1 ? i : diagonal - i;
  *column = diagonal - *row;
}

/* Where pixel (@y, @x) of a luma block is among the unshuffled channels. */
static guint
luma_channel (guint y, guint x)
{
  return (y % 2 * 2 + x % 2) * PHASES + y / 2 * 4 + x / 2;
}

/* Fills row [N] of the encoder's matrix. */
static void
fill_row (guint plane, float *row)
{
  guint side = plane < 64 ? LUMA_SIDE : CHROMA_SIDE;
  guint k = plane < 64 ? plane : (plane - 64) % PHASES;
  guint i, j;

  zigzag (side, k, &i, &j);
  for (guint y = 0; y < side; y++) {
    for (guint x = 0; x < side; x++) {
      guint channel = plane < 64 ? luma_channel (y, x)
          : (4 + (plane - 64) / PHASES) * PHASES + y * CHROMA_SIDE + x;

      row[channel] = basis (side, i, y) * basis (side, j, x);
    }
  }
}

/* The decoder's matrix is the encoder's, transposed. */
static void
fill_weights (const AeLayer * encoder, const AeLayer * decoder, float *weights)
{
  float *forward = weights + encoder->params[AE_PARAM_WEIGHT].offset;
  float *inverse = weights + decoder->params[AE_PARAM_WEIGHT].offset;

  for (guint plane = 0; plane < N; plane++) {
    float sum = 0;

    fill_row (plane, forward + plane * N);
    for (guint c = 0; c < N; c++) {
      inverse[c * N + plane] = forward[plane * N + c];
      sum += forward[plane * N + c];
    }
    weights[encoder->params[AE_PARAM_BIAS].offset + plane] = -0.5f * sum;
  }
  for (guint c = 0; c < N; c++)
    weights[decoder->params[AE_PARAM_BIAS].offset + c] = 0.5f;
}

AeModel *
ae_latent_dct_model (void)
{
  const AeShape input = { 6, 0, 0 };
  g_autoptr (AeArchitecture) architecture =
      ae_architecture_parse (AE_LATENT_DCT_TEXT, &input, NULL);
  float *data = ae_aligned_try_alloc0 (architecture->n_weights * sizeof *data);
  g_autoptr (AeWeights) weights = NULL;

  g_assert (data != NULL);
  fill_weights (&architecture->layers[1], &architecture->layers[2], data);
  weights = ae_weights_new_take (data, architecture->n_weights, NULL);
  return ae_model_new (architecture, weights, NULL, NULL);
}
