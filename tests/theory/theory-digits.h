/* What autoencoders make of digits: deep, convolutional, transferred.
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "theory-data.h"
#include "theory-train.h"

G_BEGIN_DECLS

/* Autoencoders with a code of ten numbers. */
typedef struct
{
  const gchar *name, *text;
} DigitCase;

/* Deep ones of dense layers: relu, sigmoid. */
extern const DigitCase theory_deep_cases[2];
/* Convolutions with maximum and average pooling, with strides. */
extern const DigitCase theory_conv_cases[3];

/* The digits as data; with labels only if @labelled. */
TheoryData theory_digit_data (const TheoryDigits * digits, gboolean labelled);

/**
 * theory_pretrained:
 *
 * Trains the layers of @text one after another for @n_steps each, then all of
 * them together for @n_fine steps.
 */
TheoryModel theory_pretrained (const gchar * text, const TheoryData * data,
    guint n_steps, guint n_fine);

/* Share of right answers, in percent. */
typedef struct
{
  double frozen, fine_tuned, scratch;
} ProbeFigures;

/* What a classifier learns from the first @n_labels labelled digits of @train:
 * behind the frozen encoder of a denoising autoencoder of all of @train without
 * labels, one linear layer; the same, all layers being trained; all layers
 * from random weights. */
ProbeFigures theory_probe (const TheoryDigits * train,
    const TheoryDigits * test, guint n_labels, guint n_steps);

/* Mean squared errors on corrupted held-out patches: as they are, of a model
 * trained without corruption, and of one trained with it. */
typedef struct
{
  double corrupted, without, with;
} DenoiseFigures;

DenoiseFigures theory_denoise (AeCorruptionKind kind, float level,
    guint n_steps);

/* Mean squared errors of chroma: of the model, of the mean colour of the
 * photographs trained on, and of grey. */
typedef struct
{
  double model, mean, grey;
} ColourFigures;

/* @places: other places of the photographs trained on; @photos: others. */
void theory_colorize (guint n_steps, TheoryModel * model,
    ColourFigures * places, ColourFigures * photos);

G_END_DECLS
