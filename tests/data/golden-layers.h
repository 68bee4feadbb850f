/* Made by make-golden-layers.py: cases, whose values PyTorch told.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#define KL_SCALE 0.5f

/* golden-layers.f32 has for each case, in floats: the weights, tensor after tensor
 * as a model file orders them; the input and the condition, [c][h][w][n]; the
 * gradient with respect to the output; the output; and the gradients with respect
 * to weights and input of the sum of out * gradient, plus KL_SCALE * kl. */
typedef struct
{
  const char *text;
  AeShape input;
  unsigned int n;
  AeShape grid;                 /* of the condition */
  gboolean has_condition;
  double kl;                    /* of all samples */
  unsigned int n_weights, n_out;
} Golden;

static const Golden goldens[] = {
  {"dense 3 tanh | dense 8 sigmoid",
    {2, 2, 2}, 3, {1, 1, 1}, FALSE, 0, 59, 24},
  {"conv 3x3 2 relu, conv 5x5/2 2 leaky | deconv 4x4*2 2 softplus, deconv 3x3 1",
    {1, 6, 4}, 2, {1, 1, 1}, FALSE, 0, 207, 48},
  {"conv 4x4/2 2 sigmoid | deconv 5x5*2 2 tanh, deconv 4x4 1",
    {1, 4, 6}, 2, {1, 1, 1}, FALSE, 0, 169, 48},
  {"conv 1x1/3 2, deconv 3x3*3 2 relu | deconv 2x2*2 1, conv 3x3/2 1",
    {2, 3, 6}, 2, {1, 1, 1}, FALSE, 0, 63, 36},
  {"unshuffle 2, conv 1x1 8 leaky | shuffle 2, unshuffle 1",
    {1, 4, 6}, 2, {1, 1, 1}, FALSE, 0, 40, 96},
  {"save a, conv 3x3 2 tanh, save b, conv 3x3/2 3 | deconv 2x2*2 2, add b relu, concat a, conv 1x1 1",
    {1, 4, 4}, 2, {1, 1, 1}, FALSE, 0, 107, 32},
  {"pool max 2, conv 1x1 3 tanh, pool avg 3 | upsample 3, upsample 2, conv 3x3 1",
    {1, 6, 12}, 1, {1, 1, 1}, FALSE, 0, 34, 72},
  {"pool avg 2, conv 1x1 2 | upsample 2, pool max 3",
    {2, 6, 6}, 1, {1, 1, 1}, FALSE, 0, 6, 8},
  {"conv 1x1 4, norm relu | dropout 0.5, norm, conv 1x1 1",
    {2, 2, 3}, 2, {1, 1, 1}, FALSE, 0, 33, 12},
  {"dropout 0.1, dense 5, norm tanh | dense 3",
    {4, 1, 1}, 3, {1, 1, 1}, FALSE, 0, 53, 9},
  {"dense 4 tanh, dense 3 | tied tanh, tied sigmoid",
    {1, 2, 3}, 3, {1, 1, 1}, FALSE, 0, 53, 18},
  {"conv 5x5/2 2 tanh, conv 2x2/2 3 leaky | tied tanh, tied",
    {1, 8, 4}, 2, {1, 1, 1}, FALSE, 0, 82, 64},
  {"conv 1x1/2 3 softplus | tied",
    {2, 2, 4}, 2, {1, 1, 1}, FALSE, 0, 11, 32},
  {"conv 3x3/2 4 tanh, norm, dense 3 | tied relu, norm, tied",
    {1, 4, 4}, 2, {1, 1, 1}, FALSE, 0, 124, 32},
  {"dense 4 tanh, gaussian 2 | dense 3",
    {5, 1, 1}, 3, {1, 1, 1}, FALSE, 1.11187906, 53, 9},
  {"conv 3x3/2 3 tanh, gaussian 2 | upsample 2, conv 3x3 1",
    {1, 4, 6}, 2, {1, 1, 1}, FALSE, 5.38746104, 65, 48},
  {"given 2, conv 3x3 2, modulate | given 2, conv 1x1 1",
    {1, 5, 4}, 2, {2, 2, 3}, TRUE, 0, 61, 40},
  {"save a, conv 1x1 3 tanh, causal 3 2 leaky, conv 1x1 2, add a | causal 2 1",
    {2, 2, 7}, 2, {1, 1, 1}, FALSE, 0, 35, 56}
};
