/* What a model learns from a patch without labels. SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "ae-corruption.h"
#include "ae-trainer.h"

G_BEGIN_DECLS

/**
 * AeObjectiveKind: from a patch to an input and a target.
 * @AE_OBJECTIVE_RECONSTRUCT: the patch from itself
 * @AE_OBJECTIVE_DENOISE: the patch from a corrupted copy (Vincent et al. 2008)
 * @AE_OBJECTIVE_BLIND_SPOT: a noisy pixel from the others: one in sixteen is
 *   replaced by a neighbour, and only these count (Noise2Self, Batson and Royer
 *   2019; Noise2Void, Krull et al. 2019). Needs noise that is independent from
 *   pixel to pixel, and no clean data
 * @AE_OBJECTIVE_TEMPORAL: a noisy patch from those before it, where the scene
 *   stands still (Noise2Noise, Lehtinen et al. 2018). Needs noise that is
 *   independent from frame to frame
 * @AE_OBJECTIVE_COLORIZE: the other channels from the first: chroma from luma
 *   in a patch of Y', Cb, Cr (Zhang, Isola and Efros 2016)
 */
typedef enum
{
  AE_OBJECTIVE_RECONSTRUCT,
  AE_OBJECTIVE_DENOISE,
  AE_OBJECTIVE_BLIND_SPOT,
  AE_OBJECTIVE_TEMPORAL,
  AE_OBJECTIVE_COLORIZE,
  AE_N_OBJECTIVES
} AeObjectiveKind;

/* Returns: (transfer none): `reconstruct`, `denoise`, `blind-spot`, `temporal`,
 * `colorize`. */
const gchar *ae_objective_name (AeObjectiveKind kind);

/* Returns: whether samples have a mask, AeTrainerConfig.masked. */
gboolean ae_objective_is_masked (AeObjectiveKind kind);

/**
 * AeObjective:
 * @corruption: of AE_OBJECTIVE_DENOISE
 * @level_min, @level_max: its level is drawn evenly between them
 */
typedef struct
{
  AeObjectiveKind kind;
  AeCorruptionKind corruption;
  float level_min, level_max;
} AeObjective;

/**
 * AePatch: what is learned from.
 * @shape: c, h, w
 * @x: [c][h][w]
 * @others: (nullable): what other frames show in the same place, their mean, for
 *   temporal
 * @noise: sigma of the noise in it on the 8-bit scale, as far as known
 * @together: with @others: of its noise, see ae_motion_mask(); white noise has 1
 * @i_place: counts the places that patches come from; those of one are all
 *   trained on or all judged by
 */
typedef struct
{
  AeShape shape;
  const float *x, *others;
  float noise, together;
  guint64 i_place;
} AePatch;

/**
 * ae_objective_fill:
 * @sample: (inout): for colorize, the model takes 1 and gives c - 1 channels,
 *   else both have c. With a mask where the objective needs it
 * @n_condition: numbers in the sample's condition; the first becomes the noise
 *   level over AE_NOISE_UNIT
 */
void ae_objective_fill (const AeObjective * objective, const AePatch * patch,
    AeRng * rng, guint n_condition, AeSample * sample);

/**
 * ae_objective_fill_imagined:
 * @patch: with others
 *
 * A picture that the stream does not show (ae_leaves_draw()), without noise as the
 * target, and with that of @patch as the input: how its frame differs from others
 * where it stands still; white noise of its level elsewhere, and everywhere if the
 * two are the same, as a frame that was repeated. All of it counts.
 */
void ae_objective_fill_imagined (const AePatch * patch, AeRng * rng,
    guint n_condition, AeSample * sample);

/**
 * ae_objective_fill_judged:
 *
 * The same to judge weights by: the loss then falls and rises with the error
 * against the clean patch. Blind pixels would not do, as a model that looks at
 * all pixels is better, and worse at those that it cannot see. Instead noise of
 * the patch's level is added to the input and taken from the target, which makes
 * the two independent (recorrupted to recorrupted; Pang, Zheng, Quan and Ji
 * 2021), at a noise level that is sqrt (2) times as high.
 */
void ae_objective_fill_judged (const AeObjective * objective,
    const AePatch * patch, AeRng * rng, guint n_condition, AeSample * sample);

G_END_DECLS
